import { setTimeout as sleep } from 'node:timers/promises';
import type { Dpid } from '../../model/addresses.ts';
import type { Forwarding } from '../../model/connection.ts';
import type { Fault } from '../../model/fault.ts';
import type { Entry, GroupEntry } from '../../model/openflow.ts';
import { environmentProblem, ProblemError } from '../../model/problem.ts';
import type { Switch, Topology } from '../../model/topology.ts';
import { actionsOf } from '../../plan/entry-check.ts';
import { isolationEntries } from '../../plan/forwarding.ts';
import type {
  ConnectedSwitch,
  ControlPlane,
  EntryList,
  OwnForwarding,
  SentBody,
  SettableRole,
  UncheckedBody,
  Upkeep,
} from '../control-plane.ts';
import { FloodlightClient } from '../pusher/client.ts';
import { settledRoles } from '../pusher/roles.ts';
import { EntryKeeper, type KeeperPace } from './entry-keeper.ts';
import type { FloodlightAddress, FloodlightInstance } from './instance.ts';
import { OpenFlowRelay } from './relay.ts';

/** The first packet of a pair goes through the controller, at each hop once where it is flooded. */
const REACTION_SECONDS = 1;
const POLL_INTERVAL_MS = 100;
/** Floodlight took 0.3 s for ten switches and 1.7 s for their links; both grow with the network. */
const LEAST_PATIENCE_MS = 30_000;
const PATIENCE_PER_SWITCH_MS = 500;
/** After this long a wait names what is missing. */
const SHOW_MISSING_AFTER_MS = 3_000;
/** Connections of a lab that has just ended take this long to go at most. */
const FORMER_SWITCHES_MS = 3_000;
/** How long Floodlight is given to notice what has gone down or come up: a switch tries to connect every second. */
const RECONVERGENCE_MS = 15_000;
const GROUP_ARRIVAL_MS = 2_000;
/** Less than `labctl down` waits for the lab's process. */
const CLEAN_UP_MS = 5_000;
const WRITING_ROLE = 'MASTER';
// Floodlight reads it as a signed number of 32 bits (ParseUtils.java).
const PROBE_GROUP_ID = 0x7ffffe00;

/**
 * Floodlight as a lab's controller: one that runs somewhere, or in a container. The lab's switches reach it through a
 * relay. It reacts to packets by itself. All that labctl adds is static entries, which an `EntryKeeper` looks after.
 */
export class FloodlightController implements ControlPlane {
  readonly kind = 'Floodlight';
  readonly forwarding: OwnForwarding;
  readonly #topology: Topology;
  readonly #isolates: boolean;
  readonly #instance: FloodlightInstance;
  readonly #relaySocket: string;
  readonly #connectSwitches: (target: string, signal: AbortSignal) => Promise<void>;
  readonly #patienceMs: number;
  readonly #formerSwitchesMs: number;
  readonly #groupArrivalMs: number;
  readonly #keeperPace: KeeperPace | undefined;
  #client: FloodlightClient | undefined;
  #relay: OpenFlowRelay | undefined;
  #keeper: EntryKeeper | undefined;
  #takesGroups = true;

  /**
   * @param parts `relaySocket` is a path in the sandbox's run folder, to which `connectSwitches` sends the switches;
   * `patienceMs` is how long to wait for the switches, and then for the links; `formerSwitchesMs` for those of a lab that
   * has just ended to go; `groupArrivalMs` for the group that shows whether it takes any
   */
  constructor(parts: {
    topology: Topology;
    forwarding: Forwarding;
    instance: FloodlightInstance;
    relaySocket: string;
    connectSwitches: (target: string, signal: AbortSignal) => Promise<void>;
    patienceMs?: number;
    formerSwitchesMs?: number;
    groupArrivalMs?: number;
    keeperPace?: KeeperPace;
  }) {
    this.#topology = parts.topology;
    this.#isolates = parts.forwarding === 'none';
    this.forwarding = { kind: 'reactive', reactionSeconds: this.#isolates ? 0 : REACTION_SECONDS };
    this.#instance = parts.instance;
    this.#relaySocket = parts.relaySocket;
    this.#connectSwitches = parts.connectSwitches;
    this.#patienceMs = parts.patienceMs ?? LEAST_PATIENCE_MS + PATIENCE_PER_SWITCH_MS * parts.topology.switches.length;
    this.#formerSwitchesMs = parts.formerSwitchesMs ?? FORMER_SWITCHES_MS;
    this.#groupArrivalMs = parts.groupArrivalMs ?? GROUP_ARRIVAL_MS;
    this.#keeperPace = parts.keeperPace;
  }

  get url(): string {
    if (this.#client === undefined) throw new Error('the controller is not prepared');
    return this.#client.url;
  }

  async prepare(signal: AbortSignal, onStep: (step: string) => void): Promise<void> {
    const address = await this.#instance.open(signal, onStep);
    await this.#orItsLog(this.#prepare(address, signal));
  }

  start(signal: AbortSignal, onStep: (step: string) => void): Promise<void> {
    return this.#orItsLog(this.#start(signal, onStep));
  }

  async #prepare({ url, openFlow }: FloodlightAddress, signal: AbortSignal): Promise<void> {
    const client = new FloodlightClient({ url });
    this.#client = client;
    await client.findPusher(signal);
    await this.#refuseForeignSwitches(client, signal);
    this.#relay = new OpenFlowRelay(this.#relaySocket, openFlow);
    await this.#relay.check(signal);
    await this.#relay.listen();
  }

  async #start(signal: AbortSignal, onStep: (step: string) => void): Promise<void> {
    const client = this.#prepared();
    const keeper = new EntryKeeper(client, this.#topology, this.#keeperPace);
    this.#keeper = keeper;
    await this.#connectSwitches(`unix:${this.#relaySocket}`, signal);
    onStep('waiting for the switches to connect to Floodlight');
    await this.#waitFor(
      'switches',
      () => this.#missingSwitches(client, this.#topology.switches, signal),
      signal,
      onStep,
    );
    await this.#becomeMaster(client, signal, onStep);
    const former = await keeper.clear(signal);
    if (former !== 0)
      onStep(
        `cleared ${former === 1 ? '1 entry' : `${former ?? 'the'} entries`} that Floodlight still held for these switches`,
      );
    onStep('waiting for Floodlight to discover the links');
    await this.#waitFor('links', () => this.#missingLinks(client, this.#topology, signal), signal, onStep);
    await this.#findOutGroups(client, keeper, signal);
    await keeper.start(signal);
    if (this.#isolates) await keeper.pushOwn(isolationEntries(this.#topology), signal);
  }

  async push(entries: readonly Entry[], signal: AbortSignal): Promise<void> {
    this.#refuseGroupsIfLost(entries);
    await this.#started().push(entries, signal);
  }

  sendUnchecked(bodies: readonly UncheckedBody[], signal: AbortSignal): Promise<readonly SentBody[]> {
    return this.#started().sendUnchecked(bodies, signal);
  }

  remove(list: EntryList, signal: AbortSignal): Promise<void> {
    return this.#started().remove(list, signal);
  }

  entries(signal: AbortSignal): Promise<EntryList> {
    return this.#started().entries(signal);
  }

  switches(signal: AbortSignal): Promise<readonly ConnectedSwitch[]> {
    return this.#started().switches(signal);
  }

  async roles(signal: AbortSignal): Promise<ReadonlyMap<Dpid, string>> {
    const roles = await settledRoles(this.#prepared(), this.#dpids, signal);
    return new Map([...roles].filter(([dpid]) => this.#topology.switchWithDpid(dpid) !== undefined));
  }

  setRole(dpids: readonly Dpid[], role: SettableRole, signal: AbortSignal): Promise<void> {
    return this.#started().setRole(dpids, role, signal);
  }

  upkeep(signal: AbortSignal): Promise<Upkeep> {
    return this.#started().upkeep(signal);
  }

  /** It discovers by itself what happened; what it does not notice in time it may notice later. */
  async reconverge(faults: readonly Fault[], signal: AbortSignal): Promise<void> {
    const keeper = this.#started();
    const client = this.#prepared();
    const surviving = this.#topology.withFaults(faults);
    const up = surviving.switches.filter(({ name }) => surviving.switchIsUp(name));
    const waiting = AbortSignal.any([signal, AbortSignal.timeout(RECONVERGENCE_MS)]);
    const hasNoticed = async () => {
      const connected = await keeper.switches(waiting);
      if (connected.length !== up.length || (await this.#missingSwitches(client, up, waiting)).length > 0) return false;
      if ((await this.#missingLinks(client, surviving, waiting)).length > 0) return false;
      return keeper.isWhole(new Set(up.map(({ dpid }) => dpid)), waiting);
    };
    try {
      while (!(await hasNoticed())) await sleep(POLL_INTERVAL_MS, undefined, { signal: waiting });
    } catch (error) {
      if (!waiting.aborted) throw error;
    }
  }

  async stop(): Promise<void> {
    const keeper = this.#keeper;
    this.#keeper = undefined;
    await keeper?.stop();
    try {
      // Entries that stay listed would come back into the switches of the next lab.
      if (!this.#instance.endsWithLab) await keeper?.clear(AbortSignal.timeout(CLEAN_UP_MS));
    } catch (error) {
      throw new ProblemError(
        environmentProblem({
          code: 'entries-left',
          where: this.#client?.url ?? 'Floodlight',
          cause: `the lab's entries could not be removed from the controller: ${(error as Error).message}`,
          remedy: 'the next `labctl up` on this controller clears them',
        }),
        { cause: error },
      );
    } finally {
      this.#relay?.close();
      await this.#client?.close();
      await this.#instance.close();
    }
  }

  get #dpids(): readonly Dpid[] {
    return this.#topology.switches.map(({ dpid }) => dpid);
  }

  /** One Floodlight serves one lab at a time: DPIDs would collide. */
  async #refuseForeignSwitches(client: FloodlightClient, signal: AbortSignal): Promise<void> {
    const deadline = Date.now() + this.#formerSwitchesMs;
    for (;;) {
      const dpids = new Set((await client.switches(signal)).map(({ dpid }) => dpid));
      const taken = this.#topology.switches.filter(({ dpid }) => dpids.has(dpid));
      if (taken.length === 0) return;
      if (Date.now() > deadline) {
        throw new ProblemError(
          environmentProblem({
            code: 'controller-in-use',
            where: client.url,
            cause: `the controller already has other switches with the DPIDs of ${taken.map(({ name }) => name).join(', ')}: one Floodlight serves one lab at a time`,
            remedy: 'end the lab (or mn) that they belong to, or take another controller, as in --controller embedded',
          }),
        );
      }
      await sleep(POLL_INTERVAL_MS, undefined, { signal });
    }
  }

  async #waitFor(
    what: 'switches' | 'links',
    findMissing: () => Promise<readonly string[]>,
    signal: AbortSignal,
    onStep: (step: string) => void,
  ): Promise<void> {
    const begin = Date.now();
    let shown = '';
    for (;;) {
      const missing = await findMissing();
      if (missing.length === 0) return;
      const waitedMs = Date.now() - begin;
      const list = missing.join(', ');
      if (waitedMs > this.#patienceMs) {
        throw new ProblemError(
          environmentProblem({
            code: what === 'switches' ? 'switches-missing' : 'links-missing',
            where: this.url,
            cause: `after ${Math.round(waitedMs / 1000)} s Floodlight still lacks the ${what} ${list}`,
            remedy:
              what === 'switches'
                ? "see the controller's log, and that --openflow-port is this controller's"
                : "see the controller's log, and that its LinkDiscovery module is loaded",
          }),
        );
      }
      if (waitedMs > SHOW_MISSING_AFTER_MS && list !== shown) {
        shown = list;
        onStep(`waiting for Floodlight to have the ${what} ${list}`);
      }
      await sleep(POLL_INTERVAL_MS, undefined, { signal });
    }
  }

  async #missingSwitches(
    client: FloodlightClient,
    wanted: readonly Switch[],
    signal: AbortSignal,
  ): Promise<readonly string[]> {
    const connected = new Set((await client.switches(signal)).map(({ dpid }) => dpid));
    const missing = wanted.filter(({ dpid }) => !connected.has(dpid));
    if (missing.length > 0) return missing.map(({ name }) => name);
    // Floodlight lists a switch during its handshake already; the role is what comes last.
    const dpids = wanted.map(({ dpid }) => dpid);
    const roles = await settledRoles(client, dpids, signal);
    return wanted.filter(({ dpid }) => !roles.has(dpid)).map(({ name }) => name);
  }

  /**
   * Links that Floodlight does not know in both directions, or does not route over yet; and those that are down and that
   * it still knows.
   */
  async #missingLinks(client: FloodlightClient, topology: Topology, signal: AbortSignal): Promise<readonly string[]> {
    const known = new Set<string>();
    for (const { source, target, bidirectional } of await client.links(signal)) {
      const ends = [`${source.dpid}/${source.port}`, `${target.dpid}/${target.port}`];
      if (bidirectional) known.add(ends.sort().join(' '));
    }
    const missing: string[] = [];
    const wanted: { readonly from: Switch; readonly to: Switch; readonly name: string }[] = [];
    for (const { ends } of topology.links) {
      const [from, to] = ends.map(({ node }) => topology.switchNamed(node));
      if (from === undefined || to === undefined) continue;
      const name = `${from.name}-${to.name}`;
      const key = [`${from.dpid}/${ends[0].port}`, `${to.dpid}/${ends[1].port}`].sort().join(' ');
      const isUp = topology.linkIsUp(ends[0]);
      if (known.has(key) !== isUp) missing.push(name);
      else if (isUp) wanted.push({ from, to, name });
    }
    // The routing learns of links a little later than the list does.
    if (missing.length > 0) return missing;
    for (const { from, to, name } of wanted) {
      if (!(await hasPath(client, from.dpid, to.dpid, signal))) return [name];
    }
    return [];
  }

  /** Before anything is pushed, as setting a role wipes the tables; not at all where it is so already. */
  async #becomeMaster(client: FloodlightClient, signal: AbortSignal, onStep: (step: string) => void): Promise<void> {
    const roles = await settledRoles(client, this.#dpids, signal);
    const others = this.#topology.switches.filter(({ dpid }) => roles.get(dpid) !== WRITING_ROLE);
    if (others.length === 0) return;
    onStep(`making Floodlight the master of ${others.map(({ name }) => name).join(', ')}`);
    for (const { dpid } of others) await client.setRole(dpid, WRITING_ROLE, signal);
  }

  /** Some Floodlights answer 200 to a group and send it to no switch (v1.2 is reported so). */
  async #findOutGroups(client: FloodlightClient, keeper: EntryKeeper, signal: AbortSignal): Promise<void> {
    const [node] = this.#topology.switches;
    if (node === undefined) return;
    const [port = 1] = this.#topology.neighboursOf(node.name).map((neighbour) => neighbour.port);
    const probe: GroupEntry = {
      kind: 'group',
      name: 'labctl-probe/group',
      dpid: node.dpid,
      groupId: PROBE_GROUP_ID,
      groupType: 'select',
      buckets: [{ weight: 1, actions: [{ kind: 'output', port }] }],
    };
    const deadline = Date.now() + this.#groupArrivalMs;
    try {
      await client.post(probe, signal);
      do {
        const groups = await client.groups(node.dpid, signal);
        this.#takesGroups = groups.some(({ groupId }) => groupId === PROBE_GROUP_ID);
        if (!this.#takesGroups) await sleep(POLL_INTERVAL_MS, undefined, { signal });
      } while (!this.#takesGroups && Date.now() < deadline);
    } catch (error) {
      signal.throwIfAborted();
      // It refused the group, or answers with something else: either way it takes none.
      if (!(error instanceof ProblemError)) throw error;
      this.#takesGroups = false;
    }
    if (this.#takesGroups) await keeper.remove({ entries: [probe], unreadable: [] }, signal);
    else await client.delete(probe.name, signal);
  }

  /** @throws ProblemError for groups, where this controller would accept and then lose them */
  #refuseGroupsIfLost(entries: readonly Entry[]): void {
    if (this.#takesGroups) return;
    const problems = entries
      .filter((entry) => entry.kind === 'group' || actionsOf(entry).some(({ kind }) => kind === 'group'))
      .map(({ name }) =>
        environmentProblem({
          code: 'no-groups',
          where: { kind: 'entry', entry: name, url: this.url },
          cause: 'it needs a group, and this Floodlight sends groups to no switch (tried when the lab came up)',
          remedy: 'take a newer Floodlight, or the embedded controller: labctl up --controller embedded',
        }),
      );
    if (problems.length > 0) throw new ProblemError(problems);
  }

  /** A log that goes with its lab is shown where the lab does not come up. */
  async #orItsLog(work: Promise<void>): Promise<void> {
    try {
      await work;
    } catch (error) {
      const { log } = this.#instance;
      if (!(error instanceof ProblemError) || log.length === 0) throw error;
      const last = error.problems.length - 1;
      const problems = error.problems.map((problem, index) => {
        if (index !== last) return problem;
        const remedy = [problem.remedy ?? [], "Floodlight's log ends:", log].flat(2).join('\n    ');
        return { ...problem, remedy };
      });
      throw new ProblemError(problems, { cause: error });
    }
  }

  #prepared(): FloodlightClient {
    if (this.#client === undefined) throw new Error('the controller is not prepared');
    this.#refuseEnded();
    return this.#client;
  }

  #started(): EntryKeeper {
    if (this.#keeper === undefined) throw new Error('the controller is not started');
    this.#refuseEnded();
    return this.#keeper;
  }

  #refuseEnded(): void {
    if (this.#instance.ended !== undefined) throw new ProblemError(this.#instance.ended);
  }
}

/** True also where an older Floodlight has nothing that could say. */
async function hasPath(client: FloodlightClient, from: Dpid, to: Dpid, signal: AbortSignal): Promise<boolean> {
  try {
    return await client.hasPath(from, to, signal);
  } catch (error) {
    if (error instanceof ProblemError && error.problems.some(({ code }) => code === 'unknown-resource')) return true;
    throw error;
  }
}
