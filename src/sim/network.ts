import type { Dpid } from '../model/addresses.ts';
import type { Forwarding } from '../model/connection.ts';
import { type Fault, linkIsUp } from '../model/fault.ts';
import { type HostState, specifiedStates } from '../model/host-state.ts';
import type { Entry } from '../model/openflow.ts';
import type { Topology } from '../model/topology.ts';
import { ControllerForwarding } from './controller-forwarding.ts';
import type { Attachment, Graph, Port, PortPeer } from './graph.ts';
import { HostRouting } from './host-routing.ts';
import { Learning } from './learning.ts';
import { type Addresses, addressesOf, type Packet } from './packet.ts';
import { Pipeline, type SwitchEntries } from './pipeline.ts';

/**
 * What the controller does with a packet that a switch sends to it, or has no entry for: nothing, or it sends the packet
 * on along a shortest path, as Floodlight's Forwarding does.
 */
export type MissForwarding = 'none' | 'shortest-path';

/** A network as it can be simulated: who is where, what every switch holds, and what is down. */
export interface NetworkState {
  readonly topology: Topology;
  /** Switches that are not here hold nothing. */
  readonly entries: ReadonlyMap<Dpid, SwitchEntries>;
  readonly missForwarding: MissForwarding;
  readonly faults: readonly Fault[];
  /** Hosts, by name, as they were found; others are as the topology has them. */
  readonly hosts?: ReadonlyMap<string, HostState>;
}

/** A switch made ready to be walked through. */
interface Node {
  readonly name: string;
  readonly ports: ReadonlyMap<number, Port>;
  readonly pipeline: Pipeline;
}

const NO_ENTRIES: SwitchEntries = { flows: [], groups: [] };

/**
 * The network of a spec, with all links and switches up. The entries are those that its connections need, and any others:
 *
 *     const spec = readSpec('lab.yaml', text);
 *     const { entries } = compileConnections(spec.topology, spec.connections);
 *     const matrix = predict(networkOf({ ...spec, entries }));
 */
export function networkOf({
  topology,
  forwarding,
  entries,
}: {
  readonly topology: Topology;
  /** Whether the controller forwards what no entry does. */
  readonly forwarding: Forwarding;
  readonly entries: readonly Entry[];
}): NetworkState {
  const missForwarding = forwarding === 'reactive' ? 'shortest-path' : 'none';
  return withEntries({ topology, entries: new Map(), missForwarding, faults: [] }, entries);
}

/** Entries take the place of those with their table, priority and match, or their group id. */
export function withEntries(state: NetworkState, entries: readonly Entry[]): NetworkState {
  const held = new Map(state.entries);
  for (const [dpid, added] of groupByDpid(entries)) {
    const { flows, groups } = held.get(dpid) ?? NO_ENTRIES;
    const newGroups = added.filter((entry) => entry.kind === 'group');
    const replaced = new Set(newGroups.map(({ groupId }) => groupId));
    held.set(dpid, {
      // Of flows with one place the later counts.
      flows: [...flows, ...added.filter((entry) => entry.kind === 'flow')],
      groups: [...groups.filter(({ groupId }) => !replaced.has(groupId)), ...newGroups],
    });
  }
  return { ...state, entries: held };
}

function groupByDpid(entries: readonly Entry[]): ReadonlyMap<Dpid, readonly Entry[]> {
  const byDpid = new Map<Dpid, Entry[]>();
  for (const entry of entries) {
    const there = byDpid.get(entry.dpid);
    if (there === undefined) byDpid.set(entry.dpid, [entry]);
    else there.push(entry);
  }
  return byDpid;
}

/** A `NetworkState` made ready for walks; switches and hosts are known by their place in the topology. */
export class Network implements Graph {
  readonly topology: Topology;
  readonly entries: NetworkState['entries'];
  readonly nodes: readonly Node[];
  /** By the place of the host. */
  readonly hosts: readonly HostRouting[];
  readonly addresses: readonly Addresses[];
  readonly attachments: readonly Attachment[];
  /** What switches do that learn, by `output:NORMAL`. */
  readonly learning: Learning;
  readonly #forwarding: ControllerForwarding | undefined;
  /** Names of the switches that are stopped. */
  readonly #stopped: ReadonlySet<string>;

  constructor({ topology, entries, missForwarding, faults, hosts }: NetworkState) {
    this.topology = topology;
    this.entries = entries;
    const specified = specifiedStates(topology);
    this.hosts = topology.hosts.map((host) => new HostRouting(hosts?.get(host.name) ?? specified(host)));
    this.addresses = topology.hosts.map(addressesOf);
    const nodeIndex = new Map(topology.switches.map(({ name }, index) => [name, index]));
    const hostIndex = new Map(topology.hosts.map(({ name }, index) => [name, index]));
    this.nodes = topology.switches.map(({ name, dpid }) => {
      const ports = new Map<number, Port>();
      for (const { port, peer } of topology.neighboursOf(name)) {
        const node = nodeIndex.get(peer.node);
        const index = node ?? hostIndex.get(peer.node) ?? -1;
        const end: PortPeer = node === undefined ? { kind: 'host', index } : { kind: 'switch', index, port: peer.port };
        ports.set(port, { peer: end, isUp: linkIsUp(faults, { node: name, port }, peer) });
      }
      const pipeline = new Pipeline(entries.get(dpid) ?? NO_ENTRIES, (port) => ports.get(port)?.isUp ?? false);
      return { name, ports, pipeline };
    });
    this.attachments = topology.hosts.map((host) => {
      const { accessSwitch, port } = topology.attachmentOf(host);
      const node = nodeIndex.get(accessSwitch.name) ?? -1;
      return { node, port, isUp: this.nodes[node]?.ports.get(port)?.isUp ?? false };
    });
    this.#stopped = new Set(faults.flatMap((fault) => (fault.kind === 'switch' ? [fault.name] : [])));
    this.#forwarding = missForwarding === 'none' ? undefined : new ControllerForwarding(this);
    this.learning = new Learning(this);
  }

  /** Undefined where the controller does nothing with packets; else the port to which it sends this one on. */
  forwardFrom(node: number, packet: Packet): { readonly port: number | undefined } | undefined {
    return this.#forwarding && { port: this.#forwarding.portFrom(node, packet) };
  }

  /** The access switch of a host, where it is stopped. */
  stoppedSwitchOf(host: number): string | undefined {
    const name = this.nodes[this.attachments[host]?.node ?? -1]?.name ?? '';
    return this.#stopped.has(name) ? name : undefined;
  }

  node(index: number): Node {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`no switch has the index ${index}`);
    return node;
  }
}
