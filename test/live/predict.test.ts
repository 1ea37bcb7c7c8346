import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { AT_ONCE_WITH_SIX_FLOW_MODS } from '../support/fixtures/s10h10-matrices.ts';
import { Labctl, s10h10Spec } from '../support/harness/labctl.ts';

const labctl = new Labctl();
const spec = labctl.file('lab.yaml', s10h10Spec('predict'));
const tutorial = [1, 2, 3, 4, 5, 6].map((number) =>
  resolve(import.meta.dirname, `../../topologies/tutorial/flow-mod-${number}.json`),
);

beforeAll(async () => {
  await labctl.ok('up', spec);
  await labctl.ok('connect', 'h2', 'h5', 'h6');
});
afterAll(() => labctl.clean());

/** Changes a switch behind the back of its controller. */
async function ofctl(command: string, node: string, text: string): Promise<void> {
  const socket = `unix:${join(labctl.runFolder, 'predict', `${node}.mgmt`)}`;
  await execa('ovs-ofctl', ['-O', 'OpenFlow13', command, socket, text]);
}

test('the prediction of a running lab is what its pingall shows', async () => {
  const predicted = await labctl.ok('predict');
  const observed = await labctl.ok('pingall');
  expect(predicted.split('\n').slice(1)).toEqual(observed.split('\n').slice(1));
  expect(predicted).toContain('(20/90 received)');
});

test('a spec is predicted without a lab and without any program', async () => {
  const { stdout, exitCode } = await execa(
    process.execPath,
    [resolve(import.meta.dirname, '../../dist/labctl.cjs'), 'predict', 's10h10'],
    { env: { PATH: '', LABCTL_RUN_DIR: labctl.runFolder }, extendEnv: false },
  );
  expect(stdout).toContain('(44/90 received)');
  expect(exitCode).toBe(0);
});

test("the tutorial's flow-mod-1 to 6 as written are predicted to reach 16, with what is wrong about them", async () => {
  const { stdout, stderr, exitCode } = await labctl.run('predict', 's10h10', '--with', ...tutorial);
  expect(stdout).toContain(AT_ONCE_WITH_SIX_FLOW_MODS);
  // A line for each cause, not for each pair.
  const [, reasons = ''] = stdout.split(/^\*\*\* Verdict: .*\n/m);
  expect(reasons).toBe(`flow-mod-2 on s6 takes 14 pairs: h1-h2 h1-h5 h1-h10 h2-h1 h2-h3 h3-h2 h3-h5 h3-h10 ..
s10 would have to send back where they came from 6 pairs: h1-h6 h3-h6 h5-h7 h6-h1 h6-h3 h7-h5
flow-mod-5 on s5 takes 8 pairs: h1-h7 h2-h7 h3-h7 h6-h7 h7-h2 h7-h6 h7-h10 h10-h7
Each pair with its reason: labctl predict --all`);
  const each = await labctl.run('predict', 's10h10', '--all', '--with', ...tutorial);
  expect(each.stdout.match(/^h\d+ -> h\d+: expected /gm)).toHaveLength(28);
  expect(each.stdout).toContain(
    "h1 -> h2: expected h2, predicted X: on the way back h6 gets h2's ARP reply to h1 by flow-mod-2 on s6, and ignores it: it is for another MAC address",
  );
  expect(stderr).toMatch(/flow-mod-3 .*no switch has the DPID 00:00:00:00:00:00:00:10\n.*did you mean s10/);
  expect(stderr).toContain('flow-mod-2 (s6 port 3), flow-mod-5 (s5 port 3): matches LLDP too');
  expect(exitCode).toBe(1);
});

test('a link supposed to be down splits the prediction', async () => {
  const { stdout, exitCode } = await labctl.run('predict', 's10h10', '--without', 's3-s6');
  expect(stdout).toContain('h1 -> X h3 X X X X X X X');
  expect(stdout).toContain('a missing path cuts off 20 pairs: h1-h2 h1-h5 h1-h6 h1-h7 h1-h10 h2-h1 h2-h3 h3-h2 ..');
  const each = await labctl.run('predict', 's10h10', '--without', 's3-s6', '--all');
  expect(each.stdout).toContain(
    'h1 -> h2: expected h2, predicted X: there is no path of links that are up between h1 and h2',
  );
  expect(exitCode).toBe(1);
});

test('a ping is explained by the entries that decide, and every hop is what the switch says itself', async () => {
  const fenced = await labctl.ok('explain', 'h2', 'h1', '--verify');
  expect(fenced).toContain("h2 -> h1: X, s2 drops h2's ARP request for h1 by labctl/s2/fence-from/h2");
  expect(fenced).toContain("and h1 -> h2: X, s2 drops h1's ARP request for h2 by labctl/s2/fence-to/arp/h2");
  expect(fenced).toContain('The switches agree at all of 1 hops');
  const reaching = await labctl.ok('explain', 'h2', 'h5', '--verify');
  expect(reaching).toContain('echo reply    h5 > s5 > s10 > s2 > h2');
  expect(reaching).toContain('The switches agree at all of 12 hops');
  const { there, checks } = JSON.parse(await labctl.ok('explain', 'h2', 'h5', '--verify', '--format', 'json'));
  expect(there.trace.outcome).toBe('reaches');
  expect(there.trace.legs.map(({ message }: { message: string }) => message)).toEqual([
    'ARP request',
    'ARP reply',
    'echo request',
    'echo reply',
  ]);
  expect(checks).toEqual({ checked: 12, undecided: 0, disagreements: [] });
});

test('what somebody did to a switch behind the controller is seen, explained, and shown by pingall', async () => {
  await ofctl('add-flow', 's10', 'priority=40000,dl_type=0x0800,nw_dst=10.0.0.5,actions=drop');
  const explained = await labctl.ok('explain', 'h2', 'h5');
  const why = "s10 drops h2's echo request to h5 by the entry of priority 40000 on eth_type=0x800,ipv4_dst=10.0.0.5";
  expect(explained).toContain(`h2 -> h5: X, ${why}`);
  const pinged = await labctl.run('pingall', '--all');
  expect(pinged.exitCode).toBe(1);
  expect(pinged.stdout).toContain(`h2 -> h5: expected h5, observed X: ${why}`);
  await ofctl('del-flows', 's10', 'dl_type=0x0800,nw_dst=10.0.0.5');
  await labctl.ok('disconnect', 'h2', 'h5', 'h6');
  await labctl.ok('connect', 'h2', 'h5', 'h6');
});

test('a network that does not do what its entries say is a finding', async () => {
  await labctl.ok('exec', 'h4', '--', 'sysctl', '-w', 'net.ipv4.icmp_echo_ignore_all=1');
  const { stdout, exitCode } = await labctl.run('pingall');
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/Finding: the network does not do what the entries of its switches say, for 1 pair/);
  expect(stdout).toContain('h8 -> h4: predicted h4, observed X');
  await labctl.ok('exec', 'h4', '--', 'sysctl', '-w', 'net.ipv4.icmp_echo_ignore_all=0');
});

test('a host that somebody changed is explained, and no finding', async () => {
  await labctl.ok('exec', 'h4', '--', 'ip', 'link', 'set', 'h4-eth0', 'down');
  const { stdout, exitCode } = await labctl.run('pingall');
  expect(exitCode).toBe(1);
  expect(stdout).not.toContain('Finding');
  expect(stdout).toContain('h4 -> h8: expected h8, observed X: h4 has no route to h8');
  await labctl.ok('exec', 'h4', '--', 'ip', 'link', 'set', 'h4-eth0', 'up');
});

test.each([
  [['explain', 'h1', 'h99'], /h99: there is no such host/],
  [['explain', 'h1', 's1'], /s1: this is a switch, not a host/],
  [['explain', 'h1', 'h1'], /name two hosts/],
  [['explain', 'h1', 'h2', '-t', 's10h10', '--verify'], /only running switches can be asked[\s\S]*labctl up s10h10/],
  [['predict', 's10h10', '--without', 's1-s4'], /--without: there is no such link or switch: "s1-s4"[\s\S]*s1-s3/],
  [['predict', 's10h10', '--with', 'none.json'], /none\.json: cannot be read/],
  [['predict', 's10h10', '--expect', 'nothing'], /the spec has no such expectation: "nothing"/],
  [['predict', 'nowhere'], /nowhere/],
])('labctl %j is wrong input, and says how to mend it', async (args, message) => {
  const outcome = await labctl.run(...args);
  expect(outcome.stderr).toMatch(message);
  expect(outcome.exitCode).toBe(2);
});

test('the lab goes down and leaves nothing', async () => {
  await labctl.ok('down');
  await labctl.expectNothingLeft();
});
