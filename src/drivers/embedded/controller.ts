import type { Dpid } from '../../model/addresses.ts';
import type { Forwarding } from '../../model/connection.ts';
import type { Entry, Flow } from '../../model/openflow.ts';
import { inputProblem, ProblemError } from '../../model/problem.ts';
import type { Topology } from '../../model/topology.ts';
import { forwardingFlows } from '../../plan/forwarding.ts';
import type { ConnectedSwitch, ControlPlane, EntryList, SentBody, SettableRole, Upkeep } from '../control-plane.ts';
import type { FloodlightClient } from '../floodlight/client.ts';
import { pushEntries, removeEntries } from '../floodlight/entry-push.ts';
import { listedWithTables } from '../floodlight/read-back.ts';
import { sendUnchecked } from '../floodlight/send-unchecked.ts';
import type { UncheckedBody } from '../floodlight/unchecked-body.ts';
import type { SwitchTables, TableChange } from '../switch-tables.ts';
import { restApi } from './rest-api.ts';
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
  readonly reactionSeconds = 0;
  readonly #topology: Topology;
  readonly #tables: SwitchTables;
  readonly #firstPort: number;
  readonly #forwarding: ReadonlyMap<Dpid, readonly Flow[]>;
  /** With its HTTP library it loads while the lab's network is built, and not before. */
  readonly #loading = import('../floodlight/client.ts');
  #server: RestServer | undefined;
  #client: FloodlightClient | undefined;

  /** @param parts `firstPort` is the port it takes, or the next free one after it; 8080 by default */
  constructor(parts: { topology: Topology; forwarding: Forwarding; tables: SwitchTables; firstPort?: number }) {
    this.#topology = parts.topology;
    this.#tables = parts.tables;
    this.#firstPort = parts.firstPort ?? FIRST_PORT;
    this.#forwarding = parts.forwarding === 'reactive' ? forwardingFlows(parts.topology) : new Map();
  }

  get url(): string {
    return this.#started().url;
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await Promise.all(
      [...this.#forwarding].map(([dpid, flows]) => this.#tables.apply(dpid, flows.map(forwardingChange))),
    );
    signal.throwIfAborted();
    const entries = new StaticEntries(this.#topology, this.#tables, this.#forwarding);
    const state = { topology: this.#topology, tables: this.#tables, entries, startedAt: Date.now() };
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

  async stop(): Promise<void> {
    await this.#client?.close();
    await this.#server?.close();
  }

  #started(): FloodlightClient {
    if (this.#client === undefined) throw new Error('the embedded controller is not started');
    return this.#client;
  }
}

function forwardingChange(flow: Flow): TableChange {
  return { kind: 'add-flow', flow, cookie: FORWARDING_COOKIE };
}
