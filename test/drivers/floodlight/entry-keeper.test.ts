import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { EntryKeeper, type KeeperPace } from '../../../src/drivers/floodlight/entry-keeper.ts';
import { OpenFlowRelay } from '../../../src/drivers/floodlight/relay.ts';
import { FloodlightClient } from '../../../src/drivers/pusher/client.ts';
import { uncheckedBody } from '../../../src/drivers/pusher/unchecked-body.ts';
import type { Dpid } from '../../../src/model/addresses.ts';
import { exactly } from '../../../src/model/match.ts';
import type { FlowEntry, GroupEntry } from '../../../src/model/openflow.ts';
import { RestProxy } from '../../support/fakes/rest-proxy.ts';
import { topologyOf } from '../../support/fixtures/topologies.ts';
import { type FloodlightNetwork, startFloodlightNetwork } from '../../support/harness/floodlight-network.ts';

const [S1, S2, S3] = ['1', '2', '3'].map((digit) => `00:00:00:00:00:00:00:0${digit}`) as [Dpid, Dpid, Dpid];
/** What Floodlight has: the switches of the lab, and one of somebody else. */
const three = topologyOf(3, []);
/** The lab. */
const two = topologyOf(2, []);
const never = new AbortController().signal;
const PUSHER = '/wm/staticentrypusher';
/** Longer than a look at the tables takes to come, and a switch to come back after a restart. */
const MENDING = { timeout: 40_000, interval: 20 };
/** A tenth of the usual ones, as of the delays of the stand-in. */
const DELAY_FACTOR = 0.1;
const PACE: KeeperPace = {
  ...{ lookMs: 100, repairMs: 30, doubtMs: 300, roleRepairMs: 15_000, settleMs: 100 },
  push: { arrivalMs: 1_500, pollMs: 10, repairMs: 70 },
};

function flow(name: string, priority: number, more: Partial<FlowEntry> = {}): FlowEntry {
  return {
    kind: 'flow',
    name,
    dpid: S1,
    tableId: 0,
    priority,
    match: { in_port: exactly('in_port', 1n) },
    instructions: { apply: [{ kind: 'output', port: 2 }], clearActions: false, write: [] },
    idleTimeoutSeconds: 0,
    hardTimeoutSeconds: 0,
    ...more,
  };
}

const group: GroupEntry = {
  kind: 'group',
  name: 'group',
  dpid: S1,
  groupId: 1,
  groupType: 'all',
  buckets: [{ actions: [{ kind: 'output', port: 2 }] }],
};

/** As somebody posts it. */
const strange = (name: string, dpid: Dpid, priority: number) => ({
  ...{ switch: dpid, name, priority: String(priority), active: 'true', in_port: '1', actions: 'output=2' },
});

describe('who keeps the entries of a lab', () => {
  let network: FloodlightNetwork;
  let relay: OpenFlowRelay;
  let proxy: RestProxy;
  let client: FloodlightClient;
  let keeper: EntryKeeper;
  beforeAll(async () => {
    network = await startFloodlightNetwork(three, { delayFactor: DELAY_FACTOR });
    relay = new OpenFlowRelay(network.relaySocket, { host: '127.0.0.1', port: network.floodlight.openflowPort });
    await relay.listen();
  });
  beforeEach(async () => {
    await connectAll();
    proxy = new RestProxy(network.floodlight.url);
    client = new FloodlightClient({ url: await proxy.start(), timeoutMs: 60_000 });
    keeper = new EntryKeeper(client, two, PACE);
    await keeper.start(never);
  });
  afterEach(async () => {
    await keeper.stop();
    await client.close();
    await proxy.stop();
    await network.ask('GET', `${PUSHER}/clear/all/json`);
  });
  afterAll(async () => {
    relay?.close();
    await network?.stop();
  });

  const connectAll = async () => {
    await network.connect(`unix:${network.relaySocket}`);
    await vi.waitFor(async () => expect(await network.connected()).toEqual([S1, S2, S3]), MENDING);
    const roles = () => network.ask('GET', '/wm/core/switch/all/role/json');
    await vi.waitFor(
      async () => expect(await roles()).toEqual({ [S1]: 'MASTER', [S2]: 'MASTER', [S3]: 'MASTER' }),
      MENDING,
    );
    // A moment after a switch has come, Floodlight sends it its entries: what is wiped before then comes back by itself.
    await sleep(300);
  };
  /** Wipes a switch's tables, as somebody does who sets the role, and nothing else shows it. */
  const wipe = (dpid: Dpid) => network.ask('POST', `/wm/core/switch/${dpid}/role/json`, { role: 'MASTER' });
  const twoMoreTableReads = async () => {
    const reads = () => proxy.requests.filter(({ path }) => path === `/wm/core/switch/${S1}/flow/json`).length;
    const before = reads();
    await expect.poll(reads, MENDING).toBeGreaterThanOrEqual(before + 2);
  };
  const priorities = async (name: string) =>
    (await network.staticFlows(name)).map((line) => Number(/priority=(\d+)/.exec(line)?.[1])).sort((a, b) => a - b);

  it('does not put back what times out by itself', async () => {
    await keeper.push([flow('brief', 40000, { hardTimeoutSeconds: 600 }), flow('lasting', 40001)], never);
    expect(await priorities('s1')).toEqual([40000, 40001]);
    await wipe(S1);
    await expect.poll(() => priorities('s1'), MENDING).toEqual([40001]);
    await expect.poll(() => keeper.upkeep(never), MENDING).toEqual({ missing: [], leaving: [], repaired: 1 });
    expect(proxy.entryChanges.filter((change) => change === 'POST brief')).toHaveLength(1);
  });

  it('does not put back what somebody deletes', async () => {
    await keeper.push([flow('deleted', 40000), flow('kept', 40001)], never);
    await network.ask('DELETE', `${PUSHER}/json`, { name: 'deleted' });
    await expect.poll(async () => (await keeper.upkeep(never)).missing, MENDING).toEqual([]);
    await wipe(S1);
    await expect.poll(() => priorities('s1'), MENDING).toEqual([40001]);
    expect(proxy.entryChanges.filter((change) => change === 'POST deleted')).toHaveLength(1);
    expect((await keeper.entries(never)).entries.map(({ name }) => name)).toEqual(['kept']);
  });

  it('lets the later of two entries in one place stand, and puts that one back', async () => {
    await keeper.push([flow('earlier', 40000)], never);
    await network.ask('POST', `${PUSHER}/json`, { ...strange('later', S1, 40000), actions: 'output=3' });
    const actions = async () => (await network.staticFlows('s1')).map((line) => line.replace(/.*actions=/, ''));
    await expect.poll(actions, MENDING).toEqual(['output:3']);
    await twoMoreTableReads();
    expect(await actions()).toEqual(['output:3']);
    await wipe(S1);
    await expect.poll(actions, MENDING).toEqual([]);
    await expect.poll(actions, MENDING).toEqual(['output:3']);
    expect(proxy.entryChanges.filter((change) => change === 'POST earlier')).toHaveLength(1);
  });

  it('refuses an entry in the place of one of its own', async () => {
    await keeper.pushOwn([flow('own', 40000)], never);
    await expect(keeper.push([flow('other', 40000)], never)).rejects.toThrow(/entry other on s1.*own/);
  });

  it('changes the table and the timeouts of an entry', async () => {
    await keeper.push([flow('changing', 40000, { hardTimeoutSeconds: 600 })], never);
    expect(await network.staticFlows('s1')).toEqual([expect.stringContaining('hard_timeout=600')]);
    await keeper.push([flow('changing', 40000)], never);
    expect(await network.staticFlows('s1')).toEqual([expect.not.stringContaining('hard_timeout')]);
    await keeper.push([flow('changing', 40000, { tableId: 1 })], never);
    expect(await network.staticFlows('s1')).toEqual([expect.stringContaining('table=1,')]);
  });

  it('gives an entry its timeout back when the push that changed it fails', async () => {
    await keeper.push([flow('timed', 40000, { hardTimeoutSeconds: 600 })], never);
    const apply = [{ kind: 'group', groupId: 7 } as const];
    const refused = flow('refused', 40001, { instructions: { apply, clearActions: false, write: [] } });
    await expect(keeper.push([flow('timed', 40000), refused], never)).rejects.toThrow(
      /entry refused.*The push was undone/s,
    );
    expect(await network.staticFlows('s1')).toEqual([expect.stringContaining('hard_timeout=600')]);
  });

  it('takes away an entry whose name makes an answer of Floodlight that is no JSON', async () => {
    await keeper.push([flow('the "odd" one', 40000)], never);
    const { entries } = await keeper.entries(never);
    await keeper.remove({ entries, unreadable: [] }, never);
    expect(await network.staticFlows('s1')).toEqual([]);
  });

  it('tells of bodies that it sent unchecked what became of each, and sends no flow by the name of a group', async () => {
    await keeper.push([group], never);
    const bodies = [
      { ...strange('second-table', S1, 40000), table: '1' },
      { ...strange('no-such-group', S1, 40001), actions: 'group=7' },
      strange('no-such-switch', '00:00:00:00:00:00:00:77' as Dpid, 40002),
      strange('group', S1, 40003),
    ].map((document) => {
      const read = uncheckedBody(document);
      return 'value' in read ? read.value : expect.unreachable();
    });
    expect(await keeper.sendUnchecked(bodies, never)).toEqual([
      { name: 'second-table', outcome: 'in-switch' },
      { name: 'no-such-group', outcome: 'listed' },
      { name: 'no-such-switch', outcome: 'vanished' },
      { name: 'group', outcome: 'refused', reason: expect.stringContaining('a group has this name') },
    ]);
    expect(await network.groups('s1')).toEqual([1]);
    expect(await priorities('s1')).toEqual([40000]);
  });

  it("leaves entries alone that are of other switches than the lab's", async () => {
    await network.ask('POST', `${PUSHER}/json`, strange('other', S3, 40000));
    await keeper.push([flow('own', 40001)], never);
    await expect.poll(() => priorities('s3'), MENDING).toEqual([40000]);
    expect((await keeper.entries(never)).entries.map(({ name }) => name)).toEqual(['own']);
    expect((await keeper.switches(never)).map(({ dpid }) => dpid).sort()).toEqual([S1, S2]);
    await wipe(S3);
    await wipe(S1);
    await expect.poll(() => priorities('s1'), MENDING).toEqual([40001]);
    expect(await priorities('s3')).toEqual([]);
    expect(await keeper.clear(never)).toBe(1);
    expect(await network.ask('GET', `${PUSHER}/list/${S3}/json`)).toMatchObject({ [S3]: [{ other: {} }] });
    expect(proxy.entryChanges).not.toContain('POST other');
  });

  it('goes on when a list could not be read for a while', async () => {
    await keeper.push([flow('lost', 40000)], never);
    let unreadable = 0;
    proxy.intervene = ({ path }) => {
      if (!path.includes('/list/') || unreadable === 3) return 'pass';
      unreadable += 1;
      return { status: 200, body: '{"00:00:00:00:00:00:00:01":[{"a":{"version":"OF_13"' };
    };
    await wipe(S1);
    await expect.poll(() => priorities('s1'), MENDING).toEqual([40000]);
    expect(unreadable).toBe(3);
  });

  it('puts back what one switch lost while another, with an entry of somebody else, is away', async () => {
    await keeper.push([flow('lost', 40000)], never);
    // Not seen before its switch is away.
    proxy.intervene = ({ path }) => (path.includes('/list/') ? { status: 500, body: '{"code":500}' } : 'pass');
    await network.ask('POST', `${PUSHER}/json`, strange('other', S2, 40001));
    await expect.poll(() => priorities('s2'), MENDING).toEqual([40001]);
    await network.disconnect(['s2']);
    proxy.intervene = () => 'pass';
    await wipe(S1);
    await expect.poll(() => priorities('s1'), MENDING).toEqual([40000]);
    // What is cleared while its switch is away would stay.
    await connectAll();
  });

  it('takes away, when the controller is well again, what of a failed push it could not, and puts back what that replaced', async () => {
    const before = flow('changed', 40000);
    await keeper.push([before], never);
    let posts = 0;
    proxy.intervene = ({ method }) => {
      if (method === 'POST') posts += 1;
      return posts >= 3 ? { status: 500, body: '{"code":500,"description":"ill"}' } : 'pass';
    };
    const changed = flow('changed', 40000, {
      instructions: { apply: [{ kind: 'output', port: 3 }], clearActions: false, write: [] },
    });
    const push = keeper.push([changed, flow('new', 40001), flow('never', 40002)], never);
    await expect(push).rejects.toThrow('Undoing the push failed too');
    expect(await priorities('s1')).toEqual([40000, 40001]);
    proxy.intervene = () => 'pass';
    expect((await keeper.entries(never)).entries.map(({ name }) => name)).toEqual(['changed']);
    await expect.poll(() => priorities('s1'), MENDING).toEqual([40000]);
    await expect.poll(() => network.staticFlows('s1'), MENDING).toEqual([expect.stringContaining('actions=output:2')]);
    await expect.poll(() => keeper.upkeep(never), MENDING).toMatchObject({ missing: [], leaving: [] });
    expect((await keeper.entries(never)).entries).toEqual([before]);
  });

  it('puts groups back before flows when the controller has started again, and not what was deleted before', async () => {
    const through = flow('through', 40001, {
      instructions: { apply: [{ kind: 'group', groupId: 1 }], clearActions: false, write: [] },
    });
    await keeper.push([flow('deleted', 40000), through, group, flow('plain', 40002, { dpid: S2 })], never);
    await network.ask('DELETE', `${PUSHER}/json`, { name: 'deleted' });
    await expect.poll(async () => (await keeper.upkeep(never)).missing, MENDING).toEqual([]);
    const until = proxy.entryChanges.length;
    await network.floodlight.restart();
    await expect
      .poll(() => keeper.upkeep(never).catch(() => undefined), MENDING)
      .toEqual({ missing: [], leaving: [], repaired: 3 });
    const changes = proxy.entryChanges.slice(until);
    expect(changes.filter((change) => !change.endsWith(' plain'))).toEqual(['POST group', 'POST through']);
    expect(await network.groups('s1')).toEqual([1]);
    expect(await priorities('s1')).toEqual([40001]);
    expect(await priorities('s2')).toEqual([40002]);
    // What it put back is what is wanted still.
    await wipe(S2);
    await expect.poll(() => priorities('s2'), MENDING).toEqual([40002]);
  });

  it('asks nothing any more once it is stopped, even while it waits for an answer', async () => {
    await keeper.push([flow('left', 40000)], never);
    const asked = new Promise<void>((resolve) => {
      proxy.intervene = ({ path }) => {
        if (!path.includes('/list/')) return 'pass';
        resolve();
        return 'never';
      };
    });
    await asked;
    // The request itself would take 60 s.
    await keeper.stop();
    proxy.intervene = () => 'pass';
    const until = proxy.requests.length;
    // Three looks, if it looked.
    await sleep(3 * PACE.lookMs);
    expect(proxy.requests).toHaveLength(until);
  }, 20_000);
});
