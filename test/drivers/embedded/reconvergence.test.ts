import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EmbeddedController } from '../../../src/drivers/embedded/controller.ts';
import type { SwitchTables, TableChange } from '../../../src/drivers/switch-tables.ts';
import type { Dpid } from '../../../src/model/addresses.ts';
import type { Fault } from '../../../src/model/fault.ts';
import { type Flow, flowKey, formatInstructions, type Group, groupPlace } from '../../../src/model/openflow.ts';
import { topologyOf } from '../../support/fixtures/topologies.ts';

const JUST_INSTALLED = { packets: 0n, bytes: 0n, durationSeconds: 0, sendsFlowRemoved: false };

/** Tables in memory, of switches that can be gone. */
class MemoryTables implements SwitchTables {
  readonly held = new Map<Dpid, Map<string, { flow: Flow; cookie: bigint } | { group: Group }>>();
  readonly gone = new Set<Dpid>();
  readonly changes: { readonly dpid: Dpid; readonly changes: readonly TableChange[] }[] = [];

  stop(dpid: Dpid): void {
    this.gone.add(dpid);
    this.held.delete(dpid);
  }

  async apply(dpid: Dpid, changes: readonly TableChange[]): Promise<void> {
    const table = this.#of(dpid);
    if (changes.length > 0) this.changes.push({ dpid, changes });
    for (const change of changes) {
      if (change.kind === 'add-flow') table.set(flowKey(change.flow), change);
      else if (change.kind === 'delete-flow') table.delete(flowKey(change.flow));
      else if (change.kind === 'delete-group') table.delete(groupPlace(dpid, change.groupId));
      else table.set(groupPlace(dpid, change.group.groupId), change);
    }
  }

  async flows(dpid: Dpid) {
    return [...this.#of(dpid).values()].flatMap((row) =>
      'flow' in row ? [{ ...row.flow, ...JUST_INSTALLED, cookie: row.cookie }] : [],
    );
  }

  async groups(dpid: Dpid) {
    return [...this.#of(dpid).values()].flatMap((row) => ('group' in row ? [row.group] : []));
  }

  ports = async () => [];
  portCounters = async () => [];
  description = async () => ({ manufacturer: '', hardware: '', software: '', serialNumber: '', datapath: '' });

  #of(dpid: Dpid) {
    if (this.gone.has(dpid)) throw new Error(`switch ${dpid} is gone, and was asked all the same`);
    const table = this.held.get(dpid) ?? new Map();
    this.held.set(dpid, table);
    return table;
  }
}

// hN on port 1 of sN; ports 2 and 3 follow the order of the links: s1 has s2 and s4, s2 has s1 and s3, and so on.
const ring = topologyOf(4, [
  [1, 2],
  [2, 3],
  [3, 4],
  [4, 1],
]);
const dpid = (number: number) => `00:00:00:00:00:00:00:0${number}` as Dpid;
const LINK_1_2: Fault = { kind: 'link', between: ['s1', 's2'] };
const SWITCH_3: Fault = { kind: 'switch', name: 's3' };
const never = new AbortController().signal;

let tables: MemoryTables;
let controller: EmbeddedController;
// A port of its own for each, as fetch keeps connections.
let firstPort = 18_780;
beforeEach(async () => {
  tables = new MemoryTables();
  firstPort += 1;
  controller = new EmbeddedController({ topology: ring, forwarding: 'reactive', tables, firstPort });
  await controller.start(never);
});
afterEach(() => controller.stop());

/** Where forwarding on one switch sends what is for a host; undefined where it has no flow for it. */
function outputFor(node: number, host: number): string | undefined {
  const byMac = [...(tables.held.get(dpid(node))?.values() ?? [])].find(
    (row) => 'flow' in row && row.flow.priority === 1 && row.flow.match.eth_dst?.value === BigInt(host),
  );
  return byMac !== undefined && 'flow' in byMac ? formatInstructions(byMac.flow.instructions) : undefined;
}

async function get(path: string): Promise<unknown> {
  return (await fetch(`${controller.url}${path}`)).json();
}

async function post(entry: Record<string, unknown>) {
  const answer = await fetch(`${controller.url}/wm/staticentrypusher/json`, {
    method: 'POST',
    body: JSON.stringify({ active: 'true', ...entry }),
  });
  return { status: answer.status, text: await answer.text() };
}

const GROUP = {
  ...{ switch: dpid(3), entry_type: 'group', name: 'g', group_type: 'select', group_id: '7' },
  group_buckets: [{ bucket_id: '1', bucket_watch_group: 'any', bucket_weight: '1', bucket_actions: 'output=2' }],
};
const FLOW = { switch: dpid(3), name: 'f', priority: '100', in_port: '1', actions: 'group=7' };

describe('a link that goes down', () => {
  test('has forwarding go the other way round, and come back with the link', async () => {
    expect(outputFor(1, 2)).toBe('output=2');
    await controller.reconverge([LINK_1_2]);
    expect(outputFor(1, 2)).toBe('output=3');
    expect(outputFor(2, 1)).toBe('output=3');
    await controller.reconverge([]);
    expect(outputFor(1, 2)).toBe('output=2');
  });

  test('changes only flows that have to be others, and nothing the second time', async () => {
    tables.changes.length = 0;
    await controller.reconverge([LINK_1_2]);
    // Of equal ways that of the lower port counts: over the link went s1 to h2 and h3, s2 to h1 and h4, and s3 to h1; two
    // flows for each.
    const touched = tables.changes.flatMap(({ changes }) => changes);
    expect(touched.every(({ kind }) => kind === 'add-flow')).toBe(true);
    expect(touched).toHaveLength(10);
    tables.changes.length = 0;
    await controller.reconverge([LINK_1_2]);
    expect(tables.changes).toEqual([]);
  });

  test('leaves no flow for hosts that nothing reaches any more', async () => {
    await controller.reconverge([LINK_1_2, { kind: 'link', between: ['s2', 's3'] }]);
    expect(outputFor(1, 2)).toBeUndefined();
    expect(outputFor(2, 1)).toBeUndefined();
    expect(outputFor(2, 2)).toBe('output=1');
    expect(outputFor(1, 3)).toBe('output=3');
  });

  test('is no link of the REST interface, and on no path', async () => {
    const path = `/wm/routing/path/${dpid(1)}/1/${dpid(2)}/1/json`;
    const hops = async () => ((await get(path)) as { results: unknown[] }).results.length;
    expect(await hops()).toBe(4);
    expect(await get('/wm/topology/links/json')).toHaveLength(4);
    await controller.reconverge([LINK_1_2]);
    expect(await hops()).toBe(8);
    expect(await get('/wm/topology/links/json')).toHaveLength(3);
  });
});

describe('a switch that is stopped', () => {
  beforeEach(async () => {
    expect(await post(GROUP)).toMatchObject({ status: 200 });
    expect(await post(FLOW)).toMatchObject({ status: 200 });
    expect(await post({ ...FLOW, name: 'timed', in_port: '2', idle_timeout: '30' })).toMatchObject({ status: 200 });
    tables.stop(dpid(3));
    await controller.reconverge([SWITCH_3]);
  });

  test('is not connected, and forwarding goes around it', async () => {
    const connected = (await controller.switches(never)).map((each) => each.dpid);
    expect(connected).toEqual([dpid(1), dpid(2), dpid(4)]);
    expect((await controller.roles(never)).has(dpid(3))).toBe(false);
    expect(await get('/wm/topology/links/json')).toHaveLength(2);
    expect(await get(`/wm/routing/path/${dpid(3)}/1/${dpid(3)}/1/json`)).toEqual({ results: [] });
    expect(outputFor(2, 4)).toBe('output=2');
    expect(outputFor(1, 3)).toBeUndefined();
  });

  test('keeps its entries on the list, where they can be deleted', async () => {
    expect((await controller.entries(never)).entries.map(({ name }) => name).sort()).toEqual(['f', 'g', 'timed']);
    const { entries } = await controller.entries(never);
    await controller.remove({ entries: entries.filter(({ name }) => name === 'timed'), unreadable: [] }, never);
    expect((await controller.entries(never)).entries.map(({ name }) => name).sort()).toEqual(['f', 'g']);
  });

  test('takes no entry, and says what to do', async () => {
    const answer = await post({ ...FLOW, name: 'late' });
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('switch s3 is stopped. Start it first: labctl switch start s3');
    const other = await post({ ...FLOW, switch: dpid(2), actions: 'output=2' });
    // An entry that moves away leaves it.
    expect(other).toMatchObject({ status: 200 });
    const list = (await get(`/wm/staticentrypusher/list/${dpid(3)}/json`)) as Record<string, object[]>;
    expect(list[dpid(3)]?.flatMap(Object.keys).sort()).toEqual(['g', 'timed']);
  });

  test('holds all of it again when it is started, groups before the flows that use them', async () => {
    tables.gone.delete(dpid(3));
    tables.changes.length = 0;
    await controller.reconverge([]);
    const own = tables.changes.filter((each) => each.dpid === dpid(3));
    // One bundle: at no time does it forward without the entries that restrict that.
    expect(own).toHaveLength(1);
    expect(own[0]?.changes.slice(0, 3).map(({ kind }) => kind)).toEqual(['add-group', 'add-flow', 'add-flow']);
    expect(await tables.groups(dpid(3))).toMatchObject([{ groupId: 7 }]);
    expect(outputFor(3, 1)).toBeDefined();
    expect(outputFor(1, 3)).toBeDefined();
    expect((await controller.switches(never)).map((each) => each.dpid)).toHaveLength(4);
    expect(await post({ ...FLOW, name: 'later', in_port: '3' })).toMatchObject({ status: 200 });
  });

  test('and a link of it that is down besides stays down when the switch is started', async () => {
    await controller.reconverge([SWITCH_3, { kind: 'link', between: ['s2', 's3'] }]);
    tables.gone.delete(dpid(3));
    await controller.reconverge([{ kind: 'link', between: ['s2', 's3'] }]);
    expect(outputFor(2, 3)).toBe('output=2');
    expect(outputFor(3, 2)).toBe('output=3');
  });
});

test('with forwarding none a fault changes no table', async () => {
  const none = new MemoryTables();
  const isolated = new EmbeddedController({ topology: ring, forwarding: 'none', tables: none, firstPort: 18_800 });
  await isolated.start(never);
  try {
    await isolated.reconverge([LINK_1_2, SWITCH_3]);
    await isolated.reconverge([]);
    expect(none.changes).toEqual([]);
  } finally {
    await isolated.stop();
  }
});

test('no entry takes the place of a flow that forwarding does not need now but will', async () => {
  await controller.reconverge([{ kind: 'link', between: ['h2', 's2'] }]);
  expect(outputFor(1, 2)).toBeUndefined();
  const match = { eth_dst: '00:00:00:00:00:02' };
  const answer = await post({ switch: dpid(1), name: 'same', priority: '1', ...match, actions: 'output=1' });
  expect(answer.status).toBe(400);
  expect(answer.text).toContain("the controller's own forwarding on switch s1 has the same priority and match");
});
