import { requestedHosts } from '../../plan/requests.ts';
import { measureThroughput, refuseOneHost, throughputRequestSchema, throughputSchema } from '../throughput.ts';
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
    for (const name of [source, target]) requestedHosts(topology, [name]);
    refuseOneHost(source, target);
    const host = topology.host(target);
    if (host === undefined) throw new Error(`no host ${target}`);
    report({ step: `measuring from ${source} to ${target} for ${seconds} s` });
    return measureThroughput(input, host, lab.dataPlane, signal);
  },
});
