import { z } from 'zod';
import type { Trace } from '../../sim/trace.ts';

/** The story of one ping: every hop of every packet, and what decided. */
export const traceSchema = z.custom<Trace>();
