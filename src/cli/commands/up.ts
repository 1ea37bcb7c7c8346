import { resolve } from 'node:path';
import type { CommandOutput } from '../../lab/commands/types.ts';
import type { RemoteLab } from '../../lab/process/remote-lab.ts';
import type { StandbyLab } from '../../lab/process/standby.ts';
import { describeConnection } from '../../model/connection.ts';
import { describeFault } from '../../model/fault.ts';
import { inputProblem, ProblemError } from '../../model/problem.ts';
import { routesByNobody } from '../../plan/route-check.ts';
import type { LabSpec } from '../../spec/read.ts';
import type { LabctlCommand } from '../command.ts';
import {
  type BringUpOptions,
  bringUpOptions,
  DEFAULT_DATA_PLANE,
  type LabOptions,
  labOption,
  named,
  topoOption,
} from '../options.ts';
import { ProgressLine } from '../output/progress.ts';
import { counted, printLines, remark, warn } from '../output/terminal.ts';
import { programFile } from '../programs/program-file.ts';
import { interrupted } from '../signals.ts';

/** The programs that are a lab's process. */
const LAB_PROGRAMS = { mininet: 'lab-program', simulated: 'simulated-lab-program' } as const;

interface UpOptions extends LabOptions, BringUpOptions {
  readonly reconfigure?: boolean;
}

export function add(program: LabctlCommand): void {
  program
    .command('up')
    .alias('deploy')
    .description('bring a lab up; does nothing when it is up already')
    .argument('[name|file]', 'the spec: s10h10 is topologies/s10h10.yaml')
    .addOption(topoOption())
    .addOption(labOption().default(undefined, "the spec's name"))
    .option('--reconfigure', 'replace a running lab whose spec has changed')
    .withOptions(bringUpOptions())
    .does(async (argument: string | undefined, options: UpOptions) => {
      const topo = named(argument, options.topo, 'the spec to bring up, as in: labctl up s10h10');
      const [{ refuseWhatCannotBeSimulated }, { StandbyLab }] = await Promise.all([
        import('../controller-choice.ts'),
        import('../../lab/process/standby.ts'),
      ]);
      refuseWhatCannotBeSimulated(options);
      const standby = new StandbyLab(programFile(LAB_PROGRAMS[options.dataplane ?? DEFAULT_DATA_PLANE]));
      try {
        await bringUp(standby, topo, options);
      } finally {
        await standby.dismiss();
      }
    });
}

async function bringUp(standby: StandbyLab, topo: string, options: UpOptions): Promise<void> {
  // Loaded while the lab's process loads its own modules.
  const [{ findSpec }, { checkedSpec }, { chooseController }, { RemoteLab }, { underLock }] = await Promise.all([
    import('../../spec/locate.ts'),
    import('../specs/checked-spec.ts'),
    import('../controller-choice.ts'),
    import('../../lab/process/remote-lab.ts'),
    import('../lab-lock.ts'),
  ]);
  const { file, text } = findSpec(topo);
  const spec = checkedSpec({ file, text });
  const name = options.lab ?? spec.name;
  const progress = new ProgressLine();
  let former: readonly string[] = [];
  try {
    await underLock(name, progress, async () => {
      const running = RemoteLab.named(name);
      const differences = running === undefined ? [] : await differencesTo(running, spec, options);
      if (running !== undefined && differences.length === 0) {
        progress.clear();
        remark(`${name} is up already`);
        return;
      }
      if (running !== undefined && !options.reconfigure) {
        throw new ProblemError(
          inputProblem({
            code: 'spec-changed',
            where: `lab ${name}`,
            cause: ['the lab is running with a different spec:', ...differences].join('\n    '),
            remedy: `replace it: labctl up ${topo} --reconfigure; or run both: labctl up ${topo} --lab OTHER-NAME`,
          }),
        );
      }
      // Before the running lab is ended, as both may fail.
      if (running !== undefined) await refuseWhatIsMissing(spec, options);
      const { order: controller, line } = await chooseController(options, interrupted);
      progress.clear();
      if (running !== undefined) {
        progress.show({ step: `ending the running ${name}` });
        former = changesIn(await running.run('status', {}, { signal: interrupted }));
        const left = await running.down(progress.show);
        progress.clear();
        warn(left);
      }
      remark(line);
      warn(routesByNobody(spec.topology));
      if (options.dataplane === 'simulated') warnOfWhatIsNotSimulated(await ignoredBySimulation(spec));
      const datapath = options.datapath === undefined ? {} : { datapath: options.datapath };
      const order = {
        name,
        specFile: file,
        specPath: resolve(file),
        specText: text,
        controller,
        dataPlane: options.dataplane ?? DEFAULT_DATA_PLANE,
        ...datapath,
      };
      try {
        await standby.launch(order, { signal: interrupted, onProgress: progress.show });
      } catch (error) {
        progress.clear();
        if (interrupted.aborted) {
          const left = error instanceof ProblemError ? `but: ${error.message}` : 'nothing of it is left';
          remark(`${name} was taken down again, ${left}`);
        }
        throw error;
      }
    });
  } finally {
    progress.clear();
  }
  // From here on the lab is up, whatever interrupts: say so.
  const status = await RemoteLab.find(name).run('status', {});
  printUp(status, spec);
  const present = new Set(changesIn(status));
  const gone = former.filter((change) => !present.has(change));
  if (gone.length > 0) remark(`gone with the former ${name}: ${gone.join(', ')}`);
}

/** What commands may have added to a lab, as lines for people. */
function changesIn(status: CommandOutput<'status'>): readonly string[] {
  return [
    ...status.connections.map((connection) => `connection ${describeConnection(connection)}`),
    ...status.faults.map((fault) => `fault ${describeFault(fault)}`),
  ];
}

/** Looks for what the lab's process would not find. */
async function refuseWhatIsMissing({ topology }: LabSpec, { dataplane, datapath }: UpOptions): Promise<void> {
  if ((dataplane ?? DEFAULT_DATA_PLANE) !== 'mininet') return;
  const { bestDatapath, missingRequirements } = await import('../../drivers/mininet/requirements.ts');
  const missing = await missingRequirements(datapath ?? (await bestDatapath()), topology);
  if (missing.length > 0) throw new ProblemError(missing);
}

async function ignoredBySimulation({ topology }: LabSpec): Promise<readonly string[]> {
  const { withoutEffect } = await import('../../drivers/simulated/data-plane.ts');
  return withoutEffect(topology);
}

function warnOfWhatIsNotSimulated(properties: readonly string[]): void {
  if (properties.length === 0) return;
  remark(`labctl: warning: without effect in a simulated lab: ${properties.join(', ')}`);
}

/** How a running lab differs from what is asked for now. */
async function differencesTo(running: RemoteLab, spec: LabSpec, options: UpOptions): Promise<readonly string[]> {
  const [{ specDifference }, { readSpec }] = await Promise.all([
    import('../../spec/difference.ts'),
    import('../../spec/read.ts'),
  ]);
  const current = await running.run('spec', {}, { signal: interrupted });
  const { dataPlane } = running.record;
  const differences = [
    ...specDifference(readSpec(current.file, current.text), spec),
    ...(options.dataplane === undefined || options.dataplane === dataPlane
      ? []
      : [`data plane: ${options.dataplane}, and not ${dataPlane}`]),
  ];
  if (options.controller === 'auto') return differences;
  const { controller } = await running.run('status', {}, { signal: interrupted });
  const asked = options.controller.toLowerCase().replace(/\/+$/, '');
  return [controller.kind.toLowerCase(), controller.url].includes(asked)
    ? differences
    : [...differences, `controller: ${options.controller}, and not ${controller.kind} at ${controller.url}`];
}

function printUp(status: CommandOutput<'status'>, { topology }: LabSpec): void {
  const [first, second] = topology.hosts;
  printLines([
    `${status.lab} is up: ${counted(topology.hosts.length, 'host')}, ${counted(topology.switches.length, 'switch')}, ${counted(topology.links.length, 'link')} (${status.dataPlane})`,
    `controller: ${status.controller.kind}, REST at ${status.controller.url}`,
    `next: labctl pingall | labctl connect ${first?.name ?? 'h1'} ${second?.name ?? 'h2'} | labctl down`,
  ]);
}
