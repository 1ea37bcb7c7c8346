import type { ControlPlane } from '../drivers/control-plane.ts';
import type { DataPlane, FailedCommand } from '../drivers/data-plane.ts';
import type { Connection } from '../model/connection.ts';
import { inputProblem, type Problem, ProblemError } from '../model/problem.ts';
import { compileConnections } from '../plan/connections.ts';
import type { NetworkState } from '../sim/network.ts';
import type { LabSpec } from '../spec/read.ts';
import { networkOfSwitches, type Supposition, supposing } from './forecast.ts';
import { InstalledPlan } from './installed-plan.ts';
import { NetworkFaults } from './network-faults.ts';
import type { Running } from './running.ts';

/**
 * One running lab, over a data plane and a control plane that are handed in: its life and its state. What is done with it
 * is in `commands/`, one command at a time (see `service.ts`).
 */
export class Lab {
  readonly spec: LabSpec;
  readonly dataPlane: DataPlane;
  readonly controlPlane: ControlPlane;
  /** The entries that its switches have for the connections. */
  readonly plan: InstalledPlan;
  readonly faults: NetworkFaults;
  /** The connections that the lab should have. */
  connections: readonly Connection[] = [];

  constructor(spec: LabSpec, drivers: { readonly dataPlane: DataPlane; readonly controlPlane: ControlPlane }) {
    this.spec = spec;
    this.dataPlane = drivers.dataPlane;
    this.controlPlane = drivers.controlPlane;
    this.plan = new InstalledPlan(drivers);
    this.faults = new NetworkFaults(spec.topology, drivers, this.plan);
  }

  /** Resolves when the data plane ended without being asked to, with the reason. */
  get died(): Promise<string> {
    return this.dataPlane.died;
  }

  /** Brings everything up, the spec's connections included. When it throws, call `down`: parts may have been started. */
  async up({ signal, report }: Running): Promise<void> {
    const onStep = (step: string) => report({ step });
    await together(signal, [
      (either) => this.controlPlane.prepare(either, onStep),
      (either) => this.dataPlane.start(either, onStep),
    ]);
    report({ step: 'controller' });
    await this.controlPlane.start(signal, onStep);
    const { topology, connections } = this.spec;
    if (connections.length > 0) {
      report({ step: 'connections of the spec' });
      await this.controlPlane.push(compileConnections(topology, connections).entries, signal);
      this.connections = connections;
    }
    if (topology.hosts.every(({ start }) => start === undefined)) return;
    report({ step: 'start commands' });
    const failed = await this.dataPlane.runStartCommands(signal);
    if (failed.length > 0) throw new ProblemError(failed.map(failedStart));
  }

  /**
   * Ends everything that has been started.
   * @throws ProblemError when something could not be cleaned up; the rest has ended all the same
   */
  async down(): Promise<void> {
    try {
      await this.controlPlane.stop();
    } finally {
      await this.dataPlane.stop();
    }
  }

  /** The spec, with what is down now. */
  get specNow(): LabSpec {
    return { ...this.spec, topology: this.faults.topology };
  }

  /** How long the controller may take for the first packet of a pair of hosts. */
  get reactionSeconds(): number {
    const { forwarding } = this.controlPlane;
    return forwarding.kind === 'reactive' ? forwarding.reactionSeconds : 0;
  }

  /** The network as its switches hold it now. */
  async network(signal: AbortSignal): Promise<NetworkState> {
    const { topology } = this.spec;
    const [held, { entries: listed }, hosts] = await Promise.all([
      this.plan.heldBy(topology.switches.map(({ dpid }) => dpid)),
      this.controlPlane.entries(signal),
      this.dataPlane.hostStates(),
    ]);
    const missForwarding = this.controlPlane.forwarding.kind === 'reactive' ? 'shortest-path' : 'none';
    return { ...networkOfSwitches(topology, held, listed, missForwarding), faults: this.faults.now.faults, hosts };
  }

  /** The network with what is supposed too, and warnings about that. */
  async supposing(supposition: Supposition, signal: AbortSignal): Promise<ReturnType<typeof supposing>> {
    const [network, { entries: listed }] = await Promise.all([this.network(signal), this.controlPlane.entries(signal)]);
    return supposing(network, listed, supposition);
  }

  /** Does a change of what switches hold. Afterwards, done or not, they treat no packet by what they have cached. */
  async changing<T>(change: () => Promise<T>): Promise<T> {
    try {
      return await change();
    } finally {
      await this.dataPlane.forgetCached();
    }
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
    remedy: 'fix it; where it may fail, end it with || true',
  });
}
