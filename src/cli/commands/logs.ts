import { closeSync, openSync, readdirSync, readSync, statSync, watch } from 'node:fs';
import { join } from 'node:path';
import { CONTROLLERS } from '../../drivers/controllers.ts';
import { inputProblem, ProblemError } from '../../model/problem.ts';
import type { LabctlCommand } from '../command.ts';
import type { LabOptions } from '../options.ts';
import { printLines, remark, table } from '../output/terminal.ts';
import { onlyOn } from '../signals.ts';
import { runningLab } from '../subject.ts';

const SUFFIX = '.log';
/** The log of a host's start commands is named after it. */
const START = 'start-';
const CHUNK = 64 * 1024;

interface Log {
  readonly name: string;
  readonly file: string;
}

interface LogsOptions extends LabOptions {
  readonly follow?: boolean;
}

export function add(program: LabctlCommand): void {
  program
    .command('logs')
    .description('list the logs of a lab, or show one of them')
    .argument('[log]', 'one of the list, or a host: the output of its start commands')
    .option('-f, --follow', 'follow; Ctrl-C stops')
    .aboutLab()
    .does(logs);
}

async function logs(name: string | undefined, { follow, ...options }: LogsOptions): Promise<void> {
  const [{ record }, { labFolder }] = await Promise.all([
    runningLab(options),
    import('../../lab/process/run-folder.ts'),
  ]);
  const found = logsIn(labFolder(record.name));
  if (name === undefined) {
    printLines(
      table(
        ['LOG', 'BYTES', 'OF'],
        found.map((log) => [log.name, String(statSync(log.file).size), descriptionOf(log.name)]),
      ),
    );
    return;
  }
  const log = found.find((each) => each.name === name) ?? found.find((each) => each.name === `${START}${name}`);
  if (log === undefined) {
    throw new ProblemError(
      inputProblem({
        code: 'unknown-log',
        where: name,
        cause: `lab ${record.name} has no such log`,
        remedy: `there is: ${found.map((each) => each.name).join(', ') || 'none'}; hosts have one where they start something`,
      }),
    );
  }
  const descriptor = openSync(log.file, 'r');
  try {
    if (copyRest(descriptor) === 0 && !follow) remark(`${log.name} is empty`);
    if (follow) await followed(log.file, descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The logs in a lab's folder; none is opened. */
export function logsIn(folder: string): readonly Log[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith(SUFFIX))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
    .map((file) => ({ name: file.slice(0, -SUFFIX.length), file: join(folder, file) }));
}

function descriptionOf(name: string): string {
  if (name.startsWith(START)) return `the start commands of ${name.slice(START.length)}`;
  return CONTROLLERS.some((row) => row.name === name) ? 'the controller' : 'Mininet and Open vSwitch';
}

/** Prints the rest of a file; returns how many bytes. */
function copyRest(descriptor: number): number {
  const buffer = Buffer.alloc(CHUNK);
  let copied = 0;
  for (let size = readSync(descriptor, buffer); size > 0; size = readSync(descriptor, buffer)) {
    process.stdout.write(Buffer.from(buffer.subarray(0, size)));
    copied += size;
  }
  return copied;
}

/** Prints what is added to a file, until an interrupt, or until the file is removed with its lab. */
function followed(file: string, descriptor: number): Promise<void> {
  return new Promise((resolve) => {
    const watcher = watch(file, (event) => {
      copyRest(descriptor);
      if (event === 'rename') end();
    });
    const end = () => {
      watcher.close();
      resolve();
    };
    for (const name of ['SIGINT', 'SIGTERM'] as const) onlyOn(name, end);
    process.stdout.on('error', end);
    // What was added before the watch began.
    copyRest(descriptor);
  });
}
