import fc from 'fast-check';
import { dpidFromNumber, ipv4FromNumber, macFromNumber, portNumber } from '../../src/model/addresses.ts';
import type { Connection } from '../../src/model/connection.ts';
import { type Link, Topology } from '../../src/model/topology.ts';
import { readSpec } from '../../src/spec/read.ts';

/** A topology of `hN` on `sN` port 1, and links between switches whose ports follow their order. */
export function topologyOf(size: number, pairs: readonly (readonly [number, number])[]): Topology {
  const numbers = Array.from({ length: size }, (_, index) => index + 1);
  const nextPort = new Map(numbers.map((number) => [number, 2]));
  const take = (number: number) => {
    const port = nextPort.get(number) ?? 2;
    nextPort.set(number, port + 1);
    return { node: `s${number}`, port: portNumber(port) };
  };
  const access = numbers.map(
    (number): Link => ({
      ends: [
        { node: `h${number}`, port: portNumber(0) },
        { node: `s${number}`, port: portNumber(1) },
      ],
    }),
  );
  return new Topology({
    hosts: numbers.map((number) => ({
      name: `h${number}`,
      ip: ipv4FromNumber((10n << 24n) + BigInt(number)),
      prefixLength: 8,
      mac: macFromNumber(BigInt(number)),
    })),
    switches: numbers.map((number) => ({ name: `s${number}`, dpid: dpidFromNumber(BigInt(number)) })),
    links: [...access, ...pairs.map(([a, b]): Link => ({ ends: [take(a), take(b)] }))],
  });
}

/** S10H10 by hand, as the design measured it. */
export const s10h10 = topologyOf(10, [
  [1, 3],
  [3, 6],
  [2, 10],
  [5, 7],
  [5, 10],
  [6, 10],
  [4, 8],
]);

/** Random topologies: connected or not, with loops and parallel links. */
export const anyTopology = fc.integer({ min: 2, max: 7 }).chain((size) =>
  fc
    .array(fc.tuple(fc.integer({ min: 1, max: size }), fc.integer({ min: 1, max: size })), { maxLength: 10 })
    .map((pairs) =>
      topologyOf(
        size,
        pairs.filter(([a, b]) => a !== b),
      ),
    ),
);

/** Connections of every kind in the place of those of one way. */
export function withAnyWays<T extends { readonly connections: readonly Connection[] }>(lab: T): fc.Arbitrary<T> {
  const ways = fc.constantFrom({}, { ways: 'multipath' as const }, { ways: 'protected' as const });
  return fc.array(ways, { minLength: lab.connections.length, maxLength: lab.connections.length }).map((each) => ({
    ...lab,
    connections: lab.connections.map(({ members }, index) => ({ members, ...each[index] })),
  }));
}

/** A topology and up to three connections of hosts that it joins. */
export const anyConnections = anyTopology.chain((topology) => {
  const groups = topology.hostComponents().filter((hosts) => hosts.length >= 2);
  const member =
    groups.length === 0
      ? fc.constant<string[]>([])
      : fc.constantFrom(...groups).chain((hosts) =>
          fc.subarray(
            hosts.map((host) => host.name),
            { minLength: 2 },
          ),
        );
  return fc.record({
    topology: fc.constant(topology),
    connections: fc
      .array(member, { maxLength: 3 })
      .map((lists) => lists.filter((members) => members.length >= 2).map((members) => ({ members }))),
  });
});

/** A fat-tree of k ports a switch, as `generate` makes it. */
export function fatTree(k: number): Topology {
  return readSpec('fat-tree.yaml', `{version: 1, generate: {topology: fat-tree, k: ${k}}}`).topology;
}
