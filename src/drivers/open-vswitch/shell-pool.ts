import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';

/** Shells at once: on a few cores more are no faster. */
const MOST_SHELLS = 4;
/** Of an exit code with what is around it, in characters. */
const LONGEST_END = 8;

/** What a command printed, and how it ended: 127 where there is no such program. */
export interface Done {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

interface Command {
  readonly line: string;
  readonly timeoutMs: number;
  readonly resolve: (done: Done) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Shells that stay and run commands: to start a program takes a process of labctl's size 5 to 10 ms, in which it does
 * nothing else; a shell takes less than 1 ms. They end with this process, however it ends, and do not keep it running.
 */
export class ShellPool {
  readonly #environment: Readonly<Record<string, string | undefined>>;
  readonly #shells: Shell[] = [];

  /** @param environment further variables */
  constructor(environment: Readonly<Record<string, string | undefined>> = {}) {
    this.#environment = environment;
  }

  /**
   * Runs one command line, written with `quoted`; it has no input but what the line gives it.
   * @throws Error when it does not end in time, or the shell is killed
   */
  run(line: string, timeoutMs: number): Promise<Done> {
    return new Promise((resolve, reject) => this.#next().add({ line, timeoutMs, resolve, reject }));
  }

  /** Ends them; a program that one of them has started goes on to its own end. Safe to call twice. */
  async close(): Promise<void> {
    await Promise.all(this.#shells.splice(0).map((shell) => shell.close()));
  }

  /** The one with the least to do. */
  #next(): Shell {
    const shells = this.#shells.filter((each) => !each.hasEnded);
    this.#shells.splice(0, this.#shells.length, ...shells);
    const [least] = shells.sort((a, b) => a.pending - b.pending);
    if (least !== undefined && (least.pending === 0 || shells.length === MOST_SHELLS)) return least;
    const shell = new Shell(this.#environment);
    this.#shells.push(shell);
    return shell;
  }
}

/** A word of a command line, whatever is in it. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

class Shell {
  readonly #child: ChildProcess;
  readonly #closed: Promise<void>;
  /** Printed to both outputs after each command: no command prints it. */
  readonly #mark = `== ${randomUUID()}`;
  readonly #waiting: Command[] = [];
  #stdout = '';
  #stderr = '';
  #timer: NodeJS.Timeout | undefined;
  hasEnded = false;

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    this.#child = spawn('/bin/sh', [], { stdio: 'pipe', env: { ...process.env, ...environment } });
    const { stdin, stdout, stderr } = this.#child;
    stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      this.#look();
    });
    stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      this.#look();
    });
    // What has become of it, `close` tells.
    stdin?.on('error', () => {});
    this.#closed = new Promise((resolve) => {
      const end = (reason: string) => {
        this.#end(reason);
        resolve();
      };
      this.#child.once('error', (error) => end(error.message));
      this.#child.once('close', (code, signal) => end(`the shell ended (${signal ?? `exit code ${code}`})`));
    });
    this.#hold(false);
  }

  get pending(): number {
    return this.#waiting.length;
  }

  async close(): Promise<void> {
    this.#hold(true);
    this.#child.kill('SIGKILL');
    await this.#closed;
  }

  add(command: Command): void {
    this.#waiting.push(command);
    if (this.#waiting.length === 1) this.#begin(command);
  }

  #begin({ line, timeoutMs }: Command): void {
    this.#hold(true);
    this.#timer = setTimeout(() => {
      this.#end(`no answer within ${timeoutMs / 1000} s`);
      this.#child.kill('SIGKILL');
    }, timeoutMs);
    this.#child.stdin?.write(`{ ${line}\n} </dev/null; printf '\\n${this.#mark} %s\\n' $?; echo '${this.#mark}' >&2\n`);
  }

  /** Ends the command under way when both outputs end with the mark. */
  #look(): void {
    const [command] = this.#waiting;
    // Of the end alone: an output may be long, and comes in many parts.
    const last = this.#stdout.slice(-this.#mark.length - LONGEST_END);
    const [ending, exitCode] = new RegExp(`\\n${this.#mark} (\\d+)\\n$`).exec(last) ?? [];
    const errorEnding = `${this.#mark}\n`;
    if (command === undefined || ending === undefined || !this.#stderr.endsWith(errorEnding)) return;
    const done = {
      stdout: this.#stdout.slice(0, -ending.length),
      stderr: this.#stderr.slice(0, -errorEnding.length),
      exitCode: Number(exitCode),
    };
    this.#stdout = '';
    this.#stderr = '';
    clearTimeout(this.#timer);
    this.#waiting.shift();
    const [next] = this.#waiting;
    if (next === undefined) this.#hold(false);
    else this.#begin(next);
    command.resolve(done);
  }

  #end(reason: string): void {
    this.hasEnded = true;
    clearTimeout(this.#timer);
    for (const { reject } of this.#waiting.splice(0)) reject(new Error(reason));
  }

  /** Whether it keeps this process running: while it works. */
  #hold(isHeld: boolean): void {
    const { stdin, stdout, stderr } = this.#child;
    for (const each of [this.#child, stdin, stdout, stderr]) {
      const handle = each as { ref?(): void; unref?(): void } | null;
      if (isHeld) handle?.ref?.();
      else handle?.unref?.();
    }
  }
}
