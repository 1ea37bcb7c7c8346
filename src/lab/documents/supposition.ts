import { z } from 'zod';
import type { Frozen } from '../commands/command.ts';
import type { Supposition } from '../forecast.ts';
import { readEntries, writtenEntriesSchema } from './entries.ts';
import { faultSchema } from './vocabulary.ts';

export const suppositionSchema = z
  .strictObject({ entries: writtenEntriesSchema, faults: z.array(faultSchema) })
  .describe('What is supposed beside what is there.');

/** @throws ProblemError when an entry is wrong */
export function readSupposition({ entries, faults }: Frozen<z.output<typeof suppositionSchema>>): Supposition {
  return { entries: readEntries(entries), faults };
}
