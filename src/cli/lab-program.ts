import { EmbeddedController } from '../drivers/embedded/controller.ts';
import { OpenVSwitchTables } from '../drivers/embedded/open-vswitch.ts';
import { bestDatapath } from '../drivers/mininet/machine.ts';
import { missingRequirements } from '../drivers/mininet/requirements.ts';
import { MininetSandbox } from '../drivers/mininet/sandbox.ts';
import { Lab } from '../lab/lab.ts';
import { runLabProcess } from '../lab/lab-process.ts';
import { ProblemError } from '../model/problem.ts';
import { readSpec } from '../spec/read.ts';

/** A lab's process: real Mininet in a sandbox, and the embedded controller. */
runLabProcess(async (order, folder) => {
  const spec = readSpec(order.specFile, order.specText);
  const datapath = order.datapath ?? (await bestDatapath());
  const missing = missingRequirements(datapath);
  if (missing.length > 0) throw new ProblemError(missing);
  const { topology, topo, forwarding } = spec;
  const dataPlane = new MininetSandbox({ topology, topo, folder, datapath });
  const controlPlane = new EmbeddedController({
    topology,
    forwarding,
    tables: new OpenVSwitchTables((dpid) => dataPlane.managementSocket(dpid)),
    firstPort: order.restPort,
  });
  return new Lab(spec, { dataPlane, controlPlane });
});
