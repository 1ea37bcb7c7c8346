import { expect, test } from 'vitest';
import { ProblemError } from '../../../src/model/problem.ts';
import { ownAddressOf } from '../../../src/model/topology.ts';
import { graphOfMininet, type MininetTopology } from '../../../src/spec/import/mininet.ts';
import { specOfGraph } from '../../../src/spec/import/spec-of-graph.ts';
import { readSpec } from '../../../src/spec/read.ts';
import { plainOf } from '../../support/fixtures/hosts.ts';
import { whereOf } from '../../support/harness/input-problems.ts';

type Node = MininetTopology['hosts'][number];
type Link = MininetTopology['links'][number];

const node = (name: string, line = 0, options: Node['options'] = {}, forwards = false): Node => ({
  name,
  line,
  options,
  forwards,
});
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

test('a host keeps its links, the addresses of its interfaces and their names; a router by its class forwards', () => {
  const { text, notes } = imported({
    hosts: [
      node('h1', 3, { ip: '172.16.0.100/12', defaultRoute: 'via 172.16.0.1' }),
      node('r0', 4, { cls: 'LinuxRouter', ip: '192.168.1.1/24' }, true),
    ],
    switches: [node('s1'), node('s2')],
    links: [
      link('s1', 'r0', [1, 0], 6, {
        intfName2: 'r0-eth1',
        params2: { ip: '192.168.1.9/24' },
        addr2: '02:00:00:00:00:01',
      }),
      link('r0', 's2', [1, 1], 7, {
        intfName1: 'r0-eth2',
        params1: { ip: '172.16.0.1/12', bw: 5 },
        intfName2: 'uplink',
      }),
      link('h1', 's2', [0, 2], 8, { intfName1: 'lan0', addr2: '02:00:00:00:00:02' }),
      link('h1', 'r0', [1, 2], 9, { intfName2: 'r0-eth3' }),
    ],
  });
  expect(text).toContain(`hosts:
  - {name: h1, ip: 172.16.0.100/12, default_route: 172.16.0.1}
  - {name: r0, interfaces: [{ip: 192.168.1.1/24, mac: "02:00:00:00:00:01"}, {ip: 172.16.0.1/12}], forward: true}
switches:
  - s1
  - s2
links:
  - [s1, r0:1]
  - [r0:2, s2]
  - [h1, s2]
  - [h1, r0:3]
`);
  expect(notes).toEqual([
    'the option bw of one end is left out (net.py:7:1)',
    'an interface is called after its node and port here, whatever intfName says (net.py:8:1, net.py:7:1)',
    'a host whose class has ip_forward=1 in its code, as LinuxRouter has, is a router here (net.py:4:1)',
    "an ip in the params of a host's first interface is replaced by the host's, as by mn (net.py:6:1)",
    "what is said of a link's end at a switch is left out (net.py:8:1)",
  ]);
});

test('a router that a class does not show, and one with a single address, forward nothing, and that is told', () => {
  const { text, notes } = imported({
    hosts: [node('r1', 3, { cls: 'LinuxRouter' }), node('r2', 4, { cls: 'Router' }, true)],
    switches: [node('s1')],
    links: [link('r1', 's1', [0, 1]), link('r2', 's1', [0, 2])],
  });
  expect(text).not.toContain('forward: true');
  expect(notes).toEqual([
    'a node or link of class LinuxRouter is an ordinary one here (net.py:3:1)',
    'a host whose class has ip_forward=1 in its code, as LinuxRouter has, is a router here (net.py:4:1)',
    'forwarding is left out where a host has fewer than two addresses (net.py:4:1)',
  ]);
});

test('a host of a VLAN has its address there; a wrong VLAN is told', () => {
  const { text, notes } = imported({
    hosts: [
      node('h1', 3, { cls: 'VLANHost', vlan: 100 }),
      node('h2', 4, { vlan: 5000, ip: '10.0.0.2/8' }),
      node('longname99', 5, { vlan: 4094, ip: '10.0.0.9/8', defaultRoute: 'via 10.0.0.1' }),
    ],
    switches: [node('s1')],
    links: ['h1', 'h2', 'longname99'].map((name, index) => link(name, 's1', [0, index + 1])),
  });
  expect(text).toContain(`hosts:
  - {name: h1, interfaces: [{vlan: 100, ip: 10.0.0.1}]}
  - {name: h2, ip: 10.0.0.2/8}
  - {name: longn, interfaces: [{vlan: 4094, ip: 10.0.0.9/8}], default_route: 10.0.0.1, label: longname99}
`);
  expect(notes).toEqual([
    'vlan is left out where it is not 1 to 4094 (net.py:4:1)',
    'the default route of a host with a VLAN, which VLANHost loses, is kept (net.py:5:1)',
    "the name longname99 cannot be an interface's (letters, digits and _, not too long): it is longn here (net.py:5:1)",
  ]);
});

test('a host without an address has none, and one whose router is out of reach no route to it', () => {
  const { topology, notes } = imported({
    hosts: [
      node('h1', 3, { ip: null, defaultRoute: 'via 10.0.0.9' }),
      node('h2', 4, { defaultRoute: 'via 192.168.0.1' }),
      node('h3', 5, { defaultRoute: 'dev h3-eth0 via 10.0.0.2' }),
      node('h4', 6, { ip: '10.9.9.9/8' }),
    ],
    switches: [node('s1')],
    links: ['h1', 'h2', 'h3'].map((name, index) => link(name, 's1', [0, index + 1])),
  });
  expect(topology.hosts.map((host) => [ownAddressOf(host)?.ip, host.routes?.map(({ via }) => via)])).toEqual([
    [undefined, undefined],
    ['10.0.0.2', undefined],
    ['10.0.0.3', ['10.0.0.2']],
    [undefined, undefined],
  ]);
  expect(notes).toEqual([
    'a host without a link has no interface: its address is left out (net.py:6:1)',
    'a route is left out whose router is in no subnet of the host (net.py:3:1, net.py:4:1)',
    'its 2 parts with hosts are not linked to each other',
  ]);
});
