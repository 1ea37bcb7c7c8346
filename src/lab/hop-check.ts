import { z } from 'zod';
import type { Inspector } from '../drivers/data-plane.ts';
import type { Topology } from '../model/topology.ts';
import type { Trace, TracedHop } from '../sim/trace.ts';
import type { Frozen } from './commands/command.ts';

/** What switches say about the hops of a ping. */
export const hopChecksSchema = z.strictObject({
  checked: z.number(),
  undecided: z.number().describe('Hops that a switch decides by a hash of real packets, or by what it has learnt.'),
  disagreements: z
    .array(
      z.strictObject({
        switch: z.string(),
        inPort: z.number(),
        message: z.string(),
        predicted: z.array(z.number()).describe('Ports out of which the packet goes.'),
        said: z.array(z.number()).describe('Those that the switch names.'),
        text: z.string().describe("The switch's own words."),
      }),
    )
    .describe('Hops at which the switch says that it would do otherwise than predicted.'),
});

type HopChecks = Frozen<z.output<typeof hopChecksSchema>>;

/** Asks the switch of every hop of a trace what it would do with the packet, and compares that with the trace. */
export async function checkHops(trace: Trace, topology: Topology, inspector: Inspector): Promise<HopChecks> {
  const hops = trace.legs.flatMap((leg) =>
    leg.hops.map((hop) => ({ hop, message: leg.message, fields: hop.rewritten ?? leg.packet })),
  );
  let undecided = 0;
  const disagreements: HopChecks['disagreements'][number][] = [];
  for (const { hop, message, fields } of hops) {
    const node = topology.switchNamed(hop.switch);
    if (node === undefined) continue;
    const { ports: said, isUndecided, text } = await inspector.traceAt(node.dpid, hop.inPort, fields);
    const isLearnt = hop.branches.some(({ steps }) =>
      steps.some((step) => step.kind === 'choice' && step.among === 'learning'),
    );
    if (isUndecided || isLearnt) {
      undecided += 1;
      continue;
    }
    const predicted = portsOf(hop);
    if (predicted.join() === said.join()) continue;
    disagreements.push({ switch: hop.switch, inPort: hop.inPort, message, predicted, said, text });
  }
  return { checked: hops.length - undecided, undecided, disagreements };
}

/** Ports out of which a packet goes, whatever is behind them. */
function portsOf({ branches }: TracedHop): readonly number[] {
  const ports = branches.flatMap(({ steps, end }) => {
    const isControllers = steps.some(({ kind }) => kind === 'controller-forwards');
    const isHeldBack = end.kind === 'fate' && (end.fate.kind === 'back-out' || end.fate.kind === 'no-such-port');
    return end.port === undefined || isControllers || isHeldBack ? [] : [end.port];
  });
  return [...new Set(ports)].sort((a, b) => a - b);
}
