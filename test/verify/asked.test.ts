import { expect, test } from 'vitest';
import { formatPingall } from '../../src/model/matrix.ts';
import { readSpec } from '../../src/spec/read.ts';
import { askedMatrix } from '../../src/verify/asked.ts';

/** What is asked for of two hosts in subnets of their own, and r between them. */
function asked(r: string, more = ''): readonly string[] {
  const text = `version: 1
hosts:
  - {name: h1, ip: 10.0.1.2/24, default_route: 10.0.1.1}
  - {name: h2, ip: 10.0.2.2/24, default_route: 10.0.2.1}
  - {name: r, ip: 10.0.1.1/24, addresses: [10.0.2.1/24]${r}}
switches: [s1]
links: [[h1, s1], [h2, s1], [r, s1]]
${more}`;
  const { topology, forwarding, connections } = readSpec('lab.yaml', text);
  return formatPingall(askedMatrix(topology, forwarding, connections))
    .split('\n')
    .slice(0, -1);
}

test('a router that the spec describes joins its subnets', () => {
  expect(asked(', forward: true')).toEqual(['h1 -> h2 r', 'h2 -> h1 r', 'r -> h1 h2']);
});

test('a host that forwards nothing joins none', () => {
  expect(asked('')).toEqual(['h1 -> X r', 'h2 -> X r', 'r -> h1 h2']);
});

test('where start commands may make a host a router, either is right', () => {
  const start = ', start: [sysctl -w net.ipv4.ip_forward=1]';
  expect(asked(start)).toEqual(['h1 -> ? r', 'h2 -> ? r', 'r -> h1 h2']);
  // No command makes the controller forward.
  expect(asked(start, 'forwarding: none')).toEqual(['h1 -> X X', 'h2 -> X X', 'r -> X X']);
});

test('a router that is in a connection still forwards for others', () => {
  expect(asked(', forward: true', 'connections: [[h1, r]]')).toEqual(['h1 -> X r', 'h2 -> X X', 'r -> h1 X']);
  const four = `version: 1
hosts:
  - {name: h1, ip: 10.0.1.2/24, default_route: 10.0.1.1}
  - {name: h2, ip: 10.0.2.2/24, default_route: 10.0.2.1}
  - {name: h3, ip: 10.0.1.3/24, default_route: 10.0.1.1}
  - {name: r, ip: 10.0.1.1/24, addresses: [10.0.2.1/24], forward: true}
switches: [s1]
links: [[h1, s1], [h2, s1], [h3, s1], [r, s1]]
connections: [[h1, r]]
`;
  const { topology, forwarding, connections } = readSpec('lab.yaml', four);
  expect(
    formatPingall(askedMatrix(topology, forwarding, connections))
      .split('\n')
      .slice(0, -1),
  ).toEqual(['h1 -> X X r', 'h2 -> X h3 X', 'h3 -> X h2 X', 'r -> h1 X X']);
});
