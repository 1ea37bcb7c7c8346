import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { INSIDE } from './inside.ts';
import { SANDBOX_PATH } from './machine.ts';
import { endNamespaces, firstProcessOf, spawnInNamespaces } from './namespaces.ts';

type Answer =
  | { readonly id: number; readonly progress: unknown }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly died: string };

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: (progress: unknown) => void;
}

/** As much of what the processes print before they have a log of their own, in characters. */
const MOST_WORDS = 4_000;

/**
 * `resident.py` as the first process of namespaces of its own, started at once: it loads Mininet while whoever made it
 * does other things, and waits for requests. When it ends, the kernel ends everything in the namespaces and removes
 * every interface; it ends when this process does, however that ends.
 */
export class Resident {
  /** Resolves when it ended without being asked to, with the reason. */
  readonly died: Promise<string>;
  /** What was printed before the sandbox had a log of its own, such as why namespaces could not be made. */
  words = '';
  readonly #child: ChildProcess;
  readonly #conversation: Duplex;
  readonly #exited: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  #ended: string | undefined;
  #lastWords: string | undefined;
  #stopping = false;
  #nextId = 1;

  constructor() {
    this.#child = spawnInNamespaces(join(INSIDE, 'resident.py'), {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      env: {
        PATH: SANDBOX_PATH,
        LANG: 'C.UTF-8',
        HOME: process.env['HOME'] ?? '/',
        TERM: process.env['TERM'] ?? 'dumb',
        PYTHONDONTWRITEBYTECODE: '1',
        // By it, `ps e` tells the processes of one person's labs from others'.
        ...pick('LABCTL_RUN_DIR'),
      },
    });
    let reportDeath: (reason: string) => void = () => {};
    this.died = new Promise((resolve) => {
      reportDeath = resolve;
    });
    this.#exited = new Promise((resolve) => {
      const end = (reason: string) => {
        this.#ended = reason;
        for (const { reject } of this.#waiting.values()) reject(new Error(reason));
        this.#waiting.clear();
        if (!this.#stopping) reportDeath(reason);
        resolve();
      };
      this.#child.once('error', (error) => end(error.message));
      this.#child.once('close', (code, signal) =>
        end(
          this.#lastWords ??
            (signal === null && code === 0
              ? 'the sandbox ended'
              : `a process of the sandbox was killed (${signal ?? `exit code ${code}`})`),
        ),
      );
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.words = (this.words + text).slice(-MOST_WORDS);
    });
    this.#conversation = this.#child.stdio[3] as Duplex;
    this.#conversation.on('error', () => {}); // the exit tells more
    createInterface({ input: this.#conversation }).on('line', (line) => this.#hear(JSON.parse(line) as Answer));
  }

  /**
   * Has it do something.
   * @throws Error with its reason, or the signal's reason when that is aborted first
   */
  async request(
    action: string,
    input: Readonly<Record<string, unknown>>,
    signal: AbortSignal,
    onProgress: (progress: unknown) => void = () => {},
  ): Promise<unknown> {
    signal.throwIfAborted();
    if (this.#ended !== undefined) throw new Error(this.#ended);
    const id = this.#nextId++;
    const cancel = () => {
      this.#say({ do: 'cancel', of: id });
      this.#waiting.get(id)?.reject(signal.reason);
      this.#waiting.delete(id);
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(id, { resolve, reject, onProgress });
        this.#say({ id, do: action, ...input });
      });
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /** Its process id outside of its namespaces; undefined when it has ended. */
  get pid(): number | undefined {
    return this.#ended === undefined ? firstProcessOf(this.#child) : undefined;
  }

  /** Ends it and everything in its namespaces. Safe to call at any time, and twice. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#conversation.destroy();
    endNamespaces(this.#child);
    await this.#exited;
  }

  #say(message: Readonly<Record<string, unknown>>): void {
    this.#conversation.write(`${JSON.stringify(message)}\n`);
  }

  #hear(answer: Answer): void {
    if ('died' in answer) {
      this.#lastWords = answer.died;
      return;
    }
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    if ('progress' in answer) waiting.onProgress(answer.progress);
    else {
      this.#waiting.delete(answer.id);
      if ('error' in answer) waiting.reject(new Error(answer.error));
      else waiting.resolve(answer.result);
    }
  }
}

function pick(variable: string): Record<string, string> {
  const value = process.env[variable];
  return value === undefined ? {} : { [variable]: value };
}
