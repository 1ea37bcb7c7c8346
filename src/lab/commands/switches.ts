import { z } from 'zod';
import { dpidSchema } from '../documents/vocabulary.ts';
import { command } from './command.ts';

/** Each switch of the spec as the controller has it. */
export const switches = command({
  name: 'switches',
  waits: false,
  input: z.strictObject({}),
  answer: z.strictObject({
    switches: z.array(
      z.strictObject({
        name: z.string(),
        label: z.string().nullable().describe('What people call it; null where that is its name.'),
        dpid: dpidSchema,
        connectedSince: z.iso.datetime().nullable().describe('Null while it is not connected, as is the role.'),
        role: z.string().nullable().describe("The controller's role in its own words, e.g. MASTER."),
        entries: z.number().describe('Static entries that the controller lists for it.'),
      }),
    ),
  }),
  run: async ({ lab: { spec, controlPlane } }, _, { signal }) => {
    const connected = new Map((await controlPlane.switches(signal)).map((each) => [each.dpid, each.connectedSince]));
    const roles = await controlPlane.roles(signal);
    const list = await controlPlane.entries(signal);
    const entries = [...list.entries, ...list.unreadable];
    return {
      switches: spec.topology.switches.map(({ name, label, dpid }) => {
        const since = connected.get(dpid);
        return {
          name,
          label: label ?? null,
          dpid,
          connectedSince: since === undefined ? null : new Date(since).toISOString(),
          role: (since === undefined ? undefined : roles.get(dpid)) ?? null,
          entries: entries.filter((entry) => entry.dpid === dpid).length,
        };
      }),
    };
  },
});
