import { z } from 'zod';
import { connectionDocument, connectionSchema } from '../documents/connection.ts';
import { command } from './command.ts';

/** The connections once the commands before it are done: after an interrupt, what became of them. */
export const connections = command({
  name: 'connections',
  waits: true,
  input: z.strictObject({}),
  answer: z.strictObject({ connections: z.array(connectionSchema) }),
  run: ({ lab }) => ({ connections: lab.connections.map(connectionDocument) }),
});
