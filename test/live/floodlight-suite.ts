import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BASELINE, CONNECTED, ISOLATED } from '../support/fixtures/s10h10-matrices.ts';
import { Labctl, ringSpec, s10h10Spec, smallSpec } from '../support/harness/labctl.ts';

/** A Floodlight, or what stands in for one, that has no switches. */
export interface FloodlightUnderTest {
  readonly url: string;
  readonly openflowPort: number;
  /** Ends it with SIGKILL; absent where it is not ours to end. */
  readonly kill?: () => Promise<void>;
  /** Starts it again where it was. */
  readonly restart?: () => Promise<void>;
  stop(): Promise<void>;
}

const TUTORIAL = resolve(import.meta.dirname, '../../topologies/tutorial');
const flowMods = readdirSync(TUTORIAL)
  .filter((name) => name.startsWith('flow-mod-'))
  .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  .map((name) => join(TUTORIAL, name));
/** Longer than a switch takes to come back, and labctl to see to its entries. */
const MENDING = { timeout: 40_000, interval: 250 };

/** The ring of five with h1 and h3 connected, as it should be: what is left reaches each other by reaction. */
const CONNECTED_RING = [
  'h1 -> X h3 X X',
  'h2 -> X X h4 h5',
  'h3 -> h1 X X X',
  'h4 -> X h2 X h5',
  'h5 -> X h2 X h4',
].join('\n');
/** The small lab with h1 and h2 connected: so many entries, and so many of them in s2. */
const CONNECTED_ENTRIES = 14;
const HELD = 7;
const S2 = '00:00:00:00:00:00:00:02';
const PUSHER = '/wm/staticentrypusher/json';
/** A flow of somebody else, in s2. */
const theirs = (name: string) => ({
  ...{ switch: S2, name, priority: '40000', active: 'true' },
  ...{ eth_type: '0x0800', ipv4_dst: '10.9.9.9', actions: 'output=1' },
});

interface Status {
  readonly pid: number;
  readonly controller: { readonly trouble: unknown };
  readonly switches: { readonly connected: readonly string[]; readonly missing: readonly string[] };
  readonly entries: number | null;
  readonly upkeep: { missing: readonly string[]; leaving: readonly string[]; repaired: number } | null;
}

/** What hosts reach in labs, and what becomes of entries: two parts, so that they can run side by side. */
type Part = 'reach' | 'entries';

/** What a lab does on a Floodlight; one lab at a time, as a Floodlight serves one. */
export function floodlightSuite(name: string, part: Part, begin: () => Promise<FloodlightUnderTest>): void {
  describe(`a lab on ${name}: ${part}`, () => {
    let floodlight: FloodlightUnderTest;
    let labctl: Labctl;
    beforeAll(async () => {
      floodlight = await begin();
      labctl = new Labctl('as we are', {
        LABCTL_CONTROLLER: floodlight.url,
        LABCTL_OPENFLOW_PORT: String(floodlight.openflowPort),
      });
      labctl.file('lab.yaml', s10h10Spec('on-floodlight'));
      labctl.file('connected.yaml', smallSpec('on-floodlight', 'connections: [[h1, h2]]'));
    });
    afterEach(async () => {
      await labctl.run('down', '--all');
      await labctl.expectNothingLeft();
      // Nor is anything left in the controller.
      await expect.poll(() => get('/wm/core/controller/switches/json'), { timeout: 5_000 }).toEqual([]);
      const listed = (await get('/wm/staticentrypusher/list/all/json')) as Record<string, readonly unknown[]>;
      expect(Object.values(listed).flat()).toEqual([]);
    });
    afterAll(async () => {
      await labctl?.clean();
      await floodlight?.stop();
    });

    const ask = async (method: string, path: string, body?: object): Promise<unknown> => {
      const content = body === undefined ? {} : { body: JSON.stringify(body) };
      return (await fetch(`${floodlight.url}${path}`, { method, ...content })).json();
    };
    const get = (path: string) => ask('GET', path);
    /** On the clock of this machine, in milliseconds, where the controller runs on it. */
    const connectedSince = async (dpid: string) => {
      const rows = (await get('/wm/core/controller/switches/json')) as readonly {
        readonly switchDPID: string;
        readonly connectedSince: number;
      }[];
      return rows.find(({ switchDPID }) => switchDPID === dpid)?.connectedSince ?? Date.now();
    };
    const status = async (): Promise<Status> => JSON.parse(await labctl.ok('status', '--format', 'json'));
    const vsctl = (...args: readonly string[]) =>
      execa('ovs-vsctl', [`--db=unix:${join(labctl.runFolder, 'on-floodlight', 'db.sock')}`, ...args]);
    const sendAway = (node: string) => vsctl('del-controller', node);
    const bringBack = (node: string) =>
      vsctl('set-controller', node, `unix:${join(labctl.runFolder, 'on-floodlight', 'of.sock')}`);
    /** Names of static entries in a switch, as its own table has them: those of labctl's plan have these priorities. */
    const plannedFlows = async (node: string) => {
      const target = `unix:${join(labctl.runFolder, 'on-floodlight', `${node}.mgmt`)}`;
      const { stdout } = await execa('ovs-ofctl', ['-O', 'OpenFlow13', 'dump-flows', target]);
      return stdout.split('\n').filter((line) => /priority=30\d{3}/.test(line)).length;
    };

    const reach = () => {
      test('is judged as on the embedded controller: 44, 20 and again 44 of 90', async () => {
        const up = await labctl.run('up', 'lab.yaml');
        expect(up).toMatchObject({ exitCode: 0 });
        expect(up.stderr).toContain(`controller: Floodlight at ${floodlight.url} (asked for)`);
        expect(await status()).toMatchObject({
          controller: { kind: 'Floodlight', url: floodlight.url, trouble: null },
          switches: { missing: [] },
          entries: 0,
        });
        expect(await labctl.ok('pingall')).toContain(BASELINE);
        expect(await labctl.ok('connect', 'h2', 'h5', 'h6')).toContain(CONNECTED);
        expect(await labctl.ok('disconnect', 'h2', 'h5', 'h6')).toContain(BASELINE);
        expect(await labctl.ok('entries', 'list')).toBe('no static entries');
        expect(await labctl.ok('down')).toBe('on-floodlight is down');
      });

      test('follows links and switches that go down and come back, with the entries that they had', async () => {
        labctl.file('ring.yaml', ringSpec('on-floodlight', 5, 'connections: [[h1, h3]]\n'));
        await labctl.ok('up', 'ring.yaml');
        const before = await plannedFlows('s2');
        expect(before).toBeGreaterThan(0);
        await labctl.ok('link', 'down', 's1', 's5');
        await labctl.ok('switch', 'stop', 's2');
        expect((await status()).switches.missing).toEqual(['s2']);
        // {1} and {3,4,5} are left, and h3 reaches h1 only.
        expect((await labctl.ok('pingall')).split('\n').filter((line) => / -> .*h/.test(line))).toEqual([
          'h4 -> X X X h5',
          'h5 -> X X X h4',
        ]);
        await labctl.ok('switch', 'start', 's2');
        expect(await plannedFlows('s2')).toBe(before);
        await labctl.ok('fault', 'clear');
        for (const [host, address] of [
          ['h1', '10.0.0.3'],
          ['h5', '10.0.0.2'],
        ] as const) {
          expect(await labctl.ok('exec', host, '--', 'ping', '-c', '1', '-w', '20', address)).toContain(' 1 received');
        }
        expect(await labctl.ok('pingall')).toContain(CONNECTED_RING);
        expect((await status()).upkeep).toMatchObject({ missing: [], leaving: [] });
      });

      test('with forwarding none reaches nobody, then 6 of 90, and keeps its links', async () => {
        const spec = s10h10Spec('on-floodlight', (text) => text.replace('forwarding: reactive', 'forwarding: none'));
        labctl.file('none.yaml', spec);
        await labctl.ok('up', 'none.yaml');
        expect(await labctl.ok('pingall')).toContain('(0/90 received)');
        expect(await labctl.ok('connect', 'h2', 'h5', 'h6')).toContain(ISOLATED);
        // What stands for the forwarding is no entry of the user's.
        expect((await status()).entries).toBe(39);
        expect(await labctl.ok('entries', 'clear')).toBe('39 entries removed');
        expect(await labctl.ok('pingall')).toContain('(0/90 received)');
        const links = (await get('/wm/topology/links/json')) as { readonly direction: string }[];
        expect(links.map(({ direction }) => direction)).toEqual(Array.from({ length: 7 }, () => 'bidirectional'));
      });

      test('groups arrive: a ring is spread over and protected, and survives the failure of a link', async () => {
        labctl.file('ring.yaml', ringSpec('on-floodlight', 4, 'forwarding: none\n'));
        await labctl.ok('up', 'ring.yaml');
        expect(await labctl.ok('connect', 'h1', 'h3', '--multipath')).toContain('(2/12 received)');
        expect(await labctl.ok('entries', 'list')).toMatch(/ group \d+ +select /);
        expect(await labctl.ok('connect', 'h1', 'h3', '--protect')).toContain('(2/12 received)');
        expect(await labctl.ok('entries', 'list')).toMatch(/ group \d+ +fast_failover /);
        await labctl.ok('link', 'down', 's1', 's2');
        expect(await labctl.ok('pingall')).toContain('(2/12 received)');
        expect(await labctl.ok('disconnect', 'h1', 'h3')).toContain('(0/12 received)');
        // The isolation of `forwarding: none` stays.
        expect(await labctl.ok('entries', 'list')).not.toMatch(/ group \d+/);
      });
    };

    const entries = () => {
      test('is refused while another lab has switches of its DPIDs there, which goes on', async () => {
        await labctl.ok('up', 'connected.yaml');
        labctl.file('second.yaml', smallSpec('second'));
        const second = await labctl.run('up', 'second.yaml');
        expect(second.exitCode).toBe(3);
        expect(second.stderr).toContain('the controller already has other switches with the DPIDs of s1, s2');
        expect(await status()).toMatchObject({ switches: { missing: [] } });
      });

      test("the tutorial's entries: refused as written, sent by force they show that s10's reach no switch", async () => {
        await labctl.ok('up', 'lab.yaml');
        const asWritten = await labctl.run('entries', 'apply', ...flowMods);
        expect(asWritten.exitCode).toBe(2);
        expect(asWritten.stderr.match(/did you mean s10, 00:00:00:00:00:00:00:0a\?/g)).toHaveLength(4);
        expect(await labctl.ok('entries', 'list')).toBe('no static entries');

        const forced = await labctl.run('entries', 'apply', '--force', '--format', 'json', ...flowMods);
        expect(forced.exitCode).toBe(1);
        const outcomes = (JSON.parse(forced.stdout).sent as { name: string; outcome: string }[]).map(
          (each) => `${each.name} ${each.outcome}`,
        );
        const lost = ['flow-mod-3', 'flow-mod-4', 'flow-mod-9', 'flow-mod-10'];
        expect(outcomes).toEqual(
          Array.from({ length: 10 }, (_, index) => `flow-mod-${index + 1}`).map(
            (each) => `${each} ${lost.includes(each) ? 'vanished' : 'in-switch'}`,
          ),
        );
        expect(await labctl.ok('entries', 'clear')).toBe('6 entries removed');

        const texts = flowMods.map((file) => readFileSync(file, 'utf8').replaceAll('00:10"', '00:0a"'));
        labctl.file('right.json', texts.join(''));
        expect(await labctl.ok('entries', 'apply', 'right.json')).toBe('10 entries pushed and read back');
        expect(await labctl.ok('entries', 'add', join(TUTORIAL, 'group-mod-1.json'))).toBe(
          '1 entry pushed and read back',
        );
        expect(await labctl.ok('entries', 'list')).toContain('weight 50: output=2 | weight 50: output=3');
        expect(await labctl.ok('entries', 'clear', 's10')).toBe('4 entries removed');
        expect(await labctl.ok('entries', 'delete', 'flow-mod-1', 'flow-mod-2')).toBe('2 entries removed');
        expect((await status()).entries).toBe(5);
      });

      test('an entry that labctl cannot read is told of, stops nothing, and can be removed', async () => {
        await labctl.ok('up', 'connected.yaml');
        labctl.file('odd.json', JSON.stringify({ ...theirs('odd'), actions: 'output=any' }));
        const forced = await labctl.run('entries', 'apply', '--force', 'odd.json');
        expect(forced).toMatchObject({ exitCode: 1 });
        expect(forced.stdout).toMatch(/^odd +the controller/m);
        const listed = await labctl.run('entries', 'list');
        expect(listed).toMatchObject({ exitCode: 0 });
        expect(listed.stdout.split('\n')).toHaveLength(1 + CONNECTED_ENTRIES);
        expect(listed.stderr).toContain('not shown, as labctl cannot read them: odd on s2');
        expect((await status()).entries).toBe(CONNECTED_ENTRIES + 1);
        expect(await labctl.ok('entries', 'delete', 'odd')).toBe('1 entry removed');
        expect((await status()).entries).toBe(CONNECTED_ENTRIES);
      });

      test('a switch away takes no entries, and loses what was removed meanwhile', async () => {
        await labctl.ok('up', 'connected.yaml');
        expect(await plannedFlows('s2')).toBe(HELD);
        await sendAway('s2');
        await expect.poll(async () => (await status()).switches.missing, MENDING).toEqual(['s2']);
        const refused = await labctl.run('connect', 'h1', 'h3');
        expect(refused.exitCode).toBe(3);
        expect(refused.stderr).toContain('switch s2: the switch is not connected');
        const { entries, upkeep } = await status();
        expect({ entries, leaving: upkeep?.leaving }).toEqual({ entries: CONNECTED_ENTRIES, leaving: [] });
        expect(upkeep?.missing).toHaveLength(HELD);

        expect(await labctl.ok('entries', 'clear')).toBe(`${CONNECTED_ENTRIES} entries removed`);
        expect((await status()).upkeep?.leaving).toHaveLength(HELD);
        await bringBack('s2');
        await expect
          .poll(status, MENDING)
          .toMatchObject({ switches: { missing: [] }, upkeep: { leaving: [] }, entries: 0 });
        expect(await plannedFlows('s2')).toBe(0);
      });

      test('a switch that was away gets back what it lacks, also of others, and an entry that was deleted meanwhile can be removed', async () => {
        await labctl.ok('up', 'connected.yaml');
        await ask('POST', PUSHER, theirs('kept'));
        await ask('POST', PUSHER, { ...theirs('deleted'), priority: '40001' });
        await expect.poll(async () => (await status()).entries, MENDING).toBe(CONNECTED_ENTRIES + 2);
        await ask('DELETE', PUSHER, { name: 'deleted' });
        await expect.poll(async () => (await status()).entries, MENDING).toBe(CONNECTED_ENTRIES + 1);

        await sendAway('s2');
        await expect.poll(async () => (await status()).switches.missing, MENDING).toEqual(['s2']);
        // Floodlight says that it is deleted, and brings it back with the switch.
        const zombie = { name: 'labctl/s2/fence-to/h2' };
        await ask('DELETE', PUSHER, zombie);
        await bringBack('s2');
        await expect
          .poll(status, MENDING)
          .toMatchObject({ switches: { missing: [] }, entries: CONNECTED_ENTRIES + 1, upkeep: { missing: [] } });
        expect(await labctl.ok('entries', 'list')).toMatch(/ kept$/m);
        expect(await plannedFlows('s2')).toBe(HELD);
        expect(await labctl.ok('entries', 'delete', zombie.name)).toBe('1 entry removed');
        expect(await plannedFlows('s2')).toBe(HELD - 1);
      });

      test('labctl role sets the role and leaves the entries as they were; without MASTER none is pushed; what somebody else wipes by setting it is put back', async () => {
        await labctl.ok('up', 'connected.yaml');
        expect(await labctl.ok('role', 'slave', 's2')).toMatch(/^s2 .* SLAVE /m);
        const refused = await labctl.run('connect', 'h1', 'h3');
        expect(refused.exitCode).toBe(3);
        expect(refused.stderr).toContain("switch s2: the controller's role is SLAVE");
        expect(await labctl.ok('role', 'MASTER', 's2')).toMatch(/^s2 .* MASTER /m);
        expect(await plannedFlows('s2')).toBe(HELD);
        const { upkeep } = await status();
        expect(upkeep?.missing).toEqual([]);

        // A second after a switch has come Floodlight sends it its entries: what is wiped before then comes back by itself.
        await expect.poll(async () => Date.now() - (await connectedSince(S2)), MENDING).toBeGreaterThan(2_000);
        expect(await ask('POST', `/wm/core/switch/${S2}/role/json`, { role: 'MASTER' })).toEqual({ [S2]: 'MASTER' });
        await expect.poll(async () => (await status()).upkeep?.repaired, MENDING).toBe((upkeep?.repaired ?? 0) + HELD);
        expect(await plannedFlows('s2')).toBe(HELD);
      });

      test('what a killed lab left in the controller is cleared when the next one comes up', async () => {
        await labctl.ok('up', 'connected.yaml');
        process.kill((await status()).pid, 'SIGKILL');
        await labctl.ok('down', 'on-floodlight');
        labctl.file('next.yaml', smallSpec('on-floodlight'));
        const up = await labctl.run('up', 'next.yaml');
        expect(up).toMatchObject({ exitCode: 0 });
        expect(up.stderr).toContain(
          `cleared ${CONNECTED_ENTRIES} entries that Floodlight still held for these switches`,
        );
        expect((await status()).entries).toBe(0);
        expect(await plannedFlows('s2')).toBe(0);
      });

      test.for([
        // With those that stand for `forwarding: none`, three in each switch.
        { forwarding: 'none', own: 6, withoutEntries: '(0/6 received)' },
        { forwarding: 'reactive', own: 0, withoutEntries: '(6/6 received)' },
      ])(
        'killed and started again, the controller gets every entry back, groups first, and forwards as before: forwarding $forwarding',
        async ({ forwarding, own, withoutEntries }, context) => {
          const { kill, restart } = floodlight;
          if (kill === undefined || restart === undefined) return context.skip('it is not ours to end');
          labctl.file('lost.yaml', smallSpec('on-floodlight', `forwarding: ${forwarding}\nconnections: [[h1, h2]]`));
          await labctl.ok('up', 'lost.yaml');
          const group = JSON.parse(readFileSync(join(TUTORIAL, 'group-mod-1.json'), 'utf8'));
          labctl.file(
            'group.json',
            JSON.stringify([
              { ...group, switch: S2 },
              { ...theirs('through'), actions: 'group=1' },
            ]),
          );
          expect(await labctl.ok('entries', 'apply', 'group.json')).toBe('2 entries pushed and read back');
          await kill();
          await expect.poll(async () => (await status()).controller.trouble, MENDING).not.toBeNull();
          const refused = await labctl.run('connect', 'h1', 'h3');
          expect(refused.exitCode).toBe(3);
          expect(refused.stderr).toContain('connection refused');
          await restart();
          const entries = CONNECTED_ENTRIES + 2;
          const repaired = entries + own;
          await expect
            .poll(status, MENDING)
            .toMatchObject({ switches: { missing: [] }, entries, upkeep: { missing: [], leaving: [], repaired } });
          expect(await labctl.ok('pingall')).toContain('(2/6 received)');
          expect(await labctl.ok('disconnect', 'h1', 'h2')).toContain(withoutEntries);
        },
      );
    };

    ({ reach, entries })[part]();
  });
}
