import unittest
from collections.abc import Sequence

from messages import HostState, Interface, Point, Route
from next_hops import NextHops
from ways import Ways


def interface(name: str, address: str, forwards: bool = False) -> Interface:
    return {
        'name': name, 'port': 0, 'vlan': None, 'mac': '00:00:00:00:00:01', 'neighbours': [], 'forwards': forwards,
        'addresses': [{'ip': address, 'prefixLength': 24}], 'reversePathFilter': 0, 'arpIgnore': 0, 'arpAnnounce': 0,
    }


def route(to: str, interface: str | None, via: str | None = None, metric: int = 0) -> Route:
    destination, length = to.split('/')
    return {
        'destination': destination, 'prefixLength': int(length), 'via': via, 'source': None, 'metric': metric,
        'interface': interface,
    }


def state(interfaces: list[Interface], routes: list[Route]) -> HostState:
    return {'interfaces': interfaces, 'otherAddresses': [], 'routes': routes}


def host(address: str, router: str | None = None) -> HostState:
    subnet = f"{address.rpartition('.')[0]}.0/24"
    routes = [route(subnet, 'eth0'), *([] if router is None else [route('0.0.0.0/0', 'eth0', router)])]
    return state([interface('eth0', address)], routes)


def router(one: str, other: str, to: str, via: str) -> HostState:
    subnets = [f"{each.rpartition('.')[0]}.0/24" for each in (one, other)]
    return state(
        [interface('eth0', one, True), interface('eth1', other, True)],
        [route(subnets[0], 'eth0'), route(subnets[1], 'eth1'), route(to, 'eth1', via)],
    )


# h1 and h2 are behind r1, h3 and h4 behind r2.
STATES = {
    'h1': host('10.0.1.1', '10.0.1.9'), 'h2': host('10.0.1.2', '10.0.1.9'),
    'h3': host('10.0.2.3', '10.0.2.9'), 'h4': host('10.0.2.4', '10.0.2.9'),
    'r1': router('10.0.1.9', '10.0.9.1', '10.0.2.0/24', '10.0.9.2'),
    'r2': router('10.0.2.9', '10.0.9.2', '10.0.1.0/24', '10.0.9.1'),
}
NAMES = [*STATES]


def points(names: Sequence[str] = NAMES) -> list[Point]:
    return [
        {'name': name, 'host': name, 'ip': STATES[name]['interfaces'][0]['addresses'][0]['ip'], 'isSource': False}
        for name in names
    ]


def pair(source: str, target: str) -> int:
    return NAMES.index(source) * len(NAMES) + NAMES.index(target)


class NextHopsOfAHost(unittest.TestCase):
    def test_are_those_of_the_longest_prefix_then_of_the_lowest_metric(self) -> None:
        hops = NextHops(state([interface('eth0', '10.0.0.1')], [
            route('0.0.0.0/0', 'eth0', '10.0.0.9', 50), route('0.0.0.0/0', 'eth0', '10.0.0.8', 1),
            route('10.0.0.0/24', 'eth0'), route('10.0.0.7/32', None),
        ]))
        self.assertEqual(hops.to('8.8.8.8'), ('eth0', '10.0.0.8'))
        self.assertEqual(hops.to('10.0.0.2'), ('eth0', '10.0.0.2'))
        self.assertIsNone(hops.to('10.0.0.7'))

    def test_by_its_own_address_are_on_the_link(self) -> None:
        hops = NextHops(state([interface('eth0', '10.0.0.1')], [route('10.0.3.0/24', 'eth0', '10.0.0.1')]))
        self.assertEqual(hops.to('10.0.3.2'), ('eth0', '10.0.3.2'))
        self.assertIsNone(hops.to('10.0.4.2'))


class WaysOfPairs(unittest.TestCase):
    def test_without_routers_teach_both_ends_and_are_always_free(self) -> None:
        ways = Ways(points(['h1', 'h2']), {name: STATES[name] for name in ('h1', 'h2')})
        ways.enter(1)
        self.assertTrue(ways.is_free(2))
        self.assertEqual(
            sorted(ways.neighbours_of(1)), [('h1', ('eth0', '10.0.1.2')), ('h2', ('eth0', '10.0.1.1'))]
        )

    def test_by_routers_teach_every_host_on_them(self) -> None:
        self.assertEqual(sorted(Ways(points(), STATES).neighbours_of(pair('h1', 'h3'))), [
            ('h1', ('eth0', '10.0.1.9')), ('h3', ('eth0', '10.0.2.9')),
            ('r1', ('eth0', '10.0.1.1')), ('r1', ('eth1', '10.0.9.2')),
            ('r2', ('eth0', '10.0.2.3')), ('r2', ('eth1', '10.0.9.1')),
        ])

    def test_wait_for_those_that_go_between_the_same_routers_in_the_other_direction(self) -> None:
        ways = Ways(points(), STATES)
        ways.enter(pair('h1', 'h3'))
        self.assertTrue(ways.is_free(pair('h2', 'h4')))
        self.assertFalse(ways.is_free(pair('h4', 'h2')))
        ways.leave(pair('h1', 'h3'))
        self.assertTrue(ways.is_free(pair('h4', 'h2')))

    def test_wait_for_those_that_share_an_end(self) -> None:
        ways = Ways(points(), STATES)
        ways.enter(pair('h1', 'h3'))
        self.assertFalse(ways.is_free(pair('h1', 'h4')))
        self.assertFalse(ways.is_free(pair('h1', 'r1')))
        self.assertTrue(ways.is_free(pair('h1', 'h2')))

    def test_leave_alone_what_a_pair_under_way_needs(self) -> None:
        ways = Ways(points(), STATES)
        ways.enter(pair('h1', 'h3'))
        self.assertEqual(sorted(ways.neighbours_of(pair('h2', 'h4'))), [
            ('h2', ('eth0', '10.0.1.9')), ('h4', ('eth0', '10.0.2.9')),
            ('r1', ('eth0', '10.0.1.2')), ('r2', ('eth0', '10.0.2.4')),
        ])

    def test_of_several_addresses_wait_for_those_of_the_same_hosts(self) -> None:
        hosts = {'h1': host('10.0.1.1', '10.0.1.9'), 'h2': STATES['h2']}
        hosts['h1']['otherAddresses'] = ['10.0.6.1']
        further: Point = {'name': 'h1:10.0.6.1', 'host': 'h1', 'ip': '10.0.6.1', 'isSource': True}
        ways = Ways([*points(['h1', 'h2']), further], hosts)
        ways.enter(1)
        # From the further address to h2, and from h2 to that.
        self.assertFalse(ways.is_free(2 * 3 + 1))
        self.assertFalse(ways.is_free(1 * 3 + 2))
        # From h1 to itself.
        ways.leave(1)
        self.assertTrue(ways.is_free(2))

    def test_end_where_routers_send_to_each_other_for_ever(self) -> None:
        circle = {
            'h1': STATES['h1'], 'h3': host('10.0.5.3'),
            'r1': router('10.0.1.9', '10.0.9.1', '10.0.5.0/24', '10.0.9.2'),
            'r2': router('10.0.2.9', '10.0.9.2', '10.0.5.0/24', '10.0.9.1'),
        }
        ways = Ways([
            {'name': name, 'host': name, 'ip': ip, 'isSource': False}
            for name, ip in (('h1', '10.0.1.1'), ('h3', '10.0.5.3'))
        ], circle)
        self.assertIn(('r2', ('eth1', '10.0.9.1')), ways.neighbours_of(1))
