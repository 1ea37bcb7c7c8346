import { expect, test } from 'vitest';
import { longestPingMs } from '../../../src/drivers/mininet/longest-ping.ts';
import { readSpec } from '../../../src/spec/read.ts';

function lab(links: string) {
  return readSpec('lab.yaml', `version: 1\nhosts: [h1, h2]\nswitches: [s1, s2, s3]\nlinks: [${links}]\n`).topology;
}

test('a ping takes four times its way, an ARP request and its reply before the echo, at its slowest', () => {
  expect(longestPingMs(lab('[h1, s1], [h2, s2], [s1, s2]'))).toBe(0);
  const slow = '{ends: [s1, s2], delay: 10 ms, jitter: 2 ms}, {ends: [s2, s3], delay: 5 ms}';
  expect(longestPingMs(lab(`[h1, s1], [h2, s2], ${slow}`))).toBe(4 * (12 + 5));
  // The way has three links, whichever they are.
  const five = Array.from({ length: 4 }, () => '{ends: [s1, s2], delay: 100 ms}').join(', ');
  expect(longestPingMs(lab(`[h1, s1], [h2, s2], ${five}`))).toBe(4 * 300);
});
