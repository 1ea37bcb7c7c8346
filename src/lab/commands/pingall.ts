import { z } from 'zod';
import { addressesSchema } from '../documents/comparison.ts';
import { observationSchema, observe } from '../observation.ts';
import { command } from './command.ts';

/** Pings all pairs and compares the answers with what is expected. */
export const pingall = command({
  name: 'pingall',
  waits: true,
  input: z.strictObject({
    expectation: z.string().exactOptional().describe("An expectation's name; by default what the spec asks for."),
    addresses: addressesSchema,
  }),
  answer: observationSchema,
  run: ({ lab }, input, running) => observe(lab, input, running),
});
