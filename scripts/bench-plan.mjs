// Plans one connection of all hosts of a fat-tree in a process of its own, and prints how long that took.
// usage: node scripts/bench-plan.mjs K
import { performance } from 'node:perf_hooks';
import { compileConnections, connectionOf, readSpec } from '../dist/index.js';

const { topology } = readSpec('fat-tree.yaml', `{version: 1, generate: {topology: fat-tree, k: ${process.argv[2]}}}`);
const names = topology.hosts.map(({ name }) => name);
const everybody = connectionOf(topology, names);
const began = performance.now();
const { entries, counts } = compileConnections(topology, [everybody]);
const seconds = (performance.now() - began) / 1000;
// The naive count is by protocol, of which there are two.
console.log(JSON.stringify({ seconds, entries: entries.length, pairsTimesHops: counts.naiveCount / 2 }));
