import type { HostInterface, HostRouting, Way } from './host-routing.ts';
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
  VLAN_TAG,
  VLAN_VID_MASK,
} from './packet.ts';

/** A packet that a host sends. */
export interface Sent {
  /** Of the link by which it leaves. */
  readonly port: number;
  readonly packet: Packet;
  /** How many routers it may pass, itself counted. */
  readonly ttl: number;
}

/** What a host makes of a packet that arrives at it. */
export type Reaction =
  /** It answers, sends on, or sends what waited for a MAC address. */
  | { readonly kind: 'sends'; readonly packets: readonly Sent[] }
  /** The reply that was waited for. */
  | { readonly kind: 'echo-reply'; readonly from: number }
  | { readonly kind: 'ignores'; readonly why: Ignored };

/** Why a host does nothing about a packet. */
export type Ignored =
  | 'other-mac'
  | 'tagged'
  | 'other-ip'
  | 'own-address'
  /** It would send to the sender's address by another interface, and `rp_filter` refuses such packets. */
  | 'other-path'
  | 'not-understood'
  /** It has what it needs to know already, or never asked. */
  | 'nothing-to-do'
  /** Back to the sender. */
  | 'no-route'
  /** To the address that the packet is for, as a router. */
  | 'no-route-on'
  /** It has passed as many routers as it may. */
  | 'ttl-exceeded';

/** One of the copies of a packet that a host sent. */
export interface Copy {
  /** The number of the packet. */
  readonly of: number;
  /** Where it was before it came here: copies that come from one place come in order. */
  readonly by: number;
}

/** A packet to the next hop that has a MAC address. */
type Make = (mac: number) => Sent;

/** What Linux sends with (net.ipv4.ip_default_ttl). */
export const DEFAULT_TTL = 64;

/**
 * A host as Linux is one: RFC 826 as in Linux's net/ipv4/arp.c, RFC 1122 for echo, RFC 1812 for forwarding. Its ARP caches
 * are empty but for static entries.
 */
export class LinuxHost {
  /**
   * Neighbours of whom several answered one question, each from another MAC address; or who asked one, and the copies of
   * that say different MAC addresses.
   */
  readonly races = new Set<number>();
  readonly #routing: HostRouting;
  /** Neighbours whose first answer comes after the others. */
  readonly #late: Set<number>;
  /** Likewise, whose first question does. */
  readonly #asksLate: ReadonlySet<number>;
  /** By neighbour, the question by which it was learnt. */
  readonly #questions = new Map<number, Copy>();
  /** MAC addresses by neighbour: several where it may have learnt one or the other. */
  readonly #learnt = new Map<number, readonly number[]>();
  /** Neighbours of which it is open whether they were learnt. */
  readonly #open = new Set<number>();
  /** Packets that wait until the MAC address of their next hop is known. */
  readonly #waiting = new Map<number, Make[]>();
  /** Packets that were sent by a MAC address that was learnt. */
  readonly #sent = new Map<number, Make[]>();

  /** @param lost neighbours whose first answer is not the one that counts; see `races` */
  constructor(routing: HostRouting, lost: ReadonlySet<number> = new Set()) {
    this.#routing = routing;
    this.#late = new Set(lost);
    this.#asksLate = lost;
  }

  /**
   * Sends an echo request to an address. Returns what goes out, first of all an ARP request where it needs one; nothing
   * without a route, nor to all hosts of a subnet (which has to be asked for).
   * @param from one of its addresses; the one that it chooses where it is left out
   */
  ping(ip: number, from?: number): readonly Sent[] {
    if (this.#routing.broadcasts.has(ip)) return [];
    const way = this.#routing.wayTo(ip);
    if (way === undefined) return [];
    const source = from ?? way.source;
    // Nobody takes a packet from 0.0.0.0.
    if (source === 0) return [];
    const self = { mac: way.out.mac, ip: source };
    return this.#sendBy(
      way,
      source,
      sentBy(way.out, DEFAULT_TTL, (mac) => echo(ECHO_REQUEST, self, { mac, ip })),
    );
  }

  /**
   * @param port of the link by which it arrives
   * @param isCertain whether the packet arrives for sure; if not, it is one of several that may arrive, and the host sends
   *   what it would send for each of them
   * @param copy which of several copies it is, where there may be others
   */
  receive({ port, packet: received, ttl }: Sent, isCertain = true, copy?: Copy): Reaction {
    const arrived = this.#arrival(port, received);
    if (arrived === undefined) return ignores('tagged');
    const { by, packet } = arrived;
    if (!packet.isMulticast && packet.get('eth_dst') !== by.mac) return ignores('other-mac');
    const type = packet.get('eth_type');
    if (type === ARP) return this.#receiveArp(by, packet, isCertain, copy);
    return type === IPV4 ? this.#receiveIpv4(by, packet, ttl) : ignores('not-understood');
  }

  /** By its outermost tag that names a VLAN it is for an interface of that; tags that say a priority are left out. */
  #arrival(port: number, received: Packet): { readonly by: HostInterface; readonly packet: Packet } | undefined {
    let packet = received.parsed();
    let vlan: number | undefined;
    for (; packet.tagType !== 0; packet = packet.popVlan().parsed()) {
      const id = packet.get('eth_vlan_vid') & VLAN_VID_MASK;
      if (id === 0) continue;
      if (vlan !== undefined || packet.tagType !== VLAN_TAG) return undefined;
      vlan = id;
    }
    const by = this.#routing.interfaceAt(port, vlan);
    return by && { by, packet };
  }

  #receiveArp(by: HostInterface, packet: Packet, isCertain: boolean, copy: Copy | undefined): Reaction {
    const opcode = packet.get('arp_opcode');
    const sender = { mac: packet.get('arp_sha'), ip: packet.get('arp_spa') };
    const wanted = packet.get('arp_tpa');
    const isForMe = this.#routing.own.has(wanted);
    if (opcode !== ARP_REQUEST && opcode !== ARP_REPLY) return ignores('not-understood');
    let refused: Ignored | undefined;
    if (opcode === ARP_REQUEST && isForMe) {
      // Who has no address yet is answered, and not learnt (RFC 5227).
      const isProbe = sender.ip === 0;
      refused = isProbe ? undefined : this.#routing.refusesFrom(by, sender.ip);
      if (refused === undefined) {
        if (!this.#routing.answersFor(by, wanted, sender.ip)) return ignores('other-ip');
        // A request for it makes an entry even where there was none.
        const isKept = isProbe || this.#isOvertaken(by, sender, isCertain, copy);
        const released = isKept ? [] : this.#learn(by, sender, isCertain);
        const reply = sentBy(by, DEFAULT_TTL, () => arpReply({ mac: by.mac, ip: wanted }, sender));
        return { kind: 'sends', packets: [reply(sender.mac), ...released] };
      }
    }
    // Other messages of a neighbour update an entry that is there, at least as a question.
    const key = neighbourKey(by, sender.ip);
    const mayHaveAsked = this.#sent.has(key) && (!isCertain || this.#open.has(key));
    if (this.#waiting.has(key) && this.#late.delete(key)) return ignores('nothing-to-do');
    if (this.#isRace(key, sender.mac)) this.races.add(key);
    if (!this.#waiting.has(key) && !mayHaveAsked) {
      return ignores(refused === 'other-path' ? refused : isForMe ? 'nothing-to-do' : 'other-ip');
    }
    return { kind: 'sends', packets: this.#learn(by, sender, isCertain) };
  }

  /** Whether a copy of the same question came before that says something else, and is to count as the later one. */
  #isOvertaken(by: HostInterface, { mac, ip }: Addresses, isCertain: boolean, copy: Copy | undefined): boolean {
    const key = neighbourKey(by, ip);
    const before = this.#questions.get(key);
    if (copy !== undefined) this.#questions.set(key, copy);
    const isOther = this.#learnt.get(key)?.includes(mac) === false;
    if (!isCertain || !isOther || copy?.of !== before?.of || copy?.by === before?.by) return false;
    this.races.add(key);
    return this.#asksLate.has(key);
  }

  /** Whether another answered before: for a second, Linux keeps to the first answer. */
  #isRace(key: number, mac: number): boolean {
    return this.#sent.has(key) && this.#learnt.get(key)?.includes(mac) === false;
  }

  #receiveIpv4(by: HostInterface, packet: Packet, ttl: number): Reaction {
    const source = packet.get('ipv4_src');
    const self = packet.get('ipv4_dst');
    const isForMe = this.#routing.own.has(self);
    if (!isForMe && (!by.settings.forwards || packet.isMulticast)) return ignores('other-ip');
    const refused = this.#routing.refusesFrom(by, source);
    if (refused !== undefined) return ignores(refused);
    if (!isForMe) return this.#forward(packet, source, self, ttl);
    const type = packet.get('icmpv4_type');
    if (type === ECHO_REPLY) return { kind: 'echo-reply', from: source };
    if (type !== ECHO_REQUEST) return ignores('not-understood');
    const way = this.#routing.wayTo(source);
    if (way === undefined) return ignores('no-route');
    // The reply is of the same class of service (RFC 1349, section 5.1), and of the same code, whatever that is.
    const like = { dscp: packet.get('ip_dscp'), ecn: packet.get('ip_ecn'), code: packet.get('icmpv4_code') };
    const sender = { mac: way.out.mac, ip: self };
    const reply = sentBy(way.out, DEFAULT_TTL, (mac) => echo(ECHO_REPLY, sender, { mac, ip: source }, like));
    return { kind: 'sends', packets: this.#sendBy(way, self, reply) };
  }

  /** As a router. */
  #forward(packet: Packet, source: number, target: number, ttl: number): Reaction {
    const way = this.#routing.wayTo(target);
    if (way === undefined || this.#routing.broadcasts.has(target)) return ignores('no-route-on');
    if (ttl <= 1) return ignores('ttl-exceeded');
    const onward = sentBy(way.out, ttl - 1, (mac) => packet.with('eth_src', way.out.mac).with('eth_dst', mac));
    return { kind: 'sends', packets: this.#sendBy(way, source, onward) };
  }

  /** @param source the address from which the packet comes */
  #sendBy(way: Way, source: number, make: Make): readonly Sent[] {
    const { out, nextHop, mac } = way;
    if (mac !== undefined && mac !== ABSENT) return [make(mac)];
    const key = neighbourKey(out, nextHop);
    // RFC 826's message may say that an address belongs to nobody.
    const known = this.#learnt.get(key)?.filter((each) => each !== ABSENT) ?? [];
    if (known.length > 0) {
      this.#sent.set(key, [...(this.#sent.get(key) ?? []), make]);
      return known.map(make);
    }
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) this.#waiting.set(key, [make]);
    else waiting.push(make);
    const self = { mac: out.mac, ip: this.#routing.askerFor(way, source) };
    return [sentBy(out, DEFAULT_TTL, () => arpRequest(self, nextHop))(0)];
  }

  #learn(by: HostInterface, { mac, ip }: Addresses, isCertain: boolean): readonly Sent[] {
    const key = neighbourKey(by, ip);
    const waiting = this.#waiting.get(key) ?? [];
    this.#waiting.delete(key);
    const known = this.#learnt.get(key) ?? [];
    const isAnother = known.length > 0 && (!isCertain || this.#open.has(key));
    if (!isCertain) this.#open.add(key);
    if (isAnother && known.includes(mac)) return waiting.map((make) => make(mac));
    const sent = this.#sent.get(key) ?? [];
    this.#learnt.set(key, isAnother ? [...known, mac] : [mac]);
    this.#sent.set(key, [...sent, ...waiting]);
    // What was sent by the other address may have been sent by this one.
    return [...(isAnother ? sent : []), ...waiting].map((make) => make(mac));
  }
}

/** Linux keeps a table of neighbours for each interface. */
function neighbourKey({ index }: HostInterface, ip: number): number {
  return index * 2 ** 32 + ip;
}

/** A packet as it leaves by an interface: with the tag of its VLAN. */
function sentBy({ port, vlan }: HostInterface, ttl: number, make: (mac: number) => Packet): Make {
  return (mac) => {
    const packet = make(mac);
    const tagged = vlan === undefined ? packet : packet.pushVlan(VLAN_TAG).with('eth_vlan_vid', vlan);
    return { port, packet: tagged, ttl };
  };
}

function ignores(why: Ignored): Reaction {
  return { kind: 'ignores', why };
}
