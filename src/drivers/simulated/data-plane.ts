import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Dpid } from '../../model/addresses.ts';
import type { LinkFault } from '../../model/fault.ts';
import { type HostState, specifiedStates } from '../../model/host-state.ts';
import type { Point } from '../../model/points.ts';
import { inputProblem, ProblemError } from '../../model/problem.ts';
import type { Topology } from '../../model/topology.ts';
import type { Where } from '../../model/where.ts';
import { Network, type NetworkState } from '../../sim/network.ts';
import { predict } from '../../sim/predict.ts';
import { netLines } from '../../spec/export/mininet.ts';
import type {
  CaptureRequest,
  Command,
  DataPlane,
  FailedCommand,
  HeldEntries,
  ProbeProgress,
  ProbeResult,
  SwitchTrace,
  Traffic,
} from '../data-plane.ts';
import { type PacketCount, ping } from './ping.ts';
import type { SimulatedTables } from './tables.ts';

/**
 * Up to as many pairs each ping is followed packet by packet, which counts the packets. Beyond that, which is 70 hosts,
 * all pairs are predicted at once, and only those are followed that the entries leave undecided.
 */
const MOST_FOLLOWED_PAIRS = 5_000;
/** Pings between two pauses, in which other work of the process is done. */
const PINGS_AT_ONCE = 200;

const NOT_COUNTED: PacketCount = { flow: () => {}, port: () => {} };

/**
 * A network that is computed instead of built: simulated switches and hosts, by what the tables hold. It needs nothing
 * of the machine. Nothing in it takes time: every round trip has 0 ms.
 */
export class SimulatedDataPlane implements DataPlane {
  readonly description = 'simulated: labctl computes what Open vSwitch and Linux hosts do, no packet is sent';
  /** No packet is ever lost. */
  readonly probeAgain: DataPlane['probeAgain'] = undefined;
  /** It has no process that could die. */
  readonly died = new Promise<string>(() => {});
  readonly topology: Topology;
  readonly #tables: SimulatedTables;

  constructor(topology: Topology, tables: SimulatedTables) {
    this.topology = topology;
    this.#tables = tables;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
  }

  async runStartCommands(): Promise<readonly FailedCommand[]> {
    return [];
  }

  async probeAll(
    points: readonly Point[],
    _reactionSeconds: number,
    signal: AbortSignal,
    onProgress: (progress: ProbeProgress) => void,
  ): Promise<readonly ProbeResult[]> {
    signal.throwIfAborted();
    const state: NetworkState = {
      topology: this.topology,
      entries: this.#tables.entries(),
      // The embedded controller forwards by flows.
      missForwarding: 'none',
      faults: this.#tables.faults,
    };
    const network = new Network(state);
    const pairs = points.length * (points.length - 1);
    // An entry with an idle timeout stays while it is used: its packets have to be counted.
    const isFollowed = pairs <= MOST_FOLLOWED_PAIRS || hasIdleTimeouts(state);
    const prediction = isFollowed ? undefined : predict(state, points);
    const counted = isFollowed ? this.#count() : NOT_COUNTED;
    const results: ProbeResult[] = [];
    let answered = 0;
    let pings = 0;
    const ends = points.map((point) => network.endAt(point));
    for (const from of ends) {
      for (const to of ends) {
        if (from === to) continue;
        const [{ name: source }, { name: target }] = [from, to];
        let reach = prediction?.at(source, target) ?? null;
        if (reach === null) {
          reach = ping(network, from, to, counted);
          pings += 1;
          if (pings % PINGS_AT_ONCE === 0) {
            onProgress({ pairs, answered, round: 1 });
            await nextTurn();
            signal.throwIfAborted();
          }
        }
        if (reach) answered += 1;
        const unknown = reach === null ? ({ isUnknown: true } as const) : {};
        results.push({ source, target, rttMs: reach ? 0 : null, ...unknown, probes: 1 });
      }
    }
    onProgress({ pairs, answered, round: 1 });
    return results;
  }

  neighbourOverflows(): number {
    return 0;
  }

  async setLink(link: LinkFault, up: boolean): Promise<void> {
    this.#tables.setFault(link, !up);
  }

  async setSwitch(name: string, up: boolean): Promise<void> {
    this.#tables.setFault({ kind: 'switch', name }, !up);
  }

  async measureWhile(): Promise<Traffic> {
    throw notSimulated({
      where: { kind: 'option', option: '--measure' },
      cause: 'no time passes in a simulated network: there is nothing to measure',
      remedy: 'leave --measure out, or measure on a real network: labctl up --dataplane mininet',
    });
  }

  async entriesOf(dpid: Dpid): Promise<HeldEntries> {
    if (this.#tables.isStopped(dpid)) return { flows: [], groups: [] };
    const [flows, groups] = await Promise.all([this.#tables.flows(dpid), this.#tables.groups(dpid)]);
    return { flows, groups };
  }

  async traceAt(dpid: Dpid): Promise<SwitchTrace> {
    throw notSimulated({
      where: { kind: 'switch', switch: dpid },
      cause: 'a simulated switch does what labctl computes, and there is nothing to compare that with',
      remedy: 'ask a real one: labctl up --dataplane mininet',
    });
  }

  /** Nothing is cached. */
  async forgetCached(): Promise<void> {}

  async hostStates(): Promise<ReadonlyMap<string, HostState>> {
    const specified = specifiedStates(this.topology);
    return new Map(this.topology.hosts.map((host) => [host.name, specified(host)]));
  }

  async net(): Promise<readonly string[]> {
    return netLines(this.topology);
  }

  commandOn(node: string): Command {
    throw notSimulated({
      where: node,
      cause: 'nothing runs on simulated hosts and switches, and no packet passes them',
      remedy: 'see who reaches whom with labctl pingall; for hosts that run commands: labctl up --dataplane mininet',
    });
  }

  toolOn(node: string): Command {
    return this.commandOn(node);
  }

  capture({ node }: CaptureRequest): readonly Command[] {
    return [this.commandOn(node)];
  }

  async stop(): Promise<void> {}

  #count(): PacketCount {
    const dpidAt = this.topology.switches.map(({ dpid }) => dpid);
    return {
      flow: (node, flow, bytes) => {
        const dpid = dpidAt[node];
        if (dpid !== undefined) this.#tables.countFlow(dpid, flow, bytes);
      },
      port: (node, port, direction, bytes) => {
        const dpid = dpidAt[node];
        if (dpid !== undefined) this.#tables.countPort(dpid, port, direction, bytes);
      },
    };
  }
}

/** The properties of a topology that have no effect in a simulated lab, as a spec writes them: `delay of links`. */
export function withoutEffect({ hosts, links }: Topology): readonly string[] {
  const ofLinks = [
    ...(links.some(({ bandwidthMbps }) => bandwidthMbps !== undefined) ? ['bw'] : []),
    ...(links.some(({ delayMs }) => delayMs !== undefined) ? ['delay'] : []),
    ...(links.some(({ jitterMs }) => jitterMs !== undefined) ? ['jitter'] : []),
    ...(links.some(({ lossPercent }) => lossPercent !== undefined) ? ['loss'] : []),
    ...(links.some(({ maxQueue }) => maxQueue !== undefined) ? ['max_queue'] : []),
  ];
  const ofHosts = [
    ...(hosts.some(({ start }) => start !== undefined) ? ['start'] : []),
    ...(hosts.some(({ cpu }) => cpu !== undefined) ? ['cpu'] : []),
  ];
  return [...ofLinks.map((property) => `${property} of links`), ...ofHosts.map((property) => `${property} of hosts`)];
}

function notSimulated(problem: { where: Where | string; cause: string; remedy: string }): ProblemError {
  return new ProblemError(inputProblem({ code: 'simulated', ...problem }));
}

function hasIdleTimeouts({ entries }: NetworkState): boolean {
  return [...entries.values()].some(({ flows }) => flows.some(({ idleTimeoutSeconds }) => idleTimeoutSeconds > 0));
}
