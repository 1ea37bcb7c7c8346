import { z } from 'zod';
import type { Difference } from '../../verify/verdict.ts';
import { namesSchema } from './vocabulary.ts';

/** What documents of a matrix have that is compared with what is expected. */

export const differenceSchema = z.strictObject({
  source: z.string(),
  target: z.string(),
  expected: z.boolean().describe('Whether the pair ought to reach; the network did the opposite.'),
});

/** For each source, the targets and a value for each. */
export function rowsSchema<T extends z.ZodType>(value: T) {
  return z.record(z.string(), z.record(z.string(), value));
}

export const comparison = {
  expectation: z
    .string()
    .nullable()
    .describe("The expectation's name in the spec; null when judged by what the spec and the connections ask for."),
  asExpected: z.boolean(),
  received: z.number().describe('Pairs that reach.'),
  pairs: z.number().describe('All ordered pairs.'),
  hosts: namesSchema.describe('In the order of the spec.'),
  differences: z
    .array(differenceSchema.extend({ why: z.string().exactOptional() }))
    .describe('`why` is absent where a difference is not explained.'),
};

/** A pair that is not as expected and, as far as it is explained, why. */
export interface ExplainedDifference extends Difference {
  readonly why?: string;
}

/** @param reasons for the first differences, in their order */
export function explained(
  differences: readonly Difference[],
  reasons: readonly string[],
): readonly ExplainedDifference[] {
  return differences.map((difference, index) => {
    const why = reasons[index];
    return why === undefined ? difference : { ...difference, why };
  });
}
