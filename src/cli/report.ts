import { decodePost } from '../drivers/floodlight/post-reader.ts';
import type { EntryDocument, ObservationDocument } from '../lab/documents.ts';
import { observedMatrix } from '../lab/documents.ts';
import { pingallResults, pingallRows } from '../model/matrix.ts';
import { type Entry, formatActions, formatInstructions, matchKey } from '../model/openflow.ts';
import type { Topology } from '../model/topology.ts';
import { coloured, table } from './terminal.ts';

/** The observed matrix in Mininet's form, then whether it is as expected and, if not, every pair that is not. */
export function observationLines(document: ObservationDocument): readonly string[] {
  const matrix = observedMatrix(document);
  const wrong = new Set(document.differences.map(({ source, target }) => `${source} ${target}`));
  // Only cells that are wrong are coloured, so that the eye finds them.
  const rows = pingallRows(matrix).map((row) => {
    const [source = '', arrow = '', ...cells] = row.split(' ');
    const targets = matrix.hosts.filter((host) => host !== source);
    const shown = cells.map((cell, column) =>
      wrong.has(`${source} ${targets[column]}`) ? coloured('red', cell) : cell,
    );
    return [source, arrow, ...shown].join(' ');
  });
  return ['*** Ping: testing ping reachability', ...rows, pingallResults(matrix), ...verdictLines(document)];
}

function verdictLines({ expectation, differences, pairs }: ObservationDocument): readonly string[] {
  const asked = expectation === null ? 'what the spec and its connections ask for' : `the expectation "${expectation}"`;
  if (differences.length === 0) return [coloured('green', `*** Verdict: as expected, this is ${asked}`)];
  const count = `${differences.length} of ${pairs} pairs ${differences.length === 1 ? 'differs' : 'differ'} from ${asked}`;
  return [
    coloured('red', `*** Verdict: not as expected, ${count}`),
    ...differences.map(
      ({ source, target, expected }) =>
        `${source} -> ${target}: expected ${expected ? target : 'X'}, observed ${expected ? 'X' : target}`,
    ),
  ];
}

/** Entries as a table, by switch. */
export function entryTable(topology: Topology, documents: readonly EntryDocument[]): readonly string[] {
  const order = new Map(topology.switches.map((node, index) => [node.dpid, index]));
  const entries = documents.map(readEntry);
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
        ? [
            node,
            String(entry.priority),
            matchKey(entry.match) || 'any',
            formatInstructions(entry.instructions),
            entry.name,
          ]
        : [node, `group ${entry.groupId}`, entry.groupType, describeBuckets(entry), entry.name];
    }),
  );
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

function readEntry(document: EntryDocument): Entry {
  const read = decodePost(document);
  if ('entry' in read) return read.entry;
  throw new Error(`the lab answered an entry that cannot be read: ${JSON.stringify(document)}`);
}

/** The curl commands that push these entries, as the tutorial writes them. */
export function curlCommands(url: string, documents: readonly EntryDocument[]): readonly string[] {
  // Inside single quotes a shell takes everything as it is but the single quote.
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  return documents.map(
    (document) => `curl -X POST -d ${quoted(JSON.stringify(document))} ${url}/wm/staticentrypusher/json`,
  );
}
