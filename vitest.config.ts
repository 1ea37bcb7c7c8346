import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of more than a minute: started at the end, they would leave cores idle. */
const LONGEST = [
  'live/examples.test.ts',
  'live/floodlight.test.ts',
  'live/bad-input.test.ts',
  'live/floodlight-docker.test.ts',
  'live/bad-controller.test.ts',
  'live/faults.test.ts',
  'live/groups.test.ts',
  'floodlight/entry-keeper.test.ts',
  'contract/static-entry-pusher.contract.test.ts',
];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = LONGEST.findIndex((name) => moduleId.endsWith(`/${name}`));
      return index < 0 ? LONGEST.length : index;
    };
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/harness/nothing-left.ts', 'test/support/harness/ordinary-user.ts'],
    sequence: { sequencer: LongestFirst },
    // Live tests start real labs; each file has lab names and a run folder of its own.
    // They wait more than they compute.
    maxWorkers: 3,
    testTimeout: 240_000,
    hookTimeout: 240_000,
  },
});
