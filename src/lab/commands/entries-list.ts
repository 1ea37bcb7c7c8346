import { z } from 'zod';
import { entryListDocument, entryListSchema } from '../documents/entries.ts';
import { command } from './command.ts';

/** Every static entry that the controller lists. */
export const entriesList = command({
  name: 'entries list',
  waits: false,
  input: z.strictObject({}),
  answer: entryListSchema,
  run: async ({ lab }, _, { signal }) => entryListDocument(await lab.controlPlane.entries(signal)),
});
