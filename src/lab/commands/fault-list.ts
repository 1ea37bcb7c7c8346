import { z } from 'zod';
import { faultsDocument, faultsSchema } from '../fault-change.ts';
import { command } from './command.ts';

/** What is down, once the commands before it are done. */
export const faultList = command({
  name: 'fault list',
  waits: true,
  input: z.strictObject({}),
  answer: faultsSchema,
  run: ({ lab }) => faultsDocument(lab.faults.now),
});
