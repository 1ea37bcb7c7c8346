import { existsSync } from 'node:fs';
import { CONTROLLERS } from '../drivers/controllers.ts';
import {
  bandwidthRequirement,
  bestDatapath,
  cpuShareRequirement,
  delayRequirement,
  mininetRequirement,
  namespaceRequirement,
  type Requirement,
  sandboxRequirements,
  toolRequirement,
} from '../drivers/mininet/requirements.ts';
import { runFolder } from '../lab/process/run-folder.ts';
import { ProblemError } from '../model/problem.ts';
import type { FormatOptions } from './options.ts';
import { coloured, printJson, printLines } from './output/terminal.ts';

/** Exit code of a machine that cannot run labs. */
const CANNOT = 3;

/** `labctl doctor`: what labs need of this machine, and how to mend what is missing. */
export async function doctor(options: FormatOptions): Promise<number> {
  const datapath = await bestDatapath();
  const requirements: readonly Requirement[] = [
    nodeRequirement(),
    ...sandboxRequirements(datapath),
    await mininetRequirement(),
    ...(existsSync('/proc/self/ns') ? [await namespaceRequirement()] : []),
    runFolderRequirement(),
  ];
  const [controllers, bandwidths, delays, cpuShares] = await Promise.all([
    controllerFindings(),
    bandwidthRequirement(),
    delayRequirement(),
    cpuShareRequirement(),
  ]);
  const tools = (['iperf3', 'tcpdump'] as const).map(toolRequirement);
  const missing = requirements.filter(({ remedy }) => remedy !== undefined);
  if (options.format === 'json') {
    const ofControllers = Object.fromEntries(controllers.map(({ name, finding }) => [name, finding]));
    const optional = { ...ofControllers, bandwidths, delays, cpuShares, tools };
    printJson({ version: 1, canRunLabs: missing.length === 0, datapath, ...optional, requirements });
  } else {
    printLines([
      ...requirements.flatMap(({ name, finding, remedy }) =>
        remedy === undefined
          ? [`${coloured('green', 'ok')}       ${name}: ${finding}`]
          : [`${coloured('red', 'missing')}  ${name}: ${finding}`, `         -> ${remedy}`],
      ),
      ...controllers.map(({ line }) => line),
      ...[bandwidths, delays, cpuShares, ...tools].map(optionalLine),
      `datapath ${datapath === 'kernel' ? 'kernel module' : 'userspace (the openvswitch kernel module is not loaded)'}`,
      ...(missing.length === 0
        ? ['This machine can run labs: labctl up s10h10']
        : [
            `This machine cannot run labs yet: mend the ${missing.length === 1 ? 'line' : 'lines'} marked "missing".`,
            'Without any of that it can compute one: labctl up s10h10 --dataplane simulated',
          ]),
    ]);
  }
  return missing.length === 0 ? 0 : CANNOT;
}

/** What only some labs need. */
function optionalLine({ name, finding, remedy }: Requirement): string {
  return `${name}: ${finding}${remedy === undefined ? '' : `; to mend it: ${remedy}`}`;
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

function runFolderRequirement(): Requirement {
  const name = 'folder for running labs';
  try {
    return { name, finding: runFolder() };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const [problem] = error.problems;
    return { name, finding: problem?.cause ?? '', remedy: problem?.remedy ?? '' };
  }
}
