import { describeProblem, type Problem, ProblemError, problemsOf } from '../../model/problem.ts';
import type { Lab } from '../lab.ts';
import type { LabProgress } from '../running.ts';
import { type LabRecord, leaveOnlyRecord, startTicksOf, writeRecord } from './records.ts';
import { clearRemains, commandSocket, labFolder, makeLabFolder } from './run-folder.ts';
import { LabService } from './service.ts';
import type { Announcement, LabOrder } from './standby.ts';

/**
 * The life of a lab's process: takes its order from the process that forked it, brings the lab up, serves commands, and
 * ends with everything of the lab when told so, or when the lab's network dies. Never returns.
 * @param build makes the lab, with its drivers, in an existing folder
 */
export function runLabProcess(build: (order: LabOrder, folder: string) => Promise<Lab>): void {
  const announce = (announcement: Announcement) => {
    // Without a callback, sending to a starter that has just died would end this process before it has cleaned up.
    if (process.connected) process.send?.(announcement, () => {});
  };
  const interrupted = new AbortController();
  let state: 'waiting' | 'coming up' | 'up' = 'waiting';
  let isTemporary = false;
  let endLab = () => {};
  const interrupt = () => {
    if (state === 'waiting') process.exit(0);
    interrupted.abort(new Error('interrupted'));
  };
  // The end of its starter ends a lab that is temporary or not up yet; a signal ends it at any time.
  process.once('disconnect', () => {
    if (state !== 'up') interrupt();
    else if (isTemporary) endLab();
  });
  for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(name, () => (state === 'up' ? endLab() : interrupt()));
  }
  process.once('message', (message) => {
    const order = message as LabOrder;
    isTemporary = order.isTemporary ?? false;
    state = 'coming up';
    const tell = {
      progress: (progress: LabProgress) => announce({ kind: 'progress', progress }),
      up: (end: () => void) => {
        state = 'up';
        endLab = end;
        announce({ kind: 'up' });
      },
    };
    // When its starter is gone, no other process clears a temporary lab's remains.
    const clear = () => {
      if (isTemporary && !process.connected) clearRemains(order.name);
    };
    void live(order, build, interrupted.signal, tell).then(
      () => {
        clear();
        process.exit(0);
      },
      (error: unknown) => {
        clear();
        const { problems, left } = error instanceof FailedUp ? error : { problems: problemsOf(error), left: [] };
        const failed: Announcement = { kind: 'failed', problems, left };
        if (process.connected) process.send?.(failed, () => process.exit(1));
        else process.exit(1);
      },
    );
  });
  // Its starter may have died while this process loaded its modules.
  if (!process.connected) process.exit(0);
  announce({ kind: 'ready' });
}

/** Resolves when the lab has ended as it was told to, or by itself once it was up. */
async function live(
  order: LabOrder,
  build: (order: LabOrder, folder: string) => Promise<Lab>,
  signal: AbortSignal,
  tell: { readonly progress: (progress: LabProgress) => void; readonly up: (end: () => void) => void },
): Promise<void> {
  const { name } = order;
  const record: LabRecord = {
    name,
    pid: process.pid,
    startTicks: startTicksOf(process.pid) ?? '',
    specFile: order.specFile,
    specPath: order.specPath,
    dataPlane: order.dataPlane,
    startedAt: new Date().toISOString(),
    ...(order.isTemporary ? { isTemporary: true } : {}),
  };
  if (order.isTemporary) makeLabFolder(name);
  writeRecord(record);
  signal.throwIfAborted();
  const lab = await build(order, labFolder(name));
  let finished: (reason: string | undefined) => void = () => {};
  const end = new Promise<string | undefined>((resolve) => {
    finished = resolve;
  });
  // Any reason to end after this point leads through one place, once.
  const down = async () => {
    const left = await whatIsLeft(lab);
    clearRemains(name);
    return left;
  };
  const service = new LabService(lab, { ...record, specText: order.specText }, async () => {
    const left = await down();
    // The answer to `down` is still to be written.
    setImmediate(() => finished(undefined));
    return left;
  });
  void lab.died.then(finished);
  // A defect of ours ends the lab in order, and with its reason on record.
  process.once('uncaughtException', (error) => finished(`a defect of labctl: ${error.stack ?? error.message}`));
  try {
    await lab.up({ signal, report: tell.progress });
    signal.throwIfAborted();
    await service.listen(commandSocket(name));
    signal.throwIfAborted();
  } catch (error) {
    service.close();
    const left = await whatIsLeft(lab);
    // A driver that was interrupted throws the interrupt, or what it could not undo.
    const isLeftToo = signal.aborted && error instanceof ProblemError;
    throw isLeftToo ? new FailedUp([], [...error.problems, ...left]) : new FailedUp(problemsOf(error), left);
  }
  tell.up(() => void down().then(() => finished(undefined)));
  const reason = await end;
  service.close();
  if (reason === undefined) return;
  const left = await whatIsLeft(lab);
  leaveOnlyRecord({ ...record, endedBecause: [reason, ...left.map(describeProblem)].join('; ') });
}

/** A lab that did not come up: why, and what of it could not be cleaned up. */
class FailedUp extends ProblemError {
  readonly left: readonly Problem[];

  constructor(problems: readonly Problem[], left: readonly Problem[]) {
    super(problems);
    this.left = left;
  }
}

/** Ends the lab in any case, and returns what could not be cleaned up. */
async function whatIsLeft(lab: Lab): Promise<readonly Problem[]> {
  try {
    await lab.down();
    return [];
  } catch (error) {
    return problemsOf(error);
  }
}
