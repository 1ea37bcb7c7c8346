import { z } from 'zod';
import { problemSchema } from '../documents/vocabulary.ts';
import { command } from './command.ts';

/** Ends the lab. */
export const down = command({
  name: 'down',
  waits: true,
  input: z.strictObject({}),
  answer: z.strictObject({ left: z.array(problemSchema).describe('What could not be cleaned up.') }),
  run: async ({ end }) => ({ left: await end() }),
});
