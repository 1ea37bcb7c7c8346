import { expect, test } from 'vitest';
import { addressName, allPoints, hostPoints, pointNamed, unknownPoint } from '../../src/model/points.ts';
import { addressesOf } from '../../src/model/topology.ts';
import { readSpec } from '../../src/spec/read.ts';

const { topology } = readSpec(
  'lab.yaml',
  `version: 1
hosts:
  - {name: h1, ip: 10.0.0.1/8, addresses: [10.0.0.7/8]}
  - {name: r, interfaces: [{}, {ip: 10.0.1.1/24, addresses: [10.0.1.9/24]}, {vlan: 100, ip: 10.0.2.1/24}]}
  - lone
switches: [s1]
links: [[h1, s1], [r, s1], [r, s1]]
`,
);

test('every address has a name: its host, its interface, or the address itself', () => {
  const names = topology.hosts.flatMap((host) => addressesOf(host).map((address) => addressName(host, address)));
  // r's first interface has no address: its own is that of the second.
  expect(names).toEqual(['h1', 'h1:10.0.0.7', 'r', 'r:10.0.1.9', 'r:eth1.100']);
  expect(allPoints(topology).map(({ name, ip, isSource }) => `${name} ${ip} ${isSource}`)).toEqual([
    'h1 10.0.0.1 false',
    'h1:10.0.0.7 10.0.0.7 true',
    'r 10.0.1.1 false',
    'r:10.0.1.9 10.0.1.9 true',
    'r:eth1.100 10.0.2.1 true',
    'lone undefined false',
  ]);
  expect(hostPoints(topology).map(({ name }) => name)).toEqual(['h1', 'r', 'lone']);
});

test('each is found by all of its names, and nothing else is', () => {
  for (const [text, name] of [
    ['h1', 'h1'],
    ['h1:eth0', 'h1'],
    ['h1:10.0.0.1', 'h1'],
    ['h1:10.0.0.7', 'h1:10.0.0.7'],
    ['r:eth1', 'r'],
    ['r:eth1.100', 'r:eth1.100'],
    ['r:10.0.2.1', 'r:eth1.100'],
    ['lone', 'lone'],
  ] as const) {
    expect(pointNamed(topology, text)?.name, text).toBe(name);
  }
  for (const text of ['h2', 's1', 'r:eth0', 'r:eth2', 'h1:', 'h1:10.0.1.1', 'lone:eth0', '']) {
    expect(pointNamed(topology, text), text).toBeUndefined();
  }
});

test('a name of nothing is told, with those that there are', () => {
  expect(unknownPoint(topology, 'r:eth0')).toEqual({
    cause: 'r has no address at eth0',
    remedy: 'name one of r, r:10.0.1.9, r:eth1.100',
  });
  expect(unknownPoint(topology, 'lone:eth0')).toEqual({ cause: 'lone has no address at eth0', remedy: 'give it one' });
  expect(unknownPoint(topology, 'h9:eth0').cause).toBe('there is no host h9');
});
