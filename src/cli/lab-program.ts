import { Resident } from '../drivers/mininet/resident.ts';

/** A lab's process: real Mininet in a sandbox, and the embedded controller. */

// The sandbox's first process loads Mininet while this one loads the rest.
const resident = new Resident();

const [
  { EmbeddedController },
  { OpenVSwitchTables },
  { bestDatapath, missingRequirements },
  { MininetSandbox },
  { Lab },
  { runLabProcess },
  { readSpec },
  { ProblemError },
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

runLabProcess(async (order, folder) => {
  const spec = readSpec(order.specFile, order.specText);
  const datapath = order.datapath ?? (await bestDatapath());
  const missing = missingRequirements(datapath);
  if (missing.length > 0) throw new ProblemError(missing);
  const { topology, topo, forwarding } = spec;
  const dataPlane = new MininetSandbox(resident, {
    topology,
    topo,
    folder,
    datapath,
    fallback: order.datapath === undefined,
  });
  const controlPlane = new EmbeddedController({
    topology,
    forwarding,
    tables: new OpenVSwitchTables((dpid) => dataPlane.managementSocket(dpid)),
    firstPort: order.restPort,
  });
  return new Lab(spec, { dataPlane, controlPlane });
});
