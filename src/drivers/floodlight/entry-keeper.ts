import { setTimeout as sleep } from 'node:timers/promises';
import type { Dpid } from '../../model/addresses.ts';
import { type Entry, effectKey, placeOf } from '../../model/openflow.ts';
import { environmentProblem, inputProblem, type Problem, ProblemError } from '../../model/problem.ts';
import type { Topology } from '../../model/topology.ts';
import type {
  ConnectedSwitch,
  EntryList,
  SentBody,
  SettableRole,
  UncheckedBody,
  UnreadableEntry,
  Upkeep,
} from '../control-plane.ts';
import type { FloodlightClient } from '../pusher/client.ts';
import {
  confirmGone,
  PUSH_PACE,
  type PushOptions,
  type PushPace,
  pushEntries,
  putBack,
  removeAgain,
  removeEntries,
} from '../pusher/entry-push.ts';
import { listedKey, listedWithTables, missing, readBack, remaining } from '../pusher/read-back.ts';
import { settledRoles } from '../pusher/roles.ts';
import { SETTLE_MS, sendUnchecked } from '../pusher/send-unchecked.ts';

/** Every so many looks the tables are read too, as a role that somebody sets wipes them and nothing else shows it. */
const LOOKS_PER_TABLE_READ = 5;
/** By how much a controller's start has to move to be another start, and not another reading of the clocks. */
const RESTART_MS = 1_000;
/** Roles in which Floodlight's writes reach a switch. */
const WRITING_ROLES: ReadonlySet<string> = new Set(['MASTER', 'EQUAL']);

/** How often a keeper looks, and how long it waits, in milliseconds. */
export interface KeeperPace {
  readonly lookMs: number;
  /** Between looks while something is missing. */
  readonly repairMs: number;
  /** How long the tables of a switch that came back are doubted: Floodlight sends it its own entries a second later. */
  readonly doubtMs: number;
  /** For a switch whose role was set to have its entries again. */
  readonly roleRepairMs: number;
  /** Between bodies that were sent unchecked and the look at what became of them. */
  readonly settleMs: number;
  readonly push: PushPace;
}

const KEEPER_PACE: KeeperPace = {
  lookMs: 1_000,
  repairMs: 300,
  doubtMs: 3_000,
  roleRepairMs: 15_000,
  settleMs: SETTLE_MS,
  push: PUSH_PACE,
};

/**
 * Keeps the static entries of a lab in a Floodlight that loses them: when it restarts, when a switch comes back, when a
 * role is set. What is in the list while nothing of this happens is what is wanted, whoever pushed or deleted it; what
 * then is missing is put back, groups first.
 */
export class EntryKeeper {
  readonly #client: FloodlightClient;
  readonly #topology: Topology;
  readonly #pace: KeeperPace;
  /** Floodlight loses entries of concurrent requests (CONTRACT.md, section 8). */
  readonly #pushing: Required<Omit<PushOptions, 'signal'>>;
  readonly #wanted = new Map<string, Entry>();
  /** Names of wanted entries that stand for the controller's own forwarding: nobody sees or removes them. */
  readonly #own = new Set<string>();
  readonly #leaving = new Map<string, Entry>();
  /** Names of entries that were found missing and are not back yet. */
  readonly #lost = new Set<string>();
  /** Switches that may have lost entries, with the time from which on their tables are believed. */
  readonly #doubted = new Map<Dpid, number>();
  readonly #connectedSince = new Map<Dpid, number>();
  /** When the controller can have started at the latest, on the clock of `performance.now()`. */
  #latestStart: number | undefined;
  #strangers = '';
  #repaired = 0;
  #looks = 0;
  #last: Promise<unknown> = Promise.resolve();
  readonly #ended = new AbortController();

  constructor(client: FloodlightClient, topology: Topology, pace = KEEPER_PACE) {
    this.#client = client;
    this.#topology = topology;
    this.#pace = pace;
    this.#pushing = { concurrency: 1, pace: pace.push };
  }

  /** Begins to look after the entries. Nothing has been pushed yet, and every switch is connected. */
  async start(signal: AbortSignal): Promise<void> {
    this.#noteStart(performance.now(), await this.#client.uptime(signal));
    this.#noteSwitches(await this.switches(signal));
    this.#doubted.clear();
    void this.#watch();
  }

  /** Resolves when it does nothing any more. */
  async stop(): Promise<void> {
    this.#ended.abort(new Error('stopped'));
    await this.#last;
  }

  push(entries: readonly Entry[], signal: AbortSignal): Promise<void> {
    return this.#inTurn(async () => {
      signal.throwIfAborted();
      await this.#refuseUnsendable(entries, signal);
      const onNotTakenBack = (pushed: readonly Entry[], replaced: readonly Entry[]) => {
        for (const entry of pushed) this.#leaving.set(entry.name, entry);
        for (const entry of replaced) {
          this.#wanted.set(entry.name, entry);
          this.#lost.add(entry.name);
          this.#doubt(entry.dpid);
        }
      };
      await pushEntries(this.#client, entries, { ...this.#pushing, signal, onNotTakenBack });
      for (const entry of entries) {
        this.#wanted.set(entry.name, entry);
        this.#leaving.delete(entry.name);
        this.#lost.delete(entry.name);
      }
    });
  }

  /** Pushes entries that are the controller's own: `entries` does not show them, and they come back if deleted. */
  async pushOwn(entries: readonly Entry[], signal: AbortSignal): Promise<void> {
    await this.push(entries, signal);
    for (const { name } of entries) this.#own.add(name);
  }

  sendUnchecked(bodies: readonly UncheckedBody[], signal: AbortSignal): Promise<readonly SentBody[]> {
    return this.#inTurn(() => sendUnchecked(this.#client, bodies, signal, this.#pace.settleMs));
  }

  /** Entries of a switch that is away are removed when it is back: now Floodlight would keep them. */
  remove({ entries, unreadable }: EntryList, signal: AbortSignal): Promise<void> {
    return this.#inTurn(async () => {
      signal.throwIfAborted();
      const connected = dpidsOf(await this.switches(signal));
      for (const entry of entries) {
        this.#wanted.delete(entry.name);
        this.#lost.delete(entry.name);
        this.#leaving.set(entry.name, entry);
      }
      const present = entries.filter(({ dpid }) => connected.has(dpid));
      await removeEntries(this.#client, present, { ...this.#pushing, signal });
      for (const { name } of unreadable) await this.#client.delete(name, signal);
      for (const { name } of present) this.#leaving.delete(name);
    });
  }

  /** What is listed for the topology's switches. The list shows no tables: they are as wanted, or read from the switch. */
  async entries(signal: AbortSignal): Promise<EntryList> {
    const { entries, unreadable } = await this.#list(signal);
    const listed = entries.filter(({ name }) => !this.#own.has(name) && !this.#leaving.has(name));
    return { entries: await this.#withTables(listed, signal), unreadable };
  }

  async #withTables(listed: readonly Entry[], signal: AbortSignal): Promise<readonly Entry[]> {
    const known = listed.map((entry) => this.#asWanted(entry));
    if (known.every((entry) => entry !== undefined)) return known;
    const connected = dpidsOf(await this.switches(signal));
    const unknown = new Set(listed.filter((_, index) => known[index] === undefined).map(({ name }) => name));
    const read = await listedWithTables(
      this.#client,
      signal,
      ({ name, dpid }) => unknown.has(name) && connected.has(dpid),
    );
    const byName = new Map(read.map((entry) => [entry.name, entry]));
    return listed.map((entry, index) => known[index] ?? byName.get(entry.name) ?? entry);
  }

  async switches(signal: AbortSignal): Promise<readonly ConnectedSwitch[]> {
    const all = await this.#client.switches(signal);
    return all.filter(({ dpid }) => this.#topology.switchWithDpid(dpid) !== undefined);
  }

  /** Floodlight wipes the tables of a switch whose role is set: what was there is put back. */
  setRole(dpids: readonly Dpid[], role: SettableRole, signal: AbortSignal): Promise<void> {
    return this.#inTurn(async () => {
      const connected = dpidsOf(await this.switches(signal));
      const away = dpids.filter((dpid) => !connected.has(dpid));
      if (away.length > 0) throw new ProblemError(away.map((dpid) => this.#awayProblem(dpid, 'no role was set')));
      for (const dpid of dpids) {
        this.#doubt(dpid);
        await this.#client.setRole(dpid, role, signal);
      }
      if (!WRITING_ROLES.has(role)) return;
      const deadline = Date.now() + this.#pace.roleRepairMs;
      let lost = await this.#repair(new Set(dpids), signal);
      while (lost.length > 0) {
        if (Date.now() > deadline) throw new ProblemError(lost);
        await sleep(this.#pace.repairMs, undefined, { signal });
        lost = await this.#repair(new Set(dpids), signal);
      }
    });
  }

  /** Does not wait until what is under way is done: a role takes seconds, and people ask meanwhile. */
  async upkeep(signal: AbortSignal): Promise<Upkeep> {
    const lost = await this.#lostNow(signal);
    return {
      missing: lost.map(({ name }) => name),
      leaving: [...this.#leaving.keys()],
      repaired: this.#repaired,
    };
  }

  /** Whether these switches hold all of their entries. */
  async isWhole(dpids: ReadonlySet<Dpid>, signal: AbortSignal): Promise<boolean> {
    return (await this.#lostNow(signal)).every(({ dpid }) => !dpids.has(dpid));
  }

  async #lostNow(signal: AbortSignal): Promise<readonly Entry[]> {
    const connected = dpidsOf(await this.switches(signal));
    const wanted = [...this.#wanted.values()];
    const here = wanted.filter(({ dpid }) => connected.has(dpid));
    const state = await readBack(this.#client, here, signal);
    return wanted.filter(
      (entry) =>
        !mayEnd(entry) && (!connected.has(entry.dpid) || missing(entry, state, this.#client.url) !== undefined),
    );
  }

  /**
   * Removes all that the controller lists for the topology's switches. Returns how many entries, undefined where its list
   * cannot be read. Those of a switch that is away stay: Floodlight would keep them anyway, and no later request would
   * remove them.
   */
  clear(signal: AbortSignal): Promise<number | undefined> {
    return this.#inTurn(async () => {
      const connected = dpidsOf(await this.switches(signal));
      const isHere = ({ dpid }: UnreadableEntry) => connected.has(dpid);
      const list = await this.#listIfJson(signal);
      const found = list === undefined ? undefined : [...list.entries, ...list.unreadable].filter(isHere);
      const dpids = found === undefined ? connected : new Set(found.map(({ dpid }) => dpid));
      for (const dpid of dpids) await this.#client.clear(dpid, signal);
      const { entries } = list ?? (await this.#list(signal));
      await confirmGone(this.#client, entries.filter(isHere), signal, this.#pushing.pace);
      return found?.length;
    });
  }

  /** Undefined where an entry with write actions makes the list something else than JSON. */
  async #listIfJson(signal: AbortSignal): Promise<EntryList | undefined> {
    try {
      return await this.#list(signal);
    } catch (error) {
      if (error instanceof ProblemError && error.problems.some(({ code }) => code === 'not-json')) return undefined;
      throw error;
    }
  }

  async #list(signal: AbortSignal): Promise<EntryList> {
    const { entries, unreadable } = await this.#client.wholeList('all', signal);
    const isOfTopology = ({ dpid }: UnreadableEntry) => this.#topology.switchWithDpid(dpid) !== undefined;
    return { entries: entries.filter(isOfTopology), unreadable: unreadable.filter(isOfTopology) };
  }

  /** The wanted entry that a listed one shows, with its table. */
  #asWanted(listed: Entry): Entry | undefined {
    if (listed.kind === 'group') return listed;
    const wanted = this.#wanted.get(listed.name);
    return wanted?.dpid === listed.dpid && listedKey(wanted) === listedKey(listed) ? wanted : undefined;
  }

  /** Entries for a switch that is away, or of which Floodlight is not the master, would be thrown away. */
  async #refuseUnsendable(entries: readonly Entry[], signal: AbortSignal): Promise<void> {
    const dpids = new Set(entries.map(({ dpid }) => dpid));
    const connected = dpidsOf(await this.switches(signal));
    const roles = await settledRoles(this.#client, [...dpids], signal);
    const problems: Problem[] = [...dpids].flatMap((dpid) => {
      if (!connected.has(dpid)) return this.#awayProblem(dpid, 'nothing was pushed');
      const role = roles.get(dpid);
      if (role === undefined || WRITING_ROLES.has(role)) return [];
      return environmentProblem({
        code: 'not-master',
        where: { kind: 'switch', switch: this.#nameOf(dpid), url: this.#client.url },
        cause: `the controller's role is ${role}: its entries would not reach the switch`,
        remedy: 'labctl role MASTER makes it the master; nothing was pushed',
      });
    });
    problems.push(...this.#clashesWithOwn(entries));
    if (problems.length > 0) throw new ProblemError(problems);
  }

  #clashesWithOwn(entries: readonly Entry[]): readonly Problem[] {
    const own = new Map(
      [...this.#wanted.values()].filter(({ name }) => this.#own.has(name)).map((entry) => [placeOf(entry), entry.name]),
    );
    return entries.flatMap((entry) => {
      const taken = own.get(placeOf(entry));
      if (taken === undefined || taken === entry.name) return [];
      return inputProblem({
        code: 'place-taken',
        where: { kind: 'entry', entry: entry.name, switch: this.#nameOf(entry.dpid) },
        cause: `its match and priority are those of ${taken}, which keeps Floodlight from forwarding by itself`,
        remedy: 'give it another priority',
      });
    });
  }

  #nameOf(dpid: Dpid): string {
    return this.#topology.switchWithDpid(dpid)?.name ?? dpid;
  }

  #awayProblem(dpid: Dpid, outcome: string): Problem {
    return environmentProblem({
      code: 'switch-away',
      where: { kind: 'switch', switch: this.#nameOf(dpid), url: this.#client.url },
      cause: 'the switch is not connected, and the controller would lose entries for it',
      remedy: `wait until \`labctl status\` shows it again; ${outcome}`,
    });
  }

  async #watch(): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted) {
      const isQuiet = this.#doubted.size === 0 && this.#leaving.size === 0;
      await sleep(isQuiet ? this.#pace.lookMs : this.#pace.repairMs, undefined, { signal, ref: false }).catch(() => {});
      // A controller that is away is looked at again: commands and `status` tell of it meanwhile.
      if (!signal.aborted) await this.#inTurn(() => this.#look(signal)).catch(() => {});
    }
  }

  async #look(signal: AbortSignal): Promise<void> {
    // The list before what tells its age: a list that was read after a restart is not taken for what is wanted.
    const { entries: listed } = await this.#list(signal);
    const restarted = this.#noteStart(performance.now(), await this.#client.uptime(signal));
    const switches = await this.switches(signal);
    const came = this.#noteSwitches(switches);
    const connected = dpidsOf(switches);
    if (!restarted && !came && this.#doubted.size === 0) await this.#follow(listed, connected, signal);
    this.#looks += 1;
    const due = this.#looks % LOOKS_PER_TABLE_READ === 0;
    const doubted = new Set([...this.#doubted.keys(), ...[...this.#leaving.values()].map(({ dpid }) => dpid)]);
    const dpids = due ? connected : new Set([...doubted].filter((dpid) => connected.has(dpid)));
    if (dpids.size > 0 && this.#wanted.size + this.#leaving.size + this.#doubted.size > 0) {
      await this.#repair(dpids, signal);
    }
  }

  /** Whether the controller has started again; `askedAt` is when it was asked for its uptime. */
  #noteStart(askedAt: number, uptimeMs: number): boolean {
    // A slow answer leaves open when it was given, and tells of no restart by itself.
    const restarted = this.#latestStart !== undefined && askedAt - uptimeMs > this.#latestStart + RESTART_MS;
    this.#latestStart = performance.now() - uptimeMs;
    if (restarted) for (const { dpid } of this.#topology.switches) this.#doubt(dpid);
    return restarted;
  }

  /** Whether a switch has come back since the last look. */
  #noteSwitches(switches: readonly ConnectedSwitch[]): boolean {
    let came = false;
    for (const { dpid, connectedSince } of switches) {
      if (this.#connectedSince.get(dpid) === connectedSince) continue;
      this.#connectedSince.set(dpid, connectedSince);
      this.#doubt(dpid);
      came = true;
    }
    return came;
  }

  #doubt(dpid: Dpid): void {
    this.#doubted.set(dpid, Date.now() + this.#pace.doubtMs);
  }

  /** Takes over what others pushed and deleted. Nobody can see what a switch that is away holds. */
  async #follow(listed: readonly Entry[], connected: ReadonlySet<Dpid>, signal: AbortSignal): Promise<void> {
    const byName = new Map(listed.map((entry) => [entry.name, entry]));
    for (const name of this.#wanted.keys()) {
      if (!byName.has(name) && !this.#own.has(name) && !this.#lost.has(name)) this.#wanted.delete(name);
    }
    const strangers = listed.filter(
      (entry) =>
        connected.has(entry.dpid) &&
        !this.#own.has(entry.name) &&
        !this.#leaving.has(entry.name) &&
        !this.#isWanted(entry),
    );
    const key = strangers.map((entry) => `${entry.dpid} ${entry.name} ${effectKey(entry)}`).join('\n');
    if (key === this.#strangers) return;
    const names = new Set(strangers.map(({ name }) => name));
    const read = await listedWithTables(this.#client, signal, ({ name }) => names.has(name));
    const state = await readBack(this.#client, read, signal);
    // One that its switch never took is not ours to insist on; it may still arrive.
    const arrived = read.filter((entry) => missing(entry, state, this.#client.url) === undefined);
    this.#adopt(arrived);
    this.#strangers = arrived.length === read.length ? '' : key;
  }

  /** Of two entries in one place the switch has the later, though the list has both: the other is no longer wanted. */
  #adopt(entries: readonly Entry[]): void {
    const names = new Map([...this.#wanted.values()].map((entry) => [placeOf(entry), entry.name]));
    for (const entry of entries) {
      const rival = names.get(placeOf(entry));
      const isTaken = rival !== undefined && rival !== entry.name;
      // What stands for the controller's own forwarding comes back; what could not be sent again cannot be kept.
      if ((isTaken && this.#own.has(rival)) || !this.#client.isHarmless(entry)) continue;
      if (isTaken) this.#wanted.delete(rival);
      this.#wanted.set(entry.name, entry);
    }
  }

  #isWanted(listed: Entry): boolean {
    const wanted = this.#wanted.get(listed.name);
    return wanted !== undefined && wanted.dpid === listed.dpid && listedKey(wanted) === listedKey(listed);
  }

  /** Puts back what these connected switches lost, and removes what is to leave. Returns what is still lost. */
  async #repair(dpids: ReadonlySet<Dpid>, signal: AbortSignal): Promise<readonly Problem[]> {
    const roles = await settledRoles(this.#client, [...dpids], signal);
    const writable = new Set([...dpids].filter((dpid) => WRITING_ROLES.has(roles.get(dpid) ?? '')));
    const wanted = [...this.#wanted.values()].filter(({ dpid }) => writable.has(dpid));
    const leaving = [...this.#leaving.values()].filter(({ dpid }) => writable.has(dpid));
    const state = await readBack(this.#client, [...wanted, ...leaving], signal);

    const problems = new Map<Entry, Problem>();
    for (const entry of wanted) {
      // What somebody has deleted meanwhile, or has timed out, is not lost.
      const wasDeleted = !state.listed.has(entry.name) && !this.#doubted.has(entry.dpid) && !this.#own.has(entry.name);
      if (mayEnd(entry) || (wasDeleted && !this.#lost.has(entry.name))) continue;
      const problem = missing(entry, state, this.#client.url);
      if (problem !== undefined) {
        problems.set(entry, problem);
        this.#lost.add(entry.name);
      } else if (this.#lost.delete(entry.name)) this.#repaired += 1;
    }
    const staying = leaving.filter((entry) => remaining(entry, state, this.#client.url) !== undefined);
    for (const entry of leaving) if (!staying.includes(entry)) this.#leaving.delete(entry.name);
    await removeAgain(this.#client, staying, state, signal);
    await putBack(this.#client, [...problems.keys()], state, signal);

    const unsettled = new Set([...problems.keys(), ...staying].map(({ dpid }) => dpid));
    for (const dpid of writable) {
      if (!unsettled.has(dpid) && Date.now() > (this.#doubted.get(dpid) ?? 0)) this.#doubted.delete(dpid);
    }
    return [...problems.values()];
  }

  /** One after another: nobody looks at a half-done push or removal. */
  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(act);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/** Whether the entry is to end by itself, so that it is not put back. */
function mayEnd(entry: Entry): boolean {
  return entry.kind === 'flow' && entry.idleTimeoutSeconds + entry.hardTimeoutSeconds > 0;
}

function dpidsOf(switches: readonly ConnectedSwitch[]): Set<Dpid> {
  return new Set(switches.map(({ dpid }) => dpid));
}
