import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Dpid, portNumber } from '../../model/addresses.ts';
import type { LinkFault } from '../../model/fault.ts';
import type { HostState } from '../../model/host-state.ts';
import { type Point, pointsNamed } from '../../model/points.ts';
import { environmentProblem, ProblemError } from '../../model/problem.ts';
import { interfaceName, ownAddressOf, Topology } from '../../model/topology.ts';
import { renderMininet } from '../../spec/export/mininet.ts';
import type {
  CaptureRequest,
  Command,
  DataPlane,
  FailedCommand,
  HeldEntries,
  Pair,
  ProbeProgress,
  ProbeResult,
  SwitchTrace,
  Traffic,
} from '../data-plane.ts';
import { forgetCachedFlows } from '../open-vswitch/flow-cache.ts';
import { ShellPool } from '../open-vswitch/shell-pool.ts';
import { OpenVSwitchTables } from '../open-vswitch/tables.ts';
import { traceInBridge } from '../open-vswitch/trace.ts';
import { captureCommands } from './capture.ts';
import { makeCpuShares, removeCpuShares, SHARES_FILE } from './cpu-shares.ts';
import { longestPingMs } from './longest-ping.ts';
import { type Datapath, isRoot, NAMESPACE_REMEDY, neighbourOverflows, SANDBOX_PATH } from './machine.ts';
import type { Answer, Input, Progress, RequestName } from './messages.ts';
import { missingTool } from './requirements.ts';
import type { Resident } from './resident.ts';

/** The longest path that a Unix socket can have, in bytes (sun_path less its terminator). */
const LONGEST_SOCKET_PATH = 107;
/** For an answer to each probe of a pair whose silence surprises. */
const PATIENCE_SECONDS = 0.25;
/** For requests that must not be interrupted. */
const NEVER = new AbortController().signal;

export interface SandboxOptions {
  readonly topology: Topology;
  /** The key of Mininet's `topos` dictionary. */
  readonly topo: string;
  /** An existing folder for the sandbox's files and sockets, with a short path. */
  readonly folder: string;
  readonly datapath: Datapath;
  /** Whether the userspace datapath will do if the kernel's does not work; the default is no. */
  readonly fallback?: boolean;
  /** Where start commands run; the default is the root folder. */
  readonly workingFolder?: string;
}

/** Real Mininet and a private Open vSwitch in namespaces of their own, as root or as an ordinary user. */
export class MininetSandbox implements DataPlane {
  description = 'Mininet';
  /** Of its switches; usable from outside the namespaces. */
  readonly tables: OpenVSwitchTables;
  readonly #resident: Resident;
  readonly #options: SandboxOptions;
  /** Outside of its namespaces. */
  readonly #pool = new ShellPool();
  #shells: Readonly<Record<string, number>> = {};
  #shares: ReadonlyMap<string, string> = new Map();
  readonly #stopped = new Set<string>();

  /** @param resident has had no request yet; the sandbox ends it */
  constructor(resident: Resident, options: SandboxOptions) {
    this.#resident = resident;
    this.#options = options;
    this.tables = new OpenVSwitchTables(
      (dpid) => managementSocketIn(options.folder, this.#switchName(dpid)),
      this.#pool,
    );
  }

  get died(): Promise<string> {
    return this.#resident.died;
  }

  async start(signal: AbortSignal, onStep: (step: string) => void): Promise<void> {
    const { topology, topo, folder, datapath, fallback = false } = this.#options;
    checkSocketPaths(topology, folder);
    // Mininet's own groups for shares of a CPU need root, and are named by the host alone.
    const withoutShares = topology.hosts.map(({ cpu: _, ...host }) => host);
    const rendered = renderMininet(new Topology({ ...topology, hosts: withoutShares }), topo);
    writeFileSync(join(folder, 'topology.py'), rendered);
    const shares = await this.#makeShares();
    const input = { folder, topo, datapath, fallback, shares };
    const started = await this.#request('start', input, signal, onStep);
    this.#shells = started.shells;
    const carrier = started.datapath === 'user' ? 'userspace' : 'kernel';
    this.description = `Mininet ${started.mininet}, Open vSwitch ${started.openVSwitch}, ${carrier} datapath`;
  }

  /** Returns, for each host with a share of a CPU, the file that moves a process into it. */
  async #makeShares(): Promise<Readonly<Record<string, string>>> {
    const { topology, folder } = this.#options;
    const wanted = topology.hosts.flatMap(({ name, cpu }) => (cpu === undefined ? [] : [[name, cpu] as const]));
    try {
      this.#shares = await makeCpuShares(new Map(wanted), join(folder, SHARES_FILE));
    } catch (error) {
      throw this.#failure(error as Error);
    }
    return Object.fromEntries(this.#shares);
  }

  async runStartCommands(signal: AbortSignal): Promise<readonly FailedCommand[]> {
    const { topology, workingFolder = '/' } = this.#options;
    const commands = Object.fromEntries(
      topology.hosts.flatMap(({ name, start }) => (start === undefined ? [] : [[name, start]])),
    );
    if (Object.keys(commands).length === 0) return [];
    return this.#request('start-commands', { commands, folder: workingFolder }, signal);
  }

  probeAll(
    points: readonly Point[],
    reactionSeconds: number,
    signal: AbortSignal,
    onProgress: (progress: ProbeProgress) => void,
  ): Promise<readonly ProbeResult[]> {
    return this.#probe(points, null, reactionSeconds, signal, onProgress);
  }

  async probeAgain(
    pairs: readonly Pair[],
    reactionSeconds: number,
    signal: AbortSignal,
    onProgress: (progress: ProbeProgress) => void,
  ): Promise<readonly ProbeResult[]> {
    const names = new Set(pairs.flatMap(({ source, target }) => [source, target]));
    const points = pointsNamed(this.#options.topology, [...names]);
    const seconds = Math.max(reactionSeconds, PATIENCE_SECONDS);
    const results = await this.#probe(points, pairs, seconds, signal, onProgress);
    return results.filter(({ probes }) => probes > 0);
  }

  /** @param only other pairs than these have had no probes; null for all pairs */
  async #probe(
    points: readonly Point[],
    only: readonly Pair[] | null,
    reactionSeconds: number,
    signal: AbortSignal,
    onProgress: (progress: ProbeProgress) => void,
  ): Promise<readonly ProbeResult[]> {
    await this.forgetCached();
    const reaction = Math.max(reactionSeconds, longestPingMs(this.#options.topology) / 1000);
    const asked = points.map((point) => ({ ...point, ip: point.ip ?? null }));
    const { rttMs, probes } = await this.#request('probe', { points: asked, reaction, only }, signal, onProgress);
    return points.flatMap(({ name: source }, row) =>
      points.flatMap(({ name: target }, column) =>
        row === column
          ? []
          : [{ source, target, rttMs: rttMs[row]?.[column] ?? null, probes: probes[row]?.[column] ?? 0 }],
      ),
    );
  }

  neighbourOverflows(): number {
    return neighbourOverflows();
  }

  async forgetCached(): Promise<void> {
    await forgetCachedFlows(this.#controlSocket(), this.#pool);
  }

  async connectSwitches(target: string, signal: AbortSignal): Promise<void> {
    await this.#request('connect-switches', { target }, signal);
  }

  async setLink({ between: [a, b], ports }: LinkFault, up: boolean): Promise<void> {
    await this.#request('set-link', { a, b, port: ports?.[0] ?? null, up }, NEVER);
  }

  async setSwitch(name: string, up: boolean): Promise<void> {
    if (!up) this.#stopped.add(name);
    await this.#request('set-switch', { name, up }, NEVER);
    if (up) this.#stopped.delete(name);
  }

  async measureWhile(source: string, target: string, act: () => Promise<void>, signal: AbortSignal): Promise<Traffic> {
    const host = this.#options.topology.host(target);
    const address = host && ownAddressOf(host)?.ip;
    if (address === undefined) throw new Error(`${target} has no address to measure`);
    try {
      await this.#request('begin-measurement', { source, target: address }, signal);
      await act();
      const traffic = await this.#request('end-measurement', {}, signal);
      if (traffic === null) throw this.#failure(new Error('the measurement ended early'));
      return traffic;
    } catch (error) {
      // Ends it, if it still runs; nobody needs the result.
      void this.#request('end-measurement', {}, NEVER).catch(() => {});
      throw error;
    }
  }

  async hostStates(): Promise<ReadonlyMap<string, HostState>> {
    const states = await this.#request('host-states', {}, NEVER);
    return new Map(Object.entries(states).map(([name, state]) => [name, hostState(state)]));
  }

  async net(): Promise<readonly string[]> {
    return this.#request('net', {}, NEVER);
  }

  commandOn(node: string, argv: readonly string[]): Command {
    const first = this.#resident.pid;
    const shell = this.#shells[node];
    const isSwitch = this.#options.topology.switchNamed(node) !== undefined;
    if (first === undefined || (shell === undefined && !isSwitch)) throw new Error(`${node} is not in the sandbox`);
    const user = isRoot() ? [] : ['--user', '--preserve-credentials'];
    const share = this.#shares.get(node);
    // First the share: a host does not see control groups.
    const join = share === undefined ? [] : ['sh', '-c', 'echo $$ >"$0" && exec "$@"', share];
    const enter = ['--target', `${first}`, ...user, '--mount', '--net', '--pid', '--'];
    // mnexec, Mininet's own, goes from the sandbox on into the host's namespaces; switches have none of their own.
    const enterHost = isSwitch ? [] : ['mnexec', '-a', `${shell}`];
    return { file: 'nsenter', args: [...enter, ...join, ...enterHost, ...argv] };
  }

  toolOn(node: string, tool: 'iperf3', argv: readonly string[]): Command {
    refuseMissing(tool);
    const command = ['setpriv', '--pdeathsig', 'KILL', '--', tool, ...argv];
    return this.commandOn(node, ['env', `PATH=${SANDBOX_PATH}`, ...command]);
  }

  capture(request: CaptureRequest): readonly Command[] {
    refuseMissing('tcpdump');
    return captureCommands(request, (argv) => this.commandOn(request.node, argv));
  }

  async entriesOf(dpid: Dpid): Promise<HeldEntries> {
    if (this.#stopped.has(this.#switchName(dpid))) return { flows: [], groups: [] };
    const [flows, groups] = await Promise.all([this.tables.flows(dpid), this.tables.groups(dpid)]);
    return { flows, groups };
  }

  traceAt(dpid: Dpid, inPort: number, fields: Readonly<Record<string, string>>): Promise<SwitchTrace> {
    const { topology } = this.#options;
    const bridge = this.#switchName(dpid);
    const ports = new Map<string, number>(
      topology.neighboursOf(bridge).map(({ port }) => [interfaceName({ node: bridge, port }), port]),
    );
    return traceInBridge(this.#controlSocket(), { bridge, inPort, fields }, (name) => ports.get(name));
  }

  /** Of ovs-vswitchd. */
  #controlSocket(): string {
    const { folder } = this.#options;
    const name = readdirSync(folder).find((file) => /^ovs-vswitchd\.\d+\.ctl$/.test(file)) ?? 'ovs-vswitchd.ctl';
    return join(folder, name);
  }

  #switchName(dpid: Dpid): string {
    const name = this.#options.topology.switchWithDpid(dpid)?.name;
    if (name === undefined) throw new Error(`no switch has the DPID ${dpid}`);
    return name;
  }

  async stop(): Promise<void> {
    await this.#resident.stop();
    await this.#pool.close();
    removeCpuShares(join(this.#options.folder, SHARES_FILE));
  }

  async #request<N extends RequestName>(
    name: N,
    input: Input<N>,
    signal: AbortSignal,
    onProgress?: (progress: Progress<N>) => void,
  ): Promise<Answer<N>> {
    try {
      return await this.#resident.request(name, input, signal, onProgress);
    } catch (error) {
      signal.throwIfAborted();
      throw this.#failure(error as Error);
    }
  }

  /** A failure of the sandbox, with the log: the folder is removed with the lab. */
  #failure(error: Error): ProblemError {
    const log = [this.#resident.words.trim(), this.#logTail()].filter((text) => text !== '').join('\n');
    return new ProblemError(
      environmentProblem({
        code: 'sandbox-failed',
        where: 'sandbox',
        cause: [`the lab's network could not be run: ${error.message}`, ...(log === '' ? [] : log.split('\n'))].join(
          '\n    ',
        ),
        remedy: remedyFor(`${error.message}\n${log}`) ?? '`labctl doctor` checks this machine',
      }),
      { cause: error },
    );
  }

  #logTail(): string {
    try {
      return readFileSync(join(this.#options.folder, 'sandbox.log'), 'utf8').trim().split('\n').slice(-8).join('\n');
    } catch {
      return '';
    }
  }
}

/** @throws ProblemError where the machine lacks this program */
function refuseMissing(tool: Parameters<typeof missingTool>[0]): void {
  const missing = missingTool(tool);
  if (missing !== undefined) throw new ProblemError(missing);
}

/** What to do about failures with a known cause. */
function remedyFor(text: string): string | undefined {
  if (/unshare: (?:unshare failed|cannot open|write failed)/.test(text)) return NAMESPACE_REMEDY;
  if (/root filesystem propagation/.test(text))
    return 'run labctl where the root folder is a mount point, and not in a chroot';
  if (/No module named 'distutils'/.test(text)) return 'sudo apt-get install python3-setuptools';
  if (/No module named 'mininet/.test(text)) return 'sudo apt-get install mininet';
  if (/kernel datapath cannot be used/.test(text)) return 'sudo modprobe openvswitch, or leave --datapath kernel out';
  if (/\/dev\/net\/tun|tap device/.test(text)) return 'let everyone use tap devices: sudo chmod 0666 /dev/net/tun';
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

function hostState({ interfaces, routes, otherAddresses }: Answer<'host-states'>[string]): HostState {
  return {
    otherAddresses,
    interfaces: interfaces.map(({ port, vlan, neighbours, ...rest }) => ({
      ...rest,
      port: portNumber(port),
      ...(vlan === null ? {} : { vlan }),
      neighbours: new Map(neighbours.map(({ ip, mac }) => [ip, mac])),
    })),
    routes: routes.map(({ via, source, interface: name, ...route }) => ({
      ...route,
      ...(via === null ? {} : { via }),
      ...(source === null ? {} : { source }),
      ...(name === null ? {} : { interface: name }),
    })),
  };
}
