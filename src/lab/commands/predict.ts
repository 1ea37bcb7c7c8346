import { z } from 'zod';
import { addressesSchema, comparison, explained, rowsSchema } from '../documents/comparison.ts';
import { readSupposition, suppositionSchema } from '../documents/supposition.ts';
import { namesSchema, problemSchema } from '../documents/vocabulary.ts';
import { expectedMatrix, type Forecast, faultsInForce, forecast, pointsFor } from '../forecast.ts';
import { command, type Frozen } from './command.ts';

const predictionSchema = z.strictObject({
  ...comparison,
  predicted: rowsSchema(z.boolean().nullable()).describe('Null where it is unknown.'),
  ending: namesSchema.describe('Entries that end by themselves, which is not foreseen.'),
  warnings: z.array(problemSchema),
});

/** What the switches would answer to a ping of all pairs, by the entries that they hold and what is supposed. */
export const predict = command({
  name: 'predict',
  waits: false,
  input: z.strictObject({
    expectation: z.string().exactOptional(),
    addresses: addressesSchema,
    supposition: suppositionSchema,
  }),
  answer: predictionSchema,
  run: async ({ lab }, { expectation, addresses, supposition }, { signal }) => {
    const expected = expectedMatrix(lab.specNow, lab.connections, expectation, addresses);
    const inForce = faultsInForce(lab.specNow, lab.connections, expectation, expected, addresses);
    const points = pointsFor(lab.spec.topology, expected, addresses);
    const { state, warnings } = await lab.supposing(readSupposition(supposition), signal);
    return predictionDocument(forecast(state, points, expected, expectation, inForce, warnings));
  },
});

export function predictionDocument({
  expectation,
  prediction: matrix,
  verdict,
  reasons,
  unknownReasons,
  inForce,
  ending,
  warnings,
}: Forecast): Frozen<z.output<typeof predictionSchema>> {
  const row = (source: string) =>
    Object.fromEntries(
      matrix.hosts.filter((target) => target !== source).map((target) => [target, matrix.at(source, target)]),
    );
  return {
    expectation: expectation ?? null,
    asExpected: verdict.asExpected,
    ...inForce,
    received: matrix.received,
    pairs: matrix.pairs,
    hosts: matrix.hosts,
    predicted: Object.fromEntries(matrix.hosts.map((source) => [source, row(source)])),
    differences: explained(verdict.differences, reasons),
    unknown: explained(verdict.unknown, unknownReasons),
    ending,
    warnings,
  };
}
