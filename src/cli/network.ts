import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Command } from '../drivers/data-plane.ts';
import type { CommandOutput } from '../lab/commands/types.ts';
import { isRunning, labNameOf } from '../lab/process/records.ts';
import { RemoteLab } from '../lab/process/remote-lab.ts';
import type { Ways } from '../model/connection.ts';
import { inputProblem, ProblemError } from '../model/problem.ts';
import type { ConnectionRequest } from '../plan/requests.ts';
import { type ConnectOptions, type FormatOptions, type LabOptions, labNamed } from './options.ts';
import { observationLines } from './output/matrices.ts';
import { ProgressLine, printJson, printLines, remark } from './output/terminal.ts';
import { onlyOn, signalChildOf } from './signals.ts';

/** Exit code of a network that answers otherwise than expected. */
const NOT_AS_EXPECTED = 1;

/** `labctl pingall`: the exit code says whether the network answers as expected. */
export async function pingall(
  name: string | undefined,
  options: FormatOptions & { readonly expect?: string },
  signal: AbortSignal,
): Promise<number> {
  const progress = new ProgressLine();
  const input = options.expect === undefined ? {} : { expectation: options.expect };
  const document = await RemoteLab.find(name)
    .run('pingall', input, { signal, onProgress: progress.show })
    .finally(progress.clear);
  if (options.format === 'json') printJson(document);
  else printLines(observationLines(document));
  return document.asExpected ? 0 : NOT_AS_EXPECTED;
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
  const request = { hosts, ...waysOf(options), ...routeOf(options) };
  if (options.dryRun || options.curl) {
    const { showPlan } = await import('./entries.ts');
    return showPlan(undefined, request, options, signal);
  }
  const lab = RemoteLab.find(labNamed(options));
  const progress = new ProgressLine();
  const document = await lab
    .run(command, request, { signal, onProgress: progress.show })
    .finally(progress.clear)
    .catch(async (error: unknown) => {
      if (signal.aborted) remark(await standing(lab, hosts));
      throw error;
    });
  if (options.format === 'json') printJson(document);
  else {
    const members = document.members.join(' ');
    const done = command === 'connect' ? 'connected' : 'disconnected';
    printLines([
      document.changed ? `${done} ${members}: ${changes(document)}` : `${members}: ${done} already`,
      ...observationLines(document),
    ]);
  }
  return document.asExpected ? 0 : NOT_AS_EXPECTED;
}

function changes({ pushed, removed, restored }: CommandOutput<'heal'>): string {
  const counts = [
    ...(pushed > 0 ? [`${pushed} entries pushed and read back`] : []),
    ...(removed > 0 ? [`${removed} entries taken away`] : []),
    ...(restored > 0 ? [`${restored} flows of the controller's forwarding put back`] : []),
  ];
  return counts.join(', ') || 'no entry to change';
}

function waysOf({ multipath, protect }: ConnectOptions): { readonly ways?: Ways } {
  if (multipath && protect) {
    throw new ProblemError(
      inputProblem({
        code: 'two-ways',
        where: '--multipath --protect',
        cause: 'a connection spreads over all shortest paths, or keeps another in reserve, not both',
        remedy: 'choose one; with --multipath too, a dead link of several is left out',
      }),
    );
  }
  if (multipath) return { ways: 'multipath' };
  return protect ? { ways: 'protected' } : {};
}

/** Lists may be written with commas, too. */
function routeOf({ via = [], avoid = [] }: ConnectOptions): Pick<ConnectionRequest, 'via' | 'avoid'> {
  const names = (texts: readonly string[]) => texts.flatMap((text) => text.split(',')).map((text) => text.trim());
  return {
    ...(via.length === 0 ? {} : { via: names(via) }),
    ...(avoid.length === 0 ? {} : { avoid: names(avoid) }),
  };
}

/** `labctl heal`: the exit code says whether the network then answers as expected. */
export async function heal(name: string | undefined, options: FormatOptions, signal: AbortSignal): Promise<number> {
  const progress = new ProgressLine();
  const document = await RemoteLab.find(name)
    .run('heal', {}, { signal, onProgress: progress.show })
    .finally(progress.clear);
  if (options.format === 'json') printJson(document);
  else {
    const done = document.changed ? `healed: ${changes(document)}` : 'nothing to heal: every entry is in its switch';
    printLines([done, ...observationLines(document)]);
  }
  return document.asExpected ? 0 : NOT_AS_EXPECTED;
}

/** After an interrupt: whether these hosts are connected, once the lab has come to rest. */
async function standing(lab: RemoteLab, hosts: readonly string[]): Promise<string> {
  const { connections } = await lab.run('connections', {});
  const names = hosts.join(' ');
  const isConnected = connections.some(
    ({ members }) => members.length === new Set(hosts).size && members.every((member) => hosts.includes(member)),
  );
  return isConnected
    ? `${names} are connected, not yet pinged; labctl disconnect ${names} takes that away`
    : `${names} are not connected`;
}

/** `labctl net`: the lines of Mininet's `net`, of the running lab or, where there is none of this name, of the spec. */
export async function net(name: string | undefined, options: LabOptions, signal: AbortSignal): Promise<void> {
  const named = name ?? options.lab ?? options.topo;
  const isLabs = name === undefined && options.lab !== undefined;
  if (named === undefined || isLabs || isRunning(named)) {
    printLines((await RemoteLab.find(named && labNameOf(named)).run('net', {}, { signal })).lines);
    return;
  }
  const { file, spec } = await readNamed(named);
  remark(`from the spec ${file}`);
  const { netLines } = await import('../spec/export/mininet.ts');
  printLines(netLines(spec.topology));
}

/** `labctl render`: the spec as a Mininet custom topology. */
export async function render(topo: string): Promise<void> {
  const { spec } = await readNamed(topo);
  const { renderMininet } = await import('../spec/export/mininet.ts');
  process.stdout.write(renderMininet(spec.topology, spec.topo));
}

async function readNamed(topo: string) {
  const [{ findSpec }, { readSpec }] = await Promise.all([import('../spec/locate.ts'), import('../spec/read.ts')]);
  const { file, text } = findSpec(topo);
  return { file, spec: readSpec(file, text) };
}

/** `labctl exec` and `labctl shell`: runs a command on a host, with this terminal; its exit code is ours. */
export async function execOnHost(host: string, argv: readonly string[], options: LabOptions): Promise<number> {
  // The lab's namespaces have the same files, but entering them leads to the root folder.
  const here = ['env', `--chdir=${workingFolder()}`, ...argv];
  const command: Command = await RemoteLab.find(labNamed(options)).run('exec', { host, argv: here });
  // An interrupt at the terminal is for the command on the host, not for us; other signals are handed on to it.
  let child: ChildProcess | undefined;
  let isOver = false;
  const signals = new Set<'SIGTERM' | 'SIGHUP'>();
  const handOn = () => {
    if (isOver || signals.size === 0) return;
    // It is there as soon as nsenter has forked.
    if (signalChildOf(child?.pid, ...signals)) signals.clear();
    else setTimeout(handOn, 20);
  };
  onlyOn('SIGINT', () => {});
  // Before the command begins: it may already have begun, and a signal for it have come, when spawn() returns.
  for (const name of ['SIGTERM', 'SIGHUP'] as const) {
    onlyOn(name, () => {
      signals.add(name);
      handOn();
    });
  }
  return new Promise<number>((resolve, reject) => {
    child = spawn(command.file, command.args, { stdio: 'inherit' })
      .once('error', reject)
      // As a shell has it: 128 and the signal's number.
      .once('exit', (code, signalName) =>
        resolve(code ?? 128 + (signalName === null ? 0 : constants.signals[signalName])),
      );
  }).finally(() => {
    isOver = true;
  });
}

/** Where we are, or the root folder when that is no more. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}
