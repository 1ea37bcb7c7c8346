import type { ControlledSwitches, EntryList, EntryStore, UnreadableEntry } from '../drivers/control-plane.ts';
import type { HeldEntries, Inspector } from '../drivers/data-plane.ts';
import type { Dpid } from '../model/addresses.ts';
import type { Connection } from '../model/connection.ts';
import type { Fault } from '../model/fault.ts';
import { countedEntries, type Entry, effectKey } from '../model/openflow.ts';
import { environmentProblem, ProblemError } from '../model/problem.ts';
import type { Topology } from '../model/topology.ts';
import { compileConnections, ENTRY_NAME_PREFIX, type EntryCounts } from '../plan/connections.ts';
import { type Steps, stepsBetween } from '../plan/steps.ts';
import type { Running } from './running.ts';

/** Steps to what the connections need, and how many entries that are. */
export interface PlannedSteps extends Steps, EntryCounts {
  /** Entries that the controller lists and their switches have lost. */
  readonly lost: readonly Entry[];
}

/** The network over which connections are planned. */
export interface PlannedOver {
  /** With what is down of it now. */
  readonly topology: Topology;
  /** What was down in it when protected connections were planned. */
  readonly protectedWith: readonly Fault[];
}

/** The entries that a lab's plans have in its switches. */
export class InstalledPlan {
  readonly #dataPlane: Inspector;
  readonly #controlPlane: EntryStore & ControlledSwitches;

  constructor(drivers: { readonly dataPlane: Inspector; readonly controlPlane: EntryStore & ControlledSwitches }) {
    this.#dataPlane = drivers.dataPlane;
    this.#controlPlane = drivers.controlPlane;
  }

  /** All that switches hold, of plans or not. */
  async heldBy(dpids: readonly Dpid[]): Promise<ReadonlyMap<Dpid, HeldEntries>> {
    return new Map(
      await Promise.all(dpids.map(async (dpid) => [dpid, await this.#dataPlane.entriesOf(dpid)] as const)),
    );
  }

  /** The steps from what is installed to what the connections need. */
  async stepsTo(
    connections: readonly Connection[],
    { topology, protectedWith }: PlannedOver,
    signal: AbortSignal,
  ): Promise<PlannedSteps> {
    const { entries, counts } = compileConnections(topology, connections, topology.withFaults(protectedWith));
    const { held, lost } = await this.#entries(signal);
    const { push, remove } = stepsBetween(held, entries);
    // A stopped switch gets its entries when it is back.
    const isUp = ({ dpid }: Entry) => topology.switchIsUp(topology.switchWithDpid(dpid)?.name ?? '');
    return { push: push.filter(isUp), remove, lost: lost.filter(isUp), ...counts };
  }

  /**
   * Makes the installed entries those that the connections need.
   * @param where what a problem is about
   */
  async changeTo(
    connections: readonly Connection[],
    over: PlannedOver,
    where: string,
    { signal, report }: Running,
  ): Promise<PlannedSteps> {
    const steps = await this.stepsTo(connections, over, signal);
    // Otherwise the controller would modify a group that its switch does not have.
    if (steps.lost.length > 0) await this.remove({ entries: steps.lost, unreadable: [] });
    if (steps.push.length > 0) {
      report({ step: `pushing ${countedEntries(steps.push.length)}` });
      await this.#controlPlane.push(steps.push, signal);
    }
    if (steps.remove.length > 0) {
      report({ step: `removing ${countedEntries(steps.remove.length)}` });
      try {
        await this.remove({ entries: steps.remove, unreadable: [] });
      } catch (error) {
        throw new ProblemError(
          environmentProblem({
            code: 'half-removed',
            where,
            cause: `not every entry could be removed: ${(error as Error).message}`,
            remedy: 'give the command again: it goes on where this one stopped',
          }),
          { cause: error },
        );
      }
    }
    return steps;
  }

  /**
   * Removes entries, those of plans and others, and returns them. Half a removal would leave a network that nobody asked
   * for: once begun, it is finished.
   */
  async remove(
    { entries, unreadable }: EntryList,
    isMeant: (entry: UnreadableEntry) => boolean = () => true,
  ): Promise<EntryList> {
    const meant = { entries: entries.filter(isMeant), unreadable: unreadable.filter(isMeant) };
    await this.#controlPlane.remove(meant, new AbortController().signal);
    return meant;
  }

  /** The entries of plans that the controller lists: those that are in their switches, and those that are not. */
  async #entries(signal: AbortSignal): Promise<{ readonly held: readonly Entry[]; readonly lost: readonly Entry[] }> {
    const [{ entries }, present] = await Promise.all([
      this.#controlPlane.entries(signal),
      this.#controlPlane.switches(signal),
    ]);
    const all = await this.heldBy(present.map(({ dpid }) => dpid));
    const effects = new Map(
      [...all].map(([dpid, { flows, groups }]) => [dpid, new Set([...flows, ...groups].map(effectKey))]),
    );
    const ours = entries.filter(({ name }) => name.startsWith(ENTRY_NAME_PREFIX));
    // Nothing can be said of a switch that is away; its controller looks after that.
    const isHeld = (entry: Entry) => effects.get(entry.dpid)?.has(effectKey(entry)) ?? true;
    return { held: ours.filter(isHeld), lost: ours.filter((entry) => !isHeld(entry)) };
  }
}
