import { expect, test } from 'vitest';
import { type Ipv4Address, ipv4ToNumber, type MacAddress } from '../../src/model/addresses.ts';
import { type HostState, type InterfaceState, type Route, specifiedStates } from '../../src/model/host-state.ts';
import { Topology } from '../../src/model/topology.ts';
import { HostRouting } from '../../src/sim/host-routing.ts';
import { DEFAULT_TTL, LinuxHost, type Reaction, type Sent } from '../../src/sim/linux-host.ts';
import { arpReply, arpRequest, ECHO_REPLY, ECHO_REQUEST, echo, Packet } from '../../src/sim/packet.ts';
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
