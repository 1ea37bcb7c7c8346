import type { Dpid } from './addresses.ts';
import { formatValue, type Match, type MatchField, matchKey, type ReservedPort } from './match.ts';

/** Flow and group entries of OpenFlow 1.3 (ONF TS-006, whose sections are cited), as values. */

/** Where a packet goes: a port of the switch, or a reserved one. */
export type OutputPort = number | ReservedPort;

export type Action =
  | { readonly kind: 'output'; readonly port: OutputPort }
  | { readonly kind: 'group'; readonly groupId: number }
  | { readonly kind: 'set_field'; readonly field: MatchField; readonly value: bigint }
  | { readonly kind: 'push_vlan'; readonly ethType: number }
  | { readonly kind: 'pop_vlan' }
  | { readonly kind: 'set_queue'; readonly queueId: number };

/** Instructions of a flow entry (section 5.9), in the order in which a switch carries them out. No instruction: drop. */
export interface Instructions {
  readonly apply: readonly Action[];
  readonly clearActions: boolean;
  readonly write: readonly Action[];
  /** The next table, later than the entry's own. */
  readonly gotoTable?: number;
}

/** A flow entry as a switch holds it: no name, and unique by table, priority and match. */
export interface Flow {
  /** 0 to 254 */
  readonly tableId: number;
  /** 0 to 65535, the higher wins */
  readonly priority: number;
  readonly match: Match;
  readonly instructions: Instructions;
  /** 0: never */
  readonly idleTimeoutSeconds: number;
  /** 0: never */
  readonly hardTimeoutSeconds: number;
}

/** A flow as read from a switch. */
export interface InstalledFlow extends Flow {
  readonly cookie: bigint;
  readonly packets: bigint;
  readonly bytes: bigint;
  readonly durationSeconds: number;
  /** Whether the switch reports its end (OFPFF_SEND_FLOW_REM). */
  readonly sendsFlowRemoved: boolean;
}

export type GroupType = 'all' | 'select' | 'indirect' | 'fast_failover';
export const GROUP_TYPES: readonly GroupType[] = ['all', 'select', 'indirect', 'fast_failover'];

export interface Bucket {
  /** Share of the traffic, 1 to 65535; on `select` only, and always there. */
  readonly weight?: number;
  /** The port whose liveness decides; on `fast_failover` always, on `select` where wanted. */
  readonly watchPort?: number;
  readonly actions: readonly Action[];
}

/** A group entry as a switch holds it, unique by its id. */
export interface Group {
  /** 0 to `HIGHEST_GROUP_ID` */
  readonly groupId: number;
  readonly groupType: GroupType;
  readonly buckets: readonly Bucket[];
}

/** A flow entry of the Static Entry Pusher. Names are unique over all switches. */
export interface FlowEntry extends Flow {
  readonly kind: 'flow';
  readonly name: string;
  readonly dpid: Dpid;
}

/** A group entry of the Static Entry Pusher. Names are unique over all switches, flow entries' included. */
export interface GroupEntry extends Group {
  readonly kind: 'group';
  readonly name: string;
  readonly dpid: Dpid;
}

export type Entry = FlowEntry | GroupEntry;

/** Highest priority of a flow entry. */
export const HIGHEST_PRIORITY = 0xffff;

/**
 * Highest group id that labctl uses. OpenFlow has ids up to 0xfffffeff (section A.3.4.2: OFPG_MAX is 0xffffff00), but
 * Floodlight reads them as signed numbers of 32 bits, and what is beyond becomes another (ParseUtils.java).
 */
export const HIGHEST_GROUP_ID = 0x7fffffff;

/** A key that is equal for two flows exactly when a switch holds them as one (section 6.4): table, priority and match. */
export function flowKey(flow: Pick<Flow, 'tableId' | 'priority' | 'match'>): string {
  return `${flow.tableId}/${flow.priority}/${matchKey(flow.match)}`;
}

/** A key that is equal exactly for entries that cannot both be: one switch holds a group id, or a `flowKey`, once. */
export function placeOf(entry: Entry): string {
  return entry.kind === 'group' ? groupPlace(entry.dpid, entry.groupId) : `${entry.dpid} ${flowKey(entry)}`;
}

/** The `placeOf` of a group. */
export function groupPlace(dpid: Dpid, groupId: number): string {
  return `${dpid} group ${groupId}`;
}

/** A key that is equal exactly for entries of the same effect, whatever their names and switches. */
export function effectKey(entry: Flow | Group): string {
  if ('groupId' in entry) {
    const buckets = entry.buckets.map(
      (bucket) => `${bucket.weight ?? '-'}/${bucket.watchPort ?? '-'}/${formatActions(bucket.actions)}`,
    );
    return `group ${entry.groupId} ${entry.groupType} ${buckets.join(' | ')}`;
  }
  const { instructions } = entry;
  return [
    `flow ${flowKey(entry)}`,
    formatInstructions(instructions),
    `timeouts ${entry.idleTimeoutSeconds}/${entry.hardTimeoutSeconds}`,
  ].join(' ');
}

/** Instructions as a person reads them, e.g. `output=2`, `goto_table=2`, `drop`. */
export function formatInstructions(instructions: Instructions): string {
  const parts = [
    ...(instructions.apply.length > 0 ? [formatActions(instructions.apply)] : []),
    ...(instructions.clearActions ? ['clear_actions'] : []),
    ...(instructions.write.length > 0 ? [`write(${formatActions(instructions.write)})`] : []),
    ...(instructions.gotoTable === undefined ? [] : [`goto_table=${instructions.gotoTable}`]),
  ];
  return parts.length === 0 ? 'drop' : parts.join(',');
}

/** Actions as Floodlight writes them: `set_field=eth_dst->00:00:00:00:00:06,output=2`. */
export function formatActions(actions: readonly Action[]): string {
  return actions.map(formatAction).join(',');
}

function formatAction(action: Action): string {
  switch (action.kind) {
    case 'output':
      return `output=${action.port}`;
    case 'group':
      return `group=${action.groupId}`;
    case 'set_field':
      return `set_field=${action.field}->${formatValue(action.field, action.value)}`;
    case 'push_vlan':
      return `push_vlan=${action.ethType}`;
    case 'pop_vlan':
      return 'pop_vlan';
    case 'set_queue':
      return `set_queue=${action.queueId}`;
  }
}

/**
 * What a switch would refuse in a group (section 5.6.1 and Open vSwitch; CONTRACT.md, section 3), as sentences.
 */
export function groupProblems(group: Group): readonly string[] {
  const { groupType, buckets } = group;
  const problems: string[] = [];
  if (group.groupId < 0 || group.groupId > HIGHEST_GROUP_ID) problems.push(`group id ${group.groupId} is out of range`);
  if (groupType === 'indirect' && buckets.length !== 1) {
    problems.push(`an indirect group has exactly one bucket, not ${buckets.length}`);
  }
  for (const [index, bucket] of buckets.entries()) {
    const name = `bucket ${index + 1}`;
    if (groupType === 'select' && (bucket.weight === undefined || bucket.weight < 1 || bucket.weight > 0xffff)) {
      problems.push(`${name} of a select group needs a weight of 1 to 65535`);
    }
    if (groupType !== 'select' && bucket.weight !== undefined) {
      problems.push(`${name} has a weight, which only select groups may have`);
    }
    if (groupType === 'fast_failover' && bucket.watchPort === undefined) {
      problems.push(`${name} of a fast_failover group needs a watch port`);
    }
  }
  return problems;
}

/** `1 entry`, `2 entries`. */
export function countedEntries(count: number): string {
  return `${count} ${count === 1 ? 'entry' : 'entries'}`;
}
