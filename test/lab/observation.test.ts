import { expect, test } from 'vitest';
import type { DataPlane, Pair, ProbeResult } from '../../src/drivers/data-plane.ts';
import { SimulatedDataPlane } from '../../src/drivers/simulated/data-plane.ts';
import { runScenario } from '../../src/lab/scenario/run.ts';
import { servedLab } from './served-lab.ts';

/** A ring of four hosts, of which 12 pairs reach each other, on a machine that loses what h1 asks h2. */
function onMachine(machine: {
  /** Whether h1 -> h2 answers when it is asked again. */
  readonly answersAgain?: boolean;
  /** Whether pairs that have answered do so again. */
  readonly hears?: boolean;
  readonly overflows?: number;
}) {
  const { answersAgain = false, hears = true, overflows = 0 } = machine;
  const asked: (readonly Pair[])[] = [];
  const isLost = ({ source, target }: Pair) => source === 'h1' && target === 'h2';
  class Plane extends SimulatedDataPlane {
    #overflows = 0;

    override async probeAll(...request: Parameters<DataPlane['probeAll']>): Promise<readonly ProbeResult[]> {
      const results = await super.probeAll(...request);
      return results.map((result) => (isLost(result) ? { ...result, rttMs: null } : result));
    }

    override readonly probeAgain = async (pairs: readonly Pair[]): Promise<readonly ProbeResult[]> => {
      asked.push(pairs);
      return pairs.map((pair) => {
        const isAnswered = isLost(pair) ? answersAgain : hears;
        return { ...pair, rttMs: isAnswered ? 1 : null, probes: 4 };
      });
    };

    /** Of the time before the probes, and of the time after them. */
    override neighbourOverflows(): number {
      this.#overflows += overflows;
      return this.#overflows;
    }
  }
  return { Plane, asked };
}

const H1_H2 = { source: 'h1', target: 'h2' };

test('a pair that should answer is asked again, beside pairs that have answered', async () => {
  const { Plane, asked } = onMachine({ answersAgain: true });
  const { run } = await servedLab(Plane);
  expect(await run('pingall', {})).toMatchObject({ asExpected: true, received: 12, unknown: [], unheard: null });
  const [pairs = [], ...more] = asked;
  expect(more).toEqual([]);
  expect(pairs[0]).toMatchObject(H1_H2);
  expect(pairs).toHaveLength(12);
});

test('its silence is an X, and a finding, where those answer again, twice', async () => {
  const { Plane, asked } = onMachine({});
  const { run } = await servedLab(Plane);
  expect(await run('pingall', {})).toMatchObject({
    ...{ asExpected: false, received: 11, unknown: [], unheard: null },
    differences: [{ ...H1_H2, expected: true }],
    predicted: { surprises: [{ ...H1_H2, expected: true }] },
  });
  expect(asked).toHaveLength(2);
});

test.each([
  ['those fall silent too', { hears: false }, /too busy/],
  ['the kernel had no room for a neighbour', { overflows: 1 }, /neighbour table is full: raise .*gc_thresh3/],
])('it is unknown where %s: neither X nor a finding', async (_, machine, why) => {
  const { run } = await servedLab(onMachine(machine).Plane);
  const observation = await run('pingall', {});
  expect(observation).toMatchObject({
    ...{ asExpected: false, received: 11, differences: [], unheard: expect.stringMatching(why) },
    unknown: [{ ...H1_H2, expected: true, why: expect.stringMatching(why) }],
    predicted: { surprises: [] },
  });
});

test.each(['asked', 'predicted'] as const)(
  'a scenario that expects what is %s then has an error of the machine',
  async (kind) => {
    const { run } = await servedLab(onMachine({ hears: false }).Plane);
    const where = { kind: 'file', file: 'lab.yaml', line: 1, column: 1 } as const;
    const steps = [{ where, action: { kind: 'expect', expectation: { kind } } }] as const;
    const [result] = await runScenario(
      { noCommands: undefined, run, wait: async () => {} },
      { name: 'busy', where, steps },
      {
        signal: new AbortController().signal,
        onStep: () => {},
        onProgress: () => {},
        keepGoing: false,
        folder: '/',
        entriesOf: () => [],
      },
    );
    expect(result).toMatchObject({ outcome: 'error', problems: [{ code: 'unheard', kind: 'environment' }] });
  },
);

test('a pair that the entries keep apart is not asked again', async () => {
  const { Plane, asked } = onMachine({});
  const { run } = await servedLab(Plane);
  await run('connect', { hosts: ['h1', 'h3'] });
  expect(await run('pingall', {})).toMatchObject({ asExpected: true, received: 4 });
  expect(asked).toEqual([]);
});
