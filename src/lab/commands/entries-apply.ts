import { z } from 'zod';
import { countedEntries, type Entry } from '../../model/openflow.ts';
import { type Problem, ProblemError } from '../../model/problem.ts';
import { checkEntries } from '../../plan/entry-check.ts';
import { stepsBetween } from '../../plan/steps.ts';
import { readEntries, writtenEntriesSchema } from '../documents/entries.ts';
import { namesSchema, problemSchema } from '../documents/vocabulary.ts';
import { newCircles, readable, withPushed } from '../forecast.ts';
import { command } from './command.ts';

/** Checks entries that somebody wrote by hand, and pushes those that are not there already: all of them, or none. */
export const entriesApply = command({
  name: 'entries apply',
  waits: true,
  input: z.strictObject({ entries: writtenEntriesSchema }),
  answer: z.strictObject({
    pushed: namesSchema.describe('Names, in the order in which they were given.'),
    unchanged: namesSchema.describe('Those that were there already, alike.'),
    warnings: z.array(problemSchema),
  }),
  run: async ({ lab }, input, { signal, report }) => {
    const entries = readEntries(input.entries);
    const { entries: installed } = await lab.controlPlane.entries(signal);
    const { problems, warnings } = checkEntries(lab.spec.topology, installed, entries);
    if (problems.length > 0) throw new ProblemError(problems);
    const { push } = stepsBetween(installed, entries);
    const circles: Problem[] = [];
    if (push.length > 0) {
      const before = await readable(lab.network(signal));
      if (before !== undefined) circles.push(...newCircles(before, withPushed(before, installed, push)));
      report({ step: `pushing ${countedEntries(push.length)}` });
      await lab.changing(() => lab.controlPlane.push(push, signal));
    }
    const names = (some: readonly Entry[]) => some.map(({ name }) => name);
    return {
      pushed: names(push),
      unchanged: names(entries.filter((entry) => !push.includes(entry))),
      warnings: [...warnings, ...circles],
    };
  },
});
