import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { expect, inject, vi } from 'vitest';
import { AS_NOBODY, NOBODY } from './ordinary-user.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const CLI = join(ROOT, 'dist/labctl.cjs');

export interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number | undefined;
}

/**
 * labctl as somebody types it, with a folder for running labs and a working folder of its own, so that tests run side
 * by side and each can see what is left of its labs.
 */
export class Labctl {
  /** Short: Unix sockets go there. */
  readonly folder: string;
  readonly runFolder: string;
  readonly #prefix: readonly string[];
  readonly #program: string;
  readonly #interfacesBefore: Promise<readonly string[]>;
  readonly #variables: Readonly<Record<string, string>>;

  /**
   * @param user `root` only where the tests run as root
   * @param variables for its environment; the controller is the embedded one unless they say otherwise
   */
  constructor(user: 'as we are' | 'ordinary' = 'as we are', variables: Readonly<Record<string, string>> = {}) {
    this.#variables = { LABCTL_CONTROLLER: 'embedded', ...variables };
    this.folder = mkdtempSync('/tmp/lt-');
    this.runFolder = join(this.folder, 'r');
    const changes = user === 'ordinary' && userInfo().uid === 0;
    if (changes) chownSync(this.folder, NOBODY, NOBODY);
    this.#prefix = changes ? AS_NOBODY : [];
    this.#program = changes ? inject('programForOrdinaryUser') : CLI;
    this.#interfacesBefore = interfaceNames();
  }

  /** Puts a file into the working folder and returns its name. */
  file(name: string, text: string): string {
    writeFileSync(join(this.folder, name), text);
    chmodSync(join(this.folder, name), 0o644);
    return name;
  }

  async run(...args: readonly string[]): Promise<Outcome> {
    const [file = '', ...rest] = this.#command(args);
    const result = await execa(file, rest, { cwd: this.folder, env: this.env, reject: false, stdin: 'ignore' });
    return { stdout: result.stdout, stderr: result.stderr, exitCode: result.exitCode };
  }

  /** Runs a command that has to succeed, and returns its stdout. */
  async ok(...args: readonly string[]): Promise<string> {
    const outcome = await this.run(...args);
    expect(outcome, `labctl ${args.join(' ')}\n${outcome.stdout}\n${outcome.stderr}`).toMatchObject({ exitCode: 0 });
    return outcome.stdout;
  }

  /** Starts a command and does not wait for it. */
  start(...args: readonly string[]): ChildProcess {
    const [file = '', ...rest] = this.#command(args);
    return spawn(file, rest, { cwd: this.folder, env: this.env, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  /** The command line that runs labctl, for a shell or a terminal. */
  commandLine(...args: readonly string[]): string {
    return this.#command(args).join(' ');
  }

  get env(): NodeJS.ProcessEnv {
    const { PATH } = process.env;
    return { PATH, HOME: this.folder, LABCTL_RUN_DIR: this.runFolder, NO_COLOR: '1', ...this.#variables };
  }

  #command(args: readonly string[]): string[] {
    return [...this.#prefix, process.execPath, this.#program, ...args];
  }

  /** Processes of the labs in this run folder, as root or as their user sees them: pid and command line. */
  processes(): readonly { readonly pid: number; readonly command: string; readonly name: string }[] {
    const ofSandbox = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => [environOf(pid), commandOf(pid)].some((text) => text.includes(this.runFolder)));
    return ofSandbox
      .filter((pid) => pid !== process.pid)
      .map((pid) => ({ pid, command: commandOf(pid), name: nameOf(pid) }));
  }

  /** Fails unless nothing is left of any lab: no process, no namespace, no interface, no file. */
  async expectNothingLeft(): Promise<void> {
    // Not with `expect.poll`, which cannot be used so in tests that run side by side.
    const soon = { timeout: 10_000, interval: 50 };
    await vi.waitFor(() => expect(this.processes()).toEqual([]), soon);
    await vi.waitFor(() => expect(existsSync(this.runFolder) ? readdirSync(this.runFolder) : []).toEqual([]), soon);
    // Other tests' labs have their interfaces in namespaces of their own, so that the machine's never change.
    expect(await interfaceNames()).toEqual(await this.#interfacesBefore);
  }

  /** Ends what a failed test left, and removes the folders. */
  async clean(): Promise<void> {
    if (existsSync(this.runFolder) && readdirSync(this.runFolder).length > 0) await this.run('down', '--all');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** The network namespaces that processes of this machine are in, as the kernel names them. */
export function networkNamespaces(): ReadonlySet<string> {
  const names = readdirSync('/proc').flatMap((pid) => {
    try {
      return /^\d+$/.test(pid) ? [readlinkSync(`/proc/${pid}/ns/net`)] : [];
    } catch {
      return [];
    }
  });
  return new Set(names);
}

async function interfaceNames(): Promise<readonly string[]> {
  const { stdout } = await execa('ip', ['-json', 'link']);
  return (JSON.parse(stdout) as { ifname: string }[]).map(({ ifname }) => ifname).sort();
}

function environOf(pid: number): string {
  return readProc(pid, 'environ');
}

function commandOf(pid: number): string {
  return readProc(pid, 'cmdline').replaceAll('\0', ' ').trim();
}

function nameOf(pid: number): string {
  return readProc(pid, 'comm').trim();
}

function readProc(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** A small spec, for tests whose subject is not the topology. */
export function smallSpec(name: string, more = ''): string {
  return `version: 1
name: ${name}
hosts: [h1, h2, h3]
switches: [s1, s2]
links: [[h1, s1], [h2, s2], [h3, s2], [s1, s2]]
${more}`;
}

/** S10H10 as the tutorial has it, under another name and with what a test adds. */
export function s10h10Spec(name: string, replace: (text: string) => string = (text) => text): string {
  const text = readFileSync(join(ROOT, 'topologies/s10h10.yaml'), 'utf8');
  return replace(text.replace('name: s10h10', `name: ${name}`));
}

/** A ring of switches, `hN` on `sN` port 1, then the next switch, and the one before; the last link joins s1 again. */
export function ringSpec(name: string, size: number, more = ''): string {
  const numbers = Array.from({ length: size }, (_, index) => index + 1);
  const links = [...numbers.map((n) => `[h${n}, s${n}]`), ...numbers.map((n) => `[s${n}, s${(n % size) + 1}]`)];
  return `version: 1
name: ${name}
hosts: [${numbers.map((n) => `h${n}`).join(', ')}]
switches: [${numbers.map((n) => `s${n}`).join(', ')}]
links: [${links.join(', ')}]
${more}`;
}
