import type { ExecaError } from 'execa';
import type { Dpid } from '../../model/addresses.ts';
import type { Flow, Group, InstalledFlow } from '../../model/openflow.ts';
import { environmentProblem, ProblemError } from '../../model/problem.ts';
import type { Where } from '../../model/where.ts';
import { isStaticEntryCookie } from '../pusher/wire.ts';
import type { PortCounters, PortDescription, SwitchDescription, SwitchTables, TableChange } from '../switch-tables.ts';
import { parseDescription, parsePortCounters, parsePorts } from './ofctl-statistics.ts';
import { formatFlow, formatFlowKey, formatGroup, parseFlow, parseGroup } from './ofctl-text.ts';
import { switchRefusal } from './switch-refusal.ts';

/** Processes at once, over all switches: more are no faster on a few cores. */
const PROCESSES_AT_ONCE = 8;
/** Requests that one shell carries out, one after another. */
const MOST_REQUESTS = 12;
/** The kernel's limit is 128 KiB (MAX_ARG_STRLEN). */
const LONGEST_ARGUMENT = 32_000;
const TIMEOUT_SECONDS = 10;

/** With names it first asks the switch for those of its ports and tables: 24 ms in place of 5. */
const OFCTL_OPTIONS = ['-O', 'OpenFlow13', '--no-names', `--timeout=${TIMEOUT_SECONDS}`];
/** A line that ovs-ofctl never prints, with its exit code. */
const END_OF_REQUEST = /^== end of request (\d+)$\n?/m;
/** Its arguments are those of requests: a command, its target, and its input, where it has one. */
const SCRIPT = `
ofctl() { ovs-ofctl ${OFCTL_OPTIONS.join(' ')} "$@" 2>/dev/null; }
while [ $# -gt 0 ]; do
  if [ -n "$3" ]; then printf %s "$3" | ofctl "$1" "$2" -; else ofctl "$1" "$2"; fi
  echo "== end of request $?"
  shift 3
done`;

/** One run of ovs-ofctl. Where it fails it has changed nothing. */
interface Request {
  readonly dpid: Dpid;
  readonly command: string;
  /** Empty for none. */
  readonly input: string;
}

interface Waiting extends Request {
  readonly resolve: (text: string) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The tables of Open vSwitch bridges, programmed with its own `ovs-ofctl` over OpenFlow 1.3 through their management
 * sockets, one atomic bundle for each `apply`. Everything that reaches `ovs-ofctl` is written from typed values.
 */
export class OpenVSwitchTables implements SwitchTables {
  readonly #socketOf: (dpid: Dpid) => string;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  /** Loads while the switches are built, and not before. */
  readonly #loading = import('execa');
  #running = 0;
  readonly #waiting: (() => void)[] = [];
  /** Of this turn of the event loop. */
  #requests: Waiting[] = [];

  /**
   * @param socketOf the path of a bridge's management socket, `NAME.mgmt` in the run folder of its ovs-vswitchd
   * @param environment further variables for `ovs-ofctl`
   */
  constructor(socketOf: (dpid: Dpid) => string, environment: Readonly<Record<string, string | undefined>> = {}) {
    this.#socketOf = socketOf;
    this.#environment = environment;
  }

  async apply(dpid: Dpid, changes: readonly TableChange[]): Promise<void> {
    if (changes.length === 0) return;
    const text = `${changes.map(formatChange).join('\n')}\n`;
    if (text.length <= LONGEST_ARGUMENT) await this.#soon({ dpid, command: 'bundle', input: text });
    else await this.#ofctl({ dpid, command: 'bundle', input: text });
  }

  async flows(dpid: Dpid): Promise<readonly InstalledFlow[]> {
    return this.#read(dpid, await this.#soon({ dpid, command: 'dump-flows', input: '' }), 'cookie=', parseFlow);
  }

  async groups(dpid: Dpid): Promise<readonly Group[]> {
    return this.#read(dpid, await this.#soon({ dpid, command: 'dump-groups', input: '' }), 'group_id=', parseGroup);
  }

  async ports(dpid: Dpid): Promise<readonly PortDescription[]> {
    return this.#statistics(dpid, 'dump-ports-desc', parsePorts);
  }

  async portCounters(dpid: Dpid): Promise<readonly PortCounters[]> {
    return this.#statistics(dpid, 'dump-ports', parsePortCounters);
  }

  async description(dpid: Dpid): Promise<SwitchDescription> {
    return this.#statistics(dpid, 'dump-desc', parseDescription);
  }

  async #statistics<T>(dpid: Dpid, command: string, parse: (text: string) => T | undefined): Promise<T> {
    const text = await this.#soon({ dpid, command, input: '' });
    const value = parse(text);
    if (value !== undefined) return value;
    throw new ProblemError(
      environmentProblem({
        code: 'unreadable-statistics',
        where: { kind: 'switch', switch: dpid },
        cause: `labctl cannot read what ovs-ofctl ${command} prints`,
        offending: text.slice(0, 300),
        remedy: 'labctl is made for what Open vSwitch 3.1 prints: see ovs-ofctl --version',
      }),
    );
  }

  #read<T>(dpid: Dpid, text: string, start: string, parse: (line: string) => T | undefined): readonly T[] {
    const lines = text.split('\n').map((line) => line.trim());
    return lines
      .filter((line) => line.startsWith(start))
      .map((line) => {
        const value = parse(line);
        if (value !== undefined) return value;
        throw new ProblemError(
          environmentProblem({
            code: 'unreadable-flow',
            where: { kind: 'switch', switch: dpid },
            cause: 'the switch holds something that labctl did not put there and cannot read',
            offending: line,
            remedy: 'Remove it from the switch, e.g. with ovs-ofctl',
          }),
        );
      });
  }

  /** What `ovs-ofctl` prints, with others for which it is wanted in the same turn of the event loop. */
  #soon(request: Request): Promise<string> {
    if (this.#requests.length === 0) setImmediate(() => this.#beginRequests());
    return new Promise((resolve, reject) => this.#requests.push({ ...request, resolve, reject }));
  }

  /** To start a process takes one of our size several milliseconds, in which it does nothing else: a shell starts many. */
  #beginRequests(): void {
    const requests = this.#requests;
    this.#requests = [];
    const chunks = Math.min(Math.max(Math.ceil(requests.length / MOST_REQUESTS), 2), requests.length);
    for (let chunk = 0; chunk < chunks; chunk += 1) {
      const part = requests.filter((_, index) => index % chunks === chunk);
      this.#doRequests(part).catch((error: unknown) => {
        for (const { reject } of part) reject(error);
      });
    }
  }

  async #doRequests(requests: readonly Waiting[]): Promise<void> {
    const args = requests.flatMap(({ dpid, command, input }) => [command, this.#target(dpid), input]);
    const printed = await this.#run('/bin/sh', ['-c', SCRIPT, 'sh', ...args], '', requests.length);
    const outcomes = printed.split(END_OF_REQUEST);
    for (const [index, { resolve, reject, ...request }] of requests.entries()) {
      // Done once more, one that failed says why: it has changed nothing.
      if (outcomes[2 * index + 1] === '0') resolve(outcomes[2 * index] ?? '');
      else this.#ofctl(request).then(resolve, reject);
    }
  }

  #target(dpid: Dpid): string {
    return `unix:${this.#socketOf(dpid)}`;
  }

  async #ofctl({ dpid, command, input }: Request): Promise<string> {
    try {
      const args = [command, this.#target(dpid), ...(input === '' ? [] : ['-'])];
      return await this.#run('ovs-ofctl', [...OFCTL_OPTIONS, ...args], input, 1);
    } catch (error) {
      throw ofctlProblem(dpid, error as ExecaError);
    }
  }

  /** Runs a program, when a slot is free. @param count of the runs of ovs-ofctl that it is or starts */
  async #run(program: string, args: readonly string[], input: string, count: number): Promise<string> {
    await this.#slot();
    try {
      const { execa } = await this.#loading;
      const result = await execa(program, args, {
        input,
        env: this.#environment,
        stripFinalNewline: true,
        // For the case that its own timeout does not end it.
        timeout: (TIMEOUT_SECONDS + 2) * count * 1000,
      });
      return result.stdout;
    } finally {
      // The slot goes to who has waited longest, never to a newcomer.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }

  async #slot(): Promise<void> {
    if (this.#running < PROCESSES_AT_ONCE) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

function formatChange(change: TableChange): string {
  switch (change.kind) {
    case 'add-flow':
      return `flow add ${formatAddedFlow(change.flow, change.cookie)}`;
    case 'delete-flow':
      return `flow delete_strict ${formatFlowKey(change.flow)}`;
    case 'add-group':
      return `group add ${formatGroup(change.group)}`;
    case 'modify-group':
      return `group modify ${formatGroup(change.group)}`;
    case 'delete-group':
      return `group delete group_id=${change.groupId}`;
  }
}

/** As Floodlight does, a static entry's flow reports its end, and one of forwarding does not. */
function formatAddedFlow(flow: Flow, cookie: bigint): string {
  return formatFlow(flow, { cookie, sendsFlowRemoved: isStaticEntryCookie(cookie) });
}

function ofctlProblem(dpid: Dpid, error: ExecaError): ProblemError {
  const where: Where = { kind: 'switch', switch: dpid };
  if (error.code === 'ENOENT') {
    return new ProblemError(
      environmentProblem({
        code: 'missing-program',
        where,
        cause: 'ovs-ofctl is not installed',
        remedy: 'Install Open vSwitch: the package openvswitch-switch on Debian and Ubuntu',
      }),
      { cause: error },
    );
  }
  const output = String(error.stderr ?? '');
  const refusal = [...output.matchAll(/\b(OFP[A-Z]+_[A-Z0-9_]+)\b/g)]
    .map(([, code = '']) => code)
    .find((code) => !code.startsWith('OFPT_') && code !== 'OFPBFC_MSG_FAILED');
  if (refusal !== undefined) return switchRefusal(dpid, refusal, { cause: error });
  // ovs-ofctl's own check of a line of the bundle: "ovs-ofctl: -:1: REASON".
  const [, lineMessage] = /^ovs-ofctl: -:\d+: (.*)$/m.exec(output) ?? [];
  const [, formatMessage] = /^ovs-ofctl: (none of the usable flow formats.*)$/m.exec(output) ?? [];
  const message = lineMessage ?? formatMessage;
  if (message !== undefined) {
    return new ProblemError(
      environmentProblem({ code: 'switch-refused', where, cause: `ovs-ofctl refused it: ${message}` }),
      {
        cause: error,
      },
    );
  }
  const [, detail = error.shortMessage] = /^ovs-ofctl: (.*)$/m.exec(output) ?? [];
  return new ProblemError(
    environmentProblem({
      code: 'switch-unreachable',
      where,
      cause: `the switch cannot be reached: ${detail}`,
      remedy: 'See whether the ovs-vswitchd of the lab still runs',
    }),
    { cause: error },
  );
}
