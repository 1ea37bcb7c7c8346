import { z } from 'zod';
import { changeFaults, faultChangeOptions, faultStateSchema, faultsSchema } from '../fault-change.ts';
import { command } from './command.ts';

/** Stops a switch, or starts it. */
export const switchCommand = command({
  name: 'switch',
  waits: true,
  input: z.strictObject({ state: faultStateSchema, switchName: z.string(), ...faultChangeOptions }),
  answer: faultsSchema,
  run: ({ lab }, { state, switchName, ...options }, running) =>
    changeFaults(lab, { kind: state, fault: { kind: 'switch', name: switchName } }, options, running),
});
