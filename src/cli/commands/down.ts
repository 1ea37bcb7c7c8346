import { inputProblem, type Problem, ProblemError } from '../../model/problem.ts';
import type { LabctlCommand } from '../command.ts';
import type { LabOptions } from '../options.ts';
import { ProgressLine } from '../output/progress.ts';
import { printLines } from '../output/terminal.ts';
import { nameOfLab } from '../subject.ts';

interface DownOptions extends LabOptions {
  readonly all?: boolean;
}

export function add(program: LabctlCommand): void {
  program
    .command('down')
    .alias('destroy')
    .description('end a lab and remove everything of it')
    .argument('[name]', 'the lab; may be left out where there is only one')
    .aboutLab()
    .option('--all', 'end every lab')
    .does(down);
}

/**
 * Does nothing for a lab that is down already.
 * @throws ProblemError when something could not be cleaned up; the labs are down all the same
 */
async function down(argument: string | undefined, options: DownOptions): Promise<void> {
  if (argument !== undefined && options.all) throw nameAndAll(argument);
  const { knownLabs, lastingLabs } = await import('../../lab/process/records.ts');
  const name = await nameOfLab(options, argument);
  const known = options.all ? knownLabs() : lastingLabs();
  const [only, ...others] = known;
  if (name === undefined && !options.all && others.length > 0) {
    throw new ProblemError(
      inputProblem({
        code: 'several-labs',
        where: 'labctl down',
        cause: `there are several labs: ${known.map((lab) => lab.name).join(', ')}`,
        remedy: `name one, as in labctl down ${only?.name}, or end them all: labctl down --all`,
      }),
    );
  }
  const names = name !== undefined && !options.all ? [name] : known.map((lab) => lab.name);
  if (names.length === 0) printLines(['no lab is running']);
  const left: Problem[] = [];
  for (const each of names) left.push(...(await downOne(each)));
  if (left.length > 0) throw new ProblemError(left);
}

/** Returns what could not be cleaned up. */
async function downOne(name: string): Promise<readonly Problem[]> {
  const [{ RemoteLab }, { knownLab }, { clearRemains }, { underLock }] = await Promise.all([
    import('../../lab/process/remote-lab.ts'),
    import('../../lab/process/records.ts'),
    import('../../lab/process/run-folder.ts'),
    import('../lab-lock.ts'),
  ]);
  if (knownLab(name) === undefined) {
    printLines([`${name} is not running`]);
    return [];
  }
  const progress = new ProgressLine();
  let left: readonly Problem[] = [];
  const line = await underLock(name, progress, async () => {
    const lab = knownLab(name);
    if (lab === undefined) return `${name} is not running`;
    if (lab.state === 'ended') {
      clearRemains(name);
      return `${name} had ended by itself (${lab.reason}); cleaned up what it left`;
    }
    progress.show({ step: `ending ${name}` });
    left = (await RemoteLab.named(name)?.down(progress.show)) ?? [];
    return `${name} is down`;
  });
  progress.clear();
  printLines([line]);
  return left;
}

function nameAndAll(name: string): ProblemError {
  return new ProblemError(
    inputProblem({
      code: 'name-and-all',
      where: `down ${name} --all`,
      cause: 'a name and --all cannot be given together',
      remedy: `labctl down ${name}, or labctl down --all`,
    }),
  );
}
