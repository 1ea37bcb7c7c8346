import { z } from 'zod';
import { requestedHosts } from '../../plan/requests.ts';
import { processSchema } from '../documents/vocabulary.ts';
import { command } from './command.ts';

/** The command that runs something on a host. */
export const exec = command({
  name: 'exec',
  waits: false,
  input: z.strictObject({ host: z.string(), argv: z.array(z.string()) }),
  answer: processSchema,
  run: ({ lab }, { host, argv }) => {
    requestedHosts(lab.spec.topology, [host]);
    return lab.dataPlane.commandOn(host, argv);
  },
});
