import { z } from 'zod';
import type { Pair, ProbeResult } from '../drivers/data-plane.ts';
import { ReachabilityMatrix } from '../model/matrix.ts';
import { predict } from '../sim/predict.ts';
import type { Reason } from '../verify/explain.ts';
import { judge } from '../verify/verdict.ts';
import type { Frozen } from './commands/command.ts';
import { comparison, differenceSchema, explained, rowsSchema } from './documents/comparison.ts';
import { expectedMatrix, faultsInForce, pointsFor, readable, reasonsFor } from './forecast.ts';
import type { Lab } from './lab.ts';
import type { Running } from './running.ts';

export const observationSchema = z.strictObject({
  ...comparison,
  observed: rowsSchema(z.number().nullable()).describe('Round trip in milliseconds; null where no probe was answered.'),
  probes: rowsSchema(z.number()).describe('Echo requests sent.'),
  unheard: z
    .string()
    .nullable()
    .describe('Why this machine could not tell of some pairs, which are among the unknown; null where it could.'),
  predicted: z
    .strictObject({
      received: z.number(),
      undecided: z.number().describe('Pairs of which the entries leave it open whether they reach.'),
      surprises: z
        .array(differenceSchema)
        .describe('Pairs in which the switches do not do what their entries say; `expected` is what was predicted.'),
    })
    .nullable()
    .describe('By the entries that the switches held; null where labctl cannot read those.'),
});

export type Observation = Frozen<z.output<typeof observationSchema>>;

/**
 * Pings all pairs and judges by the named expectation, or by what the spec and the connections ask for.
 * @param addresses whether every address of the hosts is asked, and not only what the expectation names
 */
export async function observe(
  lab: Lab,
  { expectation, addresses = false }: { readonly expectation?: string; readonly addresses?: boolean },
  running: Running,
): Promise<Observation> {
  const expected = expectedMatrix(lab.specNow, lab.connections, expectation, addresses);
  const points = pointsFor(lab.spec.topology, expected, addresses);
  const overflows = lab.dataPlane.neighbourOverflows();
  const [first, network] = await Promise.all([
    lab.dataPlane.probeAll(points, lab.reactionSeconds, running.signal, (probe) => running.report({ probe })),
    readable(lab.network(running.signal)),
  ]);
  const prediction = network === undefined ? undefined : predict(network, points);
  const shouldAnswer = ({ source, target }: Pair) => prediction?.at(source, target) ?? expected.reaches(source, target);
  const { probes, unheard } = await heard(lab, first, shouldAnswer, running);
  const isFull = lab.dataPlane.neighbourOverflows() > overflows;
  const surprising = ({ source, target, rttMs }: ProbeResult) =>
    rttMs === null && (prediction?.reaches(source, target) ?? expected.reaches(source, target));
  const why = isFull ? TABLE_FULL : unheard ? TOO_BUSY : undefined;
  const lost = new Set(why === undefined ? [] : probes.filter(surprising).map(keyOf));
  const found = new Map(
    probes.map((probe) => [keyOf(probe), probe.isUnknown || lost.has(keyOf(probe)) ? null : probe.rttMs !== null]),
  );
  const observed = new ReachabilityMatrix(
    points.map(({ name }) => name),
    (source, target) => found.get(keyOf({ source, target })) ?? null,
  );
  const { asExpected, differences, unknown } = judge(expected, observed);
  const reasons = (pairs: readonly Pair[]) => (network === undefined ? [] : reasonsFor(network, pairs));
  const isLost = (pair: Pair) => lost.has(keyOf(pair));
  const open = unknown.filter((pair) => !isLost(pair));
  return {
    expectation: expectation ?? null,
    asExpected,
    ...faultsInForce(lab.specNow, lab.connections, expectation, expected, addresses),
    received: observed.received,
    pairs: observed.pairs,
    hosts: observed.hosts,
    observed: rows(probes, ({ rttMs }) => rttMs),
    probes: rows(probes, (probe) => probe.probes),
    differences: explained(differences, reasons(differences)),
    unknown: [...unknown.filter(isLost).map((pair) => ({ ...pair, ...why })), ...explained(open, reasons(open))],
    unheard: lost.size > 0 ? (why?.why ?? null) : null,
    predicted: prediction === undefined ? null : compared(prediction, observed),
  };
}

const TOO_BUSY: Reason = {
  why: 'the machine was too busy: pairs that had answered did not answer again either',
  cause: 'a machine that is too busy leaves open',
};
const TABLE_FULL: Reason = {
  why: "the kernel's neighbour table is full: raise net.ipv4.neigh.default.gc_thresh3, or run fewer labs at once",
  cause: "the kernel's neighbour table, which is full, leaves open",
};

/** For how many seconds to wait for those that should answer, from one attempt to the next. */
const PATIENCE_SECONDS = [0, 0.5, 2] as const;
/** Attempts in which the machine answered all that it had answered before: then silence is no answer. */
const ENOUGH_HEARD = 2;
/** Pairs that have answered, which are asked beside those that should: whether they answer again tells of the machine. */
const MOST_CONTROLS = 12;

/**
 * A busy machine may keep a switch from its work for longer than a probe waits. Pairs that did not answer though they
 * should are asked again, with more and more patience, beside some that have answered.
 * @returns `unheard`: whether the machine never had the time to answer
 */
async function heard(
  { dataPlane, reactionSeconds }: Lab,
  first: readonly ProbeResult[],
  shouldAnswer: (pair: Pair) => boolean,
  { signal, report }: Running,
): Promise<{ readonly probes: readonly ProbeResult[]; readonly unheard: boolean }> {
  let probes = first;
  let unheard = false;
  let timesHeard = 0;
  for (const patience of PATIENCE_SECONDS) {
    const silent = probes.filter((probe) => probe.rttMs === null && probe.isUnknown !== true && shouldAnswer(probe));
    if (timesHeard >= ENOUGH_HEARD) break;
    if (silent.length === 0 || dataPlane.probeAgain === undefined) return { probes, unheard: false };
    report({ step: `asking ${silent.length === 1 ? 'a pair' : `${silent.length} pairs`} once more` });
    const answered = probes.filter(({ rttMs }) => rttMs !== null);
    const step = Math.max(1, Math.floor(answered.length / MOST_CONTROLS));
    const controls = answered.filter((_, index) => index % step === 0).slice(0, MOST_CONTROLS);
    const asked = [...silent, ...controls];
    const seconds = Math.max(reactionSeconds, patience);
    const again = await dataPlane.probeAgain(asked, seconds, signal, (probe) => report({ probe }));
    const later = new Map(again.map((probe) => [keyOf(probe), probe]));
    unheard = controls.some((pair) => (later.get(keyOf(pair))?.rttMs ?? null) === null);
    if (!unheard) timesHeard += 1;
    probes = probes.map((probe) => {
      const { rttMs = null, probes: more = 0 } = later.get(keyOf(probe)) ?? {};
      return { ...probe, rttMs: probe.rttMs ?? rttMs, probes: probe.probes + more };
    });
  }
  return { probes, unheard: unheard && timesHeard < ENOUGH_HEARD };
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

/** No pair that was left open is a surprise. */
function compared(prediction: ReachabilityMatrix, observed: ReachabilityMatrix): Observation['predicted'] {
  const { received, unknown } = prediction;
  return { received, undecided: unknown, surprises: judge(prediction, observed).differences };
}
