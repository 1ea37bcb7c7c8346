import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Conversation } from './conversation.ts';
import { INSIDE } from './inside.ts';
import { SANDBOX_PATH } from './machine.ts';
import type { Answer, Input, Progress, RequestName } from './messages.ts';
import { endNamespaces, firstProcessOf, spawnInNamespaces } from './namespaces.ts';

/** How much is kept of what the processes print before they have a log of their own, in characters. */
const MOST_WORDS = 4_000;

/**
 * `resident.py` as the first process of namespaces of its own. It is started at once, loads Mininet, and waits for
 * requests. When it ends, the kernel ends everything in the namespaces and removes every interface. It ends when this
 * process does, however that ends.
 */
export class Resident {
  /** Resolves when it ended without being asked to, with the reason. */
  readonly died: Promise<string>;
  /** What was printed before the sandbox had a log of its own, e.g. why namespaces could not be made. */
  words = '';
  readonly #child: ChildProcess;
  readonly #stream: Duplex;
  readonly #conversation: Promise<Conversation>;
  readonly #exited: Promise<void>;
  #stopping = false;

  constructor() {
    this.#child = spawnInNamespaces(join(INSIDE, 'resident.py'), {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      env: {
        PATH: SANDBOX_PATH,
        LANG: 'C.UTF-8',
        HOME: process.env['HOME'] ?? '/',
        TERM: process.env['TERM'] ?? 'dumb',
        PYTHONDONTWRITEBYTECODE: '1',
        // `ps e` shows it: one person's labs can be told from another's.
        ...pick('LABCTL_RUN_DIR'),
      },
    });
    this.#stream = this.#child.stdio[3] as Duplex;
    this.#stream.on('error', () => {}); // its end is reported below
    // Loaded only now: the process above starts sooner.
    this.#conversation = import('./conversation.ts').then((module) => new module.Conversation(this.#stream));
    let reportDeath: (reason: string) => void = () => {};
    this.died = new Promise((resolve) => {
      reportDeath = resolve;
    });
    this.#exited = new Promise((resolve) => {
      const end = async (reason: string) => {
        const why = (await this.#conversation).end(reason);
        if (!this.#stopping) reportDeath(why);
        resolve();
      };
      this.#child.once('error', (error) => end(error.message));
      this.#child.once('close', (code, signal) =>
        end(
          signal === null && code === 0
            ? 'the sandbox ended'
            : `a process of the sandbox was killed (${signal ?? `exit code ${code}`})`,
        ),
      );
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.words = (this.words + text).slice(-MOST_WORDS);
    });
  }

  /** See `Conversation.request`. */
  async request<N extends RequestName>(
    name: N,
    input: Input<N>,
    signal: AbortSignal,
    onProgress?: (progress: Progress<N>) => void,
  ): Promise<Answer<N>> {
    return (await this.#conversation).request(name, input, signal, onProgress);
  }

  /** Its process id outside of its namespaces; undefined when it has ended. */
  get pid(): number | undefined {
    return firstProcessOf(this.#child);
  }

  /** Ends it and everything in its namespaces. Safe to call at any time, and twice. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#stream.destroy();
    endNamespaces(this.#child);
    await this.#exited;
  }
}

function pick(variable: string): Record<string, string> {
  const value = process.env[variable];
  return value === undefined ? {} : { [variable]: value };
}
