import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MATRICES } from '../support/fixtures/ring-matrices.ts';
import { Labctl, ringSpec } from '../support/harness/labctl.ts';

const AS_EXPECTED = '*** Verdict: as expected';

// test/lab/scenario/ring-faults.test.ts has the same with forwarding none, on simulated switches.
describe('a ring of six with forwarding reactive (user: ordinary)', () => {
  const labctl = new Labctl('ordinary');
  const matrix = (rows: readonly string[]) => rows.join('\n');
  const expected = MATRICES.reactive;
  beforeAll(async () => {
    labctl.file('ring.yaml', ringSpec('faults-ring', 6, 'forwarding: reactive\n'));
    await labctl.ok('up', 'ring.yaml');
    expect(await labctl.ok('connect', 'h1', 'h3', 'h5')).toContain(matrix(expected.whole));
  });
  afterAll(() => labctl.clean());

  const pingall = async (rows: readonly string[]) => {
    const output = await labctl.ok('pingall');
    expect(output).toContain(matrix(rows));
    expect(output).toContain(AS_EXPECTED);
    // What was predicted is what was observed.
    expect(output).not.toContain('*** Finding');
  };

  test('stays connected when one link is down', async () => {
    const output = await labctl.ok('link', 'down', 's2', 's1');
    expect(output).toContain('s1-s2 is down');
    expect(output).toMatch(/followed in \d+ ms: \d+ entries pushed and read back/);
    await pingall(expected.whole);
  });

  test('is split by a second one, and that is expected', async () => {
    await labctl.ok('link', 'down', 's3', 's4');
    await pingall(expected.split);
    expect(await labctl.ok('fault', 'list')).toBe('s1-s2 is down\ns3-s4 is down');
    expect(await labctl.ok('status')).toContain('faults       s1-s2, s3-s4');
  });

  test('takes a link down that is down already, and up one that is up, without any change', async () => {
    expect(await labctl.ok('link', 'down', 's1', 's2')).toBe('s1-s2 is down already');
    expect(await labctl.ok('link', 'up', 's5', 's6')).toBe('s5-s6 is up already');
    expect(await labctl.ok('switch', 'start', 's5')).toBe('s5 is started already');
  });

  test('is connected again when one is up, and has its first entries back when both are', async () => {
    await labctl.ok('link', 'up', 's3', 's4');
    await pingall(expected.whole);
    await labctl.ok('fault', 'clear');
    await pingall(expected.whole);
    expect(await labctl.ok('fault', 'list')).toBe('nothing is down');
    expect(await labctl.ok('connect', 'h1', 'h3', 'h5')).toContain('connected already');
  });

  test('goes around a switch that is stopped, whose ports and entries are back when it is started', async () => {
    expect(await labctl.ok('switch', 'stop', 's2')).toContain('s2 is stopped');
    await pingall(expected.withoutS2);
    expect(await labctl.ok('status')).toContain('5 connected, missing: s2');
    expect(await labctl.ok('switch', 'start', 's2')).toContain('s2 is started');
    await pingall(expected.whole);
    expect(await labctl.ok('status')).toContain('6 connected');
  });

  test('does without a member whose switch is stopped, and cannot be given new entries there meanwhile', async () => {
    await labctl.ok('switch', 'stop', 's3');
    await pingall(expected.withoutS3);
    // Entries for h3's switch wait until it is back.
    await labctl.ok('connect', 'h3', 'h4');
    await labctl.ok('disconnect', 'h3', 'h4');
    await labctl.ok('switch', 'start', 's3');
    await pingall(expected.whole);
  });

  test('a connection made while a switch is stopped holds when it is started', async () => {
    await labctl.ok('switch', 'stop', 's4');
    await labctl.ok('connect', 'h3', 'h4');
    await labctl.ok('fault', 'clear');
    const output = await labctl.ok('pingall');
    expect(output).toContain('h3 -> h1 X h4 h5 X\nh4 -> X X h3 X X');
    expect(await labctl.ok('disconnect', 'h3', 'h4')).toContain(matrix(expected.whole));
  });

  test('loses a host whose own link is down, which keeps its routes', async () => {
    const route = await labctl.ok('exec', 'h3', '--', 'ip', '-o', 'route', 'show', 'scope', 'link');
    await labctl.ok('link', 'down', 'h3', 's3');
    await pingall(expected.withoutS3);
    expect(await labctl.ok('exec', 'h3', '--', 'ip', '-o', 'route', 'show', 'scope', 'link')).toContain('10.0.0.0/8');
    await labctl.ok('link', 'up', 'h3', 's3');
    await pingall(expected.whole);
    expect(await labctl.ok('exec', 'h3', '--', 'ip', '-o', 'route', 'show', 'scope', 'link')).toBe(route);
  });

  test('goes down with faults in it, and leaves nothing', async () => {
    await labctl.ok('switch', 'stop', 's1');
    await labctl.ok('link', 'down', 's4', 's5');
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });
});

describe('faults of a lab', () => {
  const labctl = new Labctl();
  beforeAll(async () => {
    // Its first two switches are joined by two links.
    const spec = ringSpec('faults-more', 6, 'connections: [[h1, h2]]\n').replace('[s1, s2]', '[s1, s2], [s1, s2]');
    labctl.file('ring.yaml', spec);
    await labctl.ok('up', 'ring.yaml');
  });
  afterAll(() => labctl.clean());
  const documentOf = async (...args: readonly string[]) => JSON.parse(await labctl.ok(...args, '--format', 'json'));

  // A machine that is very busy may lose one.
  test('nothing is lost while nothing happens to the pair', { retry: 2 }, async () => {
    // Far away from it.
    const { traffic } = await documentOf('link', 'down', 's4', 's5', '--measure', 'h1', 'h2');
    expect(traffic).toMatchObject({ source: 'h1', target: 'h2', lost: 0, interruptions: 0, longestMs: null });
    expect(traffic).toMatchObject({ answersAtFirst: true, answersAtLast: true });
    await labctl.ok('fault', 'clear');
  });

  test('an interruption is measured, parallel links go down together, and repair ends it', async () => {
    const { changed, faults, repair, tookMs, traffic } = await documentOf(
      'link',
      'down',
      's1',
      's2',
      '--measure',
      'h1',
      'h2',
    );
    expect(changed).toEqual([{ kind: 'link', between: ['s1', 's2'] }]);
    expect(faults).toEqual(changed);
    expect(repair.pushed).toBeGreaterThan(0);
    expect(tookMs).toBeGreaterThan(0);
    expect(traffic).toMatchObject({ answersAtFirst: true, answersAtLast: true });
    expect(traffic.interruptions).toBeGreaterThan(0);
    expect(traffic.lost).toBeGreaterThan(0);
    expect(traffic.longestMs).toBeGreaterThan(0);
    expect(await labctl.ok('pingall')).toContain('h1 -> h2 X X X X\n');
    await labctl.ok('fault', 'clear');
  });

  test('without repair the connection stays broken, and pingall says so and why', async () => {
    const output = await labctl.ok('link', 'down', 's1', 's2', '--no-repair', '--measure', 'h1', 'h2');
    expect(output).toContain('connections were left as they are');
    expect(output).toMatch(/h1 -> h2: \d+ of \d+ echo requests lost: no answer at the end/);
    const outcome = await labctl.run('pingall');
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).toContain('h1 -> h2: expected h2, observed X: ');
    const back = await labctl.ok('link', 'up', 's1', 's2', '--measure', 'h1', 'h2');
    expect(back).toMatch(/no answer at first$/);
    expect(await labctl.ok('pingall')).toContain(AS_EXPECTED);
  });

  test('random faults are the same for the same seed, and undone by the commands that they print', async () => {
    const first = await labctl.ok('fault', 'random', '--seed', '42', '--count', '2');
    // test/plan/fault-requests.test.ts has these.
    expect(first).toContain('s4-s5 is down\ns3-s4 is down\n');
    const undoing = first.split('\n').filter((line) => line.startsWith('to undo: labctl '));
    expect(undoing).toEqual(['to undo: labctl link up s4 s5', 'to undo: labctl link up s3 s4']);
    expect(await labctl.ok('pingall')).toContain(AS_EXPECTED);
    for (const line of undoing) await labctl.ok(...line.replace('to undo: labctl ', '').split(' '));
    expect(await labctl.ok('fault', 'list')).toBe('nothing is down');
    expect(await labctl.ok('fault', 'random', '--seed', '42')).toContain('s4-s5 is down');
    expect(await labctl.ok('fault', 'clear')).toContain('s4-s5 is up');
    expect(await labctl.ok('fault', 'clear')).toBe('nothing is down');
  });

  test.each([
    [['link', 'down', 's1', 's9'], 's1-s9: there is no s9'],
    [['link', 'down', 's1', 's4'], 's1 is linked to h1, s2, s6'],
    [['switch', 'stop', 'h1'], 'this is a host, not a switch'],
    [['link', 'sideways', 's1', 's2'], 'Allowed choices are down, up'],
    [['fault', 'random'], "required option '--seed <number>' not specified"],
    [['fault', 'random', '--seed', '-1'], 'a whole number from 0 on'],
    [['fault', 'random', '--seed', '1', '--count', '7'], 'only 6 can be taken down'],
    [['link', 'down', 's1', 's2', '--measure', 'h1'], 'traffic is measured between two hosts'],
    [['link', 'down', 's1', 's2', '--measure', 'h1', 'h1'], 'a host reaches itself'],
    [['link', 'down', 's1', 's2', '--measure', 'h1', 's2'], 'this is a switch, not a host'],
  ] as const)('%j is wrong input, says why and changes nothing', async (args, message) => {
    const outcome = await labctl.run(...args);
    expect(outcome).toMatchObject({ exitCode: 2, stdout: '' });
    expect(outcome.stderr).toContain(message);
  });

  test('of all that wrong input nothing is down', async () => {
    expect(await labctl.ok('fault', 'list')).toBe('nothing is down');
  });

  test.each([
    // Before anything happened, and after.
    ['measuring traffic', 'nothing is down'],
    ['waiting for the controller', 's1-s2 is down'],
  ])('an interrupt while it says "%s" leaves the lab agreeing with its network', async (step, standing) => {
    const child = labctl.start('link', 'down', 's1', 's2', '--measure', 'h1', 'h2');
    let said = '';
    child.stderr?.on('data', (chunk) => {
      const before = said;
      said += String(chunk);
      if (!before.includes(step) && said.includes(step)) child.kill('SIGINT');
    });
    const [code] = await once(child, 'exit');
    expect(code).toBe(130);
    expect(await labctl.ok('fault', 'list')).toBe(standing);
    expect(await labctl.ok('pingall')).toContain(AS_EXPECTED);
    await labctl.ok('fault', 'clear');
  });
});
