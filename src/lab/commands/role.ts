import { z } from 'zod';
import { SETTABLE_ROLES } from '../../drivers/control-plane.ts';
import { dpidNamed } from '../switch-names.ts';
import { command } from './command.ts';
import { switches } from './switches.ts';

/** Sets the controller's role for one switch, or for all, and answers like `switches`. */
export const role = command({
  name: 'role',
  waits: true,
  input: z.strictObject({
    role: z.enum(SETTABLE_ROLES),
    switchName: z.string().exactOptional().describe('A name or a DPID.'),
  }),
  answer: switches.answer,
  run: async (served, { role: wanted, switchName }, running) => {
    const { lab } = served;
    const { topology } = lab.spec;
    const dpids =
      switchName === undefined ? topology.switches.map(({ dpid }) => dpid) : [dpidNamed(topology, switchName)];
    const count = dpids.length === 1 ? '1 switch, which takes a second' : `${dpids.length} switches, a second each`;
    running.report({ step: `setting the role of ${count}` });
    await lab.changing(() => lab.controlPlane.setRole(dpids, wanted, running.signal));
    return switches.run(served, {}, running);
  },
});
