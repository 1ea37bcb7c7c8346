import { z } from 'zod';
import { inputProblem, ProblemError } from '../../model/problem.ts';
import { entryListDocument, entryListSchema } from '../documents/entries.ts';
import { namesSchema } from '../documents/vocabulary.ts';
import { command } from './command.ts';

/** Removes the named entries: all of them exist, or none is removed. Answers with those that were. */
export const entriesDelete = command({
  name: 'entries delete',
  waits: true,
  input: z.strictObject({ names: namesSchema }),
  answer: entryListSchema,
  run: async ({ lab }, { names }, { signal }) => {
    const installed = await lab.controlPlane.entries(signal);
    const known = new Set([...installed.entries, ...installed.unreadable].map(({ name }) => name));
    const unknown = names.filter((name) => !known.has(name));
    if (unknown.length > 0) {
      throw new ProblemError(
        inputProblem({
          code: 'unknown-entry',
          where: unknown.join(', '),
          cause: 'there is no entry of this name',
          remedy: '`labctl entries list` shows the names',
        }),
      );
    }
    return entryListDocument(await lab.changing(() => lab.plan.remove(installed, ({ name }) => names.includes(name))));
  },
});
