import { test } from 'vitest';
import { contractSuite } from '../contract/contract-suite.ts';
import { s10h10 } from '../support/fixtures/topologies.ts';
import { givenFloodlight, startControlledNetwork } from '../support/harness/controlled-network.ts';
import { floodlightSuite } from './floodlight-suite.ts';

/** All that is run against the Floodlight at FLOODLIGHT_URL: in one file, as it serves one network at a time. */
const floodlight = givenFloodlight();

if (floodlight === undefined) {
  test.todo('the contract and a lab on a Floodlight: set FLOODLIGHT_URL, and LABCTL_OPENFLOW_PORT if it is not 6653');
} else {
  contractSuite({
    name: `Floodlight at ${floodlight.url}`,
    async setup() {
      const network = await startControlledNetwork(s10h10, floodlight);
      return { url: floodlight.url, stop: network.stop };
    },
    concurrency: 1,
    skips: {},
  });

  for (const part of ['reach', 'entries'] as const) {
    floodlightSuite(`Floodlight at ${floodlight.url}`, part, async () => ({ ...floodlight, stop: async () => {} }));
  }
}
