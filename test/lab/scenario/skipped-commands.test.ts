import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runSimulated } from '../../support/harness/simulated-scenarios.ts';

const folder = mkdtempSync(join(tmpdir(), 'labctl-scenario-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** How the steps of a scenario end on simulated switches. */
async function outcomes(steps: string): Promise<readonly string[]> {
  const file = join(folder, 'lab.yaml');
  writeFileSync(
    file,
    `version: 1\nhosts: [h1, h2]\nswitches: [s1]\nlinks: [[h1, s1], [h2, s1]]\nscenarios:\n  one:\n${steps}`,
  );
  const { files } = await runSimulated([file]);
  const [scenario] = files.flatMap(({ scenarios }) => scenarios);
  return [...(scenario?.steps.map(({ outcome }) => outcome) ?? []), scenario?.outcome ?? 'none'];
}

const EXEC = '    - exec: {host: h1, run: ip route flush table main}\n';
const MET = '    - expect: {h1 -> h2: ok}\n';
const NOT_MET = '    - expect: {h1 -> h2: X}\n';

test('an expectation that is not met after a skipped command is skipped: the command may be what it lacks', async () => {
  expect(await outcomes(EXEC + NOT_MET + MET)).toEqual(['skipped', 'skipped', 'passed', 'skipped']);
});

test('before the command it fails', async () => {
  expect(await outcomes(NOT_MET + EXEC)).toEqual(['failed', 'skipped', 'failed']);
});
