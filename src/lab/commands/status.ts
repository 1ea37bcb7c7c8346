import { z } from 'zod';
import { ProblemError } from '../../model/problem.ts';
import { connectionDocument, connectionSchema } from '../documents/connection.ts';
import { faultSchema, namesSchema, problemSchema } from '../documents/vocabulary.ts';
import type { Lab } from '../lab.ts';
import { command } from './command.ts';

/** Where a lab stands. A controller that does not answer is part of the answer. */
export const status = command({
  name: 'status',
  // 2: `connections`, `ways` and `routes` were lists of the same length.
  version: 2,
  waits: false,
  input: z.strictObject({}),
  answer: z.strictObject({
    specFile: z.string(),
    startedAt: z.iso.datetime(),
    pid: z.number(),
    memoryMb: z.number().describe("Resident memory of the lab's process."),
    controller: z.strictObject({
      kind: z.string(),
      url: z.string(),
      trouble: problemSchema.nullable().describe('Why it does not answer; null when it does.'),
    }),
    dataPlane: z.string(),
    forwarding: z.enum(['reactive', 'none']),
    switches: z.strictObject({ connected: namesSchema, missing: namesSchema }),
    connections: z.array(connectionSchema),
    faults: z.array(faultSchema).describe('What is down, as labctl took it down.'),
    entries: z.number().nullable().describe('Static entries that the controller lists; null while it does not answer.'),
    upkeep: z
      .strictObject({
        missing: namesSchema.describe('Entries that are not in their switch now; they are put back.'),
        leaving: namesSchema.describe('Entries that are removed as soon as their switch is back.'),
        repaired: z.number().describe('How many entries were lost and put back since the lab came up.'),
      })
      .nullable()
      .describe('How the pushed entries stand; null while the controller does not answer.'),
  }),
  run: async ({ lab, identity: { specFile, startedAt } }, _, { signal }) => {
    const { trouble, connected, entries, upkeep } = await askController(lab, signal);
    const names = lab.spec.topology.switches.map(({ name }) => name);
    return {
      specFile,
      startedAt,
      pid: process.pid,
      memoryMb: Math.round(process.memoryUsage.rss() / 1024 / 1024),
      controller: { kind: lab.controlPlane.kind, url: lab.controlPlane.url, trouble },
      dataPlane: lab.dataPlane.description,
      forwarding: lab.spec.forwarding,
      switches: {
        connected: names.filter((name) => connected.has(name)),
        missing: names.filter((name) => !connected.has(name)),
      },
      connections: lab.connections.map(connectionDocument),
      faults: lab.faults.now.faults,
      entries,
      upkeep,
    };
  },
});

async function askController({ controlPlane, spec: { topology } }: Lab, signal: AbortSignal) {
  try {
    const switches = await controlPlane.switches(signal);
    const { entries, unreadable } = await controlPlane.entries(signal);
    return {
      trouble: null,
      connected: new Set(switches.map(({ dpid }) => topology.switchWithDpid(dpid)?.name)),
      entries: entries.length + unreadable.length,
      upkeep: await controlPlane.upkeep(signal),
    };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { trouble: error.problems[0] ?? null, connected: new Set<string>(), entries: null, upkeep: null };
  }
}
