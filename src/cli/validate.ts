import { existsSync, statSync } from 'node:fs';
import { describeProblem, inputProblem, type Problem, ProblemError } from '../model/problem.ts';
import { lineOf } from '../model/where.ts';
import { findSpec, readSpecFile } from '../spec/locate.ts';
import { checkedSpec } from './checked-spec.ts';
import { annotation } from './output/github.ts';
import { coloured, printJson, printLines } from './output/terminal.ts';
import { specsIn } from './spec-folder.ts';

export interface ValidateOptions {
  readonly format: 'text' | 'json' | 'github';
}

/** A spec that was checked. */
interface Checked {
  readonly file: string;
  /** Empty where it is right. */
  readonly problems: readonly Problem[];
}

/** `labctl validate`: checks every spec, and tells all problems of each. Returns the exit code: 2 when any is wrong. */
export function validate(named: readonly string[], { format }: ValidateOptions): number {
  const checked = named.flatMap(checkNamed);
  const wrong = checked.filter(({ problems }) => problems.length > 0);
  if (format === 'json') printJson(documentOf(checked));
  else if (format === 'github') printLines(wrong.flatMap(annotationsOf));
  else printLines([...checked.flatMap(describeChecked), summaryOf(checked, wrong)]);
  return wrong.length === 0 ? 0 : 2;
}

/** The spec of a name or file, or all those in a folder. */
function checkNamed(name: string): readonly Checked[] {
  if (!existsSync(name) || !statSync(name).isDirectory()) return [check(name, () => findSpec(name))];
  const { files, problems } = specsIn(name);
  if (files.length === 0 && problems.length === 0) {
    const remedy = 'name a file, or a folder with files that end in .yaml or .yml';
    problems.push(inputProblem({ code: 'no-specs', where: name, cause: 'there is no spec in this folder', remedy }));
  }
  const unread = problems.length === 0 ? [] : [{ file: name, problems }];
  return [...files.map((file) => check(file, () => readSpecFile(file))), ...unread];
}

function check(name: string, find: () => { readonly file: string; readonly text: string }): Checked {
  let file = name;
  try {
    const source = find();
    file = source.file;
    checkedSpec(source);
    return { file, problems: [] };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { file, problems: error.problems };
  }
}

function describeChecked({ file, problems }: Checked): readonly string[] {
  if (problems.length === 0) return [`${coloured('green', 'ok')}     ${file}`];
  return [`${coloured('red', 'wrong')}  ${file}`, ...problems.map((problem) => indented(describeProblem(problem)))];
}

function indented(text: string): string {
  return text.replaceAll(/^/gm, '  ');
}

function summaryOf(checked: readonly Checked[], wrong: readonly Checked[]): string {
  const files = `${checked.length} ${checked.length === 1 ? 'spec' : 'specs'}`;
  if (wrong.length === 0) return `${files}, no problem`;
  const problems = wrong.reduce((sum, each) => sum + each.problems.length, 0);
  return `${files}, ${wrong.length} wrong: ${problems} ${problems === 1 ? 'problem' : 'problems'}`;
}

function documentOf(checked: readonly Checked[]): object {
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
function annotationsOf({ file, problems }: Checked): readonly string[] {
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
