import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { environmentProblem, type Problem, ProblemError } from '../model/problem.ts';
import type { Lab, LabProgress } from './lab.ts';
import {
  clearRemains,
  commandSocket,
  type LabRecord,
  labFolder,
  makeLabFolder,
  startTicksOf,
  writeRecord,
} from './run-folder.ts';
import { LabService, problemsOf } from './service.ts';

/** What a lab's process is told when it starts. */
export interface LabOrder {
  readonly name: string;
  readonly specFile: string;
  readonly specText: string;
  /** The first port to try for the embedded controller's REST interface. */
  readonly restPort: number;
  readonly datapath?: 'kernel' | 'user';
}

/** What a lab's process says while it comes up. */
type Announcement =
  | { readonly kind: 'listening' }
  | { readonly kind: 'progress'; readonly progress: LabProgress }
  | { readonly kind: 'up' }
  | { readonly kind: 'failed'; readonly problems: readonly Problem[] };

/**
 * Starts a lab's process, detached, and resolves when the lab is up. Aborting the signal, or the death of this process,
 * has the new one undo what it did so far; the promise is settled only when it has. Hold the lab's lock.
 * @param program the module that calls `runLabProcess`
 * @throws ProblemError when the lab could not come up; nothing of it is left then
 */
export async function launchLab(
  program: string,
  order: LabOrder,
  options: { readonly signal: AbortSignal; readonly onProgress: (progress: LabProgress) => void },
): Promise<void> {
  const log = openSync(join(makeLabFolder(order.name), 'lab.log'), 'a', 0o600);
  const child: ChildProcess = fork(program, [], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    execArgv: [],
    // Unix sockets are bound in the lab's folder, whose absolute path may be long; nothing else depends on this.
    cwd: '/',
  });
  closeSync(log);
  const interrupt = () => child.disconnect();
  options.signal.addEventListener('abort', interrupt, { once: true });
  let outcome: Announcement | undefined;
  try {
    await new Promise<void>((resolve) => {
      child.on('message', (message) => {
        const announcement = message as Announcement;
        if (announcement.kind === 'listening') child.send(order);
        else if (announcement.kind === 'progress') options.onProgress(announcement.progress);
        else outcome = announcement;
        if (announcement.kind === 'up') resolve();
      });
      child.once('exit', () => resolve());
      child.once('error', () => resolve());
    });
  } finally {
    options.signal.removeEventListener('abort', interrupt);
  }
  if (outcome?.kind === 'up' && !options.signal.aborted) {
    child.disconnect();
    child.unref();
    return;
  }
  const words = readLog(order.name);
  clearRemains(order.name);
  options.signal.throwIfAborted();
  throw new ProblemError(
    outcome?.kind === 'failed'
      ? outcome.problems
      : environmentProblem({
          code: 'lab-process-died',
          where: `lab ${order.name}`,
          cause: `the lab's process died while it came up${words === '' ? '' : `\n    ${words}`}`,
          remedy: '`labctl doctor` checks this machine',
        }),
  );
}

function readLog(name: string): string {
  try {
    return readFileSync(join(labFolder(name), 'lab.log'), 'utf8')
      .trim()
      .split('\n')
      .slice(-8)
      .join('\n    ');
  } catch {
    return '';
  }
}

/**
 * The life of a lab's process: takes its order from the process that forked it, brings the lab up, serves commands, and
 * ends with everything of the lab when told so, or when the lab's network dies. Never returns.
 * @param build makes the lab, with its drivers, in an existing folder
 */
export function runLabProcess(build: (order: LabOrder, folder: string) => Promise<Lab>): void {
  const announce = (announcement: Announcement) => {
    if (process.connected) process.send?.(announcement);
  };
  const interrupted = new AbortController();
  let isUp = false;
  process.once('disconnect', () => {
    if (!isUp) interrupted.abort(new Error('interrupted'));
  });
  process.once('message', (message) => {
    const order = message as LabOrder;
    void live(order, build, interrupted.signal, {
      progress: (progress) => announce({ kind: 'progress', progress }),
      up: () => {
        isUp = true;
        announce({ kind: 'up' });
      },
    }).then(
      () => process.exit(0),
      (error: unknown) => {
        const failed: Announcement = { kind: 'failed', problems: problemsOf(error) };
        if (process.connected) process.send?.(failed, () => process.exit(1));
        else process.exit(1);
      },
    );
  });
  announce({ kind: 'listening' });
}

/** Resolves when the lab has ended as it was told to, or by itself once it was up. */
async function live(
  order: LabOrder,
  build: (order: LabOrder, folder: string) => Promise<Lab>,
  signal: AbortSignal,
  tell: { readonly progress: (progress: LabProgress) => void; readonly up: () => void },
): Promise<void> {
  const { name } = order;
  const record: LabRecord = {
    name,
    pid: process.pid,
    startTicks: startTicksOf(process.pid) ?? '',
    specFile: order.specFile,
    startedAt: new Date().toISOString(),
  };
  writeRecord(record);
  signal.throwIfAborted();
  const lab = await build(order, labFolder(name));
  let finished: (reason: string | undefined) => void = () => {};
  const end = new Promise<string | undefined>((resolve) => {
    finished = resolve;
  });
  // Any reason to end after this point leads through one place, once.
  const down = async () => {
    await lab.down();
    clearRemains(name);
  };
  const service = new LabService(lab, { ...record, specText: order.specText }, async () => {
    await down();
    // The answer to `down` is still to be written.
    setImmediate(() => finished(undefined));
  });
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(name, () => void down().then(() => finished(undefined)));
  }
  void lab.died.then(finished);
  try {
    await lab.up({ signal, report: tell.progress });
    signal.throwIfAborted();
    await service.listen(commandSocket(name));
  } catch (error) {
    await lab.down();
    throw error;
  }
  tell.up();
  const reason = await end;
  service.close();
  if (reason === undefined) return;
  await lab.down();
  leaveOnlyRecord({ ...record, endedBecause: reason });
}

/** Removes everything of a lab that ended by itself but the note that says why, which `ls` and `down` clear. */
function leaveOnlyRecord(record: LabRecord): void {
  const folder = labFolder(record.name);
  for (const item of readdirSync(folder)) rmSync(join(folder, item), { recursive: true, force: true });
  writeRecord(record);
}
