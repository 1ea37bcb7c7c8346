import { z } from 'zod';
import { capturePoint } from '../capture-point.ts';
import { processSchema } from '../documents/vocabulary.ts';
import { command } from './command.ts';

/** The commands that capture what passes an interface, each of which reads what the one before it writes. */
export const capture = command({
  name: 'capture',
  waits: false,
  input: z.strictObject({
    at: z.string().describe('An interface, or a host or switch that has only one.'),
    form: z.enum(['text', 'pcap']),
    count: z.number().nullable().describe('After how many packets it ends; null where it goes on.'),
    filter: z.array(z.string()).describe('As in pcap-filter(7); empty for all packets.'),
  }),
  answer: z.strictObject({ commands: z.array(processSchema) }),
  run: ({ lab }, { at, form, count, filter }) => ({
    commands: lab.dataPlane.capture({
      ...capturePoint(lab.spec.topology, at),
      form,
      count: count ?? undefined,
      filter,
    }),
  }),
});
