import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseFlow } from '../../src/drivers/open-vswitch/ofctl-text.ts';
import { decodePost } from '../../src/drivers/pusher/post-reader.ts';
import type { Dpid } from '../../src/model/addresses.ts';
import { connectionOf } from '../../src/model/connection.ts';
import { formatPingall, ReachabilityMatrix } from '../../src/model/matrix.ts';
import type { Entry } from '../../src/model/openflow.ts';
import { compileConnections } from '../../src/plan/connections.ts';
import { forwardingFlows } from '../../src/plan/forwarding.ts';
import { exchangeBetween } from '../../src/sim/exchange.ts';
import { Network, type NetworkState } from '../../src/sim/network.ts';
import { predict } from '../../src/sim/predict.ts';
import { readSpec } from '../../src/spec/read.ts';
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

/** r1, r2 and r3 share a subnet; each of the others is behind one of them. */
function behindThreeRouters(subnets: number, hostsInEach: number) {
  const numbers = Array.from({ length: subnets }, (_, index) => index + 1);
  const routerOf = (subnet: number) => 1 + (subnet % 3);
  const routers = [1, 2, 3].map((router) => {
    const own = numbers.filter((subnet) => routerOf(subnet) === router);
    const others = numbers.filter((subnet) => routerOf(subnet) !== router);
    const interfaces = [`{ip: 10.100.0.${router}/24}`, ...own.map((subnet) => `{ip: 10.0.${subnet}.254/24}`)];
    const routes = others.map((subnet) => `{to: 10.0.${subnet}.0/24, via: 10.100.0.${routerOf(subnet)}}`);
    const links = [`[r${router}, s99]`, ...own.map((subnet) => `[r${router}, s${subnet}]`)];
    return { host: `{name: r${router}, forward: true, interfaces: [${interfaces}], routes: [${routes}]}`, links };
  });
  const hosts = numbers.flatMap((subnet) =>
    Array.from({ length: hostsInEach }, (_, index) => {
      const name = `h${(subnet - 1) * hostsInEach + index + 1}`;
      const host = `{name: ${name}, ip: 10.0.${subnet}.${index + 1}/24, default_route: 10.0.${subnet}.254}`;
      return { host, links: [`[${name}, s${subnet}]`] };
    }),
  );
  const all = [...routers, ...hosts];
  const text = `version: 1
hosts: [${all.map(({ host }) => host)}]
switches: [s99, ${numbers.map((subnet) => `s${subnet}`)}]
links: [${all.flatMap(({ links }) => links)}]
`;
  return readSpec('lab.yaml', text).topology;
}

test('a hundred hosts in ten subnets behind three routers reach each other, which is known in seconds', () => {
  const topology = behindThreeRouters(10, 10);
  const entries = new Map([...forwardingFlows(topology)].map(([dpid, flows]) => [dpid, { flows, groups: [] }]));
  const begun = performance.now();
  const matrix = predict({ topology, entries, missForwarding: 'none', faults: [] });
  expect(performance.now() - begun).toBeLessThan(20_000);
  expect([matrix.received, matrix.unknown]).toEqual([103 * 102, 0]);
}, 60_000);

test('pairs by routers are predicted together as they are alone, with entries that tell them apart or rewrite them', () => {
  const topology = behindThreeRouters(3, 2);
  const lines = {
    s1: ['priority=9,icmp,nw_src=10.0.2.0/24 actions=drop', 'priority=9,arp,arp_spa=10.0.1.254 actions=FLOOD'],
    s2: ['priority=9,icmp,nw_dst=10.0.3.1,icmp_type=8 actions=set_field:10.0.3.2->ip_dst,NORMAL'],
    s3: ['priority=9,icmp,nw_src=10.0.3.1 actions=set_field:1->nw_ecn,ALL', 'priority=10,nw_ecn=1,icmp actions=drop'],
    s99: ['priority=9,icmp,nw_dst=10.0.3.2 actions=push_vlan:0x8100,set_field:0x1005->vlan_vid,NORMAL'],
  };
  const entries = new Map(
    topology.switches.map(({ name, dpid }) => {
      const more = lines[name as keyof typeof lines].flatMap((line) => parseFlow(line) ?? []);
      return [dpid, { flows: [...(forwardingFlows(topology).get(dpid) ?? []), ...more], groups: [] }];
    }),
  );
  const state: NetworkState = { topology, entries, missForwarding: 'none', faults: [] };
  const [matrix, network] = [predict(state), new Network(state)];
  const names = topology.hosts.map(({ name }) => name);
  const pairs = names.flatMap((source, from) => names.map((target, to) => ({ source, target, from, to })));
  const others = pairs.filter(({ from, to }) => from !== to);
  const together = others.map(({ source, target }) => matrix.at(source, target));
  expect(together).toEqual(
    others.map(({ from, to }) => [false, null, true][exchangeBetween(network, from, to).certainty]),
  );
  expect(new Set(together)).toEqual(new Set([true, false]));
});
