import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodePost } from '../../src/drivers/pusher/post-reader.ts';
import type { Dpid } from '../../src/model/addresses.ts';
import { connectionOf } from '../../src/model/connection.ts';
import { formatPingall, ReachabilityMatrix } from '../../src/model/matrix.ts';
import type { Entry } from '../../src/model/openflow.ts';
import { compileConnections } from '../../src/plan/connections.ts';
import { forwardingFlows } from '../../src/plan/forwarding.ts';
import type { NetworkState } from '../../src/sim/network.ts';
import { predict } from '../../src/sim/predict.ts';
import { s10h10 } from '../support/fixtures/topologies.ts';

// The expected matrices are those that the design measured on a real Floodlight. They are compared as text: of objects with
// private fields, `toEqual` finds any two equal.

const hosts = s10h10.hosts.map(({ name }) => name);

function predicted(entries: readonly Entry[], state: Partial<NetworkState> = {}): string {
  const held = new Map(s10h10.switches.map(({ dpid }) => [dpid, { flows: [] as Entry[], groups: [] as Entry[] }]));
  for (const entry of entries) held.get(entry.dpid)?.[entry.kind === 'flow' ? 'flows' : 'groups'].push(entry);
  const matrix = predict({
    topology: s10h10,
    entries: held as never,
    missForwarding: 'shortest-path',
    faults: [],
    ...state,
  });
  expect(matrix.unknown).toBe(0);
  return formatPingall(matrix);
}

const groups = (...lists: string[]) =>
  formatPingall(
    ReachabilityMatrix.ofGroups(
      hosts,
      lists.map((list) => list.split(' ').map((number) => `h${number}`)),
    ),
  );

function tutorialEntries(numbers: readonly number[]): Entry[] {
  return numbers.flatMap((number) => {
    const file = join(import.meta.dirname, `../../topologies/tutorial/flow-mod-${number}.json`);
    const read = decodePost(JSON.parse(readFileSync(file, 'utf8')));
    if (!('entry' in read)) throw new Error(`${file}: ${read.refusals[0]?.reason}`);
    return [read.entry];
  });
}

test('S10H10 with reactive forwarding reaches 44 of 90', () => {
  expect(predicted([])).toBe(groups('1 2 3 5 6 7 10', '4 8', '9'));
});

test('the flows that the embedded controller forwards by reach the same 44', () => {
  const entries = new Map<Dpid, { flows: readonly never[]; groups: readonly never[] }>(
    [...forwardingFlows(s10h10)].map(([dpid, flows]) => [dpid, { flows: flows as never, groups: [] }]),
  );
  expect(predicted([], { entries, missForwarding: 'none' })).toBe(groups('1 2 3 5 6 7 10', '4 8', '9'));
});

test('S10H10 with h2, h5 and h6 connected reaches 20, and 6 without forwarding', () => {
  const { entries } = compileConnections(s10h10, [connectionOf(s10h10, ['h2', 'h5', 'h6'])]);
  expect(predicted(entries)).toBe(groups('2 5 6', '1 3 7 10', '4 8'));
  expect(predicted(entries, { missForwarding: 'none' })).toBe(groups('2 5 6'));
});

test("the tutorial's flow-mod-1 to 6 as written reach 16 at once", () => {
  expect(predicted(tutorialEntries([1, 2, 3, 4, 5, 6]))).toBe(
    groups('1 3', '2 5', '2 6', '2 10', '4 8', '5 6', '5 10', '6 10'),
  );
});

test("the tutorial's flow-mod-1 to 6 with s10 addressed rightly reach 8", () => {
  const entries = tutorialEntries([1, 2, 3, 4, 5, 6]).map((entry) =>
    entry.dpid === '00:00:00:00:00:00:00:10' ? { ...entry, dpid: '00:00:00:00:00:00:00:0a' as Dpid } : entry,
  );
  expect(predicted(entries)).toBe(groups('1 3', '2 10', '4 8', '5 6'));
});
