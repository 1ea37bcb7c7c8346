import { afterAll, afterEach, beforeAll, describe, expect, vi } from 'vitest';
import { FloodlightClient } from '../../src/drivers/pusher/client.ts';
import { pushEntries, removeEntries } from '../../src/drivers/pusher/entry-push.ts';
import { cookieOf, isStaticEntryCookie } from '../../src/drivers/pusher/wire.ts';
import type { Dpid } from '../../src/model/addresses.ts';
import { exactly } from '../../src/model/match.ts';
import type { Entry, FlowEntry, GroupEntry } from '../../src/model/openflow.ts';
import { plainOf } from '../support/fixtures/hosts.ts';
import { isRecorded, recorded, recordedJson } from '../support/fixtures/recorded-exchanges.ts';
import { s10h10 } from '../support/fixtures/topologies.ts';
import { type Skips, skippable } from './skippable.ts';

/** A controller of a running S10H10. Its static entries are cleared, and the tables of s9 are wiped. */
interface RunningController {
  readonly url: string;
  stop(): Promise<void>;
}

export interface ContractSuite {
  /** Which controller, for people. */
  readonly name: string;
  readonly setup: () => Promise<RunningController>;
  /** Requests at once that it stands. */
  readonly concurrency: number;
  readonly skips: Skips;
}

const S1 = '00:00:00:00:00:00:00:01' as Dpid;
const S3 = '00:00:00:00:00:00:00:03' as Dpid;
const S4 = '00:00:00:00:00:00:00:04' as Dpid;
const S5 = '00:00:00:00:00:00:00:05' as Dpid;
const S6 = '00:00:00:00:00:00:00:06' as Dpid;
const S9 = '00:00:00:00:00:00:00:09' as Dpid;
const S10 = '00:00:00:00:00:00:00:0a' as Dpid;
const UNKNOWN = '00:00:00:00:00:00:00:99' as Dpid;
const never = new AbortController().signal;
/** Floodlight installs, and takes away, after it has answered. */
const SOON = { timeout: 5_000 };
/** It discovers links and the paths over them in rounds of some seconds. */
const DISCOVERED = { timeout: 60_000, interval: 250 };

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

/**
 * What every controller of a lab does alike, as tests: every exchange that the client relies on. On a Floodlight that
 * forwards reactively the tables hold other flows too, of priority 0 and 1.
 */
export function contractSuite({ name, setup, concurrency, skips }: ContractSuite): void {
  describe(`the Static Entry Pusher of ${name}`, () => {
    let running: RunningController;
    let client: FloodlightClient;
    const same = skippable(skips);
    const push = (...entries: Entry[]) => pushEntries(client, entries, { concurrency, signal: never });
    const remove = (...entries: Entry[]) => removeEntries(client, entries, { concurrency, signal: never });
    const names = async () => (await client.list('all')).map((entry) => entry.name).sort();
    const send = (method: string, path: string, body?: string) =>
      fetch(`${running.url}${path}`, { method, ...(body === undefined ? {} : { body }) });
    /** Of static entries, and not of forwarding. */
    const staticFlows = async (dpid: Dpid) =>
      (await client.flows(dpid)).filter(({ cookie }) => isStaticEntryCookie(cookie));
    const countStaticFlows = async () =>
      [...(await client.allFlows()).values()].flat().filter(({ cookie }) => isStaticEntryCookie(cookie)).length;

    /** Clears until nothing is left: what was posted last may come into the list after a clear. */
    const clearAll = () =>
      vi.waitFor(async () => {
        await client.clear('all');
        expect([await names(), await countStaticFlows(), await client.groups(S6)]).toEqual([[], 0, []]);
      }, SOON);

    beforeAll(async () => {
      running = await setup();
      client = new FloodlightClient({ url: running.url });
      await vi.waitFor(async () => expect(await client.switches()).toHaveLength(10), DISCOVERED);
      await clearAll();
    });
    afterEach(clearAll);
    afterAll(async () => {
      await client?.close();
      await running?.stop();
    });

    // Before there are flows that carry LLDP past a switch: a link that is seen so goes after half a minute.
    same('the ten switches are there, each by its DPID', async () => {
      const dpids = (await client.switches()).map(({ dpid }) => dpid).sort();
      expect(dpids).toEqual(s10h10.switches.map(({ dpid }) => dpid).sort());
      const [first] = await client.switches();
      expect(first?.connectedSince).toBeGreaterThan(1_500_000_000_000);
    });

    same('the seven links are there, in both directions, at the ports of the topology', async () => {
      const wanted = s10h10.links.flatMap(({ ends }) => {
        const [a, b] = ends.map(({ node, port }) => [s10h10.switchNamed(node)?.dpid, port].join('/'));
        return ends.some(({ node }) => s10h10.host(node) !== undefined) ? [] : [[a, b].sort().join(' ')];
      });
      expect(wanted).toHaveLength(7);
      await expect
        .poll(async () => {
          const links = (await client.links()).filter(({ bidirectional }) => bidirectional);
          return links
            .map(({ source, target }) =>
              [source, target]
                .map(({ dpid, port }) => `${dpid}/${port}`)
                .sort()
                .join(' '),
            )
            .sort();
        }, DISCOVERED)
        .toEqual(wanted.sort());
    });

    same('the path from h1 to h5 leads over s3, s6 and s10, and none to h4', async () => {
      const h1 = { dpid: S1, port: 1 };
      await expect
        .poll(() => client.path(h1, { dpid: S5, port: 1 }), DISCOVERED)
        .toEqual([
          h1,
          { dpid: S1, port: 2 },
          { dpid: S3, port: 2 },
          { dpid: S3, port: 3 },
          { dpid: S6, port: 2 },
          { dpid: S6, port: 3 },
          { dpid: S10, port: 4 },
          { dpid: S10, port: 3 },
          { dpid: S5, port: 3 },
          { dpid: S5, port: 1 },
        ]);
      expect(await client.path(h1, { dpid: S4, port: 1 })).toEqual([]);
      expect(await client.hasPath(S1, S5)).toBe(true);
      expect(await client.hasPath(S1, S4)).toBe(false);
    });

    same('of paths from s1 to s5 there is one, of four links', async () => {
      await expect.poll(() => client.hasPath(S1, S5), DISCOVERED).toBe(true);
      const paths = await client.paths(S1, S5, 2);
      expect(paths.map(({ linkCount }) => linkCount)).toEqual([4]);
      expect(paths[0]?.hops).toEqual((await client.path({ dpid: S1, port: 1 }, { dpid: S5, port: 1 })).slice(1, -1));
      expect(await client.paths(S1, S4, 2)).toEqual([]);
    });

    same('a host that it knows is at its access switch', async () => {
      // Floodlight knows those that have sent something.
      const known = (await client.devices()).flatMap(({ macs, ipv4, attachments }) => {
        const host = s10h10.hosts.find((each) => {
          const { ip, mac } = plainOf(each);
          return ipv4.includes(ip) && macs.includes(mac);
        });
        return host === undefined ? [] : [{ host, attachments }];
      });
      for (const { host, attachments } of known) {
        const attachment = s10h10.attachmentOf(host);
        expect(attachments).toEqual([{ dpid: attachment?.accessSwitch.dpid, port: attachment?.port }]);
      }
    });

    same('it counts ten switches, and each link twice', async () => {
      await expect.poll(() => client.summary(), DISCOVERED).toMatchObject({ switches: 10, directedLinks: 14 });
    });

    same('a pushed flow is in the list and in the switch', async () => {
      const entry = flow('f', S6, 1, 2);
      await push(entry);
      expect(await client.list('all')).toEqual([entry]);
      expect(await client.list(S6)).toEqual([entry]);
      expect(await client.list(S9)).toEqual([]);
      expect(await staticFlows(S6)).toMatchObject([
        {
          cookie: cookieOf('f'),
          priority: 32768,
          match: entry.match,
          instructions: entry.instructions,
          sendsFlowRemoved: true,
        },
      ]);
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
        .poll(async () => (await staticFlows(S6)).map(({ match }) => match), SOON)
        .toEqual([{ in_port: exactly('in_port', 2n) }]);
    });

    same('the same name on another switch moves the entry', async () => {
      await push(flow('f', S6, 1, 2));
      await push(flow('f', S9, 1, 1));
      expect(await client.list('all')).toEqual([flow('f', S9, 1, 1)]);
      await expect.poll(() => staticFlows(S6), SOON).toEqual([]);
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
      await expect.poll(names, SOON).toEqual(['g']);
      await expect.poll(() => staticFlows(S6), SOON).toEqual([]);
      expect(await staticFlows(S9)).toHaveLength(1);
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
      await expect.poll(names, SOON).toEqual([]);
    });

    same('a flow that needs a missing group fails, and nothing of the push remains', async () => {
      await push(flow('before', S6, 3, 1));
      const wrong = push(flow('before', S6, 3, 2), flow('good', S6, 2, 1), throughGroup('wrong', S6, 1, 77));
      await expect(wrong).rejects.toThrow(/wrong/);
      await expect.poll(() => client.list('all'), SOON).toEqual([flow('before', S6, 3, 1)]);
    });

    same('a switch that is not there is named', async () => {
      await expect(push(flow('f', '00:00:00:00:00:00:00:10' as Dpid, 1, 2))).rejects.toThrow(/f.*00:10|00:10.*f/s);
    });

    same('the Static Entry Pusher is found by its name', async () => {
      expect(await client.findPusher()).toBe('staticentrypusher');
    });

    same('its older name stands for the same entries', async () => {
      await push(flow('f', S6, 1, 2));
      const listed = await send('GET', '/wm/staticflowpusher/list/all/json');
      expect(Object.keys(entriesOf(await listed.json()))).toEqual([`${S6} f`]);
      await send('GET', '/wm/staticflowpusher/clear/all/json');
      await expect.poll(names, SOON).toEqual([]);
    });

    same('it tells its health, its memory and how long it has run', async () => {
      expect(await client.health()).toBe(true);
      const { totalBytes, freeBytes } = await client.memory();
      expect(freeBytes).toBeGreaterThan(0);
      expect(totalBytes).toBeGreaterThan(freeBytes);
      const before = await client.uptime();
      expect(Number.isInteger(before)).toBe(true);
      await expect.poll(() => client.uptime(), SOON).toBeGreaterThan(before);
    });

    same('it is the MASTER of every switch', async () => {
      const roles = await client.roles('all');
      expect(roles.size).toBe(10);
      expect(new Set(roles.values())).toEqual(new Set(['MASTER']));
      expect(await client.roles(S6)).toEqual(new Map([[S6, 'MASTER']]));
    });

    same('it can be made MASTER of a switch, which takes entries then', async () => {
      expect(await client.setRole(S9, 'MASTER')).toEqual(new Map([[S9, 'MASTER']]));
      await push(flow('f', S9, 1, 1));
      expect(await staticFlows(S9)).toHaveLength(1);
    });

    same('the flows and the groups of all switches come in one request each', async () => {
      await push(balanced, flow('f', S6, 1, 2), flow('g', S9, 1, 1));
      const flows = await client.allFlows();
      expect(flows.size).toBe(10);
      const owners = [...flows].filter(([, held]) => held.some(({ cookie }) => isStaticEntryCookie(cookie)));
      expect(owners.map(([dpid]) => dpid).sort()).toEqual([S6, S9]);
      const groups = await client.allGroups();
      expect(groups.size).toBe(10);
      expect(groups.get(S6)).toMatchObject([{ groupId: 1 }]);
      expect(groups.get(S9)).toEqual([]);
    });

    same('a switch counts its flows', async () => {
      await push(flow('f', S6, 1, 2), flow('g', S6, 2, 1));
      // Those of forwarding come and go.
      expect((await client.flowTotals(S6)).flows).toBeGreaterThanOrEqual(2);
    });

    same('a switch tells its make, its ports and what they counted', async () => {
      expect(await client.description(S6)).toMatchObject({ hardware: expect.stringContaining('Open vSwitch') });
      const ports = await client.ports(S6);
      expect(ports.map(({ port, name }) => `${port} ${name}`).sort()).toEqual([
        '1 s6-eth1',
        '2 s6-eth2',
        '3 s6-eth3',
        'local s6',
      ]);
      const counters = await client.portCounters(S6);
      expect(counters.map(({ port }) => String(port)).sort()).toEqual(['1', '2', '3', 'local']);
      for (const { receivedPackets, sentBytes, durationSeconds } of counters) {
        expect([typeof receivedPackets, typeof sentBytes]).toEqual(['bigint', 'bigint']);
        expect(durationSeconds).toBeGreaterThan(0);
      }
    });

    same('of an unknown switch nothing is told, and the client says so', async () => {
      const reads = [
        ...[client.flows(UNKNOWN), client.groups(UNKNOWN), client.ports(UNKNOWN), client.portCounters(UNKNOWN)],
        ...[client.description(UNKNOWN), client.flowTotals(UNKNOWN)],
      ];
      for (const outcome of await Promise.allSettled(reads)) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { problems: [{ code: 'unknown-switch' }] } });
      }
      await expect(client.roles(UNKNOWN)).rejects.toThrow(/could not locate/);
      await expect(client.setRole(UNKNOWN, 'MASTER')).rejects.toThrow(/could not locate/);
      expect(await client.list(UNKNOWN)).toEqual([]);
      await client.clear(UNKNOWN);
    });

    describe('each recorded correct request', () => {
      for (const id of CORRECT) {
        same(`${id} is answered as recorded`, async () => {
          const { request, response } = recorded(id);
          const answer = await send(request.method, request.path, request.body ?? undefined);
          expect(answer.status).toBe(response.status);
          expect(answer.headers.get('content-type')).toBe(response.headers['content-type']);
          expect(await answer.text()).toBe(response.body);
          await expect.poll(names, SOON).toHaveLength(1);
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
