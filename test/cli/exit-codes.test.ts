import { expect, test } from 'vitest';
import { verdict } from '../../src/cli/exit-codes.ts';

const DIFFERENCE = { source: 'h1', target: 'h2', expected: true };

test.each([
  ['as expected', { asExpected: true }, 0],
  ['another answer', { asExpected: false, differences: [DIFFERENCE], unheard: null }, 1],
  ['an unknown pair', { asExpected: false, differences: [], unheard: null }, 1],
  ['a machine that could not tell', { asExpected: false, differences: [], unheard: 'too busy' }, 3],
  [
    'another answer, and a machine that could not tell of other pairs',
    { asExpected: false, differences: [DIFFERENCE], unheard: 'too busy' },
    1,
  ],
])('the exit code for %s', (_, document, code) => {
  expect(verdict(document)).toBe(code);
});
