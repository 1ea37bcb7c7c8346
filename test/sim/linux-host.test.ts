import { expect, test } from 'vitest';
import { type Ipv4Address, ipv4ToNumber, type MacAddress } from '../../src/model/addresses.ts';
import { LinuxHost, type Reaction } from '../../src/sim/linux-host.ts';
import { arpReply, arpRequest, ECHO_REPLY, ECHO_REQUEST, echo, Packet } from '../../src/sim/packet.ts';

const ip = (text: string) => Number(ipv4ToNumber(text as Ipv4Address));
const h1 = { mac: 1, ip: ip('10.0.0.1') };
const h2 = { mac: 2, ip: ip('10.0.0.2') };
const h3 = { mac: 3, ip: ip('10.0.0.3') };

function host(prefixLength = 24): LinuxHost {
  return new LinuxHost({
    name: 'h1',
    ip: '10.0.0.1' as Ipv4Address,
    prefixLength,
    mac: '00:00:00:00:00:01' as MacAddress,
  });
}

/** What a host sends, as Ethernet and IP see it: `arp 1 to ff:ff:ff:ff:ff:ff for 10.0.0.2`. */
function sent(packets: readonly Packet[]): string[] {
  return packets.map((packet) => {
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
  expect([reply?.get('ip_dscp'), reply?.get('ip_ecn')]).toEqual([46, 1]);
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
