import { EmbeddedController } from '../../src/drivers/embedded/controller.ts';
import { OpenVSwitchTables } from '../../src/drivers/embedded/open-vswitch.ts';
import { startBridges } from '../support/open-vswitch.ts';
import { s10h10 } from '../support/topologies.ts';
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
