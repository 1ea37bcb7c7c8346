import type { Neighbour } from '../model/topology.ts';
import type { IsOpen, PathGraph } from './paths.ts';

/** What two paths do not share: a link (parallel ones are several), or neither a link nor a switch but their ends. */
export type Disjointness = 'link' | 'node';

/**
 * Two disjoint paths of the least total, one from each of two switches, which may be the same: two units of a flow of
 * the least cost, each along the cheapest way that is left when the first may be turned back (J. W. Suurballe, "Disjoint
 * Paths in a Network", 1974; R. Bhandari, "Survivable Networks", 1999).
 */
export function cheapestPair(
  graph: PathGraph,
  starts: readonly [string, string],
  to: string,
  disjointness: Disjointness,
  isOpen: IsOpen,
): { readonly total: number; readonly first: readonly Neighbour[] } | undefined {
  const names = graph.switches;
  const flow = new Flow(2 * names.length + 1);
  const source = 2 * names.length;
  // A switch is an entry and an exit, so that its own use can be limited.
  const entries = new Map(names.map((name, index) => [name, 2 * index]));
  const entryOf = (name: string) => entries.get(name) ?? source;
  for (const name of names) {
    const room = disjointness === 'link' || starts.every((start) => start === name) ? 2 : 1;
    flow.add(entryOf(name), entryOf(name) + 1, 0, room);
    for (const link of graph.neighboursOf(name)) {
      if (isOpen(name, link.port)) flow.add(entryOf(name) + 1, entryOf(link.peer.node), graph.weightOf(link), 1, link);
    }
  }
  for (const start of starts) flow.add(source, entryOf(start), 0, 1);
  const sink = entryOf(to);
  let total = 0;
  for (const _ of starts) {
    const cost = flow.send(source, sink);
    if (cost === undefined) return undefined;
    total += cost;
  }
  return { total, first: flow.take(entryOf(starts[0]), sink) };
}

interface Arc {
  readonly head: number;
  readonly cost: number;
  /** How many units it still takes. */
  room: number;
  /** Absent inside a switch. */
  readonly link: Neighbour | undefined;
}

/** A network in which units flow along arcs, and what flows can be turned back. */
class Flow {
  /** Each arc and then its opposite, the room of which is what flows along the arc. */
  readonly #arcs: Arc[] = [];
  readonly #leaving: readonly number[][];

  constructor(nodes: number) {
    this.#leaving = Array.from({ length: nodes }, () => []);
  }

  add(tail: number, head: number, cost: number, room: number, link?: Neighbour): void {
    this.#leaving[tail]?.push(this.#arcs.length);
    this.#leaving[head]?.push(this.#arcs.length + 1);
    this.#arcs.push({ head, cost, room, link }, { head: tail, cost: -cost, room: 0, link });
  }

  /** Lets one more unit flow where that costs least, and returns its cost; undefined where there is no way. */
  send(source: number, sink: number): number | undefined {
    // Bellman and Ford's search, as an arc turned back has a negative cost.
    const costs = new Map([[source, 0]]);
    const arrivals = new Map<number, number>();
    const waiting = new Set([source]);
    for (const node of waiting) {
      waiting.delete(node);
      const cost = costs.get(node) ?? 0;
      for (const number of this.#leaving[node] ?? []) {
        const arc = this.#arcs[number];
        if (arc === undefined || arc.room === 0) continue;
        if (cost + arc.cost >= (costs.get(arc.head) ?? Number.POSITIVE_INFINITY)) continue;
        costs.set(arc.head, cost + arc.cost);
        arrivals.set(arc.head, number);
        waiting.add(arc.head);
      }
    }
    for (let node = sink; node !== source; ) {
      const number = arrivals.get(node);
      if (number === undefined) return undefined;
      this.#move(number, 1);
      node = this.#arcs[number ^ 1]?.head ?? source;
    }
    return costs.get(sink);
  }

  /** Takes a unit out, and returns the links along which it flowed. A flow of the least cost has no circles. */
  take(from: number, sink: number): readonly Neighbour[] {
    const links: Neighbour[] = [];
    for (let node = from; node !== sink; ) {
      const used = this.#leaving[node]?.find((number) => number % 2 === 0 && this.#arcs[number + 1]?.room !== 0);
      const arc = used === undefined ? undefined : this.#arcs[used];
      if (used === undefined || arc === undefined) throw new Error('a flow ends before its sink');
      if (arc.link !== undefined) links.push(arc.link);
      this.#move(used, -1);
      node = arc.head;
    }
    return links;
  }

  #move(number: number, units: 1 | -1): void {
    const [arc, opposite] = [this.#arcs[number], this.#arcs[number ^ 1]];
    if (arc === undefined || opposite === undefined) return;
    arc.room -= units;
    opposite.room += units;
  }
}
