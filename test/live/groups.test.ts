import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { Labctl, ringSpec } from '../support/harness/labctl.ts';

interface Measured {
  readonly repair: { readonly pushed: number; readonly removed: number } | null;
  readonly traffic: { readonly answersAtFirst: boolean; readonly answersAtLast: boolean };
}

describe('a protected connection on a ring of six', () => {
  const labctl = new Labctl('ordinary');
  afterAll(() => labctl.clean());

  test('comes up with the lab, as its spec says', async () => {
    const spec = ringSpec('protected', 6, 'forwarding: none\nconnections: [{hosts: [h1, h4], ways: protected}]\n');
    await labctl.ok('up', labctl.file('lab.yaml', spec));
    expect(await labctl.ok('status')).toContain('connections  h1 h4 (protected)');
    expect(await labctl.ok('pingall')).toContain('(2/30 received)');
    expect(await labctl.ok('plan')).toBe('nothing to do');
  });

  test.each([
    ['s1', 's2'],
    ['s2', 's3'],
    ['s3', 's4'],
    ['s5', 's6'],
  ])('survives the failure of %s-%s without its controller, with traffic running', async (a, b) => {
    const json = await labctl.ok('link', 'down', a, b, '--measure', 'h1', 'h4', '--format', 'json');
    const { repair, traffic } = JSON.parse(json) as Measured;
    expect(repair).toEqual({ pushed: 0, removed: 0 });
    expect(traffic).toMatchObject({ answersAtFirst: true, answersAtLast: true });
    expect(await labctl.ok('pingall')).toContain('(2/30 received)');
    expect(await labctl.ok('predict')).toContain('(2/30 received)');
    expect(await labctl.ok('explain', 'h1', 'h4', '--verify')).toContain('The switches agree at all of');
    await labctl.ok('link', 'up', a, b);
    expect(await labctl.ok('pingall')).toContain('(2/30 received)');
    expect(await labctl.ok('plan')).toBe('nothing to do');
  });

  test('is planned anew by heal after a failure, so that it survives what the rest allows', async () => {
    await labctl.ok('link', 'down', 's2', 's3');
    const planned = await labctl.ok('plan');
    expect(planned).toContain('to be removed');
    expect(await labctl.ok('heal')).toContain('healed: ');
    expect(await labctl.ok('plan')).toBe('nothing to do');
    expect(await labctl.ok('heal')).toContain('nothing to heal');
    expect(await labctl.ok('link', 'up', 's2', 's3')).toContain('entries pushed');
    expect(await labctl.ok('plan')).toBe('nothing to do');
    // Once more by both ways.
    const json = await labctl.ok('link', 'down', 's5', 's6', '--measure', 'h1', 'h4', '--format', 'json');
    const { repair, traffic } = JSON.parse(json) as Measured;
    expect(repair).toEqual({ pushed: 0, removed: 0 });
    expect(traffic).toMatchObject({ answersAtFirst: true, answersAtLast: true });
    await labctl.ok('link', 'up', 's5', 's6');
    expect(await labctl.ok('pingall')).toContain('(2/30 received)');
  });

  test('is planned anew at a second failure, which would have its packets go round', async () => {
    await labctl.ok('link', 'down', 's2', 's3');
    expect(await labctl.ok('link', 'down', 's4', 's5')).toContain('removed');
    // The ring is in two parts: h4 is with s3 and s4.
    const explained = await labctl.ok('explain', 'h1', 'h4');
    expect(explained).toContain('there is no path of links that are up between h1 and h4');
    expect(explained).not.toContain('goes round');
    expect(await labctl.ok('pingall')).toContain('(0/30 received)');
    await labctl.ok('fault', 'clear');
    expect(await labctl.ok('pingall')).toContain('(2/30 received)');
    expect(await labctl.ok('plan')).toBe('nothing to do');
  });

  test('is healed when somebody empties a switch', async () => {
    const target = `unix:${join(labctl.runFolder, 'protected', 's2.mgmt')}`;
    await execa('ovs-ofctl', ['-O', 'OpenFlow13', 'del-groups', target]);
    await execa('ovs-ofctl', ['-O', 'OpenFlow13', 'del-flows', target]);
    const broken = await labctl.run('pingall');
    expect(broken.exitCode).toBe(1);
    expect(broken.stdout).toContain("h1 -> h4: expected h4, observed X: s2 has no entry for h1's ARP request for h4");
    expect(await labctl.ok('plan')).toMatch(/^to be pushed \(\d+\):[\s\S]* group \d+ +fast_failover /);
    expect(await labctl.ok('heal')).toContain('(2/30 received)');
    expect(await labctl.ok('plan')).toBe('nothing to do');
  });

  test('becomes one that goes a given way, and is refused where there is none', async () => {
    await labctl.ok('connect', 'h1', 'h4', '--via', 's5');
    expect(await labctl.ok('explain', 'h1', 'h4')).toContain('h1 > s1 > s6 > s5 > s4 > h4');
    expect(await labctl.ok('explain', 'h4', 'h1')).toContain('h4 > s4 > s5 > s6 > s1 > h1');
    await labctl.ok('connect', 'h1', 'h4', '--avoid', 's5-s6');
    expect(await labctl.ok('explain', 'h1', 'h4')).toContain('h1 > s1 > s2 > s3 > s4 > h4');
    expect(await labctl.ok('status')).toContain('connections  h1 h4 (avoiding s5-s6)');
    for (const [args, message] of [
      [['--avoid', 's2,s6'], /no path from h1 to h4 avoids s2 and s6/],
      [['--via', 's3', 's6'], /no path from h1 to h4 passes s3 and then s6/],
      [['--via', 's9'], /--via: there is no such switch: "s9"/],
      [['--avoid', 's1-s4'], /--avoid: there is no such link or switch: "s1-s4"/],
      [['--via', 's5', '--protect'], /is neither spread nor protected/],
      [['--multipath', '--protect'], /choose one/],
    ] as const) {
      const refused = await labctl.run('connect', 'h1', 'h4', ...args);
      expect(refused.stderr).toMatch(message);
      expect(refused.exitCode).toBe(2);
    }
    expect(await labctl.ok('pingall')).toContain('(2/30 received)');
  });

  test('goes down and leaves nothing', async () => {
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });
});

test('a fat-tree of 16 hosts is connected as far as its links allow, by one way, by select and by fast-failover groups', async () => {
  const labctl = new Labctl();
  const spec = `version: 1
name: fat-tree
generate: {topology: fat-tree, k: 4}
forwarding: none
`;
  try {
    await labctl.ok('up', labctl.file('lab.yaml', spec));
    const all = Array.from({ length: 16 }, (_, index) => `h${index + 1}`);
    // An uplink of the first edge switch, s7 with h1 and h2, goes down; test/lab/scenario/fat-tree.test.ts goes on from there.
    expect(await labctl.ok('connect', ...all)).toContain('(240/240 received)');
    await labctl.ok('link', 'down', 's5', 's7');
    expect(await labctl.ok('pingall')).toContain('(240/240 received)');
    await labctl.ok('fault', 'clear');
    expect(await labctl.ok('connect', ...all, '--multipath')).toContain('(240/240 received)');
    const groups = (await labctl.ok('entries', 'list')).split('\n').filter((line) => / group \d+ +select /.test(line));
    expect(groups).toHaveLength(16);
    expect(await labctl.ok('predict')).toContain('(240/240 received)');
    expect(await labctl.ok('connect', ...all, '--protect')).toContain('(240/240 received)');
    await labctl.ok('link', 'down', 's5', 's7');
    expect(await labctl.ok('pingall')).toContain('(240/240 received)');
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  } finally {
    await labctl.clean();
  }
});
