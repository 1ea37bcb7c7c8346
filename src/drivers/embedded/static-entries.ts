import type { Dpid } from '../../model/addresses.ts';
import { type Entry, type Flow, type FlowEntry, flowKey, type GroupEntry } from '../../model/openflow.ts';
import type { Switch, Topology } from '../../model/topology.ts';
import { actionsOf, portProblems, unknownSwitchProblem } from '../../plan/entry-check.ts';
import type { Refusal } from '../pusher/action-text.ts';
import { cookieOf } from '../pusher/wire.ts';
import type { SwitchTables, TableChange } from '../switch-tables.ts';
import { ChangeQueue, type SwitchEntries, usesGroup } from './change-queue.ts';

/** A request that is refused because of what it asks for, not because something failed. */
export class RefusedError extends Error {
  readonly refusals: readonly Refusal[];

  constructor(refusals: readonly Refusal[]) {
    super(refusals.map(({ reason, remedy }) => `${reason}. ${remedy}`).join('; '));
    this.name = 'RefusedError';
    this.refusals = refusals;
  }
}

/**
 * The static entries of a lab, kept in step with the tables of its switches. Names are unique over all switches, and
 * posting one again replaces or moves its entry (CONTRACT.md, sections 2 to 4). What Floodlight would accept and then
 * lose is refused with `RefusedError`.
 */
export class StaticEntries {
  readonly #topology: Topology;
  readonly #queues: ReadonlyMap<Dpid, ChangeQueue>;
  readonly #reserved: ReadonlyMap<Dpid, ReadonlySet<string>>;
  /** Which switch has the entry of a name, as of the last committed change. */
  readonly #owners = new Map<string, Dpid>();
  /** Per name, the end of the last operation on it: they happen one after another. */
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #everUsed = new Set<Dpid>();

  /** @param forwarding the controller's own flows while nothing is down, whose place no entry may take */
  constructor(topology: Topology, tables: SwitchTables, forwarding: ReadonlyMap<Dpid, readonly Flow[]>) {
    this.#topology = topology;
    this.#reserved = new Map([...forwarding].map(([dpid, flows]) => [dpid, new Set(flows.map(flowKey))]));
    const arrivals = { count: 0 };
    this.#queues = new Map(
      topology.switches.map(({ dpid }) => [
        dpid,
        new ChangeQueue(dpid, tables, arrivals, (before, after) => this.#follow(dpid, before, after)),
      ]),
    );
  }

  /** Makes this entry the one of its name; resolves when the switch has it. */
  async post(entry: Entry): Promise<void> {
    const node = this.#topology.switchWithDpid(entry.dpid);
    const queue = this.#queues.get(entry.dpid);
    if (node === undefined || queue === undefined)
      throw new RefusedError([unknownSwitchProblem(this.#topology, entry.dpid)]);
    await this.#inTurn(entry.name, async () => {
      const owner = this.#owners.get(entry.name);
      this.#refuseOtherKind(entry, owner);
      refuseAway(queue, node);
      await queue.request((draft) => {
        const refusals = [...portProblems(this.#topology, entry, node), ...this.#clashes(entry, draft, node)];
        if (refusals.length > 0) throw new RefusedError(refusals);
        return placeEntry(entry, draft);
      });
      // It moves: the other switch loses it once this one has it.
      if (owner !== undefined && owner !== entry.dpid) await this.#queues.get(owner)?.request(removal([entry.name]));
    });
  }

  /** Removes the entry of a name, whatever its switch. It is no error if there is none. */
  async delete(name: string): Promise<void> {
    await this.#inTurn(name, async () => {
      const owner = this.#owners.get(name);
      if (owner !== undefined) await this.#queues.get(owner)?.request(removal([name]));
    });
  }

  /** Removes all entries, of all switches or one. */
  async clear(dpid: Dpid | 'all'): Promise<void> {
    const clearing = this.#queuesOf(dpid).map(([, queue]) => queue.request((draft) => removal(draft.names())(draft)));
    await Promise.all(clearing);
  }

  /** The entries of all switches that ever had one, or of one switch. */
  async list(dpid: Dpid | 'all'): Promise<ReadonlyMap<Dpid, readonly Entry[]>> {
    const queues = this.#queuesOf(dpid).filter(([owner]) => dpid !== 'all' || this.#everUsed.has(owner));
    await Promise.all(queues.map(([, queue]) => queue.settle()));
    return new Map(queues.map(([owner, queue]) => [owner, queue.entries.all()]));
  }

  /** The switch is gone; its entries stay listed, and can be deleted. */
  leave(dpid: Dpid): void {
    this.#queues.get(dpid)?.leave();
  }

  isAway(dpid: Dpid): boolean {
    return this.#queues.get(dpid)?.isAway ?? false;
  }

  /** Gives a switch that has come back, with empty tables, its entries and these flows. */
  async putBack(dpid: Dpid, flows: readonly TableChange[]): Promise<void> {
    await this.#queues.get(dpid)?.putBack(flows);
  }

  #queuesOf(dpid: Dpid | 'all'): readonly (readonly [Dpid, ChangeQueue])[] {
    return [...this.#queues].filter(([owner]) => dpid === 'all' || owner === dpid);
  }

  #follow(dpid: Dpid, before: SwitchEntries, after: SwitchEntries): void {
    for (const name of before.names()) {
      if (after.get(name) === undefined && this.#owners.get(name) === dpid) this.#owners.delete(name);
    }
    for (const name of after.names()) {
      if (before.get(name) !== after.get(name)) this.#owners.set(name, dpid);
      this.#everUsed.add(dpid);
    }
  }

  async #inTurn(name: string, act: () => Promise<void>): Promise<void> {
    const turn = (this.#turns.get(name) ?? Promise.resolve()).then(act);
    const settled = turn.catch(() => undefined);
    this.#turns.set(name, settled);
    try {
      await turn;
    } finally {
      if (this.#turns.get(name) === settled) this.#turns.delete(name);
    }
  }

  #refuseOtherKind(entry: Entry, owner: Dpid | undefined): void {
    const former = owner === undefined ? undefined : this.#queues.get(owner)?.entries.get(entry.name);
    if (former === undefined || former.kind === entry.kind) return;
    throw new RefusedError([
      {
        reason: `the name ${entry.name} belongs to a ${former.kind} entry on switch ${former.dpid}`,
        remedy: `Give the ${entry.kind} entry another name, or delete the ${former.kind} entry first`,
      },
    ]);
  }

  #clashes(entry: Entry, entries: SwitchEntries, node: Switch): readonly Refusal[] {
    const refusals: Refusal[] = [];
    const other = entries.nameAtPlaceOf(entry);
    if (other !== undefined && other !== entry.name) {
      const what = entry.kind === 'group' ? `group id ${entry.groupId}` : 'table, priority and match';
      refusals.push({
        reason: `entry ${other} on switch ${node.name} has the same ${what}, and would silently be replaced`,
        remedy: `Delete ${other} first, or post under its name`,
      });
    }
    if (entry.kind === 'flow' && this.#reserved.get(entry.dpid)?.has(flowKey(entry)) === true) {
      refusals.push({
        reason: `the controller's own forwarding on switch ${node.name} has the same priority and match`,
        remedy: `Give the entry a higher priority than ${entry.priority}`,
      });
    }
    for (const action of actionsOf(entry)) {
      if (action.kind !== 'group' || entries.hasGroup(entry.dpid, action.groupId)) continue;
      refusals.push({
        reason: `switch ${node.name} has no group ${action.groupId}`,
        remedy: 'Post the group first, then what uses it',
      });
    }
    return refusals;
  }
}

function refuseAway(queue: ChangeQueue, node: Switch): void {
  if (!queue.isAway) return;
  throw new RefusedError([
    { reason: `switch ${node.name} is stopped`, remedy: `Start it first: labctl switch start ${node.name}` },
  ]);
}

/** Puts an entry where its name was, or beside the others. */
function placeEntry(entry: Entry, draft: SwitchEntries): readonly TableChange[] {
  const former = draft.get(entry.name);
  const changes = entry.kind === 'flow' ? placeFlow(entry, former) : placeGroup(entry, former, draft);
  draft.set(entry);
  return changes;
}

function placeFlow(entry: FlowEntry, former: Entry | undefined): readonly TableChange[] {
  const moves = former?.kind === 'flow' && flowKey(former) !== flowKey(entry);
  return [
    ...(moves ? [{ kind: 'delete-flow', flow: former } as const] : []),
    { kind: 'add-flow', flow: entry, cookie: cookieOf(entry.name) },
  ];
}

function placeGroup(entry: GroupEntry, former: Entry | undefined, draft: SwitchEntries): readonly TableChange[] {
  if (former?.kind !== 'group') return [{ kind: 'add-group', group: entry }];
  if (former.groupId === entry.groupId) return [{ kind: 'modify-group', group: entry }];
  return [...removal([former.name])(draft), { kind: 'add-group', group: entry }];
}

/** The edit that removes entries, and with a group the flows that use it, as a switch does. */
function removal(names: Iterable<string>): (draft: SwitchEntries) => readonly TableChange[] {
  const wanted = [...names];
  return (draft) => {
    const entries = wanted.flatMap((name) => draft.get(name) ?? []);
    const groups = entries.filter((entry) => entry.kind === 'group');
    const flows = entries.filter((entry) => entry.kind === 'flow');
    for (const { name } of entries) draft.delete(name);
    for (const { groupId } of groups) {
      for (const other of draft.all()) {
        if (other.kind === 'flow' && usesGroup(actionsOf(other), groupId)) draft.delete(other.name);
      }
    }
    return [
      ...flows.map((flow): TableChange => ({ kind: 'delete-flow', flow })),
      ...groups.map(({ groupId }): TableChange => ({ kind: 'delete-group', groupId })),
    ];
  };
}
