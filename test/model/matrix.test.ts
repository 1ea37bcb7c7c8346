import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatPingall, parsePingall, pingallResults, ReachabilityMatrix } from '../../src/model/matrix.ts';

const anyMatrix = fc.integer({ min: 2, max: 6 }).chain((size) =>
  fc.array(fc.boolean(), { minLength: size * size, maxLength: size * size }).map((cells) => {
    const hosts = Array.from({ length: size }, (_, index) => `h${index + 1}`);
    return new ReachabilityMatrix(hosts, (a, b) => cells[hosts.indexOf(a) * size + hosts.indexOf(b)] ?? false);
  }),
);

test('printing and parsing pingall output are inverse', () => {
  fc.assert(
    fc.property(anyMatrix, (matrix) => {
      const parsed = parsePingall(matrix.hosts, formatPingall(matrix));
      expect(parsed).toHaveProperty('matrix');
      if (!('matrix' in parsed)) return;
      for (const a of matrix.hosts) {
        for (const b of matrix.hosts) expect(parsed.matrix.reaches(a, b)).toBe(matrix.reaches(a, b));
      }
    }),
  );
});

test('the output of a real Mininet is read, with its banner and trailing spaces', () => {
  const parsed = parsePingall(
    ['h1', 'h2', 'h3'],
    '*** Ping: testing ping reachability\nh1 -> h2 X \nh2 -> h1 X \nh3 -> X X \n*** Results: 66% dropped (2/6 received)\n',
  );
  if (!('matrix' in parsed)) throw new Error(JSON.stringify(parsed));
  expect(formatPingall(parsed.matrix)).toBe(
    'h1 -> h2 X\nh2 -> h1 X\nh3 -> X X\n*** Results: 66% dropped (2/6 received)',
  );
});

test('the percentage is truncated as Mininet does: 46 of 90 lost is 51%', () => {
  const hosts = Array.from({ length: 10 }, (_, index) => `h${index + 1}`);
  const matrix = ReachabilityMatrix.ofGroups(hosts, [
    ['h1', 'h2', 'h3', 'h5', 'h6', 'h7', 'h10'],
    ['h4', 'h8'],
  ]);
  expect(pingallResults(matrix)).toBe('*** Results: 51% dropped (44/90 received)');
});

test('a host in two groups reaches both, and the groups do not reach each other', () => {
  const matrix = ReachabilityMatrix.ofGroups(
    ['h1', 'h2', 'h3'],
    [
      ['h1', 'h2'],
      ['h2', 'h3'],
    ],
  );
  expect(matrix.reaches('h2', 'h1') && matrix.reaches('h2', 'h3')).toBe(true);
  expect(matrix.reaches('h1', 'h3') || matrix.reaches('h3', 'h1')).toBe(false);
});

test.each([
  ['h1 -> h2 X\nh2 -> h1 X', 'no line for h3'],
  ['h1 -> h2 X\nh1 -> h2 X', 'host h1 has a line already'],
  ['h1 h2 X', 'not a line of pingall output'],
  ['h9 -> h1 X', 'there is no host h9'],
  ['h1 -> h2', '1 cell, but there are 2 other hosts'],
  ['h1 -> h3 h2', 'cell 1 is h3, but should be h2, X or ?'],
])('%j is refused', (text, cause) => {
  const parsed = parsePingall(['h1', 'h2', 'h3'], text);
  expect('problems' in parsed && parsed.problems.map((problem) => problem.cause).join('\n')).toContain(cause);
});
