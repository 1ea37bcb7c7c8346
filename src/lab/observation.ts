import { z } from 'zod';
import type { Pair, ProbeResult } from '../drivers/data-plane.ts';
import { ReachabilityMatrix } from '../model/matrix.ts';
import { ProblemError } from '../model/problem.ts';
import { type Prediction, predict } from '../sim/predict.ts';
import { judge } from '../verify/verdict.ts';
import type { Frozen } from './commands/command.ts';
import { comparison, differenceSchema, explained, rowsSchema } from './documents/comparison.ts';
import { expectedMatrix, reasonsFor } from './forecast.ts';
import type { Lab } from './lab.ts';
import type { Running } from './running.ts';

export const observationSchema = z.strictObject({
  ...comparison,
  observed: rowsSchema(z.number().nullable()).describe('Round trip in milliseconds; null where no probe was answered.'),
  probes: rowsSchema(z.number()).describe('Echo requests sent.'),
  predicted: z
    .strictObject({
      received: z.number(),
      undecided: z.number().describe('Pairs of which the entries leave it to the switches whether they reach.'),
      surprises: z
        .array(differenceSchema)
        .describe('Pairs in which the switches do not do what their entries say; `expected` is what was predicted.'),
    })
    .nullable()
    .describe('By the entries that the switches held; null where labctl cannot read those.'),
});

export type Observation = Frozen<z.output<typeof observationSchema>>;

/** Pings all pairs and judges by the named expectation, or by what the spec and the connections ask for. */
export async function observe(lab: Lab, expectation: string | undefined, running: Running): Promise<Observation> {
  const expected = expectedMatrix(lab.specNow, lab.connections, expectation);
  const [first, network] = await Promise.all([
    lab.dataPlane.probeAll(lab.reactionSeconds, running.signal, (probe) => running.report({ probe })),
    // Entries that labctl cannot read hide no observation.
    lab.network(running.signal).catch((error: unknown) => {
      if (!(error instanceof ProblemError)) throw error;
      return undefined;
    }),
  ]);
  const prediction = network === undefined ? undefined : predict(network);
  const probes = await askedAgain(
    lab,
    first,
    ({ source, target }) => expected.reaches(source, target) || (prediction?.matrix.reaches(source, target) ?? false),
    running,
  );
  const answered = new Set(probes.filter(({ rttMs }) => rttMs !== null).map(keyOf));
  const observed = new ReachabilityMatrix(
    lab.spec.topology.hosts.map(({ name }) => name),
    (source, target) => answered.has(keyOf({ source, target })),
  );
  const { asExpected, differences } = judge(expected, observed);
  return {
    expectation: expectation ?? null,
    asExpected,
    received: observed.received,
    pairs: observed.pairs,
    hosts: observed.hosts,
    observed: rows(probes, ({ rttMs }) => rttMs),
    probes: rows(probes, (probe) => probe.probes),
    differences: explained(differences, network === undefined ? [] : reasonsFor(network, differences)),
    predicted: prediction === undefined ? null : compared(prediction, observed),
  };
}

/**
 * A busy machine may keep a switch from its work for longer than a probe waits. Pairs that did not answer though they
 * should are asked again, with more patience.
 */
async function askedAgain(
  { dataPlane, reactionSeconds }: Lab,
  probes: readonly ProbeResult[],
  shouldAnswer: (pair: Pair) => boolean,
  { signal, report }: Running,
): Promise<readonly ProbeResult[]> {
  const silent = probes.filter((probe) => probe.rttMs === null && shouldAnswer(probe));
  if (silent.length === 0 || dataPlane.probeAgain === undefined) return probes;
  report({ step: `asking ${silent.length === 1 ? 'a pair' : `${silent.length} pairs`} once more` });
  const again = await dataPlane.probeAgain(silent, reactionSeconds, signal, (probe) => report({ probe }));
  const later = new Map(again.map((probe) => [keyOf(probe), probe]));
  return probes.map((probe) => {
    const { rttMs = null, probes: more = 0 } = later.get(keyOf(probe)) ?? {};
    return { ...probe, rttMs: probe.rttMs ?? rttMs, probes: probe.probes + more };
  });
}

function keyOf({ source, target }: Pair): string {
  return `${source} ${target}`;
}

function rows<T>(
  probes: readonly ProbeResult[],
  valueIn: (probe: ProbeResult) => T,
): Record<string, Record<string, T>> {
  const result: Record<string, Record<string, T>> = {};
  for (const probe of probes) {
    const row = result[probe.source] ?? {};
    row[probe.target] = valueIn(probe);
    result[probe.source] = row;
  }
  return result;
}

/** No undecided pair is a surprise. */
function compared({ matrix, undecided }: Prediction, observed: ReachabilityMatrix): Observation['predicted'] {
  const surprises = judge(matrix, observed).differences.filter(
    ({ source, target }) => !undecided.reaches(source, target),
  );
  return { received: matrix.received, undecided: undecided.received, surprises };
}
