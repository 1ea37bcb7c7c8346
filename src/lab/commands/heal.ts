import { z } from 'zod';
import { changeConnections, connectionChangeSchema } from '../connection-change.ts';
import { command } from './command.ts';

/**
 * Gives the switches what the connections and the controller's forwarding need and they lack, removes what no connection
 * needs, and pings.
 */
export const heal = command({
  name: 'heal',
  waits: true,
  input: z.strictObject({}),
  answer: connectionChangeSchema,
  run: async ({ lab }, _, running) => {
    await lab.faults.catchUp(running);
    const { forwarding } = lab.controlPlane;
    const restored = forwarding.kind === 'in-advance' ? await forwarding.restore() : 0;
    return changeConnections(lab, lab.connections, undefined, running, restored);
  },
});
