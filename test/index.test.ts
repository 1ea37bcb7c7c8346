import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compileConnections, connectionOf, type Forwarding, networkOf, predict, readSpec } from '../src/index.ts';

const file = join(import.meta.dirname, '../topologies/s10h10.yaml');

// What Floodlight was measured to do with S10H10.
test.each<[number, readonly string[], Forwarding]>([
  [44, [], 'reactive'],
  [20, ['h2', 'h5', 'h6'], 'reactive'],
  [6, ['h2', 'h5', 'h6'], 'none'],
])('the library predicts that %i of 90 pairs reach with %j connected, forwarding %s', (received, hosts, forwarding) => {
  const spec = readSpec(file, readFileSync(file, 'utf8'));
  const connections = hosts.length === 0 ? [] : [connectionOf(spec.topology, hosts)];
  const { entries } = compileConnections(spec.topology, connections);
  const matrix = predict(networkOf({ ...spec, forwarding, entries }));
  expect(matrix.received).toBe(received);
});
