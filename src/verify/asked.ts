import { allowedPeers, type Connection, type Forwarding } from '../model/connection.ts';
import { type Reach, ReachabilityMatrix } from '../model/matrix.ts';
import { areNeighbours, hostOfPoint, hostPoints, type Point } from '../model/points.ts';
import { addressesOf, type Host, isInSubnet, ownAddressOf, Topology } from '../model/topology.ts';
import { predict } from '../sim/predict.ts';

/**
 * What the spec and its connections ask for. Connected hosts reach their connections' members and nobody else. Hosts in
 * no connection reach each other where links and, between subnets, routes join them, or, with `forwarding: none`, not at
 * all. Whether routes join them is unknown where start commands have a part in it.
 */
export function askedMatrix(
  topology: Topology,
  forwarding: Forwarding,
  connections: readonly Connection[],
  points: readonly Point[] = hostPoints(topology),
): ReachabilityMatrix {
  const peers = allowedPeers(connections);
  const componentOf = new Map<string, number>();
  for (const [index, hosts] of topology.hostComponents().entries()) {
    for (const host of hosts) componentOf.set(host.name, index);
  }
  const areHosts = points.every(({ name, host }) => name === host);
  const routed = areHosts && isOneSubnet(topology) ? undefined : joinedByRoutes(topology, points);
  const byName = new Map(points.map((point) => [point.name, point]));
  const pointOf = (name: string) => byName.get(name) as Point;
  return new ReachabilityMatrix([...byName.keys()], (from, to) => {
    const [source, target] = [hostOfPoint(from), hostOfPoint(to)];
    if (source === target) return true;
    const isJoined = routed === undefined ? componentOf.get(source) === componentOf.get(target) : routed(from, to);
    if (peers.has(source) || peers.has(target)) {
      // No router is on the paths of a connection.
      const areDirect = routed === undefined || areNeighbours(topology, pointOf(from), pointOf(to));
      return areDirect && peers.get(source)?.has(target) === true && isJoined;
    }
    return forwarding === 'reactive' && isJoined;
  });
}

/** Whether hosts reach each other exactly where links join them. */
function isOneSubnet({ hosts }: Topology): boolean {
  const first = hosts.map(ownAddressOf).find((address) => address !== undefined);
  return hosts.every((host) => {
    const own = ownAddressOf(host);
    const isPlain = host.interfaces.length === 1 && own?.interface.vlan === undefined;
    const isThere = own !== undefined && first !== undefined && own.prefixLength === first.prefixLength;
    const routes = host.routes ?? [];
    return isPlain && isThere && isInSubnet(first, own.ip) && routes.every(({ prefixLength }) => prefixLength === 0);
  });
}

/** Whether hosts of these addresses and routes reach each other where the controller forwards everything. */
function joinedByRoutes(topology: Topology, points: readonly Point[]): (source: string, target: string) => Reach {
  const surely = matrixOfRoutes(topology, points);
  const commanded = new Set(topology.hosts.flatMap(({ name, start }) => (start === undefined ? [] : [name])));
  if (commanded.size === 0) return (source, target) => surely.reaches(source, target);
  // Commands can make a host of several addresses a router, and give their own host any route.
  const canForward = (host: Host) => commanded.has(host.name) && addressesOf(host).length > 1;
  const atMost = withRouters(topology, canForward);
  const perhaps = matrixOfRoutes(atMost, points);
  const areJoined = (...names: readonly [string, string]) => {
    const [a, b] = names.map((name) => atMost.host(hostOfPoint(name)));
    return a !== undefined && b !== undefined && atMost.areJoined(a, b);
  };
  return (source, target) => {
    if (surely.reaches(source, target)) return true;
    const hasCommands = [source, target].some((name) => commanded.has(hostOfPoint(name)));
    const mayReach = hasCommands ? areJoined(source, target) : perhaps.reaches(source, target);
    return mayReach ? null : false;
  };
}

/** The same network in which these hosts forward too. */
function withRouters({ hosts, switches, links, faults }: Topology, isRouter: (host: Host) => boolean): Topology {
  const all = hosts.map((host): Host => (isRouter(host) ? { ...host, forwards: true } : host));
  return new Topology({ hosts: all, switches, links, faults });
}

function matrixOfRoutes(topology: Topology, points: readonly Point[]): ReachabilityMatrix {
  return predict({ topology, entries: new Map(), missForwarding: 'shortest-path', faults: topology.faults }, points);
}
