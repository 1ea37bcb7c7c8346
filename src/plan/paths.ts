import type { Neighbour, Topology } from '../model/topology.ts';

/**
 * For each switch that can reach the switch named `target`, its next hop on a shortest path by hops; the target itself
 * is absent. Of equally short ways the lowest port wins, so that the same topology always gives the same tree.
 */
export function nextHopsToward(topology: Topology, target: string): ReadonlyMap<string, Neighbour> {
  const distance = new Map([[target, 0]]);
  const queue = [target];
  for (const name of queue) {
    for (const { peer } of topology.neighboursOf(name)) {
      if (distance.has(peer.node) || topology.switchNamed(peer.node) === undefined) continue;
      distance.set(peer.node, (distance.get(name) ?? 0) + 1);
      queue.push(peer.node);
    }
  }
  const nextHops = new Map<string, Neighbour>();
  for (const name of queue) {
    if (name === target) continue;
    const nearer = topology
      .neighboursOf(name)
      .find(({ peer }) => distance.get(peer.node) === (distance.get(name) ?? 0) - 1);
    if (nearer !== undefined) nextHops.set(name, nearer);
  }
  return nextHops;
}

/** The switches that a packet passes from one switch to another along a tree of `nextHopsToward`, both included. */
export function switchesAlong(nextHops: ReadonlyMap<string, Neighbour>, from: string): readonly string[] {
  const path = [from];
  for (let hop = nextHops.get(from); hop !== undefined; hop = nextHops.get(hop.peer.node)) path.push(hop.peer.node);
  return path;
}
