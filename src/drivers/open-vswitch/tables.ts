import type { Dpid } from '../../model/addresses.ts';
import type { Flow, Group, InstalledFlow } from '../../model/openflow.ts';
import { environmentProblem, ProblemError } from '../../model/problem.ts';
import type { Where } from '../../model/where.ts';
import { isStaticEntryCookie } from '../pusher/wire.ts';
import type { PortCounters, PortDescription, SwitchDescription, SwitchTables, TableChange } from '../switch-tables.ts';
import { parseDescription, parsePortCounters, parsePorts } from './ofctl-statistics.ts';
import { formatFlow, formatFlowKey, formatGroup, parseFlow, parseGroup } from './ofctl-text.ts';
import { quoted, ShellPool } from './shell-pool.ts';
import { switchRefusal } from './switch-refusal.ts';

const TIMEOUT_SECONDS = 10;
/** For the case that its own timeout does not end it. */
const PATIENCE_MS = (TIMEOUT_SECONDS + 2) * 1_000;

/** With names it first asks the switch for those of its ports and tables: 24 ms in place of 5. */
const OFCTL = `ovs-ofctl -O OpenFlow13 --no-names --timeout=${TIMEOUT_SECONDS}`;

/**
 * The tables of Open vSwitch bridges, programmed with its own `ovs-ofctl` over OpenFlow 1.3 through their management
 * sockets, one atomic bundle for each `apply`. Everything that reaches `ovs-ofctl` is written from typed values.
 */
export class OpenVSwitchTables implements SwitchTables {
  readonly #socketOf: (dpid: Dpid) => string;
  readonly #shells: ShellPool;

  /**
   * @param socketOf the path of a bridge's management socket, `NAME.mgmt` in the run folder of its ovs-vswitchd
   * @param shells where `ovs-ofctl` is run
   */
  constructor(socketOf: (dpid: Dpid) => string, shells = new ShellPool()) {
    this.#socketOf = socketOf;
    this.#shells = shells;
  }

  async apply(dpid: Dpid, changes: readonly TableChange[]): Promise<void> {
    if (changes.length > 0) await this.#ofctl(dpid, 'bundle', `${changes.map(formatChange).join('\n')}\n`);
  }

  async flows(dpid: Dpid): Promise<readonly InstalledFlow[]> {
    return this.#read(dpid, await this.#ofctl(dpid, 'dump-flows'), 'cookie=', parseFlow);
  }

  async groups(dpid: Dpid): Promise<readonly Group[]> {
    return this.#read(dpid, await this.#ofctl(dpid, 'dump-groups'), 'group_id=', parseGroup);
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
    const text = await this.#ofctl(dpid, command);
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

  /** Where it fails it has changed nothing. */
  async #ofctl(dpid: Dpid, command: string, input?: string): Promise<string> {
    const line = `${OFCTL} ${command} ${quoted(`unix:${this.#socketOf(dpid)}`)}`;
    const { stdout, stderr, exitCode } = await this.#shells
      .run(input === undefined ? line : `printf %s ${quoted(input)} | ${line} -`, PATIENCE_MS)
      .catch((error: Error) => ({ stdout: '', stderr: `ovs-ofctl: ${error.message}`, exitCode: 1 }));
    if (exitCode !== 0) throw ofctlProblem(dpid, exitCode, stderr);
    return stdout;
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

function ofctlProblem(dpid: Dpid, exitCode: number, output: string): ProblemError {
  const where: Where = { kind: 'switch', switch: dpid };
  const options = { cause: new Error(output) };
  if (exitCode === 127) {
    return new ProblemError(
      environmentProblem({
        code: 'missing-program',
        where,
        cause: 'ovs-ofctl is not installed',
        remedy: 'Install Open vSwitch: the package openvswitch-switch on Debian and Ubuntu',
      }),
      options,
    );
  }
  const refusal = [...output.matchAll(/\b(OFP[A-Z]+_[A-Z0-9_]+)\b/g)]
    .map(([, code = '']) => code)
    .find((code) => !code.startsWith('OFPT_') && code !== 'OFPBFC_MSG_FAILED');
  if (refusal !== undefined) return switchRefusal(dpid, refusal, options);
  // ovs-ofctl's own check of a line of the bundle: "ovs-ofctl: -:1: REASON".
  const [, lineMessage] = /^ovs-ofctl: -:\d+: (.*)$/m.exec(output) ?? [];
  const [, formatMessage] = /^ovs-ofctl: (none of the usable flow formats.*)$/m.exec(output) ?? [];
  const message = lineMessage ?? formatMessage;
  if (message !== undefined) {
    return new ProblemError(
      environmentProblem({ code: 'switch-refused', where, cause: `ovs-ofctl refused it: ${message}` }),
      options,
    );
  }
  const [, detail = `ovs-ofctl failed with exit code ${exitCode}`] = /^ovs-ofctl: (.*)$/m.exec(output) ?? [];
  return new ProblemError(
    environmentProblem({
      code: 'switch-unreachable',
      where,
      cause: `the switch cannot be reached: ${detail}`,
      remedy: 'See whether the ovs-vswitchd of the lab still runs',
    }),
    options,
  );
}
