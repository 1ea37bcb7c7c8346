import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { NEEDS_LINUX, TOPOLOGIES } from '../support/fixtures/examples.ts';
import { Labctl } from '../support/harness/labctl.ts';

/** In these together. All of the others pass on simulated switches: test/cli/test/examples.test.ts. */
const SCENARIOS = 19;

const labctl = new Labctl();
afterAll(() => labctl.clean());

test('every scenario of the examples that need Linux passes on Mininet, two at a time, and leaves nothing', async () => {
  const specs = NEEDS_LINUX.map((name) => join(TOPOLOGIES, name));
  const { stdout, exitCode } = await labctl.run('test', ...specs, '--jobs', '2', '--format', 'json');
  const { counts, files } = JSON.parse(stdout) as {
    readonly counts: object;
    readonly files: readonly { readonly scenarios: readonly { readonly steps: readonly object[] }[] }[];
  };
  const wrong = files.flatMap(({ scenarios }) => scenarios.filter(({ steps }) => !steps.every(isPassed)));
  expect(wrong).toEqual([]);
  expect(counts).toEqual({ passed: SCENARIOS, failed: 0, skipped: 0, error: 0 });
  expect(exitCode).toBe(0);
  expect(files).toHaveLength(specs.length);
  await labctl.expectNothingLeft();
});

function isPassed(step: { readonly outcome?: unknown }): boolean {
  return step.outcome === 'passed';
}
