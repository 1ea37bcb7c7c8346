import { z } from 'zod';
import { withConnection } from '../../model/connection.ts';
import { requestedConnection } from '../../plan/requests.ts';
import { changeConnections, connectionChangeSchema } from '../connection-change.ts';
import { namesSchema, waysSchema } from '../documents/vocabulary.ts';
import { command } from './command.ts';

/** A connection that somebody asks for. */
export const connectionRequestSchema = z.strictObject({
  hosts: namesSchema,
  ways: waysSchema.exactOptional(),
  via: namesSchema.exactOptional().describe('Switches.'),
  avoid: namesSchema.exactOptional().describe('Switches and links as people write them: s3, s1-s3.'),
});

/** Isolates hosts as a group, and pings. */
export const connect = command({
  name: 'connect',
  waits: true,
  input: connectionRequestSchema,
  answer: connectionChangeSchema,
  run: ({ lab }, request, running) => {
    const connection = requestedConnection(lab.spec.topology, request);
    return changeConnections(lab, withConnection(lab.connections, connection), connection, running);
  },
});
