import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { NEEDS_LINUX, TOPOLOGIES } from '../../support/fixtures/examples.ts';
import { runSimulated } from '../../support/harness/simulated-scenarios.ts';

const SPECS = readdirSync(TOPOLOGIES).filter((name) => name.endsWith('.yaml'));
/** In all of them together. */
const SCENARIOS = 30;

test('the page of the examples tours each of them', () => {
  const page = readFileSync(join(TOPOLOGIES, 'README.md'), 'utf8');
  expect(SPECS.filter((name) => !page.includes(`(${name})`))).toEqual([]);
});

test('every scenario of every example passes on simulated switches, as far as it runs nothing on hosts', async () => {
  const { counts, files } = await runSimulated([TOPOLOGIES]);
  const steps = files.flatMap(({ file, scenarios }) =>
    scenarios.flatMap((each) => each.steps.map((step) => ({ file, step }))),
  );
  const wrong = steps.filter(({ step }) => step.outcome !== 'passed' && step.outcome !== 'skipped');
  expect(wrong).toEqual([]);
  expect(files).toHaveLength(SPECS.length);
  expect(files.flatMap(({ problems }) => problems)).toEqual([]);
  expect({ ...counts, passed: counts.passed + counts.skipped, skipped: 0 }).toEqual({
    ...{ passed: SCENARIOS, failed: 0, skipped: 0, error: 0 },
  });
  // What is skipped here runs on Mininet, in test/live/examples.test.ts.
  const skipped = steps.filter(({ step }) => step.outcome === 'skipped').map(({ file }) => file);
  expect(NEEDS_LINUX.map((name) => join(TOPOLOGIES, name))).toEqual(expect.arrayContaining(skipped));
});
