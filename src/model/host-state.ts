import {
  type Ipv4Address,
  ipv4FromNumber,
  ipv4ToNumber,
  type MacAddress,
  netmaskOf,
  type PortNumber,
} from './addresses.ts';
import {
  addressesOf,
  type Host,
  hostInterfaceName,
  type InterfaceAddress,
  isInSubnet,
  type Topology,
} from './topology.ts';

/** What decides how a host of Linux treats packets. */
export interface HostState {
  /** Of its links and of VLANs on them. */
  readonly interfaces: readonly InterfaceState[];
  /** Addresses of other interfaces, such as `lo`, to which it answers too. */
  readonly otherAddresses: readonly Ipv4Address[];
  readonly routes: readonly Route[];
}

/** An interface, and what Linux says of it in ip-sysctl. */
export interface InterfaceState {
  readonly name: string;
  /** Of the link. */
  readonly port: PortNumber;
  /** Absent for the interface of the link itself. */
  readonly vlan?: number;
  readonly mac: MacAddress;
  /** In the order in which Linux prefers them. */
  readonly addresses: readonly InterfaceAddress[];
  /** Static ARP entries, which no ARP message changes. */
  readonly neighbours: ReadonlyMap<Ipv4Address, MacAddress>;
  /** Whether packets for others that arrive by it are forwarded. */
  readonly forwards: boolean;
  /** `rp_filter`: 1 refuses what it would not answer by this interface, 2 what it could not answer at all, 0 nothing. */
  readonly reversePathFilter: number;
  /** `arp_ignore`: 0 answers for every address of the host, 1 for those of this interface, 2 within their subnets. */
  readonly arpIgnore: number;
  /** `arp_announce`: 0 asks from the address that the packet has, 1 where that is in the subnet, 2 from the best one. */
  readonly arpAnnounce: number;
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
  /** The interface by which it leads, by name; absent where it refuses packets (`blackhole`), or leads somewhere else. */
  readonly interface?: string;
}

/** What a host of a topology is when its lab has come up, before its start commands. */
export function specifiedStates({ hosts }: Pick<Topology, 'hosts'>): (host: Host) => HostState {
  let everybody: readonly Neighbour[] | undefined;
  return (host) => {
    everybody ??= hosts.flatMap((each) =>
      addressesOf(each).map(({ ip, interface: { mac } }) => ({ host: each.name, ip, mac })),
    );
    return specifiedState(host, host.arp === 'static' ? everybody : []);
  };
}

/** An address of a host. */
interface Neighbour {
  readonly host: string;
  readonly ip: Ipv4Address;
  readonly mac: MacAddress;
}

function specifiedState(host: Host, neighbours: readonly Neighbour[]): HostState {
  const interfaces = host.interfaces.map((each): InterfaceState => {
    const { port, vlan, mac, addresses } = each;
    return {
      name: hostInterfaceName(host, each),
      port,
      ...(vlan === undefined ? {} : { vlan }),
      mac,
      addresses,
      neighbours: new Map(staticNeighboursOf(host, addresses, neighbours).map((each) => [each.ip, each.mac])),
      forwards: host.forwards === true,
      reversePathFilter: 0,
      arpIgnore: 0,
      arpAnnounce: 0,
    };
  });
  const connected = interfaces.flatMap(({ name, addresses }) =>
    addresses.filter(isPrimary).flatMap((address) => connectedRoute(address, name)),
  );
  const byRouters = (host.routes ?? []).map(({ destination, prefixLength, via }): Route => {
    const [through] = interfaces
      .flatMap(({ name, addresses }) => addresses.map((address) => ({ name, address })))
      .filter(({ address }) => isInSubnet(address, via))
      .sort((a, b) => b.address.prefixLength - a.address.prefixLength);
    return { destination, prefixLength, via, metric: 0, ...(through && { interface: through.name }) };
  });
  return { interfaces, otherAddresses: [], routes: [...connected, ...byRouters] };
}

/** Of all hosts' addresses those that a host with static ARP has entries for on an interface: others in its subnets. */
function staticNeighboursOf(
  { name }: Host,
  addresses: readonly InterfaceAddress[],
  everybody: readonly Neighbour[],
): readonly Neighbour[] {
  return everybody.filter(({ host, ip }) => host !== name && addresses.some((address) => isInSubnet(address, ip)));
}

/** Whether an address of an interface is the first one in its subnet; the route of that serves the others. */
function isPrimary(address: InterfaceAddress, index: number, all: readonly InterfaceAddress[]): boolean {
  const { ip, prefixLength } = address;
  return !all.slice(0, index).some((other) => other.prefixLength === prefixLength && isInSubnet(other, ip));
}

/** The route that comes with an address. One address alone has none. */
function connectedRoute({ ip, prefixLength }: InterfaceAddress, name: string): readonly Route[] {
  if (prefixLength === 32) return [];
  const destination = ipv4FromNumber(ipv4ToNumber(ip) & netmaskOf(prefixLength));
  return [{ destination, prefixLength, source: ip, metric: 0, interface: name }];
}
