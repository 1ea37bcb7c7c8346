import type { Topology } from '../../model/topology.ts';

/**
 * How long a ping between two hosts may take because of the delays of links, in milliseconds: an ARP request, its reply,
 * the echo request and its reply, each over the slowest links, as many as the longest of the shortest paths has.
 */
export function longestPingMs(topology: Topology): number {
  const delays = topology.links
    .map(({ delayMs = 0, jitterMs = 0 }) => delayMs + jitterMs)
    .filter((delay) => delay > 0)
    .sort((a, b) => b - a);
  if (delays.length === 0) return 0;
  const oneWay = delays.slice(0, longestPath(topology)).reduce((sum, delay) => sum + delay, 0);
  return 4 * oneWay;
}

/** The number of links on it. */
function longestPath(topology: Topology): number {
  let longest = 0;
  for (const { name } of topology.hosts) {
    const distances = new Map([[name, 0]]);
    for (const [node, distance] of distances) {
      longest = Math.max(longest, distance);
      for (const { peer } of topology.neighboursOf(node)) {
        if (!distances.has(peer.node)) distances.set(peer.node, distance + 1);
      }
    }
  }
  return longest;
}
