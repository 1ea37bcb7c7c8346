import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runSimulated } from '../../support/harness/simulated-scenarios.ts';

const ALL = Array.from({ length: 16 }, (_, index) => `h${index + 1}`).join(', ');
/** s7 is an edge switch of the first pod, with h1 and h2; s5 and s6 its aggregation switches; s1 is a core switch. */
const SPEC = `version: 1
name: fat-tree
generate: {topology: fat-tree, k: 4}
forwarding: none
expect: {all: {groups: [[${ALL}]]}}
scenarios:
  by one way:
    - connect: [${ALL}]
    - expect: all
    # As ONOS's own tests have it: one uplink goes down, and then the other.
    - fault: s5-s7
    - expect: all
    - fault: s6-s7
    - expect: {groups: [[h1, h2], [${ALL.replace('h1, h2, ', '')}]]}
    - expect: predicted
    - heal: all
    - expect: all
  by select groups:
    - connect: {hosts: [${ALL}], ways: multipath}
    - expect: all
    - expect: predicted
  by fast-failover groups:
    - connect: {hosts: [${ALL}], ways: protected}
    - expect: all
    - fault: s5-s7
    - expect: all
    - heal: s5-s7
    - fault: s1-s5
    - expect: all
    - heal: s1-s5
    - expect: all
`;

test('a fat-tree of 16 hosts is connected as far as its links allow, by one way, by select and by fast-failover groups', async () => {
  const folder = mkdtempSync('/tmp/lt-fat-tree-');
  try {
    const file = join(folder, 'fat-tree.yaml');
    writeFileSync(file, SPEC);
    const { counts, files } = await runSimulated([file]);
    const steps = files.flatMap((each) => each.scenarios.flatMap((scenario) => scenario.steps));
    expect(steps.filter(({ outcome }) => outcome !== 'passed')).toEqual([]);
    expect(counts).toEqual({ passed: 3, failed: 0, skipped: 0, error: 0 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
