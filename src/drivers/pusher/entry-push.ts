import { setTimeout as sleep } from 'node:timers/promises';
import { type Entry, placeOf } from '../../model/openflow.ts';
import { inputProblem, type Problem, ProblemError } from '../../model/problem.ts';
import type { Where } from '../../model/where.ts';
import type { FloodlightClient, PreparedEntry } from './client.ts';
import {
  bySwitch,
  forEach,
  holdsPlaceOf,
  listedWithTables,
  missing,
  type ReadBack,
  readBack,
  remaining,
  split,
} from './read-back.ts';

/** How long is waited for what a controller was told, in milliseconds. */
export interface PushPace {
  /** Waiting ends when for so long nothing more has arrived, or gone. */
  readonly arrivalMs: number;
  readonly pollMs: number;
  /** What has not arrived, or not gone, after this long was lost and is sent again; less than `arrivalMs`. */
  readonly repairMs: number;
}

/** Floodlight installs after it has answered; 2,000 flows took it 0.1 s. */
export const PUSH_PACE: PushPace = { arrivalMs: 3_000, pollMs: 40, repairMs: 700 };

/** How entries are sent. */
export interface PushOptions {
  /** Requests under way at once. 1 for Floodlight, which loses entries of concurrent ones (CONTRACT.md, section 8). */
  readonly concurrency: number;
  readonly signal: AbortSignal;
  /** `PUSH_PACE` by default. */
  readonly pace?: PushPace;
}

/** Options of a push. */
export interface PushAllOptions extends PushOptions {
  /** Called when a push failed and could not be undone: with entries that may be there still, and those they replaced. */
  readonly onNotTakenBack?: (pushed: readonly Entry[], replaced: readonly Entry[]) => void;
}

/** For taking back, when the caller's own signal may be aborted already. */
const ROLLBACK_DEADLINE_MS = 30_000;

/**
 * Makes these entries those of their names: groups before flows, and then reads back, from the controller's list and
 * from the switches, that each has arrived; one that was lost is sent again. All or nothing: when one does not arrive,
 * what was pushed is deleted again and the entries that had these names before are put back.
 * @throws ProblemError naming each entry that was refused or did not arrive, and whether the list or the switch lacks it
 */
export async function pushEntries(
  client: FloodlightClient,
  entries: readonly Entry[],
  { concurrency, signal, pace = PUSH_PACE, onNotTakenBack }: PushAllOptions,
): Promise<void> {
  if (entries.length === 0) return;
  refuseClashes(entries);
  // What is refused before it is sent, all of it; made while the list is on its way.
  const [former, prepared] = await Promise.all([formerEntries(client, entries, signal), prepareAll(client, entries)]);
  const sent = new Set<Entry>();
  try {
    // To post them again would modify the flow that is there, and leave its table and its timeouts as they are.
    const remade = entries.filter((entry) => isRemade(entry, former.get(entry.name)));
    for (const entry of remade) sent.add(entry);
    await removeEntries(
      client,
      remade.flatMap(({ name }) => former.get(name) ?? []),
      { concurrency, signal, pace },
    );
    const [groups, flows] = split(entries);
    const post = async (entry: Entry) => {
      sent.add(entry);
      const request = prepared.get(entry);
      if (request !== undefined) await client.send(request, signal);
    };
    // A group that sends to another group has to come after it: then one after the other, in the order given.
    const chained = groups.some((group) =>
      group.buckets.some(({ actions }) => actions.some((a) => a.kind === 'group')),
    );
    await forEach(groups, chained ? 1 : concurrency, post);
    // One switch after the other: what was pushed first has long arrived when it is read back, in the same order.
    await forEach(bySwitch(flows), concurrency, post);
    await settle(client, entries, { signal, pace }, missing, putBack);
  } catch (error) {
    const outcome = await takeBack(client, [...sent], former, pace);
    if (outcome !== undefined) {
      const replaced = [...sent].flatMap(({ name }) => former.get(name) ?? []);
      onNotTakenBack?.(
        [...sent].filter(({ name }) => !former.has(name)),
        replaced,
      );
    }
    if (signal.aborted) throw signal.reason;
    throw withOutcome(error, outcome);
  }
}

/**
 * Removes these entries, flows before groups, and reads back from the list and the switches that they are gone.
 * @throws ProblemError naming each entry that is still there
 */
export async function removeEntries(
  client: FloodlightClient,
  entries: readonly Entry[],
  { concurrency, signal, pace = PUSH_PACE }: PushOptions,
): Promise<void> {
  if (entries.length === 0) return;
  const [groups, flows] = split(entries);
  const remove = (entry: Entry) => client.delete(entry.name, signal);
  await forEach(flows, concurrency, remove);
  await forEach(groups, concurrency, remove);
  await confirmGone(client, entries, signal, pace);
}

/**
 * Reads back from the list and the switches that these entries are gone; one that stayed is removed again.
 * @throws ProblemError naming each entry that is still there
 */
export async function confirmGone(
  client: FloodlightClient,
  entries: readonly Entry[],
  signal: AbortSignal,
  pace: PushPace,
): Promise<void> {
  if (entries.length > 0) await settle(client, entries, { signal, pace }, remaining, removeAgain);
}

/**
 * Reads back until every entry is right, and sends lost ones again meanwhile. Only what was wrong is read again, as reading
 * 2,000 entries takes an eighth of the time of pushing them. Gives up when for a while nothing gets better.
 */
async function settle(
  client: FloodlightClient,
  entries: readonly Entry[],
  { signal, pace }: { readonly signal: AbortSignal; readonly pace: PushPace },
  problemOf: (entry: Entry, state: ReadBack, url: string) => Problem | undefined,
  repair: (client: FloodlightClient, entries: readonly Entry[], state: ReadBack, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  let open = entries;
  let fewest = entries.length;
  let deadline = Date.now() + pace.arrivalMs;
  let nextRepair = Date.now() + pace.repairMs;
  for (;;) {
    const state = await readBack(client, open, signal);
    const problems = new Map<Entry, Problem>();
    for (const entry of open) {
      const problem = problemOf(entry, state, client.url);
      if (problem !== undefined) problems.set(entry, problem);
    }
    if (problems.size === 0) return;
    if (problems.size < fewest) {
      fewest = problems.size;
      deadline = Date.now() + pace.arrivalMs;
      nextRepair = Date.now() + pace.repairMs;
    }
    open = [...problems.keys()];
    if (Date.now() >= deadline) throw new ProblemError([...problems.values()]);
    if (Date.now() >= nextRepair) {
      await repair(client, open, state, signal);
      nextRepair = Date.now() + pace.repairMs;
      // To send a group again takes the flows that use it along.
      open = entries;
    }
    await sleep(pace.pollMs, undefined, { signal });
  }
}

/**
 * Sends lost entries again, groups first, one after the other. An entry that is listed but not in its switch has to be
 * deleted before: Floodlight would only modify what is not there (CONTRACT.md, section 3, group-flow-repost). One that
 * differs in its switch must not be deleted. With a group its flows would go. Of a flow the switch tells Floodlight that it
 * is removed, and Floodlight then removes the new entry from its list (CONTRACT.md, section 8).
 */
export async function putBack(
  client: FloodlightClient,
  entries: readonly Entry[],
  state: ReadBack,
  signal: AbortSignal,
): Promise<void> {
  const [groups, flows] = split(entries);
  const isListedOnly = (entry: Entry) =>
    state.listed.get(entry.name)?.dpid === entry.dpid && !holdsPlaceOf(entry, state);
  for (const entry of [...flows, ...groups].filter(isListedOnly)) await client.delete(entry.name, signal);
  for (const entry of [...groups, ...flows]) await client.post(entry, signal);
}

/**
 * Removes entries that stayed when they were deleted: Floodlight keeps those that were deleted while their switch was
 * away, and lets go of them only when they are posted and deleted once more (CONTRACT.md, section 8).
 */
export async function removeAgain(
  client: FloodlightClient,
  entries: readonly Entry[],
  { listed }: ReadBack,
  signal: AbortSignal,
): Promise<void> {
  const [groups, flows] = split(entries);
  for (const entry of [...groups, ...flows]) {
    if (listed.has(entry.name)) await client.post(entry, signal);
  }
  for (const entry of [...flows, ...groups]) await client.delete(entry.name, signal);
}

/** Two entries of one name, or of one place in one switch: the second would silently replace the first. */
function refuseClashes(entries: readonly Entry[]): void {
  const problems: Problem[] = [];
  const names = new Set<string>();
  const places = new Map<string, string>();
  for (const entry of entries) {
    const where: Where = { kind: 'entry', entry: entry.name, dpid: entry.dpid };
    if (names.has(entry.name)) {
      problems.push(
        inputProblem({
          code: 'duplicate-entry-name',
          where,
          cause: 'another entry of this push has this name',
          remedy: 'Names are unique over all switches: rename one',
        }),
      );
    }
    names.add(entry.name);
    const place = placeOf(entry);
    const other = places.get(place);
    if (other !== undefined && other !== entry.name) {
      const what = entry.kind === 'group' ? 'group id' : 'table, priority and match';
      problems.push(
        inputProblem({
          code: 'duplicate-entry',
          where,
          cause: `entry ${other} of this push has the same ${what}`,
          remedy: 'Leave one of them out, or change it',
        }),
      );
    }
    places.set(place, entry.name);
  }
  if (problems.length > 0) throw new ProblemError(problems);
}

/** Whether a flow keeps its name and switch, and changes its table or its timeouts. */
function isRemade(entry: Entry, before: Entry | undefined): boolean {
  return (
    entry.kind === 'flow' &&
    before?.kind === 'flow' &&
    entry.dpid === before.dpid &&
    (entry.tableId !== before.tableId ||
      entry.idleTimeoutSeconds !== before.idleTimeoutSeconds ||
      entry.hardTimeoutSeconds !== before.hardTimeoutSeconds)
  );
}

/** @throws ProblemError with every entry that would harm the controller */
async function prepareAll(
  client: FloodlightClient,
  entries: readonly Entry[],
): Promise<ReadonlyMap<Entry, PreparedEntry>> {
  const problems: Problem[] = [];
  const prepared = new Map<Entry, PreparedEntry>();
  for (const entry of entries) {
    try {
      prepared.set(entry, client.prepare(entry));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ProblemError(problems);
  return prepared;
}

/** The entries that have these names now. */
async function formerEntries(
  client: FloodlightClient,
  entries: readonly Entry[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Entry>> {
  const names = new Set(entries.map(({ name }) => name));
  const former = await listedWithTables(client, signal, ({ name }) => names.has(name));
  return new Map(former.map((entry) => [entry.name, entry]));
}

/** Undoes a push as far as it came; what went wrong with that, if anything. */
async function takeBack(
  client: FloodlightClient,
  sent: readonly Entry[],
  former: ReadonlyMap<string, Entry>,
  pace: PushPace,
): Promise<unknown> {
  const signal = AbortSignal.timeout(ROLLBACK_DEADLINE_MS);
  try {
    // What can be changed back is not deleted first, for the reasons that `putBack` has.
    const gone = sent.filter((entry) => {
      const before = former.get(entry.name);
      return before === undefined || placeOf(before) !== placeOf(entry) || isRemade(entry, before);
    });
    await removeEntries(client, gone, { concurrency: 1, signal, pace });
    const [groups, flows] = split(sent.flatMap(({ name }) => former.get(name) ?? []));
    for (const entry of [...groups, ...flows]) await client.post(entry, signal);
    await settle(client, [...groups, ...flows], { signal, pace }, missing, putBack);
    return undefined;
  } catch (error) {
    return error ?? new Error('unknown');
  }
}

/** The same error, with what became of the entries that were pushed before it. */
function withOutcome(error: unknown, rollbackError: unknown): unknown {
  if (!(error instanceof ProblemError)) return error;
  const outcome =
    rollbackError === undefined
      ? 'The push was undone: the entries are as they were before it'
      : `Undoing the push failed too: ${rollbackError instanceof Error ? rollbackError.message : String(rollbackError)}`;
  const problems = error.problems.map((problem) => ({
    ...problem,
    remedy: problem.remedy === undefined ? outcome : `${problem.remedy}. ${outcome}`,
  }));
  return new ProblemError(problems, { cause: error });
}
