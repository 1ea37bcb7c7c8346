import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Labctl } from '../support/harness/labctl.ts';

const FOLDER = resolve(import.meta.dirname, '../../topologies');
const SPECS = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
/** In all of them together. */
const SCENARIOS = 17;

const labctl = new Labctl();
afterAll(() => labctl.clean());

test('the page of the examples tours each of them', () => {
  const page = readFileSync(resolve(FOLDER, 'README.md'), 'utf8');
  expect(SPECS.filter((name) => !page.includes(`(${name})`))).toEqual([]);
});

test('every scenario of every example passes on Mininet, two at a time, and leaves nothing', async () => {
  const { stdout, exitCode } = await labctl.run('test', FOLDER, '--jobs', '2', '--format', 'json');
  const { counts, files } = JSON.parse(stdout) as {
    readonly counts: object;
    readonly files: readonly { readonly scenarios: readonly { readonly steps: readonly object[] }[] }[];
  };
  const wrong = files.flatMap(({ scenarios }) => scenarios.filter(({ steps }) => !steps.every(isPassed)));
  expect(wrong).toEqual([]);
  expect(counts).toEqual({ passed: SCENARIOS, failed: 0, skipped: 0, error: 0 });
  expect(exitCode).toBe(0);
  expect(files).toHaveLength(SPECS.length);
  await labctl.expectNothingLeft();
}, 600_000);

function isPassed(step: { readonly outcome?: unknown }): boolean {
  return step.outcome === 'passed';
}
