import { describeFault, type Fault } from './fault.ts';
import { areInOneSubnet } from './points.ts';
import { addressesOf, type Host, type Topology } from './topology.ts';

/**
 * How hosts reach each other where no connection says otherwise: `reactive`, as the controller sees fit;
 * `none`, not at all.
 */
export type Forwarding = 'reactive' | 'none';

/**
 * How a connection uses more than one way: `multipath` spreads over all that are equally cheap, `protected` survives the
 * failure of a link in the data plane.
 */
export type Ways = 'multipath' | 'protected';

/** Hosts that reach each other and nobody else. Members in the order of the topology, at least two. */
export interface Connection {
  readonly members: readonly string[];
  /** Absent: one way. */
  readonly ways?: Ways;
  /** Switches that every path passes, in this order from the earlier member on and in reverse from the later. */
  readonly via?: readonly string[];
  /** Switches and links that no path uses. */
  readonly avoid?: readonly Fault[];
}

/** A connection, or one whose values stand as people write them: null is one way, `s1-s3` a link. */
interface DescribedConnection {
  readonly members: readonly string[];
  readonly ways?: Ways | null;
  readonly via?: readonly string[];
  readonly avoid?: readonly (Fault | string)[];
}

/** A connection in one line: its members and, where that is given, how: `h1 h4 (via s3, avoiding s1-s2)`. */
export function describeConnection({ members, ways = null, via = [], avoid = [] }: DescribedConnection): string {
  const avoided = avoid.map((part) => (typeof part === 'string' ? part : describeFault(part)));
  const how = [
    ...(ways === null ? [] : [ways]),
    ...(via.length === 0 ? [] : [`via ${via.join(' ')}`]),
    ...(avoided.length === 0 ? [] : [`avoiding ${avoided.join(' ')}`]),
  ];
  return [...members, ...(how.length === 0 ? [] : [`(${how.join(', ')})`])].join(' ');
}

/** The connection of these hosts, members in the order of the topology, each once. Unknown names are left out. */
export function connectionOf(topology: Topology, names: readonly string[]): Connection {
  const wanted = new Set(names);
  return { members: topology.hosts.filter((host) => wanted.has(host.name)).map((host) => host.name) };
}

/** Two connections are one when they have the same members. */
export function sameConnection(a: Connection, b: Connection): boolean {
  return a.members.length === b.members.length && a.members.every((name, index) => name === b.members[index]);
}

/** The connections with this one too, in place of one with the same members. */
export function withConnection(connections: readonly Connection[], connection: Connection): readonly Connection[] {
  const there = connections.findIndex((other) => sameConnection(other, connection));
  return there < 0 ? [...connections, connection] : connections.with(there, connection);
}

/** Pairs of members between which there is no path, each pair once. */
export function unjoinedPairs(topology: Topology, connection: Connection): readonly (readonly [string, string])[] {
  return pairsOf(topology, connection)
    .filter(([source, target]) => !topology.areJoined(source, target))
    .map(([source, target]) => [source.name, target.name]);
}

/**
 * Pairs of members that have no addresses in one subnet that switches join, and so reach each other by routers only, each
 * pair once.
 */
export function pairsByRouter(topology: Topology, connection: Connection): readonly (readonly [Host, Host])[] {
  return pairsOf(topology, connection).filter(
    ([source, target]) =>
      !addressesOf(source).some((a) =>
        addressesOf(target).some((b) => {
          const ends = [
            { node: source.name, port: a.interface.port },
            { node: target.name, port: b.interface.port },
          ] as const;
          return areInOneSubnet(a, b) && topology.isOneSegment(...ends);
        }),
      ),
  );
}

/** Members with a link to a host that is none, which no entry of a switch can cut off: each with that host. */
export function outsideLinks(topology: Topology, { members }: Connection): readonly (readonly [string, string])[] {
  return members.flatMap((name) =>
    topology
      .neighboursOf(name)
      .filter(({ peer }) => topology.host(peer.node) !== undefined && !members.includes(peer.node))
      .map(({ peer }) => [name, peer.node] as const),
  );
}

function pairsOf(topology: Topology, { members }: Connection): readonly (readonly [Host, Host])[] {
  const hosts = members.flatMap((name) => topology.host(name) ?? []);
  return hosts.flatMap((source, index) => hosts.slice(index + 1).map((target) => [source, target] as const));
}

/** For each connected host, the hosts it may reach: the union over its connections. Hosts in none are absent. */
export function allowedPeers(connections: readonly Connection[]): ReadonlyMap<string, ReadonlySet<string>> {
  const peers = new Map<string, Set<string>>();
  for (const { members } of connections) {
    for (const member of members) {
      const set = peers.get(member) ?? new Set();
      for (const other of members) if (other !== member) set.add(other);
      peers.set(member, set);
    }
  }
  return peers;
}
