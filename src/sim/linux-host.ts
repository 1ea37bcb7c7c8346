import { ipv4ToNumber, netmaskOf } from '../model/addresses.ts';
import type { Host } from '../model/topology.ts';
import {
  ABSENT,
  type Addresses,
  ARP,
  ARP_REPLY,
  ARP_REQUEST,
  addressesOf,
  arpReply,
  arpRequest,
  BROADCAST_MAC,
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

const MULTICAST_BIT = 2 ** 40;

/**
 * A host as Linux is one, with one interface, an empty ARP cache, no further routes, and forwarding off: RFC 826 as in
 * Linux's net/ipv4/arp.c, RFC 1122 for echo.
 */
export class LinuxHost {
  readonly #self: Addresses;
  readonly #network: number;
  readonly #mask: number;
  readonly #broadcast: number | undefined;
  /** MAC addresses by IPv4 address. */
  readonly #neighbours = new Map<number, number>();
  /** Echo messages that wait until their target's MAC address is known. */
  readonly #waiting = new Map<number, ((mac: number) => Packet)[]>();

  constructor(host: Host) {
    this.#self = addressesOf(host);
    this.#mask = Number(netmaskOf(host.prefixLength));
    this.#network = (this.#self.ip & this.#mask) >>> 0;
    this.#broadcast = broadcastOf(host);
  }

  /**
   * Sends an echo request to an address. Returns what goes out, first of all an ARP request; nothing without a route, nor
   * to all hosts of the subnet (which has to be asked for).
   */
  ping(ip: number): readonly Packet[] {
    if (ip === this.#broadcast) return [];
    return this.#sendTo(ip, (mac) => echo(ECHO_REQUEST, this.#self, { mac, ip }));
  }

  receive(received: Packet): Reaction {
    // Others are for VLAN interfaces, which hosts have none of.
    const packet = received.withoutPriorityTags();
    if (packet === undefined) return ignores('tagged');
    const to = packet.get('eth_dst');
    const isMulticast = Math.floor(to / MULTICAST_BIT) % 2 === 1;
    if (!isMulticast && to !== this.#self.mac) return ignores('other-mac');
    const type = packet.get('eth_type');
    if (type === ARP) return this.#receiveArp(packet);
    return type === IPV4 ? this.#receiveEcho(packet) : ignores('not-understood');
  }

  #receiveArp(packet: Packet): Reaction {
    const opcode = packet.get('arp_opcode');
    const sender = { mac: packet.get('arp_sha'), ip: packet.get('arp_spa') };
    const isForMe = packet.get('arp_tpa') === this.#self.ip;
    if (opcode !== ARP_REQUEST && opcode !== ARP_REPLY) return ignores('not-understood');
    if (opcode === ARP_REQUEST && isForMe && sender.ip !== this.#self.ip) {
      // A request for it makes an entry even where there was none.
      const released = this.#learn(sender);
      return { kind: 'sends', packets: [arpReply(this.#self, sender), ...released] };
    }
    // Other messages of a neighbour update an entry that is there, at least as a question.
    if (!this.#waiting.has(sender.ip)) return ignores(isForMe ? 'nothing-to-do' : 'other-ip');
    return { kind: 'sends', packets: this.#learn(sender) };
  }

  #receiveEcho(packet: Packet): Reaction {
    const source = packet.get('ipv4_src');
    if (packet.get('ipv4_dst') !== this.#self.ip) return ignores('other-ip');
    if (source === this.#self.ip) return ignores('own-address');
    const type = packet.get('icmpv4_type');
    if (type === ECHO_REPLY) return { kind: 'echo-reply', from: source };
    if (type !== ECHO_REQUEST) return ignores('not-understood');
    // The reply is of the same class of service (RFC 1349, section 5.1), and of the same code, whatever that is.
    const like = { dscp: packet.get('ip_dscp'), ecn: packet.get('ip_ecn'), code: packet.get('icmpv4_code') };
    const packets = this.#sendTo(source, (mac) => echo(ECHO_REPLY, this.#self, { mac, ip: source }, like));
    return packets.length === 0 ? ignores('no-route') : { kind: 'sends', packets };
  }

  #sendTo(ip: number, make: (mac: number) => Packet): readonly Packet[] {
    if ((ip & this.#mask) >>> 0 !== this.#network) return [];
    if (ip === this.#broadcast) return [make(BROADCAST_MAC)];
    const mac = this.#neighbours.get(ip) ?? ABSENT;
    if (mac !== ABSENT) return [make(mac)];
    const waiting = this.#waiting.get(ip);
    if (waiting === undefined) this.#waiting.set(ip, [make]);
    else waiting.push(make);
    return [arpRequest(this.#self, ip)];
  }

  #learn({ mac, ip }: Addresses): readonly Packet[] {
    this.#neighbours.set(ip, mac);
    const waiting = this.#waiting.get(ip) ?? [];
    this.#waiting.delete(ip);
    return waiting.map((make) => make(mac));
  }
}

/** The address of all hosts of a host's subnet; subnets of one or two addresses have none (RFC 3021). */
export function broadcastOf({ ip, prefixLength }: Host): number | undefined {
  return prefixLength > 30 ? undefined : Number(ipv4ToNumber(ip) | ((1n << BigInt(32 - prefixLength)) - 1n));
}

function ignores(why: Ignored): Reaction {
  return { kind: 'ignores', why };
}
