import {
  ANY_TAG,
  ETH_TYPE,
  exactly,
  formatField,
  formatValue,
  IP_PROTO,
  isMatchField,
  MATCH_FIELD_NAMES,
  MATCH_FIELDS,
  type MaskedValue,
  type Match,
  type MatchField,
  parseField,
  parseValue,
  RESERVED_PORTS,
  type ReservedPort,
  VLAN_TAG_PRESENT,
} from '../../model/match.ts';
import type {
  Action,
  Bucket,
  Flow,
  Group,
  GroupType,
  InstalledFlow,
  Instructions,
  OutputPort,
} from '../../model/openflow.ts';

/**
 * Flows and groups in the notation of ovs-ofctl(8) and ovs-fields(7), both ways, for OpenFlow 1.3.
 * What Open vSwitch prints differs from what it is given: shorthands (`tcp`), and VLAN fields folded into one.
 */

/** A flow as `ovs-ofctl` takes it for adding. */
export function formatFlow(flow: Flow, mark: { readonly cookie: bigint; readonly sendsFlowRemoved: boolean }): string {
  return [
    formatFlowKey(flow),
    `cookie=0x${mark.cookie.toString(16)}`,
    ...(flow.idleTimeoutSeconds === 0 ? [] : [`idle_timeout=${flow.idleTimeoutSeconds}`]),
    ...(flow.hardTimeoutSeconds === 0 ? [] : [`hard_timeout=${flow.hardTimeoutSeconds}`]),
    ...(mark.sendsFlowRemoved ? ['send_flow_rem'] : []),
    `actions=${formatInstructionList(flow.instructions)}`,
  ].join(',');
}

/** What identifies a flow, as `ovs-ofctl` takes it for deleting. */
export function formatFlowKey(flow: Pick<Flow, 'tableId' | 'priority' | 'match'>): string {
  const fields = MATCH_FIELD_NAMES.flatMap((field) => {
    const masked = flow.match[field];
    return masked === undefined ? [] : [`${MATCH_FIELDS[field].ovsName}=${formatField(field, masked)}`];
  });
  return [`table=${flow.tableId}`, `priority=${flow.priority}`, ...fields].join(',');
}

function formatInstructionList({ apply, clearActions, write, gotoTable }: Instructions): string {
  const parts = [
    ...apply.map(formatOfctlAction),
    ...(clearActions ? ['clear_actions'] : []),
    ...(write.length > 0 ? [`write_actions(${write.map(formatOfctlAction).join(',')})`] : []),
    ...(gotoTable === undefined ? [] : [`goto_table:${gotoTable}`]),
  ];
  return parts.length === 0 ? 'drop' : parts.join(',');
}

function formatOfctlAction(action: Action): string {
  switch (action.kind) {
    case 'output':
      return `output:${action.port}`;
    case 'group':
      return `group:${action.groupId}`;
    case 'set_field':
      return `set_field:${formatValue(action.field, action.value)}->${MATCH_FIELDS[action.field].ovsName}`;
    case 'push_vlan':
      return `push_vlan:0x${action.ethType.toString(16)}`;
    case 'pop_vlan':
      return 'pop_vlan';
    case 'set_queue':
      return `set_queue:${action.queueId}`;
  }
}

const groupTypeNames: Readonly<Record<GroupType, string>> = {
  all: 'all',
  select: 'select',
  indirect: 'indirect',
  fast_failover: 'ff',
};

/** A group as `ovs-ofctl` takes it for adding and modifying. */
export function formatGroup(group: Group): string {
  const buckets = group.buckets.map((bucket) => {
    const weight = bucket.weight === undefined ? [] : [`weight:${bucket.weight}`];
    const watchPort = bucket.watchPort === undefined ? [] : [`watch_port:${bucket.watchPort}`];
    const actions = bucket.actions.length === 0 ? 'drop' : bucket.actions.map(formatOfctlAction).join(',');
    return `bucket=${[...weight, ...watchPort, `actions=${actions}`].join(',')}`;
  });
  return [`group_id=${group.groupId}`, `type=${groupTypeNames[group.groupType]}`, ...buckets].join(',');
}

/** Shorthands of ovs-ofctl(8) for a match on `eth_type` and perhaps `ip_proto`. */
const SHORTHANDS: Readonly<Record<string, readonly [ethType: bigint, ipProto?: bigint]>> = {
  ip: [ETH_TYPE.ipv4],
  ipv6: [ETH_TYPE.ipv6],
  arp: [ETH_TYPE.arp],
  rarp: [0x8035n],
  mpls: [0x8847n],
  mplsm: [0x8848n],
  icmp: [ETH_TYPE.ipv4, IP_PROTO.icmp],
  tcp: [ETH_TYPE.ipv4, IP_PROTO.tcp],
  udp: [ETH_TYPE.ipv4, IP_PROTO.udp],
  sctp: [ETH_TYPE.ipv4, IP_PROTO.sctp],
  icmp6: [ETH_TYPE.ipv6, IP_PROTO.icmpv6],
  tcp6: [ETH_TYPE.ipv6, IP_PROTO.tcp],
  udp6: [ETH_TYPE.ipv6, IP_PROTO.udp],
  sctp6: [ETH_TYPE.ipv6, IP_PROTO.sctp],
};
const TRANSPORTS: Readonly<Record<string, 'tcp' | 'udp' | 'sctp'>> = { '6': 'tcp', '17': 'udp', '132': 'sctp' };
/** Flags of a flow that change nothing in what it does. */
const FLAGS: ReadonlySet<string> = new Set(['check_overlap', 'reset_counts', 'no_packet_counts', 'no_byte_counts']);
const STATISTICS: ReadonlySet<string> = new Set(['n_packets', 'n_bytes', 'duration', 'idle_age', 'hard_age']);

const FIELD_OF_OVS_NAME: ReadonlyMap<string, MatchField> = new Map([
  ...MATCH_FIELD_NAMES.map((field): [string, MatchField] => [MATCH_FIELDS[field].ovsName, field]),
  // ovs-ofctl prints these in set_field.
  ['ip_src', 'ipv4_src'],
  ['ip_dst', 'ipv4_dst'],
]);

function fieldNamed(name: string): MatchField | undefined {
  return FIELD_OF_OVS_NAME.get(name) ?? (isMatchField(name) ? name : undefined);
}

/** Reads one line of `ovs-ofctl --no-names dump-flows`. Undefined when it has what labctl does not know. */
export function parseFlow(line: string): InstalledFlow | undefined {
  const [, head, tail] = /^(.*?) ?actions=(.*)$/.exec(line) ?? [];
  const instructions = tail === undefined ? undefined : parseInstructions(tail);
  if (head === undefined || instructions === undefined) return undefined;
  const numbers = new Map<string, string>();
  const matchTokens: string[] = [];
  let sendsFlowRemoved = false;
  for (const token of head.split(/[, ]+/).filter((text) => text !== '')) {
    const [name = '', value] = token.split('=', 2);
    if (name === 'send_flow_rem') sendsFlowRemoved = true;
    else if (value !== undefined && (FLOW_NUMBERS.has(name) || STATISTICS.has(name))) numbers.set(name, value);
    else if (!FLAGS.has(name)) matchTokens.push(token);
  }
  const match = parseMatch(matchTokens);
  if (match === undefined) return undefined;
  const number = (name: string, fallback = '0') => Number(numbers.get(name) ?? fallback);
  return {
    tableId: number('table'),
    // Open vSwitch leaves the default priority out.
    priority: number('priority', '32768'),
    match,
    instructions,
    idleTimeoutSeconds: number('idle_timeout'),
    hardTimeoutSeconds: number('hard_timeout'),
    cookie: BigInt(numbers.get('cookie') ?? '0'),
    packets: BigInt(numbers.get('n_packets') ?? '0'),
    bytes: BigInt(numbers.get('n_bytes') ?? '0'),
    durationSeconds: Number.parseFloat(numbers.get('duration') ?? '0'),
    sendsFlowRemoved,
  };
}

const FLOW_NUMBERS: ReadonlySet<string> = new Set(['cookie', 'table', 'priority', 'idle_timeout', 'hard_timeout']);

function parseMatch(tokens: readonly string[]): Match | undefined {
  const match: Partial<Record<MatchField, MaskedValue>> = {};
  const rest: [string, string][] = [];
  for (const token of tokens) {
    const [name = '', value] = token.split('=', 2);
    if (value !== undefined) {
      rest.push([name, value]);
      continue;
    }
    const shorthand = Object.hasOwn(SHORTHANDS, name) ? SHORTHANDS[name] : undefined;
    if (shorthand === undefined) return undefined;
    match.eth_type = exactly('eth_type', shorthand[0]);
    if (shorthand[1] !== undefined) match.ip_proto = exactly('ip_proto', shorthand[1]);
  }
  // Fields come in an order in which what they need may stand behind them: nw_proto first.
  rest.sort(([a], [b]) => Number(b === 'nw_proto') - Number(a === 'nw_proto'));
  for (const [name, value] of rest) {
    if (!readMatchField(match, name, value)) return undefined;
  }
  return match;
}

function readMatchField(match: Partial<Record<MatchField, MaskedValue>>, name: string, value: string): boolean {
  if (name.startsWith('dl_vlan') || name === 'vlan_tci') return readVlan(match, name, value);
  if (name === 'nw_tos') {
    const tos = Number(value);
    match.ip_dscp = exactly('ip_dscp', BigInt(tos >> 2));
    return Number.isInteger(tos) && tos % 4 === 0 && tos < 256;
  }
  const transport = TRANSPORTS[String(match.ip_proto?.value)];
  const isPort = name === 'tp_src' || name === 'tp_dst';
  if (isPort && transport === undefined) return false;
  // An ICMPv6 type has the name of an ICMPv4 one here, and is no field of labctl's.
  if (name.startsWith('icmp_') && match.ip_proto?.value !== IP_PROTO.icmp) return false;
  const field = isPort ? fieldNamed(`${transport}${name.slice('tp'.length)}`) : fieldNamed(name);
  const masked = field === undefined ? undefined : parseField(field, value);
  if (field === undefined || masked === undefined) return false;
  match[field] = masked;
  return true;
}

/** `dl_vlan=5`, `dl_vlan_pcp=3`, or all of the tag in one as `vlan_tci=0x1005/0x100f` (CFI stands for "tagged"). */
function readVlan(match: Partial<Record<MatchField, MaskedValue>>, name: string, text: string): boolean {
  const [value, mask] = text
    .split('/', 2)
    .map((part) => (/^(?:\d+|0x[0-9a-f]+)$/i.test(part) ? BigInt(part) : undefined));
  if (value === undefined) return false;
  if (name === 'dl_vlan') {
    match.eth_vlan_vid = exactly('eth_vlan_vid', VLAN_TAG_PRESENT | value);
    return true;
  }
  if (name === 'dl_vlan_pcp') {
    match.eth_vlan_pcp = exactly('eth_vlan_pcp', value);
    // A priority alone says that there is a tag; with an id beside it, `dl_vlan` says so too.
    match.eth_vlan_vid ??= ANY_TAG;
    return true;
  }
  const bits = text.includes('/') ? mask : 0xffffn;
  if (name !== 'vlan_tci' || bits === undefined) return false;
  if ((bits & 0x1fffn) !== 0n) match.eth_vlan_vid = { value: value & 0x1fffn, mask: bits & 0x1fffn };
  if ((bits & 0xe000n) === 0xe000n) match.eth_vlan_pcp = exactly('eth_vlan_pcp', value >> 13n);
  return (bits & 0xe000n) === 0n || (bits & 0xe000n) === 0xe000n;
}

function parseInstructions(text: string): Instructions | undefined {
  const apply: Action[] = [];
  let clearActions = false;
  let write: readonly Action[] = [];
  let gotoTable: number | undefined;
  for (const part of splitList(text)) {
    const [, written] = /^write_actions\((.*)\)$/.exec(part) ?? [];
    const action = parseAction(part);
    if (action !== undefined) apply.push(action);
    else if (part === 'clear_actions') clearActions = true;
    else if (part.startsWith('goto_table:')) gotoTable = Number(part.slice('goto_table:'.length));
    else if (written !== undefined) {
      const actions = parseActions(written);
      if (actions === undefined) return undefined;
      write = actions;
    } else if (part !== 'drop') return undefined;
  }
  return { apply, clearActions, write, ...(gotoTable === undefined ? {} : { gotoTable }) };
}

/** Splits at commas outside parentheses. */
function splitList(text: string): readonly string[] {
  return text.match(/(?:[^,()]|\([^()]*\))+/g) ?? [];
}

function parseActions(text: string): readonly Action[] | undefined {
  const parts = splitList(text).filter((part) => part !== 'drop');
  const actions = parts.flatMap((part) => parseAction(part) ?? []);
  return actions.length === parts.length ? actions : undefined;
}

function parseAction(text: string): Action | undefined {
  const [, set, name = ''] = /^set_field:(.*)->(\w+)$/.exec(text) ?? [];
  if (set !== undefined) {
    const field = fieldNamed(name);
    const value = field === undefined ? undefined : parseValue(field, set);
    return field === undefined || value === undefined ? undefined : { kind: 'set_field', field, value };
  }
  const [kind = '', value = ''] = text.split(':', 2);
  const number = /^(?:\d+|0x[0-9a-f]+)$/i.test(value) ? Number(value) : undefined;
  if (kind === 'output' && number !== undefined) return { kind, port: number };
  if (kind === 'group' && number !== undefined) return { kind, groupId: number };
  if (kind === 'push_vlan' && number !== undefined) return { kind, ethType: number };
  if (kind === 'set_queue' && number !== undefined) return { kind, queueId: number };
  if (text === 'pop_vlan' || text === 'strip_vlan') return { kind: 'pop_vlan' };
  // Reserved ports stand alone in capitals: FLOOD, or CONTROLLER:65535 with the bytes that it is sent.
  const port = reservedPort(kind);
  return port !== undefined && (value === '' || port === 'controller') ? { kind: 'output', port } : undefined;
}

function reservedPort(name: string): OutputPort | undefined {
  const lower = name.toLowerCase();
  return name === name.toUpperCase() && Object.hasOwn(RESERVED_PORTS, lower) ? (lower as ReservedPort) : undefined;
}

/** Reads one line of `ovs-ofctl --no-names dump-groups`. Undefined when it has what labctl does not know. */
export function parseGroup(line: string): Group | undefined {
  const [head = '', ...rest] = line.split(',bucket=');
  const [, id, typeName] = /^group_id=(\d+),type=(\w+)$/.exec(head) ?? [];
  const groupType = (Object.keys(groupTypeNames) as GroupType[]).find((type) => groupTypeNames[type] === typeName);
  const buckets = rest.flatMap((text) => parseBucket(text, groupType) ?? []);
  if (id === undefined || groupType === undefined || buckets.length !== rest.length) return undefined;
  return { groupId: Number(id), groupType, buckets };
}

function parseBucket(text: string, groupType: GroupType | undefined): Bucket | undefined {
  const [, properties = '', list] = /^(.*?)actions=(.*)$/.exec(text) ?? [];
  const actions = list === undefined ? undefined : parseActions(list);
  if (actions === undefined) return undefined;
  const numbers = new Map<string, number>();
  for (const property of properties.split(',').filter((part) => part !== '')) {
    const [name = '', value = ''] = property.split(':', 2);
    if (!['bucket_id', 'weight', 'watch_port'].includes(name)) return undefined;
    numbers.set(name, Number(value));
  }
  // Open vSwitch leaves the weight 1 out.
  const weight = numbers.get('weight') ?? (groupType === 'select' ? 1 : undefined);
  const watchPort = numbers.get('watch_port');
  return { ...(weight === undefined ? {} : { weight }), ...(watchPort === undefined ? {} : { watchPort }), actions };
}
