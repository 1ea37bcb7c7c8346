import { existsSync, statSync } from 'node:fs';
import { inputProblem, type Problem, ProblemError } from '../../model/problem.ts';
import { findSpec, readSpecFile } from '../../spec/locate.ts';
import { checkedSpec } from './checked-spec.ts';
import { specsIn } from './spec-folder.ts';

/** A spec that was checked. */
export interface CheckedSpec {
  readonly file: string;
  /** Empty where it is right. */
  readonly problems: readonly Problem[];
}

/** Checks the spec of a name or file, or all specs in a folder. */
export function checkSpecs(name: string): readonly CheckedSpec[] {
  if (!existsSync(name) || !statSync(name).isDirectory()) return [check(name, () => findSpec(name))];
  const { files, problems } = specsIn(name);
  if (files.length === 0 && problems.length === 0) {
    const remedy = 'name a file, or a folder with files that end in .yaml or .yml';
    problems.push(
      inputProblem({
        code: 'no-specs',
        where: { kind: 'file', file: name },
        cause: 'there is no spec in this folder',
        remedy,
      }),
    );
  }
  const unread = problems.length === 0 ? [] : [{ file: name, problems }];
  return [...files.map((file) => check(file, () => readSpecFile(file))), ...unread];
}

function check(name: string, find: () => { readonly file: string; readonly text: string }): CheckedSpec {
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
