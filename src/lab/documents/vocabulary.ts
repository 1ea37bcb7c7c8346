import { z } from 'zod';
import type { Dpid, PortNumber } from '../../model/addresses.ts';
import type { Fault, LinkFault } from '../../model/fault.ts';
import type { Problem } from '../../model/problem.ts';

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

export const linkFaultSchema = z.strictObject({
  kind: z.literal('link'),
  between: z.tuple([z.string(), z.string()]).describe('Two nodes.'),
  ports: z
    .tuple([portSchema, portSchema])
    .exactOptional()
    .describe('Of one link, in the order of the nodes; absent where every link between the two is meant.'),
}) satisfies z.ZodType<LinkFault>;

export const faultSchema = z.discriminatedUnion('kind', [
  linkFaultSchema,
  z.strictObject({ kind: z.literal('switch'), name: z.string() }),
]) satisfies z.ZodType<Fault>;

export const problemSchema: z.ZodType<Problem> = z.strictObject({
  kind: z.enum(['input', 'environment']).describe('Whether the input is wrong, or the machine or the controller.'),
  code: z.string().describe('A stable name for programs.') as z.ZodType<string> as z.ZodType<Problem['code']>,
  where: z.custom<NonNullable<Problem['where']>>().exactOptional(),
  offending: z.string().exactOptional().describe('The text that is wrong, verbatim.'),
  cause: z.string(),
  remedy: z.string().exactOptional(),
});

/** A command to run on this machine that ends up inside the lab. */
export const processSchema = z.strictObject({ file: z.string(), args: z.array(z.string()) });
