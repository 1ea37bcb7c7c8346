import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';
import { type Dpid, dpidDigits } from '../../model/addresses.ts';
import { environmentProblem, ProblemError } from '../../model/problem.ts';
import type { Topology } from '../../model/topology.ts';
import type { Command, DataPlane, ProbeProgress, ProbeResult } from '../data-plane.ts';
import { type Datapath, isRoot, MININET_PYTHON, NAMESPACE_REMEDY, SANDBOX_PATH } from './machine.ts';
import { renderMininet } from './render.ts';

/** The longest path that a Unix socket can have, in bytes (sun_path less its terminator). */
const LONGEST_SOCKET_PATH = 107;

export interface SandboxOptions {
  readonly topology: Topology;
  /** The key of Mininet's `topos` dictionary. */
  readonly topo: string;
  /** An existing folder for the sandbox's files and sockets, with a short path. */
  readonly folder: string;
  readonly datapath: Datapath;
}

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

/**
 * Real Mininet and a private Open vSwitch in namespaces of their own, as root or as an ordinary user. The namespaces'
 * first process is `resident.py`; when it ends, the kernel ends everything in them and removes every interface, and it
 * ends when this process does.
 */
export class MininetSandbox implements DataPlane {
  readonly died: Promise<string>;
  description = 'Mininet';
  readonly #options: SandboxOptions;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #conversation: Duplex | undefined;
  #shells: Readonly<Record<string, number>> = {};
  #stopping = false;
  #reportDeath: (reason: string) => void = () => {};

  constructor(options: SandboxOptions) {
    this.#options = options;
    this.died = new Promise((resolve) => {
      this.#reportDeath = resolve;
    });
  }

  async start(signal: AbortSignal, onStep: (step: string) => void): Promise<void> {
    const { topology, topo, folder, datapath } = this.#options;
    checkSocketPaths(topology, folder);
    writeFileSync(join(folder, 'topology.py'), renderMininet(topology, topo));
    this.#spawn();
    const started = (await this.#request('start', signal, (step) => onStep(String(step)))) as {
      readonly mininet: string;
      readonly openVSwitch: string;
      readonly shells: Record<string, number>;
    };
    this.#shells = started.shells;
    this.description = `Mininet ${started.mininet}, Open vSwitch ${started.openVSwitch}, ${datapath === 'user' ? 'userspace' : 'kernel'} datapath`;
  }

  async probeAll(signal: AbortSignal, onProgress: (progress: ProbeProgress) => void): Promise<readonly ProbeResult[]> {
    const answer = (await this.#request('probe', signal, (progress) => onProgress(progress as ProbeProgress))) as {
      readonly hosts: readonly string[];
      readonly rttMs: readonly (readonly (number | null)[])[];
      readonly probes: readonly (readonly number[])[];
    };
    return answer.hosts.flatMap((source, row) =>
      answer.hosts.flatMap((target, column) =>
        row === column
          ? []
          : [{ source, target, rttMs: answer.rttMs[row]?.[column] ?? null, probes: answer.probes[row]?.[column] ?? 0 }],
      ),
    );
  }

  async net(): Promise<readonly string[]> {
    return (await this.#request('net', new AbortController().signal)) as string[];
  }

  commandOn(host: string, argv: readonly string[]): Command {
    const shell = this.#shells[host];
    const init = this.#initPid();
    if (shell === undefined || init === undefined) throw new Error(`host ${host} has no shell in the sandbox`);
    const user = isRoot() ? [] : ['--user', '--preserve-credentials'];
    // mnexec, Mininet's own, goes from the sandbox on into the host's namespaces.
    return {
      file: 'nsenter',
      args: ['--target', `${init}`, ...user, '--mount', '--net', '--pid', '--', 'mnexec', '-a', `${shell}`, ...argv],
    };
  }

  /** The Unix socket through which `ovs-ofctl` reaches a switch, from outside the namespaces too. */
  managementSocket(dpid: Dpid): string {
    const name = this.#options.topology.switchWithDpid(dpid)?.name;
    if (name === undefined) throw new Error(`no switch has the DPID ${dpidDigits(dpid)}`);
    return managementSocketIn(this.#options.folder, name);
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#conversation?.destroy();
    const init = this.#initPid();
    // The first process's end is complete only when every other process of the namespace is gone, and unshare waits
    // for it: after its exit nothing is left.
    if (init !== undefined) kill(init);
    else if (this.#child?.pid !== undefined) kill(this.#child.pid);
    await this.#exited;
  }

  #spawn(): void {
    const { topo, folder, datapath } = this.#options;
    const log = openSync(join(folder, 'sandbox.log'), 'a', 0o600);
    const user = isRoot() ? [] : ['--user', '--map-root-user'];
    const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
    const resident = join(import.meta.dirname, 'resident.py');
    // node:child_process and not execa: the conversation needs a socket pair, which execa wraps as a one-way stream.
    const child = spawn(
      'setpriv',
      // The sandbox dies with this process, however it dies.
      [
        '--pdeathsig',
        'KILL',
        '--',
        'unshare',
        ...user,
        ...namespaces,
        MININET_PYTHON,
        resident,
        folder,
        topo,
        datapath,
      ],
      {
        stdio: ['ignore', log, log, 'pipe'],
        env: {
          PATH: SANDBOX_PATH,
          LANG: 'C.UTF-8',
          HOME: process.env['HOME'] ?? '/',
          TERM: process.env['TERM'] ?? 'dumb',
          OVS_RUNDIR: folder,
          OVS_DBDIR: folder,
          OVS_LOGDIR: folder,
          PYTHONDONTWRITEBYTECODE: '1',
        },
      },
    );
    closeSync(log);
    this.#child = child;
    this.#exited = new Promise((resolve) => {
      const ended = (reason: string) => {
        for (const { reject } of this.#waiting.values()) reject(this.#failure(reason));
        this.#waiting.clear();
        if (!this.#stopping) this.#reportDeath(reason);
        resolve();
      };
      child.once('error', (error) => ended(error.message));
      child.once('exit', (code, signalName) => ended(this.#lastWords ?? `the sandbox ended (${signalName ?? code})`));
    });
    const conversation = child.stdio[3] as Duplex;
    conversation.on('error', () => {}); // the exit tells more
    this.#conversation = conversation;
    createInterface({ input: conversation }).on('line', (line) => this.#hear(JSON.parse(line) as Answer));
  }

  #lastWords: string | undefined;

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
      if ('error' in answer) waiting.reject(this.#failure(answer.error));
      else waiting.resolve(answer.result);
    }
  }

  async #request(
    action: string,
    signal: AbortSignal,
    onProgress: (progress: unknown) => void = () => {},
  ): Promise<unknown> {
    signal.throwIfAborted();
    const id = this.#nextId++;
    const cancel = () => {
      this.#conversation?.write(`${JSON.stringify({ do: 'cancel', of: id })}\n`);
      this.#waiting.get(id)?.reject(signal.reason);
      this.#waiting.delete(id);
    };
    signal.addEventListener('abort', cancel, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        if (this.#child === undefined || this.#child.exitCode !== null) {
          reject(this.#failure('the sandbox is not running'));
          return;
        }
        this.#waiting.set(id, { resolve, reject, onProgress });
        this.#conversation?.write(`${JSON.stringify({ id, do: action })}\n`);
      });
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  /** The process id, outside, of the namespaces' first process. */
  #initPid(): number | undefined {
    const pid = this.#child?.pid;
    if (pid === undefined || this.#child?.exitCode !== null || this.#child.signalCode !== null) return undefined;
    try {
      const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
      return first === undefined || first === '' ? undefined : Number(first);
    } catch {
      return undefined;
    }
  }

  /** The sentence for a failure of the sandbox; its log is in the problem, as the folder goes with the lab. */
  #failure(reason: string): ProblemError {
    const log = this.#logTail();
    const remedy = remedyFor(`${reason}\n${log}`);
    return new ProblemError(
      environmentProblem({
        code: 'sandbox-failed',
        where: 'sandbox',
        cause: [`the lab's network could not be run: ${reason}`, ...(log === '' ? [] : [log])].join('\n    '),
        remedy: remedy ?? '`labctl doctor` checks this machine',
      }),
    );
  }

  #logTail(): string {
    try {
      const lines = readFileSync(join(this.#options.folder, 'sandbox.log'), 'utf8').trim().split('\n');
      return lines.slice(-8).join('\n    ').trim();
    } catch {
      return '';
    }
  }
}

/** What to do about failures whose cause is known by their words. */
function remedyFor(text: string): string | undefined {
  if (/unshare: (?:unshare failed|cannot|write failed)/.test(text)) return NAMESPACE_REMEDY;
  if (/No module named 'mininet'/.test(text)) return 'install Mininet: sudo apt-get install mininet';
  if (/ENOENT|No such file or directory: '?ovs/.test(text)) {
    return 'install what is missing: sudo apt-get install mininet openvswitch-switch iproute2 util-linux';
  }
  if (/tap|\/dev\/net\/tun/.test(text)) return 'let everyone use tap devices: sudo chmod 0666 /dev/net/tun';
  return undefined;
}

function managementSocketIn(folder: string, switchName: string): string {
  return join(folder, `${switchName}.mgmt`);
}

/** @throws ProblemError when a socket of the lab would have a longer path than Linux allows */
function checkSocketPaths(topology: Topology, folder: string): void {
  const longest = topology.switches
    .map((node) => managementSocketIn(folder, node.name))
    .reduce((a, b) => (b.length > a.length ? b : a), '');
  if (Buffer.byteLength(longest) <= LONGEST_SOCKET_PATH) return;
  throw new ProblemError(
    environmentProblem({
      code: 'long-socket-path',
      where: longest,
      cause: `a Unix socket's path has at most ${LONGEST_SOCKET_PATH} bytes, and this one has ${Buffer.byteLength(longest)}`,
      remedy: 'set LABCTL_RUN_DIR to a folder with a shorter path, or give the lab a shorter name with --lab',
    }),
  );
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
