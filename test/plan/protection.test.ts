import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Dpid } from '../../src/model/addresses.ts';
import type { Connection } from '../../src/model/connection.ts';
import { describeFault, type Fault } from '../../src/model/fault.ts';
import { formatPingall } from '../../src/model/matrix.ts';
import type { Entry } from '../../src/model/openflow.ts';
import type { Topology } from '../../src/model/topology.ts';
import { compileConnections } from '../../src/plan/connections.ts';
import { exchangeBetween } from '../../src/sim/exchange.ts';
import { Network } from '../../src/sim/network.ts';
import { predict } from '../../src/sim/predict.ts';
import { askedMatrix } from '../../src/verify/asked.ts';
import { fatTree, topologyOf } from '../support/fixtures/topologies.ts';

// What is expected comes from the graph (askedMatrix), what is found from the simulator. Matrices are compared as text: of
// objects with private fields, `toEqual` finds any two equal.

function stateOf(topology: Topology, entries: readonly Entry[], faults: readonly Fault[]) {
  const held = new Map<
    Dpid,
    { flows: Extract<Entry, { kind: 'flow' }>[]; groups: Extract<Entry, { kind: 'group' }>[] }
  >(topology.switches.map(({ dpid }) => [dpid, { flows: [], groups: [] }]));
  for (const entry of entries) {
    if (entry.kind === 'flow') held.get(entry.dpid)?.flows.push(entry);
    else held.get(entry.dpid)?.groups.push(entry);
  }
  return { topology, entries: held, missForwarding: 'none' as const, faults };
}

function predicted(topology: Topology, entries: readonly Entry[], faults: readonly Fault[] = []): string {
  const matrix = predict(stateOf(topology, entries, faults));
  expect(matrix.unknown).toBe(0);
  return formatPingall(matrix);
}

/** What the graph allows of connections where nothing else is let through. */
function asked(topology: Topology, connections: readonly Connection[], faults: readonly Fault[] = []): string {
  return formatPingall(askedMatrix(topology.withFaults(faults), 'none', connections));
}

/** What a link fault may be: all links between two switches, or one of several. */
function linksOf(topology: Topology): Fault[] {
  const pairs = topology.links
    .map(({ ends }) => [ends[0].node, ends[1].node] as const)
    .filter((nodes) => nodes.every((node) => topology.switchNamed(node) !== undefined));
  const together = new Map(pairs.map((between) => [between.join(), { kind: 'link', between } as const]));
  const single = [...together.values()].flatMap((fault) =>
    topology
      .linksBetween(...fault.between)
      .map(([a, b]) => ({ ...fault, ports: [a.port, b.port] }) as const)
      .filter((_, __, all) => all.length > 1),
  );
  return [...together.values(), ...single];
}

/** Connected or not, with loops and parallel links. */
const anyTopology = fc.integer({ min: 2, max: 8 }).chain((size) =>
  fc
    .array(
      fc
        .tuple(fc.integer({ min: 1, max: size }), fc.integer({ min: 1, max: size }), fc.boolean())
        .filter(([a, b]) => a < b),
      { maxLength: 14 },
    )
    .map((links) =>
      topologyOf(
        size,
        links.flatMap(([a, b, twice]) =>
          twice
            ? [
                [a, b],
                [a, b],
              ]
            : [[a, b]],
        ),
      ),
    ),
);

const connectionsIn = (topology: Topology) =>
  fc
    .array(
      fc.record({
        members: fc.subarray(
          topology.hosts.map(({ name }) => name),
          { minLength: 2 },
        ),
        ways: fc.constant('protected' as const),
      }),
      { minLength: 1, maxLength: 2 },
    )
    .map((connections) => ({ topology, connections }));

test('protected connections reach what they ask for, and after any one link fails still all that the graph joins', () => {
  fc.assert(
    fc.property(anyTopology.chain(connectionsIn), ({ topology, connections }) => {
      const { entries } = compileConnections(topology, connections);
      expect(predicted(topology, entries)).toBe(asked(topology, connections));
      for (const fault of linksOf(topology)) {
        expect(predicted(topology, entries, [fault]), describeFault(fault)).toBe(asked(topology, connections, [fault]));
      }
    }),
    { numRuns: 300 },
  );
});

test('no packet of a protected connection goes round, whichever link fails', () => {
  fc.assert(
    fc.property(anyTopology.chain(connectionsIn), ({ topology, connections }) => {
      const { entries } = compileConnections(topology, connections);
      for (const fault of linksOf(topology)) {
        const network = new Network(stateOf(topology, entries, [fault]));
        for (const source of topology.hosts.keys()) {
          for (const target of topology.hosts.keys()) {
            if (source === target) continue;
            for (const { walk } of exchangeBetween(network, source, target).legs) {
              if (walk === undefined) continue;
              expect(walk.isCircular).toBe(false);
            }
          }
        }
      }
    }),
    { numRuns: 50 },
  );
});

test('of parallel links to the next hop none is the way out when they fail, where there is another', () => {
  const topology = topologyOf(3, [
    [1, 2],
    [1, 2],
    [2, 3],
    [3, 1],
  ]);
  const { entries } = compileConnections(topology, [{ members: ['h1', 'h2'], ways: 'protected' }]);
  const network = new Network(stateOf(topology, entries, [{ kind: 'link', between: ['s1', 's2'] }]));
  const echo = exchangeBetween(network, 0, 1).legs.find(({ packet }) => packet.get('icmpv4_type') === 8);
  expect(echo?.walk?.states.map(({ node }) => topology.switches[node]?.name)).toEqual(['s1', 's3', 's2']);
});

const ring = topologyOf(4, [
  [1, 2],
  [2, 3],
  [3, 4],
  [4, 1],
]);
const protectedPair: Connection = { members: ['h1', 'h3'], ways: 'protected' };

test('on a ring of four the access switch chooses the live way by a fast-failover group', () => {
  const { entries } = compileConnections(ring, [protectedPair]);
  const groups = entries.filter((entry) => entry.kind === 'group' && entry.dpid === ring.switches[0]?.dpid);
  expect(groups).toMatchObject([
    {
      groupType: 'fast_failover',
      buckets: [
        { watchPort: 2, actions: [{ kind: 'output', port: 2 }] },
        { watchPort: 3, actions: [{ kind: 'output', port: 3 }] },
      ],
    },
  ]);
});

test('on a ring of four a transit switch whose way ahead is dead sends packets back, and they take the other way', () => {
  const { entries } = compileConnections(ring, [protectedPair]);
  const network = new Network(stateOf(ring, entries, [{ kind: 'link', between: ['s2', 's3'] }]));
  const { certainty, legs } = exchangeBetween(network, 0, 2);
  expect(certainty).toBe(2);
  const echo = legs.find(({ packet }) => packet.get('icmpv4_type') === 8);
  const visited = echo?.walk?.states.map(({ node }) => ring.switches[node]?.name);
  expect(visited).toEqual(['s1', 's2', 's1', 's4', 's3']);
});

test('multipath spreads over all equally short ways, and reaches what was asked for whichever bucket is taken', () => {
  const tree = fatTree(4);
  const members = tree.hosts.map(({ name }) => name);
  const connections: Connection[] = [{ members, ways: 'multipath' }];
  const { entries } = compileConnections(tree, connections);
  expect(predicted(tree, entries)).toBe(asked(tree, connections));
  const selects = entries.filter((entry) => entry.kind === 'group');
  // Eight edge switches spread over two aggregation switches, and eight of these over two core switches.
  expect(selects).toHaveLength(16);
  for (const { buckets } of selects) {
    expect(buckets.map(({ weight, watchPort }) => [weight, watchPort !== undefined])).toEqual([
      [1, true],
      [1, true],
    ]);
  }
});

test('a fat-tree of 16 hosts survives any one link with protected connections', () => {
  const tree = fatTree(4);
  const connections: Connection[] = [{ members: tree.hosts.map(({ name }) => name), ways: 'protected' }];
  const { entries } = compileConnections(tree, connections);
  for (const fault of [[], ...linksOf(tree).map((each) => [each])]) {
    expect(predicted(tree, entries, fault)).toBe(asked(tree, connections));
  }
});
