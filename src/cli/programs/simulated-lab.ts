import { EmbeddedController } from '../../drivers/embedded/controller.ts';
import { SimulatedDataPlane } from '../../drivers/simulated/data-plane.ts';
import { SimulatedTables } from '../../drivers/simulated/tables.ts';
import { Lab } from '../../lab/lab.ts';
import type { LabSpec } from '../../spec/read.ts';

/**
 * A lab that is computed: simulated switches and hosts, and the embedded controller.
 * @param firstPort the first to try for the controller's REST interface
 * @param now a clock in milliseconds that is never set back; by default, the machine's
 */
export function simulatedLab(spec: LabSpec, firstPort: number, now?: () => number): Lab {
  const { topology, forwarding } = spec;
  const tables = new SimulatedTables(topology, now);
  const controlPlane = new EmbeddedController({ topology, forwarding, tables, firstPort });
  return new Lab(spec, { dataPlane: new SimulatedDataPlane(topology, tables), controlPlane });
}
