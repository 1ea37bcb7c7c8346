import { withConnection } from '../../model/connection.ts';
import { requestedConnection } from '../../plan/requests.ts';
import { changeConnections, connectionChangeSchema } from '../connection-change.ts';
import { connectionRequestSchema } from '../documents/connection.ts';
import { command } from './command.ts';

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
