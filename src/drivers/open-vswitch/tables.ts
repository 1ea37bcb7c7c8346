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

/** ovs-ofctl processes at once, over all switches: more are no faster on a few cores. */
const PROCESSES_AT_ONCE = 8;
const TIMEOUT_SECONDS = 10;

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
    await this.#ofctl(dpid, ['bundle', this.#target(dpid), '-'], `${changes.map(formatChange).join('\n')}\n`);
  }

  async flows(dpid: Dpid): Promise<readonly InstalledFlow[]> {
    const text = await this.#ofctl(dpid, ['dump-flows', this.#target(dpid)]);
    return this.#read(dpid, text, 'cookie=', parseFlow);
  }

  async groups(dpid: Dpid): Promise<readonly Group[]> {
    const text = await this.#ofctl(dpid, ['dump-groups', this.#target(dpid)]);
    return this.#read(dpid, text, 'group_id=', parseGroup);
  }

  async ports(dpid: Dpid): Promise<readonly PortDescription[]> {
    return this.#dump(dpid, 'dump-ports-desc', parsePorts);
  }

  async portCounters(dpid: Dpid): Promise<readonly PortCounters[]> {
    return this.#dump(dpid, 'dump-ports', parsePortCounters);
  }

  async description(dpid: Dpid): Promise<SwitchDescription> {
    return this.#dump(dpid, 'dump-desc', parseDescription);
  }

  async #dump<T>(dpid: Dpid, command: string, parse: (text: string) => T | undefined): Promise<T> {
    const text = await this.#ofctl(dpid, [command, this.#target(dpid)]);
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

  #target(dpid: Dpid): string {
    return `unix:${this.#socketOf(dpid)}`;
  }

  async #ofctl(dpid: Dpid, args: readonly string[], input = ''): Promise<string> {
    await this.#slot();
    try {
      // With names it first asks the switch for those of its ports and tables: 24 ms in place of 5.
      const options = ['-O', 'OpenFlow13', '--no-names', `--timeout=${TIMEOUT_SECONDS}`];
      const { execa } = await this.#loading;
      const result = await execa('ovs-ofctl', [...options, ...args], {
        input,
        env: this.#environment,
        stripFinalNewline: true,
        // For the case that its own timeout does not end it.
        timeout: (TIMEOUT_SECONDS + 2) * 1000,
      });
      return result.stdout;
    } catch (error) {
      throw ofctlProblem(dpid, error as ExecaError);
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
