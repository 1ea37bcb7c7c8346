import { type Dpid, type Ipv4Address, ipv4ToNumber, macToNumber } from '../model/addresses.ts';
import type { Forwarding } from '../model/connection.ts';
import { type Fault, linkIsUp } from '../model/fault.ts';
import { type HostState, specifiedStates } from '../model/host-state.ts';
import type { Entry } from '../model/openflow.ts';
import type { Point } from '../model/points.ts';
import { type Host, linkInterfacesOf, ownAddressOf, type Topology } from '../model/topology.ts';
import { ControllerForwarding } from './controller-forwarding.ts';
import type { Graph, Nic, Port } from './graph.ts';
import { HostRouting } from './host-routing.ts';
import { Learning } from './learning.ts';
import { ABSENT, type Addresses, type Packet } from './packet.ts';
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

/** A host's own address, and the interface that has it. */
export interface OwnAddress extends Addresses {
  readonly nic: number;
}

/** What is asked, and asks: a host, or another address of one. */
export interface End {
  readonly name: string;
  /** By its place in the topology. */
  readonly host: number;
  /** Undefined for a host without an address. */
  readonly ip: number | undefined;
  /** From which address it asks; undefined where Linux chooses. */
  readonly from: number | undefined;
}

const MOST_PORTS = 2 ** 16;

/** @param host by its place in the topology */
function nicKey(host: number, port: number): number {
  return host * MOST_PORTS + port;
}

function numberOf(ip: Ipv4Address): number {
  return Number(ipv4ToNumber(ip));
}

/** The interfaces of a host that have a link. */
function nicsOf(host: Host, index: number, ports: ReadonlyMap<number, Port>): readonly Nic[] {
  return linkInterfacesOf(host).flatMap(({ port, mac }) => {
    const link = ports.get(port);
    const ips = host.interfaces.filter((each) => each.port === port).flatMap((each) => each.addresses);
    if (link === undefined) return [];
    return [{ ...link, host: index, port, mac: Number(macToNumber(mac)), ips: ips.map(({ ip }) => numberOf(ip)) }];
  });
}

/** A `NetworkState` made ready for walks; switches and hosts are known by their place in the topology. */
export class Network implements Graph {
  readonly topology: Topology;
  readonly entries: NetworkState['entries'];
  readonly nodes: readonly Node[];
  /** By the place of the host. */
  readonly hosts: readonly HostRouting[];
  /** Of each host its own address; undefined for one without. */
  readonly addresses: readonly (OwnAddress | undefined)[];
  readonly nics: readonly Nic[];
  /** Whether any host forwards packets. */
  readonly hasRouters: boolean;
  /** What switches do that learn, by `output:NORMAL`. */
  readonly learning: Learning;
  readonly #forwarding: ControllerForwarding | undefined;
  readonly #hostIndex: ReadonlyMap<string, number>;
  /** By `nicKey`. */
  readonly #nicByPort = new Map<number, number>();
  /** Names of the switches that are stopped. */
  readonly #stopped: ReadonlySet<string>;

  constructor({ topology, entries, missForwarding, faults, hosts }: NetworkState) {
    this.topology = topology;
    this.entries = entries;
    const specified = specifiedStates(topology);
    this.hosts = topology.hosts.map((host) => new HostRouting(hosts?.get(host.name) ?? specified(host)));
    this.hasRouters = this.hosts.some(({ interfaces }) => interfaces.some(({ settings }) => settings.forwards));
    const nodeIndex = new Map(topology.switches.map(({ name }, index) => [name, index]));
    this.#hostIndex = new Map(topology.hosts.map(({ name }, index) => [name, index]));
    for (const [index, host] of topology.hosts.entries()) {
      for (const { port } of linkInterfacesOf(host)) this.#nicByPort.set(nicKey(index, port), this.#nicByPort.size);
    }
    const portsOf = (name: string) =>
      topology.neighboursOf(name).flatMap(({ port, peer }): readonly (readonly [number, Port])[] => {
        const node = nodeIndex.get(peer.node);
        const host = this.#hostIndex.get(peer.node);
        const nic = host === undefined ? undefined : this.nicAt(host, peer.port);
        const isUp = linkIsUp(faults, { node: name, port }, peer);
        if (node !== undefined) return [[port, { peer: { kind: 'switch', index: node, port: peer.port }, isUp }]];
        return nic === undefined ? [] : [[port, { peer: { kind: 'host', nic }, isUp }]];
      });
    this.nodes = topology.switches.map(({ name, dpid }) => {
      const ports = new Map(portsOf(name));
      const pipeline = new Pipeline(entries.get(dpid) ?? NO_ENTRIES, (port) => ports.get(port)?.isUp ?? false);
      return { name, ports, pipeline };
    });
    this.nics = topology.hosts.flatMap((host, index) => nicsOf(host, index, new Map(portsOf(host.name))));
    this.addresses = topology.hosts.map((host, index) => {
      const own = ownAddressOf(host);
      const { port } = own?.interface ?? {};
      const nic = port === undefined ? undefined : this.nicAt(index, port);
      if (own === undefined || nic === undefined) return undefined;
      return { ip: numberOf(own.ip), mac: Number(macToNumber(own.interface.mac)), nic };
    });
    this.#stopped = new Set(faults.flatMap((fault) => (fault.kind === 'switch' ? [fault.name] : [])));
    this.#forwarding = missForwarding === 'none' ? undefined : new ControllerForwarding(this);
    this.learning = new Learning(this);
  }

  /** Undefined where the controller does nothing with packets; else the port to which it sends this one on. */
  forwardFrom(node: number, packet: Packet): { readonly port: number | undefined } | undefined {
    return this.#forwarding && { port: this.#forwarding.portFrom(node, packet) };
  }

  /** A host by its place in the topology. */
  endOf(host: number): End {
    const name = this.topology.hosts[host]?.name ?? '';
    return { name, host, ip: this.addresses[host]?.ip, from: undefined };
  }

  endAt({ name, host, ip, isSource }: Point): End {
    const number = ip && numberOf(ip);
    return { name, host: this.#hostIndex.get(host) ?? ABSENT, ip: number, from: isSource ? number : undefined };
  }

  /** The interface of a host at one of its links. */
  nicAt(host: number, port: number): number | undefined {
    return this.#nicByPort.get(nicKey(host, port));
  }

  /** The switch at the other end of an interface's link, where it is stopped. */
  stoppedSwitchOf({ peer }: Nic): string | undefined {
    const name = peer.kind === 'switch' ? this.nodes[peer.index]?.name : undefined;
    return name !== undefined && this.#stopped.has(name) ? name : undefined;
  }

  node(index: number): Node {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`no switch has the index ${index}`);
    return node;
  }
}
