import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import type { Topology } from '../../../src/model/topology.ts';
import { renderMininet } from '../../../src/spec/export/mininet.ts';
import { graphOfMininet, type MininetTopology, mininetTopologySchema } from '../../../src/spec/import/mininet.ts';
import { specOfGraph } from '../../../src/spec/import/spec-of-graph.ts';
import { readSpec } from '../../../src/spec/read.ts';
import { printedBy } from './inside/python.ts';

/** What a Mininet file says of a topology; costs, start commands and labels it has no place for. */
function sayable({ hosts, switches, links }: Topology) {
  const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);
  return {
    hosts: hosts.map(({ start: _, label: __, ...host }) => host).sort(byName),
    switches: switches.map(({ label: _, ...node }) => node).sort(byName),
    links: links.map(({ cost: _, ...link }) => link),
  };
}

/** Each topology rendered, run by Python, and imported. */
function thereAndBack(topologies: readonly Topology[]): readonly { topology: Topology; notes: readonly string[] }[] {
  const sources = topologies.map((topology) => renderMininet(topology, 'AnyTopo'));
  const read = z.array(mininetTopologySchema).parse(printedBy('print_topologies.py', sources));
  return read.map((each: MininetTopology) => {
    const { text, notes } = specOfGraph('net.py', graphOfMininet('net.py', each), {});
    return { topology: readSpec('lab.yaml', text).topology, notes };
  });
}

interface Interface {
  readonly addresses: readonly number[];
  readonly mtu: number | undefined;
  readonly hasMac: boolean;
  readonly vlans: readonly {
    readonly id: number;
    readonly addresses: readonly number[];
    readonly mtu: number | undefined;
  }[];
}

const prefixes = fc.array(fc.constantFrom(8, 16, 24, 30, 32), { maxLength: 2 });
const mtu = fc.option(fc.constantFrom(68, 1400, 1500), { nil: undefined });
const oneInterface: fc.Arbitrary<Interface> = fc.record({
  addresses: prefixes,
  mtu,
  hasMac: fc.boolean(),
  vlans: fc.uniqueArray(fc.record({ id: fc.integer({ min: 1, max: 4094 }), addresses: prefixes, mtu }), {
    maxLength: 2,
    selector: ({ id }) => id,
  }),
});
const properties = fc.constantFrom(
  {},
  {},
  { bw: 10 },
  { delay: '5 ms', jitter: '0.1 ms', loss: 0.5 },
  { max_queue: 100, cost: 3 },
);
const HOSTS = ['h1', 'h2', 'web', 'r', 'h10'];
const SWITCHES = ['s1', 's2', 's3'];
const node = fc.constantFrom(...HOSTS, ...SWITCHES);

/** Specs with hosts as Linux has them. */
const anySpec = fc
  .record({
    links: fc.array(fc.tuple(node, node, properties), { maxLength: 12 }),
    hosts: fc.tuple(
      ...HOSTS.map(() =>
        fc.record({
          interfaces: fc.array(oneInterface, { minLength: 4, maxLength: 4 }),
          isShort: fc.boolean(),
          routes: fc.nat({ max: 2 }),
          hasDefault: fc.boolean(),
          forwards: fc.boolean(),
          arp: fc.constantFrom('static', undefined),
          cpu: fc.constantFrom(0.2, undefined, undefined),
          firstPort: fc.constantFrom(0, 0, 3),
        }),
      ),
    ),
  })
  .map(({ links, hosts }) => {
    let count = 0;
    const ends = new Map<string, number>();
    const next = (name: string) => {
      const number = ends.get(name) ?? 0;
      ends.set(name, number + 1);
      const first = SWITCHES.includes(name) ? 1 : (hosts[HOSTS.indexOf(name)]?.firstPort ?? 0);
      return `${name}:${first + number}`;
    };
    const joined = links
      .filter(([a, b]) => a !== b && (ends.get(a) ?? 0) < 4)
      .map(([a, b, more]) => ({ ends: [next(a), next(b)], ...more }));
    const address = (prefix: number) => {
      count += 1;
      return `10.${count}.0.1/${prefix}`;
    };
    const forms = HOSTS.map((name, index) => {
      const wanted = hosts[index];
      const degree = ends.get(name) ?? 0;
      if (wanted === undefined || degree === 0) return { name };
      const first = wanted.firstPort;
      const own = wanted.interfaces.slice(0, degree).flatMap(({ addresses, mtu, hasMac, vlans }, position) => {
        count += 1;
        const written = addresses.map(address);
        return [
          {
            port: first + position,
            ip: written[0],
            addresses: written.slice(1),
            mtu,
            mac: hasMac ? `02:00:00:00:00:${count.toString(16).padStart(2, '0')}` : undefined,
          },
          ...vlans.map(({ id, addresses: ofVlan, mtu: least }) => {
            const [ip, ...more] = ofVlan.map(address);
            return { port: first + position, vlan: id, ip, addresses: more, mtu: least };
          }),
        ];
      });
      const all = wanted.isShort ? [] : own.flatMap(({ ip = [], addresses }) => [ip, ...addresses].flat());
      const via = all.filter((each) => !/\/3[02]$/.test(each)).map((each) => each.replace(/1\/\d+$/, '2'));
      return {
        name,
        ...(wanted.isShort ? {} : { interfaces: own }),
        routes:
          via.length === 0
            ? []
            : Array.from({ length: wanted.routes }, (_, number) => ({
                to: `172.16.${number}.0/24`,
                via: via[number % via.length],
              })),
        default_route: wanted.hasDefault ? via[0] : undefined,
        forward: wanted.forwards && all.length > 1 ? true : undefined,
        arp: wanted.arp,
        cpu: wanted.cpu,
      };
    });
    // JSON is YAML, and leaves out what is undefined.
    return JSON.stringify({ version: 1, hosts: forms, switches: SWITCHES, links: joined });
  });

test('a spec, rendered and imported, gives the same topology, and nothing is left out of it', () => {
  fc.assert(
    fc.property(fc.array(anySpec, { minLength: 20, maxLength: 20 }), (specs) => {
      const topologies = specs.map((text) => readSpec('lab.yaml', text).topology);
      for (const [index, { topology, notes }] of thereAndBack(topologies).entries()) {
        const before = topologies[index];
        expect(before && sayable(topology)).toEqual(before && sayable(before));
        expect(notes.filter((note) => !/share of one CPU|parts with hosts/.test(note))).toEqual([]);
      }
    }),
    { numRuns: 10 },
  );
}, 120_000);

test('so do the labs of topologies/', () => {
  const folder = resolve(import.meta.dirname, '../../../topologies');
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
  const topologies = files.map((file) => readSpec(file, readFileSync(resolve(folder, file), 'utf8')).topology);
  expect(thereAndBack(topologies).map(({ topology }) => sayable(topology))).toEqual(topologies.map(sayable));
});
