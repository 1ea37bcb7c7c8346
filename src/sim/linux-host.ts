import type { HostRouting, Way } from './host-routing.ts';
import {
  ABSENT,
  type Addresses,
  ARP,
  ARP_REPLY,
  ARP_REQUEST,
  arpReply,
  arpRequest,
  ECHO_REPLY,
  ECHO_REQUEST,
  echo,
  IPV4,
  type Packet,
} from './packet.ts';

/** What a host makes of a packet that arrives at it. */
export type Reaction =
  /** It answers, or sends what waited for a MAC address. */
  | { readonly kind: 'sends'; readonly packets: readonly Packet[] }
  /** The reply that was waited for. */
  | { readonly kind: 'echo-reply'; readonly from: number }
  | { readonly kind: 'ignores'; readonly why: Ignored };

/** Why a host does nothing about a packet. */
export type Ignored =
  | 'other-mac'
  | 'tagged'
  | 'other-ip'
  | 'own-address'
  | 'not-understood'
  /** It has what it needs to know already, or never asked. */
  | 'nothing-to-do'
  | 'no-route';

/** A packet to the next hop that has a MAC address. */
type Make = (mac: number) => Packet;

/**
 * A host as Linux is one, with one interface: RFC 826 as in Linux's net/ipv4/arp.c, RFC 1122 for echo. Its ARP cache is
 * empty but for static entries.
 */
export class LinuxHost {
  readonly #routing: HostRouting;
  /** MAC addresses by IPv4 address: several where it may have learnt one or the other. */
  readonly #learnt = new Map<number, readonly number[]>();
  /** IPv4 addresses of which it is open whether they were learnt. */
  readonly #open = new Set<number>();
  /** Packets that wait until the MAC address of their next hop is known. */
  readonly #waiting = new Map<number, Make[]>();
  /** Packets that were sent by a MAC address that was learnt. */
  readonly #sent = new Map<number, Make[]>();

  constructor(routing: HostRouting) {
    this.#routing = routing;
  }

  /**
   * Sends an echo request to an address. Returns what goes out, first of all an ARP request where it needs one; nothing
   * without a route, nor to all hosts of a subnet (which has to be asked for).
   */
  ping(ip: number): readonly Packet[] {
    if (this.#routing.broadcasts.has(ip)) return [];
    const way = this.#routing.wayTo(ip);
    if (way === undefined) return [];
    const self = { mac: this.#routing.mac, ip: way.source };
    return this.#sendBy(way, way.source, (mac) => echo(ECHO_REQUEST, self, { mac, ip }));
  }

  /**
   * @param isCertain whether the packet arrives for sure; if not, it is one of several that may arrive, and the host sends
   *   what it would send for each of them
   */
  receive(received: Packet, isCertain = true): Reaction {
    // Others are for VLAN interfaces, which hosts have none of.
    const packet = received.withoutPriorityTags();
    if (packet === undefined) return ignores('tagged');
    if (!packet.isMulticast && packet.get('eth_dst') !== this.#routing.mac) return ignores('other-mac');
    const type = packet.get('eth_type');
    if (type === ARP) return this.#receiveArp(packet, isCertain);
    return type === IPV4 ? this.#receiveIpv4(packet) : ignores('not-understood');
  }

  #receiveArp(packet: Packet, isCertain: boolean): Reaction {
    const opcode = packet.get('arp_opcode');
    const sender = { mac: packet.get('arp_sha'), ip: packet.get('arp_spa') };
    const wanted = packet.get('arp_tpa');
    const isForMe = this.#routing.own.has(wanted);
    if (opcode !== ARP_REQUEST && opcode !== ARP_REPLY) return ignores('not-understood');
    if (opcode === ARP_REQUEST && isForMe && !this.#routing.own.has(sender.ip)) {
      // A request for it makes an entry even where there was none.
      const released = this.#learn(sender, isCertain);
      return { kind: 'sends', packets: [arpReply({ mac: this.#routing.mac, ip: wanted }, sender), ...released] };
    }
    // Other messages of a neighbour update an entry that is there, at least as a question.
    const mayHaveAsked = this.#sent.has(sender.ip) && (!isCertain || this.#open.has(sender.ip));
    if (!this.#waiting.has(sender.ip) && !mayHaveAsked) return ignores(isForMe ? 'nothing-to-do' : 'other-ip');
    return { kind: 'sends', packets: this.#learn(sender, isCertain) };
  }

  #receiveIpv4(packet: Packet): Reaction {
    const source = packet.get('ipv4_src');
    const self = packet.get('ipv4_dst');
    if (!this.#routing.own.has(self)) {
      return this.#routing.forwards && !packet.isMulticast ? this.#forward(packet, source, self) : ignores('other-ip');
    }
    if (this.#routing.own.has(source)) return ignores('own-address');
    const type = packet.get('icmpv4_type');
    if (type === ECHO_REPLY) return { kind: 'echo-reply', from: source };
    if (type !== ECHO_REQUEST) return ignores('not-understood');
    const way = this.#routing.wayTo(source);
    if (way === undefined) return ignores('no-route');
    // The reply is of the same class of service (RFC 1349, section 5.1), and of the same code, whatever that is.
    const like = { dscp: packet.get('ip_dscp'), ecn: packet.get('ip_ecn'), code: packet.get('icmpv4_code') };
    const sender = { mac: this.#routing.mac, ip: self };
    const packets = this.#sendBy(way, self, (mac) => echo(ECHO_REPLY, sender, { mac, ip: source }, like));
    return { kind: 'sends', packets };
  }

  /** As a router. */
  #forward(packet: Packet, source: number, target: number): Reaction {
    if (this.#routing.own.has(source)) return ignores('own-address');
    const way = this.#routing.wayTo(target);
    if (way === undefined || this.#routing.broadcasts.has(target)) return ignores('no-route');
    const packets = this.#sendBy(way, way.source, (mac) =>
      packet.with('eth_src', this.#routing.mac).with('eth_dst', mac),
    );
    return { kind: 'sends', packets };
  }

  /** @param asker the address from which it asks for a MAC address */
  #sendBy({ nextHop, mac }: Way, asker: number, make: Make): readonly Packet[] {
    if (mac !== undefined && mac !== ABSENT) return [make(mac)];
    // RFC 826's message may say that an address belongs to nobody.
    const known = this.#learnt.get(nextHop)?.filter((each) => each !== ABSENT) ?? [];
    if (known.length > 0) {
      this.#sent.set(nextHop, [...(this.#sent.get(nextHop) ?? []), make]);
      return known.map(make);
    }
    const waiting = this.#waiting.get(nextHop);
    if (waiting === undefined) this.#waiting.set(nextHop, [make]);
    else waiting.push(make);
    return [arpRequest({ mac: this.#routing.mac, ip: asker }, nextHop)];
  }

  #learn({ mac, ip }: Addresses, isCertain: boolean): readonly Packet[] {
    const waiting = this.#waiting.get(ip) ?? [];
    this.#waiting.delete(ip);
    const known = this.#learnt.get(ip) ?? [];
    const isAnother = known.length > 0 && (!isCertain || this.#open.has(ip));
    if (!isCertain) this.#open.add(ip);
    if (isAnother && known.includes(mac)) return waiting.map((make) => make(mac));
    const sent = this.#sent.get(ip) ?? [];
    this.#learnt.set(ip, isAnother ? [...known, mac] : [mac]);
    this.#sent.set(ip, [...sent, ...waiting]);
    // What was sent by the other address may have been sent by this one.
    return [...(isAnother ? sent : []), ...waiting].map((make) => make(mac));
  }
}

function ignores(why: Ignored): Reaction {
  return { kind: 'ignores', why };
}
