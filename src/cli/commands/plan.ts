import type { CommandOutput } from '../../lab/commands/types.ts';
import type { Topology } from '../../model/topology.ts';
import type { EntryCounts } from '../../plan/connections.ts';
import type { ConnectionRequest } from '../../plan/requests.ts';
import type { LabctlCommand } from '../command.ts';
import type { FormatOptions, LabOptions } from '../options.ts';
import { counted, printJson, printLines, remark } from '../output/terminal.ts';
import { interrupted } from '../signals.ts';
import { runningLab, specNamed, specNotRunning, specOf } from '../subject.ts';

export interface PlanOptions extends FormatOptions, LabOptions {
  readonly curl?: boolean;
}

export function add(program: LabctlCommand): void {
  program
    .command('plan')
    .description('show what `labctl heal` would do, or the entries of a spec')
    .argument('[name|file]', 'a running lab, else a spec')
    .aboutLab()
    .withFormat()
    .does(async (name: string | undefined, options: PlanOptions) => showPlan(name, undefined, options));
}

interface Planned {
  readonly document: CommandOutput<'plan'>;
  readonly topology: Topology;
  /** Of the controller's REST interface. */
  readonly url: string;
}

/**
 * Shows the entries that a connection would have pushed, in the running lab or in that of a spec; where no connection is
 * asked for, what `labctl heal` would do.
 * @param name of the lab or the spec; it counts before the options
 */
export async function showPlan(
  name: string | undefined,
  request: ConnectionRequest | undefined,
  options: PlanOptions,
): Promise<void> {
  const spec = await specNotRunning(name, options);
  const plan = await (spec === undefined ? planOfLab(name, request, options) : planOfSpec(spec, request));
  const { push, remove, alone } = plan.document;
  if (options.curl) printLines(curlCommands(plan.url, plan.document));
  else if (options.format === 'json') printJson(plan.document);
  else {
    const { entryTable } = await import('../output/entries.ts');
    const nothing = request === undefined ? 'nothing to do' : 'nothing to push: these hosts are connected already';
    if (push.length > 0) printLines([`to be pushed (${push.length}):`, ...entryTable(plan.topology, push)]);
    else if (remove.length === 0) printLines([nothing]);
    if (remove.length > 0) printLines([`to be removed (${remove.length}):`, ...entryTable(plan.topology, remove)]);
    if (alone !== null) remark(`the connection alone: ${countsLine(alone)}`);
    remark(`all connections: ${countsLine(plan.document)}; nothing was pushed`);
  }
}

async function planOfLab(
  name: string | undefined,
  request: ConnectionRequest | undefined,
  options: LabOptions,
): Promise<Planned> {
  const lab = await runningLab(options, name);
  const signal = interrupted;
  const [document, { controller }, { topology }] = await Promise.all([
    lab.run('plan', request === undefined ? {} : { request }, { signal }),
    lab.run('status', {}, { signal }),
    specOf(lab),
  ]);
  return { document, topology, url: controller.url };
}

async function planOfSpec(nameOrFile: string, request: ConnectionRequest | undefined): Promise<Planned> {
  const [{ spec }, { planFor }] = await Promise.all([specNamed(nameOrFile), import('../answers-of-spec.ts')]);
  return { document: planFor(spec, request), topology: spec.topology, url: 'http://127.0.0.1:8080' };
}

/** How many entries, and how many it would be without merging any. */
function countsLine({ count, naiveCount }: EntryCounts): string {
  return `${counted(count, 'entry')} (one for each pair, switch on its path and protocol would be ${naiveCount})`;
}

/** The curl commands that push and remove these entries, as the tutorial writes them. */
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
