import { type Ipv4Address, ipv4FromNumber, ipv4ToNumber, macToNumber, netmaskOf } from '../model/addresses.ts';
import type { HostState } from '../model/host-state.ts';
import type { InterfaceAddress } from '../model/topology.ts';
import { BROADCAST_MAC } from './packet.ts';

/** How a host sends to an address. */
export interface Way {
  /** The host itself, or a router. */
  readonly nextHop: number;
  /** Which of its addresses it sends from. */
  readonly source: number;
  /** The MAC address of the next hop, where the host need not ask for it: that of a static ARP entry, or of all. */
  readonly mac: number | undefined;
}

interface NumberedRoute {
  readonly destination: number;
  readonly mask: number;
  readonly metric: number;
  readonly via: number | undefined;
  readonly source: number | undefined;
  readonly leadsNowhere: boolean;
}

interface NumberedAddress {
  readonly ip: number;
  readonly mask: number;
}

/** A host's state made ready for many packets: to where it sends, as in Linux's net/ipv4/fib_semantics.c. */
export class HostRouting {
  readonly mac: number;
  /** Every address to which it answers. */
  readonly own: ReadonlySet<number>;
  /** The addresses of all hosts of its subnets. */
  readonly broadcasts: ReadonlySet<number>;
  readonly forwards: boolean;
  readonly #addresses: readonly NumberedAddress[];
  /** Those that count first are first. */
  readonly #routes: readonly NumberedRoute[];
  readonly #static: HostState['neighbours'];

  constructor(state: HostState) {
    this.mac = Number(macToNumber(state.mac));
    this.#addresses = state.addresses.map(({ ip, prefixLength }) => ({ ip: numberOf(ip), mask: maskOf(prefixLength) }));
    this.own = new Set([...this.#addresses.map(({ ip }) => ip), ...state.otherAddresses.map(numberOf)]);
    this.broadcasts = new Set(state.addresses.flatMap((address) => broadcastOf(address) ?? []));
    this.#routes = state.routes
      .map(({ destination, prefixLength, metric, via, source, leadsNowhere = false }) => ({
        ...{ destination: numberOf(destination), mask: maskOf(prefixLength), metric, leadsNowhere },
        via: via && numberOf(via),
        source: source && numberOf(source),
      }))
      .sort((a, b) => b.mask - a.mask || a.metric - b.metric);
    this.#static = state.neighbours;
    this.forwards = state.forwards;
  }

  /** How it sends to an address of others; undefined where it has no route. */
  wayTo(ip: number): Way | undefined {
    if (this.own.has(ip)) return undefined;
    const route = this.#routes.find(({ destination, mask }) => (ip & mask) >>> 0 === destination);
    if (route === undefined || route.leadsNowhere) return undefined;
    // By its own address as the router, Linux sends to the link itself.
    const nextHop = route.via === undefined || this.own.has(route.via) ? ip : route.via;
    const source = route.source ?? this.#sourceFor(nextHop);
    if (source === undefined) return undefined;
    // A static entry counts for the address of all hosts, too: another subnet may have a host of that address.
    const mac = this.#staticMacOf(nextHop) ?? (this.broadcasts.has(ip) ? BROADCAST_MAC : undefined);
    return { nextHop, source, mac };
  }

  /** Of its addresses the first that is in one subnet with the next hop, else its first. */
  #sourceFor(nextHop: number): number | undefined {
    const inSubnet = this.#addresses.find(({ ip, mask }) => (ip & mask) === (nextHop & mask));
    return (inSubnet ?? this.#addresses[0])?.ip;
  }

  #staticMacOf(ip: number): number | undefined {
    if (this.#static.size === 0) return undefined;
    const mac = this.#static.get(ipv4FromNumber(BigInt(ip)));
    return mac && Number(macToNumber(mac));
  }
}

/** The address of all hosts of a subnet; subnets of one or two addresses have none (RFC 3021). */
function broadcastOf({ ip, prefixLength }: InterfaceAddress): number | undefined {
  return prefixLength > 30 ? undefined : Number(ipv4ToNumber(ip) | ((1n << BigInt(32 - prefixLength)) - 1n));
}

function numberOf(ip: Ipv4Address): number {
  return Number(ipv4ToNumber(ip));
}

/** Unsigned, as the sort of routes needs it. */
function maskOf(prefixLength: number): number {
  return Number(netmaskOf(prefixLength));
}
