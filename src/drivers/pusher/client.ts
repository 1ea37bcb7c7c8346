import type { Dispatcher } from 'undici';
import { z } from 'zod';
import type { Dpid } from '../../model/addresses.ts';
import type { Entry, Group, InstalledFlow } from '../../model/openflow.ts';
import { inputProblem, ProblemError } from '../../model/problem.ts';
import type { Where } from '../../model/where.ts';
import type { ConnectedSwitch, EntryList, SettableRole, UncheckedBody, UnreadableEntry } from '../control-plane.ts';
import type { PortCounters, PortDescription, SwitchDescription } from '../switch-tables.ts';
import type { Refusal } from './action-text.ts';
import {
  type ControllerDevice,
  type ControllerLink,
  type ControllerMemory,
  type ControllerPath,
  type ControllerRole,
  type ControllerSummary,
  devicesAnswer,
  flowsAnswer,
  groupsAnswer,
  healthAnswer,
  linksAnswer,
  listAnswer,
  memoryAnswer,
  pathAnswer,
  pathsAnswer,
  roleSetAnswer,
  rolesAnswer,
  routeAnswer,
  type SwitchPort,
  statusAnswer,
  summaryAnswer,
  switchesAnswer,
  uptimeAnswer,
} from './answers.ts';
import { breaksTheList, harmsOf } from './harmful-entries.ts';
import { RestConnection, type RestRequest, withoutShout } from './rest-connection.ts';
import {
  descriptionAnswer,
  type FlowTotals,
  portCountersAnswer,
  portsAnswer,
  totalsAnswer,
} from './switch-statistics.ts';
import { decodeGroupDescription, decodeListed, decodeSwitchFlow, encodeEntry, readDpid } from './wire.ts';

/** What the Static Entry Pusher is called in the controller's paths: the second in older versions. */
export type PusherName = (typeof PUSHER_NAMES)[number];
const PUSHER_NAMES = ['staticentrypusher', 'staticflowpusher'] as const;

/** Floodlight takes one second per switch to set a role (CONTRACT.md, section 5). */
const ROLE_TIMEOUT_FACTOR = 12;

/** How to reach a controller, and what it can. */
export interface FloodlightClientOptions {
  /** As `http://127.0.0.1:8080` */
  readonly url: string;
  /** For each request; 10 s by default. */
  readonly timeoutMs?: number;
  /** Where requests go in place of the client's own connections; its owner closes it. */
  readonly dispatcher?: Dispatcher;
  /**
   * Whether the controller can list an entry with write actions. Floodlight cannot: while there is one, its list is not
   * JSON (CONTRACT.md, section 2). So they are refused unless this is true.
   */
  readonly listsWriteActions?: boolean;
}

declare const fitToSend: unique symbol;

/** A request that posts an entry; `prepare` alone makes it. */
export interface PreparedEntry {
  readonly subject: string;
  readonly text: string;
  readonly [fitToSend]: true;
}

/**
 * Floodlight's REST interface as far as labctl needs it, for Floodlight and for the embedded controller alike.
 * "200 OK" from Floodlight means that a body was parsed, not that a switch has it: `entry-push.ts` reads back.
 * Every method throws `ProblemError` of kind `environment`, and the signal's reason when it is aborted. What would harm
 * the controller cannot be said, or is refused before it is sent (`ProblemError` of kind `input`).
 */
export class FloodlightClient {
  readonly #connection: RestConnection;
  readonly #listsWriteActions: boolean;
  #pusher: PusherName | undefined;

  /** @throws ProblemError of kind `input` when the URL is none */
  constructor({ listsWriteActions = false, ...options }: FloodlightClientOptions) {
    this.#connection = new RestConnection(options);
    this.#listsWriteActions = listsWriteActions;
  }

  get url(): string {
    return this.#connection.url;
  }

  /**
   * Finds out what this controller calls its Static Entry Pusher, and remembers it. The other methods do so at first
   * use; by itself this is for who wants to know early that the controller has one.
   */
  async findPusher(signal?: AbortSignal): Promise<PusherName> {
    if (this.#pusher !== undefined) return this.#pusher;
    for (const name of PUSHER_NAMES) {
      if (!(await this.#connection.has(`/wm/${name}/list/all/json`, signal))) continue;
      this.#pusher = name;
      return name;
    }
    const call = get(`/wm/${PUSHER_NAMES[0]}/list/all/json`);
    throw this.#connection.problem(call, 'no-static-entry-pusher', 'the controller has no Static Entry Pusher', {
      remedy:
        'See whether a Floodlight controller answers at this address, with its module StaticEntryPusher (StaticFlowEntryPusher in older versions) loaded',
    });
  }

  /**
   * Makes this entry the one of its name.
   * @throws ProblemError of kind `input`, and nothing is sent, when the entry would hang or spoil the controller
   */
  async post(entry: Entry, signal?: AbortSignal): Promise<void> {
    await this.send(this.prepare(entry), signal);
  }

  /**
   * The request that posts an entry, to be sent later: to make it takes a tenth of the time that Floodlight takes for it.
   * @throws ProblemError of kind `input` when the entry would hang or spoil the controller
   */
  prepare(entry: Entry): PreparedEntry {
    const subject = `entry ${entry.name} for switch ${entry.dpid}`;
    this.#refuseHarm(entry);
    return { subject, text: JSON.stringify(encodeEntry(entry)) } as PreparedEntry;
  }

  /** Posts an entry that was prepared. */
  async send({ subject, text }: PreparedEntry, signal?: AbortSignal): Promise<void> {
    const call: RestRequest = { method: 'POST', path: await this.#pusherPath('json', signal), text, subject };
    const { status } = await this.#connection.ask(call, statusAnswer, signal);
    if (status === 'Entry pushed') return;
    throw this.#connection.refusal(call, [status], "Correct the entry; the controller's log may say more");
  }

  /** Sends a body as somebody wrote it; the controller's reason where it refuses it. */
  async postUnchecked(body: UncheckedBody, signal?: AbortSignal): Promise<string | undefined> {
    const call: RestRequest = { method: 'POST', path: await this.#pusherPath('json', signal), body };
    try {
      const { status } = await this.#connection.ask(call, statusAnswer, signal);
      return status === 'Entry pushed' ? undefined : withoutShout(status);
    } catch (error) {
      const refused = ['request-refused', 'controller-error'];
      if (!(error instanceof ProblemError) || !error.problems.every(({ code }) => refused.includes(code))) throw error;
      return error.problems.map(({ cause }) => cause).join('; ');
    }
  }

  /** Whether `post` would send it. */
  isHarmless(entry: Entry): boolean {
    return this.#harmsOf(entry).length === 0;
  }

  #harmsOf(entry: Entry): readonly Refusal[] {
    const harms = [...harmsOf(entry)];
    if (!this.#listsWriteActions && breaksTheList(entry)) {
      harms.push({
        reason: 'with write actions in it, Floodlight could no longer list any entry',
        remedy: 'Write instruction_apply_actions in place of instruction_write_actions',
      });
    }
    return harms;
  }

  #refuseHarm(entry: Entry): void {
    const harms = this.#harmsOf(entry);
    if (harms.length === 0) return;
    const where: Where = { kind: 'entry', entry: entry.name, dpid: entry.dpid };
    throw new ProblemError(
      harms.map(({ reason, remedy }) => inputProblem({ code: 'harmful-entry', where, cause: reason, remedy })),
    );
  }

  /** Removes an entry. It is no error if no entry has the name. */
  async delete(name: string, signal?: AbortSignal): Promise<void> {
    const path = await this.#pusherPath('json', signal);
    const call: RestRequest = { method: 'DELETE', path, body: { name } };
    const { status } = await this.#connection.ask(call, statusAnswer, signal).catch((error: unknown) => {
      // Floodlight puts the name into its answer as it is, which then is no JSON (StaticEntryPusherResource.java).
      const isOdd = JSON.stringify(name) !== `"${name}"`;
      if (isOdd && error instanceof ProblemError && error.problems.every(({ code }) => code === 'not-json')) {
        return { status: `Entry ${name} deleted` };
      }
      throw error;
    });
    if (status === `Entry ${name} deleted`) return;
    throw this.#connection.problem(
      call,
      'entry-not-deleted',
      `entry ${name} was not deleted: ${withoutShout(status)}`,
      { remedy: "See the controller's log" },
    );
  }

  /** The static entries that the controller lists, of all switches or one; their tables are not listed and read 0. */
  async list(dpid: Dpid | 'all', signal?: AbortSignal): Promise<readonly Entry[]> {
    return (await this.wholeList(dpid, signal)).entries;
  }

  /** The same, and which others it lists that say what labctl does not know. */
  async wholeList(dpid: Dpid | 'all', signal?: AbortSignal): Promise<EntryList> {
    const call = get(await this.#pusherPath(`list/${dpid}/json`, signal));
    const answer = await this.#connection.ask(call, listAnswer, signal);
    const entries: Entry[] = [];
    const unreadable: UnreadableEntry[] = [];
    for (const [key, elements] of Object.entries(answer)) {
      const owner = this.#owner(call, key);
      for (const [name, json] of elements.flatMap((element) => Object.entries(element))) {
        const entry = decodeListed(name, owner, json);
        if (entry === undefined) unreadable.push({ name, dpid: owner });
        else entries.push(entry);
      }
    }
    return { entries, unreadable };
  }

  /** Takes all static entries away, of all switches or one. */
  async clear(dpid: Dpid | 'all', signal?: AbortSignal): Promise<void> {
    const call = get(await this.#pusherPath(`clear/${dpid}/json`, signal));
    const { status } = await this.#connection.ask(call, statusAnswer, signal);
    // 1.2 knows of no groups (ClearStaticFlowEntriesResource.java).
    if (/^Deleted all flows(?:\/groups)?\b/.test(status)) return;
    throw this.#connection.problem(call, 'not-cleared', `the entries were not deleted: ${withoutShout(status)}`, {
      remedy: "See the controller's log",
    });
  }

  /** The switches that are connected now, in no order. */
  async switches(signal?: AbortSignal): Promise<readonly ConnectedSwitch[]> {
    return this.#connection.ask(get('/wm/core/controller/switches/json'), switchesAnswer, signal);
  }

  /** The links between switches that the controller has discovered. */
  async links(signal?: AbortSignal): Promise<readonly ControllerLink[]> {
    return this.#connection.ask(get('/wm/topology/links/json'), linksAnswer, signal);
  }

  /** The hosts that the controller has heard of. */
  async devices(signal?: AbortSignal): Promise<readonly ControllerDevice[]> {
    return (await this.#connection.ask(get('/wm/device/'), devicesAnswer, signal)).devices;
  }

  /**
   * The path that the controller's forwarding takes from one port to another: the ports into and out of each switch, the
   * two given ones included. Empty when there is none.
   */
  async path(source: SwitchPort, target: SwitchPort, signal?: AbortSignal): Promise<readonly SwitchPort[]> {
    const ends = `${source.dpid}/${source.port}/${target.dpid}/${target.port}`;
    if ((await this.findPusher(signal)) === 'staticflowpusher') {
      const call: RestRequest = { ...get(`/wm/topology/route/${ends}/json`), mayHaveNoContent: true };
      return (await this.#connection.ask(call, routeAnswer, signal)).results;
    }
    return (await this.#connection.ask(get(`/wm/routing/path/${ends}/json`), pathAnswer, signal)).results;
  }

  /** Whether the controller's forwarding knows a way from one switch to another. */
  async hasPath(source: Dpid, target: Dpid, signal?: AbortSignal): Promise<boolean> {
    // The ports are those of the ends, and have no part in the finding of the way.
    return (await this.path({ dpid: source, port: 1 }, { dpid: target, port: 1 }, signal)).length > 0;
  }

  /** The controller's best paths between two switches, at most so many, the best first. Empty when there is none. */
  async paths(source: Dpid, target: Dpid, most: number, signal?: AbortSignal): Promise<readonly ControllerPath[]> {
    const call = get(`/wm/routing/paths/${source}/${target}/${most}/json`);
    return (await this.#connection.ask(call, pathsAnswer, signal)).results;
  }

  /** The controller's role for all switches or one. */
  async roles(dpid: Dpid | 'all', signal?: AbortSignal): Promise<ReadonlyMap<Dpid, ControllerRole>> {
    const call = get(`/wm/core/switch/${dpid}/role/json`);
    return this.#byDpid(call, await this.#connection.ask(call, rolesAnswer, signal));
  }

  /**
   * Sets the controller's role. Floodlight takes a second per switch for it and wipes the flow tables of those switches,
   * even when the role does not change (CONTRACT.md, section 5), so it comes before any entry.
   * @returns the roles that the switches then have
   */
  async setRole(
    dpid: Dpid | 'all',
    role: SettableRole,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<Dpid, ControllerRole>> {
    const path = `/wm/core/switch/${dpid}/role/json`;
    const timeoutMs = this.#connection.timeoutMs * ROLE_TIMEOUT_FACTOR;
    const call: RestRequest = { method: 'POST', path, body: { role }, timeoutMs, subject: `the role ${role}` };
    const given = this.#byDpid(call, await this.#connection.ask(call, roleSetAnswer, signal));
    const others = [...given].filter(([, text]) => text !== role);
    if (others.length === 0) return new Map([...given.keys()].map((owner) => [owner, role]));
    // Where the switch did not answer, a sentence stands in place of its role.
    const found = others
      .map(([owner, text]) => `${owner} ${/^[A-Z]+$/.test(text) ? `has ${text}` : `answers ${JSON.stringify(text)}`}`)
      .join(', ');
    throw this.#connection.problem(call, 'role-not-set', `the role ${role} was not set: ${found}`, {
      remedy: 'See whether another controller is MASTER of the switch',
    });
  }

  /** The flows that a switch holds, whoever put them there, as far as labctl knows what they say. */
  async flows(dpid: Dpid, signal?: AbortSignal): Promise<readonly InstalledFlow[]> {
    return (await this.#statistic(dpid, 'flow', flowsAnswer, signal)).flows.flatMap(readable(decodeSwitchFlow));
  }

  /** The flows of every connected switch, in one request. */
  async allFlows(signal?: AbortSignal): Promise<ReadonlyMap<Dpid, readonly InstalledFlow[]>> {
    const answers = await this.#statisticOfAll('flow', flowsAnswer, signal);
    return new Map([...answers].map(([dpid, { flows }]) => [dpid, flows.flatMap(readable(decodeSwitchFlow))]));
  }

  /** The groups that a switch holds. */
  async groups(dpid: Dpid, signal?: AbortSignal): Promise<readonly Group[]> {
    return (await this.#statistic(dpid, 'group-desc', groupsAnswer, signal)).group_desc.flatMap(
      readable(decodeGroupDescription),
    );
  }

  /** The groups of every connected switch, in one request. */
  async allGroups(signal?: AbortSignal): Promise<ReadonlyMap<Dpid, readonly Group[]>> {
    const answers = await this.#statisticOfAll('group-desc', groupsAnswer, signal);
    return new Map(
      [...answers].map(([dpid, { group_desc }]) => [dpid, group_desc.flatMap(readable(decodeGroupDescription))]),
    );
  }

  /** How many flows a switch holds and what passed through them. */
  async flowTotals(dpid: Dpid, signal?: AbortSignal): Promise<FlowTotals> {
    return (await this.#statistic(dpid, 'aggregate', totalsAnswer, signal)).aggregate;
  }

  /** The ports of a switch, its own (`local`) included. */
  async ports(dpid: Dpid, signal?: AbortSignal): Promise<readonly PortDescription[]> {
    return (await this.#statistic(dpid, 'port-desc', portsAnswer, signal)).port_desc;
  }

  /** What the ports of a switch have counted. */
  async portCounters(dpid: Dpid, signal?: AbortSignal): Promise<readonly PortCounters[]> {
    return this.#statistic(dpid, 'port', portCountersAnswer, signal);
  }

  /** Make and version of a switch. */
  async description(dpid: Dpid, signal?: AbortSignal): Promise<SwitchDescription> {
    return (await this.#statistic(dpid, 'desc', descriptionAnswer, signal)).desc;
  }

  /** Whether the controller says that it is well. */
  async health(signal?: AbortSignal): Promise<boolean> {
    return (await this.#connection.ask(get('/wm/core/health/json'), healthAnswer, signal)).healthy;
  }

  /** What the controller counts. */
  async summary(signal?: AbortSignal): Promise<ControllerSummary> {
    return this.#connection.ask(get('/wm/core/controller/summary/json'), summaryAnswer, signal);
  }

  async memory(signal?: AbortSignal): Promise<ControllerMemory> {
    return this.#connection.ask(get('/wm/core/memory/json'), memoryAnswer, signal);
  }

  /** Milliseconds since the controller started; less than before when it was restarted meanwhile. */
  async uptime(signal?: AbortSignal): Promise<number> {
    return (await this.#connection.ask(get('/wm/core/system/uptime/json'), uptimeAnswer, signal)).systemUptimeMsec;
  }

  /** Ends the connections at once; what is still under way fails. */
  async close(): Promise<void> {
    await this.#connection.close();
  }

  async #pusherPath(rest: string, signal?: AbortSignal): Promise<string> {
    return `/wm/${await this.findPusher(signal)}/${rest}`;
  }

  async #statistic<T>(dpid: Dpid, what: string, schema: z.ZodType<T>, signal?: AbortSignal): Promise<T> {
    return this.#connection.ask(get(`/wm/core/switch/${dpid}/${what}/json`), schema, signal);
  }

  async #statisticOfAll<T>(what: string, schema: z.ZodType<T>, signal?: AbortSignal): Promise<ReadonlyMap<Dpid, T>> {
    const call = get(`/wm/core/switch/all/${what}/json`);
    return this.#byDpid(call, await this.#connection.ask(call, z.record(z.string(), schema), signal));
  }

  #byDpid<T>(call: RestRequest, answer: Readonly<Record<string, T>>): ReadonlyMap<Dpid, T> {
    return new Map(Object.entries(answer).map(([key, value]) => [this.#owner(call, key), value]));
  }

  #owner(call: RestRequest, key: string): Dpid {
    const dpid = readDpid(key);
    if (dpid !== undefined) return dpid;
    throw this.#connection.problem(
      call,
      'unexpected-answer',
      'the answer names a switch by something else than a DPID',
      {
        offending: key,
        remedy: 'See whether a Floodlight controller answers at this address, and not another program',
      },
    );
  }
}

function get(path: string): RestRequest {
  return { method: 'GET', path };
}

/** What `decode` makes of an element, or nothing. */
function readable<T>(decode: (json: unknown) => T | undefined): (json: unknown) => readonly T[] {
  return (json) => {
    const value = decode(json);
    return value === undefined ? [] : [value];
  };
}
