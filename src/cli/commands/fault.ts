import { Option } from 'commander';
import type { CommandInput, CommandOutput } from '../../lab/commands/types.ts';
import type { RemoteLab } from '../../lab/process/remote-lab.ts';
import { inputProblem, ProblemError } from '../../model/problem.ts';
import type { LabctlCommand } from '../command.ts';
import { type FaultOptions, type FormatOptions, faultOptions, type LabOptions, wholeNumber } from '../options.ts';
import { changeLines, faultsLine, stateLine, type TypedRequest } from '../output/faults.ts';
import { type Watching, watched } from '../output/progress.ts';
import { printAnswer, remark } from '../output/terminal.ts';
import { interrupted } from '../signals.ts';
import { runningLab } from '../subject.ts';

interface RandomOptions extends FaultOptions {
  readonly seed: number;
  readonly count: number;
  readonly switches?: boolean;
}

export function add(program: LabctlCommand): void {
  const fault = program.command('fault').description('links and switches that are down');

  fault
    .command('random')
    .description('take links between switches down at random; the same seed picks the same of the same lab')
    .addOption(
      new Option('--seed <number>', 'the same number picks the same links and switches')
        .makeOptionMandatory()
        .argParser(wholeNumber(0)),
    )
    .addOption(new Option('--count <number>', 'how many').default(1).argParser(wholeNumber(1)))
    .option('--switches', 'pick among the switches too')
    .withOptions(faultOptions())
    .aboutLab()
    .withFormat()
    .does(async (options: RandomOptions) => {
      const { seed, count, switches = false } = options;
      const random = { seed, count, withSwitches: switches };
      return changeFaults({ kind: 'random', ...random }, options, (lab, how, watching) =>
        lab.run('fault random', { ...random, ...how }, watching),
      );
    });

  fault
    .command('list')
    .description('list what is down')
    .aboutLab()
    .withFormat()
    .does(async (options: FormatOptions & LabOptions) => {
      const lab = await runningLab(options);
      printAnswer(options, await lab.run('fault list', {}, { signal: interrupted }), ({ faults }) =>
        faults.length === 0 ? ['nothing is down'] : faults.map(stateLine),
      );
    });

  fault
    .command('clear')
    .description('bring everything up again')
    .withOptions(faultOptions())
    .aboutLab()
    .withFormat()
    .does(async (options: FaultOptions) =>
      changeFaults({ kind: 'clear' }, options, (lab, how, watching) => lab.run('fault clear', how, watching)),
    );
}

/** What `link`, `switch`, `fault random` and `fault clear` do. @param change gives the lab its command */
export async function changeFaults(
  request: TypedRequest,
  options: FaultOptions,
  change: (
    lab: RemoteLab,
    how: CommandInput<'fault clear'>,
    watching: Watching,
  ) => Promise<CommandOutput<'fault list'>>,
): Promise<void> {
  const measure = options.measure && measuredPair(options.measure);
  const lab = await runningLab(options);
  const how = { repair: options.repair, ...(measure === undefined ? {} : { measure }) };
  const document = await watched((watching) => change(lab, how, watching)).catch(async (error: unknown) => {
    if (interrupted.aborted) remark(faultsLine((await lab.run('fault list', {})).faults));
    throw error;
  });
  printAnswer(options, document, () => changeLines(request, document, options));
}

/** The two hosts that `--measure` names. */
function measuredPair(names: readonly string[]): readonly [string, string] {
  const [source, target, ...more] = names;
  if (source !== undefined && target !== undefined && more.length === 0) return [source, target];
  throw new ProblemError(
    inputProblem({
      code: 'not-a-pair',
      where: { kind: 'option', option: '--measure' },
      offending: names.join(' '),
      cause: 'traffic is measured between two hosts',
      remedy: 'name two, as in --measure h1 h9',
    }),
  );
}
