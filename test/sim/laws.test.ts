import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Dpid } from '../../src/model/addresses.ts';
import type { Connection, Forwarding } from '../../src/model/connection.ts';
import type { Fault } from '../../src/model/fault.ts';
import type { MatchField } from '../../src/model/match.ts';
import type { Action, Bucket, Entry, Flow, Group } from '../../src/model/openflow.ts';
import type { Topology } from '../../src/model/topology.ts';
import { compileConnections } from '../../src/plan/connections.ts';
import { forwardingFlows } from '../../src/plan/forwarding.ts';
import { exchangeBetween } from '../../src/sim/exchange.ts';
import { Network, type NetworkState } from '../../src/sim/network.ts';
import type { SwitchEntries } from '../../src/sim/pipeline.ts';
import { predict } from '../../src/sim/predict.ts';
import { askedMatrix } from '../../src/verify/asked.ts';
import { flow, output, popVlan, pushVlan, setField, toGroup } from '../support/fixtures/entries.ts';
import { anyConnections, anyTopology, withAnyWays } from '../support/fixtures/topologies.ts';

const macs = ['00:00:00:00:00:01', '00:00:00:00:00:02', '00:00:00:00:00:03'];
const ips = ['10.0.0.1', '10.0.0.2', '10.0.0.3'];
const anyMac = fc.constantFrom(...macs, '00:00:00:00:00:00/00:00:00:00:00:01', '01:00:00:00:00:00/01:00:00:00:00:00');
const anyIp = fc.constantFrom(...ips, '10.0.0.0/8', '10.0.0.2/31', '0.0.0.1/0.0.0.1');

const ofIpv4 = fc.record(
  {
    ipv4_src: anyIp,
    ipv4_dst: anyIp,
    ip_proto: fc.constantFrom('1', '6'),
  },
  { requiredKeys: [] },
);
const ofEcho = fc.record({ icmpv4_type: fc.constantFrom('0', '8') }, { requiredKeys: [] });
const ofArp = fc.record(
  { arp_opcode: fc.constantFrom('1', '2'), arp_spa: anyIp, arp_tpa: anyIp, arp_sha: anyMac, arp_tha: anyMac },
  { requiredKeys: [] },
);
const ofAny = fc.record(
  {
    in_port: fc.constantFrom('1', '2', '3'),
    eth_src: anyMac,
    eth_dst: anyMac,
    eth_vlan_vid: fc.constantFrom('0', '0x1000/0x1000', '0x1005'),
  },
  { requiredKeys: [] },
);
const anyMatch = fc.oneof(
  ofAny,
  fc.tuple(ofAny, ofIpv4).map(([any, ip]) => ({ ...any, eth_type: '0x0800', ...ip })),
  fc.tuple(ofIpv4, ofEcho).map(([ip, icmp]) => ({ ...ip, eth_type: '0x0800', ip_proto: '1', ...icmp })),
  fc.tuple(ofAny, ofArp).map(([any, arp]) => ({ ...any, eth_type: '0x0806', ...arp })),
);

const anyOutput = fc
  .constantFrom<Parameters<typeof output>[0]>(1, 1, 2, 2, 3, 4, 'flood', 'flood', 'all', 'in_port', 'controller')
  .map(output);
const anyRewrite: fc.Arbitrary<Action> = fc
  .oneof(
    fc.tuple(fc.constantFrom<MatchField>('eth_src', 'eth_dst', 'arp_sha', 'arp_tha'), fc.constantFrom(...macs)),
    fc.tuple(fc.constantFrom<MatchField>('ipv4_src', 'ipv4_dst', 'arp_spa', 'arp_tpa'), fc.constantFrom(...ips)),
    fc.constantFrom<[MatchField, string]>(['eth_vlan_vid', '0x1005'], ['icmpv4_type', '8'], ['ip_dscp', '5']),
  )
  .map(([field, text]) => setField(field, text));
const anyVlan = fc.constantFrom<Action>(pushVlan, popVlan);

/** Lists of actions: seldom with rewriting, so that both roads of the prediction are taken. */
const actionsWith = (...more: fc.WeightedArbitrary<Action>[]) =>
  fc.array(fc.oneof({ weight: 6, arbitrary: anyOutput }, ...more), { maxLength: 3 });
const groupWith = (actions: fc.Arbitrary<Action[]>): fc.Arbitrary<Group> =>
  fc
    .record({
      groupType: fc.constantFrom<Group['groupType']>('all', 'select', 'indirect', 'fast_failover'),
      parts: fc.array(
        fc.record({
          port: fc.integer({ min: 1, max: 4 }),
          actions,
        }),
        { minLength: 1, maxLength: 3 },
      ),
    })
    .map(({ groupType, parts }) => ({
      groupId: 0,
      groupType,
      buckets: (groupType === 'indirect' ? parts.slice(0, 1) : parts).map(
        ({ port, actions }): Bucket => ({
          actions,
          ...(groupType === 'select' ? { weight: 1 } : {}),
          ...(groupType === 'fast_failover' ? { watchPort: port } : {}),
        }),
      ),
    }));

const flowsWith = (actions: fc.Arbitrary<Action[]>): fc.Arbitrary<Flow[]> =>
  fc.array(
    fc
      .record(
        {
          table: fc.constantFrom(0, 0, 0, 1),
          priority: fc.integer({ min: 1, max: 2 }),
          match: anyMatch,
          apply: actions,
          write: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: actions }),
          clear: fc.boolean(),
          goto: fc.constant(1),
        },
        { requiredKeys: ['table', 'priority', 'match', 'apply'] },
      )
      .map(({ goto, ...parts }) => flow({ ...parts, ...(parts.table === 0 && goto !== undefined ? { goto } : {}) })),
    { maxLength: 5 },
  );

const plainActions = actionsWith({ weight: 2, arbitrary: fc.constantFrom(1, 2, 3).map(toGroup) });
const rewritingActions = actionsWith(
  { weight: 2, arbitrary: fc.constantFrom(1, 2, 3).map(toGroup) },
  { weight: 2, arbitrary: anyRewrite },
  { weight: 1, arbitrary: anyVlan },
);

const anySwitchEntries = (actions: fc.Arbitrary<Action[]>): fc.Arbitrary<SwitchEntries> =>
  fc.record({
    flows: fc
      .tuple(flowsWith(actions), fc.boolean())
      // Most switches flood what nothing else matches, or too little would arrive anywhere.
      .map(([flows, isFlooding]) => (isFlooding ? [...flows, flow({ priority: 0, apply: [output('flood')] })] : flows)),
    groups: fc
      .array(groupWith(actions), { maxLength: 3 })
      .map((groups) => groups.map((each, index) => ({ ...each, groupId: index + 1 }))),
  });

const anyFaults = (topology: Topology): fc.Arbitrary<Fault[]> => {
  const links = topology.links.map(({ ends }): Fault => ({ kind: 'link', between: [ends[0].node, ends[1].node] }));
  const switches = topology.switches.map(({ name }): Fault => ({ kind: 'switch', name }));
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant<Fault[]>([]) },
    fc.subarray([...links, ...switches], { maxLength: 2 }),
  );
};

function heldIn(entries: readonly Entry[], dpid: Dpid): SwitchEntries {
  const here = entries.filter((entry) => entry.dpid === dpid);
  return {
    flows: here.filter((entry) => entry.kind === 'flow'),
    groups: here.filter((entry) => entry.kind === 'group'),
  };
}

/** Networks of random raw entries, with what connections and forwarding put there on some. */
const anyNetwork = (actions: fc.Arbitrary<Action[]>): fc.Arbitrary<NetworkState> =>
  anyConnections.chain(withAnyWays).chain(({ topology, connections }) =>
    fc.record({
      topology: fc.constant(topology),
      entries: fc
        .tuple(
          fc.array(anySwitchEntries(actions), {
            minLength: topology.switches.length,
            maxLength: topology.switches.length,
          }),
          fc.boolean(),
        )
        .map(([lists, isPlanned]) => {
          const planned = isPlanned ? compileConnections(topology, connections).entries : [];
          return new Map<Dpid, SwitchEntries>(
            topology.switches.map(({ dpid }, index) => [
              dpid,
              {
                flows: [...(lists[index]?.flows ?? []), ...heldIn(planned, dpid).flows],
                groups: [...(lists[index]?.groups ?? []), ...heldIn(planned, dpid).groups],
              },
            ]),
          );
        }),
      missForwarding: fc.constantFrom('none', 'shortest-path'),
      faults: anyFaults(topology),
    }),
  );

/** Both predictions as one text per pair, so that a difference names it. */
function byMatrix(state: NetworkState): string[] {
  const matrix = predict(state);
  return cells(state.topology, (a, b) => (matrix.at(a, b) === null ? 1 : matrix.reaches(a, b) ? 2 : 0));
}

function oneByOne(state: NetworkState): string[] {
  const network = new Network(state);
  const index = new Map(state.topology.hosts.map(({ name }, position) => [name, position]));
  return cells(state.topology, (a, b) => exchangeBetween(network, index.get(a) ?? -1, index.get(b) ?? -1).certainty);
}

function cells({ hosts }: Topology, certaintyOf: (source: string, target: string) => number): string[] {
  return hosts.flatMap(({ name: a }) =>
    hosts.filter(({ name: b }) => b !== a).map(({ name: b }) => `${a} -> ${b}: ${certaintyOf(a, b)}`),
  );
}

describe('the whole matrix by classes of packets is that of the pings one by one', () => {
  test('with entries that leave packets as they are', () => {
    fc.assert(
      fc.property(anyNetwork(plainActions), (state) => {
        expect(byMatrix(state)).toEqual(oneByOne(state));
      }),
      { numRuns: 500 },
    );
  });

  test('with entries that rewrite them', () => {
    fc.assert(
      fc.property(anyNetwork(rewritingActions), (state) => {
        expect(byMatrix(state)).toEqual(oneByOne(state));
      }),
      { numRuns: 500 },
    );
  });
});

describe('what a plan reaches is what was asked for', () => {
  const asked = (topology: Topology, forwarding: Forwarding, connections: readonly Connection[]) => {
    const matrix = askedMatrix(topology, forwarding, connections);
    return cells(topology, (a, b) => (matrix.reaches(a, b) ? 2 : 0));
  };
  const heldBy = (
    topology: Topology,
    entries: readonly Entry[],
    forwarding: ReadonlyMap<Dpid, readonly Flow[]> = new Map(),
  ) =>
    new Map(
      topology.switches.map(({ dpid }) => {
        const { flows, groups } = heldIn(entries, dpid);
        return [dpid, { flows: [...flows, ...(forwarding.get(dpid) ?? [])], groups }] as const;
      }),
    );

  test('without forwarding', () => {
    fc.assert(
      fc.property(anyConnections.chain(withAnyWays), ({ topology, connections }) => {
        const entries = heldBy(topology, compileConnections(topology, connections).entries);
        const state: NetworkState = { topology, entries, missForwarding: 'none', faults: [] };
        expect(byMatrix(state)).toEqual(asked(topology, 'none', connections));
      }),
      { numRuns: 300 },
    );
  });

  test('with a controller that forwards what no entry matches, and with its entries', () => {
    fc.assert(
      fc.property(anyConnections.chain(withAnyWays), ({ topology, connections }) => {
        const plan = compileConnections(topology, connections).entries;
        const wanted = asked(topology, 'reactive', connections);
        const rest = { topology, faults: [] };
        const reactive = { ...rest, entries: heldBy(topology, plan), missForwarding: 'shortest-path' } as const;
        const proactive = {
          ...rest,
          entries: heldBy(topology, plan, forwardingFlows(topology)),
          missForwarding: 'none',
        } as const;
        expect(byMatrix(reactive)).toEqual(wanted);
        expect(byMatrix(proactive)).toEqual(wanted);
      }),
      { numRuns: 300 },
    );
  });
});

test('a controller that forwards goes round every fault that leaves a way', () => {
  fc.assert(
    fc.property(
      anyTopology.chain((topology) => fc.record({ topology: fc.constant(topology), faults: anyFaults(topology) })),
      ({ topology, faults }) => {
        const isDown = (a: string, b: string) =>
          faults.some((fault) =>
            fault.kind === 'switch'
              ? [a, b].includes(fault.name)
              : fault.between.includes(a) && fault.between.includes(b),
          );
        const reachable = (from: string) => {
          const found = new Set([from]);
          for (const node of found) {
            for (const { peer } of topology.neighboursOf(node)) if (!isDown(node, peer.node)) found.add(peer.node);
          }
          return found;
        };
        const state: NetworkState = { topology, entries: new Map(), missForwarding: 'shortest-path', faults };
        expect(byMatrix(state)).toEqual(cells(topology, (a, b) => (reachable(a).has(b) ? 2 : 0)));
      },
    ),
    { numRuns: 200 },
  );
});
