import { z } from 'zod';
import type { SentBody } from '../../drivers/control-plane.ts';
import { uncheckedBody } from '../../drivers/entry-form.ts';
import { writtenEntriesSchema } from '../documents/entries.ts';
import { command } from './command.ts';

/** Sends entries as they were written, but for those that would break the controller, and tells what became of each. */
export const entriesApplyForce = command({
  name: 'entries apply --force',
  waits: true,
  input: z.strictObject({ entries: writtenEntriesSchema }),
  answer: z.strictObject({
    sent: z
      .array(
        z.strictObject({
          name: z.string().nullable(),
          outcome: z
            .enum(['in-switch', 'listed', 'vanished', 'refused', 'withheld'])
            .describe('`withheld`: it would have broken the controller, and was not sent.'),
          reason: z.string().nullable().describe('Why it was refused or withheld.'),
        }),
      )
      .describe('In the order in which they were given.'),
  }),
  run: async ({ lab }, { entries }, { signal }) => {
    const read = entries.map(uncheckedBody);
    const bodies = read.flatMap((each) => ('value' in each ? [each.value] : []));
    const sent = (await lab.changing(() => lab.controlPlane.sendUnchecked(bodies, signal))).values();
    return {
      sent: read.map((each, index) => {
        if ('value' in each) {
          const { name, outcome, reason } = sent.next().value as SentBody;
          return { name: name ?? null, outcome, reason: reason ?? null };
        }
        const { name } = (entries[index] ?? {}) as { readonly name?: unknown };
        const reason = each.refusals.map((refusal) => `${refusal.reason}. ${refusal.remedy}`).join('; ');
        return { name: typeof name === 'string' ? name : null, outcome: 'withheld' as const, reason };
      }),
    };
  },
});
