import { resolve } from 'node:path';
import type { DataPlaneKind } from '../drivers/data-plane.ts';
import type { CommandOutput } from '../lab/commands/types.ts';
import { RemoteLab } from '../lab/process/remote-lab.ts';
import { StandbyLab } from '../lab/process/standby.ts';
import { describeConnection } from '../model/connection.ts';
import { describeFault } from '../model/fault.ts';
import { describeProblem, inputProblem, ProblemError } from '../model/problem.ts';
import { programFile } from '../spec/installation.ts';
import type { LabSpec } from '../spec/read.ts';
import { chooseController, refuseWhatCannotBeSimulated } from './controller-choice.ts';
import { underLock } from './labs.ts';
import type { UpOptions } from './options.ts';
import { ProgressLine, printLines, remark } from './output/terminal.ts';

/** The modules that are a lab's process, as they were compiled. */
const LAB_PROGRAMS: Readonly<Record<DataPlaneKind, string>> = {
  mininet: programFile('lab-program'),
  simulated: programFile('simulated-lab-program'),
};
const DEFAULT_DATA_PLANE: DataPlaneKind = 'mininet';

/** `labctl up`: brings the lab of a spec up; does nothing when it is up already. */
export async function up(topo: string, options: UpOptions, signal: AbortSignal): Promise<void> {
  refuseWhatCannotBeSimulated(options);
  const standby = new StandbyLab(LAB_PROGRAMS[options.dataplane ?? DEFAULT_DATA_PLANE]);
  try {
    await bringUp(standby, topo, options, signal);
  } finally {
    await standby.dismiss();
  }
}

async function bringUp(standby: StandbyLab, topo: string, options: UpOptions, signal: AbortSignal): Promise<void> {
  // Loaded while the lab's process loads its own modules.
  const [{ findSpec }, { checkedSpec }] = await Promise.all([import('../spec/locate.ts'), import('./checked-spec.ts')]);
  const { file, text } = findSpec(topo);
  const spec = checkedSpec({ file, text });
  const name = options.lab ?? spec.name;
  const progress = new ProgressLine();
  let former: readonly string[] = [];
  try {
    await underLock(name, progress, async () => {
      const running = RemoteLab.named(name);
      const differences = running === undefined ? [] : await differencesTo(running, spec, options, signal);
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
            cause: [`the lab is up, and is asked for otherwise now:`, ...differences].join('\n    '),
            remedy: `replace it: labctl up ${topo} --reconfigure; or run both: labctl up ${topo} --lab OTHER-NAME`,
          }),
        );
      }
      // Before the running lab is ended, as both may fail.
      if (running !== undefined) await refuseWhatIsMissing(spec, options);
      const { order: controller, line } = await chooseController(options, signal);
      progress.clear();
      if (running !== undefined) {
        progress.show({ step: `ending the running ${name}` });
        former = changesIn(await running.run('status', {}, { signal }));
        const left = await running.down(progress.show);
        progress.clear();
        for (const problem of left) remark(`labctl: warning: ${describeProblem(problem)}`);
      }
      remark(line);
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
        await standby.launch(order, { signal, onProgress: progress.show });
      } catch (error) {
        progress.clear();
        if (signal.aborted) {
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
  const { bestDatapath, missingRequirements } = await import('../drivers/mininet/requirements.ts');
  const missing = await missingRequirements(datapath ?? (await bestDatapath()), topology);
  if (missing.length > 0) throw new ProblemError(missing);
}

async function ignoredBySimulation({ topology }: LabSpec): Promise<readonly string[]> {
  const { withoutEffect } = await import('../drivers/simulated/data-plane.ts');
  return withoutEffect(topology);
}

function warnOfWhatIsNotSimulated(properties: readonly string[]): void {
  if (properties.length === 0) return;
  remark(`labctl: warning: without effect in a simulated lab: ${properties.join(', ')}`);
}

/** How a running lab differs from what is asked for now. */
async function differencesTo(
  running: RemoteLab,
  spec: LabSpec,
  options: UpOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const [{ specDifference }, { readSpec }] = await Promise.all([
    import('../spec/difference.ts'),
    import('../spec/read.ts'),
  ]);
  const current = await running.run('spec', {}, { signal });
  const { dataPlane } = running.record;
  const differences = [
    ...specDifference(readSpec(current.file, current.text), spec),
    ...(options.dataplane === undefined || options.dataplane === dataPlane
      ? []
      : [`data plane: ${options.dataplane}, and not ${dataPlane}`]),
  ];
  if (options.controller === 'auto') return differences;
  const { controller } = await running.run('status', {}, { signal });
  const asked = options.controller.toLowerCase().replace(/\/+$/, '');
  return [controller.kind.toLowerCase(), controller.url].includes(asked)
    ? differences
    : [...differences, `controller: ${options.controller}, and not ${controller.kind} at ${controller.url}`];
}

function printUp(status: CommandOutput<'status'>, { topology }: LabSpec): void {
  const count = (number: number, what: string) =>
    `${number} ${what}${number === 1 ? '' : what.endsWith('ch') ? 'es' : 's'}`;
  const [first, second] = topology.hosts;
  printLines([
    `${status.lab} is up: ${count(topology.hosts.length, 'host')}, ${count(topology.switches.length, 'switch')}, ${count(topology.links.length, 'link')} (${status.dataPlane})`,
    `controller: ${status.controller.kind}, REST at ${status.controller.url}`,
    `next: labctl pingall | labctl connect ${first?.name ?? 'h1'} ${second?.name ?? 'h2'} | labctl down`,
  ]);
}
