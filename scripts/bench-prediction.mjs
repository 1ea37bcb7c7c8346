// Predicts all pairs of a fat-tree in a process of its own, and prints how long that took and what memory it needed.
// usage: node scripts/bench-prediction.mjs K none|all
//   none: every switch forwards by destination; all: besides, one connection of all hosts
import { performance } from 'node:perf_hooks';
import { compileConnections, connectionOf, forwardingFlows, predict, readSpec } from '../dist/index.js';

const [k, connected] = process.argv.slice(2);
const { topology } = readSpec('fat-tree.yaml', `{version: 1, generate: {topology: fat-tree, k: ${k}}}`);
const entries = new Map(
  [...forwardingFlows(topology)].map(([dpid, flows]) => [dpid, { flows: [...flows], groups: [] }]),
);
if (connected === 'all') {
  const everybody = connectionOf(
    topology,
    topology.hosts.map(({ name }) => name),
  );
  for (const entry of compileConnections(topology, [everybody]).entries) entries.get(entry.dpid).flows.push(entry);
}

const began = performance.now();
const matrix = predict({ topology, entries, missForwarding: 'none', faults: [] });
const seconds = (performance.now() - began) / 1000;
if (matrix.received !== matrix.pairs) throw new Error(`predicted ${matrix.received} of ${matrix.pairs} pairs`);
console.log(JSON.stringify({ seconds, memoryMb: Math.ceil(process.resourceUsage().maxRSS / 1024) }));
