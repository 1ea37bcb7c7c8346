import type { Dpid, Ipv4Address, MacAddress, PortNumber } from './addresses.ts';
import { type Fault, linkIsUp } from './fault.ts';

export interface Host {
  readonly name: string;
  readonly ip: Ipv4Address;
  /** 1 to 32 */
  readonly prefixLength: number;
  readonly mac: MacAddress;
  /** Further addresses on its interface; absent where it has none. */
  readonly addresses?: readonly InterfaceAddress[];
  /** The router for what is in none of its subnets; absent where it has none. */
  readonly defaultRoute?: Ipv4Address;
  /** Absent where it learns the MAC addresses of others; `static`: it knows those of all hosts from the start. */
  readonly arp?: 'static';
  /** Commands for its shell, in order, once the network is up. */
  readonly start?: readonly string[];
  /** How much of a CPU its processes may take together: 0.2 is a fifth of one. Absent where nothing limits them. */
  readonly cpu?: number;
  /** What people call it, where that is not its name. */
  readonly label?: string;
}

/** An address of an interface, and by its prefix length (1 to 32) a subnet. */
export interface InterfaceAddress {
  readonly ip: Ipv4Address;
  readonly prefixLength: number;
}

export interface Switch {
  readonly name: string;
  readonly dpid: Dpid;
  /** What people call it, where that is not its name. */
  readonly label?: string;
}

/** One end of a link: a node and its port. */
export interface LinkEnd {
  readonly node: string;
  readonly port: PortNumber;
}

/** A bidirectional link, ports at both ends. */
export interface Link {
  readonly ends: readonly [LinkEnd, LinkEnd];
  /** What a path pays for it: a positive integer, 1 where it is absent. */
  readonly cost?: number;
  /** In Mbit/s; absent where nothing limits it. */
  readonly bandwidthMbps?: number;
  /** For a packet in either direction. Positive, as the others are; absent where there is none. */
  readonly delayMs?: number;
  /** By how much the delay of a packet may be less or more. */
  readonly jitterMs?: number;
  /** How many of a hundred packets are lost, in either direction. */
  readonly lossPercent?: number;
  /** The most packets that wait at either end; more are dropped. */
  readonly maxQueue?: number;
}

/** What is on the other side of a port. */
export interface Neighbour {
  readonly port: PortNumber;
  readonly peer: LinkEnd;
  readonly cost: number;
  readonly bandwidthMbps?: number;
}

/** Mininet's name for the interface at a link's end, e.g. `s10-eth2`. */
export function interfaceName(end: LinkEnd): string {
  return `${end.node}-eth${end.port}`;
}

/** The most characters Linux allows in an interface name (IFNAMSIZ less the terminator). */
export const INTERFACE_NAME_LENGTH = 15;

/**
 * The immutable graph of a lab: hosts, switches and links, in the order of the spec.
 * Every host has exactly one link, to a switch. Construct it only from checked input (see `spec/`).
 */
export class Topology {
  readonly hosts: readonly Host[];
  readonly switches: readonly Switch[];
  readonly links: readonly Link[];
  /** What of it is down. */
  readonly faults: readonly Fault[];
  readonly #hostByName: ReadonlyMap<string, Host>;
  readonly #switchByName: ReadonlyMap<string, Switch>;
  readonly #switchByDpid: ReadonlyMap<Dpid, Switch>;
  readonly #neighbours: ReadonlyMap<string, readonly Neighbour[]>;

  constructor(parts: {
    hosts: readonly Host[];
    switches: readonly Switch[];
    links: readonly Link[];
    faults?: readonly Fault[];
  }) {
    this.faults = parts.faults ?? [];
    this.hosts = parts.hosts;
    this.switches = parts.switches;
    this.links = parts.links;
    this.#hostByName = new Map(parts.hosts.map((host) => [host.name, host]));
    this.#switchByName = new Map(parts.switches.map((node) => [node.name, node]));
    this.#switchByDpid = new Map(parts.switches.map((node) => [node.dpid, node]));
    const neighbours = new Map<string, Neighbour[]>();
    for (const node of [...parts.hosts, ...parts.switches]) neighbours.set(node.name, []);
    for (const { ends, cost = 1, bandwidthMbps } of parts.links) {
      const properties = { cost, ...(bandwidthMbps === undefined ? {} : { bandwidthMbps }) };
      neighbours.get(ends[0].node)?.push({ port: ends[0].port, peer: ends[1], ...properties });
      neighbours.get(ends[1].node)?.push({ port: ends[1].port, peer: ends[0], ...properties });
    }
    for (const list of neighbours.values()) list.sort((a, b) => a.port - b.port);
    this.#neighbours = neighbours;
  }

  /** The same network with these faults and no others. */
  withFaults(faults: readonly Fault[]): Topology {
    return new Topology({ hosts: this.hosts, switches: this.switches, links: this.links, faults });
  }

  /** Whether the link with this end carries packets. */
  linkIsUp(end: LinkEnd): boolean {
    if (this.faults.length === 0) return true;
    const peer = this.neighboursOf(end.node).find(({ port }) => port === end.port)?.peer;
    return peer !== undefined && linkIsUp(this.faults, end, peer);
  }

  /** Whether no fault stops a switch. */
  switchIsUp(name: string): boolean {
    return !this.faults.some((fault) => fault.kind === 'switch' && fault.name === name);
  }

  host(name: string): Host | undefined {
    return this.#hostByName.get(name);
  }

  switchNamed(name: string): Switch | undefined {
    return this.#switchByName.get(name);
  }

  switchWithDpid(dpid: Dpid): Switch | undefined {
    return this.#switchByDpid.get(dpid);
  }

  /** The links of a node in the order of its ports; empty for an unknown node. */
  neighboursOf(name: string): readonly Neighbour[] {
    return this.#neighbours.get(name) ?? [];
  }

  /** Every link between two nodes, the end at the first of them first, in the order of its ports. */
  linksBetween(a: string, b: string): readonly Link['ends'][] {
    return this.neighboursOf(a).flatMap(({ port, peer }): Link['ends'][] =>
      peer.node === b ? [[{ node: a, port }, peer]] : [],
    );
  }

  /** The access switch of a host, and the switch's port to it. */
  attachmentOf(host: Host): { readonly accessSwitch: Switch; readonly port: PortNumber } {
    const end = this.neighboursOf(host.name)[0]?.peer;
    const accessSwitch = end && this.switchNamed(end.node);
    if (end === undefined || accessSwitch === undefined) throw new Error(`host ${host.name} is attached to no switch`);
    return { accessSwitch, port: end.port };
  }

  /** Hosts that are joined by links that are up: one list per component with hosts, all in the order of the spec. */
  hostComponents(): readonly (readonly Host[])[] {
    const componentOf = new Map<string, number>();
    let count = 0;
    for (const start of this.switches) {
      if (componentOf.has(start.name)) continue;
      const waiting = [start.name];
      componentOf.set(start.name, count);
      for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
        for (const { peer } of this.neighboursOf(name)) {
          if (componentOf.has(peer.node) || !this.linkIsUp(peer)) continue;
          componentOf.set(peer.node, count);
          waiting.push(peer.node);
        }
      }
      count += 1;
    }
    const components = new Map<number, Host[]>();
    for (const host of this.hosts) {
      // A host whose link is down is alone.
      count += 1;
      const component = componentOf.get(host.name) ?? count;
      components.set(component, [...(components.get(component) ?? []), host]);
    }
    return [...components.values()];
  }
}
