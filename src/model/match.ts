import {
  type Ipv4Address,
  ipv4FromNumber,
  ipv4ToNumber,
  type MacAddress,
  macFromNumber,
  macToNumber,
  netmaskOf,
  parseIpv4,
  parseMac,
} from './addresses.ts';

/**
 * OpenFlow 1.3 (ONF TS-006) match fields that labctl knows: the one table that the codecs, the checks, the simulator
 * and the documentation read. `order` is the order in which the specification (table 12) and Floodlight list them,
 * given here by position.
 */
interface FieldShape {
  /** Width in bits. */
  readonly bits: number;
  /** How a value is written. */
  readonly notation: 'port' | 'mac' | 'ipv4' | 'ipv6' | 'hexadecimal' | 'decimal';
  /** Whether a mask may be given (table 12, column "Mask"). */
  readonly maskable: boolean;
  /** What must be matched too (table 12, column "Pre-requisite"). */
  readonly prerequisite?: Prerequisite;
  /** Whether no action may set it (section 5.12), or Open vSwitch lets actions set it all the same. */
  readonly readOnly?: 'everywhere' | 'but-for-open-vswitch';
  /** What ovs-ofctl(8) and ovs-fields(7) call it. Floodlight calls it by its name in this table. */
  readonly ovsName: string;
}

/** Another field that must be matched, with one of these values. */
interface Prerequisite {
  readonly field: MatchField;
  readonly values: readonly bigint[];
  /** The bits of it that count; all of them where it is absent. */
  readonly mask?: bigint;
}

/** Bit 12 of a VLAN id (OFPVID_PRESENT, table 13): there is a tag. A packet without a tag has the VLAN id 0. */
export const VLAN_TAG_PRESENT = 0x1000n;

export const ETH_TYPE = { ipv4: 0x0800n, arp: 0x0806n, ipv6: 0x86ddn } as const;
export const IP_PROTO = { icmp: 1n, tcp: 6n, udp: 17n, icmpv6: 58n, sctp: 132n } as const;

const onIp = { field: 'eth_type', values: [ETH_TYPE.ipv4, ETH_TYPE.ipv6] } as const;
const onIpv4 = { field: 'eth_type', values: [ETH_TYPE.ipv4] } as const;
const onIpv6 = { field: 'eth_type', values: [ETH_TYPE.ipv6] } as const;
const onArp = { field: 'eth_type', values: [ETH_TYPE.arp] } as const;
const onTag = { field: 'eth_vlan_vid', values: [VLAN_TAG_PRESENT], mask: VLAN_TAG_PRESENT } as const;
const onProtocol = (protocol: bigint) => ({ field: 'ip_proto', values: [protocol] }) as const;

export type MatchField =
  | 'in_port'
  | 'eth_dst'
  | 'eth_src'
  | 'eth_type'
  | 'eth_vlan_vid'
  | 'eth_vlan_pcp'
  | 'ip_dscp'
  | 'ip_ecn'
  | 'ip_proto'
  | 'ipv4_src'
  | 'ipv4_dst'
  | 'tcp_src'
  | 'tcp_dst'
  | 'udp_src'
  | 'udp_dst'
  | 'sctp_src'
  | 'sctp_dst'
  | 'icmpv4_type'
  | 'icmpv4_code'
  | 'arp_opcode'
  | 'arp_spa'
  | 'arp_tpa'
  | 'arp_sha'
  | 'arp_tha'
  | 'ipv6_src'
  | 'ipv6_dst';

export const MATCH_FIELDS: Readonly<Record<MatchField, FieldShape>> = {
  in_port: { bits: 32, notation: 'port', maskable: false, readOnly: 'but-for-open-vswitch', ovsName: 'in_port' },
  eth_dst: { bits: 48, notation: 'mac', maskable: true, ovsName: 'dl_dst' },
  eth_src: { bits: 48, notation: 'mac', maskable: true, ovsName: 'dl_src' },
  eth_type: { bits: 16, notation: 'hexadecimal', maskable: false, readOnly: 'everywhere', ovsName: 'dl_type' },
  // With `VLAN_TAG_PRESENT`; ovs-ofctl's vlan_tci would hide it, its vlan_vid keeps it.
  eth_vlan_vid: { bits: 13, notation: 'hexadecimal', maskable: true, ovsName: 'vlan_vid' },
  eth_vlan_pcp: { bits: 3, notation: 'decimal', maskable: false, prerequisite: onTag, ovsName: 'vlan_pcp' },
  ip_dscp: { bits: 6, notation: 'hexadecimal', maskable: false, prerequisite: onIp, ovsName: 'ip_dscp' },
  ip_ecn: { bits: 2, notation: 'hexadecimal', maskable: false, prerequisite: onIp, ovsName: 'nw_ecn' },
  ip_proto: {
    bits: 8,
    notation: 'hexadecimal',
    maskable: false,
    prerequisite: onIp,
    readOnly: 'everywhere',
    ovsName: 'nw_proto',
  },
  ipv4_src: { bits: 32, notation: 'ipv4', maskable: true, prerequisite: onIpv4, ovsName: 'nw_src' },
  ipv4_dst: { bits: 32, notation: 'ipv4', maskable: true, prerequisite: onIpv4, ovsName: 'nw_dst' },
  tcp_src: {
    bits: 16,
    notation: 'decimal',
    maskable: false,
    prerequisite: onProtocol(IP_PROTO.tcp),
    ovsName: 'tcp_src',
  },
  tcp_dst: {
    bits: 16,
    notation: 'decimal',
    maskable: false,
    prerequisite: onProtocol(IP_PROTO.tcp),
    ovsName: 'tcp_dst',
  },
  udp_src: {
    bits: 16,
    notation: 'decimal',
    maskable: false,
    prerequisite: onProtocol(IP_PROTO.udp),
    ovsName: 'udp_src',
  },
  udp_dst: {
    bits: 16,
    notation: 'decimal',
    maskable: false,
    prerequisite: onProtocol(IP_PROTO.udp),
    ovsName: 'udp_dst',
  },
  sctp_src: {
    bits: 16,
    notation: 'decimal',
    maskable: false,
    prerequisite: onProtocol(IP_PROTO.sctp),
    ovsName: 'sctp_src',
  },
  sctp_dst: {
    bits: 16,
    notation: 'decimal',
    maskable: false,
    prerequisite: onProtocol(IP_PROTO.sctp),
    ovsName: 'sctp_dst',
  },
  icmpv4_type: {
    bits: 8,
    notation: 'decimal',
    maskable: false,
    prerequisite: onProtocol(IP_PROTO.icmp),
    ovsName: 'icmp_type',
  },
  icmpv4_code: {
    bits: 8,
    notation: 'decimal',
    maskable: false,
    prerequisite: onProtocol(IP_PROTO.icmp),
    ovsName: 'icmp_code',
  },
  arp_opcode: { bits: 16, notation: 'decimal', maskable: false, prerequisite: onArp, ovsName: 'arp_op' },
  arp_spa: { bits: 32, notation: 'ipv4', maskable: true, prerequisite: onArp, ovsName: 'arp_spa' },
  arp_tpa: { bits: 32, notation: 'ipv4', maskable: true, prerequisite: onArp, ovsName: 'arp_tpa' },
  arp_sha: { bits: 48, notation: 'mac', maskable: true, prerequisite: onArp, ovsName: 'arp_sha' },
  arp_tha: { bits: 48, notation: 'mac', maskable: true, prerequisite: onArp, ovsName: 'arp_tha' },
  ipv6_src: { bits: 128, notation: 'ipv6', maskable: true, prerequisite: onIpv6, ovsName: 'ipv6_src' },
  ipv6_dst: { bits: 128, notation: 'ipv6', maskable: true, prerequisite: onIpv6, ovsName: 'ipv6_dst' },
};

/** The fields in the order of the specification. */
export const MATCH_FIELD_NAMES = Object.keys(MATCH_FIELDS) as readonly MatchField[];

export function isMatchField(name: string): name is MatchField {
  return Object.hasOwn(MATCH_FIELDS, name);
}

/** A field's value and the bits of it that count; an exact match has all of them. Bits outside the mask are zero. */
export interface MaskedValue {
  readonly value: bigint;
  readonly mask: bigint;
}

/** What a flow entry matches; a field that is absent matches anything. */
export type Match = Readonly<Partial<Record<MatchField, MaskedValue>>>;

const ALL_ONES = Object.fromEntries(
  MATCH_FIELD_NAMES.map((field) => [field, (1n << BigInt(MATCH_FIELDS[field].bits)) - 1n]),
) as Readonly<Record<MatchField, bigint>>;

/** The mask of an exact match. */
export function allOnes(field: MatchField): bigint {
  return ALL_ONES[field];
}

export function exactly(field: MatchField, value: bigint): MaskedValue {
  return { value, mask: allOnes(field) };
}

/** Reserved ports (section 4.5) that an entry may name. */
export const RESERVED_PORTS = {
  in_port: 0xfffffff8n,
  table: 0xfffffff9n,
  normal: 0xfffffffan,
  flood: 0xfffffffbn,
  all: 0xfffffffcn,
  controller: 0xfffffffdn,
  local: 0xfffffffen,
} as const;
export type ReservedPort = keyof typeof RESERVED_PORTS;
/** Keys of matches that were asked for before: thousands of entries are compared again and again. */
const matchKeys = new WeakMap<Match, string>();

/** A key that is equal exactly for equal matches. */
export function matchKey(match: Match): string {
  const known = matchKeys.get(match);
  if (known !== undefined) return known;
  let key = '';
  for (const field of MATCH_FIELD_NAMES) {
    const masked = match[field];
    if (masked !== undefined) key += `${key === '' ? '' : ','}${field}=${formatField(field, masked)}`;
  }
  matchKeys.set(match, key);
  return key;
}

/** A match's value as Floodlight lists it: masks of IPv4 as netmasks, hexadecimal without leading zeros. */
export function formatField(field: MatchField, { value, mask }: MaskedValue): string {
  const text = formatValue(field, value);
  if (mask === allOnes(field)) return text;
  const { notation } = MATCH_FIELDS[field];
  return `${text}/${notation === 'hexadecimal' || notation === 'decimal' ? `0x${mask.toString(16)}` : formatValue(field, mask)}`;
}

/** A field's value in its own notation. */
export function formatValue(field: MatchField, value: bigint): string {
  switch (MATCH_FIELDS[field].notation) {
    case 'port':
      return reservedPortOf(value) ?? value.toString();
    case 'mac':
      return macFromNumber(value);
    case 'ipv4':
      return ipv4FromNumber(value);
    case 'ipv6':
      return formatIpv6(value);
    case 'hexadecimal':
      return `0x${value.toString(16)}`;
    case 'decimal':
      return value.toString();
  }
}

function reservedPortOf(value: bigint): ReservedPort | undefined {
  return (Object.keys(RESERVED_PORTS) as ReservedPort[]).find((name) => RESERVED_PORTS[name] === value);
}

/**
 * Reads a field's value with an optional mask, in any notation that Floodlight or ovs-ofctl writes: numbers decimal or
 * 0x, IPv4 masks as prefix length or netmask. Undefined when it is not one; a mask on a field without masks is not one.
 */
export function parseField(field: MatchField, text: string): MaskedValue | undefined {
  const [valueText = '', maskText, ...rest] = text.split('/');
  const value = parseValue(field, valueText);
  if (value === undefined || rest.length > 0) return undefined;
  if (maskText === undefined) return exactly(field, value);
  const { maskable, notation, bits } = MATCH_FIELDS[field];
  if (!maskable) return undefined;
  const isPrefix = (notation === 'ipv4' || notation === 'ipv6') && /^\d{1,3}$/.test(maskText);
  const mask = isPrefix ? prefixMask(bits, Number(maskText)) : parseValue(field, maskText);
  return mask === undefined ? undefined : { value: value & mask, mask };
}

function prefixMask(bits: number, length: number): bigint | undefined {
  if (length > bits) return undefined;
  return bits === 32 ? netmaskOf(length) : ((1n << BigInt(length)) - 1n) << BigInt(bits - length);
}

/** Reads a field's value without a mask. Undefined when it is not one, or too wide for the field. */
export function parseValue(field: MatchField, text: string): bigint | undefined {
  const { notation, bits } = MATCH_FIELDS[field];
  const value = readNotation(notation, text.trim().toLowerCase());
  return value !== undefined && value < 1n << BigInt(bits) ? value : undefined;
}

function readNotation(notation: FieldShape['notation'], text: string): bigint | undefined {
  switch (notation) {
    case 'port':
      return Object.hasOwn(RESERVED_PORTS, text) ? RESERVED_PORTS[text as ReservedPort] : readInteger(text);
    case 'mac': {
      const mac: MacAddress | undefined = parseMac(text);
      return mac && macToNumber(mac);
    }
    case 'ipv4': {
      const address: Ipv4Address | undefined = parseIpv4(text);
      return address && ipv4ToNumber(address);
    }
    case 'ipv6':
      return parseIpv6(text);
    case 'hexadecimal':
    case 'decimal':
      return readInteger(text);
  }
}

/** A non-negative integer, decimal or 0x. Undefined when the text is anything else. */
export function readInteger(text: string): bigint | undefined {
  return /^(?:\d{1,40}|0x[0-9a-f]{1,32})$/i.test(text) ? BigInt(text) : undefined;
}

/** RFC 4291, section 2.2, with an optional embedded IPv4 address. */
function parseIpv6(text: string): bigint | undefined {
  const embedded = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (embedded !== null) {
    const address = parseIpv4(embedded[2] ?? '');
    if (address === undefined) return undefined;
    const low = ipv4ToNumber(address);
    return parseIpv6(`${embedded[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`);
  }
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const words = [...head, ...Array<string>(missing).fill('0'), ...tail];
  if (!words.every((word) => /^[0-9a-f]{1,4}$/.test(word))) return undefined;
  return words.reduce((value, word) => (value << 16n) | BigInt(`0x${word}`), 0n);
}

/** RFC 5952: the longest run of two or more zero words becomes `::`, the first of equals. */
function formatIpv6(value: bigint): string {
  const words = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  let best = { start: 0, length: 0 };
  for (let start = 0; start < 8; start += 1) {
    let length = 0;
    while (words[start + length] === '0') length += 1;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return words.join(':');
  return `${words.slice(0, best.start).join(':')}::${words.slice(best.start + best.length).join(':')}`;
}

/** Whether a value of the field that a prerequisite names is one that it asks for. */
export function meets({ field, values, mask = allOnes(field) }: Prerequisite, value: bigint): boolean {
  return values.includes(value & mask);
}

/** Any VLAN tag, as a match on `eth_vlan_vid`. */
export const ANY_TAG: MaskedValue = { value: VLAN_TAG_PRESENT, mask: VLAN_TAG_PRESENT };

/** Whether every packet of a match has a VLAN tag. */
export function promisesTag({ eth_vlan_vid: vid }: Match): boolean {
  return vid !== undefined && (vid.value & VLAN_TAG_PRESENT) !== 0n;
}

/**
 * Prerequisites that a match lacks, as sentences. An entry that lacks one is refused by switches and by Floodlight, and
 * a transport port without `ip_proto` hangs Floodlight for good (CONTRACT.md, section 2).
 */
export function missingPrerequisites(match: Match): readonly string[] {
  return MATCH_FIELD_NAMES.flatMap((name) => {
    const { prerequisite } = MATCH_FIELDS[name];
    if (match[name] === undefined || prerequisite === undefined) return [];
    const given = match[prerequisite.field];
    if (given !== undefined && meets(prerequisite, given.value)) return [];
    const { field, values, mask = allOnes(field) } = prerequisite;
    const wanted = values.map((value) => formatField(field, { value, mask })).join(' or ');
    const found = given === undefined ? '' : `, not ${formatValue(prerequisite.field, given.value)}`;
    return [`${name} needs ${prerequisite.field} ${wanted}${found}`];
  });
}
