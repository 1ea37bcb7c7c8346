import { EmbeddedController } from '../drivers/embedded/controller.ts';
import { SimulatedDataPlane } from '../drivers/simulated/data-plane.ts';
import { SimulatedTables } from '../drivers/simulated/tables.ts';
import { Lab } from '../lab/lab.ts';
import { runLabProcess } from '../lab/lab-process.ts';
import { readSpec } from '../spec/read.ts';

/** A lab's process that starts no other: simulated switches and hosts, and the embedded controller. */

runLabProcess(async ({ specFile, specText, controller }) => {
  const spec = readSpec(specFile, specText);
  const { topology, forwarding } = spec;
  const tables = new SimulatedTables(topology);
  if (controller.kind !== 'embedded') throw new Error('simulated switches have the embedded controller only');
  const controlPlane = new EmbeddedController({ topology, forwarding, tables, firstPort: controller.restPort });
  return new Lab(spec, { dataPlane: new SimulatedDataPlane(topology, tables), controlPlane });
});
