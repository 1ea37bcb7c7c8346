import { z } from 'zod';
import { entryListDocument, entryListSchema } from '../documents/entries.ts';
import { dpidNamed } from '../switch-names.ts';
import { command } from './command.ts';

/**
 * Removes every static entry, of one switch or of all, and with the last entries the connections. Answers with those that
 * were removed.
 */
export const entriesClear = command({
  name: 'entries clear',
  waits: true,
  input: z.strictObject({ switchName: z.string().exactOptional().describe('A name or a DPID.') }),
  answer: entryListSchema,
  run: async ({ lab }, { switchName }, { signal }) => {
    const owner = switchName === undefined ? undefined : dpidNamed(lab.spec.topology, switchName);
    const installed = await lab.controlPlane.entries(signal);
    const removed = await lab.changing(() =>
      lab.plan.remove(installed, ({ dpid }) => owner === undefined || dpid === owner),
    );
    if (owner === undefined) lab.connections = [];
    return entryListDocument(removed);
  },
});
