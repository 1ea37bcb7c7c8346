import { type Dpid, type Ipv4Address, ipv4ToNumber, type MacAddress, netmaskOf, type PortNumber } from './addresses.ts';
import { DisjointSets } from './disjoint-sets.ts';
import { type Fault, linkIsUp } from './fault.ts';

export interface Host {
  readonly name: string;
  /**
   * Those of its links in the order of their ports, each followed by its VLAN interfaces. Empty for a host without links.
   * The first address among them is the host's own: people mean it by the host's name.
   */
  readonly interfaces: readonly HostInterface[];
  /** By routers; absent where it has none. The subnets of its addresses have routes of their own. */
  readonly routes?: readonly StaticRoute[];
  /** Whether it forwards packets that are for others, as a router does; absent where not. */
  readonly forwards?: true;
  /** Absent where it learns the MAC addresses of others; `static`: it knows those of all hosts from the start. */
  readonly arp?: 'static';
  /** Commands for its shell, in order, once the network is up. */
  readonly start?: readonly string[];
  /** How much of a CPU its processes may take together: 0.2 is a fifth of one. Absent where nothing limits them. */
  readonly cpu?: number;
  /** What people call it, where that is not its name. */
  readonly label?: string;
}

/** An interface of a host: of a link, or of one VLAN on it. */
export interface HostInterface {
  /** Of the link. */
  readonly port: PortNumber;
  /** The id of its VLAN (1 to 4094), whose tag its packets have; absent for the interface of the link itself. */
  readonly vlan?: number;
  /** VLAN interfaces have that of their link's. */
  readonly mac: MacAddress;
  /** In the order in which Linux prefers them; perhaps none. */
  readonly addresses: readonly InterfaceAddress[];
  /** The longest packet in bytes; absent for 1500. */
  readonly mtu?: number;
}

/** An address of an interface, and by its prefix length (1 to 32) a subnet. */
export interface InterfaceAddress {
  readonly ip: Ipv4Address;
  readonly prefixLength: number;
}

/** Whether an address is in the subnet of another. */
export function isInSubnet({ ip, prefixLength }: InterfaceAddress, other: Ipv4Address): boolean {
  const mask = netmaskOf(prefixLength);
  return (ipv4ToNumber(ip) & mask) === (ipv4ToNumber(other) & mask);
}

/** A route by a router. */
export interface StaticRoute {
  readonly destination: Ipv4Address;
  /** 0 to 32; 0 is the default route. */
  readonly prefixLength: number;
  readonly via: Ipv4Address;
}

/** An address of a host, and the interface that has it. */
export interface HostAddress extends InterfaceAddress {
  readonly interface: HostInterface;
}

/** Every address of a host, its own first. */
export function addressesOf({ interfaces }: Host): readonly HostAddress[] {
  return interfaces.flatMap((each) => each.addresses.map((address) => ({ ...address, interface: each })));
}

/** The address that people mean by a host's name; undefined for a host without one. */
export function ownAddressOf(host: Host): HostAddress | undefined {
  return addressesOf(host)[0];
}

/** The interfaces of a host's links, without those of VLANs. */
export function linkInterfacesOf({ interfaces }: Host): readonly HostInterface[] {
  return interfaces.filter(({ vlan }) => vlan === undefined);
}

/** Linux's name for an interface: `h1-eth0`, or `h1-eth0.100` of its VLAN 100. */
export function hostInterfaceName(
  host: Pick<Host, 'name'>,
  { port, vlan }: Pick<HostInterface, 'port' | 'vlan'>,
): string {
  const name = interfaceName({ node: host.name, port });
  return vlan === undefined ? name : `${name}.${vlan}`;
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

/** Where a host is linked: a switch, and its port to the host. */
export interface Attachment {
  readonly accessSwitch: Switch;
  readonly port: PortNumber;
}

/**
 * The immutable graph of a lab: hosts, switches and links, in the order of the spec. Construct it only from checked input
 * (see `spec/`).
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
  /** Places that links and routers join, and those that switches join alone; made when they are asked for. */
  #parts: DisjointSets<string> | undefined;
  #segments: DisjointSets<string> | undefined;

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

  /**
   * The access switch of a host, and the switch's port to it: where the interface of its own address is linked, or that of
   * another port. Undefined where no switch is.
   */
  attachmentOf(host: Host, ofPort?: PortNumber): Attachment | undefined {
    const wanted = ofPort ?? ownAddressOf(host)?.interface.port ?? host.interfaces[0]?.port;
    const end = this.neighboursOf(host.name).find(({ port }) => port === wanted)?.peer;
    const accessSwitch = end && this.switchNamed(end.node);
    return end && accessSwitch && { accessSwitch, port: end.port };
  }

  /**
   * Hosts that are joined by links that are up: one list per component with hosts, all in the order of the spec. A host
   * joins its links only where it forwards; else it belongs where its own address is.
   */
  hostComponents(): readonly (readonly Host[])[] {
    const components = new Map<string, Host[]>();
    for (const host of this.hosts) {
      const port = ownAddressOf(host)?.interface.port ?? host.interfaces[0]?.port;
      const root = port === undefined ? host.name : this.#rootOf(this.#placeOf({ node: host.name, port }));
      const there = components.get(root);
      if (there === undefined) components.set(root, [host]);
      else there.push(host);
    }
    return [...components.values()];
  }

  /** Whether links that are up, and routers, join two hosts by any of their interfaces. */
  areJoined(a: Host, b: Host): boolean {
    const [here, there] = [a, b].map(
      (host) =>
        new Set(linkInterfacesOf(host).map(({ port }) => this.#rootOf(this.#placeOf({ node: host.name, port })))),
    );
    return here !== undefined && there !== undefined && [...here].some((part) => there.has(part));
  }

  /** Whether links that are up join two ends by switches alone. */
  isOneSegment(a: LinkEnd, b: LinkEnd): boolean {
    const placeOf = ({ node, port }: LinkEnd) => (this.host(node) === undefined ? node : `${node}:${port}`);
    this.#segments ??= this.#joined(placeOf);
    return this.#segments.rootOf(placeOf(a)) === this.#segments.rootOf(placeOf(b));
  }

  /** A switch, or an interface of a host: one that forwards is one place. */
  #placeOf({ node, port }: LinkEnd): string {
    const host = this.host(node);
    return host === undefined || host.forwards === true ? node : `${node}:${port}`;
  }

  /** What stands for all places that links that are up join with this one. */
  #rootOf(place: string): string {
    this.#parts ??= this.#joined((end) => this.#placeOf(end));
    return this.#parts.rootOf(place);
  }

  /** Places that links that are up join. */
  #joined(placeOf: (end: LinkEnd) => string): DisjointSets<string> {
    const places = new DisjointSets<string>();
    for (const { ends } of this.links) if (this.linkIsUp(ends[0])) places.join(placeOf(ends[0]), placeOf(ends[1]));
    return places;
  }
}
