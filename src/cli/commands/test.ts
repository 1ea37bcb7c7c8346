import { Option } from 'commander';
import type { TestReport } from '../../lab/scenario/result.ts';
import type { LabctlCommand } from '../command.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { bringUpOptions, named, topoOption, wholeNumber } from '../options.ts';
import { interrupted } from '../signals.ts';
import type { TestOptions } from '../test/options.ts';

export function add(program: LabctlCommand): void {
  program
    .command('test')
    .description(
      'run the scenarios of specs, each in a lab of its own that leaves nothing; the exit code is the verdict',
    )
    .argument('[names|files|folders...]', 'specs, or folders: of those the specs that have scenarios')
    .addOption(topoOption())
    .addOption(
      new Option('--scenario <name>', 'run this scenario only; may be given several times').argParser(
        (name: string, before: readonly string[] | undefined) => [...(before ?? []), name],
      ),
    )
    .addOption(
      new Option('--jobs <number>', 'how many labs are up at a time (default: one for each core)')
        .env('LABCTL_JOBS')
        .argParser(wholeNumber(1)),
    )
    .addOption(new Option('--junit <file>', 'write the results as JUnit XML too').env('LABCTL_JUNIT'))
    .option('--keep-going', 'go on with a scenario after an expectation that failed')
    .option('--watch', 'run again whenever a file is saved, simulated first')
    .withOptions(bringUpOptions())
    .withFormat()
    .does(test);
}

/** Returns whether every scenario passed, as the exit code. */
async function test([first, ...others]: string[], options: TestOptions): Promise<number> {
  const names = [named(first, options.topo, 'what to test, as in: labctl test s10h10'), ...others];
  const [{ refuseWhatCannotBeSimulated }, { planTests }, { runAndReport }, { watchTests }] = await Promise.all([
    import('../controller-choice.ts'),
    import('../test/files.ts'),
    import('../test/reported-run.ts'),
    import('../test/watch.ts'),
  ]);
  refuseWhatCannotBeSimulated(options);
  if (options.watch) return watchTests(names, options, interrupted, runAndReport);
  const files = planTests(names, options.scenario ?? []);
  const report = await runAndReport(files, options, interrupted);
  interrupted.throwIfAborted();
  return exitCodeFor(report);
}

/** Problems come before a network that answers otherwise than expected. */
function exitCodeFor({ files, counts }: TestReport): number {
  const problems = files.flatMap((file) => [
    ...file.problems,
    ...file.scenarios.flatMap((scenario) => [...scenario.problems, ...scenario.steps.flatMap((step) => step.problems)]),
  ]);
  if (problems.length > 0) return exitCodeOf(problems);
  return counts.failed > 0 ? EXIT.notAsExpected : EXIT.asExpected;
}
