import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { FloodlightController } from '../../../src/drivers/floodlight/controller.ts';
import { runningFloodlight } from '../../../src/drivers/floodlight/instance.ts';
import { OpenFlowRelay } from '../../../src/drivers/floodlight/relay.ts';
import { PUSH_PACE } from '../../../src/drivers/pusher/entry-push.ts';
import type { Dpid } from '../../../src/model/addresses.ts';
import type { Forwarding } from '../../../src/model/connection.ts';
import { exactly } from '../../../src/model/match.ts';
import type { FlowEntry, GroupEntry } from '../../../src/model/openflow.ts';
import { RestProxy } from '../../support/fakes/rest-proxy.ts';
import { topologyOf } from '../../support/fixtures/topologies.ts';
import { type FloodlightNetwork, startFloodlightNetwork } from '../../support/harness/floodlight-network.ts';

const S1 = '00:00:00:00:00:00:00:01' as Dpid;
const S2 = '00:00:00:00:00:00:00:02' as Dpid;
/** h1 - s1 - s2 - h2; the switches' link is at port 2 of both. */
const pair = topologyOf(2, [[1, 2]]);
const LINKS = '/wm/topology/links/json';
const never = new AbortController().signal;

const throughGroup: FlowEntry = {
  kind: 'flow',
  name: 'through',
  dpid: S1,
  tableId: 0,
  priority: 32768,
  match: { in_port: exactly('in_port', 1n) },
  instructions: { apply: [{ kind: 'group', groupId: 1 }], clearActions: false, write: [] },
  idleTimeoutSeconds: 0,
  hardTimeoutSeconds: 0,
};
const plain: FlowEntry = {
  ...throughGroup,
  name: 'plain',
  instructions: { apply: [{ kind: 'output', port: 2 }], clearActions: false, write: [] },
};
const group: GroupEntry = {
  kind: 'group',
  name: 'group',
  dpid: S1,
  groupId: 1,
  groupType: 'all',
  buckets: [{ actions: [{ kind: 'output', port: 2 }] }],
};

interface Wish {
  readonly forwarding?: Forwarding;
  readonly patienceMs?: number;
  readonly formerSwitchesMs?: number;
  /** In place of sending both switches to the controller. */
  readonly connectSwitches?: (target: string) => Promise<void>;
}

for (const old of [false, true]) {
  describe(old ? 'an older Floodlight, which loses groups' : 'a Floodlight', () => {
    let network: FloodlightNetwork;
    let proxy: RestProxy;
    let url: string;
    let controller: FloodlightController | undefined;
    beforeAll(async () => {
      network = await startFloodlightNetwork(pair, { old, delayFactor: 0.1 });
    });
    beforeEach(async () => {
      proxy = new RestProxy(network.floodlight.url);
      url = await proxy.start();
    });
    afterEach(async () => {
      await network.disconnect();
      await controller?.stop();
      controller = undefined;
      await proxy.stop();
    });
    afterAll(() => network?.stop());

    const controllerFor = ({ forwarding = 'reactive', connectSwitches, ...patience }: Wish = {}) => {
      controller = new FloodlightController({
        topology: pair,
        forwarding,
        instance: runningFloodlight(url, network.floodlight.openflowPort),
        relaySocket: network.relaySocket,
        connectSwitches: connectSwitches ?? ((target) => network.connect(target)),
        groupArrivalMs: 500,
        keeperPace: { lookMs: 100, repairMs: 30, doubtMs: 300, roleRepairMs: 15_000, settleMs: 1_000, push: PUSH_PACE },
        ...patience,
      });
      return controller;
    };
    const bringUp = async (wish: Wish = {}, signal = never) => {
      const made = controllerFor(wish);
      const steps: string[] = [];
      await made.prepare(signal, (step) => steps.push(step));
      await made.start(signal, (step) => steps.push(step));
      return { controller: made, steps };
    };
    const bothConnected = () =>
      vi.waitFor(async () => expect(await network.connected()).toEqual([S1, S2]), { timeout: 10_000, interval: 50 });

    if (old) {
      it('refuses a plan with groups before anything is sent, and takes one without', async () => {
        const { controller: up } = await bringUp();
        const before = proxy.entryChanges.length;
        await expect(up.push([group, throughGroup, plain], never)).rejects.toMatchObject({
          problems: [
            { kind: 'environment', code: 'no-groups', where: { kind: 'entry', entry: 'group', url } },
            { kind: 'environment', code: 'no-groups', where: { kind: 'entry', entry: 'through', url } },
          ],
        });
        expect(proxy.entryChanges).toHaveLength(before);
        await up.push([plain], never);
        expect(await network.staticFlows('s1')).toEqual([expect.stringContaining('in_port=1 actions=output:2')]);
      });
      return;
    }

    it('takes groups, and keeps nothing of how that was found out', async () => {
      const { controller: up } = await bringUp();
      const probe = proxy.requests.find(({ body }) => body.includes('labctl-probe'));
      // Floodlight cannot read a number above that.
      expect(Number(JSON.parse(probe?.body ?? '{}').group_id)).toBeLessThanOrEqual(2147483647);
      expect(await network.groups('s1')).toEqual([]);
      expect((await up.entries(never)).entries).toEqual([]);
      await up.push([throughGroup, group], never);
      expect(await network.groups('s1')).toEqual([1]);
      expect(await network.staticFlows('s1')).toEqual([expect.stringContaining('actions=group:1')]);
    });

    it('that is master of its switches is told no role', async () => {
      const { controller: up, steps } = await bringUp();
      expect(steps.filter((step) => step.includes('master'))).toEqual([]);
      expect(proxy.requests.filter(({ method, path }) => method === 'POST' && path.includes('/role/'))).toEqual([]);
      expect(Object.fromEntries(await up.roles(never))).toEqual({ [S1]: 'MASTER', [S2]: 'MASTER' });
    });

    it('that is not master of a switch is made so, of that one alone and before anything is pushed', async () => {
      const { controller: up, steps } = await bringUp({
        forwarding: 'none',
        async connectSwitches(target) {
          await network.connect(target);
          await expect
            .poll(() => network.ask('GET', '/wm/core/switch/all/role/json'), { timeout: 10_000 })
            .toEqual({ [S1]: 'MASTER', [S2]: 'MASTER' });
          await network.ask('POST', `/wm/core/switch/${S1}/role/json`, { role: 'SLAVE' });
        },
      });
      expect(steps).toContain('making Floodlight the master of s1');
      const posts = proxy.requests.filter(({ method }) => method === 'POST').map(({ path }) => path);
      expect(posts[0]).toBe(`/wm/core/switch/${S1}/role/json`);
      expect(posts.filter((path) => path.includes('/role/'))).toHaveLength(1);
      expect(Object.fromEntries(await up.roles(never))).toEqual({ [S1]: 'MASTER', [S2]: 'MASTER' });
      expect(await network.staticFlows('s1')).toHaveLength(3);
    });

    it('with forwarding none drops IPv4, IPv6 and ARP on each switch, by entries that nobody sees', async () => {
      const { controller: up } = await bringUp({ forwarding: 'none' });
      expect(up.forwarding).toEqual({ kind: 'reactive', reactionSeconds: 0 });
      for (const name of ['s1', 's2']) {
        const flows = (await network.staticFlows(name)).map((line) => line.replace(/^.*(?=priority=)/, ''));
        expect(flows.sort()).toEqual([
          'priority=2,arp actions=drop',
          'priority=2,ip actions=drop',
          'priority=2,ipv6 actions=drop',
        ]);
      }
      expect((await up.entries(never)).entries).toEqual([]);
      expect(await up.upkeep(never)).toEqual({ missing: [], leaving: [], repaired: 0 });
      // Whoever deletes them gets them back, as they stand for what the spec says.
      await network.ask('DELETE', '/wm/staticentrypusher/json', { name: 'labctl-forwarding-none/s1/arp' });
      await expect.poll(() => network.staticFlows('s1'), { timeout: 15_000 }).toHaveLength(2);
      await expect.poll(() => network.staticFlows('s1'), { timeout: 15_000 }).toHaveLength(3);
    });

    it('is left without entries and without switches', async () => {
      const { controller: up } = await bringUp({ forwarding: 'none' });
      await up.push([plain], never);
      await up.stop();
      const listed = (await network.ask('GET', '/wm/staticentrypusher/list/all/json')) as Record<string, unknown[]>;
      expect(Object.values(listed).flat()).toEqual([]);
      expect(await network.staticFlows('s1')).toEqual([]);
      await expect.poll(() => network.connected(), { timeout: 10_000 }).toEqual([]);
    });

    describe('that has switches of these DPIDs already', () => {
      let other: OpenFlowRelay;
      beforeEach(async () => {
        const socket = join(dirname(network.relaySocket), 'other.sock');
        other = new OpenFlowRelay(socket, { host: '127.0.0.1', port: network.floodlight.openflowPort });
        await other.listen();
        await network.connect(`unix:${socket}`);
        await bothConnected();
      });
      afterEach(() => other.close());

      it('is refused after a while, and they keep it', async () => {
        const refused = controllerFor({ formerSwitchesMs: 300 });
        await expect(refused.prepare(never, () => {})).rejects.toMatchObject({
          problems: [
            {
              kind: 'environment',
              code: 'controller-in-use',
              where: { name: url },
              cause: expect.stringContaining('of s1, s2:'),
            },
          ],
        });
        await refused.stop();
        expect(await network.connected()).toEqual([S1, S2]);
        expect(proxy.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
      });

      it('is taken once they have gone', async () => {
        const prepared = controllerFor({ formerSwitchesMs: 20_000 }).prepare(never, () => {});
        await network.disconnect();
        await prepared;
      });
    });

    it('that does not get a switch is refused with its name', async () => {
      const { promise, steps } = await failing({ connectSwitches: (target) => network.connect(target, ['s2']) });
      await expect(promise).rejects.toMatchObject({
        problems: [
          { code: 'switches-missing', where: { name: url }, cause: expect.stringMatching(/lacks the switches s1$/) },
        ],
      });
      expect(steps).toContain('waiting for the switches to connect to Floodlight');
    });

    const oneWay = [
      {
        ...{ 'src-switch': S1, 'src-port': 2, 'dst-switch': S2, 'dst-port': 2 },
        ...{ type: 'internal', direction: 'unidirectional', latency: 4 },
      },
    ];
    const elsewhere = [{ ...oneWay[0], direction: 'bidirectional', 'dst-port': 3 }];
    it.each([
      ['discovered', LINKS, []],
      ['discovered in both directions', LINKS, oneWay],
      ['discovered at these ports', LINKS, elsewhere],
      ['known to its routing', '/wm/routing/path/', { results: [] }],
    ])('to which a link is never %s is refused with its name', async (_, path, answer) => {
      proxy.intervene = (request) =>
        request.path.startsWith(path) ? { status: 200, body: JSON.stringify(answer) } : 'pass';
      // Its patience is for the links, however long a busy machine takes to connect the switches.
      const connectSwitches = async (target: string) => {
        await network.connect(target);
        await bothConnected();
      };
      const { promise } = await failing({ connectSwitches });
      await expect(promise).rejects.toMatchObject({
        problems: [
          { code: 'links-missing', where: { name: url }, cause: expect.stringMatching(/lacks the links s1-s2$/) },
        ],
      });
    });

    async function failing(wish: Wish) {
      const made = controllerFor({ patienceMs: 1_000, ...wish });
      const steps: string[] = [];
      await made.prepare(never, () => {});
      return { promise: made.start(never, (step) => steps.push(step)), steps };
    }

    describe('whose lab is interrupted while it comes up', () => {
      it.each([
        ['waits for its switches', '/wm/core/controller/switches/json', { status: 200, body: '[]' }],
        ['waits for its links', LINKS, { status: 200, body: '[]' }],
        ['gets no answer about its links', LINKS, 'never'],
        ['gets no answer about its roles', '/wm/core/switch/all/role/json', 'never'],
        ['gets no answer to a group', '/wm/staticentrypusher/json', 'never'],
      ] as const)(
        'and %s is done at once',
        async (_, path, intervention) => {
          const interrupt = new AbortController();
          const reason = new Error('interrupted');
          // It would wait for longer than the test may take.
          const made = controllerFor({ patienceMs: 600_000 });
          await made.prepare(never, () => {});
          proxy.intervene = (request) => {
            if (request.path !== path) return 'pass';
            setTimeout(() => interrupt.abort(reason), 100);
            return intervention;
          };
          const error: unknown = await made.start(interrupt.signal, () => {}).catch((error) => error);
          // Node's own waiting puts the reason into an error of its own.
          expect([error, (error as Error).cause]).toContain(reason);
          const askedUntilThen = proxy.requests.length;
          await sleep(500);
          expect(proxy.requests).toHaveLength(askedUntilThen);
          proxy.intervene = () => 'pass';
        },
        9_000,
      );

      it('and gets no first answer is done at once', async () => {
        const interrupt = new AbortController();
        const reason = new Error('interrupted');
        proxy.intervene = () => {
          setTimeout(() => interrupt.abort(reason), 100);
          return 'never';
        };
        await expect(controllerFor().prepare(interrupt.signal, () => {})).rejects.toBe(reason);
      }, 9_000);
    });
  });
}
