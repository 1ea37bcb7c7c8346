import type { HeldEntries, Pair } from '../drivers/data-plane.ts';
import type { Dpid } from '../model/addresses.ts';
import type { Connection } from '../model/connection.ts';
import type { Fault } from '../model/fault.ts';
import type { ReachabilityMatrix } from '../model/matrix.ts';
import { type Entry, type Flow, groupPlace, type InstalledFlow, placeOf } from '../model/openflow.ts';
import { allPoints, hostPoints, type Point, pointsNamed } from '../model/points.ts';
import { inputProblem, type Problem, ProblemError } from '../model/problem.ts';
import type { Topology } from '../model/topology.ts';
import { checkEntries } from '../plan/entry-check.ts';
import { forwardingFlows } from '../plan/forwarding.ts';
import { isRouted, Routes } from '../plan/routes.ts';
import { circlesOf } from '../sim/circles.ts';
import { type MissForwarding, Network, type NetworkState, withEntries } from '../sim/network.ts';
import { predict } from '../sim/predict.ts';
import { namesOfCircle } from '../sim/trace.ts';
import type { LabSpec } from '../spec/read.ts';
import { askedMatrix } from '../verify/asked.ts';
import { Explainer, type Reason } from '../verify/explain.ts';
import { judge, type Verdict } from '../verify/verdict.ts';

/** What to suppose beside what is there. */
export interface Supposition {
  readonly entries: readonly Entry[];
  readonly faults: readonly Fault[];
}

/** What the network will do, before a packet is sent. */
export interface Forecast {
  readonly expectation: string | undefined;
  readonly prediction: ReachabilityMatrix;
  readonly verdict: Verdict;
  /** For each difference, in their order, as far as they are explained: why. */
  readonly reasons: readonly Reason[];
  /** Likewise for each pair that is unknown. */
  readonly unknownReasons: readonly Reason[];
  /** What is down in the lab, and whom it cuts off. */
  readonly inForce: FaultsInForce;
  /** Entries that end by themselves, which is not foreseen. */
  readonly ending: readonly string[];
  readonly warnings: readonly Problem[];
}

/** What is down, and which pairs would be asked for without that. */
export interface FaultsInForce {
  readonly faults: readonly Fault[];
  readonly cutOff: readonly (readonly [string, string])[];
}

/** How many differences are explained. */
const MOST_REASONS = 200;

/** Application id 2 in the top 12 bits, as Floodlight's Forwarding and the embedded controller have it. */
const FORWARDING_APPLICATION = 2n;
/** The name of its entries, which have none in the switch. */
const FORWARDING = 'forwarding';

/** The network as its switches hold it. @param listed what the controller has by name */
export function networkOfSwitches(
  topology: Topology,
  held: ReadonlyMap<Dpid, HeldEntries>,
  listed: readonly Entry[],
  missForwarding: MissForwarding,
): NetworkState {
  const names = new Map(listed.map((entry) => [placeOf(entry), entry.name]));
  const named = (dpid: Dpid, flow: InstalledFlow) => {
    const isForwarding = flow.cookie >> 52n === FORWARDING_APPLICATION;
    const name =
      names.get(placeOf({ kind: 'flow', name: '', dpid, ...flow })) ?? (isForwarding ? FORWARDING : undefined);
    return name === undefined ? flow : { ...flow, name };
  };
  const entries = [...held].map(
    ([dpid, { flows, groups }]) => [dpid, { flows: flows.map((flow) => named(dpid, flow)), groups }] as const,
  );
  return { topology, entries: new Map(entries), missForwarding, faults: [] };
}

/** A network, or undefined where labctl cannot read what its switches hold: that is no reason to do nothing. */
export async function readable(network: Promise<NetworkState>): Promise<NetworkState | undefined> {
  try {
    return await network;
  } catch (error) {
    if (error instanceof ProblemError) return undefined;
    throw error;
  }
}

/**
 * The network with what is supposed, and warnings about that. Entries of switches that do not exist are left out.
 * @throws ProblemError for entries that switches refuse
 */
export function supposing(
  state: NetworkState,
  listed: readonly Entry[],
  { entries, faults }: Supposition,
): { readonly state: NetworkState; readonly warnings: readonly Problem[] } {
  const { topology } = state;
  const { problems, warnings } = checkEntries(topology, listed, entries);
  const refused = problems.filter(({ code }) => code === 'switch-refused');
  if (refused.length > 0) throw new ProblemError(refused);
  const taken = entries.filter(({ dpid }) => topology.switchWithDpid(dpid) !== undefined);
  const next = withPushed(withFaults(state, faults), listed, taken);
  return { state: next, warnings: [...problems, ...warnings, ...newCircles(state, next)] };
}

/** The network when these entries have been pushed. */
export function withPushed(state: NetworkState, listed: readonly Entry[], pushed: readonly Entry[]): NetworkState {
  return pushed.length === 0 ? state : withEntries(without(state, replacedByName(listed, pushed)), pushed);
}

/** Warnings about circles of copies that were not there before. */
export function newCircles(before: NetworkState, after: NetworkState): readonly Problem[] {
  if (before.entries === after.entries) return [];
  const circlesIn = (state: NetworkState) => {
    const network = new Network(state);
    return circlesOf(network).map((circle) => namesOfCircle(network, circle).join(' > '));
  };
  const circles = circlesIn(after);
  if (circles.length === 0) return [];
  const old = new Set(circlesIn(before));
  return circles
    .filter((circle) => !old.has(circle))
    .map((circle) =>
      inputProblem({
        code: 'endless-copies',
        where: circle,
        cause:
          'with these entries copies of packets go round here for ever, and may disturb all that passes these switches',
        remedy:
          'forward to one port in place of flood, all or several outputs, or break the circle with labctl link down',
      }),
    );
}

/**
 * The network with these faults too. Only the entries of the controller's own forwarding change: it uses the links that
 * are left.
 */
function withFaults(state: NetworkState, supposed: readonly Fault[]): NetworkState {
  if (supposed.length === 0) return state;
  const faults = [...state.faults, ...supposed];
  const isForwarding = (flow: Flow) => nameOf(flow) === FORWARDING;
  const isInstalled = [...state.entries.values()].some(({ flows }) => flows.some(isForwarding));
  // A controller that is asked for each packet does it then.
  const isMadeUpFront = isInstalled && state.missForwarding === 'none';
  const anew = isMadeUpFront ? forwardingFlows(state.topology.withFaults(faults)) : undefined;
  const entries = [...state.entries].map(([dpid, { flows, groups }]) => {
    const forwarding = (anew?.get(dpid) ?? []).map((flow) => ({ ...flow, name: FORWARDING }));
    return [dpid, { flows: [...flows.filter((flow) => !isForwarding(flow)), ...forwarding], groups }] as const;
  });
  return { ...state, entries: new Map(entries), faults };
}

/** The places of entries that lose their names to others: a name belongs to one entry. */
function replacedByName(listed: readonly Entry[], taken: readonly Entry[]): ReadonlySet<string> {
  const names = new Set(taken.map(({ name }) => name));
  return new Set(listed.filter(({ name }) => names.has(name)).map(placeOf));
}

function without(state: NetworkState, places: ReadonlySet<string>): NetworkState {
  if (places.size === 0) return state;
  const entries = [...state.entries].map(([dpid, { flows, groups }]) => {
    const others = {
      flows: flows.filter((flow) => !places.has(placeOf({ kind: 'flow', name: '', dpid, ...flow }))),
      groups: groups.filter(({ groupId }) => !places.has(groupPlace(dpid, groupId))),
    };
    return [dpid, others] as const;
  });
  return { ...state, entries: new Map(entries) };
}

/** What is asked: every address, or the hosts and what else an expectation names. */
export function pointsFor(topology: Topology, expected: ReachabilityMatrix, addresses = false): readonly Point[] {
  return addresses ? allPoints(topology) : pointsNamed(topology, expected.hosts);
}

/**
 * Predicts a network and compares that with what is expected of it.
 * @param points what is asked
 */
export function forecast(
  state: NetworkState,
  points: readonly Point[],
  expected: ReachabilityMatrix,
  expectation: string | undefined,
  inForce: FaultsInForce,
  warnings: readonly Problem[],
): Forecast {
  const prediction = predict(state, points);
  const verdict = judge(expected, prediction);
  const reasons = reasonsFor(state, verdict.differences);
  const unknownReasons = reasonsFor(state, verdict.unknown);
  return { expectation, prediction, verdict, reasons, unknownReasons, inForce, ending: endingEntries(state), warnings };
}

/** Why pairs are as they are, for as many as are explained. */
export function reasonsFor(state: NetworkState, pairs: readonly Pair[]): readonly Reason[] {
  if (pairs.length === 0) return [];
  const explainer = new Explainer(state);
  return pairs.slice(0, MOST_REASONS).map(({ source, target }) => explainer.reason(source, target));
}

function endingEntries({ topology, entries }: NetworkState): readonly string[] {
  return [...entries].flatMap(([dpid, { flows }]) => {
    const node = topology.switchWithDpid(dpid)?.name ?? dpid;
    const ending = flows.filter(
      // The controller's forwarding renews its own.
      (flow) => (flow.idleTimeoutSeconds > 0 || flow.hardTimeoutSeconds > 0) && nameOf(flow) !== FORWARDING,
    );
    return ending.map((flow) => nameOf(flow) ?? `an entry of priority ${flow.priority} on ${node}`);
  });
}

function nameOf(flow: Flow & { readonly name?: string }): string | undefined {
  return flow.name;
}

/**
 * The matrix that an expectation's name stands for, or what the spec and its connections ask for.
 * @param addresses whether that is asked of every address of the hosts
 * @throws ProblemError when the spec has no such expectation
 */
export function expectedMatrix(
  { topology, forwarding, expectations }: LabSpec,
  connections: LabSpec['connections'],
  expectation: string | undefined,
  addresses = false,
): ReachabilityMatrix {
  const points = addresses ? allPoints(topology) : hostPoints(topology);
  if (expectation === undefined) return askedMatrix(topology, forwarding, carried(topology, connections), points);
  const expected = expectations.get(expectation);
  if (expected !== undefined) return expected;
  const known = [...expectations.keys()];
  throw new ProblemError(
    inputProblem({
      code: 'unknown-expectation',
      where: { kind: 'option', option: '--expect' },
      offending: expectation,
      cause: 'the spec has no such expectation',
      remedy: known.length > 0 ? `name one of ${known.join(', ')}` : 'add it under expect: in the spec',
    }),
  );
}

/** What is down in a lab. @param expected what is expected with that */
export function faultsInForce(
  { topology, ...spec }: LabSpec,
  connections: LabSpec['connections'],
  expectation: string | undefined,
  expected: ReachabilityMatrix,
  addresses = false,
): FaultsInForce {
  const { faults } = topology;
  if (faults.length === 0 || expectation !== undefined) return { faults, cutOff: [] };
  const intact = expectedMatrix({ ...spec, topology: topology.withFaults([]) }, connections, undefined, addresses);
  const cutOff = intact.hosts.flatMap((source) =>
    intact.hosts
      .filter((target) => intact.reaches(source, target) && !expected.reaches(source, target))
      .map((target) => [source, target] as const),
  );
  return { faults, cutOff };
}

/**
 * The part of the connections that a network with faults can carry. In a connection with `via` or `avoid`, pairs without
 * such a path are left out; its hosts stay apart from others all the same.
 */
function carried(topology: Topology, connections: readonly Connection[]): readonly Connection[] {
  if (topology.faults.length === 0) return connections;
  return connections.flatMap((connection) => {
    if (!isRouted(connection)) return [connection];
    const { members } = connection;
    const routes = new Routes(topology, connection);
    const pairs = members.flatMap((source, index) =>
      members.slice(index + 1).flatMap((target) => (routes.between(source, target) ? [[source, target]] : [])),
    );
    return [...members.map((name) => [name]), ...pairs].map((names) => ({ members: names }));
  });
}
