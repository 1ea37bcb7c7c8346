import { join } from 'node:path';
import { execa } from 'execa';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dpidDigits } from '../../../src/model/addresses.ts';
import type { Topology } from '../../../src/model/topology.ts';
import {
  allParameters,
  GENERATOR_NAMES,
  GENERATORS,
  generationProblem,
} from '../../../src/spec/generators/topologies.ts';
import { readSpec } from '../../../src/spec/read.ts';
import { plainOf } from '../../support/fixtures/hosts.ts';

/** The topology of `generate: {topology: ...}`. */
function generated(generate: string): Topology {
  return readSpec('lab.yaml', `{version: 1, generate: {topology: ${generate}}}`).topology;
}

/** How many links between switches each switch has, by how many switches have so many. */
function degrees({ switches, neighboursOf, switchNamed }: BoundTopology): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { name } of switches) {
    const degree = neighboursOf(name).filter(({ peer }) => switchNamed(peer.node) !== undefined).length;
    counts[degree] = (counts[degree] ?? 0) + 1;
  }
  return counts;
}

/** How many hosts each switch has, by how many switches have so many. */
function hostsPerSwitch({ switches, neighboursOf, host }: BoundTopology): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { name } of switches) {
    const hosts = neighboursOf(name).filter(({ peer }) => host(peer.node) !== undefined).length;
    counts[hosts] = (counts[hosts] ?? 0) + 1;
  }
  return counts;
}

/** The most links between two switches, by the shortest way; infinite where some are not joined. */
function diameter({ switches, neighboursOf, switchNamed }: BoundTopology): number {
  const distancesFrom = (start: string) => {
    const distance = new Map([[start, 0]]);
    for (const [name, steps] of distance) {
      for (const { peer } of neighboursOf(name)) {
        if (switchNamed(peer.node) !== undefined && !distance.has(peer.node)) distance.set(peer.node, steps + 1);
      }
    }
    return distance.size === switches.length ? Math.max(...distance.values()) : Number.POSITIVE_INFINITY;
  };
  return Math.max(...switches.map(({ name }) => distancesFrom(name)));
}

/** A topology whose methods can be taken out of it. */
type BoundTopology = Pick<Topology, 'switches' | 'neighboursOf' | 'switchNamed' | 'host'>;

function factsOf(topology: Topology) {
  const bound: BoundTopology = {
    switches: topology.switches,
    neighboursOf: (name) => topology.neighboursOf(name),
    switchNamed: (name) => topology.switchNamed(name),
    host: (name) => topology.host(name),
  };
  return {
    hosts: topology.hosts.length,
    switches: topology.switches.length,
    links: topology.links.length,
    degrees: degrees(bound),
    hostsPerSwitch: hostsPerSwitch(bound),
    diameter: diameter(bound),
  };
}

describe('a generated topology has the size, the degrees and the diameter that its kind has', () => {
  // Worked out by hand: degrees and hosts are {how many: on how many switches}.
  test.each([
    ['single', 2, 1, 2, { 0: 1 }, { 2: 1 }, 0],
    ['single, hosts: 7', 7, 1, 7, { 0: 1 }, { 7: 1 }, 0],
    ['linear', 2, 2, 3, { 1: 2 }, { 1: 2 }, 1],
    ['linear, switches: 1', 1, 1, 1, { 0: 1 }, { 1: 1 }, 0],
    ['linear, switches: 5, hosts: 3', 15, 5, 19, { 1: 2, 2: 3 }, { 3: 5 }, 4],
    ['tree', 2, 1, 2, { 0: 1 }, { 2: 1 }, 0],
    ['tree, depth: 3', 8, 7, 14, { 1: 4, 2: 1, 3: 2 }, { 0: 3, 2: 4 }, 4],
    ['tree, depth: 2, fanout: 3', 9, 4, 12, { 1: 3, 3: 1 }, { 0: 1, 3: 3 }, 2],
    ['tree, depth: 4, fanout: 1', 1, 4, 4, { 1: 2, 2: 2 }, { 0: 3, 1: 1 }, 3],
    ['ring', 4, 4, 8, { 2: 4 }, { 1: 4 }, 2],
    ['ring, switches: 3', 3, 3, 6, { 2: 3 }, { 1: 3 }, 1],
    ['ring, switches: 7, hosts: 2', 14, 7, 21, { 2: 7 }, { 2: 7 }, 3],
    ['mesh', 4, 4, 10, { 3: 4 }, { 1: 4 }, 1],
    ['mesh, switches: 2', 2, 2, 3, { 1: 2 }, { 1: 2 }, 1],
    ['mesh, switches: 6, hosts: 2', 12, 6, 27, { 5: 6 }, { 2: 6 }, 1],
    ['torus', 9, 9, 27, { 4: 9 }, { 1: 9 }, 2],
    ['torus, x: 4, y: 3', 12, 12, 36, { 4: 12 }, { 1: 12 }, 3],
    ['torus, x: 5, y: 6, hosts: 2', 60, 30, 120, { 4: 30 }, { 2: 30 }, 5],
    ['leaf-spine', 8, 6, 16, { 2: 4, 4: 2 }, { 0: 2, 2: 4 }, 2],
    ['leaf-spine, spines: 3, leaves: 5, hosts: 1', 5, 8, 20, { 3: 5, 5: 3 }, { 0: 3, 1: 5 }, 2],
    ['leaf-spine, spines: 1, leaves: 1', 2, 2, 3, { 1: 2 }, { 0: 1, 2: 1 }, 1],
    ['fat-tree, k: 2', 2, 5, 6, { 1: 2, 2: 3 }, { 0: 3, 1: 2 }, 4],
    ['fat-tree', 16, 20, 48, { 2: 8, 4: 12 }, { 0: 12, 2: 8 }, 4],
    ['fat-tree, k: 6', 54, 45, 162, { 3: 18, 6: 27 }, { 0: 27, 3: 18 }, 4],
  ])('%s', (generate, hosts, switches, links, switchDegrees, hostCounts, longest) => {
    expect(factsOf(generated(generate))).toEqual({
      hosts,
      switches,
      links,
      degrees: switchDegrees,
      hostsPerSwitch: hostCounts,
      diameter: longest,
    });
  });

  test('the largest fat-tree has 1,024 hosts, 320 switches and 3,072 links', () => {
    const { hosts, switches, links } = generated('fat-tree, k: 16');
    expect([hosts.length, switches.length, links.length]).toEqual([1024, 320, 3072]);
  });
});

/** The links with their ports, as `labctl net` would have them. */
function portsOf({ links }: Topology): string[] {
  return links.map(({ ends }) => ends.map(({ node, port }) => `${node}:${port}`).join(' '));
}

describe('ports follow the order of the links', () => {
  test('a ring has its hosts on ports 1, the next switch on 2 and the one before on 3, but for the first', () => {
    expect(portsOf(generated('ring, switches: 3'))).toEqual([
      'h1:0 s1:1',
      'h2:0 s2:1',
      'h3:0 s3:1',
      's1:2 s2:2',
      's2:3 s3:2',
      's3:3 s1:3',
    ]);
  });

  test('a leaf has its hosts first, and then the spines in their order', () => {
    expect(portsOf(generated('leaf-spine, leaves: 2'))).toEqual([
      'h1:0 s3:1',
      'h2:0 s3:2',
      'h3:0 s4:1',
      'h4:0 s4:2',
      's3:3 s1:1',
      's3:4 s2:1',
      's4:3 s1:2',
      's4:4 s2:2',
    ]);
  });

  test('an edge switch of a fat-tree has its hosts first; a core switch has pod p on port p', () => {
    const tree = generated('fat-tree');
    const peersOf = (name: string) => tree.neighboursOf(name).map(({ port, peer }) => `${port}:${peer.node}`);
    expect(peersOf('s7')).toEqual(['1:h1', '2:h2', '3:s5', '4:s6']);
    expect(peersOf('s5')).toEqual(['1:s7', '2:s8', '3:s1', '4:s2']);
    expect(peersOf('s6')).toEqual(['1:s7', '2:s8', '3:s3', '4:s4']);
    expect(peersOf('s1')).toEqual(['1:s5', '2:s9', '3:s13', '4:s17']);
  });
});

describe('random', () => {
  const parameters = fc.integer({ min: 2, max: 40 }).chain((switches) =>
    fc.record({
      switches: fc.constant(switches),
      links: fc.integer({ min: switches - 1, max: (switches * (switches - 1)) / 2 }),
      hosts: fc.integer({ min: 1, max: 3 }),
      seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    }),
  );

  test('is connected and simple, and has the links that were asked for', () => {
    fc.assert(
      fc.property(parameters, ({ switches, links, hosts, seed }) => {
        const topology = generated(`random, switches: ${switches}, links: ${links}, hosts: ${hosts}, seed: ${seed}`);
        const facts = factsOf(topology);
        expect(facts).toMatchObject({ switches, hosts: switches * hosts, links: links + switches * hosts });
        expect(facts.diameter).toBeLessThan(switches);
        const between = topology.links.map(({ ends }) =>
          ends
            .map(({ node }) => node)
            .toSorted()
            .join(),
        );
        expect(new Set(between).size).toBe(between.length);
      }),
      { numRuns: 60, seed: 7 },
    );
  });

  test('is the same for the same seed on every machine', () => {
    const between = (seed: number) =>
      generated(`random, switches: 6, links: 7, seed: ${seed}`)
        .links.slice(6)
        .map(({ ends: [a, b] }) => `${a.node}-${b.node}`)
        .join(' ');
    // Worked out by a program of its own, in Python.
    expect(between(1)).toBe('s1-s3 s1-s4 s1-s6 s2-s4 s4-s5 s4-s6 s5-s6');
    expect(between(4_294_967_295)).toBe('s1-s6 s2-s3 s2-s4 s2-s5 s3-s6 s4-s6 s5-s6');
  });

  test('every one of the 16 trees of 4 switches comes up', () => {
    const seen = new Set(
      Array.from({ length: 400 }, (_, seed) =>
        portsOf(generated(`random, switches: 4, links: 3, seed: ${seed}`)).join(' '),
      ),
    );
    expect(seen.size).toBe(16);
  });
});

describe("hosts, switches, DPIDs, addresses and ports are Mininet's own", () => {
  const cases = [
    ['single', 'SingleSwitchTopo', {}],
    ['single, hosts: 12', 'SingleSwitchTopo', { k: 12 }],
    ['linear', 'LinearTopo', {}],
    ['linear, switches: 11', 'LinearTopo', { k: 11 }],
    ['linear, switches: 1, hosts: 3', 'LinearTopo', { k: 1, n: 3 }],
    ['linear, switches: 12, hosts: 11', 'LinearTopo', { k: 12, n: 11 }],
    ['tree', 'TreeTopo', {}],
    ['tree, depth: 3, fanout: 2', 'TreeTopo', { depth: 3, fanout: 2 }],
    ['tree, depth: 2, fanout: 11', 'TreeTopo', { depth: 2, fanout: 11 }],
    ['tree, depth: 5, fanout: 1', 'TreeTopo', { depth: 5, fanout: 1 }],
    ['torus', 'TorusTopo', { x: 3, y: 3 }],
    ['torus, x: 4, y: 11', 'TorusTopo', { x: 4, y: 11 }],
    ['torus, x: 12, y: 3, hosts: 2', 'TorusTopo', { x: 12, y: 3, n: 2 }],
  ] as const;

  test('for every parameter that is tried', async () => {
    const script = join(import.meta.dirname, '../../support/fixtures/mininet-topologies.py');
    const input = JSON.stringify(cases.map(([, name, parameters]) => [name, parameters]));
    const { stdout } = await execa('/usr/bin/python3', [script], { input });
    const mininets = JSON.parse(stdout) as readonly unknown[];
    expect(mininets).toHaveLength(cases.length);
    for (const [index, [generate]] of cases.entries()) {
      const topology = generated(generate);
      expect(
        {
          hosts: topology.hosts
            .map(plainOf)
            .map(({ name, ip, prefixLength, mac }) => [name, `${ip}/${prefixLength}`, mac]),
          switches: topology.switches.map(({ name, dpid }) => [name, dpidDigits(dpid)]),
          links: portsOf(topology),
        },
        generate,
      ).toEqual(mininets[index]);
    }
  });
});

test.each(GENERATOR_NAMES)('what %s makes has the size that is told before it is made', (topology) => {
  const { parameters, size, make } = GENERATORS[topology];
  const given = fc.record(
    Object.fromEntries(
      Object.entries(parameters).map(([key, { least, most, multipleOf = 1 }]) => [
        key,
        fc.integer({ min: least, max: Math.min(most, least + 12) }).filter((value) => value % multipleOf === 0),
      ]),
    ),
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(given, (form) => {
      const values = allParameters({ topology, ...form });
      fc.pre(generationProblem(topology, values) === undefined);
      const { hosts, switches, links } = make(values);
      expect({ hosts: hosts.length, switches: switches.length, links: links.length }).toEqual(size(values));
      const names = [...hosts, ...switches.map(({ name }) => name)];
      expect(new Set(names).size).toBe(names.length);
    }),
    { numRuns: 40, seed: 3 },
  );
});
