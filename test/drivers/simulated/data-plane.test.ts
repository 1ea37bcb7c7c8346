import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SimulatedDataPlane } from '../../../src/drivers/simulated/data-plane.ts';
import { SimulatedTables } from '../../../src/drivers/simulated/tables.ts';
import type { TableChange } from '../../../src/drivers/switch-tables.ts';
import { type Dpid, ipv4FromNumber, macFromNumber, portNumber } from '../../../src/model/addresses.ts';
import { exactly, type Match } from '../../../src/model/match.ts';
import type { Action, Flow, Group } from '../../../src/model/openflow.ts';
import { hostPoints } from '../../../src/model/points.ts';
import { type Link, type LinkEnd, Topology } from '../../../src/model/topology.ts';
import { forwardingFlows } from '../../../src/plan/forwarding.ts';
import { predict } from '../../../src/sim/predict.ts';
import { hostOf } from '../../support/fixtures/hosts.ts';
import { anyTopology, s10h10, topologyOf } from '../../support/fixtures/topologies.ts';

const never = new AbortController().signal;

function flow(match: Match, apply: readonly Action[], more: Partial<Flow> = {}): TableChange {
  const instructions = { apply, clearActions: false, write: [] };
  const made = {
    tableId: 0,
    priority: 100,
    match,
    instructions,
    idleTimeoutSeconds: 0,
    hardTimeoutSeconds: 0,
    ...more,
  };
  return { kind: 'add-flow', flow: made, cookie: 1n };
}

const output = (port: number): Action => ({ kind: 'output', port });
const from = (port: number): Match => ({ in_port: exactly('in_port', BigInt(port)) });

async function forwardOn(tables: SimulatedTables, topology: Topology): Promise<void> {
  for (const [dpid, flows] of forwardingFlows(topology)) {
    await tables.apply(
      dpid,
      flows.map((each) => ({ kind: 'add-flow', flow: each, cookie: 2n })),
    );
  }
}

/** The pairs that answer, as `h1-h2`. */
async function answering(plane: SimulatedDataPlane): Promise<readonly string[]> {
  const results = await plane.probeAll(hostPoints(plane.topology), 0, never, () => {});
  return results.flatMap(({ source, target, rttMs }) => (rttMs === null ? [] : [`${source}-${target}`]));
}

/** A diamond: h1 on s1, h4 on s4, and s2 and s3 between them. */
const diamond = topologyOf(4, [
  [1, 2],
  [1, 3],
  [2, 4],
  [3, 4],
]);
const S1 = '00:00:00:00:00:00:00:01' as Dpid;
const S2 = '00:00:00:00:00:00:00:02' as Dpid;
const S4 = '00:00:00:00:00:00:00:04' as Dpid;

describe('a simulated network', () => {
  it('is up at once, and needs nothing to be ended', async () => {
    const plane = new SimulatedDataPlane(s10h10, new SimulatedTables(s10h10));
    await plane.start(never);
    expect(await answering(plane)).toEqual([]);
    await plane.stop();
    await plane.stop();
  });

  it('answers what the tables that it has at the time let through, in no time and to one probe', async () => {
    const tables = new SimulatedTables(s10h10);
    const plane = new SimulatedDataPlane(s10h10, tables);
    await forwardOn(tables, s10h10);
    const results = await plane.probeAll(hostPoints(plane.topology), 0, never, () => {});
    expect(results).toHaveLength(90);
    expect(results.filter(({ rttMs }) => rttMs === 0)).toHaveLength(44);
    expect(results.filter(({ rttMs }) => rttMs === null)).toHaveLength(46);
    expect(new Set(results.map(({ probes }) => probes))).toEqual(new Set([1]));
    await tables.apply('00:00:00:00:00:00:00:0a' as Dpid, [flow({}, [], { priority: 9 })]);
    // s10 is between {1, 3, 6}, {2} and {5, 7}, and 10 is its own host.
    expect(await answering(plane)).toHaveLength(6 + 2 + 2);
  });

  it('tells how far it is, and stops when it is told to', async () => {
    const plane = new SimulatedDataPlane(s10h10, new SimulatedTables(s10h10));
    const seen: unknown[] = [];
    await plane.probeAll(hostPoints(plane.topology), 0, never, (progress) => seen.push(progress));
    expect(seen.at(-1)).toEqual({ pairs: 90, answered: 0, round: 1 });
    const wide = topologyOf(20, []);
    const large = new SimulatedDataPlane(wide, new SimulatedTables(wide));
    const enough = new AbortController();
    const probes = large.probeAll(hostPoints(wide), 0, enough.signal, () => enough.abort(new Error('enough')));
    await expect(probes).rejects.toThrow('enough');
  });

  it('runs no commands, and says what to do', async () => {
    const plane = new SimulatedDataPlane(s10h10, new SimulatedTables(s10h10));
    const problem = { kind: 'input', code: 'simulated', remedy: expect.stringContaining('--dataplane mininet') };
    const capture = { node: 'h1', interfaceName: 'h1-eth0', form: 'text', count: undefined, filter: [] } as const;
    for (const run of [() => plane.commandOn('h1'), () => plane.toolOn('h1'), () => plane.capture(capture)]) {
      expect(run).toThrow(expect.objectContaining({ problems: [expect.objectContaining(problem)] }));
    }
    await expect(plane.measureWhile()).rejects.toMatchObject({ problems: [{ kind: 'input', code: 'simulated' }] });
    await expect(plane.traceAt(S1)).rejects.toMatchObject({ problems: [problem] });
  });

  it('lets nothing through where a link or a switch is down, and a switch that comes back holds nothing', async () => {
    const tables = new SimulatedTables(s10h10);
    const plane = new SimulatedDataPlane(s10h10, tables);
    await forwardOn(tables, s10h10);
    await plane.setLink({ kind: 'link', between: ['s3', 's1'] }, false);
    // {1}, {2, 3, 5, 6, 7, 10} and {4, 8}.
    expect(await answering(plane)).toHaveLength(30 + 2);
    expect((await tables.ports(S1)).map(({ port, hasLink }) => [port, hasLink])).toEqual([
      [1, true],
      [2, false],
      ['local', false],
    ]);
    await plane.setLink({ kind: 'link', between: ['s1', 's3'] }, true);
    expect(await answering(plane)).toHaveLength(44);

    await plane.setSwitch('s1', false);
    expect(await answering(plane)).toHaveLength(30 + 2);
    expect(await plane.entriesOf(S1)).toEqual({ flows: [], groups: [] });
    await expect(tables.apply(S1, [flow({}, [])])).rejects.toMatchObject({
      problems: [{ code: 'switch-unreachable' }],
    });
    await plane.setSwitch('s1', true);
    expect(await tables.flows(S1)).toEqual([]);
    expect(await answering(plane)).toHaveLength(30 + 2);
    await forwardOn(tables, s10h10);
    expect(await answering(plane)).toHaveLength(44);
  });

  it('counts the packets of a ping: an ARP request, its reply, an echo request and its reply', async () => {
    const pair = topologyOf(2, [[1, 2]]);
    const tables = new SimulatedTables(pair);
    await tables.apply(S1, [flow(from(1), [output(2)]), flow(from(2), [output(1)])]);
    await tables.apply(S2, [flow(from(1), [output(2)]), flow(from(2), [output(1)])]);
    const plane = new SimulatedDataPlane(pair, tables);
    expect(await answering(plane)).toEqual(['h1-h2', 'h2-h1']);
    // Two pings, one each way: 2 ARP messages of 42 bytes and 2 echo messages of 98 bytes pass each way.
    expect(await tables.flows(S1)).toMatchObject([
      { match: from(1), packets: 4n, bytes: 280n },
      { match: from(2), packets: 4n, bytes: 280n },
    ]);
    const counted = (await tables.portCounters(S2)).map((port) => [port.port, port.receivedPackets, port.sentPackets]);
    expect(counted).toEqual([
      [1, 4n, 4n],
      [2, 4n, 4n],
      ['local', 0n, 0n],
    ]);
  });

  it('keeps an entry with an idle timeout as long as pings use it', async () => {
    const pair = topologyOf(2, [[1, 2]]);
    const clock = { now: 0 };
    const tables = new SimulatedTables(pair, () => clock.now);
    const idle = { idleTimeoutSeconds: 10 };
    await tables.apply(S1, [flow(from(1), [output(2)], idle), flow(from(2), [output(1)], idle)]);
    await tables.apply(S2, [flow(from(1), [output(2)]), flow(from(2), [output(1)])]);
    const plane = new SimulatedDataPlane(pair, tables);
    for (const now of [9_000, 18_000]) {
      clock.now = now;
      expect(await answering(plane)).toEqual(['h1-h2', 'h2-h1']);
    }
    clock.now = 28_000;
    expect(await answering(plane)).toEqual([]);
  });

  it('does not know of pairs whose packets may be lost among copies that go round for ever', async () => {
    const ring = topologyOf(3, [
      [1, 2],
      [2, 3],
      [3, 1],
    ]);
    const tables = new SimulatedTables(ring);
    for (const { dpid } of ring.switches) await tables.apply(dpid, [flow({}, [{ kind: 'output', port: 'flood' }])]);
    const results = await new SimulatedDataPlane(ring, tables).probeAll(hostPoints(ring), 0, never, () => {});
    expect(results.map(({ rttMs, isUnknown }) => [rttMs, isUnknown])).toEqual(Array(6).fill([null, true]));
  });
});

/** From s1 by s2 or by s3 as a select group has it, but at s3 nothing goes on. */
async function balanced(weights: readonly [number, number]): Promise<SimulatedTables> {
  const tables = new SimulatedTables(diamond);
  await forwardOn(tables, diamond);
  const group: Group = {
    groupId: 1,
    groupType: 'select',
    buckets: [2, 3].map((port, index) => ({ weight: weights[index] ?? 0, actions: [output(port)] })),
  };
  await tables.apply(S1, [{ kind: 'add-group', group }, flow(from(1), [{ kind: 'group', groupId: 1 }])]);
  await tables.apply('00:00:00:00:00:00:00:03' as Dpid, [flow(from(2), [])]);
  return tables;
}

describe('what entries leave to the switches', () => {
  it('is chosen by a hash: the same for the same lab, and by weights', async () => {
    const first = await answering(new SimulatedDataPlane(diamond, await balanced([1, 1])));
    const again = new SimulatedDataPlane(diamond, await balanced([1, 1]));
    expect(await answering(again)).toEqual(first);
    expect(await answering(again)).toEqual(first);
    const toH4 = async (weights: readonly [number, number]) =>
      (await answering(new SimulatedDataPlane(diamond, await balanced(weights)))).includes('h1-h4');
    expect(await toH4([1, 0])).toBe(true);
    expect(await toH4([0, 1])).toBe(false);
  });

  it('goes to every bucket, and to a heavier one more often', async () => {
    const many = 60;
    const ends = [...Array(many).keys()].map((index) => ({ node: `h${index + 1}`, port: portNumber(0) }));
    const link = (a: LinkEnd, node: string, port: number): Link => ({ ends: [a, { node, port: portNumber(port) }] });
    const parallel = new Topology({
      hosts: [...ends, { node: 'far' }].map(({ node }, index) =>
        hostOf({
          name: node,
          ip: ipv4FromNumber(0x0a000001n + BigInt(index)),
          prefixLength: 8,
          mac: macFromNumber(1n + BigInt(index)),
        }),
      ),
      switches: diamond.switches.slice(0, 2),
      links: [
        ...ends.map((end, index) => link(end, 's1', index + 1)),
        link({ node: 'far', port: portNumber(0) }, 's2', 1),
        ...[101, 102].map((port) => link({ node: 's1', port: portNumber(port) }, 's2', port)),
      ],
    });
    const tables = new SimulatedTables(parallel);
    await forwardOn(tables, parallel);
    const group: Group = {
      groupId: 1,
      groupType: 'select',
      buckets: [
        { weight: 3, actions: [output(101)] },
        { weight: 1, actions: [output(102)] },
      ],
    };
    const toFar = { eth_dst: exactly('eth_dst', BigInt(many + 1)) };
    await tables.apply(S1, [{ kind: 'add-group', group }, flow(toFar, [{ kind: 'group', groupId: 1 }])]);
    expect(await answering(new SimulatedDataPlane(parallel, tables))).toHaveLength((many + 1) * many);
    const received = new Map((await tables.portCounters(S2)).map((port) => [port.port, Number(port.receivedPackets)]));
    const [heavy = 0, light = 0] = [received.get(101), received.get(102)];
    // To `far` each host sends two echo messages, and its ARP reply, by the group; its ARP request by forwarding.
    expect(heavy + light).toBe(4 * many);
    expect(light).toBeGreaterThan(many / 10);
    expect(heavy - many).toBeGreaterThan(light);
  });

  it('is one of overlapping entries, and always the same, in whatever order they came', async () => {
    const overlapping = [
      flow({ eth_src: exactly('eth_src', 1n) }, [output(2)]),
      flow({ ...from(1), eth_type: exactly('eth_type', 0x0800n) }, []),
    ];
    const outcomes = await Promise.all(
      [overlapping, overlapping.toReversed()].map(async (changes) => {
        const tables = new SimulatedTables(diamond);
        await forwardOn(tables, diamond);
        await tables.apply(S1, changes);
        return answering(new SimulatedDataPlane(diamond, tables));
      }),
    );
    expect(outcomes[0]).toEqual(outcomes[1]);
  });
});

describe('pings one by one', () => {
  const anyAction = (ports: number): fc.Arbitrary<Action> =>
    fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 1, max: ports }).map(output) },
      fc.constantFrom<Action>({ kind: 'output', port: 'flood' }, { kind: 'output', port: 'in_port' }),
      fc.integer({ min: 1, max: 2 }).map((groupId): Action => ({ kind: 'group', groupId })),
      fc
        .integer({ min: 1, max: 4 })
        .map((number): Action => ({ kind: 'set_field', field: 'eth_dst', value: BigInt(number) })),
    );
  const anyMatch = fc.oneof(
    fc.integer({ min: 1, max: 3 }).map(from),
    fc.integer({ min: 1, max: 4 }).map((number): Match => ({ eth_src: exactly('eth_src', BigInt(number)) })),
    fc.integer({ min: 1, max: 4 }).map((number): Match => ({ eth_dst: exactly('eth_dst', BigInt(number)) })),
    fc.constantFrom(0x0800n, 0x0806n).map((type): Match => ({ eth_type: exactly('eth_type', type) })),
  );
  const anyGroups = fc.tuple(
    ...([1, 2] as const).map((groupId) =>
      fc.record({ groupType: fc.constantFrom('all', 'select'), ports: fc.array(fc.integer({ min: 1, max: 3 })) }).map(
        ({ groupType, ports }): Group => ({
          groupId,
          groupType,
          buckets: ports.map((port) => ({ ...(groupType === 'select' ? { weight: 1 } : {}), actions: [output(port)] })),
        }),
      ),
    ),
  );
  const anyChanges = fc.record({
    groups: anyGroups,
    flows: fc.array(
      fc
        .tuple(anyMatch, fc.array(anyAction(3), { maxLength: 2 }), fc.integer({ min: 2, max: 5 }))
        .map(([match, apply, priority]) => flow(match, apply, { priority })),
      { maxLength: 3 },
    ),
  });

  it('reach whom the prediction says, but where that leaves it open', async () => {
    const reached = { decided: 0, undecided: 0 };
    await fc.assert(
      fc.asyncProperty(anyTopology, fc.array(anyChanges, { maxLength: 7 }), async (topology, changes) => {
        const tables = new SimulatedTables(topology);
        await forwardOn(tables, topology);
        for (const [index, { groups, flows }] of changes.entries()) {
          const dpid = topology.switches[index]?.dpid;
          if (dpid === undefined) continue;
          await tables.apply(dpid, [...groups.map((group) => ({ kind: 'add-group', group }) as const), ...flows]);
        }
        const matrix = predict({
          topology,
          entries: tables.entries(),
          missForwarding: 'none',
          faults: [],
        });
        const results = await new SimulatedDataPlane(topology, tables).probeAll(
          hostPoints(topology),
          0,
          never,
          () => {},
        );
        for (const { source, target, rttMs, isUnknown } of results) {
          if (matrix.at(source, target) === null || isUnknown) reached.undecided += 1;
          else {
            expect([source, target, rttMs !== null]).toEqual([source, target, matrix.reaches(source, target)]);
            reached.decided += 1;
          }
        }
      }),
      { numRuns: 400 },
    );
    expect(reached.decided).toBeGreaterThan(1_000);
    expect(reached.undecided).toBeGreaterThan(20);
  });

  it('are not made one by one where there are many, unless an entry has to be told of its use', async () => {
    const wide = topologyOf(
      72,
      [...Array(71).keys()].map((index) => [1, index + 2] as const),
    );
    const tables = new SimulatedTables(wide);
    await forwardOn(tables, wide);
    const plane = new SimulatedDataPlane(wide, tables);
    expect(await answering(plane)).toHaveLength(72 * 71);
    expect((await tables.flows(S1)).every(({ packets }) => packets === 0n)).toBe(true);
    await tables.apply(S4, [flow(from(9), [], { idleTimeoutSeconds: 60 })]);
    expect(await answering(plane)).toHaveLength(72 * 71);
    expect((await tables.flows(S1)).some(({ packets }) => packets > 0n)).toBe(true);
  });
});
