import { expect, test } from 'vitest';
import { ProblemError } from '../../../src/model/problem.ts';
import { graphOfMininet, type MininetTopology } from '../../../src/spec/import/mininet.ts';
import { specOfGraph } from '../../../src/spec/import/spec-of-graph.ts';
import { readSpec } from '../../../src/spec/read.ts';
import { plainOf } from '../../support/fixtures/hosts.ts';
import { whereOf } from '../../support/harness/input-problems.ts';

type Node = MininetTopology['hosts'][number];
type Link = MininetTopology['links'][number];

const node = (name: string, line = 0, options: Node['options'] = {}): Node => ({ name, line, options });
const link = (a: string, b: string, ports: Link['ports'], line = 0, options: Link['options'] = {}): Link => ({
  nodes: [a, b],
  ports,
  line,
  options,
});

function imported(topology: Partial<MininetTopology>) {
  const whole = { name: 'mytopo', cpus: 4, hosts: [], switches: [], links: [], ...topology };
  const { text, notes } = specOfGraph('net.py', graphOfMininet('net.py', whole), {});
  return { text, notes, topology: readSpec('lab.yaml', text).topology };
}

test('ports and addresses that Mininet gives by its rules are not written', () => {
  const { text } = imported({
    hosts: [node('h1'), node('h2')],
    switches: [node('s1'), node('s2')],
    links: [link('h1', 's1', [0, 1]), link('s1', 's2', [2, 1]), link('s2', 'h2', [2, 0])],
  });
  expect(text).toBe(`# Imported by labctl from net.py, the Mininet topology mytopo: 2 switches, 2 hosts, 3 links.

version: 1
name: net
hosts:
  - h1
  - h2
switches:
  - s1
  - s2
links:
  - [h1, s1]
  - [s1, s2]
  - [s2, h2]
`);
});

test('hosts have the addresses that mn would give them, whatever they are called', () => {
  const { topology } = imported({
    hosts: [node('client'), node('h7', 3, { ip: '10.0.0.70/8', mac: '00:00:00:00:07:00' }), node('h9')],
    switches: [node('s1')],
    links: ['client', 'h7', 'h9'].map((name, index) => link(name, 's1', [0, index + 1])),
  });
  expect(topology.hosts.map(plainOf).map(({ name, ip }) => `${name} ${ip}`)).toEqual([
    'client 10.0.0.1',
    'h7 10.0.0.70',
    'h9 10.0.0.3',
  ]);
  expect(topology.host('h7')?.interfaces[0]?.mac).toBe('00:00:00:00:07:00');
});

test('DPIDs are hexadecimal, with or without colons, and each switch has its own', () => {
  const { topology, notes } = imported({
    hosts: [node('h1')],
    switches: [
      node('core1', 4),
      node('edge1', 5),
      node('s3', 6, { dpid: '10' }),
      node('s4', 7, { dpid: '00:00:00:00:00:00:00:02' }),
    ],
    links: [link('h1', 'core1', [0, 1])],
  });
  expect(topology.switches.map(({ name, dpid }) => `${name} ${dpid}`)).toEqual([
    'core1 00:00:00:00:00:00:00:01',
    'edge1 00:00:00:00:00:00:00:03',
    's3 00:00:00:00:00:00:00:10',
    's4 00:00:00:00:00:00:00:02',
  ]);
  expect(notes).toEqual(['a switch has the DPID of another by its name, and is given a DPID (net.py:5:1)']);
});

test('links and hosts keep what limits them', () => {
  const { text, notes } = imported({
    hosts: [
      node('h1', 3, { cls: 'CPULimitedHost', cpu: 0.1, defaultRoute: 'via 10.0.0.254' }),
      node('h2', 4, { cpu: -1, defaultRoute: 'dev h2-eth0' }),
    ],
    switches: [node('s1')],
    links: [
      link('h1', 's1', [0, 1], 6, {
        bw: 10,
        delay: '5ms',
        jitter: '1ms',
        loss: 0.5,
        max_queue_size: 100,
        use_htb: true,
      }),
      link('h2', 's1', [0, 2], 7, { delay: 250, jitter: '1ms', loss: 0, max_queue_size: null }),
    ],
  });
  expect(text).toContain(`hosts:
  - {name: h1, default_route: 10.0.0.254, cpu: 0.4}
  - h2
switches:
  - s1
links:
  - {ends: [h1, s1], bw: 10, delay: 5 ms, jitter: 1 ms, loss: 0.5, max_queue: 100}
  - {ends: [h2, s1], delay: 0.25 ms, loss: 0}
`);
  expect(notes).toEqual([
    'cpu is a share of one CPU here, and there of all 4 that this machine has',
    'defaultRoute is left out where it is not an address (net.py:4:1)',
    'jitter is left out where it is more than the delay (net.py:7:1)',
  ]);
});

test('what a lab has no word for is told', () => {
  const { notes, topology } = imported({
    hosts: [node('h1', 3, { cls: 'MyHost', privateDirs: '/var/run' }), node('h2', 4), node('h3', 5)],
    switches: [node('s1', 6, { cls: 'OVSBridge', stp: true, protocols: 'OpenFlow13' })],
    links: [
      link('h1', 's1', [0, 1], 8, { cls: 'TCLink', bw: 10, use_htb: true, speedup: 0 }),
      link('h2', 's1', [0, 2], 9, { bw: 10_000 }),
      link('s1', 's1', [3, 4], 10),
    ],
  });
  expect(topology.links.map(({ bandwidthMbps }) => bandwidthMbps)).toEqual([10, undefined]);
  expect(notes).toEqual([
    'a node or link of class MyHost is an ordinary one here (net.py:3:1)',
    'the option privateDirs is left out (net.py:3:1)',
    'a node or link of class OVSBridge is an OpenFlow switch here, and does not learn addresses by itself (net.py:6:1)',
    'the option stp is left out (net.py:6:1)',
    'the option speedup is left out (net.py:8:1)',
    'bw is left out where it is not 0.1 to 1000 Mbit/s (net.py:9:1)',
    'a link from a node to itself is left out (net.py:10:1)',
    'its 2 parts with hosts are not linked to each other',
  ]);
});

test('what no lab can be like is told at the line of the program', () => {
  const wrong = () =>
    imported({
      hosts: [node('h1', 3), node('h2', 4, { ip: '10.0.0.1' }), node('h3', 5, { mac: 'ff:ff:ff:ff:ff:ff' })],
      switches: [node('s1', 6), node('s2', 7)],
      links: [
        link('h1', 's1', [0, 1], 8),
        link('h1', 's2', [1, 1], 9),
        link('h2', 'h3', [0, 0], 10),
        link('s1', 's2', [1, 9], 11),
      ],
    });
  expect(wrong).toThrow(ProblemError);
  try {
    wrong();
  } catch (error) {
    expect((error as ProblemError).problems.map((problem) => `${whereOf(problem)} ${problem.cause}`)).toEqual([
      'net.py:4:1 h2 and h1 have the same address, 10.0.0.1',
      'net.py:5:1 a host needs a unicast MAC address',
      'net.py:11:1 port 1 of s1 is taken by link 1',
    ]);
  }
});
