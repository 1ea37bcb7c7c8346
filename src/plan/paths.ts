import type { PortNumber } from '../model/addresses.ts';
import type { Neighbour, Topology } from '../model/topology.ts';
import { PriorityQueue } from './priority-queue.ts';

/** How a path is chosen: `hops` counts links, `cost` adds up what they cost. */
export type Metric = 'hops' | 'cost';

/** Whether paths may leave a switch by a port. */
export type IsOpen = (name: string, port: PortNumber) => boolean;

/** What paths may use: the switches of a topology and the links between them that are up. */
export class PathGraph {
  /** By switch, in the order of ports. */
  readonly #neighbours: ReadonlyMap<string, readonly Neighbour[]>;
  readonly #weigh: (neighbour: Neighbour) => number;

  /** @param isUsable whether a link that is up may be used; each of them where it is left out */
  constructor(topology: Topology, metric: Metric = 'cost', isUsable: (a: string, b: string) => boolean = () => true) {
    this.#weigh = metric === 'hops' ? () => 1 : ({ cost }) => cost;
    this.#neighbours = new Map(
      topology.switches.map(({ name }) => [
        name,
        topology
          .neighboursOf(name)
          .filter(
            ({ port, peer: { node } }) =>
              topology.switchNamed(node) !== undefined &&
              topology.linkIsUp({ node: name, port }) &&
              isUsable(name, node),
          ),
      ]),
    );
  }

  /** In the order of the topology. */
  get switches(): readonly string[] {
    return [...this.#neighbours.keys()];
  }

  /** The links of a switch to others, in the order of its ports. */
  neighboursOf(name: string): readonly Neighbour[] {
    return this.#neighbours.get(name) ?? [];
  }

  weightOf(neighbour: Neighbour): number {
    return this.#weigh(neighbour);
  }

  /**
   * What the cheapest path to a switch costs, from each switch that has one, the nearest first (Dijkstra).
   * @param isOpen whether paths may leave a switch by a port; by each where it is left out
   * @param until the switch whose distance is wanted: farther ones are left out
   */
  distancesTo(target: string, isOpen: IsOpen = () => true, until?: string): ReadonlyMap<string, number> {
    const settled = new Map<string, number>();
    const waiting = new PriorityQueue(comesBefore);
    let arrival = 0;
    waiting.add({ name: target, distance: 0, arrival });
    for (let next = waiting.take(); next !== undefined; next = waiting.take()) {
      const { name, distance } = next;
      if (settled.has(name)) continue;
      settled.set(name, distance);
      if (name === until) break;
      for (const neighbour of this.neighboursOf(name)) {
        const { node, port } = neighbour.peer;
        if (settled.has(node) || !isOpen(node, port)) continue;
        arrival += 1;
        waiting.add({ name: node, distance: distance + this.weightOf(neighbour), arrival });
      }
    }
    return settled;
  }

  /**
   * For each switch that can reach the target, its next hops on cheapest paths, in the order of its ports; the target
   * itself is absent.
   */
  allNextHopsToward(target: string): ReadonlyMap<string, readonly Neighbour[]> {
    const distances = this.distancesTo(target);
    const nextHops = new Map<string, readonly Neighbour[]>();
    for (const [name, distance] of distances) {
      if (name === target) continue;
      const nearer = this.neighboursOf(name).filter(
        (neighbour) => distances.get(neighbour.peer.node) === distance - this.weightOf(neighbour),
      );
      nextHops.set(name, nearer);
    }
    return nextHops;
  }

  /**
   * One next hop for each switch: of equally cheap ones that of the lowest port, so that the same topology always gives
   * the same tree.
   */
  nextHopsToward(target: string): ReadonlyMap<string, Neighbour> {
    const tree = new Map<string, Neighbour>();
    for (const [name, [first]] of this.allNextHopsToward(target)) if (first !== undefined) tree.set(name, first);
    return tree;
  }
}

/** The switches that a packet passes from one switch to another along a tree of next hops, both included. */
export function switchesAlong(nextHops: ReadonlyMap<string, Neighbour>, from: string): readonly string[] {
  const path = [from];
  for (let hop = nextHops.get(from); hop !== undefined; hop = nextHops.get(hop.peer.node)) path.push(hop.peer.node);
  return path;
}

/** A switch and how far it is at most. */
interface Waiting {
  readonly name: string;
  readonly distance: number;
  readonly arrival: number;
}

/** The nearest first; of equally near ones in the order in which they came. */
function comesBefore(a: Waiting, b: Waiting): boolean {
  return a.distance < b.distance || (a.distance === b.distance && a.arrival < b.arrival);
}
