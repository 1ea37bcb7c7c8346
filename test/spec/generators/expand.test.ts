import { describe, expect, test } from 'vitest';
import { interfaceName, type Topology } from '../../../src/model/topology.ts';
import { specDifference } from '../../../src/spec/difference.ts';
import { readSpec } from '../../../src/spec/read.ts';
import { plainOf } from '../../support/fixtures/hosts.ts';
import { inputProblems } from '../../support/harness/input-problems.ts';

const read = (lines: string) => readSpec('lab.yaml', `version: 1\n${lines}`);

/** The problems of a text, as a person reads them, without their remedies. */
function problemsOf(lines: string): string[] {
  return inputProblems(() => read(lines)).map(({ where, cause, offending }) => `${where} ${cause} | ${offending}`);
}

function linksOf({ links }: Topology): string[] {
  return links.map(({ ends, cost, bandwidthMbps }) =>
    [
      ...ends.map(interfaceName),
      ...(cost ? [`cost ${cost}`] : []),
      ...(bandwidthMbps ? [`bw ${bandwidthMbps}`] : []),
    ].join(' '),
  );
}

const RING = 'generate: {topology: ring, switches: 3}\n';

describe('what is generated is changed piece by piece', () => {
  test('nodes have what an entry of their name says, and keep their places', () => {
    const { topology } = read(`${RING}hosts: [h3, {name: h2, ip: 10.0.0.200/8}]\nswitches: [{name: s1, dpid: "ff"}]\n`);
    expect(topology.hosts.map(plainOf).map(({ name, ip, mac }) => [name, ip, mac])).toEqual([
      ['h1', '10.0.0.1', '00:00:00:00:00:01'],
      ['h2', '10.0.0.200', '00:00:00:00:00:02'],
      ['h3', '10.0.0.3', '00:00:00:00:00:03'],
    ]);
    expect(topology.switches.map(({ name, dpid }) => [name, dpid])).toEqual([
      ['s1', '00:00:00:00:00:00:00:ff'],
      ['s2', '00:00:00:00:00:00:00:02'],
      ['s3', '00:00:00:00:00:00:00:03'],
    ]);
  });

  test('a link has what an entry of its ends says, in either order, and keeps its place', () => {
    const { topology } = read(`${RING}links: [{ends: [s3, s2], bw: 10, cost: 7}, ["s1:9", h1]]\n`);
    expect(linksOf(topology)).toEqual([
      's1-eth9 h1-eth0',
      'h2-eth0 s2-eth1',
      'h3-eth0 s3-eth1',
      's1-eth1 s2-eth2',
      's3-eth2 s2-eth3 cost 7 bw 10',
      's3-eth3 s1-eth2',
    ]);
  });

  test('other names add nodes, other ends add links, and a second entry of the same ends adds a parallel one', () => {
    const { topology } = read(
      `${RING}hosts: [web]\nswitches: [s7]\nlinks: [[web, s7], [s7, s1], {ends: [s1, s2], cost: 2}, [s2, s1]]\n`,
    );
    const added = { name: 'web', ip: '10.0.0.4', prefixLength: 8, mac: '00:00:00:00:00:04' };
    expect(topology.hosts.slice(-1).map(plainOf)).toEqual([added]);
    expect(topology.switches.at(-1)).toEqual({ name: 's7', dpid: '00:00:00:00:00:00:00:07' });
    expect(linksOf(topology).slice(3)).toEqual([
      's1-eth2 s2-eth2 cost 2',
      's2-eth3 s3-eth2',
      's3-eth3 s1-eth3',
      'web-eth0 s7-eth1',
      's7-eth2 s1-eth4',
      's2-eth4 s1-eth5',
    ]);
  });

  test('an added host has the address of its number where nobody has it, else one after all', () => {
    const { topology } = read(
      `${RING}hosts: [db, h7, x2, {name: y, mac: "02:00:00:00:00:01"}]\nlinks: [[db, s1], [h7, s1], [x2, s1], [y, s1]]\n`,
    );
    expect(
      topology.hosts
        .slice(3)
        .map(plainOf)
        .map(({ name, ip, mac }) => [name, ip, mac]),
    ).toEqual([
      ['db', '10.0.0.8', '00:00:00:00:00:08'],
      ['h7', '10.0.0.7', '00:00:00:00:00:07'],
      ['x2', '10.0.0.9', '00:00:00:00:00:09'],
      ['y', '10.0.0.10', '02:00:00:00:00:01'],
    ]);
  });

  test('a host whose links are all taken away stands alone, as one that is added without a link', () => {
    const { topology } = read(`${RING}without: [s2, h3-s3]\nhosts: [web]\n`);
    expect(topology.hosts.map(({ name, interfaces }) => [name, interfaces.length])).toEqual([
      ['h1', 1],
      ['h2', 0],
      ['h3', 0],
      ['web', 0],
    ]);
  });

  test('without takes away nodes with their links, and links; the others keep their addresses', () => {
    const { topology } = read('generate: {topology: mesh}\nwithout: [s2, h2, s4-s3]\n');
    expect(topology.hosts.map(plainOf).map(({ name, ip }) => `${name} ${ip}`)).toEqual([
      'h1 10.0.0.1',
      'h3 10.0.0.3',
      'h4 10.0.0.4',
    ]);
    expect(topology.switches.map(({ name }) => name)).toEqual(['s1', 's3', 's4']);
    expect(linksOf(topology)).toEqual([
      'h1-eth0 s1-eth1',
      'h3-eth0 s3-eth1',
      'h4-eth0 s4-eth1',
      's1-eth2 s3-eth2',
      's1-eth3 s4-eth2',
    ]);
  });

  test('a host moves to another switch by one link taken away and one added', () => {
    const { topology } = read(`${RING}without: [h1-s1]\nlinks: [[h1, s2]]\n`);
    expect(linksOf(topology).at(-1)).toBe('h1-eth0 s2-eth4');
  });

  test('connections and expectations speak of generated hosts', () => {
    const spec = read(`${RING}connections: [[h1, h3]]\nexpect: {a: {groups: [[h1, h2]]}}\n`);
    expect(spec.connections).toEqual([{ members: ['h1', 'h3'] }]);
    expect(spec.expectations.get('a')?.received).toBe(2);
  });

  test('a generated lab is the same as one whose parts are listed', () => {
    const listed = read(
      'hosts: [h1, h2, h3]\nswitches: [s1, s2, s3]\nlinks: [[h1, s1], [h2, s2], [h3, s3], [s1, s2], [s2, s3], [s3, s1]]\n',
    );
    expect(specDifference(listed, read(RING))).toEqual([]);
  });
});

describe('what is wrong with it is located', () => {
  test.each([
    [
      'a topology that does not exist',
      'generate: {topology: star}\n',
      [
        'lab.yaml:2:22 a topology is one of single, linear, tree, ring, mesh, torus, leaf-spine, fat-tree, random | star',
      ],
    ],
    ['no topology', 'generate: {k: 4}\n', ['lab.yaml:2:11 the key topology is missing | undefined']],
    ['a topology alone', 'generate: ring\n', [expect.stringMatching(/^lab\.yaml:2:11 a topology is one of/)]],
    ['nothing', 'generate:\n', [expect.stringMatching(/^lab\.yaml:2:10 a topology is one of/)]],
    [
      'a parameter of another topology',
      'generate: {topology: ring, k: 4}\n',
      ['lab.yaml:2:28 there is no such key | k'],
    ],
    [
      'an odd k',
      'generate: {topology: fat-tree, k: 5}\n',
      ['lab.yaml:2:35 k of fat-tree is an even number from 2 to 16 | 5'],
    ],
    [
      'parameters that are no whole numbers, or out of bounds',
      'generate: {topology: torus, x: 2, y: 3.5, hosts: many}\n',
      [
        'lab.yaml:2:32 x of torus is a whole number from 3 to 64 | 2',
        'lab.yaml:2:38 y of torus is a whole number from 3 to 64 | 3.5',
        'lab.yaml:2:50 hosts of torus is a whole number from 1 to 100 | many',
      ],
    ],
    [
      'a lab of too many nodes',
      'generate: {topology: tree, depth: 8, fanout: 64}\n',
      [
        'lab.yaml:2:11 281,474,976,710,656 hosts and 4,467,856,773,185 switches would be 285,942,833,483,841 nodes; a lab has at most 2,000 | {topology: tree, depth: 8, fanout: 64}',
      ],
    ],
    [
      'a lab of too many links',
      'generate: {topology: leaf-spine, spines: 64, leaves: 256, hosts: 1}\n',
      [
        'lab.yaml:2:11 there would be 16,640 links; a lab has at most 5,000 | {topology: leaf-spine, spines: 64, leaves: 256, hosts: 1}',
      ],
    ],
    [
      'a random graph that cannot be connected',
      'generate: {topology: random, switches: 5, links: 3}\n',
      ['lab.yaml:2:50 5 switches are joined by 4 to 10 links, each pair by one at most | 3'],
    ],
    [
      'what is taken away and is not there',
      `${RING}without: [h9, s1-s9, h1-h2, s1:2]\n`,
      [
        'lab.yaml:3:11 generate makes no such host, switch or link | h9',
        'lab.yaml:3:15 generate makes no such host, switch or link | s1-s9',
        'lab.yaml:3:22 generate makes no such host, switch or link | h1-h2',
        'lab.yaml:3:29 generate makes no such host, switch or link | s1:2',
      ],
    ],
    [
      'a lab without hosts and switches',
      'generate: {topology: single}\nwithout: [s1, h1, h2]\n',
      [
        'lab.yaml:3:10 this leaves no host of the lab | [s1, h1, h2]',
        'lab.yaml:3:10 this leaves no switch of the lab | [s1, h1, h2]',
      ],
    ],
    [
      'without that has nothing to take from',
      'hosts: [h1]\nswitches: [s1]\nlinks: [[h1, s1]]\nwithout: [h1]\n',
      ['lab.yaml:5:10 without removes parts of what generate makes, and there is no generate | [h1]'],
    ],
    [
      'a host with the name of a generated switch, and the other way round',
      `${RING}hosts: [s1]\nswitches: [{name: h1, dpid: "9"}]\n`,
      [
        'lab.yaml:3:9 the name s1 is taken by a switch that is generated | s1',
        'lab.yaml:4:19 the name h1 is taken by a host that is generated | h1',
      ],
    ],
    ['a host twice', `${RING}hosts: [h1, h1]\n`, [expect.stringMatching(/^lab\.yaml:3:13 the name h1 is taken/)]],
    [
      'a link that is there and gets nothing',
      `${RING}links: [[s2, s1]]\n`,
      ['lab.yaml:3:9 s2 and s1 are linked by generate already, and this changes nothing | [s2, s1]'],
    ],
    [
      'a wrong address, at the entry that gives it',
      `${RING}hosts: [{name: h2, ip: 10.0.0.3/8}, {name: h3, ip: 10.0.0.999}]\n`,
      ['lab.yaml:3:52 not an IPv4 address | 10.0.0.999'],
    ],
    [
      "a generated host's address, given to another one before it",
      `${RING}hosts: [{name: h2, ip: 10.0.0.3/8}]\n`,
      ['lab.yaml:2:11 h3 and h2 have the same address, 10.0.0.3 | {topology: ring, switches: 3}'],
    ],
    [
      'a wrong port, at the link that gives it',
      `${RING}links: [{ends: [s1, "s2:0"], cost: 2}, [s3, s9]]\n`,
      ['lab.yaml:3:21 ports of s2 go from 1 to 65279 | "s2:0"', 'lab.yaml:3:45 there is no host or switch s9 | s9'],
    ],
    [
      'an address of an added host without a link',
      `${RING}hosts: [{name: web, ip: 10.0.0.80/8}]\n`,
      ['lab.yaml:3:25 web has no link, and so no interface for this | 10.0.0.80/8'],
    ],
  ])('%s', (_, lines, problems) => {
    expect(problemsOf(lines)).toEqual(problems);
  });
});
