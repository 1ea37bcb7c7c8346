import { afterAll, expect, test } from 'vitest';
import { Labctl } from '../support/harness/labctl.ts';

const labctl = new Labctl();
afterAll(() => labctl.clean());

/** A ring of four in which the way round by s4 is dear. */
const RING = labctl.file(
  'ring.yaml',
  `version: 1
name: ring
hosts: [h1, h2, h3, h4]
switches: [s1, s2, s3, s4]
links:
  - [h1, s1]
  - [h2, s2]
  - [h3, s3]
  - [h4, s3]
  - [s1, s2]
  - [s2, s3]
  - {ends: [s3, s4], cost: 5}
  - {ends: [s4, s1], cost: 10}
`,
);
const CLOCKWISE = '1  h1 - s1 - s2 - s3 - h3   cost 2   ports s1:2 s2:3 s3:1';
const ROUND_BY_S4 = '1  h1 - s1 - s4 - s3 - h3   cost 15   ports s1:3 s4:1 s3:1';

test.each([
  ['the cheapest path', [], [CLOCKWISE]],
  [
    'all that have the fewest hops',
    ['--metric', 'hops'],
    [
      '1  h1 - s1 - s2 - s3 - h3   2 hops   ports s1:2 s2:3 s3:1',
      '2  h1 - s1 - s4 - s3 - h3   2 hops   ports s1:3 s4:1 s3:1',
    ],
  ],
  [
    'the k cheapest, as far as there are so many',
    ['--k', '3'],
    [
      '1  h1 - s1 - s2 - s3 - h3   cost 2    ports s1:2 s2:3 s3:1',
      '2  h1 - s1 - s4 - s3 - h3   cost 15   ports s1:3 s4:1 s3:1',
    ],
  ],
  ['the path by a switch', ['--via', 's4'], [ROUND_BY_S4]],
  ['the path that avoids a switch', ['--avoid', 's2'], [ROUND_BY_S4]],
  ['the path that avoids a link, named from either end', ['--avoid', 's2-s1'], [ROUND_BY_S4]],
  ['none where too much is avoided', ['--avoid', 's2,s4'], ['there is no path between h1 and h3, with s2, s4 avoided']],
  [
    'none where the way to the host is avoided',
    ['--avoid', 'h3-s3'],
    ['there is no path between h1 and h3, with h3-s3 avoided'],
  ],
  [
    'no pair where there is one way',
    ['--disjoint', 'node', '--avoid', 's2'],
    ['there are no two paths between h1 and h3 that share no link and no switch, with s2 avoided'],
  ],
])('labctl paths of a spec shows %s', async (_, options, lines) => {
  expect((await labctl.ok('paths', 'h1', 'h3', '--topo', RING, ...options)).split('\n')).toEqual(lines);
});

test('hosts on one switch have one path, and hosts that no links join have none', async () => {
  expect(await labctl.ok('paths', 'h3', 'h4', '--topo', RING)).toBe('1  h3 - s3 - h4   cost 0   ports s3:2');
  expect(await labctl.ok('paths', 'h1', 'h9', '--topo', 's10h10')).toBe('there is no path between h1 and h9');
});

test('as JSON a pair is two paths with their ports', async () => {
  const json = await labctl.ok('paths', 'h1', 'h3', '--topo', RING, '--disjoint', 'link', '--format', 'json');
  expect(JSON.parse(json)).toMatchObject({
    version: 1,
    lab: 'ring',
    source: 'h1',
    target: 'h3',
    metric: 'cost',
    complete: true,
    paths: [
      {
        total: 2,
        nodes: ['h1', 's1', 's2', 's3', 'h3'],
        ports: [
          { switch: 's1', port: 2 },
          { switch: 's2', port: 3 },
          { switch: 's3', port: 1 },
        ],
      },
      { total: 15, nodes: ['h1', 's1', 's4', 's3', 'h3'] },
    ],
  });
});

test('a running lab has the paths that its faults leave', async () => {
  await labctl.ok('up', RING, '--dataplane', 'simulated');
  expect(await labctl.ok('paths', 'h1', 'h3')).toBe(CLOCKWISE);
  await labctl.ok('link', 'down', 's1', 's2');
  expect(await labctl.ok('paths', 'h1', 'h3')).toBe(ROUND_BY_S4);
  await labctl.ok('switch', 'stop', 's4');
  expect(await labctl.ok('paths', 'h1', 'h3')).toBe('there is no path between h1 and h3, with s1-s2, s4 down');
  await labctl.ok('down');
  await labctl.expectNothingLeft();
});

test.each([
  [['h1', 'h1'], /name two hosts/],
  [['h1', 's3'], /s3: this is a switch, not a host/],
  [['h1', 'h3', '--via', 'h2'], /--via: this is a host, not a switch: "h2"[\s\S]*s1, s2, s3, s4/],
  [
    ['h1', 'h3', '--via', 's2,s4'],
    /there is no path from h1 through s2, s4 to h3 that passes each switch once[\s\S]*name other switches/,
  ],
  [['h1', 'h3', '--avoid', 's1-s3'], /--avoid: there is no such link or switch: "s1-s3"[\s\S]*s1-s2/],
  [['h1', 'h3', '--k', '0'], /k is a whole number from 1 up/],
  [['h1', 'h3', '--k', '1001'], /at most 1000 paths are shown: "1001"[\s\S]*--k 1000/],
  [['h1', 'h3', '--k', '3', '--via', 's2'], /--k --via: each of these asks for other paths[\s\S]*give one of them/],
  [['h1', 'h3', '--disjoint', 'both'], /Allowed choices are link, node/],
])('labctl paths %j is wrong input, and says how to mend it', async (args, message) => {
  const outcome = await labctl.run('paths', ...args, '--topo', RING);
  expect(outcome.stderr).toMatch(message);
  expect(outcome.stdout).toBe('');
  expect(outcome.exitCode).toBe(2);
});
