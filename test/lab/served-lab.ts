import { afterEach } from 'vitest';
import { EmbeddedController } from '../../src/drivers/embedded/controller.ts';
import { SimulatedDataPlane } from '../../src/drivers/simulated/data-plane.ts';
import { SimulatedTables } from '../../src/drivers/simulated/tables.ts';
import type { CommandInput, CommandName, CommandOutput } from '../../src/lab/commands/types.ts';
import { Lab } from '../../src/lab/lab.ts';
import { LabService } from '../../src/lab/process/service.ts';
import { environmentProblem, ProblemError } from '../../src/model/problem.ts';
import { readSpec } from '../../src/spec/read.ts';

/** A ring of four: hN on sN. */
const RING = `
version: 1
name: ring
hosts: [h1, h2, h3, h4]
switches: [s1, s2, s3, s4]
links: [[h1, s1], [h2, s2], [h3, s3], [h4, s4], [s1, s2], [s2, s3], [s3, s4], [s4, s1]]
`;

/** Tables that fail while they are told to, as a switch does that does not answer, or that take their time. */
class FailingTables extends SimulatedTables {
  isFailing = false;
  /** No change is done before it resolves. */
  gate: Promise<void> = Promise.resolve();

  override async apply(...change: Parameters<SimulatedTables['apply']>): Promise<void> {
    await this.gate;
    if (this.isFailing)
      throw new ProblemError(environmentProblem({ code: 'switch-unreachable', where: 's1', cause: 'no answer' }));
    return super.apply(...change);
  }
}

const running = { signal: new AbortController().signal, report: () => {} };

const up: Lab[] = [];

afterEach(async () => {
  for (const lab of up.splice(0)) await lab.down();
});

interface ServedLab {
  readonly lab: Lab;
  readonly tables: FailingTables;
  readonly service: LabService;
  run<C extends CommandName>(name: C, input: CommandInput<C>): Promise<CommandOutput<C>>;
}

/**
 * A lab over simulated switches that is up until the test is over, and the service of its commands.
 * @param Plane what carries its packets
 */
export async function servedLab(Plane: typeof SimulatedDataPlane = SimulatedDataPlane): Promise<ServedLab> {
  const spec = readSpec('ring.yaml', RING);
  const { topology, forwarding } = spec;
  const tables = new FailingTables(topology);
  const controlPlane = new EmbeddedController({ topology, forwarding, tables, firstPort: 18_080 });
  const lab = new Lab(spec, { dataPlane: new Plane(topology, tables), controlPlane });
  up.push(lab);
  await lab.up(running);
  const identity = { name: spec.name, specFile: 'ring.yaml', specText: RING, startedAt: '2026-01-02T03:04:05.000Z' };
  const service = new LabService(lab, identity, async () => {
    await lab.down();
    return [];
  });
  return { lab, tables, service, run: (name, input) => service.run(name, input, running) };
}
