import {
  allOnes,
  exactly,
  MATCH_FIELD_NAMES,
  MATCH_FIELDS,
  missingPrerequisites,
  promisesTag,
  VLAN_TAG_PRESENT,
} from './match.ts';
import type { Action, Bucket, Entry, Flow, Group, OutputPort } from './openflow.ts';

/**
 * What a switch answers (OpenFlow 1.3, section A.4.4, by ovs-ofctl's names) in plain words.
 * Codes that are not here are shown as they are.
 */
export const REFUSALS = {
  OFPBRC_EPERM: 'the switch keeps the last table, 254, for itself',
  OFPBMC_BAD_PREREQ: 'a field is matched without the field that it needs',
  OFPBMC_BAD_VALUE: 'a matched value is impossible',
  OFPBMC_BAD_MASK: 'a mask is impossible',
  OFPBMC_BAD_WILDCARDS: 'a field cannot be matched in part',
  OFPBAC_BAD_OUT_PORT: 'an action sends to a port that cannot be sent to',
  OFPBAC_BAD_OUT_GROUP: 'an action sends to a group that the switch does not have',
  OFPBAC_MATCH_INCONSISTENT: 'an action changes a field that the match does not promise to be there',
  OFPBAC_BAD_SET_ARGUMENT: 'an action sets a field to an impossible value',
  OFPBAC_BAD_SET_TYPE: 'an action sets a field that cannot be set',
  OFPBAC_BAD_ARGUMENT: 'an action has an impossible value',
  OFPBAC_BAD_TAG: 'an action pushes one VLAN tag more than the switch can see',
  OFPBAC_BAD_QUEUE: 'an action names a queue that the switch does not have',
  OFPBIC_BAD_TABLE_ID: 'goto_table names a table that is not later than the own one',
  OFPFMFC_TABLE_FULL: 'the flow table is full',
  OFPFMFC_BAD_TABLE_ID: 'there is no such flow table',
  OFPGMFC_GROUP_EXISTS: 'the switch has a group of this id already',
  OFPGMFC_UNKNOWN_GROUP: 'the switch does not have the group',
  OFPGMFC_INVALID_GROUP: 'the group is impossible',
  OFPGMFC_BAD_WATCH: 'a bucket watches a port that the switch does not have',
  OFPGMFC_WATCH_UNSUPPORTED: 'a bucket watches a port, which only select and fast-failover groups can',
  OFPGMFC_LOOP: 'the group would send to itself',
} as const;

/** A code with which a switch refuses a change. */
export type RefusalCode = keyof typeof REFUSALS;

/**
 * What Open vSwitch refuses of a change whatever the switch holds, as measured on Open vSwitch 3.1.0. It is less than
 * the specification would have it: ports that do not exist, groups in a circle and groups of missing groups are taken.
 * Where `ovs-ofctl` refuses something in words of its own, the code is that of the switch. A match without its
 * prerequisites is refused, as the switch refuses it; `ovs-ofctl` would leave the field out and match more.
 */

/** The table that Open vSwitch keeps for itself. */
const OWN_TABLE = 254;
/** Ports from here on are reserved in OpenFlow 1.0, and cannot be named by their numbers. */
const FIRST_RESERVED_PORT = 0xff00;
/** OFPG_MAX (section A.3.4.2). */
const HIGHEST_GROUP = 0xffffff00;
/** VLAN tags of a packet that Open vSwitch sees. */
const MOST_TAGS = 2;
const TAG_TYPES: readonly number[] = [0x8100, 0x88a8];

/** Why the switch refuses an entry, whatever it holds; undefined where it takes it. */
export function refusalOf(entry: Entry): RefusalCode | undefined {
  return entry.kind === 'flow'
    ? (refusalOfFlowText(entry) ?? refusalOfFlowMessage(entry))
    : (refusalOfGroupText(entry) ?? refusalOfGroupMessage(entry));
}

/** What is refused when a flow is read, before any of its bundle reaches the switch. */
export function refusalOfFlowText({ tableId, match, instructions }: Flow): RefusalCode | undefined {
  const { apply, write, gotoTable } = instructions;
  const isMaskedWrongly = MATCH_FIELD_NAMES.some((field) => {
    const masked = match[field];
    return masked !== undefined && masked.mask !== allOnes(field) && !MATCH_FIELDS[field].maskable;
  });
  if (isMaskedWrongly) return 'OFPBMC_BAD_MASK';
  if (missingPrerequisites(match).length > 0) return 'OFPBMC_BAD_PREREQ';
  for (const action of [...apply, ...write]) {
    if (action.kind === 'set_field' && MATCH_FIELDS[action.field].readOnly === 'everywhere')
      return 'OFPBAC_BAD_SET_TYPE';
    if (action.kind === 'push_vlan' && !TAG_TYPES.includes(action.ethType)) return 'OFPBAC_BAD_ARGUMENT';
  }
  const applied = checkInOrder(match, apply, { tags: promisesTag(match) ? 1 : 0, popsMatter: true });
  if (applied.refusal !== undefined) return applied.refusal;
  const written = checkInOrder(match, write, { tags: applied.tags, popsMatter: false });
  if (written.refusal !== undefined) return written.refusal;
  return gotoTable !== undefined && gotoTable <= tableId ? 'OFPBIC_BAD_TABLE_ID' : undefined;
}

/** What a switch refuses when a flow comes to it, before any of its bundle is carried out. */
export function refusalOfFlowMessage({ tableId, instructions }: Flow): RefusalCode | undefined {
  return (
    refusalOfValues([...instructions.apply, ...instructions.write]) ??
    (tableId === OWN_TABLE ? 'OFPBRC_EPERM' : undefined)
  );
}

/**
 * Actions one after another: each may change what the next may count on.
 * @param start `popsMatter`: an action set may pop a tag that is not there, as it may be pushed by then
 */
function checkInOrder(
  match: Flow['match'],
  actions: readonly Action[],
  start: { readonly tags: number; readonly popsMatter: boolean },
): { readonly refusal?: RefusalCode; readonly tags: number } {
  let { tags } = start;
  for (const action of actions) {
    const refused = (refusal: RefusalCode) => ({ refusal, tags });
    switch (action.kind) {
      case 'output':
        if (!canBeNamed(action.port)) return refused('OFPBAC_BAD_OUT_PORT');
        break;
      case 'set_field': {
        const needsTag = [action.field, MATCH_FIELDS[action.field].prerequisite?.field].includes('eth_vlan_vid');
        const asMatched = { ...match, [action.field]: exactly(action.field, action.value) };
        if (needsTag ? tags === 0 : missingPrerequisites(asMatched).length > 0) {
          return refused('OFPBAC_MATCH_INCONSISTENT');
        }
        break;
      }
      case 'push_vlan':
        if (tags === MOST_TAGS) return refused('OFPBAC_BAD_TAG');
        tags += 1;
        break;
      case 'pop_vlan':
        if (tags === 0 && start.popsMatter) return refused('OFPBAC_MATCH_INCONSISTENT');
        tags = Math.max(tags - 1, 0);
        break;
      case 'group':
      case 'set_queue':
        break;
    }
  }
  return { tags };
}

/** Values are looked at whatever comes before them; in buckets, unlike in flows, nothing else is. */
function refusalOfValues(actions: readonly Action[]): RefusalCode | undefined {
  const isImpossible = actions.some(
    (action) =>
      action.kind === 'set_field' && action.field === 'eth_vlan_vid' && (action.value & VLAN_TAG_PRESENT) === 0n,
  );
  return isImpossible ? 'OFPBAC_BAD_SET_ARGUMENT' : undefined;
}

/** Likewise of a group that is read. */
export function refusalOfGroupText({ groupId, groupType, buckets }: Group): RefusalCode | undefined {
  if (groupId > HIGHEST_GROUP) return 'OFPGMFC_INVALID_GROUP';
  for (const { weight, watchPort, actions } of buckets) {
    if (watchPort !== undefined && watchPort >= FIRST_RESERVED_PORT) return 'OFPGMFC_BAD_WATCH';
    if (groupType !== 'select' && (weight ?? 0) > 0) return 'OFPGMFC_INVALID_GROUP';
    if (groupType === 'fast_failover' && watchPort === undefined) return 'OFPGMFC_INVALID_GROUP';
    for (const action of actions) {
      if (action.kind === 'set_field' && MATCH_FIELDS[action.field].readOnly === 'everywhere')
        return 'OFPBAC_BAD_SET_TYPE';
      if (action.kind === 'push_vlan' && !TAG_TYPES.includes(action.ethType)) return 'OFPBAC_BAD_ARGUMENT';
    }
  }
  return groupType === 'indirect' && buckets.length > 1 ? 'OFPGMFC_INVALID_GROUP' : undefined;
}

/** Likewise of a group that comes to a switch. */
export function refusalOfGroupMessage({ groupType, buckets }: Group): RefusalCode | undefined {
  for (const { actions } of buckets) {
    const refusal = refusalOfValues(actions) ?? refusalOfOutputs(actions);
    if (refusal !== undefined) return refusal;
  }
  if (groupType === 'indirect' && buckets.length !== 1) return 'OFPGMFC_INVALID_GROUP';
  return groupType !== 'select' && groupType !== 'fast_failover' && buckets.some(isWatching)
    ? 'OFPGMFC_WATCH_UNSUPPORTED'
    : undefined;
}

function refusalOfOutputs(actions: readonly Action[]): RefusalCode | undefined {
  const isWrong = actions.some((action) => action.kind === 'output' && !canBeNamed(action.port));
  return isWrong ? 'OFPBAC_BAD_OUT_PORT' : undefined;
}

function canBeNamed(port: OutputPort): boolean {
  return typeof port === 'string' || port < FIRST_RESERVED_PORT;
}

function isWatching({ watchPort }: Bucket): boolean {
  return watchPort !== undefined;
}
