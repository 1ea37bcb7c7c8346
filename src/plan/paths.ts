import type { Neighbour, Topology } from '../model/topology.ts';

/** How a path is chosen: `hops` counts links, `cost` adds up what they cost. */
export type Metric = 'hops' | 'cost';

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
            ({ peer: { node } }) =>
              topology.switchNamed(node) !== undefined && topology.linkIsUp(name, node) && isUsable(name, node),
          ),
      ]),
    );
  }

  /** The links of a switch to others, in the order of its ports. */
  neighboursOf(name: string): readonly Neighbour[] {
    return this.#neighbours.get(name) ?? [];
  }

  weightOf(neighbour: Neighbour): number {
    return this.#weigh(neighbour);
  }

  /** What the cheapest path to a switch costs, from each switch that has one, the nearest first (Dijkstra). */
  distancesTo(target: string): ReadonlyMap<string, number> {
    const settled = new Map<string, number>();
    const waiting = new DistanceQueue();
    waiting.add(target, 0);
    for (let next = waiting.take(); next !== undefined; next = waiting.take()) {
      const { name, distance } = next;
      if (settled.has(name)) continue;
      settled.set(name, distance);
      for (const neighbour of this.neighboursOf(name)) {
        if (!settled.has(neighbour.peer.node)) waiting.add(neighbour.peer.node, distance + this.weightOf(neighbour));
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

/** A binary heap of distances; of equal ones in the order in which they came. */
class DistanceQueue {
  readonly #heap: { readonly name: string; readonly distance: number; readonly arrival: number }[] = [];
  #arrivals = 0;

  add(name: string, distance: number): void {
    const heap = this.#heap;
    const item = { name, distance, arrival: this.#arrivals };
    this.#arrivals += 1;
    let index = heap.length;
    heap.push(item);
    while (index > 0) {
      const above = (index - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !comesBefore(item, parent)) break;
      heap[index] = parent;
      index = above;
    }
    heap[index] = item;
  }

  take(): { readonly name: string; readonly distance: number } | undefined {
    const heap = this.#heap;
    const [top] = heap;
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const right = heap[left + 1];
      let child = heap[left];
      let position = left;
      if (child !== undefined && right !== undefined && comesBefore(right, child)) {
        child = right;
        position = left + 1;
      }
      if (child === undefined || !comesBefore(child, last)) break;
      heap[index] = child;
      index = position;
    }
    heap[index] = last;
    return top;
  }
}

interface Waiting {
  readonly distance: number;
  readonly arrival: number;
}

function comesBefore(a: Waiting, b: Waiting): boolean {
  return a.distance < b.distance || (a.distance === b.distance && a.arrival < b.arrival);
}
