import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedController } from '../../src/drivers/embedded/controller.ts';
import { OpenVSwitchTables } from '../../src/drivers/embedded/open-vswitch.ts';
import { StaticEntryPusherClient } from '../../src/drivers/floodlight/client.ts';
import { pushEntries, removeEntries } from '../../src/drivers/floodlight/entry-push.ts';
import type { Dpid } from '../../src/model/addresses.ts';
import { exactly } from '../../src/model/match.ts';
import type { Entry, FlowEntry, GroupEntry } from '../../src/model/openflow.ts';
import { startBridges } from '../support/open-vswitch.ts';
import { isRecorded, recorded, recordedJson } from '../support/recorded-exchanges.ts';
import { s10h10 } from '../support/topologies.ts';

/** A controller of S10H10. */
interface Running {
  readonly url: string;
  stop(): Promise<void>;
}

interface Differences {
  /** Requests at once that it stands. */
  readonly concurrency: number;
  /** What this controller does otherwise, with the reason: these tests are skipped for it. */
  readonly skips: Readonly<Record<string, string>>;
}

const S6 = '00:00:00:00:00:00:00:06' as Dpid;
const S9 = '00:00:00:00:00:00:00:09' as Dpid;
const S10 = '00:00:00:00:00:00:00:0a' as Dpid;
const never = new AbortController().signal;

function flow(name: string, dpid: Dpid, inPort: number, output: number): FlowEntry {
  return {
    kind: 'flow',
    name,
    dpid,
    tableId: 0,
    priority: 32768,
    match: { in_port: exactly('in_port', BigInt(inPort)) },
    instructions: { apply: [{ kind: 'output', port: output }], clearActions: false, write: [] },
    idleTimeoutSeconds: 0,
    hardTimeoutSeconds: 0,
  };
}

function throughGroup(name: string, dpid: Dpid, inPort: number, groupId: number): FlowEntry {
  const instructions = { apply: [{ kind: 'group', groupId } as const], clearActions: false, write: [] };
  return { ...flow(name, dpid, inPort, 1), instructions };
}

const balanced: GroupEntry = {
  kind: 'group',
  name: 'balanced',
  dpid: S6,
  groupId: 1,
  groupType: 'select',
  buckets: [2, 3].map((port) => ({ weight: 50, actions: [{ kind: 'output', port }] })),
};

const protectedGroup: GroupEntry = {
  kind: 'group',
  name: 'protected',
  dpid: S6,
  groupId: 2,
  groupType: 'fast_failover',
  buckets: [2, 3].map((port) => ({ watchPort: port, actions: [{ kind: 'output', port }] })),
};

/** What every controller of a lab does alike. */
function contractSuite(name: string, setup: () => Promise<Running>, { concurrency, skips }: Differences): void {
  describe(`the Static Entry Pusher of ${name}`, () => {
    let running: Running;
    let client: StaticEntryPusherClient;
    const same = (title: string, act: () => Promise<void>) => {
      const reason = skips[title];
      if (reason === undefined) it(title, act);
      else it.skip(`${title} (${reason})`, act);
    };
    const push = (...entries: Entry[]) => pushEntries(client, entries, { concurrency, signal: never });
    const remove = (...entries: Entry[]) => removeEntries(client, entries, { concurrency, signal: never });
    const names = async () => (await client.list('all')).map((entry) => entry.name).sort();
    const send = (method: string, path: string, body?: string) =>
      fetch(`${running.url}${path}`, { method, ...(body === undefined ? {} : { body }) });

    beforeAll(async () => {
      running = await setup();
      client = new StaticEntryPusherClient({ url: running.url });
      await client.clear('all');
    });
    afterEach(async () => {
      await client.clear('all');
      await expect.poll(() => client.groups(S6), { timeout: 5_000 }).toEqual([]);
    });
    afterAll(async () => {
      await client?.close();
      await running?.stop();
    });

    same('a pushed flow is in the list and in the switch', async () => {
      const entry = flow('f', S6, 1, 2);
      await push(entry);
      expect(await client.list('all')).toEqual([entry]);
      expect(await client.list(S6)).toEqual([entry]);
      expect(await client.list(S9)).toEqual([]);
      const held = (await client.flows(S6)).filter(({ priority }) => priority === 32768);
      expect(held).toMatchObject([{ match: entry.match, instructions: entry.instructions, sendsFlowRemoved: true }]);
    });

    same('the same name with the same match replaces the actions', async () => {
      await push(flow('f', S6, 1, 2));
      await push(flow('f', S6, 1, 3));
      expect(await client.list('all')).toEqual([flow('f', S6, 1, 3)]);
    });

    same('the same name with another match replaces the flow', async () => {
      await push(flow('f', S6, 1, 2));
      await push(flow('f', S6, 2, 3));
      await expect
        .poll(
          async () => (await client.flows(S6)).filter(({ priority }) => priority === 32768).map(({ match }) => match),
          {
            timeout: 5_000,
          },
        )
        .toEqual([{ in_port: exactly('in_port', 2n) }]);
    });

    same('the same name on another switch moves the entry', async () => {
      await push(flow('f', S6, 1, 2));
      await push(flow('f', S9, 1, 1));
      expect(await client.list('all')).toEqual([flow('f', S9, 1, 1)]);
      await expect
        .poll(async () => (await client.flows(S6)).filter(({ priority }) => priority === 32768), { timeout: 5_000 })
        .toEqual([]);
    });

    same('a removed entry is gone, and removing it again is all right', async () => {
      await push(flow('f', S6, 1, 2), flow('g', S6, 2, 1));
      await remove(flow('f', S6, 1, 2));
      expect(await names()).toEqual(['g']);
      await remove(flow('f', S6, 1, 2));
      await client.delete('never-was');
    });

    same('clearing one switch leaves the others', async () => {
      await push(flow('f', S6, 1, 2), flow('g', S9, 1, 1));
      await client.clear(S6);
      expect(await names()).toEqual(['g']);
    });

    same('a group and a flow through it go together, the group first', async () => {
      await push(throughGroup('f', S6, 1, 1), balanced);
      expect(await client.groups(S6)).toMatchObject([{ groupId: 1, groupType: 'select', buckets: balanced.buckets }]);
      await remove(throughGroup('f', S6, 1, 1), balanced);
      expect(await names()).toEqual([]);
    });

    same('a fast-failover group keeps its watch ports', async () => {
      await push(protectedGroup);
      expect(await client.list('all')).toEqual([protectedGroup]);
      expect(await client.groups(S6)).toMatchObject([{ groupType: 'fast_failover', buckets: protectedGroup.buckets }]);
    });

    same('deleting a group in use takes its flows along', async () => {
      await push(balanced, throughGroup('f', S6, 1, 1));
      await client.delete('balanced');
      await expect.poll(names, { timeout: 5_000 }).toEqual([]);
    });

    same('a flow that needs a missing group fails, and nothing of the push remains', async () => {
      await push(flow('before', S6, 3, 1));
      const wrong = push(flow('before', S6, 3, 2), flow('good', S6, 2, 1), throughGroup('wrong', S6, 1, 77));
      await expect(wrong).rejects.toThrow(/wrong/);
      await expect.poll(() => client.list('all'), { timeout: 5_000 }).toEqual([flow('before', S6, 3, 1)]);
    });

    same('a switch that is not there is named', async () => {
      await expect(push(flow('f', '00:00:00:00:00:00:00:10' as Dpid, 1, 2))).rejects.toThrow(/f.*00:10|00:10.*f/s);
    });

    same('switches, links, roles and health are those of S10H10', async () => {
      expect((await client.switches()).map(({ dpid }) => dpid).sort()).toHaveLength(10);
      expect((await client.switches()).map(({ dpid }) => dpid)).toContain(S10);
      expect(await client.links()).toHaveLength(7);
      expect((await client.links()).every(({ bidirectional }) => bidirectional)).toBe(true);
      expect(new Set((await client.roles('all')).values())).toEqual(new Set(['MASTER']));
      expect(await client.roles(S6)).toEqual(new Map([[S6, 'MASTER']]));
      expect(await client.health()).toBe(true);
    });

    same('an unknown DPID has no statistics, which the client says', async () => {
      await expect(client.flows('00:00:00:00:00:00:00:99' as Dpid)).rejects.toThrow(/no such switch/);
      await expect(client.roles('00:00:00:00:00:00:00:99' as Dpid)).rejects.toThrow(/could not locate/);
    });

    describe('each recorded correct request', () => {
      for (const id of CORRECT) {
        same(`${id} is answered as recorded`, async () => {
          const { request, response } = recorded(id);
          const answer = await send(request.method, request.path, request.body ?? undefined);
          expect(answer.status).toBe(response.status);
          expect(answer.headers.get('content-type')).toBe(response.headers['content-type']);
          expect(await answer.text()).toBe(response.body);
          if (!isRecorded(`${id}-list`)) return;
          const wanted = entriesOf(recordedJson(`${id}-list`));
          await expect
            .poll(async () => entriesOf(await (await send('GET', recorded(`${id}-list`).request.path)).json()), {
              timeout: 5_000,
            })
            .toEqual(wanted);
        });
      }

      for (const id of ANSWERS) {
        same(`${id} is answered as recorded`, async () => {
          const { request, response } = recorded(id);
          const answer = await send(request.method, request.path, request.body ?? undefined);
          expect(answer.status).toBe(response.status);
          expect(answer.headers.get('content-type')).toBe(response.headers['content-type']);
          expect(await answer.text()).toBe(response.body);
        });
      }
    });
  });
}

/** The entries of a list by switch and name, without the message number. */
function entriesOf(list: unknown): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  for (const [dpid, elements] of Object.entries(list as Record<string, Record<string, Record<string, unknown>>[]>)) {
    for (const element of elements) {
      for (const [name, { xid: _, ...entry }] of Object.entries(element)) found[`${dpid} ${name}`] = entry;
    }
  }
  return found;
}

const CORRECT = [
  ...['post-ok', 'post-ok-form', 'switch-short', 'switch-uppercase-0A', 'actions-two-outputs', 'set-field-arrow'],
  ...['set-field-eth', 'set-field-order', 'push-vlan', 'set-queue', 'action-empty', 'output-all', 'output-flood'],
  ...['output-in_port', 'output-controller', 'output-normal', 'output-local', 'output-table', 'output-same-as-inport'],
  ...['priority-40000', 'priority-65535', 'priority-0', 'priority-int', 'inport-missing', 'inport-local'],
  ...['key-uppercase', 'match-eth', 'match-eth-mask', 'match-ipv4', 'match-ipv4-decimal-type', 'match-ipv4-cidr'],
  ...['match-ipv4-netmask', 'match-arp', 'match-arp-tpa', 'match-arp-opcode', 'match-tcp', 'match-icmp', 'match-vlan'],
  ...['active-missing', 'cookie-5', 'goto-table', 'goto-table-and-apply', 'clear-actions', 'table-1', 'idle-timeout'],
  ...['name-unicode', 'group-select', 'group-ff', 'group-all-noweight', 'group-indirect-noweight', 'group-id-zero'],
  ...['group-bucket-watch-port-any', 'old-staticflowpusher-post', 'old-staticflowentrypusher-post'],
];

const ANSWERS = [
  ...['list-unknown-dpid', 'list-bad-dpid', 'list-empty-dpid', 'list-short-dpid', 'del-ok', 'del-again', 'clear-one'],
  ...['clear-all', 'clear-unknown-dpid', 'old-staticflowpusher-clear', 'get-json', 'put-json', 'path-unknown'],
  ...['path-unknown2', 'core-health', 'core-role-6', 'core-role-unknown', 'core-role-bad'],
];

contractSuite(
  'the embedded controller',
  async () => {
    const topology = s10h10;
    const bridges = await startBridges(topology);
    const tables = new OpenVSwitchTables((dpid) => bridges.socketOf(dpid));
    const controller = new EmbeddedController({ topology, forwarding: 'none', tables, firstPort: 18_180 });
    await controller.start(never);
    return {
      url: controller.url,
      async stop() {
        await controller.stop();
        await bridges.stop();
      },
    };
  },
  { concurrency: 32, skips: {} },
);

/** A running Floodlight that controls a running S10H10; its static entries are cleared. */
const floodlightUrl = process.env['FLOODLIGHT_URL'];
if (floodlightUrl !== undefined) {
  contractSuite('Floodlight', async () => ({ url: floodlightUrl, stop: async () => undefined }), {
    concurrency: 1,
    skips: {},
  });
}
