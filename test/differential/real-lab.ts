import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import type { HeldEntries } from '../../src/drivers/data-plane.ts';
import { isRoot } from '../../src/drivers/mininet/machine.ts';
import { Resident } from '../../src/drivers/mininet/resident.ts';
import { MininetSandbox } from '../../src/drivers/mininet/sandbox.ts';
import type { TableChange } from '../../src/drivers/switch-tables.ts';
import type { Dpid } from '../../src/model/addresses.ts';
import { type Fault, linkIsUp } from '../../src/model/fault.ts';
import type { HostState } from '../../src/model/host-state.ts';
import { type Entry, effectKey } from '../../src/model/openflow.ts';
import { ProblemError } from '../../src/model/problem.ts';
import { refusalOf } from '../../src/model/switch-refusals.ts';
import { interfaceName, type Link, ownAddressOf, type Topology } from '../../src/model/topology.ts';
import type { EntrySet } from './random-lab.ts';

export type Pair = readonly [source: string, target: string];

const LIMIT_MS = 60_000;
const DEATH_MS = 2_000;

/** Real Open vSwitch and hosts, with no controller and nothing that sends packets by itself. */
export class RealLab {
  readonly #topology: Topology;
  readonly #folder: string;
  readonly #resident: Resident;
  readonly #sandbox: MininetSandbox;
  /** Entries that it refuses or takes otherwise than foreseen. */
  readonly refusalsUnforeseen: string[] = [];

  private constructor(topology: Topology, folder: string) {
    this.#topology = topology;
    this.#folder = folder;
    this.#resident = new Resident();
    this.#sandbox = new MininetSandbox(this.#resident, { topology, topo: 'Random', folder, datapath: 'user' });
  }

  static async start(topology: Topology): Promise<RealLab> {
    const lab = new RealLab(topology, await mkdtemp('/tmp/ld-'));
    try {
      await lab.#sandbox.start(AbortSignal.timeout(LIMIT_MS), () => {});
      await lab.#sandbox.runStartCommands(AbortSignal.timeout(LIMIT_MS));
      // IPv6 speaks up unasked, and would circle where entries make packets circle.
      const script = 'for file in /proc/sys/net/ipv6/conf/*/disable_ipv6; do echo 1 >$file; done';
      await Promise.all([lab.#inSandbox(script), ...topology.hosts.map(({ name }) => lab.#onHost(name, script))]);
      return lab;
    } catch (error) {
      await lab.stop();
      throw error;
    }
  }

  /** Why it ended by itself, where it does so about now. */
  reasonOfDeath(): Promise<string | undefined> {
    const later = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), DEATH_MS));
    return Promise.race([this.#sandbox.died, later]);
  }

  async stop(): Promise<void> {
    await this.#sandbox.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Gives the switches these entries, without those that they refuse; returns how many are refused. */
  async install({ entries }: Pick<EntrySet, 'entries'>): Promise<number> {
    const counts = await Promise.all(
      [...entries].map(([dpid, { flows, groups }]) =>
        this.#applyWhatGoes(dpid, [
          ...groups.map((group): TableChange => ({ kind: 'add-group', group })),
          ...flows.map((flow): TableChange => ({ kind: 'add-flow', flow, cookie: 0n })),
        ]),
      ),
    );
    return counts.reduce((sum, count) => sum + count, 0);
  }

  async held(): Promise<ReadonlyMap<Dpid, HeldEntries>> {
    const each = this.#topology.switches.map(async ({ dpid }) => {
      return [dpid, await this.#sandbox.entriesOf(dpid)] as const;
    });
    return new Map(await Promise.all(each));
  }

  /** Removes everything that switches hold and have learnt. */
  async clear(): Promise<void> {
    await Promise.all(
      this.#topology.switches.map(async ({ name }) => {
        const socket = `unix:${join(this.#folder, `${name}.mgmt`)}`;
        for (const command of ['del-flows', 'del-groups'])
          await execa('ovs-ofctl', ['-O', 'OpenFlow13', command, socket]);
      }),
    );
    await this.#sandbox.forgetCached();
  }

  /** What hosts are now. */
  hostStates(): Promise<ReadonlyMap<string, HostState>> {
    return this.#sandbox.hostStates();
  }

  async forgetNeighbours(): Promise<void> {
    await Promise.all(this.#topology.hosts.map(({ name }) => this.#onHost(name, 'ip neigh flush all')));
  }

  /** Pings these pairs and no others; returns those that were answered. */
  async probe(pairs: readonly Pair[]): Promise<readonly Pair[]> {
    const signal = AbortSignal.timeout(LIMIT_MS);
    const only = pairs.map(([source, target]) => ({ source, target }));
    const points = this.#topology.hosts.map((host) => ({
      name: host.name,
      host: host.name,
      ip: ownAddressOf(host)?.ip ?? null,
      isSource: false,
    }));
    const answer = await this.#resident.request('probe', { points, reaction: 0, only }, signal);
    const index = new Map(points.map(({ name }, position) => [name, position]));
    return pairs.filter(([a, b]) => (answer.rttMs[index.get(a) ?? -1]?.[index.get(b) ?? -1] ?? null) !== null);
  }

  /**
   * Takes every link down that the faults name, or up again. Ends at hosts stay up, as in labs: a host would forget its
   * routes.
   */
  async setLinks(faults: readonly Fault[], state: 'down' | 'up'): Promise<void> {
    const links = this.#topology.links.filter(({ ends: [a, b] }) => !linkIsUp(faults, a, b));
    const isBetweenHosts = ({ ends }: Link) => ends.every(({ node }) => this.#topology.host(node) !== undefined);
    for (const { ends } of links.filter(isBetweenHosts)) {
      const between = [ends[0].node, ends[1].node] as const;
      const ports = [ends[0].port, ends[1].port] as const;
      await this.#sandbox.setLink({ kind: 'link', between, ports }, state === 'up');
    }
    const interfaces = links
      .flatMap(({ ends }) => ends)
      .filter(({ node }) => this.#topology.host(node) === undefined)
      .map(interfaceName);
    if (interfaces.length === 0) return;
    await this.#inSandbox(interfaces.map((name) => `ip link set ${name} ${state}`).join('\n'));
    await this.#carriersAre(state, interfaces);
  }

  /** Waits until Open vSwitch has seen it, too. */
  async #carriersAre(state: 'up' | 'down', interfaces: readonly string[]): Promise<void> {
    const look = interfaces.map((name) => `ovs-vsctl get interface ${name} link_state`).join('\n');
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const states = (await this.#inSandbox(look)).trim().split('\n');
      if (states.every((each) => each === state)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`${interfaces.join(', ')} did not all go ${state}`);
  }

  async #applyWhatGoes(dpid: Dpid, changes: readonly TableChange[]): Promise<number> {
    const refusal = await this.#refusalOf(dpid, changes);
    const [change, ...others] = changes;
    if (change !== undefined && others.length === 0) this.#checkRefusal(dpid, change, refusal);
    if (refusal === undefined) {
      if (others.length > 0) for (const each of changes) this.#checkRefusal(dpid, each, undefined);
      return 0;
    }
    if (others.length === 0) return 1;
    const half = Math.ceil(changes.length / 2);
    const before = await this.#applyWhatGoes(dpid, changes.slice(0, half));
    return before + (await this.#applyWhatGoes(dpid, changes.slice(half)));
  }

  /** What the switch says; undefined where it takes all of them. */
  async #refusalOf(dpid: Dpid, changes: readonly TableChange[]): Promise<string | undefined> {
    try {
      await this.#sandbox.tables.apply(dpid, changes);
      return undefined;
    } catch (error) {
      if (!(error instanceof ProblemError) || error.problems.some(({ code }) => code !== 'switch-refused')) throw error;
      return error.problems.map(({ cause }) => cause).join();
    }
  }

  /** The switch refuses exactly what `refusalOf` says, but for what depends on the groups that it holds. */
  #checkRefusal(dpid: Dpid, change: TableChange, said: string | undefined): void {
    if (change.kind !== 'add-flow' && change.kind !== 'add-group') return;
    const entry: Entry =
      change.kind === 'add-flow'
        ? { kind: 'flow', name: '', dpid, ...change.flow }
        : { kind: 'group', name: '', dpid, ...change.group };
    const foreseen = refusalOf(entry);
    // The switch refuses such a match. ovs-ofctl leaves the field out before it gets there, and matches more.
    if (foreseen === 'OFPBMC_BAD_PREREQ') return;
    if ((foreseen !== undefined) === (said !== undefined) || /OFPBAC_BAD_OUT_GROUP/.test(said ?? '')) return;
    this.refusalsUnforeseen.push(
      `${effectKey(entry)}: foreseen ${foreseen ?? 'none'}, the switch: ${said ?? 'takes it'}`,
    );
  }

  async #onHost(host: string, script: string): Promise<void> {
    const { file, args } = this.#sandbox.commandOn(host, ['sh', '-c', script]);
    await execa(file, args);
  }

  /** Where the switches are. */
  async #inSandbox(script: string): Promise<string> {
    const user = isRoot() ? [] : ['--user', '--preserve-credentials'];
    const target = ['--target', `${this.#resident.pid}`, ...user, '--mount', '--net', '--pid'];
    const environment = { OVS_RUNDIR: this.#folder, OVS_DBDIR: this.#folder };
    const { stdout } = await execa('nsenter', [...target, '--', 'sh', '-c', script], { env: environment });
    return stdout;
  }
}
