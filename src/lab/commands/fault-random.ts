import { z } from 'zod';
import { changeFaults, faultChangeOptions, faultsSchema } from '../fault-change.ts';
import { command } from './command.ts';

/** Takes links and switches down that are picked at random. */
export const faultRandom = command({
  name: 'fault random',
  waits: true,
  input: z.strictObject({
    seed: z.int().min(0).describe('The same one picks the same of the same lab, on any machine.'),
    count: z.int().min(0),
    withSwitches: z.boolean().describe('Whether switches may go down too, and not only links between switches.'),
    ...faultChangeOptions,
  }),
  answer: faultsSchema,
  run: ({ lab }, { seed, count, withSwitches, ...options }, running) =>
    changeFaults(lab, { kind: 'random', seed, count, withSwitches }, options, running),
});
