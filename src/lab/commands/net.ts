import { z } from 'zod';
import { command } from './command.ts';

/** The lines that Mininet's `net` prints, read from the running network. */
export const net = command({
  name: 'net',
  waits: false,
  input: z.strictObject({}),
  answer: z.strictObject({ lines: z.array(z.string()) }),
  run: async ({ lab }) => ({ lines: await lab.dataPlane.net() }),
});
