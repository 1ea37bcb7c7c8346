import type { Dpid } from '../../model/addresses.ts';
import {
  type Entry,
  effectKey,
  type Flow,
  type FlowEntry,
  flowKey,
  formatInstructions,
  type Group,
  type GroupEntry,
  type InstalledFlow,
} from '../../model/openflow.ts';
import { environmentProblem, type Problem, ProblemError } from '../../model/problem.ts';
import type { FloodlightClient } from './client.ts';
import { cookieOf } from './wire.ts';

/**
 * What became of entries: "Entry pushed" means that a body was parsed, so the list and the switches are asked
 * (CONTRACT.md, section 1).
 */

/** What the controller lists and what the touched switches hold. */
export interface ReadBack {
  readonly listed: ReadonlyMap<string, Entry>;
  /** Names of entries that the list shows in a form that labctl does not know. */
  readonly unreadable: ReadonlySet<string>;
  readonly flows: ReadonlyMap<Dpid, ReadonlyMap<string, InstalledFlow>>;
  readonly groups: ReadonlyMap<Dpid, ReadonlyMap<number, Group>>;
}

/** Reads back what concerns these entries: the list, and the tables of their switches. */
export async function readBack(
  client: FloodlightClient,
  entries: readonly Entry[],
  signal: AbortSignal,
): Promise<ReadBack> {
  const [groupEntries, flowEntries] = split(entries);
  const flows = new Map<Dpid, ReadonlyMap<string, InstalledFlow>>();
  const groups = new Map<Dpid, ReadonlyMap<number, Group>>();
  await forEach(dpidsOf(bySwitch(flowEntries)), READS_AT_ONCE, async (owner) => {
    flows.set(owner, new Map((await unlessAway(client.flows(owner, signal))).map((flow) => [flowKey(flow), flow])));
  });
  await forEach(dpidsOf(groupEntries), READS_AT_ONCE, async (owner) => {
    groups.set(owner, new Map((await unlessAway(client.groups(owner, signal))).map((group) => [group.groupId, group])));
  });
  // Last, as Floodlight takes a moment to list what it has answered for.
  const [dpid, ...others] = dpidsOf(entries);
  const list = await client.wholeList(dpid === undefined || others.length > 0 ? 'all' : dpid, signal);
  const listed = new Map(list.entries.map((entry) => [entry.name, entry]));
  const unreadable = new Set(list.unreadable.map(({ name }) => name));
  return { listed, unreadable, flows, groups };
}

const READS_AT_ONCE = 4;

/** A switch may leave between the question who is there and this one: then it has nothing. */
async function unlessAway<T>(answer: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ProblemError && error.problems.every(({ code }) => code === 'unknown-switch')) return [];
    throw error;
  }
}

/** Why an entry is not where it ought to be; undefined when it is in the list and in its switch as it is meant. */
export function missing(
  entry: Entry,
  { listed, unreadable, flows, groups }: ReadBack,
  url: string,
): Problem | undefined {
  const found = listed.get(entry.name);
  const isListed = found !== undefined && found.dpid === entry.dpid && listedKey(found) === listedKey(entry);
  if (!isListed) {
    const cause =
      found === undefined
        ? unreadable.has(entry.name)
          ? "is in the controller's list in a form that labctl does not know"
          : "is missing from the controller's list"
        : found.dpid === entry.dpid
          ? "differs in the controller's list"
          : `is in the controller's list for switch ${found.dpid}`;
    return arrivalProblem(entry, url, cause);
  }
  if (entry.kind === 'group') {
    const group = groups.get(entry.dpid)?.get(entry.groupId);
    if (group !== undefined && effectKey(group) === effectKey(entry)) return undefined;
    const cause = group === undefined ? 'is listed, but not in the switch' : 'differs in the switch';
    return arrivalProblem(entry, url, cause);
  }
  const flow = flows.get(entry.dpid)?.get(flowKey(entry));
  if (flow === undefined) return arrivalProblem(entry, url, 'is listed, but not in the switch');
  if (formatInstructions(flow.instructions) !== formatInstructions(entry.instructions)) {
    return arrivalProblem(entry, url, `is in the switch with ${formatInstructions(flow.instructions)}`);
  }
  const timeouts = ({ idleTimeoutSeconds, hardTimeoutSeconds }: Flow) => `${idleTimeoutSeconds}/${hardTimeoutSeconds}`;
  return timeouts(flow) === timeouts(entry)
    ? undefined
    : arrivalProblem(entry, url, `is in the switch with the timeouts ${timeouts(flow)} s`);
}

function arrivalProblem(entry: Entry, url: string, cause: string): Problem {
  return environmentProblem({
    code: 'entry-did-not-arrive',
    where: { kind: 'entry', entry: entry.name, dpid: entry.dpid, url },
    cause: `the ${entry.kind} entry was accepted, but ${cause}`,
    remedy: "The controller's log says why; see that the switch is connected and the controller is its MASTER",
  });
}

/** Whether the switch has something in the entry's place: that group, or a flow of that table, priority and match. */
export function holdsPlaceOf(entry: Entry, { flows, groups }: ReadBack): boolean {
  return entry.kind === 'group'
    ? groups.get(entry.dpid)?.has(entry.groupId) === true
    : flows.get(entry.dpid)?.has(flowKey(entry)) === true;
}

/** Whether an entry of another name is listed for the same group. */
function isGroupOfAnother({ name, dpid, groupId }: GroupEntry, { listed }: ReadBack): boolean {
  return [...listed.values()].some(
    (other) => other.kind === 'group' && other.name !== name && other.dpid === dpid && other.groupId === groupId,
  );
}

/** Why an entry that was removed is still there; undefined when it is gone from the list and from its switch. */
export function remaining(entry: Entry, state: ReadBack, url: string): Problem | undefined {
  const isListed = state.listed.get(entry.name)?.dpid === entry.dpid;
  const inSwitch =
    entry.kind === 'group'
      ? holdsPlaceOf(entry, state) && !isGroupOfAnother(entry, state)
      : state.flows.get(entry.dpid)?.get(flowKey(entry))?.cookie === cookieOf(entry.name);
  if (!isListed && !inSwitch) return undefined;
  return environmentProblem({
    code: 'entry-still-there',
    where: { kind: 'entry', entry: entry.name, dpid: entry.dpid, url },
    cause: `the ${entry.kind} entry was deleted, but ${isListed ? 'the controller still lists it' : 'the switch still holds it'}`,
    remedy: 'See that the switch is connected, and delete the entry again',
  });
}

/** An entry's effect as far as the list shows it: without the table. */
export function listedKey(entry: Entry): string {
  return effectKey(entry.kind === 'flow' && entry.tableId !== 0 ? { ...entry, tableId: 0 } : entry);
}

/** The controller's list, each flow entry with its table, which only the switch knows. */
export async function listedWithTables(
  client: FloodlightClient,
  signal: AbortSignal,
  isWanted: (entry: Entry) => boolean = () => true,
): Promise<readonly Entry[]> {
  const listed = (await client.list('all', signal)).filter(isWanted);
  const tables = new Map<bigint, number>();
  const [, flows] = split(listed);
  await forEach(dpidsOf(flows), READS_AT_ONCE, async (dpid) => {
    for (const flow of await unlessAway(client.flows(dpid, signal))) tables.set(flow.cookie, flow.tableId);
  });
  return listed.map((entry) =>
    entry.kind === 'flow' ? { ...entry, tableId: tables.get(cookieOf(entry.name)) ?? 0 } : entry,
  );
}

export function split(entries: readonly Entry[]): readonly [readonly GroupEntry[], readonly FlowEntry[]] {
  return [entries.filter((entry) => entry.kind === 'group'), entries.filter((entry) => entry.kind === 'flow')];
}

/** In order of their switches, and otherwise as they were. */
export function bySwitch(entries: readonly FlowEntry[]): readonly FlowEntry[] {
  return entries.toSorted((a, b) => (a.dpid < b.dpid ? -1 : a.dpid > b.dpid ? 1 : 0));
}

function dpidsOf(entries: readonly Entry[]): readonly Dpid[] {
  return [...new Set(entries.map(({ dpid }) => dpid))];
}

/** Does it for each, so many at once; stops taking up new ones after the first failure, and throws that. */
export async function forEach<T>(
  items: readonly T[],
  concurrency: number,
  act: (item: T) => Promise<unknown>,
): Promise<void> {
  const waiting = items.values();
  let failure: { readonly error: unknown } | undefined;
  const worker = async () => {
    for (const item of waiting) {
      try {
        await act(item);
      } catch (error) {
        failure ??= { error };
      }
      if (failure !== undefined) return;
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, worker));
  if (failure !== undefined) throw failure.error;
}
