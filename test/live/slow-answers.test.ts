import { once } from 'node:events';
import { afterAll, expect, test } from 'vitest';
import { Labctl } from '../support/harness/labctl.ts';
import { whileStarved } from '../support/harness/starved.ts';

const SPEC = `version: 1
name: slow-answers
hosts: [h1, h2]
switches: [s1]
links: [[h1, s1], [h2, s1]]
`;

const labctl = new Labctl();
afterAll(() => labctl.clean());

test('a pair that should answer is asked once more before it is called unreachable, so that a network that was slow is as expected', async () => {
  await labctl.ok('up', labctl.file('lab.yaml', SPEC));
  await labctl.ok('exec', 'h2', '--', 'sysctl', '-w', 'net.ipv4.icmp_echo_ignore_all=1');
  // It waits on the host already, and so takes no time to start.
  const helper = labctl.start(
    'exec',
    'h2',
    '--',
    'sh',
    '-c',
    'while [ ! -e up ]; do sleep 0.01; done; sysctl -w net.ipv4.icmp_echo_ignore_all=0',
  );
  const pingall = labctl.start('pingall', '--format', 'json');
  let result = '';
  pingall.stdout?.on('data', (text) => {
    result += String(text);
  });
  pingall.stderr?.on('data', (text) => {
    if (String(text).includes('asking a pair once more')) labctl.file('up', '');
  });
  expect(await once(pingall, 'close')).toEqual([0, null]);
  const { asExpected, received, probes } = JSON.parse(result);
  expect({ asExpected, received }).toEqual({ asExpected: true, received: 2 });
  // Four rounds brought no answer, later ones did.
  expect(probes.h1.h2).toBeGreaterThan(4);
  if (helper.exitCode === null) await once(helper, 'exit');

  await labctl.ok('exec', 'h2', '--', 'ip', 'link', 'set', 'h2-eth0', 'down');
  const { stdout, exitCode } = await labctl.run('pingall');
  expect(stdout).toContain('(0/2 received)');
  expect(exitCode).toBe(1);
  await labctl.ok('down');
  await labctl.expectNothingLeft();
});

test('switches that are kept from their work for a second at a time answer late, and no pair is an X', async () => {
  await labctl.ok('up', labctl.file('lab.yaml', SPEC.replace('slow-answers', 'kept')));
  const pid = labctl.processes().find(({ name }) => name === 'ovs-vswitchd')?.pid ?? 0;
  expect(pid).toBeGreaterThan(0);
  const { stdout } = await whileStarved(pid, { stoppedMs: 1_000, runsMs: 30 }, () => labctl.run('pingall'));
  expect(stdout).toMatch(/^h1 -> (?:h2|\?)$/m);
  expect(stdout).toMatch(/^h2 -> (?:h1|\?)$/m);
  expect(await labctl.ok('pingall')).toContain('(2/2 received)');
  await labctl.ok('down');
  await labctl.expectNothingLeft();
});
