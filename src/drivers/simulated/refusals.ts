import {
  allOnes,
  exactly,
  MATCH_FIELD_NAMES,
  MATCH_FIELDS,
  missingPrerequisites,
  promisesTag,
  VLAN_TAG_PRESENT,
} from '../../model/match.ts';
import type { Action, Bucket, Flow, Group, OutputPort } from '../../model/openflow.ts';
import type { RefusalCode } from '../open-vswitch/switch-refusal.ts';
import type { TableChange } from '../switch-tables.ts';

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

/** What is refused when a change is read, before any of its bundle reaches the switch. */
export function refusalOfText(change: TableChange): RefusalCode | undefined {
  switch (change.kind) {
    case 'add-flow':
      return refusalOfFlow(change.flow);
    case 'add-group':
    case 'modify-group':
      return refusalOfGroupText(change.group);
    case 'delete-flow':
    case 'delete-group':
      return undefined;
  }
}

/** What a switch refuses when a change comes to it, before any of its bundle is carried out. */
export function refusalOfMessage(change: TableChange): RefusalCode | undefined {
  switch (change.kind) {
    case 'add-flow': {
      const { tableId, instructions } = change.flow;
      return (
        refusalOfValues([...instructions.apply, ...instructions.write]) ??
        (tableId === OWN_TABLE ? 'OFPBRC_EPERM' : undefined)
      );
    }
    case 'add-group':
    case 'modify-group':
      return refusalOfGroup(change.group);
    case 'delete-flow':
    case 'delete-group':
      return undefined;
  }
}

function refusalOfFlow({ tableId, match, instructions }: Flow): RefusalCode | undefined {
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

function refusalOfGroupText({ groupId, groupType, buckets }: Group): RefusalCode | undefined {
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

function refusalOfGroup({ groupType, buckets }: Group): RefusalCode | undefined {
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
