import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Labctl } from '../support/harness/labctl.ts';

// Open vSwitch's userspace datapath before 3.1.3 goes on with an old action where a cached flow of former entries overlaps
// one of later entries and the entries change once more: see forgetCachedFlows. Each test here takes it to that point.

const SPEC = `version: 1
name: cached
forwarding: none
hosts: [{name: h1, ip: 10.0.0.1/8}, {name: h2, ip: 10.1.2.2/8}, {name: h3, ip: 10.1.0.3/8}, {name: h4, ip: 10.9.0.4/8}]
switches: [s1]
links: [[h1, s1], [h2, s1], [h3, s1], [h4, s1]]
`;

const labctl = new Labctl('ordinary');
afterAll(() => labctl.clean());

const folder = () => join(labctl.runFolder, 'cached');

/** Pushes a flow of s1 toward the port of that number, in the place of what has its name. */
const apply = (name: string, match: Readonly<Record<string, string>>, port: string) => {
  const flow = { switch: '00:00:00:00:00:00:00:01', name, priority: '100', ...match, active: 'true' };
  return labctl.ok(
    'entries',
    'apply',
    labctl.file('flow.json', JSON.stringify({ ...flow, actions: `output=${port}` })),
  );
};
const forward = (name: string, destination: string, port: string) =>
  apply(name, { eth_type: '0x0800', ipv4_dst: destination }, port);

const pingFromH1 = (address: string) => labctl.run('exec', 'h1', '--', 'ping', '-c', '1', '-W', '2', address);

/** How many flows to a destination the datapath has cached. */
async function cachedFlowsTo(destination: string): Promise<number> {
  const control = readdirSync(folder()).find((name) => name.startsWith('ovs-vswitchd.')) ?? '';
  const { stdout } = await execa('ovs-appctl', ['-t', join(folder(), control), 'dpctl/dump-flows']);
  return stdout.split('\n').filter((line) => line.includes(`dst=${destination}`)).length;
}

/** Leaves a cached flow of 10.1.2.0/24 and one of 10.1.0.0/16 that overlaps it, both toward h3, which is port 3. */
async function overlap(): Promise<void> {
  await forward('there', '10.1.2.0/24', '3');
  // Flows of 16 bits come first from now on.
  await pingFromH1('10.9.0.4');
  await pingFromH1('10.1.2.2');
  await forward('there', '10.1.0.0/16', '3');
  expect((await pingFromH1('10.1.0.3')).exitCode).toBe(0);
}

beforeAll(async () => {
  await labctl.ok('up', labctl.file('lab.yaml', SPEC));
  const database = `--db=unix:${join(folder(), 'db.sock')}`;
  // Cached flows stay however slow the machine is, and every packet finds its own cached flow first.
  const settings = ['other_config:max-idle=300000', 'other_config:emc-insert-inv-prob=1'];
  await execa('ovs-vsctl', [database, 'set', 'Open_vSwitch', '.', ...settings]);
  await apply('arp', { eth_type: '0x0806' }, 'flood');
  await forward('back', '10.0.0.1', '1');
  await forward('other', '10.9.0.0/16', '4');
});

test('packets go by entries that were changed twice', async () => {
  await overlap();
  await forward('there', '10.1.0.0/16', '2');
  expect((await pingFromH1('10.1.2.2')).stdout).toContain(' 1 received');
});

test('pingall goes by entries that somebody changed past labctl', async () => {
  await overlap();
  const target = `unix:${join(folder(), 's1.mgmt')}`;
  await execa('ovs-ofctl', ['-O', 'OpenFlow13', 'mod-flows', target, 'ip,nw_dst=10.1.0.0/16,actions=output:2']);
  expect((await labctl.run('pingall')).stdout).toContain('h1 -> h2 X h4\n');
});

test.each([
  [['link', 'down', 'h3', 's1']],
  [['link', 'up', 'h3', 's1']],
  [['entries', 'delete', 'there']],
  [['entries', 'clear', 's1']],
])('nothing is cached any more after %s', async (command) => {
  await pingFromH1('10.9.0.4');
  expect(await cachedFlowsTo('10.9.0.4')).toBeGreaterThan(0);
  await labctl.ok(...command);
  expect(await cachedFlowsTo('10.9.0.4')).toBe(0);
});

test('the lab goes down and leaves nothing', async () => {
  await labctl.ok('down');
  await labctl.expectNothingLeft();
});
