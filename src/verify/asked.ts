import { allowedPeers, type Connection, type Forwarding } from '../model/connection.ts';
import { isInSubnet } from '../model/host-state.ts';
import { ReachabilityMatrix } from '../model/matrix.ts';
import { areNeighbours, hostOfPoint, hostPoints, type Point } from '../model/points.ts';
import { ownAddressOf, type Topology } from '../model/topology.ts';
import { predict } from '../sim/predict.ts';

/**
 * What the spec and its connections ask for. Connected hosts reach their connections' members and nobody else. Hosts in
 * no connection reach each other where links and, between subnets, routes join them, or, with `forwarding: none`, not at
 * all.
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
  const joined = areHosts && isOneSubnet(topology) ? undefined : joinedByRoutes(topology, points);
  const byName = new Map(points.map((point) => [point.name, point]));
  const pointOf = (name: string) => byName.get(name) as Point;
  return new ReachabilityMatrix([...byName.keys()], (from, to) => {
    const [source, target] = [hostOfPoint(from), hostOfPoint(to)];
    if (source === target) return true;
    if (joined === undefined ? componentOf.get(source) !== componentOf.get(target) : !joined.reaches(from, to)) {
      return false;
    }
    if (peers.has(source) || peers.has(target)) {
      // No router is on the paths of a connection.
      const areDirect = joined === undefined || areNeighbours(topology, pointOf(from), pointOf(to));
      return areDirect && (peers.get(source)?.has(target) ?? false);
    }
    return forwarding === 'reactive';
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

/** What hosts of these addresses and routes do where the controller forwards everything. */
function joinedByRoutes(topology: Topology, points: readonly Point[]): ReachabilityMatrix {
  return predict({ topology, entries: new Map(), missForwarding: 'shortest-path', faults: topology.faults }, points);
}
