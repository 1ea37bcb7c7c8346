import { z } from 'zod';
import { type Connection, sameConnection } from '../../model/connection.ts';
import { inputProblem, type Problem, ProblemError } from '../../model/problem.ts';
import { requestedHosts } from '../../plan/requests.ts';
import { changeConnections, connectionChangeSchema } from '../connection-change.ts';
import { namesSchema } from '../documents/vocabulary.ts';
import { command } from './command.ts';

/** Removes the connection of these hosts, and pings. */
export const disconnect = command({
  name: 'disconnect',
  waits: true,
  input: z.strictObject({ hosts: namesSchema }),
  answer: connectionChangeSchema,
  run: ({ lab }, { hosts }, running) => {
    const connection = { members: requestedHosts(lab.spec.topology, hosts) };
    const remaining = lab.connections.filter((other) => !sameConnection(other, connection));
    if (remaining.length === lab.connections.length) throw new ProblemError(noSuchConnection(hosts, remaining));
    return changeConnections(lab, remaining, connection, running);
  },
});

function noSuchConnection(hosts: readonly string[], connections: readonly Connection[]): Problem {
  const containing = connections.filter(({ members }) => hosts.every((host) => members.includes(host)));
  const choices = (containing.length > 0 ? containing : connections).map(
    ({ members }) => `labctl disconnect ${members.join(' ')}`,
  );
  return inputProblem({
    code: 'no-such-connection',
    where: hosts.join(' '),
    cause: 'there is no connection of just these hosts',
    remedy:
      choices.length > 0
        ? `remove one that there is: ${choices.join('; ')}`
        : 'there are no connections: labctl connect makes one',
  });
}
