import { Option } from 'commander';
import type { FaultRequest } from '../../lab/network-faults.ts';
import { inputProblem, ProblemError } from '../../model/problem.ts';
import type { LabctlCommand } from '../command.ts';
import { type FaultOptions, type FormatOptions, faultOptions, type LabOptions, wholeNumber } from '../options.ts';
import { changeLines, faultsLine, stateLine } from '../output/faults.ts';
import { watched } from '../output/progress.ts';
import { printAnswer, remark } from '../output/terminal.ts';
import { interrupted } from '../signals.ts';
import { runningLab } from '../subject.ts';

interface RandomOptions extends FaultOptions {
  readonly seed: number;
  readonly count: number;
  readonly switches?: boolean;
}

export function addFault(program: LabctlCommand): void {
  const fault = program.command('fault').description('links and switches that are down');

  fault
    .command('random')
    .description('take links between switches down at random; the same seed picks the same of the same lab')
    .addOption(new Option('--seed <number>', 'picks').makeOptionMandatory().argParser(wholeNumber(0)))
    .addOption(new Option('--count <number>', 'how many').default(1).argParser(wholeNumber(1)))
    .option('--switches', 'pick among the switches too')
    .withOptions(faultOptions())
    .aboutLab()
    .withFormat()
    .does(async (options: RandomOptions) => {
      const { seed, count, switches = false } = options;
      return changeFaults({ kind: 'random', seed, count, withSwitches: switches }, options);
    });

  fault
    .command('list')
    .description('list what is down')
    .aboutLab()
    .withFormat()
    .does(async (options: FormatOptions & LabOptions) => {
      const lab = await runningLab(options);
      printAnswer(options, await lab.run('faults', {}, { signal: interrupted }), ({ faults }) =>
        faults.length === 0 ? ['nothing is down'] : faults.map(stateLine),
      );
    });

  fault
    .command('clear')
    .description('bring everything up again')
    .withOptions(faultOptions())
    .aboutLab()
    .withFormat()
    .does(async (options: FaultOptions) => changeFaults({ kind: 'clear' }, options));
}

/** What `link`, `switch`, `fault random` and `fault clear` do. */
export async function changeFaults(request: FaultRequest, options: FaultOptions): Promise<void> {
  const measure = options.measure && measuredPair(options.measure);
  const lab = await runningLab(options);
  const input = { request, repair: options.repair, ...(measure === undefined ? {} : { measure }) };
  const document = await watched((running) => lab.run('changeFaults', input, running)).catch(async (error: unknown) => {
    if (interrupted.aborted) remark(faultsLine((await lab.run('faults', {})).faults));
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
      where: '--measure',
      offending: names.join(' '),
      cause: 'traffic is measured between two hosts',
      remedy: 'name two, as in --measure h1 h9',
    }),
  );
}
