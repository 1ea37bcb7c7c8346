import { z } from 'zod';
import { requestedHosts } from '../../plan/requests.ts';
import { measureThroughput, refuseOneHost } from '../throughput.ts';
import { command } from './command.ts';

const request = {
  source: z.string(),
  target: z.string(),
  protocol: z.enum(['tcp', 'udp']),
  seconds: z.number().positive().describe('For how long the source sends.'),
};

/** Measures what comes through from one host to another. */
export const iperf = command({
  name: 'iperf',
  waits: true,
  input: z.strictObject(request),
  answer: z.strictObject({
    ...request,
    mbps: z.number().nullable().describe('In Mbit/s, as the target received them; null where nothing came through.'),
    lostPercent: z
      .number()
      .nullable()
      .describe('Of a hundred UDP datagrams; null for TCP, which sends again what is lost.'),
    why: z.string().nullable().describe('Why there is no figure; null where there is one.'),
  }),
  run: async ({ lab }, input, { signal, report }) => {
    const { topology } = lab.spec;
    const { source, target, seconds } = input;
    for (const name of [source, target]) requestedHosts(topology, [name]);
    refuseOneHost(source, target);
    const host = topology.host(target);
    if (host === undefined) throw new Error(`no host ${target}`);
    report({ step: `measuring from ${source} to ${target} for ${seconds} s` });
    return measureThroughput(input, host, (name, argv) => lab.dataPlane.commandOn(name, argv), signal);
  },
});
