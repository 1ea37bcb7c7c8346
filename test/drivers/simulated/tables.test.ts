import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OpenVSwitchTables } from '../../../src/drivers/open-vswitch/tables.ts';
import { SimulatedTables } from '../../../src/drivers/simulated/tables.ts';
import type { SwitchTables, TableChange } from '../../../src/drivers/switch-tables.ts';
import type { Dpid } from '../../../src/model/addresses.ts';
import { exactly, type Match, type MatchField } from '../../../src/model/match.ts';
import {
  type Action,
  effectKey,
  type Flow,
  type Group,
  type Instructions,
  type OutputPort,
} from '../../../src/model/openflow.ts';
import { ProblemError } from '../../../src/model/problem.ts';
import { s10h10 } from '../../support/fixtures/topologies.ts';
import { startBridges, type TestBridges } from '../../support/harness/open-vswitch.ts';

const S6 = '00:00:00:00:00:00:00:06' as Dpid;
const COOKIE = 0xa000004039d1a6n;

const output = (port: OutputPort): Action => ({ kind: 'output', port });
const group = (groupId: number): Action => ({ kind: 'group', groupId });
const set = (field: MatchField, value: bigint): Action => ({ kind: 'set_field', field, value });
const push: Action = { kind: 'push_vlan', ethType: 0x8100 };
const pop: Action = { kind: 'pop_vlan' };
const apply = (...actions: Action[]): Instructions => ({ apply: actions, clearActions: false, write: [] });
const write = (...actions: Action[]): Instructions => ({ apply: [], clearActions: false, write: actions });

function flow(match: Match, instructions: Instructions = apply(output(2)), more: Partial<Flow> = {}): Flow {
  return { tableId: 0, priority: 100, match, instructions, idleTimeoutSeconds: 0, hardTimeoutSeconds: 0, ...more };
}

const add = (...parts: Parameters<typeof flow>): TableChange => ({
  kind: 'add-flow',
  flow: flow(...parts),
  cookie: COOKIE,
});
const addGroup = (made: Group): TableChange => ({ kind: 'add-group', group: made });
const modify = (made: Group): TableChange => ({ kind: 'modify-group', group: made });
const deleteGroup = (groupId: number): TableChange => ({ kind: 'delete-group', groupId });
const toAll = (groupId: number, ...lists: Action[][]): Group => ({
  groupId,
  groupType: 'all',
  buckets: lists.map((actions) => ({ actions })),
});

const ipv4 = { eth_type: exactly('eth_type', 0x0800n) };
const arp = { eth_type: exactly('eth_type', 0x0806n) };
const tcp = { ...ipv4, ip_proto: exactly('ip_proto', 6n) };
const tagged = { eth_vlan_vid: { value: 0x1000n, mask: 0x1000n } };
const untagged = { eth_vlan_vid: exactly('eth_vlan_vid', 0n) };

/**
 * What changes of one switch come to, one `apply` for each list: `taken`, or the code by which the last is refused.
 * `by ovs-ofctl`: real ones do not come as far as the switch, and are refused in words of its own.
 */
const CASES: Readonly<Record<string, readonly [outcome: string, ...changes: (readonly TableChange[])[]]>> = {
  'a flow to a missing group': ['OFPBAC_BAD_OUT_GROUP', [add({}, apply(group(9)))]],
  'a flow that writes a missing group': ['OFPBAC_BAD_OUT_GROUP', [add({}, write(group(9)))]],
  'a flow to a group that goes in the same bundle': [
    'OFPBAC_BAD_OUT_GROUP',
    [addGroup(toAll(1)), deleteGroup(1), add({}, apply(group(1)))],
  ],
  'a group that exists': ['OFPGMFC_GROUP_EXISTS', [addGroup(toAll(1))], [addGroup(toAll(1, [output(2)]))]],
  'a group twice in a bundle': ['OFPGMFC_GROUP_EXISTS', [addGroup(toAll(1)), addGroup(toAll(1))]],
  'a modified group that does not exist': ['OFPGMFC_UNKNOWN_GROUP', [modify(toAll(1))]],
  'a group that was deleted before': ['OFPGMFC_UNKNOWN_GROUP', [addGroup(toAll(1)), deleteGroup(1), modify(toAll(1))]],
  'a group of another type': [
    'taken',
    [addGroup(toAll(1))],
    [modify({ groupId: 1, groupType: 'select', buckets: [{ actions: [output(3)] }] })],
  ],
  'a group of a missing group': ['taken', [addGroup(toAll(1, [group(2)]))]],
  'a group to itself': ['taken', [addGroup(toAll(1, [group(1)]))]],
  'groups in a circle': [
    'taken',
    [addGroup(toAll(1, [output(1)])), addGroup(toAll(2, [group(1)]))],
    [modify(toAll(1, [group(2)]))],
  ],
  'a group deleted under its flows': [
    'taken',
    [addGroup(toAll(1)), add({}, apply(group(1))), add(ipv4, write(group(1))), add(arp)],
    [deleteGroup(1)],
  ],
  'a group deleted under another': [
    'taken',
    [addGroup(toAll(1)), addGroup(toAll(2, [group(1)])), add({}, apply(group(2)))],
    [deleteGroup(1)],
  ],
  'a group deleted and made anew': [
    'taken',
    [addGroup(toAll(1)), add({}, apply(group(1)))],
    [deleteGroup(1), addGroup(toAll(1, [output(2)]))],
  ],
  'a missing group deleted': ['taken', [deleteGroup(1)]],
  'a missing flow deleted': ['taken', [add({}), { kind: 'delete-flow', flow: flow({}, apply(), { priority: 5 }) }]],
  'a flow over another': ['taken', [add({}), add({}, apply(output(3))), add(ipv4)], [add(ipv4, write(output(1)))]],
  'the last table': ['OFPBRC_EPERM', [add({}, apply(output(1)), { tableId: 254 })]],
  'a missing group from the last table': ['OFPBRC_EPERM', [add({}, apply(group(9)), { tableId: 254 })]],
  'the last table after a missing group': [
    'OFPBRC_EPERM',
    [add({}, apply(group(9))), add({}, apply(), { tableId: 254 })],
  ],
  'goto_table to an earlier table': ['OFPBIC_BAD_TABLE_ID', [add({}, { ...apply(), gotoTable: 1 }, { tableId: 2 })]],
  'goto_table to the same table': ['OFPBIC_BAD_TABLE_ID', [add({}, { ...apply(), gotoTable: 2 }, { tableId: 2 })]],
  'goto_table to the last': ['taken', [add({}, { ...apply(), gotoTable: 254 })]],
  'an earlier table after the last one': [
    'OFPBIC_BAD_TABLE_ID',
    [add({}, apply(), { tableId: 254 }), add({}, { ...apply(), gotoTable: 0 })],
  ],
  'an output to a port that is not there': ['taken', [add({}, apply(output(99)))]],
  'an output to a reserved number': ['OFPBAC_BAD_OUT_PORT', [add({}, apply(output(0xff00)))]],
  'a written output to a reserved number': ['OFPBAC_BAD_OUT_PORT', [add({}, write(output(0xff00)))]],
  'a bucket to a reserved number': ['OFPBAC_BAD_OUT_PORT', [addGroup(toAll(1, [output(0xff00)]))]],
  'an in-port that is not there': ['taken', [add({ in_port: exactly('in_port', 99n) })]],
  'an output to the in-port': ['taken', [add({ in_port: exactly('in_port', 2n) })]],
  'a watch port that is not there': [
    'taken',
    [addGroup({ groupId: 1, groupType: 'fast_failover', buckets: [{ watchPort: 99, actions: [output(1)] }] })],
  ],
  'a watch port with a reserved number': [
    'OFPGMFC_BAD_WATCH by ovs-ofctl',
    [addGroup({ groupId: 1, groupType: 'fast_failover', buckets: [{ watchPort: 0xff00, actions: [] }] })],
  ],
  'a fast-failover bucket that watches nothing': [
    'OFPGMFC_INVALID_GROUP by ovs-ofctl',
    [addGroup({ groupId: 1, groupType: 'fast_failover', buckets: [{ actions: [output(1)] }] })],
  ],
  'a watch port in a group of all': [
    'OFPGMFC_WATCH_UNSUPPORTED',
    [addGroup({ groupId: 1, groupType: 'all', buckets: [{ watchPort: 1, actions: [output(1)] }] })],
  ],
  'a watch port in an indirect group': [
    'OFPGMFC_WATCH_UNSUPPORTED',
    [addGroup({ groupId: 1, groupType: 'indirect', buckets: [{ watchPort: 1, actions: [output(1)] }] })],
  ],
  'a watch port in a select group': [
    'taken',
    [addGroup({ groupId: 1, groupType: 'select', buckets: [{ weight: 3, watchPort: 3, actions: [output(1)] }] })],
  ],
  'a weight in a group of all': [
    'OFPGMFC_INVALID_GROUP by ovs-ofctl',
    [addGroup({ groupId: 1, groupType: 'all', buckets: [{ weight: 3, actions: [output(1)] }] })],
  ],
  'a weight of nothing': [
    'taken',
    [addGroup({ groupId: 1, groupType: 'select', buckets: [{ weight: 0, actions: [output(1)] }] })],
  ],
  'no weight in a select group': [
    'taken',
    [addGroup({ groupId: 1, groupType: 'select', buckets: [{ actions: [output(1)] }, { weight: 2, actions: [] }] })],
  ],
  'an indirect group of two buckets': [
    'OFPGMFC_INVALID_GROUP by ovs-ofctl',
    [addGroup({ groupId: 1, groupType: 'indirect', buckets: [{ actions: [] }, { actions: [] }] })],
  ],
  'an indirect group of none': [
    'OFPGMFC_INVALID_GROUP',
    [addGroup({ groupId: 1, groupType: 'indirect', buckets: [] })],
  ],
  'a group id beyond the last': ['OFPGMFC_INVALID_GROUP by ovs-ofctl', [addGroup(toAll(0xffffff01))]],
  'buckets that no match vouches for': [
    'taken',
    [
      addGroup(
        toAll(
          1,
          [set('ipv4_dst', 6n), output(1)],
          [set('eth_vlan_pcp', 3n), pop, output(2), output(3)],
          [set('eth_vlan_vid', 0x1005n)],
        ),
      ),
    ],
  ],
  'a bucket that sets a VLAN id without its bit': [
    'OFPBAC_BAD_SET_ARGUMENT',
    [addGroup(toAll(1, [set('eth_vlan_vid', 5n)]))],
  ],
  'a VLAN id without its bit': ['OFPBAC_BAD_SET_ARGUMENT', [add(tagged, apply(set('eth_vlan_vid', 5n)))]],
  'a bucket that sets the Ethernet type': [
    'OFPBAC_BAD_SET_TYPE by ovs-ofctl',
    [addGroup(toAll(1, [set('eth_type', 0x800n)]))],
  ],
  'a flow that sets the protocol': ['OFPBAC_BAD_SET_TYPE by ovs-ofctl', [add(ipv4, apply(set('ip_proto', 6n)))]],
  'an IPv4 address set in anything': ['OFPBAC_MATCH_INCONSISTENT', [add({}, apply(set('ipv4_dst', 3n)))]],
  'an IPv4 address set in ARP': ['OFPBAC_MATCH_INCONSISTENT', [add(arp, apply(set('ipv4_dst', 3n)))]],
  'an IPv4 address set in IPv4': ['taken', [add(ipv4, apply(set('ipv4_dst', 3n), output(2)))]],
  'an IPv4 address written in anything': ['OFPBAC_MATCH_INCONSISTENT', [add({}, write(set('ipv4_dst', 3n)))]],
  'an ARP address set in IPv4': ['OFPBAC_MATCH_INCONSISTENT', [add(ipv4, apply(set('arp_tpa', 3n)))]],
  'a TCP port set in IPv4': ['OFPBAC_MATCH_INCONSISTENT', [add(ipv4, apply(set('tcp_dst', 3n)))]],
  'a UDP port set in TCP': ['OFPBAC_MATCH_INCONSISTENT', [add(tcp, apply(set('udp_dst', 3n)))]],
  'a TCP port set in TCP': ['taken', [add(tcp, apply(set('tcp_dst', 3n), output(2)))]],
  'a VLAN id set without a tag': ['OFPBAC_MATCH_INCONSISTENT', [add({}, apply(set('eth_vlan_vid', 0x1005n)))]],
  'a VLAN priority set where there is no tag': [
    'OFPBAC_MATCH_INCONSISTENT',
    [add(untagged, apply(set('eth_vlan_pcp', 3n)))],
  ],
  'a VLAN id set in a tag': ['taken', [add(tagged, apply(set('eth_vlan_vid', 0x1005n), output(2)))]],
  'a VLAN id set in a pushed tag': ['taken', [add({}, apply(push, set('eth_vlan_vid', 0x1005n), output(2)))]],
  'a VLAN id set after the tag is popped': [
    'OFPBAC_MATCH_INCONSISTENT',
    [add(tagged, apply(pop, set('eth_vlan_vid', 0x1005n)))],
  ],
  'a VLAN priority written after the tag is popped': [
    'OFPBAC_MATCH_INCONSISTENT',
    [add(tagged, { ...apply(pop), write: [set('eth_vlan_pcp', 3n)] })],
  ],
  'a VLAN priority written after a tag is pushed': [
    'taken',
    [add({}, { ...apply(push), write: [set('eth_vlan_pcp', 3n), output(2)] })],
  ],
  'a tag popped that is not there': ['OFPBAC_MATCH_INCONSISTENT by ovs-ofctl', [add({}, apply(pop))]],
  'a tag popped twice': ['OFPBAC_MATCH_INCONSISTENT by ovs-ofctl', [add(tagged, apply(pop, pop))]],
  'a tag popped by the action set': ['taken', [add({}, write(pop, output(2)))]],
  'two tags pushed and one popped': ['taken', [add({}, apply(push, push, pop, set('eth_vlan_vid', 0x1005n)))]],
  'a third tag': ['OFPBAC_BAD_TAG', [add({}, apply(push, push, push))]],
  'a second tag over one that is matched, and a third': ['OFPBAC_BAD_TAG', [add(tagged, apply(push, push))]],
  'a tag of another type': [
    'OFPBAC_BAD_ARGUMENT by ovs-ofctl',
    [add({}, apply({ kind: 'push_vlan', ethType: 0x800 }))],
  ],
  'a mask that the field does not take': [
    'OFPBMC_BAD_MASK by ovs-ofctl',
    [add({ eth_type: { value: 0x800n, mask: 0xff00n } })],
  ],
  'actions written twice and out of their order': [
    'taken',
    [add({}, { apply: [], clearActions: true, write: [output(1), set('eth_dst', 1n), set('eth_dst', 2n), output(2)] })],
  ],
  'a queue': ['taken', [add({}, apply({ kind: 'set_queue', queueId: 3 }, output(2)))]],
  'the first of two refusals': ['OFPBAC_BAD_OUT_GROUP', [add({}, apply(group(9))), modify(toAll(4))]],
  'nothing at all': ['taken', []],
};

async function outcomeOf(tables: SwitchTables, changes: readonly TableChange[]): Promise<ProblemError | 'taken'> {
  try {
    await tables.apply(S6, changes);
    return 'taken';
  } catch (error) {
    if (error instanceof ProblemError) return error;
    throw error;
  }
}

/** What a switch holds, in an order of its own; without what passes by itself. */
async function heldBy(tables: SwitchTables): Promise<readonly string[]> {
  const flows = await tables.flows(S6);
  return [
    ...flows.map((held) => `${effectKey(held)} cookie ${held.cookie} ${held.sendsFlowRemoved}`),
    ...(await tables.groups(S6)).map(effectKey),
  ].sort();
}

describe('simulated tables beside those of Open vSwitch', () => {
  let bridges: TestBridges;
  let real: OpenVSwitchTables;
  beforeAll(async () => {
    bridges = await startBridges(s10h10);
    real = new OpenVSwitchTables((dpid) => bridges.socketOf(dpid));
  });
  afterAll(() => bridges.stop());

  async function empty(): Promise<void> {
    await real.apply(S6, [
      ...(await real.flows(S6)).map((held) => ({ kind: 'delete-flow', flow: held }) as const),
      ...(await real.groups(S6)).map(({ groupId }) => deleteGroup(groupId)),
    ]);
    expect(await heldBy(real)).toEqual([]);
  }

  it.each(Object.entries(CASES))('do the same about %s', async (_, [outcome, ...steps]) => {
    await empty();
    const simulated = new SimulatedTables(s10h10);
    const [code, byOfctl] = outcome.split(' by ');
    for (const [index, changes] of steps.entries()) {
      const outcomes = [await outcomeOf(real, changes), await outcomeOf(simulated, changes)] as const;
      if (index < steps.length - 1 || code === 'taken') expect(outcomes).toEqual(['taken', 'taken']);
      else {
        const [real, simulated] = outcomes.map((each) => (each === 'taken' ? each : each.problems));
        expect(simulated).toMatchObject([{ code: 'switch-refused', cause: expect.stringContaining(`(${code})`) }]);
        if (byOfctl === undefined) expect(simulated).toEqual(real);
        else expect(real).toMatchObject([{ code: 'switch-refused', cause: expect.stringContaining('ovs-ofctl') }]);
      }
      expect(await heldBy(simulated)).toEqual(await heldBy(real));
    }
  });

  it('hold the same after any changes, and refuse the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(anyChange, { minLength: 1, maxLength: 4 }), { maxLength: 6 }),
        async (steps) => {
          await empty();
          const simulated = new SimulatedTables(s10h10);
          for (const changes of steps) {
            const [left, right] = [await outcomeOf(real, changes), await outcomeOf(simulated, changes)];
            expect(right === 'taken' ? right : right.problems).toEqual(left === 'taken' ? left : left.problems);
            expect(await heldBy(simulated)).toEqual(await heldBy(real));
          }
        },
      ),
      { numRuns: 40 },
    );
  });
});

const anyId = fc.integer({ min: 1, max: 3 });
/** Often refused, by each of the codes that a switch itself has. */
const anyAction: fc.Arbitrary<Action> = fc.oneof(
  fc.constantFrom<OutputPort>(1, 3, 'in_port', 'flood', 'controller', 'table').map(output),
  anyId.map(group),
  fc.constantFrom(set('eth_dst', 6n), set('ipv4_dst', 6n), set('eth_vlan_vid', 0x1005n), push),
);
const anyActions = fc.array(anyAction, { maxLength: 3 });
const anyMatch = fc.constantFrom<Match>({}, ipv4, arp, tagged, { in_port: exactly('in_port', 1n) }, tcp);
const anyFlow = fc
  .record({
    tableId: fc.constantFrom(0, 0, 0, 3, 254),
    priority: fc.constantFrom(1, 2),
    match: anyMatch,
    apply: anyActions,
    write: anyActions,
    gotoTable: fc.constantFrom(undefined, undefined, 3, 4),
    clearActions: fc.boolean(),
  })
  .map(({ tableId, priority, match, gotoTable, ...instructions }) =>
    flow(match, { ...instructions, ...(gotoTable === undefined ? {} : { gotoTable }) }, { tableId, priority }),
  );
const anyGroup: fc.Arbitrary<Group> = fc
  .record({
    groupId: anyId,
    groupType: fc.constantFrom('all', 'select', 'fast_failover', 'indirect'),
    lists: fc.array(anyActions, { maxLength: 3 }),
  })
  .map(({ groupId, groupType, lists }) => ({
    groupId,
    groupType,
    buckets: (groupType === 'indirect' ? lists.slice(0, 1) : lists).map((actions, index) => ({
      ...(groupType === 'select' ? { weight: index } : {}),
      ...(groupType === 'fast_failover' ? { watchPort: index + 1 } : {}),
      actions,
    })),
  }));
const anyChange: fc.Arbitrary<TableChange> = fc.oneof(
  { weight: 4, arbitrary: anyFlow.map((made): TableChange => ({ kind: 'add-flow', flow: made, cookie: COOKIE })) },
  { weight: 2, arbitrary: anyGroup.map(addGroup) },
  anyGroup.map(modify),
  anyFlow.map((made): TableChange => ({ kind: 'delete-flow', flow: made })),
  anyId.map(deleteGroup),
);

describe('simulated tables', () => {
  const at = (clock: { now: number }) => new SimulatedTables(s10h10, () => clock.now);

  it('refuse a match without what it needs, which ovs-ofctl would make a match of more', async () => {
    const tables = new SimulatedTables(s10h10);
    for (const match of [{ tcp_dst: exactly('tcp_dst', 80n) }, { eth_vlan_pcp: exactly('eth_vlan_pcp', 3n) }]) {
      await expect(tables.apply(S6, [add(match)])).rejects.toMatchObject({
        problems: [{ code: 'switch-refused', cause: expect.stringContaining('(OFPBMC_BAD_PREREQ)') }],
      });
    }
  });

  it('end an entry when its hard timeout is over, however it is used', async () => {
    const clock = { now: 1_000 };
    const tables = at(clock);
    await tables.apply(S6, [add({}, apply(), { hardTimeoutSeconds: 10 }), add(ipv4)]);
    const [held] = tables.entries().get(S6)?.flows ?? [];
    clock.now += 9_000;
    if (held !== undefined) tables.countFlow(S6, held, 42);
    expect(await tables.flows(S6)).toMatchObject([{ match: {}, durationSeconds: 9, packets: 1n, bytes: 42n }, {}]);
    clock.now += 1_000;
    expect(await tables.flows(S6)).toMatchObject([{ match: ipv4, durationSeconds: 10, packets: 0n }]);
  });

  it('end an entry when it was not used for its idle timeout, and begin anew when it is replaced', async () => {
    const clock = { now: 0 };
    const tables = at(clock);
    await tables.apply(S6, [add({}, apply(), { idleTimeoutSeconds: 10 })]);
    clock.now = 9_000;
    const [held] = tables.entries().get(S6)?.flows ?? [];
    if (held !== undefined) tables.countFlow(S6, held, 42);
    clock.now = 18_000;
    expect(await tables.flows(S6)).toMatchObject([{ durationSeconds: 18, packets: 1n }]);
    await tables.apply(S6, [add({}, apply(), { idleTimeoutSeconds: 10 })]);
    // What is told of the entry that was there before does not count for this one.
    if (held !== undefined) tables.countFlow(S6, held, 42);
    expect(await tables.flows(S6)).toMatchObject([{ durationSeconds: 0, packets: 0n }]);
    clock.now = 28_000;
    expect(await tables.flows(S6)).toEqual([]);
  });

  it('count for each port what came and went', async () => {
    const tables = new SimulatedTables(s10h10);
    tables.countPort(S6, 2, 'received', 42);
    tables.countPort(S6, 2, 'received', 98);
    tables.countPort(S6, 3, 'sent', 98);
    const counted = (await tables.portCounters(S6)).map((port) => [
      port.port,
      port.receivedPackets,
      port.receivedBytes,
      port.sentPackets,
      port.sentBytes,
    ]);
    expect(counted).toEqual([
      [1, 0n, 0n, 0n, 0n],
      [2, 2n, 140n, 0n, 0n],
      [3, 0n, 0n, 1n, 98n],
      ['local', 0n, 0n, 0n, 0n],
    ]);
  });
});
