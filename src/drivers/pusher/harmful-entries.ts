import {
  allOnes,
  MATCH_FIELD_NAMES,
  MATCH_FIELDS,
  type MaskedValue,
  type MatchField,
  missingPrerequisites,
} from '../../model/match.ts';
import { type Action, type Entry, HIGHEST_GROUP_ID } from '../../model/openflow.ts';
import type { Refusal } from './action-text.ts';

/**
 * What of an entry would hang Floodlight for good, make a switch drop everything, or leave something that no request
 * removes (CONTRACT.md, sections 1 to 3); empty when it is safe to send. The types of an entry exclude most of it,
 * without casts: numbers are whole and in range, because one that Floodlight cannot read makes a drop of priority 65535.
 */
export function harmsOf(entry: Entry): readonly Refusal[] {
  const harms: Refusal[] = [];
  if (entry.name === '') {
    harms.push({ reason: 'its name is empty', remedy: 'Give it a name; without one no request deletes it' });
  }
  if (entry.kind === 'flow') {
    for (const reason of missingPrerequisites(entry.match)) {
      harms.push({ reason, remedy: 'Match that field too: without it Floodlight loses the entry, or hangs for good' });
    }
    for (const field of MATCH_FIELD_NAMES) {
      const masked = entry.match[field];
      if (masked !== undefined && !isPossible(field, masked)) {
        harms.push({
          reason: `${field} has an impossible value or mask`,
          remedy: `Give it one that ${field} can hold`,
        });
      }
    }
  }
  for (const [what, value, least, most] of numbersOf(entry)) {
    if (Number.isInteger(value) && value >= least && value <= most) continue;
    harms.push({
      reason: `${what} ${value} is not a whole number from ${least} to ${most}`,
      remedy: 'Give one: what Floodlight cannot read there makes it install something else',
    });
  }
  return harms;
}

/** Whether Floodlight's own list no longer shows other entries while this one exists (CONTRACT.md, section 2). */
export function breaksTheList(entry: Entry): boolean {
  return entry.kind === 'flow' && entry.instructions.write.length > 0;
}

/** Whether the field can hold the value, and be matched in this part of it; bits outside the mask are zero. */
function isPossible(field: MatchField, { value, mask }: MaskedValue): boolean {
  const all = allOnes(field);
  return (
    value >= 0n &&
    mask >= 0n &&
    mask <= all &&
    (value & mask) === value &&
    (mask === all || MATCH_FIELDS[field].maskable)
  );
}

type Bounded = readonly [what: string, value: number, least: number, most: number];

function numbersOf(entry: Entry): readonly Bounded[] {
  if (entry.kind === 'group') {
    return [
      ['group_id', entry.groupId, 0, HIGHEST_GROUP_ID],
      ...entry.buckets.flatMap(({ weight, watchPort, actions }): readonly Bounded[] => [
        ...(weight === undefined ? [] : [['bucket_weight', weight, 0, 0xffff] as const]),
        ...(watchPort === undefined ? [] : [['bucket_watch_port', watchPort, 0, 0xffffffff] as const]),
        ...actions.flatMap(numbersOfAction),
      ]),
    ];
  }
  const { apply, write, gotoTable } = entry.instructions;
  return [
    ['priority', entry.priority, 0, 0xffff],
    ['table', entry.tableId, 0, 254],
    ['idle_timeout', entry.idleTimeoutSeconds, 0, 0xffff],
    ['hard_timeout', entry.hardTimeoutSeconds, 0, 0xffff],
    ...(gotoTable === undefined ? [] : [['instruction_goto_table', gotoTable, 0, 254] as const]),
    ...[...apply, ...write].flatMap(numbersOfAction),
  ];
}

function numbersOfAction(action: Action): readonly Bounded[] {
  switch (action.kind) {
    case 'output':
      return typeof action.port === 'number' ? [['output', action.port, 0, 0xffffffff]] : [];
    case 'group':
      return [['group', action.groupId, 0, HIGHEST_GROUP_ID]];
    case 'push_vlan':
      return [['push_vlan', action.ethType, 0, 0xffff]];
    case 'set_queue':
      return [['set_queue', action.queueId, 0, 0xffffffff]];
    case 'set_field':
    case 'pop_vlan':
      return [];
  }
}
