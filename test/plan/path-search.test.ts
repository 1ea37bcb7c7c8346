import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { portNumber } from '../../src/model/addresses.ts';
import { Topology } from '../../src/model/topology.ts';
import type { Disjointness } from '../../src/plan/disjoint-flow.ts';
import {
  cheapestPaths,
  cheapestPathThrough,
  disjointPair,
  equalPaths,
  MOST_PATHS,
  type Path,
} from '../../src/plan/path-search.ts';
import { type Metric, PathGraph } from '../../src/plan/paths.ts';
import { anyTopology, fatTree, topologyOf } from '../support/fixtures/topologies.ts';

/** A path as the tests tell it, found without the code under test. */
interface Found {
  readonly switches: readonly string[];
  readonly ports: readonly number[];
  /** Both ends of each link. */
  readonly ends: readonly string[];
  readonly total: number;
}

function withCosts(topology: Topology, costs: readonly number[]): Topology {
  const links = topology.links.map((link, index) => ({ ...link, cost: costs[index % costs.length] ?? 1 }));
  return new Topology({ hosts: topology.hosts, switches: topology.switches, links, faults: topology.faults });
}

/** Topologies with many links, in which one path is often in the way of another. */
const anyDenseTopology = fc.integer({ min: 4, max: 7 }).chain((size) =>
  fc
    .array(fc.tuple(fc.integer({ min: 1, max: size }), fc.integer({ min: 1, max: size })), {
      minLength: size + 2,
      maxLength: 16,
    })
    .map((pairs) =>
      topologyOf(
        size,
        pairs.filter(([a, b]) => a !== b),
      ),
    ),
);

/** With few costs, so that many paths cost the same. */
const anyCostlyTopology = fc
  .tuple(
    fc.oneof(anyTopology, { weight: 2, arbitrary: anyDenseTopology }),
    fc.array(fc.constantFrom(1, 1, 1, 2, 3, 7), { minLength: 23, maxLength: 23 }),
  )
  .map(([topology, costs]) => withCosts(topology, costs));

const anyTask = fc.record({
  topology: anyCostlyTopology,
  metric: fc.constantFrom<Metric>('hops', 'cost'),
  ends: fc.tuple(fc.nat(), fc.nat()),
});

function endsIn(topology: Topology, [a, b]: readonly [number, number]): [string, string] {
  const name = (number: number) => topology.switches[number % topology.switches.length]?.name ?? '';
  return [name(a), name(b)];
}

/** Every path without loops, by trying everything; in order. */
function allPaths(topology: Topology, metric: Metric, from: string, to: string): readonly Found[] {
  const found: Found[] = [];
  const go = (path: Found) => {
    const here = path.switches.at(-1) ?? '';
    if (here === to) {
      found.push(path);
      return;
    }
    for (const { port, peer, cost } of topology.neighboursOf(here)) {
      if (topology.switchNamed(peer.node) === undefined || path.switches.includes(peer.node)) continue;
      if (!topology.linkIsUp(peer)) continue;
      go({
        switches: [...path.switches, peer.node],
        ports: [...path.ports, port],
        ends: [...path.ends, `${here}:${port}`, `${peer.node}:${peer.port}`],
        total: path.total + (metric === 'hops' ? 1 : cost),
      });
    }
  };
  go({ switches: [from], ports: [], ends: [], total: 0 });
  return found.sort((a, b) => a.total - b.total || byPorts(a, b));
}

function byPorts(a: Found, b: Found): number {
  const index = a.ports.findIndex((port, position) => port !== b.ports[position]);
  return index < 0 ? 0 : (a.ports[index] ?? 0) - (b.ports[index] ?? 0);
}

function told(path: Path): Omit<Found, 'ends'> {
  return { switches: path.switches, ports: path.links.map(({ port }) => port), total: path.total };
}

function withoutEnds({ switches, ports, total }: Found): Omit<Found, 'ends'> {
  return { switches, ports, total };
}

function areDisjoint(a: Found, b: Found, disjointness: Disjointness): boolean {
  if (a.ends.some((end) => b.ends.includes(end))) return false;
  const inside = a.switches.slice(1, -1);
  return disjointness === 'link' || !b.switches.slice(1, -1).some((name) => inside.includes(name));
}

/** The best pair by the total, then the ports of the path that comes first by them, then the other's; cheaper first. */
function bestPair(paths: readonly Found[], disjointness: Disjointness): readonly Found[] | undefined {
  const ordered = paths.toSorted(byPorts);
  const pairs = ordered.flatMap((a, index) =>
    ordered
      .slice(index + 1)
      .filter((b) => areDisjoint(a, b, disjointness))
      .map((b) => [a, b] as const),
  );
  const total = ([a, b]: readonly [Found, Found]) => a.total + b.total;
  const [best] = pairs.toSorted((a, b) => total(a) - total(b) || byPorts(a[0], b[0]) || byPorts(a[1], b[1]));
  return best?.toSorted((a, b) => a.total - b.total || byPorts(a, b));
}

function passesInOrder({ switches }: Found, stops: readonly string[]): boolean {
  const places = stops.map((stop) => switches.indexOf(stop));
  return places.every((place, index) => place >= 0 && place > (places[index - 1] ?? -1));
}

const RUNS = { numRuns: 1500 };

describe('on every small graph, with costs, parallel links and parts that no link joins,', () => {
  test('the k cheapest paths are the first k of all there are, in order', () => {
    fc.assert(
      fc.property(anyTask, fc.integer({ min: 1, max: 30 }), ({ topology, metric, ends }, k) => {
        const [from, to] = endsIn(topology, ends);
        const expected = allPaths(topology, metric, from, to).slice(0, k).map(withoutEnds);
        expect(cheapestPaths(new PathGraph(topology, metric), from, to, k).map(told)).toEqual(expected);
      }),
      RUNS,
    );
  });

  test('the equally cheap paths are all that cost as much as the first', () => {
    fc.assert(
      fc.property(anyTask, ({ topology, metric, ends }) => {
        const [from, to] = endsIn(topology, ends);
        const all = allPaths(topology, metric, from, to);
        const { paths, complete } = equalPaths(new PathGraph(topology, metric), from, to);
        expect(paths.map(told)).toEqual(all.filter(({ total }) => total === all[0]?.total).map(withoutEnds));
        expect(complete).toBe(true);
      }),
      RUNS,
    );
  });

  test.each(['link', 'node'] as const)('the %s-disjoint pair is the cheapest there is, by the lowest ports', (kind) => {
    fc.assert(
      fc.property(anyTask, ({ topology, metric, ends }) => {
        const [from, to] = endsIn(topology, ends);
        const expected = from === to ? undefined : bestPair(allPaths(topology, metric, from, to), kind);
        const pair = disjointPair(new PathGraph(topology, metric), from, to, kind);
        expect(pair?.map(told)).toEqual(expected?.map(withoutEnds));
      }),
      RUNS,
    );
  });

  test('the path through given switches is the first of all that pass them in their order', () => {
    const anyStops = anyCostlyTopology.chain((topology) =>
      fc.record({
        topology: fc.constant(topology),
        metric: fc.constantFrom<Metric>('hops', 'cost', 'cost'),
        stops: fc.shuffledSubarray(
          topology.switches.map(({ name }) => name),
          { minLength: 2, maxLength: Math.min(4, topology.switches.length) },
        ),
      }),
    );
    fc.assert(
      fc.property(anyStops, ({ topology, metric, stops }) => {
        const [from = '', to = ''] = [stops[0], stops.at(-1)];
        const [expected] = allPaths(topology, metric, from, to).filter((path) => passesInOrder(path, stops));
        const { path, complete } = cheapestPathThrough(new PathGraph(topology, metric), stops);
        expect(path && told(path)).toEqual(expected && withoutEnds(expected));
        expect(complete).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });

  test('what is down is passed by no path', () => {
    fc.assert(
      fc.property(anyTask, fc.nat(), fc.nat(), ({ topology, metric, ends }, linkNumber, switchNumber) => {
        const link = topology.links[linkNumber % topology.links.length];
        const failed = topology.switches[switchNumber % topology.switches.length];
        if (link === undefined || failed === undefined) return;
        const broken = topology.withFaults([
          { kind: 'link', between: [link.ends[0].node, link.ends[1].node] },
          { kind: 'switch', name: failed.name },
        ]);
        const [from, to] = endsIn(topology, ends);
        const expected = allPaths(broken, metric, from, to).map(withoutEnds);
        expect(cheapestPaths(new PathGraph(broken, metric), from, to, 100).map(told)).toEqual(expected);
      }),
      RUNS,
    );
  });
});

describe('by hand', () => {
  /** The cheapest path uses the link in the middle, which leaves no second one: s1-s2-s3-s4 costs 3. */
  const trap = withCosts(
    topologyOf(4, [
      [1, 2],
      [2, 3],
      [3, 4],
      [1, 3],
      [2, 4],
    ]),
    [1, 1, 1, 1, 1, 1, 1, 5, 5],
  );

  test('the cheapest pair need not hold the cheapest path', () => {
    const graph = new PathGraph(trap);
    expect(cheapestPaths(graph, 's1', 's4', 1).map(({ switches }) => switches)).toEqual([['s1', 's2', 's3', 's4']]);
    for (const kind of ['link', 'node'] as const) {
      const pair = disjointPair(graph, 's1', 's4', kind);
      expect(pair?.map(({ switches, total }) => [switches.join('-'), total])).toEqual([
        ['s1-s2-s4', 6],
        ['s1-s3-s4', 6],
      ]);
    }
  });

  test('two disjoint paths may share a switch and no link, or not even a switch', () => {
    // Two triangles that meet in s3.
    const graph = new PathGraph(
      topologyOf(5, [
        [1, 2],
        [2, 3],
        [1, 3],
        [3, 4],
        [4, 5],
        [3, 5],
      ]),
    );
    expect(disjointPair(graph, 's1', 's5', 'link')?.map(({ total }) => total)).toEqual([2, 4]);
    expect(disjointPair(graph, 's1', 's5', 'node')).toBeUndefined();
  });

  test('parallel links are different links', () => {
    const graph = new PathGraph(
      topologyOf(2, [
        [1, 2],
        [1, 2],
        [2, 1],
      ]),
    );
    expect(equalPaths(graph, 's1', 's2').paths.map(({ links }) => links[0]?.port)).toEqual([2, 3, 4]);
    expect(disjointPair(graph, 's1', 's2', 'node')?.map(({ links }) => links[0]?.port)).toEqual([2, 3]);
  });

  test('the way through s2 and back is no path, and the way through s3 costs a detour', () => {
    const graph = new PathGraph(trap);
    expect(cheapestPathThrough(graph, ['s1', 's3', 's2', 's4']).path?.switches).toEqual(['s1', 's3', 's2', 's4']);
    const tail = new PathGraph(
      topologyOf(4, [
        [1, 2],
        [2, 3],
        [2, 4],
      ]),
    );
    expect(cheapestPathThrough(tail, ['s1', 's4', 's3'])).toEqual({ path: undefined, complete: true });
    expect(cheapestPathThrough(tail, ['s1', 's2', 's1'])).toEqual({ path: undefined, complete: true });
  });

  test('a switch has one path to itself, and no pair', () => {
    const graph = new PathGraph(trap);
    expect(equalPaths(graph, 's2', 's2').paths).toEqual([{ switches: ['s2'], links: [], total: 0 }]);
    expect(cheapestPaths(graph, 's2', 's2', 5)).toHaveLength(1);
    expect(disjointPair(graph, 's2', 's2', 'link')).toBeUndefined();
    expect(cheapestPaths(graph, 's1', 's4', 0)).toEqual([]);
  });

  test('between pods of a fat-tree of 8 ports there are 16 equal paths of 4 links, by rising ports', () => {
    const topology = fatTree(8);
    const accessOf = (name: string) => {
      const host = topology.host(name);
      return host === undefined ? '' : (topology.attachmentOf(host)?.accessSwitch.name ?? '');
    };
    const { paths } = equalPaths(new PathGraph(topology), accessOf('h1'), accessOf('h128'));
    expect(paths).toHaveLength(16);
    expect(new Set(paths.map(({ switches }) => switches.join())).size).toBe(16);
    const upward = paths.map(({ links }) => (links[0]?.port ?? 0) * 100 + (links[1]?.port ?? 0));
    expect(upward).toEqual(upward.toSorted((a, b) => a - b));
    expect(paths.every(({ links, total }) => total === 4 && links.length === 4)).toBe(true);
  });

  test('a chain of 24 double links has 16,777,216 equal paths, of which the first thousand are given', () => {
    const chain = topologyOf(
      25,
      Array.from({ length: 24 }, (_, index) => [
        [index + 1, index + 2] as const,
        [index + 1, index + 2] as const,
      ]).flat(),
    );
    const { paths, complete } = equalPaths(new PathGraph(chain), 's1', 's25');
    expect(complete).toBe(false);
    expect(paths).toHaveLength(MOST_PATHS);
    // The ports count in binary: the last link changes first.
    const choices = paths.map(({ switches, links }) =>
      links.reduce((number, { port }, index) => {
        const lower = chain.neighboursOf(switches[index] ?? '').find(({ peer }) => peer.node === switches[index + 1]);
        return number * 2 + (port === lower?.port ? 0 : 1);
      }, 0),
    );
    expect(choices).toEqual(Array.from({ length: MOST_PATHS }, (_, number) => number));
    expect(cheapestPaths(new PathGraph(chain), 's1', 's25', 5000)).toHaveLength(MOST_PATHS);
    expect(paths[0]?.links[0]?.port).toBe(portNumber(2));
  });
});
