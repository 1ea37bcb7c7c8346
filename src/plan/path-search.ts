import type { Neighbour } from '../model/topology.ts';
import { cheapestPair, type Disjointness } from './disjoint-flow.ts';
import type { IsOpen, PathGraph } from './paths.ts';
import { PriorityQueue } from './priority-queue.ts';

/**
 * Searches between two switches. Of paths that cost the same, that one comes first whose ports along the way are lowest:
 * compared port by port from the start, as two paths from one switch part at a switch that both pass.
 */

/** A way from one switch to another that passes no switch twice. */
export interface Path {
  /** Both ends included; one switch where the ends are the same. */
  readonly switches: readonly string[];
  /** Links by the ports at which the path leaves its switches: one less than there are switches. */
  readonly links: readonly Neighbour[];
  /** By the metric of the graph. */
  readonly total: number;
}

/** The most paths that a search for several gives. */
export const MOST_PATHS = 1000;

/** The k cheapest paths, the cheapest first; fewer where there are no more. @param k is taken as `MOST_PATHS` at most */
export function cheapestPaths(graph: PathGraph, from: string, to: string, k: number): readonly Path[] {
  return [...firstOf(pathsInOrder(graph, from, to), Math.min(k, MOST_PATHS))];
}

/** All paths that cost no more than the cheapest, up to `MOST_PATHS`; `complete` says whether these are all. */
export function equalPaths(
  graph: PathGraph,
  from: string,
  to: string,
): { readonly paths: readonly Path[]; readonly complete: boolean } {
  const paths: Path[] = [];
  for (const path of pathsInOrder(graph, from, to)) {
    if (path.total !== (paths[0] ?? path).total) break;
    if (paths.length === MOST_PATHS) return { paths, complete: false };
    paths.push(path);
  }
  return { paths, complete: true };
}

/**
 * The two disjoint paths of the least total, the cheaper one first; undefined where there are no two. Of pairs that
 * cost the same, that one whose path that comes first by its ports has the lowest, and then the other.
 */
export function disjointPair(
  graph: PathGraph,
  from: string,
  to: string,
  disjointness: Disjointness,
): readonly [Path, Path] | undefined {
  if (from === to) return undefined;
  const first = pathBesideAnother(graph, [from, from], to, disjointness, NONE, { left: 0 });
  if (first === undefined) return undefined;
  const second = cheapestPath(graph, from, to, besides(first, disjointness));
  if (second === undefined) throw new Error('a path of a disjoint pair lacks the other');
  return first.total <= second.total ? [first, second] : [second, first];
}

/** How many pairs of ways are looked for, some milliseconds each in a large network, before a search gives up. */
const MOST_SEARCHES = 1000;

/**
 * The cheapest path that passes these switches in this order, the ends included; it passes no switch twice, and may
 * cost more than the cheapest ways from stop to stop. Undefined where there is none. With three stops it is exact (two
 * disjoint ways from the one in the middle); with more, ways are tried in the order of their costs, and `complete` says
 * whether that came to an end before it was given up.
 */
export function cheapestPathThrough(
  graph: PathGraph,
  stops: readonly string[],
): { readonly path: Path | undefined; readonly complete: boolean } {
  const each = stops.filter((stop, index) => stop !== stops[index - 1]);
  if (new Set(each).size < each.length) return { path: undefined, complete: true };
  const effort = { left: MOST_SEARCHES };
  const path = pathThrough(graph, each, NONE, effort);
  // Through three stops it does not give up.
  return { path, complete: effort.left > 0 || each.length <= 3 };
}

const NONE: ReadonlySet<string> = new Set();

/** @param barred switches that it may not pass */
function pathThrough(
  graph: PathGraph,
  [first = '', second, ...more]: readonly string[],
  barred: ReadonlySet<string>,
  effort: { left: number },
): Path | undefined {
  if (second === undefined) return { switches: [first], links: [], total: 0 };
  const [third, ...later] = more;
  if (third === undefined) return cheapestPath(graph, first, second, leavingNone(barred));
  if (later.length === 0) {
    const there = pathBesideAnother(graph, [first, third], second, 'node', barred, effort);
    if (there === undefined) return undefined;
    const onward = cheapestPath(
      graph,
      second,
      third,
      leavingNone(new Set([...barred, ...there.switches.slice(0, -1)])),
    );
    return onward && joined(there, onward);
  }
  const onwards = (way: Path, limit: number): Path | undefined => {
    const taken = new Set([...barred, ...way.switches.slice(0, -1)]);
    const least = leastThrough(graph, [second, ...more], taken);
    effort.left -= 1;
    if (least === undefined || way.total + least > limit) return undefined;
    const onward = pathThrough(graph, [second, ...more], taken, effort);
    return onward && joined(way, onward);
  };
  const rest = leastThrough(graph, [second, ...more], new Set([...barred, first]));
  if (rest === undefined) return undefined;
  // The first way to be tried leaves room for the next one: it may be dear, and is found where the cheap ones are many.
  const roomy = pathBesideAnother(graph, [first, third], second, 'node', new Set([...barred, ...later]), effort);
  let best = roomy && onwards(roomy, Number.POSITIVE_INFINITY);
  for (const way of pathsInOrder(graph, first, second, new Set([...barred, ...more]))) {
    const limit = best?.total ?? Number.POSITIVE_INFINITY;
    if (effort.left <= 0 || way.total + rest > limit) break;
    const whole = onwards(way, limit);
    if (whole === undefined) continue;
    if (best === undefined || whole.total < best.total || (whole.total === best.total && portsComeBefore(whole, best)))
      best = whole;
  }
  return best;
}

/** What a path through three stops or more costs at least; undefined where it is seen at once that there is none. */
function leastThrough(
  graph: PathGraph,
  [first = '', second = '', third = '', ...more]: readonly string[],
  barred: ReadonlySet<string>,
): number | undefined {
  if (more.length === 0) {
    return cheapestPair(graph, [first, third], second, 'node', leavingNone(barred))?.total;
  }
  const way = graph.distancesTo(second, leavingNone(barred), first).get(first);
  const rest = leastThrough(graph, [second, third, ...more], barred);
  return way === undefined || rest === undefined ? undefined : way + rest;
}

function joined(a: Path, b: Path): Path {
  return {
    switches: [...a.switches, ...b.switches.slice(1)],
    links: [...a.links, ...b.links],
    total: a.total + b.total,
  };
}

function portsComeBefore(a: Path, b: Path): boolean {
  const index = a.links.findIndex(({ port }, position) => port !== b.links[position]?.port);
  const [mine, other] = [a.links[index], b.links[index]];
  return mine !== undefined && other !== undefined && mine.port < other.port;
}

/** The cheapest path by ports that are open. */
function cheapestPath(graph: PathGraph, from: string, to: string, isOpen: IsOpen): Path | undefined {
  const distances = graph.distancesTo(to, isOpen, from);
  return distances.has(from) ? downhill(graph, distances, from, isOpen) : undefined;
}

/** Along distances to where they end, always by the lowest port that is open. */
function downhill(
  graph: PathGraph,
  distances: ReadonlyMap<string, number>,
  from: string,
  isOpen: IsOpen = () => true,
): Path {
  const switches = [from];
  const links: Neighbour[] = [];
  const total = distances.get(from) ?? 0;
  for (let name = from, distance = total; distance > 0; ) {
    const next = graph
      .neighboursOf(name)
      .find(
        (neighbour) =>
          distances.get(neighbour.peer.node) === distance - graph.weightOf(neighbour) && isOpen(name, neighbour.port),
      );
    if (next === undefined) throw new Error(`no next hop at ${name}, though it has a distance`);
    links.push(next);
    name = next.peer.node;
    distance -= graph.weightOf(next);
    switches.push(name);
  }
  return { switches, links, total };
}

function leavingNone(barred: ReadonlySet<string>): IsOpen {
  return (name) => !barred.has(name);
}

/** What is left for a path that is disjoint from another with the same ends. */
function besides({ switches, links }: Path, disjointness: Disjointness): IsOpen {
  const taken = new Set(links.flatMap(({ port, peer }, index) => [`${switches[index]}:${port}`, endOf(peer)]));
  const inside = new Set(disjointness === 'node' ? switches.slice(1, -1) : []);
  return (name, port) => !inside.has(name) && !taken.has(`${name}:${port}`);
}

function endOf({ node, port }: Neighbour['peer']): string {
  return `${node}:${port}`;
}

function* firstOf<T>(items: Iterable<T>, count: number): Generator<T> {
  let left = count;
  if (left < 1) return;
  for (const item of items) {
    yield item;
    left -= 1;
    if (left === 0) return;
  }
}

/**
 * Some of the paths: those that begin like `trunk` up to its switch number `fork`, and go on from there by none of the
 * closed ports. As all other paths of its kind it costs `total` at least, and where it costs no more it goes on by
 * `port` or a higher one. `best` is the first of them, once it was looked for.
 */
interface Branch {
  readonly trunk: Path;
  readonly fork: number;
  readonly closed: ReadonlySet<number>;
  readonly total: number;
  readonly port: number;
  readonly best?: Path;
}

/**
 * All paths, the cheapest first: J. Y. Yen, "Finding the K Shortest Loopless Paths in a Network" (1971), with E. L.
 * Lawler's partition (1972), so that no path is found twice. What a branch costs at least is known without a search,
 * so that only branches are searched whose turn it is.
 * @param barred switches that no path may pass
 */
function* pathsInOrder(
  graph: PathGraph,
  from: string,
  to: string,
  barred: ReadonlySet<string> = NONE,
): Generator<Path> {
  const distances = graph.distancesTo(to, leavingNone(barred));
  if (!distances.has(from)) return;
  if (from === to) {
    yield { switches: [from], links: [], total: 0 };
    return;
  }
  const waiting = new PriorityQueue(branchComesBefore);
  const add = (trunk: Path, fork: number, closed: ReadonlySet<number>, passed: ReadonlySet<string>) => {
    const branch = branchAt(graph, distances, trunk, fork, closed, passed);
    if (branch !== undefined) waiting.add(branch);
  };
  add({ switches: [from], links: [], total: 0 }, 0, new Set(), NONE);
  for (let branch = waiting.take(); branch !== undefined; branch = waiting.take()) {
    const { trunk, fork, closed, best } = branch;
    if (best === undefined) {
      const found = firstOfBranch(graph, distances, to, branch, barred);
      if (found !== undefined) waiting.add({ ...branch, total: found.total, best: found });
      continue;
    }
    yield best;
    const passed = new Set(trunk.switches.slice(0, fork));
    for (const [index, link] of best.links.entries()) {
      if (index < fork) continue;
      add(best, index, new Set([...(index === fork ? closed : []), link.port]), passed);
      passed.add(best.switches[index] ?? '');
    }
  }
}

function branchAt(
  graph: PathGraph,
  distances: ReadonlyMap<string, number>,
  trunk: Path,
  fork: number,
  closed: ReadonlySet<number>,
  passed: ReadonlySet<string>,
): Branch | undefined {
  let total = Number.POSITIVE_INFINITY;
  let port = 0;
  for (const neighbour of graph.neighboursOf(trunk.switches[fork] ?? '')) {
    const distance = distances.get(neighbour.peer.node);
    if (distance === undefined || closed.has(neighbour.port) || passed.has(neighbour.peer.node)) continue;
    if (graph.weightOf(neighbour) + distance >= total) continue;
    total = graph.weightOf(neighbour) + distance;
    port = neighbour.port;
  }
  if (port === 0) return undefined;
  return { trunk, fork, closed, port, total: total + totalOf(graph, trunk.links.slice(0, fork)) };
}

function totalOf(graph: PathGraph, links: readonly Neighbour[]): number {
  return links.reduce((total, link) => total + graph.weightOf(link), 0);
}

function firstOfBranch(
  graph: PathGraph,
  distances: ReadonlyMap<string, number>,
  to: string,
  { trunk, fork, closed, port }: Branch,
  barred: ReadonlySet<string>,
): Path | undefined {
  const stem: Path = {
    switches: trunk.switches.slice(0, fork + 1),
    links: trunk.links.slice(0, fork),
    total: totalOf(graph, trunk.links.slice(0, fork)),
  };
  const start = trunk.switches[fork] ?? '';
  const passed = new Set(stem.switches);
  // Mostly nothing is in the way of the cheapest path.
  const hop = graph.neighboursOf(start).find((neighbour) => neighbour.port === port);
  if (hop !== undefined) {
    const onward = downhill(graph, distances, hop.peer.node);
    if (!onward.switches.some((name) => passed.has(name))) {
      return joined(
        joined(stem, { switches: [start, hop.peer.node], links: [hop], total: graph.weightOf(hop) }),
        onward,
      );
    }
  }
  passed.delete(start);
  const isOpen: IsOpen = (name, leaving) =>
    !passed.has(name) && !barred.has(name) && !(name === start && closed.has(leaving));
  const onward = cheapestPath(graph, start, to, isOpen);
  return onward && joined(stem, onward);
}

/** By total, then by ports. A branch that was not searched yet stands for the first path that it might have. */
function branchComesBefore(a: Branch, b: Branch): boolean {
  if (a.total !== b.total) return a.total < b.total;
  for (let index = 0; ; index += 1) {
    const [mine, other] = [portOf(a, index), portOf(b, index)];
    if (mine === undefined || other === undefined) return false;
    if (mine !== other) return mine < other;
  }
}

function portOf({ trunk, fork, port, best }: Branch, index: number): number | undefined {
  if (best !== undefined) return best.links[index]?.port;
  return index < fork ? trunk.links[index]?.port : index === fork ? port : undefined;
}

/**
 * Of the two disjoint paths of the least total, one from each of two switches, that from the first: the one with the
 * lowest ports that any such pair has. Undefined where there is no pair. Goes from hop to hop, and asks for each port
 * that is lower than the one known whether a pair that costs no more goes on by it.
 * @param barred switches that neither may pass
 * @param effort is told of every search
 */
function pathBesideAnother(
  graph: PathGraph,
  [from, companion]: readonly [string, string],
  to: string,
  disjointness: Disjointness,
  barred: ReadonlySet<string>,
  effort: { left: number },
): Path | undefined {
  const pairFrom = (start: string, switches: readonly string[], links: readonly Neighbour[]) => {
    effort.left -= 1;
    const taken = besides({ switches, links, total: 0 }, 'link');
    const passed = new Set(disjointness === 'node' ? switches.slice(0, -1).filter((name) => name !== companion) : []);
    const isOpen: IsOpen = (name, port) => !barred.has(name) && !passed.has(name) && taken(name, port);
    return cheapestPair(graph, [start, companion], to, disjointness, isOpen);
  };
  const cheapest = pairFrom(from, [from], []);
  if (cheapest === undefined) return undefined;
  const switches = [from];
  const links: Neighbour[] = [];
  let total = 0;
  let known = cheapest.first;
  for (let name = from; name !== to; ) {
    const [ahead, ...behind] = known;
    let next = ahead;
    known = behind;
    for (const hop of graph.neighboursOf(name)) {
      if (ahead === undefined || hop.port >= ahead.port) break;
      const { node } = hop.peer;
      if (node === companion || switches.includes(node) || barred.has(node)) continue;
      const pair = pairFrom(node, [...switches, node], [...links, hop]);
      if (pair === undefined || total + graph.weightOf(hop) + pair.total !== cheapest.total) continue;
      next = hop;
      known = pair.first;
      break;
    }
    if (next === undefined) throw new Error(`a path of a disjoint pair ends at ${name}`);
    links.push(next);
    total += graph.weightOf(next);
    name = next.peer.node;
    switches.push(name);
  }
  return { switches, links, total };
}
