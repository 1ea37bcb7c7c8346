import { requestedPair } from '../../plan/requests.ts';
import { measureThroughput, throughputRequestSchema, throughputSchema } from '../throughput.ts';
import { command } from './command.ts';

/** Measures what comes through from one host to another. */
export const iperf = command({
  name: 'iperf',
  waits: true,
  input: throughputRequestSchema,
  answer: throughputSchema,
  run: async ({ lab }, input, { signal, report }) => {
    const { topology } = lab.spec;
    const { source, target, seconds } = input;
    const hosts = requestedPair(topology, source, target, `iperf ${source} ${target}`);
    report({ step: `measuring from ${source} to ${target} for ${seconds} s` });
    return measureThroughput(input, hosts.target, lab.dataPlane, signal);
  },
});
