import { z } from 'zod';
import { requestedLink } from '../../plan/fault-requests.ts';
import { linkFaultSchema } from '../documents/vocabulary.ts';
import { changeFaults, faultChangeOptions, faultStateSchema, faultsSchema } from '../fault-change.ts';
import { command } from './command.ts';

/** Takes every link between two nodes down, or one of several, or brings them up. */
export const link = command({
  name: 'link',
  waits: true,
  input: z.strictObject({
    state: faultStateSchema,
    link: z.union([z.string(), linkFaultSchema]).describe('Also as people write it: s1-s3, or s1:3, one of several.'),
    ...faultChangeOptions,
  }),
  answer: faultsSchema,
  run: ({ lab }, { state, link: asked, ...options }, running) => {
    const fault = typeof asked === 'string' ? requestedLink(lab.spec.topology, asked) : asked;
    return changeFaults(lab, { kind: state, fault }, options, running);
  },
});
