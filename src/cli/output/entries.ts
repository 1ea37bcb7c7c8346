import { type EntryDocument, readEntries } from '../../lab/documents/entries.ts';
import { matchKey } from '../../model/match.ts';
import { type Entry, formatActions, formatInstructions } from '../../model/openflow.ts';
import type { Topology } from '../../model/topology.ts';
import { table } from './terminal.ts';

/** Entries as a table, by switch. */
export function entryTable(topology: Topology, documents: readonly EntryDocument[]): readonly string[] {
  const order = new Map(topology.switches.map((node, index) => [node.dpid, index]));
  const entries = [...readEntries(documents)];
  entries.sort(
    (a, b) =>
      (order.get(a.dpid) ?? 0) - (order.get(b.dpid) ?? 0) ||
      priorityOf(b) - priorityOf(a) ||
      a.name.localeCompare(b.name, 'en', { numeric: true }),
  );
  return table(
    ['SWITCH', 'PRIORITY', 'MATCH', 'ACTIONS', 'NAME'],
    entries.map((entry) => {
      const node = topology.switchWithDpid(entry.dpid)?.name ?? entry.dpid;
      return entry.kind === 'flow'
        ? [node, String(entry.priority), describeMatch(entry), formatInstructions(entry.instructions), entry.name]
        : [node, `group ${entry.groupId}`, entry.groupType, describeBuckets(entry), entry.name];
    }),
  );
}

function describeMatch({ tableId, match }: Extract<Entry, { kind: 'flow' }>): string {
  const fields = matchKey(match) || 'any';
  return tableId === 0 ? fields : `table=${tableId},${fields}`;
}

function describeBuckets(group: Extract<Entry, { kind: 'group' }>): string {
  return group.buckets
    .map(({ weight, watchPort, actions }) =>
      [
        ...(weight === undefined ? [] : [`weight ${weight}:`]),
        ...(watchPort === undefined ? [] : [`watch port ${watchPort}:`]),
        formatActions(actions) || 'drop',
      ].join(' '),
    )
    .join(' | ');
}

function priorityOf(entry: Entry): number {
  return entry.kind === 'flow' ? entry.priority : Number.POSITIVE_INFINITY;
}
