import { z } from 'zod';
import { pairSchema } from '../documents/vocabulary.ts';
import { changeFaults, faultChangeOptions, faultStateSchema, faultsSchema } from '../fault-change.ts';
import { command } from './command.ts';

/** Takes every link between two nodes down, or brings it up. */
export const link = command({
  name: 'link',
  waits: true,
  input: z.strictObject({ state: faultStateSchema, between: pairSchema, ...faultChangeOptions }),
  answer: faultsSchema,
  run: ({ lab }, { state, between, ...options }, running) =>
    changeFaults(lab, { kind: state, fault: { kind: 'link', between } }, options, running),
});
