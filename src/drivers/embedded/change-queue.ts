import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Dpid } from '../../model/addresses.ts';
import {
  type Action,
  type Entry,
  type FlowEntry,
  flowKey,
  type GroupEntry,
  groupPlace,
  placeOf,
} from '../../model/openflow.ts';
import { cookieOf } from '../pusher/wire.ts';
import type { SwitchTables, TableChange } from '../switch-tables.ts';

/** The static entries of one switch, by name and by what the switch identifies them by. */
export class SwitchEntries {
  readonly #entries = new Map<string, { readonly entry: Entry; readonly key: string }>();
  readonly #nameByKey = new Map<string, string>();
  /** How many of the entries end by themselves. */
  #timed = 0;

  /** A copy that can be edited apart from this. */
  draft(): SwitchEntries {
    const draft = new SwitchEntries();
    for (const [name, placed] of this.#entries) draft.#entries.set(name, placed);
    for (const [key, name] of this.#nameByKey) draft.#nameByKey.set(key, name);
    draft.#timed = this.#timed;
    return draft;
  }

  get hasTimed(): boolean {
    return this.#timed > 0;
  }

  get(name: string): Entry | undefined {
    return this.#entries.get(name)?.entry;
  }

  names(): Iterable<string> {
    return this.#entries.keys();
  }

  /** In the order in which they came. */
  all(): readonly Entry[] {
    return [...this.#entries.values()].map(({ entry }) => entry);
  }

  /** The name of the entry that has this one's place: its group id, or its table, priority and match. */
  nameAtPlaceOf(entry: Entry): string | undefined {
    return this.#nameByKey.get(placeOf(entry));
  }

  hasGroup(dpid: Dpid, groupId: number): boolean {
    return this.#nameByKey.has(groupPlace(dpid, groupId));
  }

  /** Puts an entry in the place of that of the same name. */
  set(entry: Entry): void {
    this.delete(entry.name);
    const key = placeOf(entry);
    this.#entries.set(entry.name, { entry, key });
    this.#nameByKey.set(key, entry.name);
    if (endsByItself(entry)) this.#timed += 1;
  }

  delete(name: string): void {
    const found = this.#entries.get(name);
    if (found === undefined) return;
    this.#entries.delete(name);
    this.#nameByKey.delete(found.key);
    if (endsByItself(found.entry)) this.#timed -= 1;
  }
}

function endsByItself(entry: Entry): boolean {
  return entry.kind === 'flow' && (entry.idleTimeoutSeconds > 0 || entry.hardTimeoutSeconds > 0);
}

/** Whether one of the actions sends to the group. */
export function usesGroup(actions: readonly Action[], groupId: number): boolean {
  return actions.some((action) => action.kind === 'group' && action.groupId === groupId);
}

/** The changes that put entries into an empty switch: groups before what sends to them. */
function additions(entries: readonly Entry[]): readonly TableChange[] {
  const groups = entries.filter((entry) => entry.kind === 'group');
  const flows = entries.filter((entry) => entry.kind === 'flow');
  return [
    ...inOrderOfUse(groups).map((group): TableChange => ({ kind: 'add-group', group })),
    ...flows.map((flow): TableChange => ({ kind: 'add-flow', flow, cookie: cookieOf(flow.name) })),
  ];
}

/** A group after those that it sends to; they cannot send to each other in a circle. */
function inOrderOfUse(groups: readonly GroupEntry[]): readonly GroupEntry[] {
  const byId = new Map(groups.map((group) => [group.groupId, group]));
  const ordered = new Set<GroupEntry>();
  const place = (group: GroupEntry) => {
    byId.delete(group.groupId);
    for (const { actions } of group.buckets) {
      for (const action of actions) {
        const used = action.kind === 'group' ? byId.get(action.groupId) : undefined;
        if (used !== undefined) place(used);
      }
    }
    ordered.add(group);
  };
  for (const group of groups) if (byId.has(group.groupId)) place(group);
  return [...ordered];
}

/**
 * One request to change a switch: edits the draft of its entries and returns the changes of its tables. It throws
 * before it has edited anything when the request is to be refused.
 */
type Edit = (draft: SwitchEntries) => readonly TableChange[];

/** How many requests have come to all the queues of a controller, so that each can wait for a burst to end. */
export interface Arrivals {
  count: number;
}

/** Changes are sent off when no request has come for this long, to any switch. */
const QUIET_MS = 4;
const LONGEST_GATHERING_MS = 200;

interface Request {
  readonly edit: Edit;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * The changes of one switch, one bundle at a time. Requests that come while a bundle is under way go together into the
 * next. When the switch refuses that, they are tried one by one, so that only the wrong one fails.
 */
export class ChangeQueue {
  readonly #dpid: Dpid;
  readonly #tables: SwitchTables;
  readonly #arrivals: Arrivals;
  readonly #onCommit: (before: SwitchEntries, after: SwitchEntries) => void;
  #entries = new SwitchEntries();
  #waiting: Request[] = [];
  #running = false;
  #isAway = false;

  /**
   * @param arrivals shared by all queues of the controller
   * @param onCommit hears of every change that the switch has taken
   */
  constructor(
    dpid: Dpid,
    tables: SwitchTables,
    arrivals: Arrivals,
    onCommit: (before: SwitchEntries, after: SwitchEntries) => void,
  ) {
    this.#dpid = dpid;
    this.#tables = tables;
    this.#arrivals = arrivals;
    this.#onCommit = onCommit;
  }

  /** What the switch has taken so far; entries with timeouts may have ended since. */
  get entries(): SwitchEntries {
    return this.#entries;
  }

  /** Resolves when the switch has taken the change; rejects with its reason, or with what `edit` throws. */
  request(edit: Edit): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ edit, resolve, reject });
      this.#arrivals.count += 1;
      if (!this.#running) void this.#run();
    });
  }

  /** The switch is gone, and its tables with it: its entries are changed here only, until it is put back. */
  leave(): void {
    this.#isAway = true;
  }

  get isAway(): boolean {
    return this.#isAway;
  }

  /** Gives the switch, which has come back with empty tables, its entries and these flows, all at once. */
  async putBack(flows: readonly TableChange[]): Promise<void> {
    try {
      await this.request((draft) => {
        this.#isAway = false;
        return [...additions(draft.all()), ...flows];
      });
    } catch (error) {
      this.#isAway = true;
      throw error;
    }
  }

  /** Resolves when entries that have ended by a timeout are forgotten. */
  async settle(): Promise<void> {
    if (this.#entries.hasTimed) await this.request(() => []);
  }

  async #run(): Promise<void> {
    this.#running = true;
    while (this.#waiting.length > 0) {
      await this.#gather();
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#forgetEnded();
      } catch (error) {
        for (const { reject } of batch) reject(error);
        continue;
      }
      if (batch.length === 1 || !(await this.#together(batch))) {
        for (const request of batch) await this.#alone(request);
      }
    }
    this.#running = false;
  }

  /** Waits for a burst of requests to end: to start a process for each costs more than all the rest. */
  async #gather(): Promise<void> {
    const deadline = Date.now() + LONGEST_GATHERING_MS;
    let seen: number;
    do {
      seen = this.#arrivals.count;
      await sleep(QUIET_MS);
      // Timers come before input: what has arrived meanwhile is read in this turn.
      await nextTurn();
    } while (this.#arrivals.count > seen && Date.now() < deadline);
  }

  async #together(batch: readonly Request[]): Promise<boolean> {
    const draft = this.#entries.draft();
    const changes: TableChange[] = [];
    const outcomes: (() => void)[] = [];
    for (const { edit, resolve, reject } of batch) {
      try {
        changes.push(...edit(draft));
        outcomes.push(resolve);
      } catch (error) {
        outcomes.push(() => reject(error));
      }
    }
    try {
      await this.#apply(changes);
    } catch {
      return false;
    }
    this.#commit(draft);
    for (const tell of outcomes) tell();
    return true;
  }

  async #alone({ edit, resolve, reject }: Request): Promise<void> {
    try {
      const draft = this.#entries.draft();
      await this.#apply(edit(draft));
      this.#commit(draft);
      resolve();
    } catch (error) {
      reject(error);
    }
  }

  async #apply(changes: readonly TableChange[]): Promise<void> {
    if (!this.#isAway) await this.#tables.apply(this.#dpid, changes);
  }

  #commit(draft: SwitchEntries): void {
    const before = this.#entries;
    this.#entries = draft;
    this.#onCommit(before, draft);
  }

  /** Forgets entries with timeouts that the switch no longer holds. */
  async #forgetEnded(): Promise<void> {
    if (!this.#entries.hasTimed || this.#isAway) return;
    const held = new Set((await this.#tables.flows(this.#dpid)).map((flow) => `${flow.cookie} ${flowKey(flow)}`));
    const isHeld = (entry: FlowEntry) => held.has(`${cookieOf(entry.name)} ${flowKey(entry)}`);
    const ended = this.#entries.all().filter((entry) => entry.kind === 'flow' && endsByItself(entry) && !isHeld(entry));
    if (ended.length === 0) return;
    const draft = this.#entries.draft();
    for (const { name } of ended) draft.delete(name);
    this.#commit(draft);
  }
}
