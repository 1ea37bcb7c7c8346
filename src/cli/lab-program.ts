import { Resident } from '../drivers/mininet/resident.ts';

/** A lab's process: real Mininet in a sandbox, and the embedded controller. */

// The sandbox's first process loads Mininet while this one loads the rest.
const resident = new Resident();

const [
  { EmbeddedController },
  { OpenVSwitchTables },
  requirements,
  { MininetSandbox },
  { Lab },
  labProcess,
  spec,
  problem,
] = await Promise.all([
  import('../drivers/embedded/controller.ts'),
  import('../drivers/embedded/open-vswitch.ts'),
  import('../drivers/mininet/requirements.ts'),
  import('../drivers/mininet/sandbox.ts'),
  import('../lab/lab.ts'),
  import('../lab/lab-process.ts'),
  import('../spec/read.ts'),
  import('../model/problem.ts'),
]);

labProcess.runLabProcess(async (order, folder) => {
  const labSpec = spec.readSpec(order.specFile, order.specText);
  const datapath = order.datapath ?? (await requirements.bestDatapath());
  const missing = requirements.missingRequirements(datapath);
  if (missing.length > 0) throw new problem.ProblemError(missing);
  const { topology, topo, forwarding } = labSpec;
  const dataPlane = new MininetSandbox(resident, { topology, topo, folder, datapath });
  const controlPlane = new EmbeddedController({
    topology,
    forwarding,
    tables: new OpenVSwitchTables((dpid) => dataPlane.managementSocket(dpid)),
    firstPort: order.restPort,
  });
  return new Lab(labSpec, { dataPlane, controlPlane });
});
