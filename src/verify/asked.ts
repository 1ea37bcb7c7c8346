import { allowedPeers, type Connection, type Forwarding } from '../model/connection.ts';
import { isInSubnet } from '../model/host-state.ts';
import { type Reach, ReachabilityMatrix } from '../model/matrix.ts';
import { addressesOf, type Host, ownAddressOf, Topology } from '../model/topology.ts';
import { predict } from '../sim/predict.ts';

/**
 * What the spec and its connections ask for. Connected hosts reach their connections' members and nobody else. Hosts in
 * no connection reach each other where links and, between subnets, routes join them, or, with `forwarding: none`, not at
 * all. Whether routes join them is unknown where start commands, or routers in connections, have a part in it.
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
  const routed = isOneSubnet(topology) ? undefined : joinedByRoutes(topology, new Set(peers.keys()));
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

/**
 * Whether hosts of these addresses and routes reach each other where the controller forwards everything.
 * @param connected hosts that nobody else reaches: whether others still find a way through them is left open
 */
function joinedByRoutes(topology: Topology, connected: ReadonlySet<string>): (source: string, target: string) => Reach {
  const surely = matrixOfRoutes(withRouters(topology, (host) => host.forwards === true && !connected.has(host.name)));
  const commanded = new Set(topology.hosts.flatMap(({ name, start }) => (start === undefined ? [] : [name])));
  // Commands can make a host of several addresses a router, and give their own host any route.
  const atMost = withRouters(
    topology,
    (host) => host.forwards === true || (commanded.has(host.name) && addressesOf(host).length > 1),
  );
  const isOpen = atMost.hosts.some(({ name, forwards }) => forwards && (commanded.has(name) || connected.has(name)));
  const perhaps = isOpen ? matrixOfRoutes(atMost) : surely;
  const areJoined = (...names: readonly [string, string]) => {
    const [a, b] = names.map((name) => atMost.host(name));
    return a !== undefined && b !== undefined && atMost.areJoined(a, b);
  };
  return (source, target) => {
    if (surely.reaches(source, target)) return true;
    const hasCommands = commanded.has(source) || commanded.has(target);
    const mayReach = hasCommands ? areJoined(source, target) : perhaps.reaches(source, target);
    return mayReach ? null : false;
  };
}

/** The same network in which these hosts forward, and no others. */
function withRouters({ hosts, switches, links, faults }: Topology, isRouter: (host: Host) => boolean): Topology {
  const all = hosts.map((host): Host => {
    const { forwards, ...plain } = host;
    return isRouter(host) ? { ...plain, forwards: true } : plain;
  });
  return new Topology({ hosts: all, switches, links, faults });
}

function matrixOfRoutes(topology: Topology): ReachabilityMatrix {
  return predict({ topology, entries: new Map(), missForwarding: 'shortest-path', faults: topology.faults });
}
