import type { Dpid } from '../../model/addresses.ts';
import type { Forwarding } from '../../model/connection.ts';
import type { Entry, Flow } from '../../model/openflow.ts';
import type { Topology } from '../../model/topology.ts';
import { forwardingFlows } from '../../plan/forwarding.ts';
import type { ConnectedSwitch, ControlPlane } from '../control-plane.ts';
import type { StaticEntryPusherClient } from '../floodlight/client.ts';
import { listedWithTables, pushEntries, removeEntries } from '../floodlight/entry-push.ts';
import { restApi } from './rest-api.ts';
import { RestServer } from './server.ts';
import { StaticEntries } from './static-entries.ts';
import type { SwitchTables, TableChange } from './switch-tables.ts';

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
  readonly #topology: Topology;
  readonly #tables: SwitchTables;
  readonly #firstPort: number;
  readonly #forwarding: ReadonlyMap<Dpid, readonly Flow[]>;
  /** With its HTTP library it loads while the lab's network is built, and not before. */
  readonly #loading = import('../floodlight/client.ts');
  #server: RestServer | undefined;
  #client: StaticEntryPusherClient | undefined;

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
    const { StaticEntryPusherClient } = await this.#loading;
    this.#client = new StaticEntryPusherClient({ url: `http://127.0.0.1:${port}` });
  }

  async push(entries: readonly Entry[], signal: AbortSignal): Promise<void> {
    await pushEntries(this.#started(), entries, { concurrency: REQUESTS_AT_ONCE, signal });
  }

  async remove(entries: readonly Entry[], signal: AbortSignal): Promise<void> {
    await removeEntries(this.#started(), entries, { concurrency: REQUESTS_AT_ONCE, signal });
  }

  async entries(signal: AbortSignal): Promise<readonly Entry[]> {
    return listedWithTables(this.#started(), signal);
  }

  async switches(signal: AbortSignal): Promise<readonly ConnectedSwitch[]> {
    return this.#started().switches(signal);
  }

  async stop(): Promise<void> {
    await this.#client?.close();
    await this.#server?.close();
  }

  #started(): StaticEntryPusherClient {
    if (this.#client === undefined) throw new Error('the embedded controller is not started');
    return this.#client;
  }
}

function forwardingChange(flow: Flow): TableChange {
  return { kind: 'add-flow', flow, cookie: FORWARDING_COOKIE };
}
