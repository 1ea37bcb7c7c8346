import { expect, test } from 'vitest';
import { runScenario, type ScenarioLab } from '../../../src/lab/scenario/run.ts';
import { readSpec } from '../../../src/spec/read.ts';

/** A lab between whose hosts so much comes through, or nothing. */
function labThatCarries(mbps: number | null): ScenarioLab {
  const run = async (command: string) => {
    if (command !== 'iperf') throw new Error(`no ${command} was asked for`);
    return { mbps, why: mbps === null ? 'no route to host' : null };
  };
  return { noCommands: undefined, run: run as unknown as ScenarioLab['run'], wait: async () => {} };
}

test.each([
  [50, 'passed', '50.0 Mbit/s'],
  [49.94, 'failed', '49.9 Mbit/s, where at least 50 are expected'],
  [81, 'failed', '81.0 Mbit/s, where at most 80 are expected'],
  [null, 'failed', 'nothing came through: no route to host'],
])('what comes through at %s Mbit/s %s', async (mbps, outcome, message) => {
  const text = `version: 1
hosts: [h1, h2]
switches: [s1]
links: [[h1, s1], [h2, s1]]
scenarios:
  fast:
    - iperf: {from: h1, to: h2, at_least: 50, at_most: 80}
`;
  const [scenario] = readSpec('lab.yaml', text).scenarios.values();
  if (scenario === undefined) throw new Error('the spec has one');
  const options = {
    folder: '/',
    keepGoing: false,
    signal: new AbortController().signal,
    onStep: () => {},
    onProgress: () => {},
    entriesOf: () => [],
  };
  const results = await runScenario(labThatCarries(mbps), scenario, options);
  expect(results.map((result) => [result.outcome, result.message])).toEqual([[outcome, message]]);
});
