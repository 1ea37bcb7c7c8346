import { z } from 'zod';
import type { Connection } from '../../model/connection.ts';
import { describeFault } from '../../model/fault.ts';
import type { Frozen } from '../commands/command.ts';
import { faultSchema, namesSchema } from './vocabulary.ts';

const waysSchema = z.enum(['multipath', 'protected']);

/** A connection that somebody asks for. */
export const connectionRequestSchema = z.strictObject({
  hosts: namesSchema,
  ways: waysSchema.exactOptional(),
  via: namesSchema.exactOptional().describe('Switches.'),
  avoid: z
    .array(z.union([z.string(), faultSchema]))
    .exactOptional()
    .describe('Switches and links, also as people write them: s3, s1-s3, s1:3.'),
});

export const connectionSchema = z.strictObject({
  members: namesSchema.describe('In the order of the spec.'),
  ways: waysSchema.nullable().describe('Null is one way.'),
  via: namesSchema.describe('Switches that every path passes, in this order.'),
  avoid: namesSchema.describe('Switches (s3) and links (s1-s3, or one of several, s1:3-s3:2) that no path uses.'),
});

export function connectionDocument({
  members,
  ways,
  via = [],
  avoid = [],
}: Connection): Frozen<z.output<typeof connectionSchema>> {
  return { members, ways: ways ?? null, via, avoid: avoid.map(describeFault) };
}
