import { existsSync } from 'node:fs';
import { CONTROLLERS } from '../../drivers/controllers.ts';
import type { Requirement } from '../../drivers/mininet/requirements.ts';
import { ProblemError } from '../../model/problem.ts';
import type { LabctlCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { FormatOptions } from '../options.ts';
import { coloured, printAnswer } from '../output/terminal.ts';

export function add(program: LabctlCommand): void {
  program
    .command('doctor')
    .description('check what labs need of this machine, and say how to fix what is missing')
    .withFormat()
    .does(doctor);
}

async function doctor(options: FormatOptions): Promise<number> {
  const {
    bandwidthRequirement,
    bestDatapath,
    cpuShareRequirement,
    delayRequirement,
    mininetRequirement,
    namespaceRequirement,
    sandboxRequirements,
    toolRequirement,
    vlanRequirement,
  } = await import('../../drivers/mininet/requirements.ts');
  const datapath = await bestDatapath();
  const requirements: readonly Requirement[] = [
    nodeRequirement(),
    ...sandboxRequirements(datapath),
    await mininetRequirement(),
    ...(existsSync('/proc/self/ns') ? [await namespaceRequirement()] : []),
    await runFolderRequirement(),
  ];
  const [controllers, bandwidths, delays, cpuShares, vlans] = await Promise.all([
    controllerFindings(),
    bandwidthRequirement(),
    delayRequirement(),
    cpuShareRequirement(),
    vlanRequirement(),
  ]);
  const tools = (['iperf3', 'tcpdump'] as const).map(toolRequirement);
  const missing = requirements.filter(({ remedy }) => remedy !== undefined);
  const canRunLabs = missing.length === 0;
  const ofControllers = Object.fromEntries(controllers.map(({ name, finding }) => [name, finding]));
  const optional = { ...ofControllers, bandwidths, delays, cpuShares, vlans, tools };
  printAnswer(options, { version: 1, canRunLabs, datapath, ...optional, requirements }, () => [
    ...requirements.flatMap(({ name, finding, remedy }) =>
      remedy === undefined
        ? [`${coloured('green', 'ok')}       ${name}: ${finding}`]
        : [`${coloured('red', 'missing')}  ${name}: ${finding}`, `         -> ${remedy}`],
    ),
    ...controllers.map(({ line }) => line),
    ...[bandwidths, delays, cpuShares, ...tools].map(optionalLine),
    `datapath ${datapath === 'kernel' ? 'kernel module' : 'userspace (the openvswitch kernel module is not loaded)'}`,
    ...(canRunLabs
      ? ['This machine can run labs: labctl up s10h10']
      : [
          `This machine cannot run labs yet: fix the ${missing.length === 1 ? 'line' : 'lines'} marked "missing".`,
          'A simulated lab needs none of that: labctl up s10h10 --dataplane simulated',
        ]),
  ]);
  return canRunLabs ? EXIT.asExpected : EXIT.cannot;
}

/** What only some labs need. */
function optionalLine({ name, finding, remedy }: Requirement): string {
  return `${name}: ${finding}${remedy === undefined ? '' : `; to fix it: ${remedy}`}`;
}

/** What there is of controllers that need something of the machine; no lab needs any of them. */
function controllerFindings(): Promise<readonly { name: string; finding: string; line: string }[]> {
  return Promise.all(
    CONTROLLERS.flatMap(({ name, doctor: asked }) => (asked === undefined ? [] : [{ name, ...asked }])).map(
      async ({ name, subject, without, find }) => {
        const finding = await find(new AbortController().signal);
        return { name, finding, line: `${subject}: ${finding}; ${without}` };
      },
    ),
  );
}

function nodeRequirement(): Requirement {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const name = 'Node.js';
  return major > 20 || (major === 20 && minor >= 19)
    ? { name, finding: process.versions.node }
    : { name, finding: process.versions.node, remedy: 'install Node.js 20.19 or later' };
}

async function runFolderRequirement(): Promise<Requirement> {
  const { runFolder } = await import('../../lab/process/run-folder.ts');
  const name = 'folder for running labs';
  try {
    return { name, finding: runFolder() };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const [problem] = error.problems;
    return { name, finding: problem?.cause ?? '', remedy: problem?.remedy ?? '' };
  }
}
