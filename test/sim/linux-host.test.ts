import { expect, test } from 'vitest';
import {
  type Ipv4Address,
  ipv4FromNumber,
  ipv4ToNumber,
  type MacAddress,
  macFromNumber,
  portNumber,
} from '../../src/model/addresses.ts';
import { type HostState, type InterfaceState, type Route, specifiedStates } from '../../src/model/host-state.ts';
import { type Host, Topology } from '../../src/model/topology.ts';
import { HostRouting } from '../../src/sim/host-routing.ts';
import { DEFAULT_TTL, LinuxHost, type Reaction, type Sent } from '../../src/sim/linux-host.ts';
import {
  arpReply,
  arpRequest,
  BROADCAST_MAC,
  ECHO_REPLY,
  ECHO_REQUEST,
  echo,
  Packet,
  VLAN_TAG,
} from '../../src/sim/packet.ts';
import { hostOf, type PlainHost } from '../support/fixtures/hosts.ts';

const ip = (text: string) => Number(ipv4ToNumber(text as Ipv4Address));
const h1 = { mac: 1, ip: ip('10.0.0.1') };
const h2 = { mac: 2, ip: ip('10.0.0.2') };
const h3 = { mac: 3, ip: ip('10.0.0.3') };

/** h1 with one interface; tests hand it packets, and it answers by that. */
class OnlyInterface {
  readonly #host: LinuxHost;

  constructor(state: HostState) {
    this.#host = new LinuxHost(new HostRouting(state));
  }

  ping(ip: number) {
    return this.#host.ping(ip);
  }

  receive(packet: Packet): Reaction {
    return this.#host.receive({ port: 0, packet, ttl: DEFAULT_TTL });
  }
}

function host(
  prefixLength = 24,
  more: Partial<PlainHost> = {},
  { routes, ...then }: Partial<InterfaceState> & Partial<Pick<HostState, 'routes'>> = {},
): OnlyInterface {
  const ofH1 = { name: 'h1', ip: '10.0.0.1' as Ipv4Address, mac: '00:00:00:00:00:01' as MacAddress };
  const self = hostOf({ ...ofH1, prefixLength, ...more });
  const state = specifiedStates(new Topology({ hosts: [self], switches: [], links: [] }))(self);
  const interfaces = state.interfaces.map((each) => ({ ...each, ...then }));
  return new OnlyInterface({ ...state, interfaces, ...(routes === undefined ? {} : { routes }) });
}

/** What a host sends, as Ethernet and IP see it: `arp 1 to ff:ff:ff:ff:ff:ff for 10.0.0.2`. */
function sent(packets: readonly Sent[]): string[] {
  return packets.map(({ packet }) => {
    const { eth_dst, arp_opcode, arp_tpa, arp_tha, ipv4_dst, icmpv4_type } = packet.describe();
    return arp_opcode === undefined
      ? `icmp ${icmpv4_type} to ${eth_dst} for ${ipv4_dst}`
      : `arp ${arp_opcode} to ${eth_dst} for ${arp_tpa} at ${arp_tha}`;
  });
}

function reacts(reaction: Reaction): string | string[] {
  if (reaction.kind === 'sends') return sent(reaction.packets);
  return reaction.kind === 'ignores' ? reaction.why : `echo-reply from ${reaction.from}`;
}

const ASKS_H2 = 'arp 1 to ff:ff:ff:ff:ff:ff for 10.0.0.2 at 00:00:00:00:00:00';

test('a ping asks for the MAC address first, and the reply releases the echo request', () => {
  const asking = host();
  expect(sent(asking.ping(h2.ip))).toEqual([ASKS_H2]);
  expect(reacts(asking.receive(arpReply(h2, h1)))).toEqual(['icmp 8 to 00:00:00:00:00:02 for 10.0.0.2']);
  expect(reacts(asking.receive(echo(ECHO_REPLY, h2, h1)))).toBe(`echo-reply from ${h2.ip}`);
});

test('of two addresses in one subnet the first one has the route', () => {
  const self = hostOf({
    ...{ name: 'h1', ip: '10.0.0.1' as Ipv4Address, prefixLength: 24, mac: '00:00:00:00:00:01' as MacAddress },
    addresses: ['10.0.0.7/24', '10.0.0.8/16', '10.0.1.8/24'].map(address),
  });
  const { routes } = specifiedStates(new Topology({ hosts: [self], switches: [], links: [] }))(self);
  expect(routes.map(({ destination, prefixLength, source }) => `${destination}/${prefixLength} ${source}`)).toEqual([
    ...['10.0.0.0/24 10.0.0.1', '10.0.0.0/16 10.0.0.8', '10.0.1.0/24 10.0.1.8'],
  ]);
});

test('of overlapping subnets that hold a router the longest prefix says by which interface it is', () => {
  // Seeds 6087 and 6092.
  const at = (port: number, addresses: string) => ({
    ...{ port: portNumber(port), mac: macFromNumber(BigInt(port)) },
    addresses: [address(addresses)],
  });
  const self: Host = {
    ...{ name: 'h1', interfaces: [at(0, '10.1.0.2/16'), at(1, '10.1.2.1/24')] },
    routes: [{ ...address('10.9.9.8/29'), destination: '10.9.9.8' as Ipv4Address, via: '10.1.2.2' as Ipv4Address }],
  };
  const { routes } = specifiedStates(new Topology({ hosts: [self], switches: [], links: [] }))(self);
  expect(routes.at(-1)).toMatchObject({ destination: '10.9.9.8', interface: 'h1-eth1' });
});

test('a host has a route to its own subnet only', () => {
  expect(sent(host(24).ping(ip('10.0.1.2')))).toEqual([]);
  expect(host(16).ping(ip('10.0.1.2'))).toHaveLength(1);
  expect(host(32).ping(h2.ip)).toEqual([]);
  expect(host(31).ping(ip('10.0.0.0'))).toHaveLength(1);
  expect(host(1).ping(ip('126.0.0.9'))).toHaveLength(1);
  expect(host(1).ping(ip('128.0.0.9'))).toEqual([]);
});

test('a host answers an ARP request for its own address, and no other', () => {
  expect(reacts(host().receive(arpRequest(h2, h1.ip)))).toEqual([
    'arp 2 to 00:00:00:00:00:02 for 10.0.0.2 at 00:00:00:00:00:02',
  ]);
  expect(reacts(host().receive(arpRequest(h2, h3.ip)))).toBe('other-ip');
});

test('a host answers ARP requests to its MAC address as those to all, whatever the address of their sender', () => {
  const unicast = arpRequest(h2, h1.ip).with('eth_dst', 1);
  expect(reacts(host().receive(unicast))).toEqual(['arp 2 to 00:00:00:00:00:02 for 10.0.0.2 at 00:00:00:00:00:02']);
  const foreign = arpRequest({ mac: 9, ip: ip('192.168.0.9') }, h1.ip);
  expect(reacts(host().receive(foreign))).toEqual(['arp 2 to 00:00:00:00:00:09 for 192.168.0.9 at 00:00:00:00:00:09']);
});

test('a host ignores what is for another MAC address', () => {
  expect(reacts(host().receive(echo(ECHO_REQUEST, h2, h3)))).toBe('other-mac');
  expect(reacts(host().receive(arpReply(h2, h3)))).toBe('other-mac');
  expect(reacts(host().receive(echo(ECHO_REQUEST, h2, h1).with('eth_dst', 3)))).toBe('other-mac');
});

test('a host ignores an echo for another IP address, even at its own MAC address', () => {
  expect(reacts(host().receive(echo(ECHO_REQUEST, h2, { mac: 1, ip: h3.ip })))).toBe('other-ip');
});

test('a host that was asked by ARP answers an echo request at once, with its class of service', () => {
  const asked = host();
  asked.receive(arpRequest(h2, h1.ip));
  const reaction = asked.receive(echo(ECHO_REQUEST, h2, h1, { dscp: 46, ecn: 1, code: 0 }));
  expect(reacts(reaction)).toEqual(['icmp 0 to 00:00:00:00:00:02 for 10.0.0.2']);
  const [reply] = reaction.kind === 'sends' ? reaction.packets : [];
  expect([reply?.packet.get('ip_dscp'), reply?.packet.get('ip_ecn')]).toEqual([46, 1]);
});

test('a host that was not asked asks for the MAC address before it answers an echo request', () => {
  const unasked = host();
  expect(reacts(unasked.receive(echo(ECHO_REQUEST, h2, h1)))).toEqual([ASKS_H2]);
  expect(reacts(unasked.receive(arpReply(h2, h1)))).toEqual(['icmp 0 to 00:00:00:00:00:02 for 10.0.0.2']);
});

test('a host cannot answer an echo request from another subnet', () => {
  expect(reacts(host().receive(echo(ECHO_REQUEST, { mac: 2, ip: ip('10.0.1.2') }, h1)))).toBe('no-route');
});

test('a host takes no packet from its own address', () => {
  expect(reacts(host().receive(echo(ECHO_REQUEST, { mac: 2, ip: h1.ip }, h1)))).toBe('own-address');
});

test('a host ignores packets with a VLAN tag, but for tags that say a priority only', () => {
  const tagged = arpRequest(h2, h1.ip).pushVlan(0x8100);
  expect(reacts(host().receive(tagged.with('eth_vlan_vid', 5)))).toBe('tagged');
  expect(reacts(host().receive(tagged.with('eth_vlan_pcp', 5)))).toHaveLength(1);
  expect(reacts(host().receive(tagged.pushVlan(0x8100)))).toHaveLength(1);
  expect(reacts(host().receive(tagged.with('eth_vlan_vid', 5).pushVlan(0x8100)))).toBe('tagged');
});

test('a reply that was not waited for changes nothing', () => {
  expect(reacts(host().receive(arpReply(h2, h1)))).toBe('nothing-to-do');
});

test('ICMP other than echo, and other types of Ethernet, are ignored', () => {
  expect(reacts(host().receive(echo(3, h2, h1)))).toBe('not-understood');
  // Linux answers an echo request whatever its code.
  expect(reacts(host().receive(echo(ECHO_REQUEST, h2, h1).with('icmpv4_code', 1)))).toEqual([ASKS_H2]);
  expect(reacts(host().receive(Packet.of({ eth_dst: 1, eth_src: 2, eth_type: 0x88cc })))).toBe('not-understood');
});

const address = (text: string) => {
  const [of = '', length] = text.split('/');
  return { ip: of as Ipv4Address, prefixLength: Number(length) };
};
const route = (text: string, more: Partial<Route> = {}): Route => {
  const { ip: destination, prefixLength } = address(text);
  return { destination, prefixLength, metric: 0, interface: 'h1-eth0', ...more };
};

test('a host answers to each of its addresses, from that address', () => {
  const answering = host(24, { addresses: [address('192.168.1.1/24')] });
  const request = echo(ECHO_REQUEST, h2, { mac: 1, ip: ip('192.168.1.1') });
  expect(reacts(answering.receive(arpRequest(h2, ip('192.168.1.1'))))).toEqual([
    'arp 2 to 00:00:00:00:00:02 for 10.0.0.2 at 00:00:00:00:00:02',
  ]);
  const reaction = answering.receive(request);
  expect(reacts(reaction)).toEqual(['icmp 0 to 00:00:00:00:00:02 for 10.0.0.2']);
  expect(reaction.kind === 'sends' && reaction.packets[0]?.packet.describe()).toMatchObject({
    ipv4_src: '192.168.1.1',
  });
});

test('a host sends by its router what is in none of its subnets, and asks for the MAC address of that', () => {
  const asking = host(24, { defaultRoute: '10.0.0.3' as Ipv4Address });
  expect(sent(asking.ping(ip('8.8.8.8')))).toEqual(['arp 1 to ff:ff:ff:ff:ff:ff for 10.0.0.3 at 00:00:00:00:00:00']);
  expect(reacts(asking.receive(arpReply(h3, h1)))).toEqual(['icmp 8 to 00:00:00:00:00:03 for 8.8.8.8']);
  expect(sent(asking.ping(h2.ip))).toEqual([ASKS_H2]);
});

test('of routes the longest prefix counts, then the lowest metric; a route may refuse', () => {
  const via = '10.0.0.3' as Ipv4Address;
  const asksH3 = ['arp 1 to ff:ff:ff:ff:ff:ff for 10.0.0.3 at 00:00:00:00:00:00'];
  const direct = route('10.0.0.0/24');
  expect(sent(host(24, {}, { routes: [direct, route('10.0.0.2/32', { via })] }).ping(h2.ip))).toEqual(asksH3);
  expect(sent(host(24, {}, { routes: [route('10.0.0.0/24', { via, metric: 5 }), direct] }).ping(h2.ip))).toEqual([
    ASKS_H2,
  ]);
  const { interface: _, ...refusal } = route('10.0.0.2/32');
  const refusing = [direct, refusal];
  expect(sent(host(24, {}, { routes: refusing }).ping(h2.ip))).toEqual([]);
});

test('a static ARP entry is used without asking, and no ARP message changes it', () => {
  const knows = host(24, {}, { neighbours: new Map([['10.0.0.2' as Ipv4Address, '00:00:00:00:00:99' as MacAddress]]) });
  const straight = ['icmp 8 to 00:00:00:00:00:99 for 10.0.0.2'];
  expect(sent(knows.ping(h2.ip))).toEqual(straight);
  expect(reacts(knows.receive(arpRequest(h2, h1.ip)))).toHaveLength(1);
  expect(sent(knows.ping(h2.ip))).toEqual(straight);
});

test('a host that forwards sends on what is for others, and one that does not ignores it', () => {
  const toH2 = echo(ECHO_REQUEST, h3, { mac: 1, ip: h2.ip });
  expect(reacts(host().receive(toH2))).toBe('other-ip');
  const router = host(24, {}, { forwards: true });
  expect(reacts(router.receive(toH2))).toEqual([ASKS_H2]);
  const [on] = [router.receive(arpReply(h2, h1))].flatMap((each) => (each.kind === 'sends' ? each.packets : []));
  expect(on?.packet.describe()).toMatchObject({
    ...{ eth_src: '00:00:00:00:00:01', eth_dst: '00:00:00:00:00:02' },
    ...{ ipv4_src: '10.0.0.3', ipv4_dst: '10.0.0.2' },
  });
});

test('a route by the host itself leads to the link, found by the differential test', () => {
  const own = '10.0.0.1' as Ipv4Address;
  const routes = [route('10.0.0.0/24'), route('10.0.0.2/32', { via: own })];
  expect(sent(host(24, {}, { routes }).ping(h2.ip))).toEqual([ASKS_H2]);
});

// Several interfaces. What is expected is what Linux does, by net/ipv4/{arp,route,fib_frontend,ip_forward,devinet}.c.

/** An interface at the port of its place, of MAC address 0a by default, 0b, ... */
type Nic = Partial<InterfaceState> & { readonly at: string };

/** h1 with these interfaces, and the routes of their subnets and others. */
function wide(nics: readonly Nic[], more: readonly Route[] = [], otherAddresses: readonly string[] = []): LinuxHost {
  const interfaces = nics.map(({ at, ...settings }, index): InterfaceState => {
    const port = settings.port ?? portNumber(index);
    return {
      ...{ name: `h1-eth${index}`, port, mac: macFromNumber(BigInt(10 + index)) },
      ...{ addresses: at === '' ? [] : at.split(' ').map(address), neighbours: new Map() },
      ...{ forwards: false, reversePathFilter: 0, arpIgnore: 0, arpAnnounce: 0 },
      ...settings,
    };
  });
  const connected = interfaces.flatMap(({ name, addresses }) =>
    addresses.map(({ ip: own, prefixLength }): Route => {
      const mask = prefixLength === 0 ? 0 : -1 << (32 - prefixLength);
      const destination = ipv4FromNumber(BigInt((ip(own) & mask) >>> 0));
      return { destination, prefixLength, source: own, metric: 0, interface: name };
    }),
  );
  const others = otherAddresses.map((each) => each as Ipv4Address);
  return new LinuxHost(new HostRouting({ interfaces, otherAddresses: others, routes: [...connected, ...more] }));
}

const by = (eth: number, to: string, more: Partial<Route> = {}): Route =>
  route(to, { interface: `h1-eth${eth}`, ...more });
const via = (router: string) => ({ via: router as Ipv4Address });

/** What goes out by which port, with its addresses: `0: arp 10.1.0.1 for 10.1.0.2`, `1: icmp 8 ttl 63 10.1.0.2 > 10.2.0.2`. */
function out(packets: readonly Sent[]): string[] {
  return packets.map(({ port, packet, ttl }) => {
    const fields = packet.describe();
    const tag = fields['eth_vlan_vid'] === undefined ? '' : ` vlan ${packet.get('eth_vlan_vid') & 0xfff}`;
    return fields['arp_opcode'] === undefined
      ? `${port}${tag}: icmp ${fields['icmpv4_type']} ttl ${ttl} ${fields['ipv4_src']} > ${fields['ipv4_dst']} by ${packet.get('eth_src')} to ${packet.get('eth_dst')}`
      : `${port}${tag}: arp ${fields['arp_opcode']} ${fields['arp_spa']} is ${packet.get('arp_sha')} to ${fields['arp_tpa']}`;
  });
}

function got(reaction: Reaction): string | string[] {
  return reaction.kind === 'sends' ? out(reaction.packets) : reacts(reaction);
}

/** By one of its interfaces, sent to the MAC address of that. */
function arrives(at: LinuxHost, port: number, packet: Packet, ttl = DEFAULT_TTL): string | string[] {
  const isForIt = packet.get('eth_dst') === 0;
  return got(at.receive({ port, packet: isForIt ? packet.with('eth_dst', 10 + port) : packet, ttl }));
}

const from = (address: string, mac = 2) => ({ mac, ip: ip(address) });
const echoFrom = (source: string, target: string) => echo(ECHO_REQUEST, from(source), { mac: 0, ip: ip(target) });
const TWO: readonly Nic[] = [{ at: '10.1.0.1/24' }, { at: '10.2.0.1/24' }];

test('a host with two interfaces sends to each subnet by the interface in it, from the address there', () => {
  const host = wide(TWO);
  expect(out(host.ping(ip('10.1.0.2')))).toEqual(['0: arp 1 10.1.0.1 is 10 to 10.1.0.2']);
  expect(out(host.ping(ip('10.2.0.2')))).toEqual(['1: arp 1 10.2.0.1 is 11 to 10.2.0.2']);
  expect(out(host.ping(ip('10.3.0.2')))).toEqual([]);
  expect(out(host.ping(ip('10.2.0.1')))).toEqual([]);
});

test('of overlapping subnets the longer prefix counts, of equal ones the first interface', () => {
  const overlapping = wide([{ at: '10.1.0.1/16' }, { at: '10.1.2.1/24' }, { at: '10.1.2.3/24' }]);
  expect(out(overlapping.ping(ip('10.1.3.9')))).toEqual(['0: arp 1 10.1.0.1 is 10 to 10.1.3.9']);
  expect(out(overlapping.ping(ip('10.1.2.9')))).toEqual(['1: arp 1 10.1.2.1 is 11 to 10.1.2.9']);
});

test('a host sends by a router from the address in the subnet of that router', () => {
  const host = wide([{ at: '10.1.0.1/24 10.5.0.1/24' }], [by(0, '0.0.0.0/0', via('10.5.0.9'))]);
  expect(out(host.ping(ip('8.8.8.8')))).toEqual(['0: arp 1 10.5.0.1 is 10 to 10.5.0.9']);
});

test('a host sends by a route without a router from the first address of its interface, whichever subnet it leads to', () => {
  const host = wide([{ at: '10.1.0.1/24 10.5.0.1/24' }], [by(0, '10.5.0.7/32'), by(0, '10.9.0.0/16')]);
  const asks = (target: string) => {
    host.ping(ip(target));
    return got(host.receive({ port: 0, packet: arpReply(from(target), { mac: 10, ip: h1.ip }), ttl: DEFAULT_TTL }));
  };
  expect(asks('10.5.0.7')).toEqual(['0: icmp 8 ttl 64 10.1.0.1 > 10.5.0.7 by 10 to 2']);
  expect(asks('10.9.0.7')).toEqual(['0: icmp 8 ttl 64 10.1.0.1 > 10.9.0.7 by 10 to 2']);
});

test('by an interface without an address a host sends from that of lo, else from that of another interface', () => {
  const nics = [{ at: '10.1.0.1/24' }, { at: '' }];
  const asks = ['1: arp 1 10.1.0.1 is 11 to 10.9.0.2'];
  expect(out(wide(nics, [by(1, '10.9.0.0/16')]).ping(ip('10.9.0.2')))).toEqual(asks);
  expect(out(wide(nics, [by(1, '10.9.0.0/16')], ['10.6.6.6']).ping(ip('10.9.0.2')))).toEqual([
    '1: arp 1 10.6.6.6 is 11 to 10.9.0.2',
  ]);
  expect(out(wide([{ at: '' }], [by(0, '10.9.0.0/16')]).ping(ip('10.9.0.2')))).toEqual([]);
});

test('a route may name the address to send from', () => {
  const routes = [by(1, '10.9.0.0/16', { ...via('10.2.0.9'), source: '10.1.0.1' as Ipv4Address })];
  expect(out(wide(TWO, routes).ping(ip('10.9.0.2')))).toEqual(['1: arp 1 10.1.0.1 is 11 to 10.2.0.9']);
});

test('a host answers for all of its addresses by any of its interfaces, with the MAC address of that', () => {
  expect(arrives(wide(TWO), 0, arpRequest(from('10.1.0.2'), ip('10.2.0.1')))).toEqual([
    '0: arp 2 10.2.0.1 is 10 to 10.1.0.2',
  ]);
  expect(arrives(wide(TWO), 1, arpRequest(from('10.1.0.2'), ip('10.1.0.1')))).toEqual([
    '1: arp 2 10.1.0.1 is 11 to 10.1.0.2',
  ]);
  expect(arrives(wide(TWO, [], ['10.6.6.6']), 1, arpRequest(from('10.2.0.2'), ip('10.6.6.6')))).toHaveLength(1);
});

test('a host answers an echo request by the interface that leads to its sender, whichever it came by', () => {
  const host = wide(TWO);
  expect(arrives(host, 1, echoFrom('10.1.0.2', '10.2.0.1'))).toEqual(['0: arp 1 10.2.0.1 is 10 to 10.1.0.2']);
});

test('what a host learns at one interface is of no use at another', () => {
  const host = wide(TWO);
  arrives(host, 1, arpRequest(from('10.1.0.2'), ip('10.2.0.1')));
  expect(arrives(host, 1, echoFrom('10.1.0.2', '10.2.0.1'))).toEqual(['0: arp 1 10.2.0.1 is 10 to 10.1.0.2']);
  arrives(host, 0, arpRequest(from('10.1.0.2', 3), ip('10.1.0.1')));
  expect(arrives(host, 1, echoFrom('10.1.0.2', '10.2.0.1'))).toEqual([
    '0: icmp 0 ttl 64 10.2.0.1 > 10.1.0.2 by 10 to 3',
  ]);
});

test('an interface takes what is for its own MAC address only', () => {
  expect(arrives(wide(TWO), 0, echoFrom('10.1.0.2', '10.1.0.1').with('eth_dst', 11))).toBe('other-mac');
});

test('arp_ignore 1 answers for the addresses of the interface, 2 within a subnet of it, 8 for none', () => {
  const answers = (arpIgnore: number, sender: string, wanted: string) => {
    const nic = { at: '10.1.0.1/24 10.1.9.1/16 10.7.0.1/24', arpIgnore };
    return Array.isArray(arrives(wide([nic, { at: '10.2.0.1/24' }]), 0, arpRequest(from(sender), ip(wanted))));
  };
  expect([0, 1, 2, 3, 8].map((value) => answers(value, '10.1.0.2', '10.2.0.1'))).toEqual([
    ...[true, false, false, true, false],
  ]);
  expect([0, 1, 2, 3, 8].map((value) => answers(value, '10.1.0.2', '10.1.0.1'))).toEqual([
    ...[true, true, true, true, false],
  ]);
  expect([0, 1, 2, 3, 8].map((value) => answers(value, '10.9.0.2', '10.1.0.1'))).toEqual([
    ...[true, true, false, true, false],
  ]);
  // Both are in 10.1.0.0/16, though the address itself is one of 10.1.0.0/24.
  expect(answers(2, '10.1.7.2', '10.1.0.1')).toBe(true);
  expect(answers(2, '10.1.7.2', '10.7.0.1')).toBe(false);
});

test('who is probed for by a host without an address yet is answered, and the asker not learnt', () => {
  const strict = wide([{ at: '10.1.0.1/24', reversePathFilter: 1 }]);
  expect(arrives(strict, 0, arpRequest(from('0.0.0.0'), ip('10.1.0.1')))).toEqual([
    '0: arp 2 10.1.0.1 is 10 to 0.0.0.0',
  ]);
});

test('arp_announce says from which address a host asks: 1 only from one in the subnet, 2 from the best one', () => {
  const asker = (arpAnnounce: number, target: string, addresses: string) => {
    const host = wide([{ at: '10.1.0.1/24' }, { at: addresses, arpAnnounce }]);
    return arrives(host, 1, echoFrom('10.2.0.2', target))[0];
  };
  const subnets = '10.2.0.1/24 10.2.9.1/16';
  expect([0, 1, 2, 3].map((value) => asker(value, '10.1.0.1', subnets))).toEqual([
    ...['10.1.0.1', '10.2.0.1', '10.2.0.1', '10.1.0.1'].map((each) => `1: arp 1 ${each} is 11 to 10.2.0.2`),
  ]);
  expect([0, 1, 2, 3].map((value) => asker(value, '10.2.9.1', subnets))).toEqual([
    ...['10.2.9.1', '10.2.9.1', '10.2.0.1', '10.2.9.1'].map((each) => `1: arp 1 ${each} is 11 to 10.2.0.2`),
  ]);
});

test('a router asks for others from its own address', () => {
  const router = wide(TWO.map((nic) => ({ ...nic, forwards: true })));
  expect(arrives(router, 0, echoFrom('10.1.0.2', '10.2.0.2'))).toEqual(['1: arp 1 10.2.0.1 is 11 to 10.2.0.2']);
});

test('a router sends a packet on with its own MAC address and one hop less to live, and drops it at the last one', () => {
  const router = wide(TWO.map((nic) => ({ ...nic, forwards: true })));
  arrives(router, 1, arpRequest(from('10.2.0.2', 7), ip('10.2.0.1')));
  expect(arrives(router, 0, echoFrom('10.1.0.2', '10.2.0.2'), 64)).toEqual([
    '1: icmp 8 ttl 63 10.1.0.2 > 10.2.0.2 by 11 to 7',
  ]);
  expect(arrives(router, 0, echoFrom('10.1.0.2', '10.2.0.2'), 2)).toHaveLength(1);
  expect(arrives(router, 0, echoFrom('10.1.0.2', '10.2.0.2'), 1)).toBe('ttl-exceeded');
  // What is for itself counts no hop.
  expect(arrives(router, 0, echoFrom('10.1.0.2', '10.2.0.1'), 1)).toHaveLength(1);
});

test('a router without a way on, or to all hosts of a subnet, sends nothing', () => {
  const router = wide(TWO.map((nic) => ({ ...nic, forwards: true })));
  expect(arrives(router, 0, echoFrom('10.1.0.2', '10.3.0.2'))).toBe('no-route-on');
  expect(arrives(router, 0, echoFrom('10.1.0.2', '10.2.0.255'))).toBe('no-route-on');
  expect(arrives(router, 0, echoFrom('10.1.0.2', '10.2.0.2').with('eth_dst', BROADCAST_MAC))).toBe('other-ip');
});

test('a router needs no address at an interface', () => {
  const router = wide([{ at: '', forwards: true }, { at: '' }], [by(1, '10.2.0.0/24')]);
  expect(arrives(router, 0, echoFrom('10.1.0.2', '10.2.0.2'))).toEqual(['1: arp 1 0.0.0.0 is 11 to 10.2.0.2']);
});

test('a host forwards by the interfaces that say so: where a packet comes in', () => {
  const router = wide([{ at: '10.1.0.1/24', forwards: true }, { at: '10.2.0.1/24' }]);
  expect(arrives(router, 0, echoFrom('10.1.0.2', '10.2.0.2'))).toHaveLength(1);
  expect(arrives(router, 1, echoFrom('10.2.0.2', '10.1.0.2'))).toBe('other-ip');
});

test('rp_filter 1 refuses what would be answered by another interface, 2 what could not be answered, 0 nothing', () => {
  const taken = (reversePathFilter: number, source: string, more: readonly Route[] = []) => {
    const host = wide([{ at: '10.1.0.1/24', reversePathFilter }, { at: '10.2.0.1/24' }], more);
    return arrives(host, 0, echoFrom(source, '10.1.0.1'));
  };
  expect(['10.1.0.2', '10.2.0.2', '10.3.0.2'].map((each) => taken(1, each) !== 'other-path')).toEqual([
    ...[true, false, false],
  ]);
  expect(['10.1.0.2', '10.2.0.2', '10.3.0.2'].map((each) => taken(2, each) !== 'other-path')).toEqual([
    ...[true, true, false],
  ]);
  expect(taken(0, '10.3.0.2')).toBe('no-route');
  expect(taken(1, '10.3.0.2', [by(0, '0.0.0.0/0', via('10.1.0.9'))])).toHaveLength(1);
  expect(taken(2, '10.3.0.2', [by(1, '0.0.0.0/0', via('10.2.0.9'))])).toHaveLength(1);
  // No host sends from the address of all.
  expect(taken(2, '10.1.0.255')).toBe('other-path');
  expect(taken(0, '10.2.0.1')).toBe('own-address');
});

test('rp_filter 2 at an interface without an address is as strict as 1', () => {
  const taken = (target: string) => {
    const host = wide([{ at: '', reversePathFilter: 2 }, { at: '10.2.0.1/24' }], [by(0, '10.9.0.0/16')]);
    return arrives(host, 0, echoFrom(target, '10.2.0.1'));
  };
  expect(taken('10.2.0.2')).toBe('other-path');
  expect(taken('10.9.0.2')).toHaveLength(1);
});

test('rp_filter refuses ARP requests too, which still tell of a neighbour that was asked for', () => {
  const strict = wide([{ at: '10.1.0.1/24', reversePathFilter: 1 }, { at: '10.2.0.1/24' }]);
  expect(arrives(strict, 0, arpRequest(from('10.2.0.2'), ip('10.1.0.1')))).toBe('other-path');
  const routes = [by(0, '10.9.0.0/16', via('10.1.0.9')), by(1, '10.1.0.9/32')];
  const asking = wide([{ at: '10.1.0.1/24', reversePathFilter: 1 }, { at: '10.2.0.1/24' }], routes);
  asking.ping(ip('10.9.0.2'));
  expect(arrives(asking, 0, arpRequest(from('10.1.0.9'), ip('10.1.0.1')))).toEqual([
    '0: icmp 8 ttl 64 10.1.0.1 > 10.9.0.2 by 10 to 2',
  ]);
});

test('what is for all hosts of a subnet goes out where that is, though a route leads elsewhere', () => {
  const host = wide(TWO, [by(0, '10.2.0.255/32')]);
  expect(arrives(host, 1, echoFrom('10.2.0.255', '10.2.0.1'))).toEqual([
    `1: icmp 0 ttl 64 10.2.0.1 > 10.2.0.255 by 11 to ${BROADCAST_MAC}`,
  ]);
});

test('a packet with the tag of a VLAN is for the interface of that, which answers with the tag', () => {
  const host = wide([
    { at: '10.1.0.1/24' },
    { at: '10.2.0.1/24', port: portNumber(0), vlan: 100, mac: macFromNumber(10n) },
  ]);
  const tagged = (vlan: number, packet: Packet) => packet.pushVlan(VLAN_TAG).with('eth_vlan_vid', 0x1000 | vlan);
  const asking = arpRequest(from('10.2.0.2'), ip('10.2.0.1'));
  expect(arrives(host, 0, tagged(100, asking))).toEqual(['0 vlan 100: arp 2 10.2.0.1 is 10 to 10.2.0.2']);
  expect(arrives(host, 0, tagged(100, echoFrom('10.2.0.2', '10.2.0.1')))).toEqual([
    '0 vlan 100: icmp 0 ttl 64 10.2.0.1 > 10.2.0.2 by 10 to 2',
  ]);
  // The interface of the link answers too, but has learnt nothing.
  expect(arrives(host, 0, echoFrom('10.2.0.2', '10.2.0.1'))).toHaveLength(1);
  expect(arrives(host, 0, tagged(5, asking))).toBe('tagged');
  // A tag that says a priority is passed over on either side.
  expect(arrives(host, 0, tagged(0, tagged(100, asking)))).toHaveLength(1);
  expect(arrives(host, 0, tagged(100, tagged(0, asking)))).toHaveLength(1);
  expect(arrives(host, 0, tagged(100, tagged(5, asking)))).toBe('tagged');
  expect(out(host.ping(ip('10.2.0.9')))).toEqual(['0 vlan 100: arp 1 10.2.0.1 is 10 to 10.2.0.9']);
});
