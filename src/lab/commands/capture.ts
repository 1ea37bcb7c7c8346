import { z } from 'zod';
import { capturePoint } from '../capture-point.ts';
import { processSchema } from '../documents/vocabulary.ts';
import { command } from './command.ts';

/** The command that runs something where an interface is, with the interface's name at its end. */
export const capture = command({
  name: 'capture',
  waits: false,
  input: z.strictObject({
    at: z.string().describe('An interface, or a host or switch that has only one.'),
    argv: z.array(z.string()),
  }),
  answer: processSchema,
  run: ({ lab }, { at, argv }) => {
    const { node, interfaceName } = capturePoint(lab.spec.topology, at);
    return lab.dataPlane.commandOn(node, [...argv, interfaceName]);
  },
});
