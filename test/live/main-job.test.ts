import { closeSync, openSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BASELINE, CONNECTED, ISOLATED } from '../support/fixtures/s10h10-matrices.ts';
import { Labctl, networkNamespaces, s10h10Spec } from '../support/harness/labctl.ts';

describe.each([['as we are'], ['ordinary']] as const)('S10H10 (user: %s)', (user) => {
  const labctl = new Labctl(user);
  const lab = user === 'ordinary' ? 'main-user' : 'main-root';
  beforeAll(async () => {
    labctl.file('lab.yaml', s10h10Spec(lab));
  });
  afterAll(() => labctl.clean());

  test('comes up, and up again does nothing', async () => {
    expect(await labctl.ok('up', 'lab.yaml')).toContain(`${lab} is up: 10 hosts, 10 switches, 17 links`);
    const pids = labctl.processes().map(({ pid }) => pid);
    const again = await labctl.run('up', 'lab.yaml');
    expect(again).toMatchObject({ exitCode: 0 });
    expect(again.stderr).toContain(`${lab} is up already`);
    await expect.poll(() => labctl.processes().map(({ pid }) => pid), { timeout: 5_000 }).toEqual(pids);
  });

  test('reaches 44 of 90 pairs, cell by cell those that links join', async () => {
    expect(await labctl.ok('pingall')).toContain(BASELINE);
    expect(await labctl.ok('pingall', '--expect', 'baseline')).toContain('*** Verdict: as expected');
  });

  test('reaches 20 of 90 once h2, h5 and h6 are connected', async () => {
    const output = await labctl.ok('connect', 'h2', 'h5', 'h6');
    expect(output).toContain('connected h2 h5 h6: 39 entries pushed and read back');
    expect(output).toContain(CONNECTED);
    expect(await labctl.ok('pingall', '--expect', 'connected')).toContain(CONNECTED);
  });

  test('fails the baseline then, pair by pair and with exit code 1', async () => {
    const outcome = await labctl.run('pingall', '--expect', 'baseline', '--all');
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).toContain('24 of 90 pairs differ from the expectation "baseline"');
    expect(outcome.stdout).toContain('h1 -> h2: expected h2, observed X');
  });

  test('connects the same hosts again without changing anything', async () => {
    expect(await labctl.ok('connect', 'h6', 'h5', 'h2')).toContain('h2 h5 h6: connected already');
  });

  test('lets a host of two connections reach both, which do not reach each other', async () => {
    const document = JSON.parse(await labctl.ok('connect', 'h6', 'h10', '--format', 'json'));
    const reached = (source: string) =>
      Object.keys(document.observed[source]).filter((target) => document.observed[source][target] !== null);
    expect(reached('h6').sort()).toEqual(['h10', 'h2', 'h5']);
    expect(reached('h10')).toEqual(['h6']);
    expect(reached('h2').sort()).toEqual(['h5', 'h6']);
    expect(await labctl.ok('disconnect', 'h6', 'h10')).toContain(CONNECTED);
  });

  test('is back at 44 of 90 after disconnect, with no entry left', async () => {
    expect(await labctl.ok('disconnect', 'h2', 'h5', 'h6')).toContain(BASELINE);
    expect(await labctl.ok('entries', 'list')).toBe('no static entries');
  });

  test('goes down and leaves nothing, and down again does nothing', async () => {
    const [switches, ...others] = labctl.processes().filter(({ name }) => name === 'ovs-vswitchd');
    expect(others).toEqual([]);
    const file = `/proc/${switches?.pid}/ns/net`;
    const namespace = readlinkSync(file);
    // Held, it stays, and Linux gives its number to no other.
    const held = openSync(file, 'r');
    try {
      expect(networkNamespaces()).toContain(namespace);
      expect(await labctl.ok('down', lab)).toBe(`${lab} is down`);
      await labctl.expectNothingLeft();
      expect(networkNamespaces()).not.toContain(namespace);
    } finally {
      closeSync(held);
    }
    expect(await labctl.ok('down', lab)).toBe(`${lab} is not running`);
  });
});

describe('S10H10 with forwarding none', () => {
  const labctl = new Labctl();
  afterAll(() => labctl.clean());

  test('reaches nobody, then exactly the 6 pairs of a connection', async () => {
    labctl.file(
      'none.yaml',
      s10h10Spec('main-none', (text) => text.replace('forwarding: reactive', 'forwarding: none')),
    );
    await labctl.ok('up', 'none.yaml');
    expect(await labctl.ok('pingall')).toContain('*** Results: 100% dropped (0/90 received)');
    expect(await labctl.ok('connect', 'h2', 'h5', 'h6')).toContain(ISOLATED);
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });
});
