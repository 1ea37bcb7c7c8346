import type { Ipv4Address } from './addresses.ts';
import { addressesOf, type Host, type HostAddress, isInSubnet, ownAddressOf, type Topology } from './topology.ts';

/** Something that is asked, and asks others: a host by its own address, or another address of a host. */
export interface Point {
  /** `h1` for a host, else as `addressName` has it. */
  readonly name: string;
  readonly host: string;
  /** Undefined for a host without an address, which nobody can ask. */
  readonly ip: Ipv4Address | undefined;
  /** Whether it asks from this address. A host by its name asks from the one that Linux chooses. */
  readonly isSource: boolean;
}

/**
 * What people call an address: its host where it is the host's own, else the interface, `h1:eth1` or `h1:eth0.100`, and a
 * further address of an interface by itself, `h1:10.0.0.7`.
 */
export function addressName(host: Host, { ip, interface: { port, vlan, addresses } }: HostAddress): string {
  if (ownAddressOf(host)?.ip === ip) return host.name;
  if (addresses[0]?.ip !== ip) return `${host.name}:${ip}`;
  return `${host.name}:eth${port}${vlan === undefined ? '' : `.${vlan}`}`;
}

/** The host of a point, by the point's name; names of hosts have no colons. */
export function hostOfPoint(name: string): string {
  const colon = name.indexOf(':');
  return colon < 0 ? name : name.slice(0, colon);
}

/** Each host, by its own address. */
export function hostPoints({ hosts }: Topology): readonly Point[] {
  return hosts.map(pointOfHost);
}

/** Each address of each host. */
export function allPoints({ hosts }: Topology): readonly Point[] {
  return hosts.flatMap((host) => {
    const addresses = addressesOf(host).map((address) => pointAt(host, address));
    return addresses.length === 0 ? [pointOfHost(host)] : addresses;
  });
}

/** The point that somebody names: `h1`, `h1:eth1`, `h1:10.0.0.7`. Undefined where there is no such address. */
export function pointNamed(topology: Topology, text: string): Point | undefined {
  const host = topology.host(hostOfPoint(text));
  if (host === undefined || host.name === text) return host && pointOfHost(host);
  const part = text.slice(host.name.length + 1);
  const address = addressesOf(host).find(
    ({ ip, interface: { port, vlan } }) => part === ip || part === `eth${port}${vlan === undefined ? '' : `.${vlan}`}`,
  );
  return address && pointAt(host, address);
}

/** Those that are named, in their order; unknown names are left out. */
export function pointsNamed(topology: Topology, names: readonly string[]): readonly Point[] {
  return names.flatMap((name) => pointNamed(topology, name) ?? []);
}

/** Why a name is that of no point, and what to name in its place. */
export function unknownPoint(topology: Topology, text: string): { readonly cause: string; readonly remedy: string } {
  const host = topology.host(hostOfPoint(text));
  if (host === undefined)
    return { cause: `there is no host ${hostOfPoint(text)}`, remedy: 'correct the name, or add it to hosts' };
  const names = addressesOf(host).map((address) => addressName(host, address));
  const remedy = names.length === 0 ? 'give it one' : `name one of ${names.join(', ')}`;
  return { cause: `${host.name} has no address at ${text.slice(host.name.length + 1)}`, remedy };
}

/** Whether one asks another without a router: both have addresses in one subnet, those that they ask from and for. */
export function areNeighbours(topology: Topology, source: Point, target: Point): boolean {
  const addressesAt = ({ host: name, ip, isSource }: Point, isAny: boolean) => {
    const host = topology.host(name);
    const addresses = host === undefined ? [] : addressesOf(host);
    return isAny && !isSource ? addresses : addresses.filter((address) => address.ip === ip);
  };
  return addressesAt(source, true).some((a) => addressesAt(target, false).some((b) => areInOneSubnet(a, b)));
}

/** Whether two addresses are in each other's subnets, and in one VLAN. */
export function areInOneSubnet(a: HostAddress, b: HostAddress): boolean {
  return isInSubnet(a, b.ip) && isInSubnet(b, a.ip) && a.interface.vlan === b.interface.vlan;
}

function pointOfHost(host: Host): Point {
  return { name: host.name, host: host.name, ip: ownAddressOf(host)?.ip, isSource: false };
}

function pointAt(host: Host, address: HostAddress): Point {
  const name = addressName(host, address);
  return name === host.name ? pointOfHost(host) : { name, host: host.name, ip: address.ip, isSource: true };
}
