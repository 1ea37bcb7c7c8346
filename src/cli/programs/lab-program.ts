import { dirname, join } from 'node:path';
import type { ControlPlane } from '../../drivers/control-plane.ts';
import { Resident } from '../../drivers/mininet/resident.ts';
import type { MininetSandbox } from '../../drivers/mininet/sandbox.ts';
import type { ControllerOrder } from '../../lab/process/standby.ts';
import type { Problem } from '../../model/problem.ts';
import type { LabSpec } from '../../spec/read.ts';

/** A lab's process: real Mininet in a sandbox, and the controller that was ordered. */

// The sandbox's first process loads Mininet while this one loads the rest.
const resident = new Resident();

const [
  { bestDatapath, missingRequirements },
  { MininetSandbox: Sandbox },
  { Lab },
  { runLabProcess },
  { readSpec },
  { environmentProblem, ProblemError },
] = await Promise.all([
  import('../../drivers/mininet/requirements.ts'),
  import('../../drivers/mininet/sandbox.ts'),
  import('../../lab/lab.ts'),
  import('../../lab/process/lab-process.ts'),
  import('../../spec/read.ts'),
  import('../../model/problem.ts'),
  // Loaded before it is known whether it is wanted, as it is in most labs.
  import('../../drivers/embedded/controller.ts'),
]);

runLabProcess(async (order, folder) => {
  const spec = readSpec(order.specFile, order.specText);
  const datapath = order.datapath ?? (await bestDatapath());
  const { topology, topo } = spec;
  const missing = await missingRequirements(datapath, topology);
  if (missing.length > 0) throw new ProblemError(withoutMininet(missing));
  const fallback = order.datapath === undefined;
  const workingFolder = dirname(order.specPath);
  const dataPlane = new Sandbox(resident, { topology, topo, folder, datapath, fallback, workingFolder });
  const controlPlane = await (order.controller.kind === 'embedded'
    ? embeddedController(spec, order.controller.restPort, dataPlane)
    : floodlightController(spec, order.controller, { lab: order.name, folder, dataPlane }));
  return new Lab(spec, { dataPlane, controlPlane });
});

/** The problems, and what can be had in spite of them. */
function withoutMininet(missing: readonly Problem[]): readonly Problem[] {
  const cause = 'a network that is computed needs none of this';
  const remedy = 'labctl up --dataplane simulated, with the same spec';
  return [...missing, environmentProblem({ code: 'missing-requirement', where: 'or else', cause, remedy })];
}

async function embeddedController(
  { topology, forwarding }: LabSpec,
  firstPort: number,
  dataPlane: MininetSandbox,
): Promise<ControlPlane> {
  const { EmbeddedController } = await import('../../drivers/embedded/controller.ts');
  return new EmbeddedController({ topology, forwarding, tables: dataPlane.tables, firstPort });
}

async function floodlightController(
  { topology, forwarding }: LabSpec,
  order: Exclude<ControllerOrder, { kind: 'embedded' }>,
  { lab, folder, dataPlane }: { lab: string; folder: string; dataPlane: MininetSandbox },
): Promise<ControlPlane> {
  const [{ FloodlightController }, { floodlightInContainer, runningFloodlight }] = await Promise.all([
    import('../../drivers/floodlight/controller.ts'),
    import('../../drivers/floodlight/instance.ts'),
  ]);
  const instance =
    order.kind === 'floodlight'
      ? runningFloodlight(order.url, order.openFlowPort)
      : floodlightInContainer({ ...order, lab, logFile: join(folder, 'floodlight.log') });
  return new FloodlightController({
    topology,
    forwarding,
    instance,
    relaySocket: join(folder, 'of.sock'),
    connectSwitches: (target, signal) => dataPlane.connectSwitches(target, signal),
  });
}
