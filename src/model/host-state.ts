import { type Ipv4Address, ipv4FromNumber, ipv4ToNumber, type MacAddress, netmaskOf } from './addresses.ts';
import type { Host, InterfaceAddress, Topology } from './topology.ts';

/** What decides how a host of Linux, with one interface, treats packets. */
export interface HostState {
  /** Of its interface. */
  readonly mac: MacAddress;
  /** Of its interface, in the order in which Linux prefers them. */
  readonly addresses: readonly InterfaceAddress[];
  /** Addresses of other interfaces, such as `lo`, to which it answers too. */
  readonly otherAddresses: readonly Ipv4Address[];
  readonly routes: readonly Route[];
  /** Static ARP entries, which no ARP message changes. */
  readonly neighbours: ReadonlyMap<Ipv4Address, MacAddress>;
  /** Whether it forwards packets that are for others, as a router does. */
  readonly forwards: boolean;
}

/** An IPv4 route. Of those that hold an address the one with the longest prefix counts, then the lowest metric. */
export interface Route {
  readonly destination: Ipv4Address;
  /** 0 to 32 */
  readonly prefixLength: number;
  /** The router; absent for what is on the link itself. */
  readonly via?: Ipv4Address;
  /** Which of its addresses the host sends from. */
  readonly source?: Ipv4Address;
  readonly metric: number;
  /** Absent where it leads out of the interface; else it refuses packets (`blackhole`), or leads somewhere else. */
  readonly leadsNowhere?: true;
}

/** What a host of a topology is when its lab has come up, before its start commands. */
export function specifiedStates(topology: Topology): (host: Host) => HostState {
  const everybody = new Map(topology.hosts.map(({ ip, mac }) => [ip, mac]));
  return (host) => specifiedState(host, everybody);
}

function specifiedState(host: Host, everybody: ReadonlyMap<Ipv4Address, MacAddress>): HostState {
  const addresses = [{ ip: host.ip, prefixLength: host.prefixLength }, ...(host.addresses ?? [])];
  const byDefault: readonly Route[] =
    host.defaultRoute === undefined
      ? []
      : [{ destination: ipv4FromNumber(0n), prefixLength: 0, via: host.defaultRoute, metric: 0 }];
  return {
    mac: host.mac,
    addresses,
    otherAddresses: [],
    routes: [...addresses.flatMap(connectedRoute), ...byDefault],
    neighbours: host.arp === 'static' ? everybody : new Map(),
    forwards: false,
  };
}

/** The route that comes with an address. One address alone has none. */
function connectedRoute({ ip, prefixLength }: InterfaceAddress): readonly Route[] {
  if (prefixLength === 32) return [];
  const destination = ipv4FromNumber(ipv4ToNumber(ip) & netmaskOf(prefixLength));
  return [{ destination, prefixLength, source: ip, metric: 0 }];
}
