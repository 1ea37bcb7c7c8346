import { z } from 'zod';
import type { Dpid, PortNumber } from '../../model/addresses.ts';
import type { Connection } from '../../model/connection.ts';
import { describeFault, type Fault } from '../../model/fault.ts';
import type { Problem } from '../../model/problem.ts';
import type { Frozen } from '../commands/command.ts';

/** Schemas of words of the model, as several documents have them. */

export const dpidSchema = z
  .string()
  .regex(/^[0-9a-f]{2}(:[0-9a-f]{2}){7}$/)
  .describe('Eight lower-case hexadecimal octets with colons.') as z.ZodType<string> as z.ZodType<Dpid>;

export const portSchema = z.int() as z.ZodType<number> as z.ZodType<PortNumber>;

/** A list of names of things. */
export const namesSchema = z.array(z.string());

/** Two hosts. */
export const pairSchema = z.tuple([z.string(), z.string()]);

export const waysSchema = z.enum(['multipath', 'protected']);

export const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('link'),
    between: z.tuple([z.string(), z.string()]).describe('Every link between two nodes.'),
  }),
  z.strictObject({ kind: z.literal('switch'), name: z.string() }),
]) satisfies z.ZodType<Fault>;

export const problemSchema: z.ZodType<Problem> = z.strictObject({
  kind: z.enum(['input', 'environment']).describe('Whether the input is wrong, or the machine or the controller.'),
  code: z.string().describe('A stable name for programs.'),
  where: z.string().exactOptional(),
  offending: z.string().exactOptional().describe('The text that is wrong, verbatim.'),
  cause: z.string(),
  remedy: z.string().exactOptional(),
});

export const connectionSchema = z.strictObject({
  members: namesSchema.describe('In the order of the spec.'),
  ways: waysSchema.nullable().describe('Null is one way.'),
  via: namesSchema.describe('Switches that every path passes, in this order.'),
  avoid: namesSchema.describe('Switches (s3) and links (s1-s3) that no path uses.'),
});

export function connectionDocument({
  members,
  ways = undefined,
  via = [],
  avoid = [],
}: Connection): Frozen<z.output<typeof connectionSchema>> {
  return { members, ways: ways ?? null, via, avoid: avoid.map(describeFault) };
}
