import { dirname, join } from 'node:path';
import { embedded } from '../../src/drivers/embedded/row.ts';
import { floodlight } from '../../src/drivers/floodlight/row.ts';
import { OpenVSwitchTables } from '../../src/drivers/open-vswitch/tables.ts';
import { SimulatedTables } from '../../src/drivers/simulated/tables.ts';
import { line } from '../support/fixtures/topologies.ts';
import { startFloodlightNetwork } from '../support/harness/floodlight-network.ts';
import { controlPlaneSuite } from './control-plane-suite.ts';

const never = new AbortController().signal;
const lab = { lab: 'contract', topology: line, forwarding: 'reactive' } as const;
/** The first port to try for each controller: fetch keeps connections. */
let restPort = 18_480;

controlPlaneSuite({
  row: embedded,
  name: 'the embedded controller over simulated switches',
  async setup() {
    const tables = new SimulatedTables(line);
    const switches = { tables, connectSwitches: undefined };
    restPort += 10;
    const controlPlane = await embedded.build({ kind: 'embedded', restPort }, { ...lab, folder: '/', switches });
    await controlPlane.prepare(never, () => {});
    await controlPlane.start(never, () => {});
    return {
      controlPlane,
      flows: (dpid) => tables.flows(dpid),
      groupIds: async (dpid) => (await tables.groups(dpid)).map(({ groupId }) => groupId),
      setSwitch: async (name, up) => tables.setFault({ kind: 'switch', name }, !up),
      stop: () => controlPlane.stop(),
    };
  },
  skips: {
    'has the role that it is given, and its entries as before': 'it is always the master of its switches',
  },
});

// Entries are installed late here, and lost silently, as by Floodlight.
controlPlaneSuite({
  row: floodlight,
  name: 'a stand-in for Floodlight',
  async setup() {
    const network = await startFloodlightNetwork(line);
    const folder = dirname(network.relaySocket);
    const tables = new OpenVSwitchTables((dpid) => join(folder, `${line.switchWithDpid(dpid)?.name}.mgmt`));
    const switches = { tables, connectSwitches: (target: string) => network.connect(target) };
    const { url, openflowPort: openFlowPort } = network.floodlight;
    const controlPlane = await floodlight.build(
      { kind: 'floodlight', url, openFlowPort },
      { ...lab, folder, switches },
    );
    const stop = async () => {
      await controlPlane.stop();
      await network.stop();
    };
    try {
      await controlPlane.prepare(never, () => {});
      await controlPlane.start(never, () => {});
    } catch (error) {
      await stop();
      throw error;
    }
    return {
      controlPlane,
      flows: (dpid) => tables.flows(dpid),
      groupIds: async (dpid) => (await tables.groups(dpid)).map(({ groupId }) => groupId),
      async setSwitch(name, up) {
        if (!up) return network.disconnect([name]);
        await network.empty(name);
        await network.connect(`unix:${network.relaySocket}`, [name]);
      },
      stop,
    };
  },
  skips: {
    'puts back what a switch has lost of its forwarding, and counts it': 'it forwards by reacting',
  },
});
