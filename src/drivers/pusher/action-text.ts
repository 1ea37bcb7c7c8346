import { HIGHEST_PORT } from '../../model/addresses.ts';
import {
  isMatchField,
  MATCH_FIELDS,
  type MatchField,
  parseValue,
  RESERVED_PORTS,
  type ReservedPort,
  readInteger,
  VLAN_TAG_PRESENT,
} from '../../model/match.ts';
import { type Action, formatActions, HIGHEST_GROUP_ID, type Instructions } from '../../model/openflow.ts';

/** Why a request is not accepted, as two sentences without full stops: what is wrong, and how to fix it. */
export interface Refusal {
  readonly reason: string;
  readonly remedy: string;
}

const HIGHEST_QUEUE_ID = 0xfffffffen;

/**
 * Actions as Floodlight writes and reads them. It takes the VLAN id of `set_field` without the presence bit, which it
 * adds itself; in a match it wants it with that bit.
 */
export function formatActionList(actions: readonly Action[]): string {
  return actions
    .map((action) =>
      action.kind === 'set_field' && action.field === 'eth_vlan_vid'
        ? `set_field=eth_vlan_vid->${action.value & 0xfffn}`
        : formatActions([action]),
    )
    .join(',');
}

/**
 * Reads a list of actions, e.g. `set_field=eth_dst->00:00:00:00:00:06,output=2`. Everything that Floodlight would leave
 * out without a word is a refusal. The empty text is no action.
 */
export function readActionList(text: string): {
  readonly actions: readonly Action[];
  readonly refusals: readonly Refusal[];
} {
  const actions: Action[] = [];
  const refusals: Refusal[] = [];
  for (const part of text === '' ? [] : text.split(',')) {
    const read = readAction(part);
    if ('kind' in read) actions.push(read);
    else refusals.push(read);
  }
  return { actions, refusals };
}

function readAction(text: string): Action | Refusal {
  if (text !== text.trim()) {
    return {
      reason: `the actions have a space at "${text}", and Floodlight reads nothing from there on`,
      remedy: 'Separate actions by a comma alone, e.g. output=2,output=3',
    };
  }
  const [, name = text, value] = /^([^=]*)=(.*)$/.exec(text) ?? [];
  const kind = name.toLowerCase();
  if (Object.hasOwn(readers, kind)) return readers[kind as Action['kind']](value);
  return { reason: `there is no action ${JSON.stringify(text)}`, remedy: actionRemedy(kind) };
}

function actionRemedy(name: string): string {
  const field = name.startsWith('set_') ? name.slice('set_'.length) : '';
  if (isMatchField(field)) return `Write set_field=${field}->VALUE`;
  if (name === 'strip_vlan') return 'Write pop_vlan';
  return `The actions are ${Object.keys(readers).join(', ')}`;
}

const readers: Readonly<Record<Action['kind'], (value: string | undefined) => Action | Refusal>> = {
  output: readOutput,
  group(value) {
    const groupId = readInteger(value ?? '');
    return groupId !== undefined && groupId <= HIGHEST_GROUP_ID
      ? { kind: 'group', groupId: Number(groupId) }
      : {
          reason: `group=${value ?? ''} names no group`,
          remedy: `Write a group id up to ${HIGHEST_GROUP_ID}, e.g. group=1`,
        };
  },
  set_field: readSetField,
  push_vlan(value) {
    const ethType = readInteger(value ?? '');
    return ethType === 0x8100n || ethType === 0x88a8n
      ? { kind: 'push_vlan', ethType: Number(ethType) }
      : { reason: `push_vlan=${value ?? ''} is not the type of a VLAN tag`, remedy: 'Write push_vlan=0x8100' };
  },
  pop_vlan(value) {
    return value === undefined || value === ''
      ? { kind: 'pop_vlan' }
      : { reason: `pop_vlan takes no value, but has ${value}`, remedy: 'Write pop_vlan alone' };
  },
  set_queue(value) {
    const queueId = readInteger(value ?? '');
    return queueId !== undefined && queueId <= HIGHEST_QUEUE_ID
      ? { kind: 'set_queue', queueId: Number(queueId) }
      : { reason: `set_queue=${value ?? ''} names no queue`, remedy: 'Write the queue id, e.g. set_queue=1' };
  },
};

function readOutput(value = ''): Action | Refusal {
  const name = value.toLowerCase();
  if (Object.hasOwn(RESERVED_PORTS, name)) return { kind: 'output', port: name as ReservedPort };
  const number = readInteger(value);
  if (number !== undefined && number > 0n && number <= BigInt(HIGHEST_PORT)) {
    return { kind: 'output', port: Number(number) };
  }
  return {
    reason: `output=${value} names no port that a switch can send to`,
    remedy: `Write a port of the switch, e.g. output=2, or one of ${Object.keys(RESERVED_PORTS).join(', ')}`,
  };
}

function readSetField(text = ''): Action | Refusal {
  const [, field = '', value = ''] = /^([^-]*)->(.*)$/.exec(text) ?? [];
  const shape = 'Write set_field=FIELD->VALUE, e.g. set_field=eth_dst->00:00:00:00:00:06';
  if (!isMatchField(field)) return { reason: `set_field=${text} names no field that can be set`, remedy: shape };
  if (MATCH_FIELDS[field].readOnly !== undefined) {
    return { reason: `no action can set ${field}`, remedy: `Remove set_field=${text}` };
  }
  const number = parseValue(field, value);
  if (number === undefined) {
    return { reason: `set_field=${text} has no value of ${field}`, remedy: `Write ${describeNotation(field)}` };
  }
  if (field !== 'eth_vlan_vid') return { kind: 'set_field', field, value: number };
  return number < VLAN_TAG_PRESENT
    ? { kind: 'set_field', field, value: VLAN_TAG_PRESENT | number }
    : {
        reason: `set_field=${text} sets a VLAN id above 4095; set_field takes it without the presence bit`,
        remedy: `Write set_field=eth_vlan_vid->${number & 0xfffn}`,
      };
}

/** How a field's values are written, for a person. */
export function describeNotation(field: MatchField): string {
  const { notation, bits, maskable } = MATCH_FIELDS[field];
  const most = (1n << BigInt(bits)) - 1n;
  const mask = maskable ? ', with an optional /mask' : '';
  switch (notation) {
    case 'port':
      return 'a port number, or local';
    case 'mac':
      return `a MAC address such as 00:00:00:00:00:06${mask}`;
    case 'ipv4':
      return `an IPv4 address such as 10.0.0.6${mask}`;
    case 'ipv6':
      return `an IPv6 address such as fe80::6${mask}`;
    case 'hexadecimal':
      return `a number from 0 to 0x${most.toString(16)}, hexadecimal with 0x or decimal${mask}`;
    case 'decimal':
      return `a number from 0 to ${most}${mask}`;
  }
}

/** The text of no action in the answers of Floodlight. */
const NOTHING = { none: 'drop' } as const;

/** Instructions as Floodlight lists them, in a static entry and in a switch's flow alike. */
export function encodeInstructions(instructions: Instructions): Record<string, unknown> {
  const { apply, clearActions, write, gotoTable } = instructions;
  const others = {
    ...(clearActions ? { instruction_clear_actions: {} } : {}),
    ...(write.length > 0 ? { instruction_write_actions: { actions: formatActionList(write) } } : {}),
    ...(gotoTable === undefined ? {} : { instruction_goto_table: { instruction_goto_table: String(gotoTable) } }),
  };
  if (apply.length > 0) return { instruction_apply_actions: { actions: formatActionList(apply) }, ...others };
  return Object.keys(others).length > 0 ? others : { instruction_apply_actions: NOTHING };
}

/** Reads what `encodeInstructions` writes; undefined when an instruction or an action is none that labctl knows. */
export function decodeInstructions(json: Readonly<Record<string, unknown>>): Instructions | undefined {
  let apply: readonly Action[] = [];
  let clearActions = false;
  let write: readonly Action[] = [];
  let gotoTable: number | undefined;
  for (const [name, value] of Object.entries(json)) {
    const actions = readListed(value);
    if (name === 'none') continue;
    if (name === 'instruction_apply_actions' && actions !== undefined) apply = actions;
    else if (name === 'instruction_write_actions' && actions !== undefined) write = actions;
    else if (name === 'instruction_clear_actions') clearActions = true;
    else if (name === 'instruction_goto_table') gotoTable = Number((value as Record<string, unknown>)[name]);
    else return undefined;
  }
  if (gotoTable === undefined) return { apply, clearActions, write };
  return Number.isNaN(gotoTable) ? undefined : { apply, clearActions, write, gotoTable };
}

function readListed(value: unknown): readonly Action[] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if ('none' in value) return [];
  if (!('actions' in value) || typeof value.actions !== 'string') return undefined;
  const { actions, refusals } = readActionList(value.actions);
  return refusals.length === 0 ? actions : undefined;
}
