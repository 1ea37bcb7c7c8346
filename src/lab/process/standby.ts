import { type ChildProcess, fork } from 'node:child_process';
import type { ControllerOrder } from '../../drivers/controllers.ts';
import type { DataPlaneKind } from '../../drivers/data-plane.ts';
import { environmentProblem, type Problem, ProblemError } from '../../model/problem.ts';
import type { LabProgress } from '../running.ts';
import { clearRemains, makeLabFolder } from './run-folder.ts';

/** What a lab's process is told when it starts. */
export interface LabOrder {
  readonly name: string;
  /** As it was given, for people. */
  readonly specFile: string;
  /** The same, absolute. */
  readonly specPath: string;
  readonly specText: string;
  readonly controller: ControllerOrder;
  readonly dataPlane: DataPlaneKind;
  readonly datapath?: 'kernel' | 'user';
  /** It makes its folder itself, and ends with the process that started it. */
  readonly isTemporary?: boolean;
}

/** What a lab's process says while it comes up. */
export type Announcement =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly progress: LabProgress }
  | { readonly kind: 'up' }
  /** `left` is what could not be cleaned up. */
  | { readonly kind: 'failed'; readonly problems: readonly Problem[]; readonly left: readonly Problem[] };

/**
 * A lab's process that has been started and waits for its order. To start it takes as long as to read a spec, so that
 * both are done at once; a process that gets no order, or whose starter dies, ends by itself.
 */
export class StandbyLab {
  readonly #child: ChildProcess;
  readonly #ready: Promise<void>;
  readonly #exited: Promise<void>;
  #isOrdered = false;

  /** @param program the module that calls `runLabProcess` */
  constructor(program: string) {
    // Nothing of it is shared with its starter's terminal; its working folder keeps no file system busy.
    this.#child = fork(program, [], {
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      execArgv: [],
      cwd: '/',
    });
    this.#ready = new Promise((resolve) => {
      this.#child.once('message', () => resolve());
    });
    this.#exited = new Promise((resolve) => {
      this.#child.once('exit', () => resolve());
      this.#child.once('error', () => resolve());
    });
  }

  /** Ends it, unless it has become a lab; resolves when it has ended. */
  async dismiss(): Promise<void> {
    if (this.#isOrdered) return;
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  /**
   * Gives it its order, and resolves when the lab is up. Aborting the signal, or the death of this process, has it undo
   * what it did so far; the promise is settled only when it has. Hold the lab's lock, unless the lab is temporary: such a
   * lab has a name that no other has, and also ends when this process dies later.
   * @throws ProblemError when the lab could not come up, or was interrupted and something of it could not be cleaned up,
   * which comes last; else nothing of it is left then
   */
  async launch(
    order: LabOrder,
    options: { readonly signal: AbortSignal; readonly onProgress: (progress: LabProgress) => void },
  ): Promise<void> {
    // Without a folder there is no order, and it is still to be dismissed.
    if (!order.isTemporary) makeLabFolder(order.name);
    this.#isOrdered = true;
    await Promise.race([this.#ready, this.#exited]);
    // It undoes what it did, and ends, even if it has come up just now.
    const interrupt = () => void this.#child.kill('SIGTERM');
    options.signal.addEventListener('abort', interrupt, { once: true });
    const outcome = await new Promise<Announcement | undefined>((resolve) => {
      let failure: Announcement | undefined;
      this.#child.on('message', (message) => {
        const announcement = message as Announcement;
        if (announcement.kind === 'progress') options.onProgress(announcement.progress);
        else if (announcement.kind === 'up') resolve(announcement);
        else failure = announcement;
      });
      void this.#exited.then(() => resolve(failure));
      if (options.signal.aborted) interrupt();
      else if (this.#child.connected) this.#child.send(order);
    });
    options.signal.removeEventListener('abort', interrupt);
    if (outcome?.kind === 'up' && !options.signal.aborted) {
      if (order.isTemporary) return;
      if (this.#child.connected) this.#child.disconnect();
      this.#child.unref();
      return;
    }
    await this.#exited;
    clearRemains(order.name);
    const left = outcome?.kind === 'failed' ? outcome.left : [];
    if (options.signal.aborted && left.length > 0) throw new ProblemError(left);
    options.signal.throwIfAborted();
    throw new ProblemError(
      outcome?.kind === 'failed'
        ? [...outcome.problems, ...left]
        : environmentProblem({
            code: 'lab-process-died',
            where: `lab ${order.name}`,
            cause: "the lab's process died while it came up",
            remedy: '`labctl doctor` checks this machine',
          }),
    );
  }
}
