import { z } from 'zod';
import { command } from './command.ts';

/** The spec that the lab was brought up from. */
export const spec = command({
  name: 'spec',
  waits: false,
  input: z.strictObject({}),
  answer: z.strictObject({ file: z.string(), text: z.string() }),
  run: ({ identity }) => ({ file: identity.specFile, text: identity.specText }),
});
