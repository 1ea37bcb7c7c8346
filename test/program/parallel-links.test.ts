import { afterAll, beforeAll, expect, test } from 'vitest';
import { Labctl } from '../support/harness/labctl.ts';

const labctl = new Labctl('as we are', { LABCTL_DATAPLANE: 'simulated' });

/** Ports 2 and 3 of s1 and of s2 are joined, and they are joined to s3 by one link each. */
const spec = (name: string, more = '') => `version: 1
name: ${name}
hosts: [h1, h2, h3]
switches: [s1, s2, s3]
links: [[h1, s1], [h2, s2], [h3, s3], [s1, s2], [s1, s2], [s2, s3]]
${more}`;

beforeAll(async () => {
  labctl.file('lab.yaml', spec('parallel-sim', 'forwarding: none\nconnections: [[h1, h2]]\n'));
  await labctl.ok('up', 'lab.yaml');
});
afterAll(() => labctl.clean());

/** Ports of s1 and s2 by which packets for the other's host leave. */
async function portsBetween(): Promise<readonly string[]> {
  const { entries } = JSON.parse(await labctl.ok('entries', 'list', '--format', 'json'));
  return (entries as readonly Record<string, string>[])
    .filter(({ name }) => /^labctl\/s[12]\/forward\/ipv4\//.test(name ?? ''))
    .map(({ name = '', actions }) => `${name.split('/')[1]} ${actions}`)
    .sort();
}

test('one of two links goes down alone, named by either end, and entries go by the other', async () => {
  expect(await portsBetween()).toEqual(['s1 output=2', 's2 output=2']);
  expect(await labctl.ok('link', 'down', 's2:2')).toContain('s1:2-s2:2 is down\n');
  expect(await portsBetween()).toEqual(['s1 output=3', 's2 output=3']);
  expect(await labctl.ok('pingall')).toContain(
    '(2/6 received)\n*** Verdict: as expected with s1:2-s2:2 down, this is what',
  );
  expect(await labctl.ok('paths', 'h1', 'h2')).toBe('1  h1 - s1 - s2 - h2   cost 1   ports s1:3 s2:1');
  expect(await labctl.ok('link', 'down', 's1:2')).toBe('s1:2 is down already');
  expect(await labctl.ok('link', 'up', 's1:3')).toBe('s1:3 is up already');
  expect(await labctl.ok('status')).toContain('faults       s1:2-s2:2');
  const { faults } = JSON.parse(await labctl.ok('fault', 'list', '--format', 'json'));
  expect(faults).toEqual([{ kind: 'link', between: ['s1', 's2'], ports: [2, 2] }]);
});

test('the controller shows the link that is up, and the ports of the other without a link', async () => {
  const { controller } = JSON.parse(await labctl.ok('status', '--format', 'json'));
  const links = (await (await fetch(`${controller.url}/wm/topology/links/json`)).json()) as Record<string, unknown>[];
  expect(links.map((link) => [link['src-port'], link['dst-port']])).toEqual([
    [3, 3],
    [4, 2],
  ]);
});

test('with the other one down, too, it is as if all were, and each comes up by itself', async () => {
  await labctl.ok('link', 'down', 's1:3-s2:3');
  expect(await labctl.ok('fault', 'list')).toBe('s1-s2 is down');
  expect(await labctl.ok('pingall')).toContain(
    '(0/6 received)\n*** Verdict: as expected with s1-s2 down, this is what',
  );
  expect(await labctl.ok('link', 'up', 's1:3')).toContain('s1:3-s2:3 is up\n');
  expect(await labctl.ok('fault', 'list')).toBe('s1:2-s2:2 is down');
  expect(await labctl.ok('pingall')).toContain('(2/6 received)');
  expect(await labctl.ok('link', 'up', 's1', 's2')).toContain('s1-s2 is up\n');
  expect(await labctl.ok('fault', 'list')).toBe('nothing is down');
  expect(await portsBetween()).toEqual(['s1 output=2', 's2 output=2']);
});

test('all of them go down also while one is, and a switch that is started again leaves that one down', async () => {
  await labctl.ok('link', 'down', 's1:2');
  await labctl.ok('switch', 'stop', 's1');
  await labctl.ok('switch', 'start', 's1');
  expect(await labctl.ok('fault', 'list')).toBe('s1:2-s2:2 is down');
  expect(await labctl.ok('pingall')).toContain('(2/6 received)');
  expect(await labctl.ok('link', 'down', 's1', 's2')).toContain('s1-s2 is down\n');
  expect(await labctl.ok('fault', 'list')).toBe('s1-s2 is down');
  expect(await labctl.ok('fault', 'clear')).toContain('s1-s2 is up\n');
});

test('a fault at random takes what is left, and says how to undo that', async () => {
  await labctl.ok('link', 'down', 's1:2');
  await labctl.ok('link', 'down', 's2', 's3');
  expect(await labctl.ok('fault', 'random', '--seed', '1')).toContain('to undo: labctl link up s1:3-s2:3');
  await labctl.ok('link', 'up', 's1:3-s2:3');
  expect(await labctl.ok('fault', 'list')).toBe('s2-s3 is down\ns1:2-s2:2 is down');
  await labctl.ok('fault', 'clear');
});

test('a connection avoids one of two links, and is shown so that it can be typed again', async () => {
  await labctl.ok('connect', 'h1', 'h3', '--avoid', 's1:2');
  const routes = JSON.parse(await labctl.ok('status', '--format', 'json')).connections;
  expect(routes).toContainEqual({ members: ['h1', 'h3'], ways: null, via: [], avoid: ['s1:2-s2:2'] });
  expect(await labctl.ok('pingall')).toContain('(4/6 received)');
  expect(await labctl.ok('explain', 'h1', 'h3')).toContain('output=3');
  await labctl.ok('disconnect', 'h1', 'h3');
});

test('what is supposed, avoided and predicted may be one of two links', async () => {
  expect((await labctl.run('predict', '--without', 's1:2')).stdout).toContain('whose link is down');
  expect(await labctl.ok('predict', '--without', 's1:3')).toContain('(2/6 received)');
  expect(await labctl.ok('predict', 'lab.yaml', '--without', 's2:3')).toContain('(2/6 received)');
  expect((await labctl.run('predict', 'lab.yaml', '--without', 's1:2,s1:3')).stdout).toContain('(0/6 received)');
  expect((await labctl.run('explain', 'h1', 'h2', '--without', 's1:2')).stdout).toContain('h1 -> h2: X');
  const [path] = (await labctl.ok('paths', 'h1', 'h3', '--avoid', 's2:2')).split('\n');
  expect(path).toBe('1  h1 - s1 - s2 - s3 - h3   cost 2   ports s1:3 s2:4 s3:1');
});

test.each([
  [['link', 'down', 's1:9'], 's1:9: s1 has no link at port 9\n    the ports of s1 are 1 to h1, 2 to s2, 3 to s2'],
  [['link', 'down', 's1:x'], 's1:x: "x" is not the number of a port\n    the ports of s1 are'],
  [['link', 'up', 's9:1'], 's9:1: there is no s9'],
  [['link', 'down', 's3'], 's3: s3 is one end of a link\n    name the other end too, as in s3-h3'],
  [['link', 'down', 's1:2', 's2:3'], 's1:2-s2:3: the link at s1:2 leads to s2:2'],
  [['predict', '--without', 's1:9'], '--without: s1 has no link at port 9: "s1:9"'],
  [['paths', 'h1', 'h2', '--avoid', 's1:x'], '--avoid: "x" is not the number of a port: "s1:x"'],
  [['connect', 'h1', 'h2', '--avoid', 's1:9'], '--avoid: s1 has no link at port 9: "s1:9"'],
])('labctl %j is wrong input, and says why', async (args, message) => {
  const outcome = await labctl.run(...args);
  expect(outcome).toMatchObject({ exitCode: 2, stdout: '' });
  expect(outcome.stderr).toContain(message);
});

test('a shell completes the ends of links of which there are several', async () => {
  const complete = async (...words: readonly string[]) => (await labctl.ok('__complete', '--', ...words)).split('\n');
  expect(await complete('link', 'down', 's')).toEqual(['s1', 's2', 's3', 's1:2', 's1:3', 's2:2', 's2:3']);
  expect(await complete('predict', '--without', 's1:')).toEqual(['s1:2', 's1:3']);
});

test('a scenario takes them down and up one by one', async () => {
  const file = labctl.file(
    'scenario.yaml',
    spec(
      'parallel-scenario',
      `connections: [{hosts: [h1, h2], ways: protected}]
scenarios:
  parallel:
    - fault: s1:2
    - expect: asked
    - fault: s2:3
    - expect: {h1 -> h2: X, h2 -> h1: X}
    - heal: s1:2
    - expect: {h1 -> h2: ok, h2 -> h1: ok}
    - expect: asked
    - heal: s1-s2
    - expect: asked
`,
    ),
  );
  const output = await labctl.ok('test', file);
  expect(output).toContain('fault s1:2-s2:2');
  expect(output).toContain(', with s1:2-s2:2 down');
});

test('the lab goes down and leaves nothing', async () => {
  await labctl.ok('down');
  await labctl.expectNothingLeft();
});
