import { isDeepStrictEqual } from 'node:util';
import type {
  ControlPlane,
  EntryList,
  SentBody,
  SettableRole,
  UncheckedBody,
  Upkeep,
} from '../drivers/control-plane.ts';
import type { CaptureRequest, Command, DataPlane, FailedCommand, Pair, ProbeResult } from '../drivers/data-plane.ts';
import type { Dpid } from '../model/addresses.ts';
import { type Connection, type Forwarding, sameConnection, withConnection } from '../model/connection.ts';
import type { Fault } from '../model/fault.ts';
import { ReachabilityMatrix } from '../model/matrix.ts';
import type { Entry } from '../model/openflow.ts';
import { inputProblem, type Problem, ProblemError } from '../model/problem.ts';
import { compileConnections } from '../plan/connections.ts';
import { checkEntries } from '../plan/entry-check.ts';
import { abridged, type ConnectionRequest, requestedConnection, requestedHosts } from '../plan/requests.ts';
import { type Steps, stepsBetween } from '../plan/steps.ts';
import type { NetworkState } from '../sim/network.ts';
import { type Prediction, predict } from '../sim/predict.ts';
import type { Trace } from '../sim/trace.ts';
import type { LabSpec } from '../spec/read.ts';
import { type Difference, judge, type Verdict } from '../verify/verdict.ts';
import { type CapturePoint, capturePoint } from './capture-point.ts';
import {
  expectedMatrix,
  type Forecast,
  forecast,
  networkOfSwitches,
  reasonsFor,
  type Supposition,
  supposing,
} from './forecast.ts';
import { checkHops, type HopChecks } from './hop-check.ts';
import { InstalledPlan, type PlannedConnection } from './installed-plan.ts';
import { type FaultChange, type FaultRequest, NetworkFaults } from './network-faults.ts';
import type { Running } from './running.ts';
import { measureThroughput, refuseOneHost, type Throughput, type ThroughputRequest } from './throughput.ts';

/** An observed matrix and what it was compared with. */
export interface Observation {
  /** The expectation's name in the spec, or undefined for what the spec and the connections ask for. */
  readonly expectation: string | undefined;
  readonly expected: ReachabilityMatrix;
  readonly observed: ReachabilityMatrix;
  readonly probes: readonly ProbeResult[];
  readonly verdict: Verdict;
  /** For each difference of the verdict, as far as they are explained: why. */
  readonly reasons: readonly string[];
  /** By the entries that the switches held; undefined where labctl cannot read those. */
  readonly predicted: PredictionBeside | undefined;
}

/** The prediction beside an observation. */
interface PredictionBeside {
  readonly prediction: Prediction;
  /** Cells in which the network does not do what its entries say; `expected` is what was predicted. */
  readonly surprises: readonly Difference[];
}

/** What `connect`, `disconnect` and `heal` did. */
export interface ConnectionChange {
  /** The one that was asked for; undefined for `heal`. */
  readonly connection: Connection | undefined;
  /** False when the network was already so. */
  readonly changed: boolean;
  readonly steps: Steps;
  /** Flows of the controller's own forwarding that switches had lost, and that `heal` put back. */
  readonly restored: number;
  readonly observation: Observation;
}

/** What became of entries that somebody wrote by hand. */
export interface EntriesApplied {
  readonly pushed: readonly Entry[];
  /** Entries that were there already, alike. */
  readonly unchanged: readonly Entry[];
  readonly warnings: readonly Problem[];
}

/** Where a lab stands. */
export interface LabStatus {
  readonly controller: { readonly kind: string; readonly url: string };
  readonly dataPlane: string;
  /** Names of the spec's switches that the controller has, and that it lacks. */
  readonly connected: readonly string[];
  readonly missing: readonly string[];
  readonly connections: readonly Connection[];
  readonly faults: readonly Fault[];
  readonly forwarding: Forwarding;
  /** Why the controller does not answer; the rest that it would tell is then unknown. */
  readonly trouble: Problem | undefined;
  /** Static entries that the controller lists. */
  readonly entries?: number;
  readonly upkeep?: Upkeep;
}

/** A switch of the spec as its controller has it. */
export interface SwitchState {
  readonly name: string;
  /** What people call it; undefined where that is its name. */
  readonly label: string | undefined;
  readonly dpid: Dpid;
  /** Milliseconds since 1970; undefined while it is not connected, as is the role. */
  readonly connectedSince: number | undefined;
  /** The controller's role in its own words, e.g. MASTER. */
  readonly role: string | undefined;
  /** Static entries that the controller lists for it. */
  readonly entries: number;
}

/**
 * One running lab: the sequence of up, connect, pingall and down over a data plane and a control plane that are handed
 * in. Holds the connections, which are what the lab ought to do. One command at a time; see `service.ts`.
 */
export class Lab {
  readonly spec: LabSpec;
  readonly #dataPlane: DataPlane;
  readonly #controlPlane: ControlPlane;
  readonly #plan: InstalledPlan;
  readonly #faults: NetworkFaults;
  #connections: readonly Connection[] = [];

  constructor(spec: LabSpec, drivers: { readonly dataPlane: DataPlane; readonly controlPlane: ControlPlane }) {
    this.spec = spec;
    this.#dataPlane = drivers.dataPlane;
    this.#controlPlane = drivers.controlPlane;
    this.#plan = new InstalledPlan(drivers);
    this.#faults = new NetworkFaults(spec.topology, drivers, this.#plan);
  }

  /** Resolves when the data plane ended without being asked to, with the reason. */
  get died(): Promise<string> {
    return this.#dataPlane.died;
  }

  /** Brings everything up, the spec's connections included; what has been started stays for `down` when it throws. */
  async up({ signal, report }: Running): Promise<void> {
    const onStep = (step: string) => report({ step });
    await together(signal, [
      (either) => this.#controlPlane.prepare(either, onStep),
      (either) => this.#dataPlane.start(either, onStep),
    ]);
    report({ step: 'controller' });
    await this.#controlPlane.start(signal, onStep);
    const { topology, connections } = this.spec;
    if (connections.length > 0) {
      report({ step: 'connections of the spec' });
      await this.#controlPlane.push(compileConnections(topology, connections).entries, signal);
      this.#connections = connections;
    }
    if (topology.hosts.every(({ start }) => start === undefined)) return;
    report({ step: 'start commands' });
    const failed = await this.#dataPlane.runStartCommands(signal);
    if (failed.length > 0) throw new ProblemError(failed.map(failedStart));
  }

  /**
   * Ends everything that has been started.
   * @throws ProblemError when something could not be cleaned up; the rest has ended all the same
   */
  async down(): Promise<void> {
    try {
      await this.#controlPlane.stop();
    } finally {
      await this.#dataPlane.stop();
    }
  }

  /** Pings all pairs and judges by the named expectation, or by what the spec and the connections ask for. */
  async pingall(expectation: string | undefined, running: Running): Promise<Observation> {
    const { topology } = this.spec;
    const expected = expectedMatrix(this.#spec, this.#connections, expectation);
    const [first, network] = await Promise.all([
      this.#dataPlane.probeAll(this.#reactionSeconds, running.signal, (probe) => running.report({ probe })),
      // What switches hold that labctl cannot read hides no observation.
      this.#network(running.signal).catch((error: unknown) => {
        if (!(error instanceof ProblemError)) throw error;
        return undefined;
      }),
    ]);
    const prediction = network === undefined ? undefined : predict(network);
    const probes = await this.#askedAgain(
      first,
      ({ source, target }) => expected.reaches(source, target) || (prediction?.matrix.reaches(source, target) ?? false),
      running,
    );
    const answered = new Set(
      probes.filter(({ rttMs }) => rttMs !== null).map((probe) => `${probe.source} ${probe.target}`),
    );
    const names = topology.hosts.map((host) => host.name);
    const observed = new ReachabilityMatrix(names, (source, target) => answered.has(`${source} ${target}`));
    const verdict = judge(expected, observed);
    const reasons = network === undefined ? [] : reasonsFor(network, verdict.differences);
    const predicted = prediction === undefined ? undefined : beside(prediction, observed);
    return { expectation, expected, observed, probes, verdict, reasons, predicted };
  }

  /**
   * A busy machine may keep a switch from its work for longer than a probe waits. Pairs that did not answer though they
   * should are asked again, with more patience.
   */
  async #askedAgain(
    probes: readonly ProbeResult[],
    shouldAnswer: (pair: Pair) => boolean,
    { signal, report }: Running,
  ): Promise<readonly ProbeResult[]> {
    const silent = probes.filter((probe) => probe.rttMs === null && shouldAnswer(probe));
    if (silent.length === 0 || this.#dataPlane.probeAgain === undefined) return probes;
    report({ step: `asking ${silent.length === 1 ? 'a pair' : `${silent.length} pairs`} once more` });
    const again = await this.#dataPlane.probeAgain(silent, this.#reactionSeconds, signal, (probe) => report({ probe }));
    const later = new Map(again.map((probe) => [`${probe.source} ${probe.target}`, probe]));
    return probes.map((probe) => {
      const { rttMs = null, probes: more = 0 } = later.get(`${probe.source} ${probe.target}`) ?? {};
      return { ...probe, rttMs: probe.rttMs ?? rttMs, probes: probe.probes + more };
    });
  }

  /** What the switches would answer to a ping of all pairs, by the entries that they hold and what is supposed. */
  async predict(expectation: string | undefined, supposition: Supposition, { signal }: Running): Promise<Forecast> {
    const expected = expectedMatrix(this.#spec, this.#connections, expectation);
    const [network, { entries: listed }] = await Promise.all([
      this.#network(signal),
      this.#controlPlane.entries(signal),
    ]);
    const { state, warnings } = supposing(network, listed, supposition);
    return forecast(state, expected, expectation, warnings);
  }

  /** The network as its switches hold it now, with what is supposed. */
  async supposed(supposition: Supposition, signal: AbortSignal): Promise<NetworkState> {
    const { entries: listed } = await this.#controlPlane.entries(signal);
    return supposing(await this.#network(signal), listed, supposition).state;
  }

  /** Why pairs are not as they should be, for as many as are explained, by what the switches hold now. */
  async reasons(differences: readonly Difference[], signal: AbortSignal): Promise<readonly string[]> {
    return reasonsFor(await this.#network(signal), differences);
  }

  /** Asks the switches of a ping's hops what they would do, and compares. */
  verify(trace: Trace): Promise<HopChecks> {
    return checkHops(trace, this.spec.topology, this.#dataPlane);
  }

  /** How long the controller may take for the first packet of a pair. */
  get #reactionSeconds(): number {
    const { forwarding } = this.#controlPlane;
    return forwarding.kind === 'reactive' ? forwarding.reactionSeconds : 0;
  }

  async #network(signal: AbortSignal): Promise<NetworkState> {
    const { topology } = this.spec;
    const [held, { entries: listed }] = await Promise.all([
      this.#plan.heldBy(topology.switches.map(({ dpid }) => dpid)),
      this.#controlPlane.entries(signal),
    ]);
    const missForwarding = this.#controlPlane.forwarding.kind === 'reactive' ? 'shortest-path' : 'none';
    const network = networkOfSwitches(topology, held, listed, missForwarding);
    return { ...network, faults: this.#faults.now.faults };
  }

  /**
   * The entries that `connect` would push and take away, or, where nothing is asked for, those by which the switches
   * differ from what the connections need.
   */
  async plan(request: ConnectionRequest | undefined, signal: AbortSignal): Promise<PlannedConnection> {
    const over = this.#faults.planningAnew;
    if (request === undefined) {
      return { steps: await this.#plan.stepsTo(this.#connections, over, signal), alone: undefined };
    }
    const connection = requestedConnection(this.spec.topology, request);
    const steps = await this.#plan.stepsTo(withConnection(this.#connections, connection), over, signal);
    return { steps, alone: compileConnections(over.topology, [connection]).counts };
  }

  async connect(request: ConnectionRequest, running: Running): Promise<ConnectionChange> {
    const connection = requestedConnection(this.spec.topology, request);
    return this.#changeTo(withConnection(this.#connections, connection), connection, running);
  }

  /**
   * Gives the switches what the connections and the controller's forwarding need and they lack, and takes away what no
   * connection needs.
   */
  async heal(running: Running): Promise<ConnectionChange> {
    await this.#faults.catchUp(running);
    const { forwarding } = this.#controlPlane;
    const restored = forwarding.kind === 'in-advance' ? await forwarding.restore() : 0;
    return this.#changeTo(this.#connections, undefined, running, restored);
  }

  async disconnect(hosts: readonly string[], running: Running): Promise<ConnectionChange> {
    const connection = { members: requestedHosts(this.spec.topology, hosts) };
    if (!this.#connections.some((other) => sameConnection(other, connection))) {
      const containing = this.#connections.filter(({ members }) => hosts.every((host) => members.includes(host)));
      const choices = (containing.length > 0 ? containing : this.#connections).map(
        ({ members }) => `labctl disconnect ${members.join(' ')}`,
      );
      throw new ProblemError(
        inputProblem({
          code: 'no-such-connection',
          where: hosts.join(' '),
          cause: 'these hosts are not a connection of their own',
          remedy:
            choices.length > 0
              ? `there is: ${choices.join('; ')}`
              : 'nothing is connected: labctl connect makes a connection',
        }),
      );
    }
    const remaining = this.#connections.filter((other) => !sameConnection(other, connection));
    return this.#changeTo(remaining, connection, running);
  }

  /** A controller that does not answer is part of the answer. */
  async status(signal: AbortSignal): Promise<LabStatus> {
    const { topology, forwarding } = this.spec;
    const lab = {
      controller: { kind: this.#controlPlane.kind, url: this.#controlPlane.url },
      forwarding,
      dataPlane: this.#dataPlane.description,
      connections: this.#connections,
      faults: this.#faults.now.faults,
    };
    try {
      const present = new Set((await this.#controlPlane.switches(signal)).map(({ dpid }) => dpid));
      const names = (there: boolean) =>
        topology.switches.filter(({ dpid }) => present.has(dpid) === there).map(({ name }) => name);
      return {
        ...lab,
        trouble: undefined,
        connected: names(true),
        missing: names(false),
        entries: await this.#countEntries(signal),
        upkeep: await this.#controlPlane.upkeep(signal),
      };
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const [trouble] = error.problems;
      return { ...lab, trouble, connected: [], missing: topology.switches.map(({ name }) => name) };
    }
  }

  /** Each switch of the spec as the controller has it. */
  async switches(signal: AbortSignal): Promise<readonly SwitchState[]> {
    const connected = new Map((await this.#controlPlane.switches(signal)).map((each) => [each.dpid, each]));
    const roles = await this.#controlPlane.roles(signal);
    const list = await this.#controlPlane.entries(signal);
    const entries = [...list.entries, ...list.unreadable];
    return this.spec.topology.switches.map(({ name, label, dpid }) => ({
      name,
      label,
      dpid,
      connectedSince: connected.get(dpid)?.connectedSince,
      role: connected.has(dpid) ? roles.get(dpid) : undefined,
      entries: entries.filter((entry) => entry.dpid === dpid).length,
    }));
  }

  /** Sets the controller's role for one switch, or for all. */
  async setRole(role: SettableRole, switchName: string | undefined, { signal, report }: Running): Promise<void> {
    const dpids =
      switchName === undefined ? this.spec.topology.switches.map(({ dpid }) => dpid) : [this.#dpidOf(switchName)];
    report({ step: `setting the role of ${dpids.length} switches, a second each` });
    await this.#changing(() => this.#controlPlane.setRole(dpids, role, signal));
  }

  /** The spec as it is with what is down. */
  get #spec(): LabSpec {
    return { ...this.spec, topology: this.#faults.topology };
  }

  get connections(): readonly Connection[] {
    return this.#connections;
  }

  net(): Promise<readonly string[]> {
    return this.#dataPlane.net();
  }

  /** The command that runs `argv` on a host. */
  commandOn(host: string, argv: readonly string[]): Command {
    requestedHosts(this.spec.topology, [host]);
    return this.#dataPlane.commandOn(host, argv);
  }

  /** The commands that capture what passes an interface; see `Capture`. */
  capture(text: string, how: Omit<CaptureRequest, keyof CapturePoint>): readonly Command[] {
    return this.#dataPlane.capture({ ...capturePoint(this.spec.topology, text), ...how });
  }

  /** Measures what comes through from one host to another. */
  async iperf(request: ThroughputRequest, { signal, report }: Running): Promise<Throughput> {
    const { topology } = this.spec;
    const { source, target, seconds } = request;
    for (const name of [source, target]) requestedHosts(topology, [name]);
    refuseOneHost(source, target);
    const host = topology.host(target);
    if (host === undefined) throw new Error(`no host ${target}`);
    report({ step: `measuring from ${source} to ${target} for ${seconds} s` });
    return measureThroughput(request, host, this.#dataPlane, signal);
  }

  entries(signal: AbortSignal): Promise<EntryList> {
    return this.#controlPlane.entries(signal);
  }

  async #countEntries(signal: AbortSignal): Promise<number> {
    const { entries, unreadable } = await this.#controlPlane.entries(signal);
    return entries.length + unreadable.length;
  }

  /** Checks entries that somebody wrote by hand, and pushes those that are not there already: all of them, or none. */
  async applyEntries(entries: readonly Entry[], { signal, report }: Running): Promise<EntriesApplied> {
    const { entries: installed } = await this.#controlPlane.entries(signal);
    const { problems, warnings } = checkEntries(this.spec.topology, installed, entries);
    if (problems.length > 0) throw new ProblemError(problems);
    const { push } = stepsBetween(installed, entries);
    if (push.length > 0) {
      report({ step: `pushing ${push.length} entries` });
      await this.#changing(() => this.#controlPlane.push(push, signal));
    }
    return { pushed: push, unchanged: entries.filter((entry) => !push.includes(entry)), warnings };
  }

  /** Sends entries as they were written, checked for nothing but what would break the controller. */
  sendUnchecked(bodies: readonly UncheckedBody[], signal: AbortSignal): Promise<readonly SentBody[]> {
    return this.#changing(() => this.#controlPlane.sendUnchecked(bodies, signal));
  }

  /** Takes the named entries away; all of them exist, or none is taken away. Returns them. */
  async deleteEntries(names: readonly string[], signal: AbortSignal): Promise<EntryList> {
    const installed = await this.#controlPlane.entries(signal);
    const known = new Set([...installed.entries, ...installed.unreadable].map(({ name }) => name));
    const unknown = names.filter((name) => !known.has(name));
    if (unknown.length > 0) {
      throw new ProblemError(
        inputProblem({
          code: 'unknown-entry',
          where: unknown.join(', '),
          cause: 'there is no entry of this name',
          remedy: '`labctl entries list` shows the names',
        }),
      );
    }
    return this.#changing(() => this.#plan.remove(installed, ({ name }) => names.includes(name)));
  }

  /** Takes every static entry away, of one switch or of all, and with the last entries the connections. Returns them. */
  async clearEntries(switchName: string | undefined, signal: AbortSignal): Promise<EntryList> {
    const owner = switchName === undefined ? undefined : this.#dpidOf(switchName);
    const installed = await this.#controlPlane.entries(signal);
    const removed = await this.#changing(() =>
      this.#plan.remove(installed, ({ dpid }) => owner === undefined || dpid === owner),
    );
    if (owner === undefined) this.#connections = [];
    return removed;
  }

  #dpidOf(switchName: string): Dpid {
    const { topology } = this.spec;
    const found = topology.switchNamed(switchName) ?? topology.switches.find(({ dpid }) => dpid === switchName);
    if (found !== undefined) return found.dpid;
    throw new ProblemError(
      inputProblem({
        code: 'unknown-switch',
        where: switchName,
        cause: 'there is no such switch',
        remedy: `the switches are ${abridged(topology.switches.map(({ name }) => name))}`,
      }),
    );
  }

  /** A connection of the same members is replaced. */
  async #changeTo(
    connections: readonly Connection[],
    connection: Connection | undefined,
    running: Running,
    restored = 0,
  ): Promise<ConnectionChange> {
    this.#faults.notePlannedAnew();
    const where = connection?.members.join(' ') ?? 'heal';
    const steps = await this.#changing(() =>
      this.#plan.changeTo(connections, this.#faults.planningAnew, where, running),
    );
    const changed =
      steps.push.length + steps.remove.length + restored > 0 || !isDeepStrictEqual(connections, this.#connections);
    this.#connections = connections;
    return { connection, changed, steps, restored, observation: await this.pingall(undefined, running) };
  }

  /** Does what changes what switches hold; after it, done or not, they go by nothing that they held before. */
  async #changing<T>(change: () => Promise<T>): Promise<T> {
    try {
      return await change();
    } finally {
      await this.#dataPlane.forgetCached();
    }
  }

  /** Takes links and switches down, or up again; see `NetworkFaults`. */
  changeFaults(
    request: FaultRequest,
    options: { readonly repair: boolean; readonly measure: readonly [string, string] | undefined },
    running: Running,
  ): Promise<FaultChange> {
    return this.#faults.change(request, this.#connections, options, running);
  }

  /** What is down, with no change. */
  get faultsNow(): FaultChange {
    return this.#faults.now;
  }
}

/** Does all of it at once; the first failure ends the others, and is thrown when they have ended. */
async function together(
  signal: AbortSignal,
  works: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const first: { error?: unknown } = {};
  const outcomes = works.map((work) =>
    work(either).catch((error: unknown) => {
      if (failed.signal.aborted) return;
      first.error = error;
      failed.abort(error);
    }),
  );
  await Promise.all(outcomes);
  if (failed.signal.aborted) throw first.error;
}

function failedStart({ host, command, exitCode, words }: FailedCommand): Problem {
  const how = exitCode < 0 ? `was ended by signal ${-exitCode}` : `ended with exit code ${exitCode}`;
  return inputProblem({
    code: 'start-failed',
    where: `start of ${host}`,
    cause: [`${JSON.stringify(command)} ${how}`, ...words.split('\n').filter(Boolean)].join('\n    '),
    remedy: 'mend it; where it may fail, end it with || true',
  });
}

/** Undecided pairs surprise nobody. */
function beside(prediction: Prediction, observed: ReachabilityMatrix): PredictionBeside {
  const { matrix, undecided } = prediction;
  const surprises = judge(matrix, observed).differences.filter(
    ({ source, target }) => !undecided.reaches(source, target),
  );
  return { prediction, surprises };
}
