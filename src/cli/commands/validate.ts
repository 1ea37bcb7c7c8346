import { Option } from 'commander';
import { describeProblem } from '../../model/problem.ts';
import { lineOf } from '../../model/where.ts';
import type { LabctlCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { annotation } from '../output/github.ts';
import { coloured, counted, printJson, printLines } from '../output/terminal.ts';
import type { CheckedSpec } from '../specs/check.ts';

interface ValidateOptions {
  readonly format: 'text' | 'json' | 'github';
}

export function add(program: LabctlCommand): void {
  program
    .command('validate')
    .description('check specs, and report every problem of each with file, line and column')
    .argument('<files...>', 'files, or folders with all specs in them; s10h10 is topologies/s10h10.yaml')
    .addOption(
      new Option('--format <form>', 'text for people, json for programs, github for annotations in its Actions')
        .choices(['text', 'json', 'github'])
        .default('text')
        .env('LABCTL_FORMAT'),
    )
    .does(async (names: string[], { format }: ValidateOptions) => {
      const { checkSpecs } = await import('../specs/check.ts');
      const checked = names.flatMap(checkSpecs);
      const wrong = checked.filter(({ problems }) => problems.length > 0);
      if (format === 'json') printJson(documentOf(checked));
      else if (format === 'github') printLines(wrong.flatMap(annotationsOf));
      else printLines([...checked.flatMap(describeChecked), summaryOf(checked, wrong)]);
      return wrong.length === 0 ? EXIT.asExpected : EXIT.wrongInput;
    });
}

function describeChecked({ file, problems }: CheckedSpec): readonly string[] {
  if (problems.length === 0) return [`${coloured('green', 'ok')}     ${file}`];
  return [`${coloured('red', 'wrong')}  ${file}`, ...problems.map((problem) => indented(describeProblem(problem)))];
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

function summaryOf(checked: readonly CheckedSpec[], wrong: readonly CheckedSpec[]): string {
  const specs = counted(checked.length, 'spec');
  if (wrong.length === 0) return `${specs}, no problem`;
  const problems = wrong.reduce((sum, each) => sum + each.problems.length, 0);
  return `${specs}, ${wrong.length} wrong: ${counted(problems, 'problem')}`;
}

function documentOf(checked: readonly CheckedSpec[]): object {
  return {
    version: 1,
    valid: checked.every(({ problems }) => problems.length === 0),
    files: checked.map(({ file, problems }) => ({
      file,
      valid: problems.length === 0,
      problems: problems.map((problem) => ({
        code: problem.code,
        line: lineOf(problem.where)?.line ?? null,
        column: lineOf(problem.where)?.column ?? null,
        offending: problem.offending ?? null,
        cause: problem.cause,
        remedy: problem.remedy ?? null,
      })),
    })),
  };
}

/** Workflow commands of GitHub Actions, one for each problem (docs.github.com, "Workflow commands"). */
function annotationsOf({ file, problems }: CheckedSpec): readonly string[] {
  return problems.map((problem) => {
    const place = lineOf(problem.where);
    const properties = {
      file,
      ...(place === undefined ? {} : { line: String(place.line), col: String(place.column ?? 1) }),
      title: `labctl: ${problem.code}`,
    };
    const { where: _, ...withoutPlace } = problem;
    return annotation(properties, describeProblem(withoutPlace));
  });
}
