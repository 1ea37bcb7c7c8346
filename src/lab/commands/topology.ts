import { z } from 'zod';
import { namesSchema, portSchema } from '../documents/vocabulary.ts';
import { command } from './command.ts';

const end = z.strictObject({ node: z.string(), port: portSchema });

/** Names of hosts and switches, and the links between them: for completion. */
export const topology = command({
  name: 'topology',
  waits: false,
  input: z.strictObject({}),
  answer: z.strictObject({
    hosts: namesSchema,
    switches: namesSchema,
    links: z.array(z.strictObject({ ends: z.tuple([end, end]) })),
  }),
  run: ({ lab }) => {
    const { hosts, switches, links } = lab.spec.topology;
    return {
      hosts: hosts.map(({ name }) => name),
      switches: switches.map(({ name }) => name),
      links: links.map(({ ends }) => ({ ends })),
    };
  },
});
