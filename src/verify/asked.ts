import { allowedPeers, type Connection, type Forwarding } from '../model/connection.ts';
import { isInSubnet } from '../model/host-state.ts';
import { type Reach, ReachabilityMatrix } from '../model/matrix.ts';
import { addressesOf, type Host, ownAddressOf, Topology } from '../model/topology.ts';
import { predict } from '../sim/predict.ts';

/**
 * What the spec and its connections ask for. Connected hosts reach their connections' members and nobody else. Hosts in
 * no connection reach each other where links and, between subnets, routes join them, or, with `forwarding: none`, not at
 * all. Whether routes join them is unknown where start commands may have a part in it.
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
  const routed = isOneSubnet(topology) ? undefined : joinedByRoutes(topology);
  const names = topology.hosts.map((host) => host.name);
  return new ReachabilityMatrix(names, (source, target) => {
    const isJoined =
      routed === undefined ? componentOf.get(source) === componentOf.get(target) : routed(source, target);
    const isAllowed =
      peers.has(source) || peers.has(target) ? peers.get(source)?.has(target) === true : forwarding === 'reactive';
    return isAllowed && isJoined;
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
function joinedByRoutes(topology: Topology): (source: string, target: string) => Reach {
  const bySpec = matrixOfRoutes(topology);
  const commanded = new Set(topology.hosts.flatMap(({ name, start }) => (start === undefined ? [] : [name])));
  if (commanded.size === 0) return (source, target) => bySpec.at(source, target);
  // Commands can make a host of several addresses a router, and give their own host any route.
  const isRouter = (host: Host) => commanded.has(host.name) && addressesOf(host).length > 1;
  const hosts = topology.hosts.map((host): Host => (isRouter(host) ? { ...host, forwards: true } : host));
  const { switches, links, faults } = topology;
  const atMost = new Topology({ hosts, switches, links, faults });
  const byCommands = matrixOfRoutes(atMost);
  const areJoined = (...names: readonly [string, string]) => {
    const [a, b] = names.map((name) => atMost.host(name));
    return a !== undefined && b !== undefined && atMost.areJoined(a, b);
  };
  return (source, target) => {
    if (bySpec.reaches(source, target)) return true;
    const hasCommands = commanded.has(source) || commanded.has(target);
    const mayReach = hasCommands ? areJoined(source, target) : byCommands.reaches(source, target);
    return mayReach ? null : false;
  };
}

function matrixOfRoutes(topology: Topology): ReachabilityMatrix {
  return predict({ topology, entries: new Map(), missForwarding: 'shortest-path', faults: topology.faults });
}
