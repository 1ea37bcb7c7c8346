"""What Floodlight knows of the network: links from LLDP, clusters, paths, and the ports that it floods on."""

import collections
import struct
import time

from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser

LLDP_ETHER_TYPE = 0x88CC
LLDP_DESTINATION = bytes.fromhex('0180c200000e')
CHASSIS_ID, PORT_ID, TIME_TO_LIVE, ORGANIZATION = 1, 2, 3, 127
# Floodlight puts the DPID into an organizationally specific value of OpenFlow's OUI.
DPID_VALUE = bytes.fromhex('0026e100')

Link = collections.namedtuple('Link', 'source source_port target target_port')


class Topology:
    """Directed links by the time when they were last seen; all else is computed from them when it is asked for."""

    def __init__(self, switches, link_timeout):
        self._switches = switches
        self._link_timeout = link_timeout
        self._seen = {}
        self._computed = None

    def send_lldp(self, switch, port):
        if port > ofp.OFPP_MAX or not switch.is_up(port):
            return
        dpid = bytes.fromhex(switch.dpid.replace(':', ''))
        frame = b''.join(
            [
                LLDP_DESTINATION,
                dpid[2:],
                struct.pack('!H', LLDP_ETHER_TYPE),
                lldp_value(CHASSIS_ID, b'\x04' + dpid[2:]),
                lldp_value(PORT_ID, b'\x02' + struct.pack('!H', port & 0xFFFF)),
                lldp_value(TIME_TO_LIVE, struct.pack('!H', 120)),
                lldp_value(ORGANIZATION, DPID_VALUE + dpid),
                lldp_value(0, b''),
            ]
        )
        actions = [parser.OFPActionOutput(port)]
        switch.write(parser.OFPPacketOut(switch, ofp.OFP_NO_BUFFER, ofp.OFPP_CONTROLLER, actions, frame))

    def lldp_arrived(self, switch, port, frame):
        source, source_port = read_lldp(frame)
        if source not in self._switches:
            return
        link = Link(source, source_port, switch.dpid, port)
        if link not in self._seen:
            self.changed()
        self._seen[link] = time.monotonic()
        if Link(link.target, link.target_port, link.source, link.source_port) not in self._seen:
            # Floodlight asks the other end at once.
            self.send_lldp(switch, port)

    def changed(self):
        self._computed = None

    def expire(self):
        limit = time.monotonic() - self._link_timeout
        return self._remove(lambda link: self._seen[link] < limit)

    def port_gone(self, switch, port):
        ends = (switch.dpid, port)
        return self._remove(lambda link: ends in (link[:2], link[2:]))

    def switch_gone(self, switch):
        return self._remove(lambda link: switch.dpid in (link.source, link.target))

    def _remove(self, is_gone):
        gone = [link for link in self._seen if is_gone(link)]
        for link in gone:
            del self._seen[link]
        self.changed()
        return len(gone) > 0

    def directed_links(self):
        return sorted(self._seen)

    def link_rows(self):
        """(link, whether both directions are there), one for each pair of ports."""
        links = set(self._seen)
        rows = []
        for link in sorted(links):
            reverse = Link(link.target, link.target_port, link.source, link.source_port)
            if reverse not in links:
                rows.append((link, False))
            elif link < reverse:
                rows.append((link, True))
        return rows

    def is_edge(self, dpid, port):
        return (dpid, port) not in self._compute().link_ports

    def flood_ports(self, dpid):
        """Where a switch's frames for all go: its edge ports, and those of a spanning tree of its archipelago."""
        computed = self._compute()
        switch = self._switches[dpid]
        return [
            port
            for port in switch.ports
            if port <= ofp.OFPP_MAX
            and switch.is_up(port)
            and ((dpid, port) not in computed.link_ports or (dpid, port) in computed.tree_ports)
        ]

    def path(self, source, target):
        """The links of a shortest path; None where Floodlight computes none."""
        return next(self.paths(source, target), None)

    def paths(self, source, target):
        """Paths without loops, shortest first."""
        computed = self._compute()
        if source == target:
            yield []
            return
        home = computed.archipelagos.get(source)
        if home is None or home != computed.archipelagos.get(target):
            return
        queue = collections.deque([(source, [])])
        # The first way to a switch is a shortest one; the others are looked at only when more paths are wanted.
        reached = {source}
        longer = collections.deque()
        while queue or longer:
            at, way = queue.popleft() if queue else longer.popleft()
            for link in computed.links_from[at]:
                if link.target == source or any(link.target == passed.source for passed in way):
                    continue
                if link.target == target:
                    yield [*way, link]
                    continue
                (longer if link.target in reached else queue).append((link.target, [*way, link]))
                reached.add(link.target)

    def _compute(self):
        if self._computed is None:
            self._computed = Computed(sorted(self._switches), sorted(self._seen))
        return self._computed


class Computed:
    """What follows from a set of switches and directed links."""

    def __init__(self, dpids, links):
        self.links_from = collections.defaultdict(list)
        self.link_ports = set()
        for link in links:
            self.links_from[link.source].append(link)
            self.link_ports |= {link[:2], link[2:]}
        self.archipelagos = self._archipelagos(dpids, links)
        self.tree_ports = self._tree_ports(dpids, links)

    def _archipelagos(self, dpids, links):
        """Which switches have paths between them: a number for each.

        Clusters are strongly connected. As soon as a one-way link joins two clusters, Floodlight forgets the clusters
        that no such link touches: their switches get None, and no path at all (TopologyInstance.identifyArchipelagos).
        """
        reachable = {dpid: self._reachable(dpid) for dpid in dpids}
        cluster = {dpid: min(other for other in reachable[dpid] if dpid in reachable.get(other, ())) for dpid in dpids}
        between = [link for link in links if cluster.get(link.source) != cluster.get(link.target)]
        if not between:
            return cluster
        merged = {}
        for link in between:
            ends = {cluster.get(link.source), cluster.get(link.target)}
            homes = {merged[end] for end in ends if end in merged}
            joined = ends | {other for other, home in merged.items() if home in homes}
            merged |= dict.fromkeys(joined, min(joined))
        return {dpid: merged.get(cluster[dpid]) for dpid in dpids}

    def _reachable(self, start):
        found, queue = {start}, [start]
        while queue:
            for link in self.links_from[queue.pop()]:
                if link.target not in found:
                    found.add(link.target)
                    queue.append(link.target)
        return found

    def _tree_ports(self, dpids, links):
        either_way = collections.defaultdict(list)
        for link in links:
            either_way[link.source].append(link)
            either_way[link.target].append(Link(link.target, link.target_port, link.source, link.source_port))
        ports, reached = set(), set()
        for root in dpids:
            if root in reached or self.archipelagos[root] is None:
                continue
            reached.add(root)
            queue = collections.deque([root])
            while queue:
                for link in either_way[queue.popleft()]:
                    if link.target not in reached:
                        reached.add(link.target)
                        queue.append(link.target)
                        ports |= {link[:2], link[2:]}
        return ports


def lldp_value(kind, content):
    return struct.pack('!H', kind << 9 | len(content)) + content


def read_lldp(frame):
    """The switch and port that sent it; (None, None) for anybody else's."""
    dpid = port = None
    at = 14
    while at + 2 <= len(frame):
        header = int.from_bytes(frame[at : at + 2], 'big')
        kind, content = header >> 9, frame[at + 2 : at + 2 + (header & 0x1FF)]
        at += 2 + len(content)
        if kind == PORT_ID and len(content) == 3:
            port = int.from_bytes(content[1:], 'big')
        elif kind == ORGANIZATION and content.startswith(DPID_VALUE):
            dpid = ':'.join(f'{octet:02x}' for octet in content[len(DPID_VALUE) :])
        elif kind == 0:
            break
    return dpid, port
