import { planTests } from '../../../src/cli/test/files.ts';
import { simulatedLabs } from '../../../src/cli/test/labs.ts';
import { runTests } from '../../../src/cli/test/run.ts';
import type { TestReport } from '../../../src/lab/scenario/result.ts';

/** Runs all scenarios of specs, or of folders of specs, on simulated switches in this process, two at a time. */
export function runSimulated(names: readonly string[]): Promise<TestReport> {
  return runTests(planTests(names, []), {
    dataPlane: 'simulated',
    openLab: simulatedLabs(38_080),
    jobs: 2,
    keepGoing: true,
    signal: new AbortController().signal,
    onProgress: () => {},
    onFile: () => {},
    onScenario: () => {},
  });
}
