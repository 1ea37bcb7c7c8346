import { z } from 'zod';
import type { Traffic } from '../drivers/data-plane.ts';
import type { Frozen } from './commands/command.ts';
import { faultSchema, pairSchema } from './documents/vocabulary.ts';
import type { Lab } from './lab.ts';
import type { FaultChange, FaultRequest } from './network-faults.ts';
import type { Running } from './running.ts';

/** What every command takes that changes faults. */
export const faultChangeOptions = {
  repair: z.boolean().describe("Whether the connections' entries are computed again."),
  measure: pairSchema.exactOptional().describe('Two hosts between which traffic is measured meanwhile.'),
};

/** Of `link` and `switch`. */
export const faultStateSchema = z.enum(['down', 'up']);

export const faultsSchema = z.strictObject({
  changed: z.array(faultSchema).describe('What went down or came up; nothing where it was so already.'),
  faults: z.array(faultSchema).describe('All that is down now.'),
  tookMs: z
    .number()
    .nullable()
    .describe('Until controller and connections followed what survives; null where nothing changed.'),
  repair: z
    .strictObject({ pushed: z.number(), removed: z.number() })
    .nullable()
    .describe('Entries pushed and removed; null where nothing was to be repaired.'),
  traffic: z
    .strictObject({
      source: z.string(),
      target: z.string(),
      sent: z.number(),
      lost: z.number(),
      interruptions: z.number().describe('How often answers failed to come and came again.'),
      longestMs: z
        .number()
        .nullable()
        .describe(
          'From the last answer before to the first one after, of the longest interruption; null where there was none.',
        ),
      answersAtFirst: z.boolean().describe('Whether there were answers at the beginning.'),
      answersAtLast: z.boolean().describe('Whether there were answers at the end.'),
    })
    .nullable()
    .describe(
      'Echo requests about 2 ms apart, from before the change to after it; null where traffic was not measured.',
    ),
});

type FaultsDocument = Frozen<z.output<typeof faultsSchema>>;
type FaultChangeOptions = Frozen<z.output<z.ZodObject<typeof faultChangeOptions>>>;

/** Takes links and switches down, or up again; see `NetworkFaults.change`. */
export async function changeFaults(
  { faults, connections }: Lab,
  request: FaultRequest,
  { repair, measure }: FaultChangeOptions,
  running: Running,
): Promise<FaultsDocument> {
  return faultsDocument(await faults.change(request, connections, { repair, measure }, running), measure);
}

/** @param measured the hosts between which traffic was measured */
export function faultsDocument(
  { changed, faults, tookMs, repair, traffic }: FaultChange,
  measured?: readonly [string, string],
): FaultsDocument {
  return {
    changed,
    faults,
    tookMs: tookMs === undefined ? null : Math.round(tookMs),
    repair: repair === undefined ? null : { pushed: repair.push.length, removed: repair.remove.length },
    traffic: traffic === undefined || measured === undefined ? null : measuredTraffic(measured, traffic),
  };
}

function measuredTraffic(
  [source, target]: readonly [string, string],
  { sent, lost, gapsMs, answersAtFirst, answersAtLast }: Traffic,
): FaultsDocument['traffic'] {
  const longestMs = gapsMs.length === 0 ? null : Math.round(Math.max(...gapsMs));
  return { source, target, sent, lost, interruptions: gapsMs.length, longestMs, answersAtFirst, answersAtLast };
}
