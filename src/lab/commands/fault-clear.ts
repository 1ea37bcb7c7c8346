import { z } from 'zod';
import { changeFaults, faultChangeOptions, faultsSchema } from '../fault-change.ts';
import { command } from './command.ts';

/** Brings everything up again. */
export const faultClear = command({
  name: 'fault clear',
  waits: true,
  input: z.strictObject(faultChangeOptions),
  answer: faultsSchema,
  run: ({ lab }, options, running) => changeFaults(lab, { kind: 'clear' }, options, running),
});
