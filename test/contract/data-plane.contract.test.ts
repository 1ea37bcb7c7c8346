import { mkdtempSync, rmSync } from 'node:fs';
import { Resident } from '../../src/drivers/mininet/resident.ts';
import { MininetSandbox } from '../../src/drivers/mininet/sandbox.ts';
import { SimulatedDataPlane } from '../../src/drivers/simulated/data-plane.ts';
import { SimulatedTables } from '../../src/drivers/simulated/tables.ts';
import { line } from '../support/fixtures/topologies.ts';
import { dataPlaneSuite } from './data-plane-suite.ts';

const never = new AbortController().signal;

dataPlaneSuite({
  name: 'Mininet',
  async setup() {
    const folder = mkdtempSync('/tmp/lt-contract-');
    const dataPlane = new MininetSandbox(new Resident(), { topology: line, topo: 'Line', folder, datapath: 'user' });
    const stop = async () => {
      await dataPlane.stop();
      rmSync(folder, { recursive: true, force: true });
    };
    try {
      await dataPlane.start(never, () => {});
    } catch (error) {
      await stop();
      throw error;
    }
    return { dataPlane, tables: dataPlane.tables, stop };
  },
  skips: {},
});

dataPlaneSuite({
  name: 'a simulated network',
  async setup() {
    const tables = new SimulatedTables(line);
    const dataPlane = new SimulatedDataPlane(line, tables);
    await dataPlane.start(never);
    return { dataPlane, tables, stop: () => dataPlane.stop() };
  },
  skips: {
    'asks pairs again, and no others': 'no probe is ever lost',
    'measures traffic while something is done, and rejects with what that throws': 'no time passes in it',
    'has a switch say what it would do with a packet': 'there is nothing to compare with what labctl computes',
    'runs a command on the host that is named': 'nothing runs on its hosts',
  },
});
