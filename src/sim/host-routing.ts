import { type Ipv4Address, ipv4ToNumber, macToNumber, netmaskOf } from '../model/addresses.ts';
import type { HostState, InterfaceState } from '../model/host-state.ts';
import { BROADCAST_MAC } from './packet.ts';

/** How a host sends to an address. */
export interface Way {
  readonly out: HostInterface;
  /** The host itself, or a router. */
  readonly nextHop: number;
  /** Which of its addresses it sends from; 0 where it has none. */
  readonly source: number;
  /** The MAC address of the next hop, where the host need not ask for it: that of a static ARP entry, or of all. */
  readonly mac: number | undefined;
}

/** An interface made ready for many packets. */
export interface HostInterface {
  /** Its place among those of the host. */
  readonly index: number;
  readonly port: number;
  /** Undefined for the interface of the link itself. */
  readonly vlan: number | undefined;
  readonly mac: number;
  readonly addresses: readonly NumberedAddress[];
  readonly neighbours: ReadonlyMap<number, number>;
  readonly settings: Pick<InterfaceState, 'forwards' | 'reversePathFilter' | 'arpIgnore' | 'arpAnnounce'>;
}

interface NumberedRoute {
  readonly destination: number;
  readonly mask: number;
  readonly metric: number;
  readonly via: number | undefined;
  readonly source: number | undefined;
  /** Undefined where it leads nowhere. */
  readonly out: HostInterface | undefined;
}

interface NumberedAddress {
  readonly ip: number;
  readonly mask: number;
}

/** A host's state made ready for many packets: to where it sends, as in Linux's net/ipv4/fib_semantics.c. */
export class HostRouting {
  readonly interfaces: readonly HostInterface[];
  /** Every address to which it answers, whichever interface a packet arrives by. */
  readonly own: ReadonlySet<number>;
  /** How it sends to the addresses of all hosts of its subnets, by address. */
  readonly broadcasts: ReadonlyMap<number, Way>;
  /** Those that count first are first. */
  readonly #routes: readonly NumberedRoute[];
  /** From which it sends by an interface without one. */
  readonly #anySource: number;

  constructor({ interfaces, otherAddresses, routes }: HostState) {
    this.interfaces = interfaces.map((each, index) => ({
      index,
      port: each.port,
      vlan: each.vlan,
      mac: Number(macToNumber(each.mac)),
      addresses: each.addresses.map(({ ip, prefixLength }) => ({ ip: numberOf(ip), mask: maskOf(prefixLength) })),
      neighbours: new Map([...each.neighbours].map(([ip, mac]) => [numberOf(ip), Number(macToNumber(mac))])),
      settings: each,
    }));
    const addresses = [...otherAddresses, ...interfaces.flatMap((each) => each.addresses.map(({ ip }) => ip))];
    this.own = new Set(addresses.map(numberOf));
    this.#anySource = [...this.own][0] ?? 0;
    this.broadcasts = new Map(this.interfaces.flatMap(broadcastsOf).reverse());
    const byName = new Map(interfaces.map(({ name }, index) => [name, this.interfaces[index]]));
    this.#routes = routes
      .map(({ destination, prefixLength, metric, via, source, interface: name }) => ({
        ...{ destination: numberOf(destination), mask: maskOf(prefixLength), metric },
        via: via && numberOf(via),
        source: source && numberOf(source),
        out: name === undefined ? undefined : byName.get(name),
      }))
      .sort((a, b) => b.mask - a.mask || a.metric - b.metric);
  }

  /** Where packets arrive that come by a link, with the tag of a VLAN or without one. */
  interfaceAt(port: number, vlan: number | undefined): HostInterface | undefined {
    return this.interfaces.find((each) => each.port === port && each.vlan === vlan);
  }

  /** How it sends to an address of others; undefined where it has no route. */
  wayTo(ip: number): Way | undefined {
    if (this.own.has(ip)) return undefined;
    const toAll = this.broadcasts.get(ip);
    if (toAll !== undefined) return toAll;
    const route = this.#routes.find(({ destination, mask }) => (ip & mask) >>> 0 === destination);
    const out = route?.out;
    if (route === undefined || out === undefined) return undefined;
    // By its own address as the router, Linux sends to the link itself.
    const nextHop = route.via === undefined || this.own.has(route.via) ? ip : route.via;
    const source = route.source ?? this.#sourceFor(out, route.via);
    return { out, nextHop, source, mac: out.neighbours.get(nextHop) };
  }

  /** Of an interface's addresses the first that is in one subnet with a neighbour, else its first, else the host's. */
  #sourceFor({ addresses }: HostInterface, neighbour: number | undefined): number {
    const inSubnet = addresses.find((address) => neighbour !== undefined && isIn(address, neighbour));
    return (inSubnet ?? addresses[0])?.ip ?? this.#anySource;
  }

  /** From which address it asks for the MAC address of a next hop, for a packet from this source (`arp_announce`). */
  askerFor({ out, nextHop }: Way, source: number): number {
    const { arpAnnounce } = out.settings;
    const isAllowed =
      (arpAnnounce !== 1 && arpAnnounce !== 2) ||
      (arpAnnounce === 1 && out.addresses.some((each) => isIn(each, nextHop) && isIn(each, source)));
    return this.own.has(source) && isAllowed ? source : this.#sourceFor(out, nextHop);
  }

  /** Whether it answers ARP requests for an address of its own by an interface (`arp_ignore`). */
  answersFor({ addresses, settings: { arpIgnore } }: HostInterface, wanted: number, sender: number): boolean {
    if (arpIgnore !== 1 && arpIgnore !== 2) return arpIgnore !== 8;
    const isThere = addresses.some(({ ip }) => ip === wanted);
    // The subnet may be that of another address.
    return isThere && (arpIgnore === 1 || addresses.some((each) => isIn(each, wanted) && isIn(each, sender)));
  }

  /** Whether a packet from this address is refused by an interface: from itself, or by `rp_filter`. */
  refusesFrom(
    { index, addresses, settings: { reversePathFilter } }: HostInterface,
    source: number,
  ): 'own-address' | 'other-path' | undefined {
    if (this.own.has(source)) return 'own-address';
    if (reversePathFilter === 0) return undefined;
    const back = this.broadcasts.has(source) ? undefined : this.wayTo(source)?.out.index;
    const isStrict = reversePathFilter === 1 || addresses.length === 0;
    return back === undefined || (isStrict && back !== index) ? 'other-path' : undefined;
  }
}

function isIn({ ip, mask }: NumberedAddress, other: number): boolean {
  return (ip & mask) === (other & mask);
}

/** The addresses of all hosts of its subnets; subnets of one or two addresses have none (RFC 3021). */
function broadcastsOf(out: HostInterface): readonly (readonly [number, Way])[] {
  return out.addresses.flatMap(({ ip, mask }) => {
    const broadcast = (ip | ~mask) >>> 0;
    if (broadcast - ((ip & mask) >>> 0) < 2) return [];
    // A static ARP entry counts: another subnet may have a host of that address.
    const mac = out.neighbours.get(broadcast) ?? BROADCAST_MAC;
    return [[broadcast, { out, nextHop: broadcast, source: ip, mac }] as const];
  });
}

function numberOf(ip: Ipv4Address): number {
  return Number(ipv4ToNumber(ip));
}

/** Unsigned, as the sort of routes needs it. */
function maskOf(prefixLength: number): number {
  return Number(netmaskOf(prefixLength));
}
