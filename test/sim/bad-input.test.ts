import { expect, test } from 'vitest';
import { dpidFromNumber, ipv4FromNumber, macFromNumber, portNumber } from '../../src/model/addresses.ts';
import type { Flow, Group } from '../../src/model/openflow.ts';
import { type Link, Topology } from '../../src/model/topology.ts';
import { exchangeBetween } from '../../src/sim/exchange.ts';
import { Network, type NetworkState } from '../../src/sim/network.ts';
import type { SwitchEntries } from '../../src/sim/pipeline.ts';
import { predict } from '../../src/sim/predict.ts';
import { flow, group, output, setField, toGroup } from '../support/fixtures/entries.ts';
import { hostOf } from '../support/fixtures/hosts.ts';
import { topologyOf } from '../support/fixtures/topologies.ts';

// Whatever the entries, there is an answer: the time limit of a test is the guard.

const flood = flow({ priority: 0, apply: [output('flood')] });

/** Every switch holds the same, or what the function gives for its number. */
function heldEverywhere(topology: Topology, entries: (number: number) => Partial<SwitchEntries>) {
  return new Map(topology.switches.map(({ dpid }, index) => [dpid, { flows: [], groups: [], ...entries(index + 1) }]));
}

/** How many pairs reach, and how many perhaps; and the certainty of h1 to h2 asked for alone. */
function answers(topology: Topology, entries: NetworkState['entries']) {
  const state: NetworkState = { topology, entries, missForwarding: 'none', faults: [] };
  const matrix = predict(state);
  return {
    reached: matrix.received,
    perhaps: matrix.unknown,
    first: exchangeBetween(new Network(state), 0, 1).certainty,
  };
}

/** s1 to sN in a row, port 2 to the next and port 3 to the one before; a host at each end, h1 and h2. */
function row(length: number): Topology {
  const end = (node: string, port: number) => ({ node, port: portNumber(port) });
  const names = Array.from({ length }, (_, index) => `s${index + 1}`);
  const links: Link[] = names
    .slice(1)
    .map((name, index) => ({ ends: [end(`s${index + 1}`, 2), end(name, 3)] }) satisfies Link);
  return new Topology({
    hosts: [1n, 2n].map((number) =>
      hostOf({
        name: `h${number}`,
        ip: ipv4FromNumber((10n << 24n) + number),
        prefixLength: 8,
        mac: macFromNumber(number),
      }),
    ),
    switches: names.map((name, index) => ({ name, dpid: dpidFromNumber(BigInt(index + 1)) })),
    links: [{ ends: [end('h1', 0), end('s1', 1)] }, { ends: [end('h2', 0), end(`s${length}`, 1)] }, ...links],
  });
}

/** Each of N switches joined to each other. */
function mesh(size: number): Topology {
  const numbers = Array.from({ length: size }, (_, index) => index + 1);
  return topologyOf(
    size,
    numbers.flatMap((a) => numbers.filter((b) => b > a).map((b) => [a, b] as const)),
  );
}

const triangle = mesh(3);

test('a row of 3,000 switches that flood is crossed', () => {
  const topology = row(3_000);
  const entries = heldEverywhere(topology, () => ({ flows: [flood] }));
  expect(answers(topology, entries)).toEqual({ reached: 2, perhaps: 0, first: 2 });
});

test('a row of 3,000 switches that send back and forth answers perhaps', () => {
  const topology = row(3_000);
  const both = flow({ apply: [output(2), output(3), output('in_port')] });
  const ends = flow({ priority: 200, apply: [output(1), output(2), output(3), output('in_port')] });
  const entries = heldEverywhere(topology, (number) => ({ flows: [number % 2_999 === 1 ? ends : both] }));
  // Copies go round between any two of them.
  expect(answers(topology, entries)).toEqual({ reached: 0, perhaps: 2, first: 1 });
});

test('a row of 3,000 switches that all look at the in-port, and may drop, answers perhaps', () => {
  const topology = row(3_000);
  const flows = [1, 2, 3].flatMap((port) => [
    flow({ match: { in_port: `${port}` }, apply: [output('flood')] }),
    flow({ match: { eth_src: '00:00:00:00:00:01' } }),
  ]);
  const entries = heldEverywhere(topology, () => ({ flows }));
  expect(answers(topology, entries)).toEqual({ reached: 0, perhaps: 2, first: 1 });
});

test('floods go round a dense mesh, and everybody is perhaps reached', () => {
  const topology = mesh(24);
  const entries = heldEverywhere(topology, () => ({ flows: [flood] }));
  expect(answers(topology, entries)).toEqual({ reached: 0, perhaps: 24 * 23, first: 1 });
});

test('a mesh in which every switch chooses where to send answers perhaps', () => {
  const topology = mesh(10);
  const buckets = Array.from({ length: 10 }, (_, index) => ({ weight: 1, actions: [output(index + 1)] }));
  const entries = heldEverywhere(topology, () => ({
    flows: [flow({ apply: [toGroup(1)] })],
    groups: [group(1, 'select', ...buckets)],
  }));
  expect(answers(topology, entries)).toEqual({ reached: 0, perhaps: 90, first: 1 });
});

test('entries for groups, ports and tables that are not there answer', () => {
  for (const apply of [[toGroup(9)], [output(999)], [output(65_535)]]) {
    const entries = heldEverywhere(triangle, () => ({ flows: [flow({ apply, goto: 250 })] }));
    expect(answers(triangle, entries)).toEqual({ reached: 0, perhaps: 0, first: 0 });
  }
});

test('groups in a circle, and a chain of 10,000, answer', () => {
  const flows = [flow({ apply: [toGroup(1), output('flood')] })];
  const circle = [group(1, 'all', [output(1)], [toGroup(2)]), group(2, 'all', [toGroup(1)], [toGroup(2)])];
  const chain = Array.from({ length: 10_000 }, (_, index) => group(index + 1, 'indirect', [toGroup(index + 2)]));
  for (const groups of [circle, chain]) {
    const entries = heldEverywhere(triangle, () => ({ flows, groups }));
    expect(answers(triangle, entries)).toEqual({ reached: 0, perhaps: 0, first: 0 });
  }
});

test('groups that multiply on every switch answer perhaps', () => {
  const groups = Array.from({ length: 60 }, (_, index): Group => {
    const next = index < 59 ? [toGroup(index + 2)] : [output('flood')];
    return group(index + 1, 'all', next, next);
  });
  const topology = mesh(4);
  const entries = heldEverywhere(topology, () => ({ flows: [flow({ apply: [toGroup(1)] })], groups }));
  const { perhaps, reached } = answers(topology, entries);
  expect(perhaps + reached).toBe(12);
});

test('30,000 entries on one switch, with thousands of masks, answer', () => {
  const flows = Array.from({ length: 30_000 }, (_, index): Flow => {
    const mask = `255.${index % 16}.${Math.floor(index / 16) % 250}.0`;
    return flow({ priority: 1 + (index % 50), match: { eth_type: '0x0800', ipv4_dst: `11.0.0.0/${mask}` } });
  });
  const entries = heldEverywhere(triangle, (number) => ({ flows: number === 1 ? [...flows, flood] : [flood] }));
  expect(answers(triangle, entries)).toEqual({ reached: 0, perhaps: 6, first: 1 });
});

test('30,000 entries on one switch that each tell another sender apart answer', () => {
  const flows = Array.from({ length: 30_000 }, (_, index): Flow => {
    const address = ipv4FromNumber((10n << 24n) + BigInt(index + 1));
    return flow({ match: { eth_type: '0x0800', ipv4_src: address }, apply: [output('flood')] });
  });
  const topology = mesh(12);
  const entries = heldEverywhere(topology, (number) => ({ flows: number === 1 ? [...flows, flood] : [flood] }));
  expect(answers(topology, entries)).toEqual({ reached: 0, perhaps: 132, first: 1 });
});

test('entries that rewrite in a circle, into more packets than can be followed, answer', () => {
  // Each switch chooses among ten values for one or two fields, and floods: 10 to the power of 5 packets.
  const fields = [
    ['eth_src', 'arp_sha'],
    ['arp_spa', 'ipv4_src'],
    ['arp_tpa', 'ipv4_dst'],
    ['eth_dst'],
    ['ip_dscp'],
  ] as const;
  const textOf = (field: (typeof fields)[number][number], value: number) => {
    if (field === 'ip_dscp') return `${value}`;
    return /^eth|sha/.test(field) ? `00:00:00:00:00:0${value}` : `10.0.0.${value}`;
  };
  const entries = heldEverywhere(mesh(5), (number) => ({
    flows: [flow({ apply: [toGroup(1)] })],
    groups: [
      group(
        1,
        'select',
        ...Array.from({ length: 10 }, (_, value) => ({
          weight: 1,
          actions: [
            ...(fields[number - 1] ?? []).map((field) => setField(field, textOf(field, value))),
            output('flood'),
          ],
        })),
      ),
    ],
  }));
  expect(answers(mesh(5), entries)).toEqual({ reached: 0, perhaps: 20, first: 1 });
});

test('entries that push tags in a circle answer', () => {
  const entries = heldEverywhere(triangle, () => ({
    flows: [flow({ apply: [{ kind: 'push_vlan', ethType: 0x8100 }, output('flood')] })],
  }));
  const { reached } = answers(triangle, entries);
  expect(reached).toBe(0);
});

test('hosts whose ARP messages are rewritten into questions for ever answer', () => {
  const entries = heldEverywhere(triangle, () => ({
    flows: [
      flood,
      ...[1, 2, 3].flatMap((from) =>
        [1, 2, 3].map((to) =>
          flow({
            priority: 10 * from + to,
            match: { eth_type: '0x0806', arp_spa: `10.0.0.${from}`, arp_tpa: `10.0.0.${to}` },
            apply: [
              setField('arp_opcode', '1'),
              setField('eth_dst', 'ff:ff:ff:ff:ff:ff'),
              setField('arp_spa', `10.0.0.${1 + (from % 3)}`),
              output('flood'),
            ],
          }),
        ),
      ),
    ],
  }));
  const { reached, perhaps } = answers(triangle, entries);
  expect(reached + perhaps).toBeLessThanOrEqual(6);
});

test('a network without hosts, and one without entries, answer', () => {
  const bare = new Topology({ hosts: [], switches: triangle.switches, links: [] });
  const none: NetworkState = { topology: bare, entries: new Map(), missForwarding: 'shortest-path', faults: [] };
  expect(predict(none).received).toBe(0);
  expect(answers(triangle, new Map())).toEqual({ reached: 0, perhaps: 0, first: 0 });
});
