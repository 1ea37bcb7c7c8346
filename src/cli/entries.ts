import { enveloped } from '../lab/commands/command.ts';
import { plan as planCommand, planDocument } from '../lab/commands/plan.ts';
import type { CommandOutput } from '../lab/commands/types.ts';
import { type EntryDocument, readEntries } from '../lab/documents/entries.ts';
import { entriesInFile } from '../lab/entry-files.ts';
import { isRunning } from '../lab/process/records.ts';
import { RemoteLab } from '../lab/process/remote-lab.ts';
import { withConnection } from '../model/connection.ts';
import { matchKey } from '../model/match.ts';
import { type Entry, formatActions, formatInstructions } from '../model/openflow.ts';
import { describeProblem } from '../model/problem.ts';
import type { Topology } from '../model/topology.ts';
import { compileConnections, type EntryCounts } from '../plan/connections.ts';
import { type ConnectionRequest, requestedConnection } from '../plan/requests.ts';
import { stepsBetween } from '../plan/steps.ts';
import { findSpec } from '../spec/locate.ts';
import { type LabSpec, readSpec } from '../spec/read.ts';
import { type ApplyOptions, type ConnectOptions, type FormatOptions, type LabOptions, labNamed } from './options.ts';
import { ProgressLine, printJson, printLines, remark, table } from './output/terminal.ts';

/** Exit codes of a network that answers otherwise than expected, and of wrong input. */
const NOT_AS_EXPECTED = 1;
const WRONG_INPUT = 2;

/**
 * The entries that a connection would have pushed, of the running lab or of a spec whose lab does not run; or, where
 * none is asked for, what `labctl heal` would do.
 * @param name of the lab or the spec; counts before the options
 */
export async function showPlan(
  name: string | undefined,
  request: ConnectionRequest | undefined,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<number> {
  const spec = name ?? (options.lab === undefined ? options.topo : undefined);
  const plan = await (spec !== undefined && !isRunning(spec)
    ? planOfSpec(spec, request)
    : planOfLab(RemoteLab.find(labNamed(options, name)), request, signal));
  const { push, remove, alone } = plan.document;
  if (options.curl) printLines(curlCommands(plan.url, plan.document));
  else if (options.format === 'json') printJson(plan.document);
  else {
    const nothing = request === undefined ? 'nothing to do' : 'nothing to push: these hosts are connected already';
    if (push.length > 0) printLines([`to be pushed (${push.length}):`, ...entryTable(plan.topology, push)]);
    else if (remove.length === 0) printLines([nothing]);
    if (remove.length > 0) printLines([`to be taken away (${remove.length}):`, ...entryTable(plan.topology, remove)]);
    if (alone !== null) remark(`the connection alone: ${countsLine(alone)}`);
    remark(`all connections: ${countsLine(plan.document)}; nothing was pushed`);
  }
  return 0;
}

/** How many entries, beside how many it would be without merging any. */
function countsLine({ count, naiveCount }: EntryCounts): string {
  return `${counted(count)} (one for each pair, switch on its path and protocol would be ${naiveCount})`;
}

interface ShownPlan {
  readonly document: CommandOutput<'plan'>;
  readonly topology: Topology;
  readonly url: string;
}

async function planOfLab(
  lab: RemoteLab,
  request: ConnectionRequest | undefined,
  signal: AbortSignal,
): Promise<ShownPlan> {
  const [document, { controller }, { topology }] = await Promise.all([
    lab.run('plan', request === undefined ? {} : { request }, { signal }),
    lab.run('status', {}, { signal }),
    specOf(lab, signal),
  ]);
  return { document, topology, url: controller.url };
}

function planOfSpec(topo: string, request: ConnectionRequest | undefined): ShownPlan {
  const { file, text } = findSpec(topo);
  const { name, topology, connections } = readSpec(file, text);
  const asked = request && requestedConnection(topology, request);
  const { entries, counts } = compileConnections(topology, asked ? withConnection(connections, asked) : connections);
  const steps = { ...stepsBetween([], entries), lost: [], ...counts };
  const alone = asked && compileConnections(topology, [asked]).counts;
  return { document: enveloped(planCommand, name, planDocument(steps, alone)), topology, url: 'http://127.0.0.1:8080' };
}

async function specOf(lab: RemoteLab, signal: AbortSignal): Promise<LabSpec> {
  const { file, text } = await lab.run('spec', {}, { signal });
  return readSpec(file, text);
}

/** `labctl entries list|delete|clear`. */
export async function entries(
  work:
    | { readonly kind: 'list' }
    | { readonly kind: 'delete'; readonly names: readonly string[] }
    | { readonly kind: 'clear'; readonly switchName?: string },
  options: FormatOptions & LabOptions,
  signal: AbortSignal,
): Promise<void> {
  const lab = RemoteLab.find(labNamed(options));
  const run = (): Promise<CommandOutput<'entries list'>> => {
    if (work.kind === 'list') return lab.run('entries list', {}, { signal });
    if (work.kind === 'delete') return lab.run('entries delete', { names: work.names }, { signal });
    return lab.run('entries clear', work.switchName === undefined ? {} : { switchName: work.switchName }, { signal });
  };
  const document = await run();
  const { unreadable } = document;
  if (options.format === 'json') printJson(document);
  else if (work.kind !== 'list') printLines([`${counted(document.entries.length + unreadable.length)} taken away`]);
  else if (unreadable.length > 0) {
    const { topology } = await specOf(lab, signal);
    printLines(entryTable(topology, document.entries));
    const named = unreadable.map(({ name, dpid }) => `${name} on ${topology.switchWithDpid(dpid)?.name ?? dpid}`);
    remark(`not shown, as labctl does not know what it says: ${named.join(', ')}`);
  } else if (document.entries.length === 0) printLines(['no static entries']);
  else printLines(entryTable((await specOf(lab, signal)).topology, document.entries));
}

/** `labctl entries apply`: pushes entries from files in the tutorial's form, checked before any of them is sent. */
export async function applyEntries(
  files: readonly string[],
  options: ApplyOptions,
  signal: AbortSignal,
): Promise<number> {
  const lab = RemoteLab.find(labNamed(options));
  const found = files.flatMap((file) => entriesInFile(file));
  const input = { entries: found.map(({ document }) => document) };
  if (options.force) return sendEntries(lab, input, options, signal);
  // What can be seen without the lab is told with the file's name.
  readEntries(input.entries, (_, index) => found[index]?.where ?? '');
  const progress = new ProgressLine();
  const applied = await lab.run('entries apply', input, { signal, onProgress: progress.show }).finally(progress.clear);
  for (const warning of applied.warnings) remark(`labctl: warning: ${describeProblem(warning)}`);
  if (options.format === 'json') printJson(applied);
  else {
    const { pushed, unchanged } = applied;
    const there = unchanged.length > 0 ? `, ${unchanged.length} there already` : '';
    printLines([`${counted(pushed.length)} pushed and read back${there}`]);
  }
  return 0;
}

const OUTCOMES: Readonly<Record<CommandOutput<'entries apply --force'>['sent'][number]['outcome'], string>> = {
  'in-switch': 'in its switch',
  listed: 'the controller lists it, its switch does not have it',
  vanished: 'the controller accepted it, and it is nowhere',
  refused: 'refused',
  withheld: 'not sent',
};

/** Sends entries as they are, but for those that would break the controller, and tells what became of each. */
async function sendEntries(
  lab: RemoteLab,
  input: { readonly entries: readonly unknown[] },
  options: ApplyOptions,
  signal: AbortSignal,
): Promise<number> {
  const document = await lab.run('entries apply --force', input, { signal });
  if (options.format === 'json') printJson(document);
  else {
    const rows = document.sent.map(({ name, outcome, reason }) => [
      name ?? '',
      reason === null ? OUTCOMES[outcome] : `${OUTCOMES[outcome]}: ${reason}`,
    ]);
    printLines(table(['NAME', 'WHAT BECAME OF IT'], rows));
  }
  if (document.sent.some(({ outcome }) => outcome === 'withheld')) return WRONG_INPUT;
  return document.sent.every(({ outcome }) => outcome === 'in-switch') ? 0 : NOT_AS_EXPECTED;
}

function counted(entries: number): string {
  return `${entries} ${entries === 1 ? 'entry' : 'entries'}`;
}

/** Entries as a table, by switch. */
function entryTable(topology: Topology, documents: readonly EntryDocument[]): readonly string[] {
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

/** The curl commands that push and take away these entries, as the tutorial writes them. */
function curlCommands(url: string, { push, remove }: CommandOutput<'plan'>): readonly string[] {
  // Inside single quotes a shell takes everything as it is but the single quote.
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  const command = (method: string, body: unknown) =>
    `curl -X ${method} -d ${quoted(JSON.stringify(body))} ${url}/wm/staticentrypusher/json`;
  return [
    ...push.map((document) => command('POST', document)),
    ...remove.map(({ name }) => command('DELETE', { name })),
  ];
}
