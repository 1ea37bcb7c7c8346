import { z } from 'zod';
import { encodeEntry } from '../../drivers/entry-form.ts';
import { withConnection } from '../../model/connection.ts';
import { compileConnections, type EntryCounts } from '../../plan/connections.ts';
import { requestedConnection } from '../../plan/requests.ts';
import type { Steps } from '../../plan/steps.ts';
import { connectionRequestSchema } from '../documents/connection.ts';
import { entrySchema } from '../documents/entries.ts';
import { command, type Frozen } from './command.ts';

const counts = {
  count: z.number().describe('Entries that connections need in all.'),
  naiveCount: z
    .number()
    .describe('How many they would be with one for each pair of hosts, switch on its path, and protocol.'),
};

const planSchema = z
  .strictObject({
    push: z.array(entrySchema),
    remove: z.array(entrySchema),
    ...counts,
    alone: z
      .strictObject(counts)
      .nullable()
      .describe('The same of the connection that was asked for, were it the only one; null where none was.'),
  })
  .describe('First all of `push`, then all of `remove`, in their order.');

/** The entries that `connect` would push and remove, or, where nothing is asked for, those that `heal` would. */
export const plan = command({
  name: 'plan',
  waits: true,
  input: z.strictObject({ request: connectionRequestSchema.exactOptional() }),
  answer: planSchema,
  run: async ({ lab }, { request }, { signal }) => {
    const over = lab.faults.planningAnew;
    if (request === undefined) return planDocument(await lab.plan.stepsTo(lab.connections, over, signal), undefined);
    const connection = requestedConnection(lab.spec.topology, request);
    const steps = await lab.plan.stepsTo(withConnection(lab.connections, connection), over, signal);
    return planDocument(steps, compileConnections(over.topology, [connection]).counts);
  },
});

/** @param alone of the connection that is asked for, were it the only one */
export function planDocument(
  { push, remove, count, naiveCount }: Steps & EntryCounts,
  alone: EntryCounts | undefined,
): Frozen<z.output<typeof planSchema>> {
  return { push: push.map(encodeEntry), remove: remove.map(encodeEntry), count, naiveCount, alone: alone ?? null };
}
