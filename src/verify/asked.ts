import { allowedPeers, type Connection, type Forwarding } from '../model/connection.ts';
import { ReachabilityMatrix } from '../model/matrix.ts';
import type { Topology } from '../model/topology.ts';

/**
 * What the spec and its connections ask for. Connected hosts reach their connections' members and nobody else. Hosts in
 * no connection reach each other where the graph joins them, or, with `forwarding: none`, not at all.
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
  const names = topology.hosts.map((host) => host.name);
  return new ReachabilityMatrix(names, (source, target) => {
    if (componentOf.get(source) !== componentOf.get(target)) return false;
    if (peers.has(source) || peers.has(target)) return peers.get(source)?.has(target) ?? false;
    return forwarding === 'reactive';
  });
}
