import { spawn } from 'node:child_process';
import type { Command } from '../drivers/data-plane.ts';
import { netLines, renderMininet } from '../drivers/mininet/render.ts';
import { type EntriesDocument, type StepsDocument, stepsDocument } from '../lab/documents.ts';
import { RemoteLab } from '../lab/remote-lab.ts';
import { knownLab } from '../lab/run-folder.ts';
import { inputProblem, ProblemError } from '../model/problem.ts';
import type { Topology } from '../model/topology.ts';
import { compileConnections } from '../plan/connections.ts';
import { requestedConnection } from '../plan/requests.ts';
import { findSpec } from '../spec/locate.ts';
import { type LabSpec, readSpec } from '../spec/read.ts';
import type { FormatOptions, LabOptions } from './options.ts';
import { curlCommands, entryTable, observationLines } from './report.ts';
import { ProgressLine, printJson, printLines, remark } from './terminal.ts';

/** Exit code of a network that answers otherwise than expected. */
const NOT_AS_EXPECTED = 1;

/** `labctl pingall`: the exit code says whether the network answers as expected. */
export async function pingall(
  name: string | undefined,
  options: FormatOptions & LabOptions & { readonly expect?: string },
  signal: AbortSignal,
): Promise<number> {
  const progress = new ProgressLine();
  const input = options.expect === undefined ? {} : { expectation: options.expect };
  const document = await RemoteLab.find(name ?? options.lab)
    .run('pingall', input, { signal, onProgress: progress.show })
    .finally(progress.clear);
  if (options.format === 'json') printJson(document);
  else printLines(observationLines(document));
  return document.asExpected ? 0 : NOT_AS_EXPECTED;
}

export interface ConnectOptions extends FormatOptions, LabOptions {
  readonly topo?: string;
  readonly dryRun?: boolean;
  readonly curl?: boolean;
}

/** `labctl connect` and `labctl disconnect`: the exit code says whether the network then answers as expected. */
export async function changeConnection(
  command: 'connect' | 'disconnect',
  hosts: readonly string[],
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<number> {
  const [host] = hosts;
  if (command === 'connect' && new Set(hosts).size === 1) {
    throw new ProblemError(
      inputProblem({
        code: 'one-host',
        where: `connect ${host}`,
        cause: 'a connection joins two hosts or more',
        remedy: `to let ${host} and others reach each other: labctl connect ${host} OTHER-HOST; to open a shell on ${host}: labctl shell ${host}`,
      }),
    );
  }
  if (options.dryRun || options.curl) return showPlan(hosts, options, signal);
  const lab = RemoteLab.find(options.lab);
  const progress = new ProgressLine();
  const document = await lab.run(command, { hosts }, { signal, onProgress: progress.show }).finally(progress.clear);
  if (options.format === 'json') printJson(document);
  else {
    const members = document.members.join(' ');
    const done = command === 'connect' ? 'connected' : 'disconnected';
    const counts = [
      ...(document.pushed > 0 ? [`${document.pushed} entries pushed and read back`] : []),
      ...(document.removed > 0 ? [`${document.removed} entries taken away`] : []),
    ];
    printLines([
      document.changed
        ? `${done} ${members}: ${counts.join(', ') || 'no entry to change'}`
        : `${members}: ${done} already`,
      ...observationLines(document),
    ]);
  }
  return document.asExpected ? 0 : NOT_AS_EXPECTED;
}

/** The entries that would be pushed: of the running lab, or with --topo of a spec whose lab need not run. */
async function showPlan(hosts: readonly string[], options: ConnectOptions, signal: AbortSignal): Promise<number> {
  const plan = await (options.topo === undefined
    ? planOfLab(RemoteLab.find(options.lab), hosts, signal)
    : planOfSpec(options.topo, hosts));
  const { push, remove } = plan.document;
  if (options.format === 'json') printJson(plan.document);
  else if (options.curl) printLines(curlCommands(plan.url, push));
  else {
    printLines(
      push.length === 0 ? ['nothing to push: these hosts are connected already'] : entryTable(plan.topology, push),
    );
    if (remove.length > 0) printLines(['', 'to be taken away:', ...entryTable(plan.topology, remove)]);
    const switches = new Set(push.map((entry) => entry['switch'])).size;
    remark(`${push.length} entries on ${switches} switches; nothing was pushed`);
  }
  return 0;
}

interface ShownPlan {
  readonly document: StepsDocument;
  readonly topology: Topology;
  readonly url: string;
}

async function planOfLab(lab: RemoteLab, hosts: readonly string[], signal: AbortSignal): Promise<ShownPlan> {
  const [document, { controller }, { topology }] = await Promise.all([
    lab.run('plan', { hosts }, { signal }),
    lab.run('status', {}, { signal }),
    specOf(lab, signal),
  ]);
  return { document, topology, url: controller.url };
}

function planOfSpec(topo: string, hosts: readonly string[]): ShownPlan {
  const { file, text } = findSpec(topo);
  const { name, topology, connections } = readSpec(file, text);
  const plan = compileConnections(topology, [...connections, requestedConnection(topology, hosts)]);
  return { document: stepsDocument(name, { remove: [], push: plan.entries }), topology, url: 'http://127.0.0.1:8080' };
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
  const lab = RemoteLab.find(options.lab);
  const run = (): Promise<EntriesDocument> => {
    if (work.kind === 'list') return lab.run('entries', {}, { signal });
    if (work.kind === 'delete') return lab.run('deleteEntries', { names: work.names }, { signal });
    return lab.run('clearEntries', work.switchName === undefined ? {} : { switchName: work.switchName }, { signal });
  };
  const document = await run();
  if (options.format === 'json') printJson(document);
  else if (work.kind !== 'list') printLines([`${document.entries.length} entries taken away`]);
  else if (document.entries.length === 0) printLines(['no static entries']);
  else printLines(entryTable((await specOf(lab, signal)).topology, document.entries));
}

/** `labctl net`: the lines of Mininet's `net`, of the running lab or, where there is none of this name, of the spec. */
export async function net(
  name: string | undefined,
  options: LabOptions & { readonly topo?: string },
  signal: AbortSignal,
): Promise<void> {
  const labName = name ?? options.lab;
  const isSpec = options.topo !== undefined || (name !== undefined && knownLab(name) === undefined);
  if (!isSpec) {
    printLines((await RemoteLab.find(labName).run('net', {}, { signal })).lines);
    return;
  }
  const { file, text } = findSpec(options.topo ?? name ?? '');
  remark(`from the spec ${file}`);
  printLines(netLines(readSpec(file, text).topology));
}

/** `labctl render`: the spec as a Mininet custom topology. */
export function render(topo: string): void {
  const { file, text } = findSpec(topo);
  const spec = readSpec(file, text);
  process.stdout.write(renderMininet(spec.topology, spec.topo));
}

/** `labctl exec` and `labctl shell`: runs a command on a host, with this terminal; its exit code is ours. */
export async function execOnHost(host: string, argv: readonly string[], options: LabOptions): Promise<number> {
  // The lab's namespaces have the same files, but entering them leads to the root folder.
  const here = ['env', `--chdir=${process.cwd()}`, ...argv];
  const command: Command = await RemoteLab.find(options.lab).run('command', { host, argv: here });
  // An interrupt at the terminal is for the command on the host, not for us.
  process.removeAllListeners('SIGINT').on('SIGINT', () => {});
  return new Promise((resolve, reject) => {
    const child = spawn(command.file, command.args, { stdio: 'inherit' });
    child.once('error', reject);
    child.once('exit', (code, signalName) => resolve(code ?? (signalName === null ? 0 : 130)));
  });
}
