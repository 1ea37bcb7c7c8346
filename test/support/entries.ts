import type { Dpid } from '../../src/model/addresses.ts';
import { type Match, type MatchField, parseField } from '../../src/model/match.ts';
import type { Action, Bucket, Flow, Group, GroupType } from '../../src/model/openflow.ts';
import type { SwitchEntries } from '../../src/sim/pipeline.ts';

/** A match from the fields' texts, e.g. `{ ipv4_dst: '10.0.0.0/8' }`. */
function matchOf(fields: Readonly<Partial<Record<MatchField, string>>>): Match {
  return Object.fromEntries(
    Object.entries(fields).map(([field, text]) => {
      const masked = parseField(field as MatchField, text);
      if (masked === undefined) throw new Error(`${field}=${text} is no match`);
      return [field, masked];
    }),
  );
}

interface FlowParts {
  readonly table?: number;
  readonly priority?: number;
  readonly match?: Readonly<Partial<Record<MatchField, string>>>;
  readonly apply?: readonly Action[];
  readonly clear?: boolean;
  readonly write?: readonly Action[];
  readonly goto?: number;
}

/** A flow entry of table 0 that matches everything and drops it, but for what is given. */
export function flow({ table = 0, priority = 100, match = {}, apply = [], clear, write = [], goto }: FlowParts): Flow {
  return {
    tableId: table,
    priority,
    match: matchOf(match),
    instructions: {
      apply,
      clearActions: clear ?? false,
      write,
      ...(goto === undefined ? {} : { gotoTable: goto }),
    },
    idleTimeoutSeconds: 0,
    hardTimeoutSeconds: 0,
  };
}

/** A group; buckets are lists of actions, or whole. */
export function group(
  groupId: number,
  groupType: GroupType,
  ...buckets: readonly (readonly Action[] | Bucket)[]
): Group {
  return { groupId, groupType, buckets: buckets.map((bucket) => ('actions' in bucket ? bucket : { actions: bucket })) };
}

export const output = (port: Extract<Action, { kind: 'output' }>['port']): Action => ({ kind: 'output', port });
export const toGroup = (groupId: number): Action => ({ kind: 'group', groupId });
export const popVlan: Action = { kind: 'pop_vlan' };
export const pushVlan: Action = { kind: 'push_vlan', ethType: 0x8100 };
export const setField = (field: MatchField, text: string): Action => {
  const masked = parseField(field, text);
  if (masked === undefined) throw new Error(`${field}=${text} is no value`);
  return { kind: 'set_field', field, value: masked.value };
};

/** Entries of `sN` by its number. */
export function onSwitches(lists: Readonly<Record<number, Partial<SwitchEntries>>>): ReadonlyMap<Dpid, SwitchEntries> {
  return new Map(
    Object.entries(lists).map(([number, { flows = [], groups = [] }]) => [
      `00:00:00:00:00:00:00:${Number(number).toString(16).padStart(2, '0')}` as Dpid,
      { flows, groups },
    ]),
  );
}
