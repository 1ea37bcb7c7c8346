import type { Dpid } from '../../model/addresses.ts';
import type { Forwarding } from '../../model/connection.ts';
import type { Fault } from '../../model/fault.ts';
import { type Entry, effectKey, type Flow, flowKey } from '../../model/openflow.ts';
import { inputProblem, ProblemError } from '../../model/problem.ts';
import type { Topology } from '../../model/topology.ts';
import { forwardingFlows } from '../../plan/forwarding.ts';
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
import type { FloodlightClient } from '../pusher/client.ts';
import { pushEntries, removeEntries } from '../pusher/entry-push.ts';
import { listedWithTables } from '../pusher/read-back.ts';
import { sendUnchecked } from '../pusher/send-unchecked.ts';
import type { SwitchTables, TableChange } from '../switch-tables.ts';
import { type ControllerState, restApi } from './rest-api.ts';
import { RestServer } from './server.ts';
import { StaticEntries } from './static-entries.ts';

const FIRST_PORT = 8080;
/** The cookie of Floodlight's Forwarding: application id 2 in the top 12 bits. */
const FORWARDING_COOKIE = 2n << 52n;
/** Many, because what comes while a bundle is under way goes into the next: a bundle takes 10 ms, however large. */
const REQUESTS_AT_ONCE = 256;

/**
 * The controller that labctl brings along: Floodlight's REST contract on loopback over the tables of the lab's switches.
 * Where Floodlight's Forwarding reacts to packets, this installs shortest paths up front.
 */
export class EmbeddedController implements ControlPlane {
  readonly kind = 'embedded';
  readonly forwarding: OwnForwarding = { kind: 'in-advance', restore: () => this.#restoreForwarding() };
  readonly #topology: Topology;
  readonly #tables: SwitchTables;
  readonly #firstPort: number;
  readonly #forwards: boolean;
  /** The flows of its own forwarding that each switch has. */
  readonly #forwarding = new Map<Dpid, readonly Flow[]>();
  /** With its HTTP library it loads while the lab's network is built, and not before. */
  readonly #loading = import('../pusher/client.ts');
  #server: RestServer | undefined;
  #state: ControllerState | undefined;
  #client: FloodlightClient | undefined;

  /** @param parts `firstPort` is the port it takes, or the next free one after it; 8080 by default */
  constructor(parts: { topology: Topology; forwarding: Forwarding; tables: SwitchTables; firstPort?: number }) {
    this.#topology = parts.topology;
    this.#tables = parts.tables;
    this.#firstPort = parts.firstPort ?? FIRST_PORT;
    this.#forwards = parts.forwarding === 'reactive';
  }

  get url(): string {
    return this.#started().url;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const forwarding = this.#forwardingOver(this.#topology);
    await Promise.all(
      [...forwarding].map(async ([dpid, flows]) => {
        await this.#tables.apply(dpid, flows.map(forwardingChange));
        this.#forwarding.set(dpid, flows);
      }),
    );
    signal.throwIfAborted();
    const now = Date.now();
    const state: ControllerState = {
      topology: this.#topology,
      tables: this.#tables,
      entries: new StaticEntries(this.#topology, this.#tables, forwarding),
      startedAt: now,
      connectedSince: new Map(this.#topology.switches.map(({ dpid }) => [dpid, now])),
    };
    this.#state = state;
    this.#server = new RestServer(restApi(state));
    const port = await this.#server.listen(this.#firstPort);
    const { FloodlightClient } = await this.#loading;
    this.#client = new FloodlightClient({ url: `http://127.0.0.1:${port}`, listsWriteActions: true });
  }

  /** Its tables need switches. */
  async prepare(): Promise<void> {}

  async push(entries: readonly Entry[], signal: AbortSignal): Promise<void> {
    await pushEntries(this.#started(), entries, { concurrency: REQUESTS_AT_ONCE, signal });
  }

  sendUnchecked(bodies: readonly UncheckedBody[], signal: AbortSignal): Promise<readonly SentBody[]> {
    return sendUnchecked(this.#started(), bodies, signal);
  }

  async remove({ entries }: EntryList, signal: AbortSignal): Promise<void> {
    await removeEntries(this.#started(), entries, { concurrency: REQUESTS_AT_ONCE, signal });
  }

  async entries(signal: AbortSignal): Promise<EntryList> {
    return { entries: await listedWithTables(this.#started(), signal), unreadable: [] };
  }

  async switches(signal: AbortSignal): Promise<readonly ConnectedSwitch[]> {
    return this.#started().switches(signal);
  }

  roles(signal: AbortSignal): Promise<ReadonlyMap<Dpid, string>> {
    return this.#started().roles('all', signal);
  }

  /** It is the only controller of its switches. */
  async setRole(_: readonly Dpid[], role: SettableRole): Promise<void> {
    if (role === 'MASTER') return;
    throw new ProblemError(
      inputProblem({
        code: 'role',
        where: `role ${role}`,
        cause: 'the embedded controller is always the master of its switches',
        remedy: 'take Floodlight to see other roles: labctl up --controller floodlight',
      }),
    );
  }

  /** Nothing is lost here: each answer comes after its switch has taken the entry. */
  async upkeep(): Promise<Upkeep> {
    return { missing: [], leaving: [], repaired: 0 };
  }

  /** Never waits: done when the switches have it. */
  async reconverge(faults: readonly Fault[]): Promise<void> {
    const state = this.#state;
    if (state === undefined) throw new Error('the embedded controller is not started');
    const topology = this.#topology.withFaults(faults);
    state.topology = topology;
    const forwarding = this.#forwardingOver(topology);
    const { entries } = state;
    await Promise.all(
      topology.switches.map(async ({ name, dpid }) => {
        const flows = forwarding.get(dpid) ?? [];
        if (!topology.switchIsUp(name)) entries.leave(dpid);
        else if (entries.isAway(dpid)) {
          await entries.putBack(dpid, flows.map(forwardingChange));
          state.connectedSince.set(dpid, Date.now());
        } else await this.#tables.apply(dpid, forwardingChanges(this.#forwarding.get(dpid) ?? [], flows));
        this.#forwarding.set(dpid, flows);
      }),
    );
  }

  async #restoreForwarding(): Promise<number> {
    const counts = [...this.#forwarding].map(async ([dpid, flows]) => {
      const { name = '' } = this.#topology.switchWithDpid(dpid) ?? {};
      if (this.#state?.topology.switchIsUp(name) !== true) return 0;
      const held = (await this.#tables.flows(dpid)).filter(({ cookie }) => cookie === FORWARDING_COOKIE);
      const changes = forwardingChanges(held, flows);
      if (changes.length > 0) await this.#tables.apply(dpid, changes);
      return changes.length;
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  #forwardingOver(topology: Topology): ReadonlyMap<Dpid, readonly Flow[]> {
    return this.#forwards ? forwardingFlows(topology) : new Map();
  }

  async stop(): Promise<void> {
    await this.#client?.close();
    await this.#server?.close();
  }

  #started(): FloodlightClient {
    if (this.#client === undefined) throw new Error('the embedded controller is not started');
    return this.#client;
  }
}

/** What makes the former flows the wanted ones; a flow whose output alone changes is replaced in its place. */
function forwardingChanges(former: readonly Flow[], wanted: readonly Flow[]): readonly TableChange[] {
  const there = new Map(former.map((flow) => [flowKey(flow), effectKey(flow)]));
  const keys = new Set(wanted.map(flowKey));
  return [
    ...former.filter((flow) => !keys.has(flowKey(flow))).map((flow): TableChange => ({ kind: 'delete-flow', flow })),
    ...wanted.filter((flow) => there.get(flowKey(flow)) !== effectKey(flow)).map(forwardingChange),
  ];
}

function forwardingChange(flow: Flow): TableChange {
  return { kind: 'add-flow', flow, cookie: FORWARDING_COOKIE };
}
