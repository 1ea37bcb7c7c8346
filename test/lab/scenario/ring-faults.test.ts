import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { MATRICES } from '../../support/fixtures/ring-matrices.ts';
import { ringSpec } from '../../support/harness/labctl.ts';
import { runSimulated } from '../../support/harness/simulated-scenarios.ts';

const folder = mkdtempSync('/tmp/lt-ring-');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The steps of a scenario: a matrix as pingall prints it, which is also the predicted one and the one that was asked for. */
function matrix(rows: readonly string[]): string {
  return `    - expect: {pingall: "${rows.join('\\n')}\\n"}
    - expect: predicted
    - expect: asked
`;
}

/** What test/live/faults.test.ts does on Linux, step by step. */
function scenarios({ whole, split, withoutS2, withoutS3 }: (typeof MATRICES)['none' | 'reactive']): string {
  return `scenarios:
  stays connected without one link, is split without two, and is joined again:
    - connect: [h1, h3, h5]
${matrix(whole)}    - fault: s1-s2
${matrix(whole)}    - fault: s3-s4
${matrix(split)}    - heal: s3-s4
${matrix(whole)}    - heal: all
${matrix(whole)}  goes around a switch that is stopped, and does without a member whose switch is:
    - connect: [h1, h3, h5]
    - fault: s2
${matrix(withoutS2)}    - heal: s2
${matrix(whole)}    - fault: s3
${matrix(withoutS3)}    - heal: s3
${matrix(whole)}  a connection made while a switch is stopped holds when it is started:
    - connect: [h1, h3, h5]
    - fault: s4
    - connect: [h3, h4]
    - heal: all
    - expect: {h3 -> h4: ok, h4 -> h3: ok, h3 -> h1: ok, h4 -> h1: X, h2 -> h4: X}
    - disconnect: [h3, h4]
${matrix(whole)}  is not given up where a connection comes and goes while the switch of a member is stopped:
    - connect: [h1, h3, h5]
    - fault: s3
    - connect: [h3, h4]
    - disconnect: [h3, h4]
    - heal: s3
${matrix(whole)}  loses a host whose own link is down:
    - connect: [h1, h3, h5]
    - fault: h3-s3
${matrix(withoutS3)}    - heal: h3-s3
${matrix(whole)}`;
}

test.each(['reactive', 'none'] as const)('a ring of six with forwarding %s follows its faults', async (forwarding) => {
  const file = join(folder, `${forwarding}.yaml`);
  writeFileSync(file, ringSpec('ring', 6, `forwarding: ${forwarding}\n${scenarios(MATRICES[forwarding])}`));
  const { counts, files } = await runSimulated([file]);
  const steps = files.flatMap((each) => each.scenarios.flatMap((scenario) => scenario.steps));
  expect(files.flatMap(({ problems }) => problems)).toEqual([]);
  expect(steps.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
  expect(counts).toEqual({ passed: 5, failed: 0, skipped: 0, error: 0 });
});
