import fc from 'fast-check';
import { expect, test } from 'vitest';
import { macToNumber } from '../../src/model/addresses.ts';
import { type Connection, connectionOf } from '../../src/model/connection.ts';
import type { Fault } from '../../src/model/fault.ts';
import type { Flow, FlowEntry } from '../../src/model/openflow.ts';
import { compileConnections } from '../../src/plan/connections.ts';
import { checkEntries } from '../../src/plan/entry-check.ts';
import { forwardingFlows } from '../../src/plan/forwarding.ts';
import { routeProblems } from '../../src/plan/requests.ts';
import { stepsBetween } from '../../src/plan/steps.ts';
import { predict } from '../../src/sim/predict.ts';
import { askedMatrix } from '../../src/verify/asked.ts';
import { plainOf } from '../support/fixtures/hosts.ts';
import { anyConnections, anyTopology, s10h10, topologyOf } from '../support/fixtures/topologies.ts';

function reachablePairs(
  topology: typeof s10h10,
  connections: readonly { members: readonly string[] }[],
  forwarding: 'reactive' | 'none',
): string[] {
  const entries = new Map(topology.switches.map(({ dpid }) => [dpid, { flows: [] as Flow[], groups: [] }]));
  if (forwarding === 'reactive') {
    for (const [dpid, list] of forwardingFlows(topology)) entries.get(dpid)?.flows.push(...list);
  }
  for (const entry of flowsOf(topology, connections)) entries.get(entry.dpid)?.flows.push(entry);
  const matrix = predict({ topology, entries, missForwarding: 'none', faults: topology.faults });
  expect(matrix.unknown).toBe(0);
  const names = topology.hosts.map(({ name }) => name);
  return names.flatMap((a) => names.filter((b) => matrix.reaches(a, b)).map((b) => `${a}>${b}`));
}

/** Plans of one way have flows only. */
function flowsOf(
  topology: typeof s10h10,
  connections: readonly { members: readonly string[] }[],
): readonly FlowEntry[] {
  return compileConnections(topology, connections).entries.map((entry) => {
    if (entry.kind !== 'flow') throw new Error(`${entry.name} is no flow`);
    return entry;
  });
}

test('S10H10 with reactive forwarding reaches 44 of 90, as Floodlight does', () => {
  expect(reachablePairs(s10h10, [], 'reactive')).toHaveLength(44);
});

test('S10H10 with h2, h5 and h6 connected reaches the 20 pairs that the design measured', () => {
  const pairs = reachablePairs(s10h10, [connectionOf(s10h10, ['h2', 'h5', 'h6'])], 'reactive');
  const groups = [
    ['h2', 'h5', 'h6'],
    ['h1', 'h3', 'h7', 'h10'],
    ['h4', 'h8'],
  ];
  const wanted = groups.flatMap((group) => group.flatMap((a) => group.filter((b) => b !== a).map((b) => `${a}>${b}`)));
  expect(pairs.sort()).toEqual(wanted.sort());
});

test('S10H10 with h2, h5 and h6 connected and no forwarding reaches these 6 pairs only', () => {
  expect(reachablePairs(s10h10, [connectionOf(s10h10, ['h2', 'h5', 'h6'])], 'none').sort()).toEqual(
    ['h2>h5', 'h2>h6', 'h5>h2', 'h5>h6', 'h6>h2', 'h6>h5'].sort(),
  );
});

test('what a plan lets through is exactly what its connections ask for', () => {
  fc.assert(
    fc.property(anyConnections, ({ topology, connections }) => {
      const wanted = topology.hosts.flatMap(({ name: a }) =>
        topology.hosts
          .filter(({ name: b }) => a !== b && connections.some((c) => c.members.includes(a) && c.members.includes(b)))
          .map(({ name: b }) => `${a}>${b}`),
      );
      expect(reachablePairs(topology, connections, 'none')).toEqual(wanted);
    }),
    { numRuns: 200 },
  );
});

test('with reactive forwarding, hosts in no connection reach each other as before, and nobody else', () => {
  fc.assert(
    fc.property(anyConnections, ({ topology, connections }) => {
      const isConnected = (name: string) => connections.some(({ members }) => members.includes(name));
      const component = (name: string) =>
        topology.hostComponents().findIndex((hosts) => hosts.some((h) => h.name === name));
      const wanted = topology.hosts.flatMap(({ name: a }) =>
        topology.hosts
          .filter(({ name: b }) => {
            if (a === b) return false;
            if (connections.some(({ members }) => members.includes(a) && members.includes(b))) return true;
            return !isConnected(a) && !isConnected(b) && component(a) === component(b);
          })
          .map(({ name: b }) => `${a}>${b}`),
      );
      expect(reachablePairs(topology, connections, 'reactive')).toEqual(wanted);
    }),
    { numRuns: 200 },
  );
});

test('a plan depends neither on the order of connections nor on that of their members', () => {
  fc.assert(
    fc.property(anyConnections, ({ topology, connections }) => {
      const reversed = [...connections].reverse().map(({ members }) => ({ members: [...members].reverse() }));
      expect(compileConnections(topology, reversed)).toEqual(compileConnections(topology, connections));
    }),
  );
});

test('names of entries are unique, and so are their switch, priority and match', () => {
  fc.assert(
    fc.property(anyConnections, ({ topology, connections }) => {
      const entries = flowsOf(topology, connections);
      expect(new Set(entries.map(({ name }) => name)).size).toBe(entries.length);
      const keys = entries.map(({ dpid, priority, match }) =>
        JSON.stringify([dpid, priority, match], (_, value) => (typeof value === 'bigint' ? value.toString() : value)),
      );
      expect(new Set(keys).size).toBe(entries.length);
    }),
  );
});

test('steps from one plan to another, applied, leave no step to do', () => {
  fc.assert(
    fc.property(anyConnections, fc.infiniteStream(fc.boolean()), ({ topology, connections }, keep) => {
      const before = compileConnections(topology, connections).entries;
      const kept = connections.filter(() => keep.next().value);
      const after = compileConnections(topology, kept).entries;
      const { remove, push } = stepsBetween(before, after);
      const gone = new Set([...remove, ...push].map(({ name }) => name));
      const applied = [...before.filter(({ name }) => !gone.has(name)), ...push];
      expect(stepsBetween(applied, after)).toEqual({ remove: [], push: [] });
      expect(new Set(applied.map(({ name }) => name))).toEqual(new Set(after.map(({ name }) => name)));
    }),
  );
});

test('a connection of three hosts on S10H10 takes 39 entries, on the switches along their paths only', () => {
  const { entries } = compileConnections(s10h10, [connectionOf(s10h10, ['h2', 'h5', 'h6'])]);
  expect(entries).toHaveLength(39);
  expect([...new Set(entries.map(({ name }) => name.split('/')[1]))].sort()).toEqual(['s10', 's2', 's5', 's6']);
});

test('no entry of a plan matches LLDP, which Floodlight needs to find links', () => {
  fc.assert(
    fc.property(anyConnections, ({ topology, connections }) => {
      const entries = flowsOf(topology, connections);
      expect(checkEntries(topology, [], entries)).toEqual({ problems: [], warnings: [] });
      for (const { match } of entries) {
        // Either of another type, or of a host's own MAC address, which no switch sends LLDP from or to.
        const macs = topology.hosts.map((host) => macToNumber(plainOf(host).mac));
        const mac = match.eth_src?.value ?? match.eth_dst?.value;
        expect([0x0800n, 0x0806n].includes(match.eth_type?.value ?? 0n) || macs.includes(mac ?? 0n)).toBe(true);
      }
    }),
  );
});

test('a fence lets nothing of a member through but IPv4 and ARP with its peers', () => {
  const entries = flowsOf(s10h10, [connectionOf(s10h10, ['h2', 'h5'])]);
  const fences = entries.filter(({ name }) => name.startsWith('labctl/s2/fence'));
  expect(fences.map(({ match, instructions }) => [Object.keys(match), instructions.apply])).toEqual([
    [['eth_src'], []],
    [['eth_type', 'arp_tpa'], []],
    [['eth_dst'], []],
  ]);
});

test('forwarding takes the lowest port of equally short ways', () => {
  // s1 reaches s4 by s2 or by s3; its port 2 leads to s2.
  const square = topologyOf(4, [
    [1, 2],
    [1, 3],
    [2, 4],
    [3, 4],
  ]);
  const flows = forwardingFlows(square).get(square.switches[0]?.dpid ?? ('' as never)) ?? [];
  const toH4 = flows.filter(({ match }) => match.eth_dst?.value === 4n || match.arp_tpa?.value === 0x0a000004n);
  expect(toH4.map(({ instructions }) => instructions.apply)).toEqual([
    [{ kind: 'output', port: 2 }],
    [{ kind: 'output', port: 2 }],
  ]);
});

test('forwarding never floods, so that loops are harmless', () => {
  fc.assert(
    fc.property(anyTopology, (topology) => {
      for (const flows of forwardingFlows(topology).values()) {
        for (const { instructions } of flows)
          expect(typeof (instructions.apply[0] as { port: unknown }).port).toBe('number');
      }
    }),
  );
});

/** Of connections that say where their paths go, what is reached by their entries alone, and what was asked for. */
function reachedAndAsked(topology: typeof s10h10, connections: readonly Connection[]) {
  const asked = askedMatrix(topology, 'none', connections);
  const names = topology.hosts.map(({ name }) => name);
  return {
    reached: reachablePairs(topology, connections, 'none'),
    asked: names.flatMap((a) => names.filter((b) => asked.reaches(a, b)).map((b) => `${a}>${b}`)),
  };
}

test('a pair that one connection sends by s3 and s4, and another by s4 and s3, goes by one of the two all the way', () => {
  const ladder = topologyOf(5, [
    [1, 3],
    [1, 4],
    [3, 4],
    [3, 2],
    [4, 2],
    [2, 5],
  ]);
  const connections: readonly Connection[] = [
    // Its entry on s3 is for h5 what one of the last connection's is for h2.
    { members: ['h1', 'h5'], via: ['s3'] },
    { members: ['h1', 'h2'], via: ['s3', 's4'] },
    { members: ['h1', 'h2'], via: ['s4', 's3'] },
  ];
  const { reached, asked } = reachedAndAsked(ladder, connections);
  expect(reached).toEqual(asked);
});

test('connections that say where their paths go reach exactly what they ask for, whichever pairs they share', () => {
  const anyRouted = anyTopology.chain((topology) => {
    const hosts = topology.hosts.map(({ name }) => name);
    const switches = topology.switches.map(({ name }) => name);
    const connection = fc.record({
      members: fc.subarray(hosts, { minLength: 2 }),
      via: fc.shuffledSubarray(switches).map((names) => names.slice(0, 2)),
      avoid: fc.subarray(switches).map((names) => names.slice(0, 1).map((name) => ({ kind: 'switch', name }) as const)),
    });
    return fc.array(connection, { minLength: 1, maxLength: 4 }).map((connections) => ({
      topology,
      connections: connections.filter((each) => {
        const isRouted = each.via.length + each.avoid.length > 0;
        return isRouted && routeProblems(topology, each).length === 0;
      }),
    }));
  });
  fc.assert(
    fc.property(anyRouted, ({ topology, connections }) => {
      const { reached, asked } = reachedAndAsked(topology, connections);
      expect(reached).toEqual(asked);
    }),
    { numRuns: 400 },
  );
});

/** Whether a chain of links joins two switches that passes others in this order, and none twice; by trying all chains. */
function hasRoute(
  topology: typeof s10h10,
  from: string,
  to: string,
  via: readonly string[],
  passed: string[] = [],
): boolean {
  const visited = [...passed, from];
  const left = via[0] === from ? via.slice(1) : via;
  if (from === to && left.length === 0) return true;
  return topology
    .neighboursOf(from)
    .some(
      ({ peer }) =>
        topology.switchNamed(peer.node) !== undefined &&
        topology.linkIsUp(peer) &&
        !visited.includes(peer.node) &&
        hasRoute(topology, peer.node, to, left, visited),
    );
}

test('after a fault a pair goes where its own connections allow, and by no way of others', () => {
  const leaky = topologyOf(4, [
    [1, 2],
    [1, 3],
    [3, 2],
    [1, 4],
  ]);
  const anyLab = fc.oneof(fc.constant(leaky), anyTopology).chain((topology) => {
    const hosts = topology.hosts.map(({ name }) => name);
    const parts: Fault[] = [
      ...topology.switches.map(({ name }) => ({ kind: 'switch', name }) as const),
      ...topology.links.map(({ ends }) => ({ kind: 'link', between: [ends[0].node, ends[1].node] }) as const),
      ...topology.links.map(
        ({ ends: [a, b] }) => ({ kind: 'link', between: [a.node, b.node], ports: [a.port, b.port] }) as const,
      ),
    ];
    const connection = fc.record({
      members: fc.subarray(hosts, { minLength: 2, maxLength: Math.min(hosts.length, 3) }),
      via: fc.subarray(
        topology.switches.map(({ name }) => name),
        { maxLength: 1 },
      ),
      avoid: fc.subarray(parts, { maxLength: 1 }),
    });
    return fc.record({
      topology: fc.subarray(parts, { maxLength: 2 }).map((faults) => topology.withFaults(faults)),
      connections: fc.array(connection, { minLength: 1, maxLength: 3 }),
    });
  });
  fc.assert(
    fc.property(anyLab, ({ topology, connections }) => {
      const wanted = (a: string, b: string) =>
        connections.some(({ members, via, avoid }) => {
          if (!members.includes(a) || !members.includes(b)) return false;
          const left = topology.withFaults([...topology.faults, ...avoid]);
          // Via is in the order of the topology from the earlier member on.
          const [first, second] = members.indexOf(a) < members.indexOf(b) ? [a, b] : [b, a];
          const access = [first, second].map((name) => `s${name.slice(1)}`);
          const isAttached = (each: typeof topology) =>
            [first, second].every((name = '') => each.neighboursOf(name).every(({ peer }) => each.linkIsUp(peer)));
          return isAttached(left) && hasRoute(left, access[0] ?? '', access[1] ?? '', via);
        });
      const names = topology.hosts.map(({ name }) => name);
      const asked = names.flatMap((a) => names.filter((b) => a !== b && wanted(a, b)).map((b) => `${a}>${b}`));
      expect(reachablePairs(topology, connections, 'none')).toEqual(asked);
    }),
    { numRuns: 1500 },
  );
});
