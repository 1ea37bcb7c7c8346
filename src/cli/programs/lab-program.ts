import { dirname } from 'node:path';
import { controllerRow } from '../../drivers/controllers.ts';
import { Resident } from '../../drivers/mininet/resident.ts';
import { environmentProblem, type Problem, ProblemError } from '../../model/problem.ts';

/** A lab's process: real Mininet in a sandbox, and the controller that was ordered. */

// The sandbox's first process loads Mininet while this one loads the rest.
const resident = new Resident();

/** Loads the rest, and runs the lab. */
async function run(): Promise<void> {
  const [{ bestDatapath, missingRequirements }, { MininetSandbox }, { Lab }, { runLabProcess }, { readSpec }] =
    await Promise.all([
      import('../../drivers/mininet/requirements.ts'),
      import('../../drivers/mininet/sandbox.ts'),
      import('../../lab/lab.ts'),
      import('../../lab/process/lab-process.ts'),
      import('../../spec/read.ts'),
      // Loaded before it is known whether it is wanted, as it is in most labs.
      import('../../drivers/embedded/controller.ts'),
    ]);

  runLabProcess(async (order, folder) => {
    const spec = readSpec(order.specFile, order.specText);
    const datapath = order.datapath ?? (await bestDatapath());
    const { topology, topo, forwarding } = spec;
    const missing = await missingRequirements(datapath, topology);
    if (missing.length > 0) throw new ProblemError(withoutMininet(missing));
    const fallback = order.datapath === undefined;
    const workingFolder = dirname(order.specPath);
    const dataPlane = new MininetSandbox(resident, { topology, topo, folder, datapath, fallback, workingFolder });
    const controlPlane = await controllerRow(order.controller).build(order.controller, {
      lab: order.name,
      folder,
      topology,
      forwarding,
      switches: dataPlane,
    });
    return new Lab(spec, { dataPlane, controlPlane });
  });
}

/** The problems, and what can be had in spite of them. */
function withoutMininet(missing: readonly Problem[]): readonly Problem[] {
  const cause = 'a network that is computed needs none of this';
  const remedy = 'labctl up --dataplane simulated, with the same spec';
  return [...missing, environmentProblem({ code: 'missing-requirement', where: 'or else', cause, remedy })];
}

void run();
