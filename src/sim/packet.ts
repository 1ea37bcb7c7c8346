import {
  ETH_TYPE,
  formatValue,
  IP_PROTO,
  MATCH_FIELD_NAMES,
  type MatchField,
  VLAN_TAG_PRESENT,
} from '../model/match.ts';

/**
 * A packet as a switch parses it (OpenFlow 1.3, section 7.2.3): a number for each match field that it has. Every field
 * of the packets that are simulated has at most 48 bits, which a JavaScript number holds exactly.
 */

/** The value of a field that a packet does not have. */
export const ABSENT = -1;

const FIELD_INDEX = Object.fromEntries(MATCH_FIELD_NAMES.map((field, index) => [field, index])) as Readonly<
  Record<MatchField, number>
>;

/** Where a field stands in a packet. */
export function fieldIndex(field: MatchField): number {
  return FIELD_INDEX[field];
}

const TAG_PRESENT = Number(VLAN_TAG_PRESENT);
const VLAN_VID = FIELD_INDEX.eth_vlan_vid;
const VLAN_PCP = FIELD_INDEX.eth_vlan_pcp;
export const BROADCAST_MAC = 0xffffffffffff;
const MULTICAST_BIT = 2 ** 40;

/** A VLAN tag below the one that a switch sees. */
interface InnerTag {
  readonly type: number;
  readonly vid: number;
  readonly pcp: number;
}

export class Packet {
  /** By `fieldIndex`; the in-port is not part of it. */
  readonly values: readonly number[];
  /** The Ethernet type of its tag; 0 without one. */
  readonly tagType: number;
  readonly #inner: InnerTag | undefined;
  /** Where what a switch sees ends with the Ethernet type of a tag: the packet from that tag on. */
  readonly #beneath: Packet | undefined;
  // Once made, kept: in a circle a packet may get tag upon tag, and is asked for these again and again.
  #parsed: Packet | undefined;
  #key: string | undefined;

  constructor(values: readonly number[], tagType = 0, inner?: InnerTag, beneath?: Packet) {
    this.values = values;
    this.tagType = tagType;
    this.#inner = inner;
    this.#beneath = beneath;
  }

  static of(fields: Readonly<Partial<Record<MatchField, number>>>): Packet {
    return new Packet(MATCH_FIELD_NAMES.map((field) => fields[field] ?? (field === 'eth_vlan_vid' ? 0 : ABSENT)));
  }

  get(field: MatchField): number {
    return this.values[FIELD_INDEX[field]] ?? ABSENT;
  }

  /** Whether it is for several hosts, or for all: the lowest bit of the first octet says so (IEEE 802). */
  get isMulticast(): boolean {
    return Math.floor(this.get('eth_dst') / MULTICAST_BIT) % 2 === 1;
  }

  /** With another value for a field that it has; itself where it does not have the field (section 5.12). */
  with(field: MatchField, value: number): Packet {
    const index = FIELD_INDEX[field];
    const isVlan = field === 'eth_vlan_vid' || field === 'eth_vlan_pcp';
    if (isVlan ? this.tagType === 0 : this.values[index] === ABSENT) return this;
    const kept = field === 'eth_vlan_vid' ? value | TAG_PRESENT : value;
    return this.values[index] === kept
      ? this
      : new Packet(this.values.with(index, kept), this.tagType, this.#inner, this.#beneath);
  }

  /**
   * With a new tag in front. The specification copies the id and the priority of a tag that is there already (section
   * 5.12.1); Open vSwitch, which is what runs, begins with zeros, and knows two tags: the innermost of three is lost.
   */
  pushVlan(tagType: number): Packet {
    const values = this.values.with(VLAN_VID, TAG_PRESENT).with(VLAN_PCP, 0);
    const { tagType: type } = this;
    const inner = type === 0 ? undefined : { type, vid: this.get('eth_vlan_vid'), pcp: this.get('eth_vlan_pcp') };
    return new Packet(values, tagType, inner, this.#beneath);
  }

  /** Without its outermost tag; itself where it has none. */
  popVlan(): Packet {
    if (this.tagType === 0) return this;
    const { type, vid, pcp } = this.#inner ?? { type: 0, vid: 0, pcp: ABSENT };
    return new Packet(this.values.with(VLAN_VID, vid).with(VLAN_PCP, pcp), type, undefined, this.#beneath);
  }

  /**
   * As the next switch sees it. Open vSwitch looks beneath one tag only (`vlan-limit`): of a packet with two, the second
   * is what the first one carries.
   */
  parsed(): Packet {
    this.#parsed ??= this.#parse();
    return this.#parsed;
  }

  #parse(): Packet {
    const [destination, source] = [this.get('eth_dst'), this.get('eth_src')];
    if (this.#inner !== undefined) {
      const seen = Packet.of({ eth_dst: destination, eth_src: source, eth_type: this.#inner.type });
      const tag = { vid: this.get('eth_vlan_vid'), pcp: this.get('eth_vlan_pcp') };
      const values = seen.values.with(VLAN_VID, tag.vid).with(VLAN_PCP, tag.pcp);
      return new Packet(values, this.tagType, undefined, this.popVlan());
    }
    if (this.#beneath === undefined || this.tagType !== 0) return this;
    return this.#beneath.with('eth_dst', destination).with('eth_src', source).parsed();
  }

  /** What is in its tags where all of them have the id 0, which says a priority and no VLAN; else undefined. */
  withoutPriorityTags(): Packet | undefined {
    const seen = this.parsed();
    if (seen.tagType === 0) return seen;
    return seen.get('eth_vlan_vid') === TAG_PRESENT ? seen.popVlan().withoutPriorityTags() : undefined;
  }

  /**
   * As a learning switch sends it. Open vSwitch leaves out a tag that says neither a VLAN nor a priority (`priority-tags` in
   * ovs-vswitchd.conf.db(5)), and what tag it sees beneath that.
   */
  asBridged(): Packet {
    const saysNothing = ({ vid, pcp }: Pick<InnerTag, 'vid' | 'pcp'>) => vid === TAG_PRESENT && pcp === 0;
    if (this.tagType === 0) return this;
    const outer = { vid: this.get('eth_vlan_vid'), pcp: this.get('eth_vlan_pcp') };
    if (saysNothing(outer)) return this.popVlan().popVlan();
    const hasMore = this.#inner !== undefined && saysNothing(this.#inner);
    return hasMore ? new Packet(this.values, this.tagType, undefined, this.#beneath) : this;
  }

  /** Equal exactly for equal packets. */
  get key(): string {
    this.#key ??= this.#describeExactly();
    return this.#key;
  }

  #describeExactly(): string {
    const inner = this.#inner === undefined ? '' : `${this.#inner.type},${this.#inner.vid},${this.#inner.pcp}`;
    const beneath = this.#beneath === undefined ? '' : ` over ${this.#beneath.key}`;
    return `${this.values.join()} ${this.tagType} ${inner}${beneath}`;
  }

  /** Its fields as a person reads them, in the order of the specification. */
  describe(): Readonly<Record<string, string>> {
    return Object.fromEntries(
      MATCH_FIELD_NAMES.flatMap((field) => {
        const value = this.get(field);
        if (value === ABSENT || (field === 'eth_vlan_vid' && this.tagType === 0)) return [];
        return [[field, formatValue(field, BigInt(value))]];
      }),
    );
  }
}

/** A host's addresses as numbers. */
export interface Addresses {
  readonly mac: number;
  readonly ip: number;
}

/** The Ethernet type of a VLAN's tag (IEEE 802.1Q), and the bits of the tag that name the VLAN. */
export const VLAN_TAG = 0x8100;
export const VLAN_VID_MASK = 0xfff;
export const ARP = Number(ETH_TYPE.arp);
export const IPV4 = Number(ETH_TYPE.ipv4);
export const ARP_REQUEST = 1;
export const ARP_REPLY = 2;
export const ECHO_REQUEST = 8;
export const ECHO_REPLY = 0;

/** An ARP request as Linux sends it: to all, asking for the owner of an address (RFC 826). */
export function arpRequest(sender: Addresses, wantedIp: number): Packet {
  return Packet.of({
    eth_dst: BROADCAST_MAC,
    eth_src: sender.mac,
    eth_type: ARP,
    arp_opcode: ARP_REQUEST,
    arp_spa: sender.ip,
    arp_tpa: wantedIp,
    arp_sha: sender.mac,
    arp_tha: 0,
  });
}

export function arpReply(sender: Addresses, to: Addresses): Packet {
  return Packet.of({
    eth_dst: to.mac,
    eth_src: sender.mac,
    eth_type: ARP,
    arp_opcode: ARP_REPLY,
    arp_spa: sender.ip,
    arp_tpa: to.ip,
    arp_sha: sender.mac,
    arp_tha: to.mac,
  });
}

/** An ICMP echo message (RFC 792) to the next hop's MAC address. */
export function echo(type: number, sender: Addresses, to: Addresses, like = { dscp: 0, ecn: 0, code: 0 }): Packet {
  return Packet.of({
    eth_dst: to.mac,
    eth_src: sender.mac,
    eth_type: IPV4,
    ip_dscp: like.dscp,
    ip_ecn: like.ecn,
    ip_proto: Number(IP_PROTO.icmp),
    ipv4_src: sender.ip,
    ipv4_dst: to.ip,
    icmpv4_type: type,
    icmpv4_code: like.code,
  });
}
