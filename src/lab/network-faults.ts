import type { Forwarder } from '../drivers/control-plane.ts';
import type { FaultMaker, Prober, Traffic } from '../drivers/data-plane.ts';
import type { Connection } from '../model/connection.ts';
import { describeFault, type Fault, sameFault, sameFaults } from '../model/fault.ts';
import { faultsAfter, upBetween } from '../model/parts.ts';
import { environmentProblem, ProblemError } from '../model/problem.ts';
import type { Topology } from '../model/topology.ts';
import { checkedFault, type RandomFaults, randomFaults } from '../plan/fault-requests.ts';
import { requestedPair } from '../plan/requests.ts';
import type { Steps } from '../plan/steps.ts';
import type { InstalledPlan, PlannedOver } from './installed-plan.ts';
import type { Running } from './running.ts';

/** What is to go down, or to come up. */
export type FaultRequest =
  | { readonly kind: 'down' | 'up'; readonly fault: Fault }
  | ({ readonly kind: 'random' } & RandomFaults)
  /** Everything up again. */
  | { readonly kind: 'clear' };

/** What became of it. */
export interface FaultChange {
  /** What went down, or came up. */
  readonly changed: readonly Fault[];
  /** All that is down now. */
  readonly faults: readonly Fault[];
  /** From the first fault until the controller and the connections follow what survives; undefined where nothing changed. */
  readonly tookMs: number | undefined;
  /** How the connections' entries were changed; undefined where they were not to be repaired, or nothing changed. */
  readonly repair: Steps | undefined;
  readonly traffic: Traffic | undefined;
}

/** What labctl took down in a running network, and what was down when its connections were planned. */
export class NetworkFaults {
  readonly #intact: Topology;
  readonly #dataPlane: FaultMaker & Prober;
  readonly #controlPlane: Forwarder;
  readonly #plan: InstalledPlan;
  #faults: readonly Fault[] = [];
  /** What was down when protected connections were planned. The data plane itself keeps those up since. */
  #protectedWith: readonly Fault[] = [];
  /** Whether the controller has not yet followed the last change. */
  #isBehind = false;

  constructor(
    intact: Topology,
    { dataPlane, controlPlane }: { readonly dataPlane: FaultMaker & Prober; readonly controlPlane: Forwarder },
    plan: InstalledPlan,
  ) {
    this.#intact = intact;
    this.#dataPlane = dataPlane;
    this.#controlPlane = controlPlane;
    this.#plan = plan;
  }

  /** What is down, with no change. */
  get now(): FaultChange {
    return { changed: [], faults: this.#faults, tookMs: undefined, repair: undefined, traffic: undefined };
  }

  /** The topology with what is down. */
  get topology(): Topology {
    return this.#intact.withFaults(this.#faults);
  }

  /** The network over which all connections are planned again. */
  get planningAnew(): PlannedOver {
    return { topology: this.topology, protectedWith: this.#faults };
  }

  /** To be called when all connections are planned again. */
  notePlannedAnew(): void {
    this.#protectedWith = this.#faults;
  }

  /** Has the controller follow what is down, where it could not when that changed. */
  async catchUp({ signal, report }: Running): Promise<void> {
    if (!this.#isBehind) return;
    report({ step: 'waiting for the controller to follow' });
    await this.#reconverge(signal);
  }

  async #reconverge(signal: AbortSignal): Promise<void> {
    await this.#controlPlane.reconverge(this.#faults, signal);
    this.#isBehind = false;
  }

  /**
   * Takes links and switches down, or brings them up, and has controller and connections follow.
   * An interrupt comes too late once the first of them is down or up: the rest is done all the same.
   * @param options `repair` is whether the connections' entries are computed again; `measure` are two hosts between which
   * traffic is to be measured meanwhile
   */
  async change(
    request: FaultRequest,
    connections: readonly Connection[],
    { repair, measure }: { readonly repair: boolean; readonly measure: readonly [string, string] | undefined },
    running: Running,
  ): Promise<FaultChange> {
    const down = request.kind === 'down' || request.kind === 'random';
    const changed = this.#requested(request);
    if (measure !== undefined) {
      const where = { kind: 'option', option: '--measure', value: measure.join(' ') } as const;
      requestedPair(this.#intact, ...measure, where);
    }
    if (changed.length === 0) return this.now;
    let tookMs = 0;
    let steps: Steps | undefined;
    const act = async () => {
      running.signal.throwIfAborted();
      const begin = performance.now();
      try {
        steps = await this.#setAll(changed, down, repair ? connections : undefined, running);
      } finally {
        await this.#dataPlane.forgetCached();
      }
      tookMs = performance.now() - begin;
    };
    let traffic: Traffic | undefined;
    if (measure === undefined) await act();
    else {
      running.report({ step: `measuring traffic from ${measure[0]} to ${measure[1]}` });
      traffic = await this.#dataPlane.measureWhile(...measure, act, running.signal);
    }
    return { changed, faults: this.#faults, tookMs, repair: steps, traffic };
  }

  /** What has to go down, or come up, for a request. */
  #requested(request: FaultRequest): readonly Fault[] {
    if (request.kind === 'clear') return this.#faults;
    if (request.kind === 'random') return randomFaults(this.topology, request);
    const fault = checkedFault(this.#intact, request.fault);
    return sameFaults(this.#faultsAfter(fault, request.kind === 'down'), this.#faults) ? [] : [fault];
  }

  #faultsAfter(fault: Fault, isDown: boolean): readonly Fault[] {
    return faultsAfter(this.topology, fault, isDown);
  }

  /**
   * Takes them down or up, and has the controller follow.
   * @param repaired the connections that are to follow too; undefined where none is
   */
  async #setAll(
    changed: readonly Fault[],
    down: boolean,
    repaired: readonly Connection[] | undefined,
    { signal, report }: Running,
  ): Promise<Steps | undefined> {
    let isSet = false;
    try {
      report({ step: 'waiting for the controller to follow' });
      this.#isBehind = true;
      for (const fault of changed) await this.#set(fault, down, signal);
      isSet = true;
      await this.#reconverge(signal);
      if (repaired === undefined) return undefined;
      if (!this.#protectionHolds()) this.notePlannedAnew();
      const over = { topology: this.topology, protectedWith: this.#protectedWith };
      return await this.#plan.changeTo(repaired, over, 'repair', { signal: new AbortController().signal, report });
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      const described = this.#faults.map(describeFault);
      const verb = described.length > 1 ? 'are' : 'is';
      throw new ProblemError(
        [
          environmentProblem({
            code: 'not-repaired',
            where: 'repair',
            cause: `${described.join(', ') || 'nothing'} ${verb} down, but some connections could not be updated`,
            remedy: isSet
              ? '`labctl heal` tries again'
              : `\`labctl fault clear\` brings everything up again${down ? '' : ', or give the command again'}`,
          }),
          ...error.problems,
        ],
        { cause: error },
      );
    }
  }

  /** A link or switch for which that fails counts as down, so that it can be brought up. */
  async #set(fault: Fault, down: boolean, signal: AbortSignal): Promise<void> {
    const after = this.#faultsAfter(fault, down);
    if (down) this.#faults = after;
    if (fault.kind === 'link') await this.#dataPlane.setLink(fault, !down);
    else if (down) await this.#dataPlane.setSwitch(fault.name, false);
    else await this.#startSwitch(fault.name, after, signal);
    if (!down) this.#faults = after;
  }

  /**
   * Links of the switch come up when it has its entries: its neighbours, and groups that watch their ports, would send it
   * packets at once.
   */
  async #startSwitch(name: string, others: readonly Fault[], signal: AbortSignal): Promise<void> {
    const next = this.#intact.withFaults(others);
    const peers = new Set(next.neighboursOf(name).map(({ peer }) => peer.node));
    const dark = [...peers].flatMap((peer) => upBetween(next, name, peer));
    for (const link of dark) await this.#dataPlane.setLink(link, false);
    try {
      await this.#dataPlane.setSwitch(name, true);
      await this.#controlPlane.reconverge([...others, ...dark], signal);
    } finally {
      for (const link of dark) await this.#dataPlane.setLink(link, true);
    }
  }

  /**
   * Whether the data plane itself keeps protected connections up: it does for one link that fails. When more has failed
   * since they were planned, packets might circle; when something has come back, they were planned without it.
   */
  #protectionHolds(): boolean {
    const among = (faults: readonly Fault[], fault: Fault) => faults.some((other) => sameFault(other, fault));
    const failed = this.#faults.filter((fault) => !among(this.#protectedWith, fault));
    const isBack = this.#protectedWith.some((fault) => !among(this.#faults, fault));
    return !isBack && failed.length <= 1 && failed.every(({ kind }) => kind === 'link');
  }
}
