import fc from 'fast-check';
import { dpidFromNumber, ipv4FromNumber, macFromNumber, portNumber } from '../../src/model/addresses.ts';
import type { Connection } from '../../src/model/connection.ts';
import { type Link, Topology } from '../../src/model/topology.ts';

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

/**
 * A fat-tree (Al-Fares and others, SIGCOMM 2008) of k ports a switch: core switches first, then pod by pod the
 * aggregation and the edge switches; hosts on the first ports of edge switches.
 */
export function fatTree(k: number): Topology {
  const half = k / 2;
  const links: Link[] = [];
  const ports = new Map<string, number>();
  const end = (node: string) => {
    const port = ports.get(node) ?? (node.startsWith('h') ? 0 : 1);
    ports.set(node, port + 1);
    return { node, port: portNumber(port) };
  };
  let count = 0;
  const make = () => {
    count += 1;
    return `s${count}`;
  };
  const range = Array.from({ length: half }, (_, index) => index);
  const core = Array.from({ length: half * half }, make);
  let hosts = 0;
  for (let pod = 0; pod < k; pod += 1) {
    const aggregation = range.map(make);
    const edge = range.map(make);
    for (const node of edge) {
      for (const _ of range) {
        hosts += 1;
        links.push({ ends: [end(`h${hosts}`), end(node)] });
      }
    }
    for (const upper of aggregation) for (const node of edge) links.push({ ends: [end(upper), end(node)] });
    for (const [index, upper] of aggregation.entries()) {
      for (const other of range) links.push({ ends: [end(core[index * half + other] ?? ''), end(upper)] });
    }
  }
  return new Topology({
    hosts: Array.from({ length: hosts }, (_, index) => ({
      name: `h${index + 1}`,
      ip: ipv4FromNumber((10n << 24n) + BigInt(index + 1)),
      prefixLength: 8,
      mac: macFromNumber(BigInt(index + 1)),
    })),
    switches: Array.from({ length: count }, (_, index) => ({
      name: `s${index + 1}`,
      dpid: dpidFromNumber(BigInt(index + 1)),
    })),
    links,
  });
}
