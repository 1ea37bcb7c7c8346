import type { SettableRole } from '../drivers/control-plane.ts';
import type { CommandOutput } from '../lab/commands/types.ts';
import { withLabLock } from '../lab/process/lock.ts';
import { knownLab, knownLabs, lastingLabs } from '../lab/process/records.ts';
import { RemoteLab } from '../lab/process/remote-lab.ts';
import { clearRemains } from '../lab/process/run-folder.ts';
import { describeConnection } from '../model/connection.ts';
import { describeFault } from '../model/fault.ts';
import { describeProblem, inputProblem, type Problem, ProblemError } from '../model/problem.ts';
import { abridged } from '../plan/requests.ts';
import type { FormatOptions } from './options.ts';
import { coloured, ProgressLine, printJson, printLines, remark, table } from './output/terminal.ts';

/**
 * `labctl down`: ends a lab and removes everything of it; does nothing when it is down already.
 * @throws ProblemError when something could not be cleaned up; the labs are down all the same
 */
export async function down(name: string | undefined, options: { readonly all?: boolean }): Promise<void> {
  const known = options.all ? knownLabs() : lastingLabs();
  const [only, ...others] = known;
  if (name === undefined && !options.all && others.length > 0) {
    throw new ProblemError(
      inputProblem({
        code: 'several-labs',
        where: 'labctl down',
        cause: `there are several labs: ${known.map((lab) => lab.name).join(', ')}`,
        remedy: `name one, as in labctl down ${only?.name}, or end them all: labctl down --all`,
      }),
    );
  }
  const names = name !== undefined && !options.all ? [name] : known.map((lab) => lab.name);
  if (names.length === 0) printLines(['no lab is running']);
  const left: Problem[] = [];
  for (const each of names) left.push(...(await downOne(each)));
  if (left.length > 0) throw new ProblemError(left);
}

/** Returns what could not be cleaned up. */
async function downOne(name: string): Promise<readonly Problem[]> {
  if (knownLab(name) === undefined) {
    printLines([`${name} is not running`]);
    return [];
  }
  const progress = new ProgressLine();
  let left: readonly Problem[] = [];
  const line = await underLock(name, progress, async () => {
    const lab = knownLab(name);
    if (lab === undefined) return `${name} is not running`;
    if (lab.state === 'ended') {
      clearRemains(name);
      return `${name} had ended by itself (${lab.reason}); its remains are cleared`;
    }
    progress.show({ step: `ending ${name}` });
    left = (await RemoteLab.named(name)?.down(progress.show)) ?? [];
    return `${name} is down`;
  });
  progress.clear();
  printLines([line]);
  return left;
}

/** `labctl ls`: the labs there are; clears what labs left that ended without `down`. */
export async function ls(options: FormatOptions): Promise<void> {
  const rows: { name: string; state: string; spec: string; since: string; pid: number | null }[] = [];
  for (const lab of knownLabs()) {
    if (lab.state !== 'ended') {
      const { specFile, startedAt, pid } = lab.record;
      rows.push({ name: lab.name, state: lab.state, spec: specFile, since: startedAt, pid });
      continue;
    }
    // Whoever holds the lock is about to bring the lab up or down: it is not ours to clear.
    const cleared = await withLabLock(
      lab.name,
      () => 'give-up',
      async () => {
        const again = knownLab(lab.name);
        if (again?.state !== 'ended') return 'changed' as const;
        clearRemains(lab.name);
        return 'cleared' as const;
      },
    );
    if (cleared === 'cleared') remark(`${lab.name} had ended by itself (${lab.reason}); its remains are cleared`);
    else rows.push({ name: lab.name, state: 'starting', spec: '', since: '', pid: null });
  }
  if (options.format === 'json') printJson({ version: 1, labs: rows });
  else if (rows.length === 0) printLines(['no lab is running']);
  else {
    const lines = rows.map(({ name, state, spec, since, pid }) => [
      name,
      state,
      spec,
      localTime(since),
      String(pid ?? ''),
    ]);
    printLines(table(['LAB', 'STATE', 'SPEC', 'SINCE', 'PID'], lines));
  }
}

/** `labctl status`: where a lab stands. */
export async function status(name: string | undefined, options: FormatOptions): Promise<void> {
  const document = await RemoteLab.find(name).run('status', {});
  if (options.format === 'json') {
    printJson(document);
    return;
  }
  const { connected, missing } = document.switches;
  const { kind, url, trouble } = document.controller;
  printLines([
    `lab          ${document.lab}, since ${localTime(document.startedAt)}`,
    `spec         ${document.specFile}`,
    `network      ${document.dataPlane}`,
    `controller   ${kind}, REST at ${url}`,
    ...(trouble === null
      ? [`switches     ${connected.length} connected${missing.length === 0 ? '' : `, missing: ${missing.join(', ')}`}`]
      : [`             ${coloured('red', 'does not answer')}: ${describeProblem(trouble)}`]),
    `forwarding   ${document.forwarding}`,
    `connections  ${document.connections.length === 0 ? 'none' : document.connections.map(describeConnection).join('\n             ')}`,
    `faults       ${document.faults.length === 0 ? 'none' : document.faults.map(describeFault).join(', ')}`,
    `entries      ${entriesLine(document)}`,
    `process      ${document.pid}, ${document.memoryMb} MB`,
  ]);
}

/** How many there are, and which of them are not as they ought to be. */
function entriesLine({ entries, upkeep }: CommandOutput<'status'>): string {
  if (entries === null || upkeep === null) return 'unknown';
  const { missing, leaving, repaired } = upkeep;
  const named = (names: readonly string[], what: string) =>
    names.length === 0 ? [] : [`${names.length} ${what}: ${abridged(names)}`];
  return [
    `${entries}`,
    ...named(missing, 'missing and to be put back'),
    ...named(leaving, 'to be removed when their switch is back'),
    ...(repaired === 0 ? [] : [`${repaired} were lost and put back`]),
  ].join('\n             ');
}

/** `labctl switches` and `labctl role`: the switches as the controller has them, after a role is set where one is given. */
export async function switches(
  name: string | undefined,
  change: { readonly role: SettableRole; readonly switchName?: string } | undefined,
  options: FormatOptions,
  signal: AbortSignal,
): Promise<void> {
  const lab = RemoteLab.find(name);
  const progress = new ProgressLine();
  const document = await (change === undefined
    ? lab.run('switches', {}, { signal })
    : lab.run('role', change, { signal, onProgress: progress.show })
  ).finally(progress.clear);
  if (options.format === 'json') {
    printJson(document);
    return;
  }
  const isLabelled = document.switches.some(({ label }) => label !== null);
  const rows = document.switches.map(({ name, label, dpid, connectedSince, role, entries }) => [
    name,
    ...(isLabelled ? [label ?? ''] : []),
    dpid,
    connectedSince === null ? 'not connected' : localTime(connectedSince),
    role ?? '',
    String(entries),
  ]);
  const labels = isLabelled ? ['LABEL'] : [];
  printLines(table(['SWITCH', ...labels, 'DPID', 'CONNECTED SINCE', 'ROLE', 'ENTRIES'], rows));
}

function localTime(iso: string): string {
  return iso === '' ? '' : new Date(iso).toLocaleString('sv-SE');
}

/** Runs `work` under the lock of a lab, and says so while another command holds it. */
export async function underLock<T>(name: string, progress: ProgressLine, work: () => Promise<T>): Promise<T> {
  const wait = () => {
    progress.show({ step: `waiting for another labctl command on ${name}` });
    return 'wait' as const;
  };
  return (await withLabLock(name, wait, work)) as T;
}
