import { type Ipv4Address, ipv4FromNumber, parseIpv4 } from '../../model/addresses.ts';
import type { InterfaceAddress } from '../../model/topology.ts';
import { isInSubnet } from '../../model/topology.ts';
import { numberInName } from '../nodes.ts';
import type { GraphLink, HostNode } from './graph.ts';
import type { Notes } from './notes.ts';
import type { HostProperties, InterfaceProperties } from './properties.ts';

/** By node, the ports of its links in their order; undefined where one is not given. */
export type PortsByNode = ReadonlyMap<string, readonly (number | undefined)[]>;

export function portsByNode(links: readonly GraphLink[]): PortsByNode {
  const ports = new Map<string, (number | undefined)[]>();
  for (const { node, port } of links.flatMap(({ ends }) => ends)) {
    const known = ports.get(node) ?? [];
    ports.set(node, known);
    known.push(port);
  }
  for (const each of ports.values()) each.sort((a, b) => (a ?? 0) - (b ?? 0));
  return ports;
}

/**
 * A host with what a lab can have of it. As with Linux, a route that cannot be is not there, and nothing is forwarded between
 * fewer than two addresses.
 */
export function settledHost(node: HostNode, portsOf: PortsByNode, notes: Notes): HostNode {
  const linked = portsOf.has(node.id) ? node.properties : withoutInterfaces(node, notes);
  const { routes = [], default_route: byDefault, forward, ...others } = linked;
  const own = ownAddresses(others, portsOf.has(node.id));
  const canReach = (via: string) => {
    const router = parseIpv4(via);
    // A wrong address is a problem of its own.
    if (own === undefined || router === undefined) return true;
    return own.some((each) => isInSubnet(each, router)) && !own.some(({ ip }) => ip === router);
  };
  const reached = routes.filter(({ via }) => canReach(via));
  const keepsDefault = byDefault !== undefined && canReach(byDefault);
  if (reached.length < routes.length || (byDefault !== undefined && !keepsDefault)) {
    notes.add('a route is left out whose router is in no subnet of the host', node.where);
  }
  const forwards = forward === true && (own === undefined || own.length > 1);
  if (forward === true && !forwards) {
    notes.add('forwarding is left out where a host has fewer than two addresses', node.where);
  }
  const properties: HostProperties = {
    ...others,
    ...(reached.length === 0 ? {} : { routes: reached }),
    ...(keepsDefault ? { default_route: byDefault } : {}),
    ...(forwards ? { forward: true } : {}),
  };
  return { ...node, properties };
}

function withoutInterfaces({ properties, where }: HostNode, notes: Notes): HostProperties {
  const { ip, mac, addresses, mtu, interfaces, ...others } = properties;
  if ([ip, mac, addresses, mtu, interfaces].some((each) => each !== undefined)) {
    notes.add('a host without a link has no interface: what is said of one is left out', where);
  }
  return others;
}

/** Hosts without an address beside others that have one: with one that no other has, by their number where it can be. */
export function withAddressesBeside(
  hosts: readonly HostNode[],
  portsOf: PortsByNode,
  notes: Notes,
): readonly HostNode[] {
  const taken = new Set(hosts.flatMap(({ properties }) => ownAddresses(properties, false) ?? []).map(({ ip }) => ip));
  if (taken.size === 0) return hosts;
  let next = 1;
  return hosts.map((host) => {
    const { ip, interfaces } = host.properties;
    if (ip !== undefined || interfaces !== undefined || !portsOf.has(host.id)) return host;
    let address = addressOfNumber(numberInName(host.id) ?? next);
    for (; taken.has(address); next += 1) address = addressOfNumber(next);
    taken.add(address);
    notes.add('a host without an address is given one of 10.0.0.0/8', host.where);
    return { ...host, properties: { ip: `${address}/8`, ...host.properties } };
  });
}

function addressOfNumber(number: number): Ipv4Address {
  return ipv4FromNumber((10n << 24n) + BigInt(number));
}

/** Undefined where one is not an address. */
function ownAddresses(
  { ip, addresses = [], interfaces }: HostProperties,
  isLinked: boolean,
): readonly InterfaceAddress[] | undefined {
  const all = [{ ip, addresses }, ...(interfaces ?? [])].flatMap((each) => [
    ...(each.ip === undefined ? [] : [each.ip]),
    ...(each.addresses ?? []),
  ]);
  const read = all.flatMap((text) => addressOf(text) ?? []);
  if (read.length < all.length) return undefined;
  // What the spec's rule gives is in this subnet.
  const isByRule = isLinked && ip === undefined && interfaces === undefined;
  return isByRule ? [{ ip: ipv4FromNumber(10n << 24n), prefixLength: 8 }, ...read] : read;
}

/** An address as a spec writes it. */
function addressOf(text: string): InterfaceAddress | undefined {
  const [address = '', prefix = '8'] = text.split('/');
  const ip = parseIpv4(address);
  const prefixLength = Number(prefix);
  return ip === undefined || !(prefixLength >= 1 && prefixLength <= 32) ? undefined : { ip, prefixLength };
}

/**
 * A host's properties in the order in which they are written. Interfaces have ports where these are not the next ones.
 * @param ports of its links, in their order
 */
export function writtenProperties(
  { interfaces, ...properties }: HostProperties,
  ports: readonly (number | undefined)[],
): object {
  const { ip, mac, addresses, mtu, routes, default_route, forward, ...others } = properties;
  const [first] = ports;
  const ofLinks = interfaces?.filter(({ vlan }) => vlan === undefined) ?? [];
  const areNext = ofLinks.every(({ port }, index) => port === ports[index]);
  const isNext = (each: InterfaceProperties, index: number) =>
    each.vlan === undefined ? areNext : each.port === (interfaces?.[index - 1]?.port ?? first);
  const written = interfaces?.map((each, index) => {
    const { port, vlan, ...more } = each;
    return given({ port: isNext(each, index) ? undefined : port, vlan, ip: more.ip, mac: more.mac, ...more });
  });
  return given({ ip, mac, addresses, mtu, interfaces: written, routes, default_route, forward, ...others });
}

/** Without what is undefined. */
function given(properties: object): object {
  return Object.fromEntries(Object.entries(properties).filter(([, value]) => value !== undefined));
}
