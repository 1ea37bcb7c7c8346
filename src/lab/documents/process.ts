import { z } from 'zod';

/** A command to run on this machine that ends up inside the lab. */
export const processSchema = z.strictObject({ file: z.string(), args: z.array(z.string()) });
