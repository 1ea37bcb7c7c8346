import { z } from 'zod';
import { differenceSchema } from '../documents/comparison.ts';
import { reasonsFor } from '../forecast.ts';
import { command } from './command.ts';

/** Why pairs are not as they should be, for as many as are explained, by what the switches hold now. */
export const reasons = command({
  name: 'reasons',
  waits: false,
  input: z.strictObject({ differences: z.array(differenceSchema) }),
  answer: z.strictObject({ reasons: z.array(z.string()).describe('For the first differences, in their order.') }),
  run: async ({ lab }, { differences }, { signal }) => ({
    reasons: reasonsFor(await lab.network(signal), differences),
  }),
});
