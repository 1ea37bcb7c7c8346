import { z } from 'zod';
import { reasonSchema } from '../documents/comparison.ts';
import { reasonsFor } from '../forecast.ts';
import { command } from './command.ts';

/** Why pairs are as they are, for as many as are explained, by what the switches hold now. */
export const reasons = command({
  name: 'reasons',
  waits: false,
  input: z.strictObject({ pairs: z.array(z.strictObject({ source: z.string(), target: z.string() })) }),
  answer: z.strictObject({ reasons: z.array(reasonSchema).describe('For the first pairs, in their order.') }),
  run: async ({ lab }, { pairs }, { signal }) => ({
    reasons: reasonsFor(await lab.network(signal), pairs),
  }),
});
