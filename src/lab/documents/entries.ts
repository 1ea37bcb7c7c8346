import { z } from 'zod';
import type { EntryList } from '../../drivers/control-plane.ts';
import { decodePost, encodeEntry } from '../../drivers/entry-form.ts';
import type { Entry } from '../../model/openflow.ts';
import { inputProblem, type Problem, ProblemError } from '../../model/problem.ts';
import type { Where } from '../../model/where.ts';
import type { Frozen } from '../commands/command.ts';
import { dpidSchema } from './vocabulary.ts';

export const entrySchema = z
  .record(z.string(), z.unknown())
  .describe('An entry in the form that the Static Entry Pusher takes.');

export type EntryDocument = Frozen<z.output<typeof entrySchema>>;

/** Entries that somebody wrote: perhaps no objects. */
export const writtenEntriesSchema = z.array(z.unknown());

/** What `entries list` lists, and what `entries delete` and `entries clear` removed. */
export const entryListSchema = z.strictObject({
  entries: z.array(entrySchema),
  unreadable: z
    .array(z.strictObject({ name: z.string(), dpid: dpidSchema }))
    .describe('Entries whose meaning labctl does not know.'),
});

export function entryListDocument({ entries, unreadable }: EntryList): Frozen<z.output<typeof entryListSchema>> {
  return { entries: entries.map(encodeEntry), unreadable };
}

/**
 * Reads entries in the form that the Static Entry Pusher takes.
 * @param whereOf tells a reader which entry a problem is about; by default, the first is `entry 1`
 * @throws ProblemError with everything that is wrong with any of them
 */
export function readEntries(
  documents: readonly unknown[],
  whereOf: (document: unknown, index: number) => Where | string = (_, index) => ({ kind: 'entry', entry: index + 1 }),
): readonly Entry[] {
  const problems: Problem[] = [];
  const entries = documents.flatMap((document, index) => {
    const read = decodePost(document);
    if ('entry' in read) return [read.entry];
    for (const { reason, remedy } of read.refusals) {
      problems.push(inputProblem({ code: 'wrong-entry', where: whereOf(document, index), cause: reason, remedy }));
    }
    return [];
  });
  if (problems.length > 0) throw new ProblemError(problems);
  return entries;
}
