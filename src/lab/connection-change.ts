import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Connection } from '../model/connection.ts';
import type { Frozen } from './commands/command.ts';
import { namesSchema } from './documents/vocabulary.ts';
import type { Lab } from './lab.ts';
import { observationSchema, observe } from './observation.ts';
import type { Running } from './running.ts';

/** What `connect`, `disconnect` and `heal` did, and how the network answers then. */
export const connectionChangeSchema = observationSchema.extend({
  members: namesSchema.describe('Of the connection that was asked for; empty for `heal`.'),
  changed: z.boolean().describe('False when the network was already so.'),
  pushed: z.number(),
  removed: z.number(),
  restored: z
    .number()
    .describe("Flows of the controller's own forwarding that switches had lost, and that `heal` put back."),
});

export type ConnectionChange = Frozen<z.output<typeof connectionChangeSchema>>;

/**
 * Makes these the lab's connections, and pings.
 * @param asked the one that this is about; undefined for all
 * @param restored how many flows were put back before
 */
export async function changeConnections(
  lab: Lab,
  connections: readonly Connection[],
  asked: Connection | undefined,
  running: Running,
  restored = 0,
): Promise<ConnectionChange> {
  const { faults, plan } = lab;
  faults.notePlannedAnew();
  const where = asked?.members.join(' ') ?? 'heal';
  const { push, remove } = await lab.changing(() => plan.changeTo(connections, faults.planningAnew, where, running));
  const changed = push.length + remove.length + restored > 0 || !isDeepStrictEqual(connections, lab.connections);
  lab.connections = connections;
  return {
    ...(await observe(lab, {}, running)),
    members: asked?.members ?? [],
    changed,
    pushed: push.length,
    removed: remove.length,
    restored,
  };
}
