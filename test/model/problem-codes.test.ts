import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PROBLEM_CODES } from '../../src/model/problem-codes.ts';
import { problemsPage } from '../support/docs/problems-page.ts';

const root = join(import.meta.dirname, '../..');
const codes = Object.keys(PROBLEM_CODES);

test('docs/problems.md is current: npm run docs', () => {
  expect(readFileSync(join(root, 'docs/problems.md'), 'utf8')).toBe(problemsPage());
});

test('every code is used somewhere in the sources', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('problem-codes.ts'))
    .map((file) => readFileSync(join(root, 'src', file), 'utf8'))
    .join('\n');
  // As the code of a problem, as an argument of a function that makes one, or in a table of codes.
  const isUsed = (code: string) =>
    new RegExp(`(?:\\bcode: [^,;]*|\\bproblem\\(\\s*(?:call,\\s*)?|\\badd\\(|[:[]\\s+)'${code}'`).test(sources);
  expect(codes.filter((code) => !isUsed(code))).toEqual([]);
  expect(isUsed('no-such-code')).toBe(false);
});

test('codes are in alphabetical order, in lower case', () => {
  expect(codes).toEqual([...codes].sort());
  for (const code of codes) expect(code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
});

test('causes and remedies are sentences', () => {
  for (const [code, { cause, remedy }] of Object.entries(PROBLEM_CODES)) {
    expect(cause, code).toMatch(/^(?:[A-Z-]|labctl |tcpdump |iperf3 |`).*[^.]\.$/s);
    expect(remedy, code).toMatch(/^[A-Z].*[^.]\.$/);
  }
});
