import { EmbeddedController } from '../../src/drivers/embedded/controller.ts';
import { OpenVSwitchTables } from '../../src/drivers/open-vswitch/tables.ts';
import { SimulatedTables } from '../../src/drivers/simulated/tables.ts';
import { startFloodlight } from '../stand-in/floodlight-stand-in.ts';
import { s10h10 } from '../support/fixtures/topologies.ts';
import { startControlledNetwork } from '../support/harness/controlled-network.ts';
import { startBridges } from '../support/harness/open-vswitch.ts';
import { contractSuite } from './contract-suite.ts';

contractSuite({
  name: 'the embedded controller',
  async setup() {
    const topology = s10h10;
    const bridges = await startBridges(topology);
    const tables = new OpenVSwitchTables((dpid) => bridges.socketOf(dpid));
    const controller = new EmbeddedController({ topology, forwarding: 'none', tables, firstPort: 18_180 });
    await controller.start(new AbortController().signal);
    return {
      url: controller.url,
      async stop() {
        await controller.stop();
        await bridges.stop();
      },
    };
  },
  concurrency: 32,
  skips: {},
});

contractSuite({
  name: 'the embedded controller over simulated switches',
  async setup() {
    const tables = new SimulatedTables(s10h10);
    const controller = new EmbeddedController({ topology: s10h10, forwarding: 'reactive', tables, firstPort: 18_280 });
    await controller.start(new AbortController().signal);
    return { url: controller.url, stop: () => controller.stop() };
  },
  concurrency: 32,
  skips: {},
});

// Shows that the suite passes where entries are installed late and lost silently, as by Floodlight.
contractSuite({
  name: 'a stand-in for Floodlight',
  async setup() {
    const floodlight = await startFloodlight();
    const network = await startControlledNetwork(s10h10, floodlight);
    return {
      url: floodlight.url,
      async stop() {
        await network.stop();
        await floodlight.stop();
      },
    };
  },
  concurrency: 1,
  skips: {},
});
