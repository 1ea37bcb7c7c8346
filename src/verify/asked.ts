import { allowedPeers, type Connection, type Forwarding } from '../model/connection.ts';
import { isInSubnet } from '../model/host-state.ts';
import { ReachabilityMatrix } from '../model/matrix.ts';
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
): ReachabilityMatrix {
  const peers = allowedPeers(connections);
  const componentOf = new Map<string, number>();
  for (const [index, hosts] of topology.hostComponents().entries()) {
    for (const host of hosts) componentOf.set(host.name, index);
  }
  const joined = isOneSubnet(topology) ? undefined : joinedByRoutes(topology);
  const names = topology.hosts.map((host) => host.name);
  return new ReachabilityMatrix(names, (source, target) => {
    if (joined === undefined ? componentOf.get(source) !== componentOf.get(target) : !joined.reaches(source, target)) {
      return false;
    }
    if (peers.has(source) || peers.has(target)) return peers.get(source)?.has(target) ?? false;
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
function joinedByRoutes(topology: Topology): ReachabilityMatrix {
  return predict({ topology, entries: new Map(), missForwarding: 'shortest-path', faults: topology.faults });
}
