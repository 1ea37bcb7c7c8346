import { z } from 'zod';
import type { Reason } from '../../verify/explain.ts';
import type { Difference, UnknownPair } from '../../verify/verdict.ts';
import { faultSchema, namesSchema, pairSchema } from './vocabulary.ts';

/** What documents of a matrix have that is compared with what is expected. */

export const differenceSchema = z.strictObject({
  source: z.string(),
  target: z.string(),
  expected: z.boolean().describe('Whether the pair ought to reach; the network did the opposite.'),
});

export const reasonSchema = z.strictObject({
  why: z.string().describe('In one line.'),
  cause: z.string().describe('What all such pairs have in common, before their number: `flow-mod-5 on s5 takes`.'),
});
const explanation = { why: reasonSchema.shape.why.exactOptional(), cause: reasonSchema.shape.cause.exactOptional() };

/** Of a request for a matrix. */
export const addressesSchema = z
  .boolean()
  .exactOptional()
  .describe('Whether every address of the hosts is asked; by default each host by its own.');

/** For each source, the targets and a value for each. */
export function rowsSchema<T extends z.ZodType>(value: T) {
  return z.record(z.string(), z.record(z.string(), value));
}

export const comparison = {
  expectation: z
    .string()
    .nullable()
    .describe("The expectation's name in the spec; null when judged by what the spec and the connections ask for."),
  asExpected: z.boolean().describe('False also where it rests on a pair of which nothing is known.'),
  faults: z.array(faultSchema).describe('What is down.'),
  cutOff: z
    .array(pairSchema)
    .describe(
      'Pairs that the spec and its connections ask for, and that faults cut off; empty for a named expectation.',
    ),
  received: z.number().describe('Pairs that reach.'),
  pairs: z.number().describe('All ordered pairs.'),
  hosts: namesSchema.describe('In the order of the spec; further addresses by their names, such as h1:eth1.'),
  differences: z
    .array(differenceSchema.extend(explanation))
    .describe('`why` and `cause` are absent where a difference is not explained.'),
  unknown: z
    .array(
      z.strictObject({
        source: z.string(),
        target: z.string(),
        expected: z.boolean().nullable().describe('Null where the expectation leaves it open.'),
        ...explanation,
      }),
    )
    .describe('Pairs of which it is unknown whether they reach, likewise.'),
};

/** A pair that is not as expected and, as far as it is explained, why. */
export type ExplainedDifference = Difference & Partial<Reason>;

/** Likewise one that is unknown. */
export type ExplainedUnknown = UnknownPair & Partial<Reason>;

/** @param reasons for the first pairs, in their order */
export function explained<Pair extends object>(
  pairs: readonly Pair[],
  reasons: readonly Reason[],
): readonly (Pair & Partial<Reason>)[] {
  return pairs.map((pair, index) => ({ ...pair, ...reasons[index] }));
}
