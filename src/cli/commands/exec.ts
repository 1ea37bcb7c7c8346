import type { ChildProcess } from 'node:child_process';
import type { LabctlCommand } from '../command.ts';
import type { LabOptions } from '../options.ts';
import { onlyOn, signalChildOf } from '../signals.ts';
import { runningLab } from '../subject.ts';

export function add(program: LabctlCommand): void {
  program
    .command('exec')
    .description('run a command on a host')
    .argument('<host>', 'e.g. h1')
    .argument('<command...>', 'e.g. -- ping -c1 10.0.0.2')
    .aboutLab()
    .passThroughOptions()
    .does(async (host: string, argv: string[], options: LabOptions) => {
      // Options after the host belong to the command on it, except these, which people put there.
      const { lab, rest } = leadingLab(argv);
      return runOnHost(host, rest, lab === undefined ? options : { ...options, lab });
    });
}

/** Takes `--lab NAME` and `--` from the front of a command's words. */
function leadingLab(argv: readonly string[]): { readonly lab: string | undefined; readonly rest: readonly string[] } {
  const [first, second = '', ...others] = argv;
  const inOne = /^--lab=(.+)$/.exec(first ?? '')?.[1];
  const lab = first === '--lab' ? second : inOne;
  const rest = first === '--lab' ? others : inOne === undefined ? argv : argv.slice(1);
  return { lab, rest: lab !== undefined && rest[0] === '--' ? rest.slice(1) : rest };
}

/**
 * Runs a command on a host, with this terminal.
 * @returns its exit code
 */
export async function runOnHost(host: string, argv: readonly string[], options: LabOptions): Promise<number> {
  const lab = await runningLab(options);
  // The lab's namespaces have the same files, but entering them leads to the root folder.
  const here = ['env', `--chdir=${workingFolder()}`, ...argv];
  const [command, { spawn }, { constants }] = await Promise.all([
    lab.run('exec', { host, argv: here }),
    import('node:child_process'),
    import('node:os'),
  ]);
  // An interrupt at the terminal is for the command on the host, not for us; other signals are passed on to it.
  let child: ChildProcess | undefined;
  let isOver = false;
  const signals = new Set<'SIGTERM' | 'SIGHUP'>();
  const passOn = () => {
    if (isOver || signals.size === 0) return;
    // It is there as soon as nsenter has forked.
    if (signalChildOf(child?.pid, ...signals)) signals.clear();
    else setTimeout(passOn, 20);
  };
  onlyOn('SIGINT', () => {});
  // Before spawn(): when that returns, the command may have begun already, and a signal for it may have come.
  for (const name of ['SIGTERM', 'SIGHUP'] as const) {
    onlyOn(name, () => {
      signals.add(name);
      passOn();
    });
  }
  return new Promise<number>((resolve, reject) => {
    child = spawn(command.file, command.args, { stdio: 'inherit' })
      .once('error', reject)
      // As a shell has it: 128 and the signal's number.
      .once('exit', (code, signalName) =>
        resolve(code ?? 128 + (signalName === null ? 0 : constants.signals[signalName])),
      );
  }).finally(() => {
    isOver = true;
  });
}

/** Where we are, or the root folder where that was removed. */
function workingFolder(): string {
  try {
    return process.cwd();
  } catch {
    return '/';
  }
}
