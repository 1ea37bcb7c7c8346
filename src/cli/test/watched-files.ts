import { createHash } from 'node:crypto';
import { type FSWatcher, readdirSync, readFileSync, realpathSync, statSync, watch } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentProblem, ProblemError } from '../../model/problem.ts';

/** How long nothing must have happened: editors save a file in several steps. */
const QUIET_MS = 50;

/**
 * Watches files, and folders of specs, for saves. The folders of the files are watched, as editors put a new file in the
 * place of the old one. Contents are compared, as not every event is a change.
 */
export class WatchedFiles {
  readonly #contents = new Map<string, string>();
  readonly #watchers = new Map<string, FSWatcher>();
  #events = 0;
  #wake = () => {};

  /** From now on the files are compared with what they hold now. */
  remember(): void {
    for (const path of this.#contents.keys()) this.#contents.set(path, contentOf(path));
  }

  /**
   * Watches these too. Earlier ones stay: a file that is being replaced is missing for a moment.
   * @param paths absolute
   * @returns whether one of them is new
   * @throws ProblemError when the system can watch no more files
   */
  follow(paths: Iterable<string>): boolean {
    let isNew = false;
    for (const path of paths) {
      if (this.#contents.has(path)) continue;
      isNew = true;
      for (const folder of foldersOf(path)) this.#watch(folder);
      this.#contents.set(path, contentOf(path));
    }
    return isNew;
  }

  /** Resolves with the files, from the working folder on, that have changed since `remember`, when that is over. */
  async saved(signal: AbortSignal): Promise<readonly string[]> {
    const onAbort = () => this.#wake();
    signal.addEventListener('abort', onAbort);
    try {
      for (;;) {
        signal.throwIfAborted();
        const event = new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        for (let before = -1; before !== this.#events; ) {
          before = this.#events;
          await sleep(QUIET_MS, undefined, { signal });
        }
        const changed = [...this.#contents].filter(([path, content]) => contentOf(path) !== content);
        if (changed.length > 0) return changed.map(([path]) => relative(process.cwd(), path) || '.');
        await event;
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(folder: string): void {
    if (this.#watchers.has(folder)) return;
    try {
      const watcher = watch(folder, () => {
        this.#events += 1;
        this.#wake();
      });
      // The folder was removed, and so what was in it has changed.
      watcher.on('error', () => {});
      this.#watchers.set(folder, watcher);
    } catch (error) {
      throw new ProblemError(
        environmentProblem({
          code: 'cannot-watch',
          where: { kind: 'file', file: folder },
          cause: `cannot be watched: ${(error as Error).message}`,
          remedy: 'leave --watch out; on Linux, fs.inotify.max_user_watches is how much may be watched',
        }),
        { cause: error },
      );
    }
  }
}

/** The folders to watch for a file: its own, and that of what it links to. */
function foldersOf(path: string): readonly string[] {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
  if (isFolder) return [path];
  try {
    return [dirname(path), dirname(realpathSync(path))];
  } catch {
    return [dirname(path)];
  }
}

/** A digest of a file, or of all specs in a folder; of what cannot be read, the error's code. */
function contentOf(path: string): string {
  try {
    if (!statSync(path).isDirectory()) return digest(readFileSync(path));
    const specs = readdirSync(path).filter((name) => /\.ya?ml$/i.test(name));
    return digest(specs.map((name) => `${name} ${contentOf(join(path, name))}\n`).join(''));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unreadable';
  }
}

function digest(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
