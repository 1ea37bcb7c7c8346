import { z } from 'zod';
import type { NetworkState } from '../../sim/network.ts';
import type { Trace } from '../../sim/trace.ts';
import { Explainer } from '../../verify/explain.ts';
import { readSupposition, suppositionSchema } from '../documents/supposition.ts';
import { checkHops, hopChecksSchema } from '../hop-check.ts';
import { command, type Frozen } from './command.ts';

const pingSchema = z.strictObject({
  trace: z.custom<Trace>().describe('Every hop of every packet, and what decided; its form is that of sim/trace.ts.'),
  why: z.string().describe('The outcome in one line.'),
  story: z.array(z.string()).describe('The story in a few lines, for people.'),
});

/** Why one host reaches another, or does not: hop by hop. */
export const explain = command({
  name: 'explain',
  waits: false,
  input: z.strictObject({
    source: z.string(),
    target: z.string(),
    supposition: suppositionSchema,
    verify: z.boolean().describe('Whether the switches are asked what they would do.'),
  }),
  answer: z.strictObject({
    there: pingSchema.describe('The ping that was asked for.'),
    back: pingSchema.describe('Its reverse.'),
    checks: hopChecksSchema.nullable().describe('What the switches themselves say; null where they were not asked.'),
  }),
  run: async ({ lab }, { source, target, supposition, verify }, { signal }) => {
    const { state } = await lab.supposing(readSupposition(supposition), signal);
    const pings = explainedPings(state, source, target);
    const checks = verify ? await checkHops(pings.there.trace, lab.spec.topology, lab.dataPlane) : null;
    return { ...pings, checks };
  },
});

type ExplainedPing = Frozen<z.output<typeof pingSchema>>;

/** The ping from one host to another, and its reverse. */
export function explainedPings(
  network: NetworkState,
  source: string,
  target: string,
): { readonly there: ExplainedPing; readonly back: ExplainedPing } {
  const explainer = new Explainer(network);
  const ping = (from: string, to: string): ExplainedPing => ({
    trace: explainer.trace(from, to),
    why: explainer.reason(from, to).why,
    story: explainer.story(from, to),
  });
  return { there: ping(source, target), back: ping(target, source) };
}
