import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Labctl, smallSpec } from '../support/harness/labctl.ts';

let labctl: Labctl;
beforeEach(() => {
  labctl = new Labctl();
  labctl.file('lab.yaml', smallSpec('several'));
});
afterEach(() => labctl.clean());

describe('two labs with the same switch names', () => {
  test('run at once, each with its own connections and controller', async () => {
    const [first, second] = await Promise.all([
      labctl.ok('up', 'lab.yaml', '--lab', 'lab-a'),
      labctl.ok('up', 'lab.yaml', '--lab', 'lab-b'),
    ]);
    const urlOf = (output: string) => /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
    expect(urlOf(first)).toBeDefined();
    expect(urlOf(first)).not.toBe(urlOf(second));

    const several = await labctl.run('pingall');
    expect(several.exitCode).toBe(2);
    expect(several.stderr).toContain('several labs are running: lab-a, lab-b');
    expect(several.stderr).toContain('--lab lab-a');

    expect(await labctl.ok('connect', 'h1', 'h2', '--lab', 'lab-a')).toContain('(2/6 received)');
    expect(await labctl.ok('pingall', 'lab-b')).toContain('(6/6 received)');
    expect(await labctl.ok('entries', 'list', '--lab', 'lab-b')).toBe('no static entries');

    const labs = JSON.parse(await labctl.ok('ls', '--format', 'json')).labs;
    expect(labs.map(({ name, state }: { name: string; state: string }) => [name, state])).toEqual([
      ['lab-a', 'running'],
      ['lab-b', 'running'],
    ]);
    expect(await labctl.ok('down', 'lab-a')).toBe('lab-a is down');
    expect(await labctl.ok('pingall')).toContain('(6/6 received)');
    expect(await labctl.ok('down', '--all')).toBe('lab-b is down');
    await labctl.expectNothingLeft();
  });
});

describe('commands on one lab do not mix', () => {
  test('of several `up` at once one brings it up, and the others find it up', async () => {
    const outcomes = await Promise.all([1, 2, 3].map(() => labctl.run('up', 'lab.yaml')));
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(outcomes.filter(({ stderr }) => stderr.includes('several is up already'))).toHaveLength(2);
    expect(labctl.processes().filter(({ name }) => name === 'ovs-vswitchd')).toHaveLength(1);
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });

  test('`up` and `down` at once leave it up or down, whole', async () => {
    await labctl.ok('up', 'lab.yaml');
    const outcomes = await Promise.all([labctl.run('down', 'several'), labctl.run('up', 'lab.yaml')]);
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const listed = await labctl.ok('ls');
    if (listed !== 'no lab is running') expect(await labctl.ok('pingall')).toContain('(6/6 received)');
    await labctl.run('down', 'several');
    await labctl.expectNothingLeft();
  });

  test('connections made at once are all there', async () => {
    await labctl.ok('up', 'lab.yaml');
    await Promise.all([labctl.run('connect', 'h1', 'h2'), labctl.run('connect', 'h2', 'h3')]);
    const { connections } = JSON.parse(await labctl.ok('status', '--format', 'json'));
    expect(connections.map(({ members }: { members: string[] }) => members.join(' ')).sort()).toEqual([
      'h1 h2',
      'h2 h3',
    ]);
    expect(await labctl.ok('pingall')).toContain('(4/6 received)');
  });
});

describe('a second `up` of a changed spec', () => {
  beforeEach(async () => {
    await labctl.ok('up', 'lab.yaml');
    labctl.file('lab.yaml', smallSpec('several', 'forwarding: none\n').replace('[s1, s2]]', '["s1:5", s2]]'));
  });

  test('says what differs, stops with exit code 2, and leaves the lab as it is', async () => {
    const outcome = await labctl.run('up', 'lab.yaml');
    expect(outcome.exitCode).toBe(2);
    expect(outcome.stderr).toContain('- link s1-eth2 s2-eth3');
    expect(outcome.stderr).toContain('+ link s1-eth5 s2-eth3');
    expect(outcome.stderr).toContain('+ forwarding none');
    expect(outcome.stderr).toContain('--reconfigure');
    expect(await labctl.ok('pingall')).toContain('(6/6 received)');
  });

  test('replaces the lab with --reconfigure', async () => {
    await labctl.ok('connect', 'h1', 'h2', '--protect');
    await labctl.ok('link', 'down', 's1', 's2');
    const { stderr } = await labctl.run('up', 'lab.yaml', '--reconfigure');
    expect(stderr).toContain('gone with the former several: connection h1 h2 (protected), fault s1-s2');
    expect(await labctl.ok('pingall')).toContain('(0/6 received)');
    expect(await labctl.ok('net')).toContain('s1 lo:  s1-eth1:h1-eth0 s1-eth5:s2-eth3');
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });
});
