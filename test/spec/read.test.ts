import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { formatPingall } from '../../src/model/matrix.ts';
import { readSpec } from '../../src/spec/read.ts';
import { plainOf } from '../support/fixtures/hosts.ts';
import { s10h10 } from '../support/fixtures/topologies.ts';
import { inputProblems } from '../support/harness/input-problems.ts';

const shipped = readFileSync(resolve(import.meta.dirname, '../../topologies/s10h10.yaml'), 'utf8');

/** The problems of a text, as a person reads them, without their remedies. */
function problemsOf(text: string): string[] {
  return inputProblems(() => readSpec('lab.yaml', text)).map(
    ({ where, cause, offending }) => `${where} ${cause}${offending === undefined ? '' : ` | ${offending}`}`,
  );
}

function lab(lines: string): string {
  return `version: 1\n${lines}`;
}

const at = (node: string, port: number) => ({ node, port });

const TWO = 'hosts: [h1, h2]\nswitches: [s1]\nlinks: [[h1, s1], [h2, s1]]\n';

describe('topologies/s10h10.yaml', () => {
  const spec = readSpec('topologies/s10h10.yaml', shipped);

  test('is the topology that the design measured, to the port, the address and the DPID', () => {
    expect(spec.topology.hosts).toEqual(s10h10.hosts);
    expect(spec.topology.switches).toEqual(s10h10.switches);
    expect(spec.topology.links).toEqual(s10h10.links);
    expect(spec.topology.switchNamed('s10')?.dpid).toBe('00:00:00:00:00:00:00:0a');
    const h10 = { ip: '10.0.0.10', prefixLength: 8, mac: '00:00:00:00:00:0a' };
    expect(spec.topology.hosts.slice(-1).map(plainOf)).toMatchObject([h10]);
  });

  test('is called P2PNetwork by mn, forwards, and expects 44 and then 20 of 90', () => {
    expect(spec).toMatchObject({ name: 's10h10', topo: 'P2PNetwork', forwarding: 'reactive', connections: [] });
    expect(spec.expectations.get('baseline')?.received).toBe(44);
    expect(spec.expectations.get('connected')?.received).toBe(20);
  });
});

test('an expectation reads alike as groups and as pasted pingall output', () => {
  const text = lab(`${TWO}expect:
  a: {groups: [[h1, h2]]}
  b:
    pingall: |
      *** Ping: testing ping reachability
      h1 -> h2
      h2 -> h1
      *** Results: 0% dropped (2/2 received)
`);
  const { expectations } = readSpec('lab.yaml', text);
  const [a, b] = [...expectations.values()];
  expect(a && formatPingall(a)).toBe('h1 -> h2\nh2 -> h1\n*** Results: 0% dropped (2/2 received)');
  expect(b && formatPingall(b)).toBe(a && formatPingall(a));
});

test('ports that are given are kept, and the others take the lowest free ones in the order of the links', () => {
  const { topology } = readSpec(
    'lab.yaml',
    lab('hosts: [h1, h2]\nswitches: [s1, s2]\nlinks: [[h1, s1], ["s1:1", s2], [h2, "s2:7"], [s1, s2]]\n'),
  );
  expect(topology.links.map(({ ends }) => ends.map(({ node, port }) => `${node}:${port}`).join(' '))).toEqual([
    'h1:0 s1:2',
    's1:1 s2:1',
    'h2:0 s2:7',
    's1:3 s2:2',
  ]);
});

test('addresses follow the numbers in the names where all differ, else the positions', () => {
  const numbered = readSpec('lab.yaml', lab('hosts: [h7, h3]\nswitches: [s1]\nlinks: [[h7, s1], [h3, s1]]\n'));
  expect(numbered.topology.hosts.map(plainOf).map(({ ip, mac }) => [ip, mac])).toEqual([
    ['10.0.0.7', '00:00:00:00:00:07'],
    ['10.0.0.3', '00:00:00:00:00:03'],
  ]);
  const named = readSpec('lab.yaml', lab('hosts: [web, db]\nswitches: [s1]\nlinks: [[web, s1], [db, s1]]\n'));
  expect(named.topology.hosts.map(plainOf).map(({ ip }) => ip)).toEqual(['10.0.0.1', '10.0.0.2']);
});

test('addresses, MAC addresses and DPIDs can be given', () => {
  const { topology } = readSpec(
    'lab.yaml',
    lab(`hosts: [{name: a, ip: 192.168.1.5/24, mac: "02:00:00:00:00:AA"}]
switches: [{name: core, dpid: "ff"}]
links: [[a, core]]
`),
  );
  const a = { name: 'a', ip: '192.168.1.5', prefixLength: 24, mac: '02:00:00:00:00:aa' };
  expect(topology.hosts.map(plainOf)).toEqual([a]);
  expect(topology.switches).toEqual([{ name: 'core', dpid: '00:00:00:00:00:00:00:ff' }]);
});

test('a link is a pair, or a mapping with what it costs and how much it carries', () => {
  const { topology } = readSpec(
    'lab.yaml',
    lab(`hosts: [h1, h2]
switches: [s1, s2]
links:
  - {ends: [h1, s1], bw: 0.5}
  - {ends: [s2, "h2:3"]}
  - {ends: ["s1:7", s2], cost: 10, bw: 100}
  - [s1, s2]
`),
  );
  expect(topology.links).toEqual([
    { ends: [at('h1', 0), at('s1', 1)], bandwidthMbps: 0.5 },
    { ends: [at('s2', 1), at('h2', 3)] },
    { ends: [at('s1', 7), at('s2', 2)], cost: 10, bandwidthMbps: 100 },
    { ends: [at('s1', 2), at('s2', 3)] },
  ]);
});

test('the name of the lab is that of the file where the spec gives none', () => {
  expect(readSpec('labs/My first Lab.yaml', lab(TWO))).toMatchObject({ name: 'my-first-lab', topo: 'my_first_lab' });
  expect(readSpec('2tier.yaml', lab(TWO)).topo).toBe('lab_2tier');
  expect(readSpec('import.yaml', lab(TWO)).topo).toBe('lab_import');
});

describe('bad input is located, with its text', () => {
  test.each([
    ['a wrong version', `version: 2\n${TWO}`, ['lab.yaml:1:10 this labctl reads version 1 | 2']],
    ['an empty file', '', ['lab.yaml:1:1 a spec is a mapping with the keys version, hosts, switches and links']],
    ['a key that does not exist', lab(`${TWO}link: []\n`), ['lab.yaml:5:1 there is no such key | link']],
    ['a key that is missing', lab('hosts: [h1]\nswitches: [s1]\n'), ['lab.yaml:1:1 the key links is missing']],
    [
      'a name twice',
      lab('hosts: [h1, h1]\nswitches: [s1]\nlinks: [[h1, s1]]\n'),
      ['lab.yaml:2:13 the name h1 is taken by a host | h1'],
    ],
    [
      'a host and a switch of one name',
      lab('hosts: [n1]\nswitches: [n1]\nlinks: [[n1, n1]]\n'),
      ['lab.yaml:3:12 the name n1 is taken by a host | n1', 'lab.yaml:4:10 a link from n1 to itself | n1'],
    ],
    [
      'a link to nowhere',
      lab('hosts: [h1]\nswitches: [s1]\nlinks: [[h1, s1], [s1, s9]]\n'),
      ['lab.yaml:4:24 there is no host or switch s9 | s9'],
    ],
    [
      'a port used twice',
      lab('hosts: [h1, h2]\nswitches: [s1]\nlinks: [[h1, "s1:3"], [h2, "s1:3"]]\n'),
      ['lab.yaml:4:28 port 3 of s1 is taken by link 1 | "s1:3"'],
    ],
    [
      'a port of zero on a switch',
      lab('hosts: [h1]\nswitches: [s1]\nlinks: [[h1, "s1:0"]]\n'),
      ['lab.yaml:4:14 ports of s1 go from 1 to 65279 | "s1:0"'],
    ],
    [
      'two hosts with one address',
      lab('hosts: [h1, {name: h2, ip: 10.0.0.1/8}]\nswitches: [s1]\nlinks: [[h1, s1], [h2, s1]]\n'),
      ['lab.yaml:2:28 h2 and h1 have the same address, 10.0.0.1 | 10.0.0.1/8'],
    ],
    [
      'two switches with one DPID',
      lab('hosts: [h1]\nswitches: [s10, {name: sx, dpid: "0a"}]\nlinks: [[h1, s10]]\n'),
      ['lab.yaml:3:34 sx and s10 have the same DPID, 00:00:00:00:00:00:00:0a | "0a"'],
    ],
    [
      'an address that is none',
      lab('hosts: [{name: h1, ip: 10.0.0.256}]\nswitches: [s1]\nlinks: [[h1, s1]]\n'),
      ['lab.yaml:2:24 not an IPv4 address | 10.0.0.256'],
    ],
    [
      'a multicast MAC address',
      lab('hosts: [{name: h1, mac: "01:00:00:00:00:01"}]\nswitches: [s1]\nlinks: [[h1, s1]]\n'),
      ['lab.yaml:2:25 a host needs a unicast MAC address | "01:00:00:00:00:01"'],
    ],
    [
      'a switch without a number or a DPID',
      lab('hosts: [h1]\nswitches: [core]\nlinks: [[h1, core]]\n'),
      ['lab.yaml:3:12 no DPID can be derived from core, as it has no number | core'],
    ],
    [
      'interface names over 15 characters',
      lab('hosts: [h1]\nswitches: [switchnumber10]\nlinks: [[h1, switchnumber10]]\n'),
      ["lab.yaml:4:14 the interface would be switchnumber10-eth1, longer than Linux's 15 characters | switchnumber10"],
    ],
    [
      'a link of one node',
      lab('hosts: [h1]\nswitches: [s1]\nlinks: [[h1]]\n'),
      ['lab.yaml:4:9 a link is two nodes | [h1]'],
    ],
    [
      'a link that is a word',
      lab('hosts: [h1]\nswitches: [s1]\nlinks: [h1]\n'),
      ['lab.yaml:4:9 a link is two nodes | h1'],
    ],
    [
      'a link without ends',
      lab('hosts: [h1]\nswitches: [s1]\nlinks: [{cost: 3}]\n'),
      ['lab.yaml:4:9 the key ends is missing'],
    ],
    [
      'a link of three ends',
      lab('hosts: [h1]\nswitches: [s1, s2]\nlinks: [{ends: [h1, s1, s2]}]\n'),
      ['lab.yaml:4:16 a link is two nodes | [h1, s1, s2]'],
    ],
    [
      'costs that are none',
      lab(
        'hosts: [h1]\nswitches: [s1]\nlinks:\n  - {ends: [h1, s1], cost: 0}\n  - {ends: [s1, s1], cost: 1.5}\n' +
          '  - {ends: [s1, s1], cost: cheap}\n  - {ends: [s1, s1], cost: 1e10}\n',
      ),
      [
        'lab.yaml:5:28 a cost is a whole number from 1 to 1000000000 | 0',
        'lab.yaml:6:28 a cost is a whole number from 1 to 1000000000 | 1.5',
        'lab.yaml:7:28 a cost is a whole number from 1 to 1000000000 | cheap',
        'lab.yaml:8:28 a cost is a whole number from 1 to 1000000000 | 1e10',
      ],
    ],
    [
      'bandwidths that Mininet cannot make',
      lab(
        'hosts: [h1]\nswitches: [s1]\nlinks:\n  - {ends: [h1, s1], bw: 0}\n  - {ends: [h1, s1], bw: 10000}\n' +
          '  - {ends: [h1, s1], bw: 10M}\n  - {ends: [h1, s1], bw: .nan}\n',
      ),
      [
        'lab.yaml:5:26 bw is in Mbit/s, from 0.1 to 1000 | 0',
        'lab.yaml:6:26 bw is in Mbit/s, from 0.1 to 1000 | 10000',
        'lab.yaml:7:26 bw is in Mbit/s, from 0.1 to 1000 | 10M',
        'lab.yaml:8:26 bw is in Mbit/s, from 0.1 to 1000 | .nan',
      ],
    ],
    [
      'a property that links do not have',
      lab('hosts: [h1]\nswitches: [s1]\nlinks: [{ends: [h1, s1], colour: 5ms}]\n'),
      ['lab.yaml:4:26 there is no such key | colour'],
    ],
    [
      'mappings whose ends are wrong',
      lab(
        'hosts: [h1, h2]\nswitches: [s1]\nlinks:\n  - {ends: [h1, s9], cost: 2}\n  - {ends: [h1, h2]}\n' +
          '  - {ends: [h2, "s1:0"]}\n',
      ),
      ['lab.yaml:5:17 there is no host or switch s9 | s9', 'lab.yaml:7:17 ports of s1 go from 1 to 65279 | "s1:0"'],
    ],
    [
      'an unknown host in a group',
      lab(`${TWO}expect: {a: {groups: [[h1, h3]]}}\n`),
      ['lab.yaml:5:28 there is no host h3 | h3'],
    ],
    [
      'pasted output that does not fit',
      lab(`${TWO}expect:\n  a:\n    pingall: |\n      h1 -> h2\n      h2 -> h3\n`),
      ['lab.yaml:9:7 cell 1 is h3, but should be h1, X or ? | h2 -> h3'],
    ],
    [
      'a connection of one host',
      lab(`${TWO}connections: [[h1]]\n`),
      ['lab.yaml:5:15 a connection joins two hosts or more | [h1]'],
    ],
    [
      'a connection that no links join',
      lab('hosts: [h1, h2]\nswitches: [s1, s2]\nlinks: [[h1, s1], [h2, s2]]\nconnections: [[h1, h2]]\n'),
      ['lab.yaml:5:15 there is no path between h1 and h2, so they cannot be connected | [h1, h2]'],
    ],
    ['a version that is missing', TWO, ['lab.yaml:1:1 the key version is missing']],
    [
      'a topo that Python could not name',
      lab(`topo: import\n${TWO}`),
      ['lab.yaml:2:7 this means something else in Python | import'],
    ],
    [
      'a switch that Linux would take for something else',
      lab('hosts: [h1]\nswitches: [{name: default, dpid: "1"}]\nlinks: [[h1, default]]\n'),
      ['lab.yaml:3:19 default means something else | default'],
    ],
    ['expectations that are empty', lab(`${TWO}expect:\n`), [expect.stringContaining('not named expectations')]],
    ['two documents', lab(`${TWO}---\n${TWO}`), [expect.stringContaining('one file holds one document')]],
    ['YAML that is broken', 'hosts: [h1\n', [expect.stringMatching(/^lab\.yaml:\d:\d+ not valid YAML: /)]],
    [
      'YAML with a key twice',
      lab(`${TWO}${TWO}`),
      expect.arrayContaining([expect.stringContaining('lab.yaml:5:1 not valid YAML')]),
    ],
  ])('%s', (_, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  test.each([
    ["h1'"],
    ['h"1'],
    ['h1\\n'],
    ['h1;reboot'],
    ['$(reboot)'],
    ['h1`id`'],
    ['../h1'],
    ['h 1'],
    ['-h1'],
    ['1h'],
    ['é'],
  ])('the name %j', (name) => {
    const quoted = `"${name.replaceAll('"', '\\"')}"`;
    expect(problemsOf(lab(`hosts: [${quoted}]\nswitches: [s1]\nlinks: []\n`))).toEqual([
      `lab.yaml:2:9 a name begins with a letter and holds letters, digits and _ only | ${quoted}`,
    ]);
  });

  test('every problem is told at once, not just the first', () => {
    const text = lab('hosts: [h1, h1, {name: X}]\nswitches: [s1, core]\nlinks: [[h1, s1], [h2, s9]]\n');
    expect(problemsOf(text).map((problem) => problem.split(' ')[0])).toEqual([
      'lab.yaml:2:13',
      'lab.yaml:2:24',
      'lab.yaml:3:16',
      'lab.yaml:4:20',
      'lab.yaml:4:24',
    ]);
  });

  test('a spec of 2 MB', () => {
    const text = lab(`${TWO}# ${'x'.repeat(2_000_000)}\n`);
    expect(problemsOf(text)).toEqual(['lab.yaml:1:1 the spec has 1.9 MiB; labctl reads at most 1 MiB']);
  });

  test('aliases that expand without bounds', () => {
    const bomb = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (const [name, of] of [
      ['b', 'a'],
      ['c', 'b'],
      ['d', 'c'],
      ['e', 'd'],
    ]) {
      bomb.push(`${name}: &${name} [${Array(10).fill(`*${of}`).join(', ')}]`);
    }
    expect(problemsOf(bomb.join('\n'))).toEqual(['lab.yaml:2:8 aliases (*name) that expand to more than can be read']);
  });

  test('brackets nested a hundred thousand deep', () => {
    expect(problemsOf('['.repeat(100_000))).toEqual(['lab.yaml:1:1 nested too deeply to be read']);
  });

  test('prototype names as keys', () => {
    expect(problemsOf(lab(`${TWO}__proto__: {a: 1}\nconstructor: 1\n`)).map((text) => text.split(' ')[0])).toContain(
      'lab.yaml:6:1',
    );
  });
});
