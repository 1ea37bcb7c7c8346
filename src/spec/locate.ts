import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { inputProblem, ProblemError } from '../model/problem.ts';

/** The topologies that come with labctl. */
const SHIPPED = resolve(import.meta.dirname, '../../topologies');

/** A spec's text and the name of its file, as problems show it. */
export interface SpecSource {
  readonly file: string;
  readonly text: string;
}

/**
 * Finds a spec by a name or a file: `s10h10` is `topologies/s10h10.yaml` in the working folder, else the one that comes
 * with labctl; what has a slash or ends in .yaml is a file.
 * @throws ProblemError when there is none, naming those that there are
 */
export function findSpec(nameOrFile: string): SpecSource {
  const isFile = nameOrFile.includes('/') || /\.ya?ml$/i.test(nameOrFile);
  const candidates = isFile
    ? [nameOrFile]
    : ['topologies', SHIPPED].flatMap((folder) => ['.yaml', '.yml'].map((end) => join(folder, `${nameOrFile}${end}`)));
  const file = candidates.find((candidate) => existsSync(candidate));
  if (file === undefined) {
    const known = specNames();
    throw new ProblemError(
      inputProblem({
        code: 'no-such-spec',
        where: nameOrFile,
        cause: isFile ? 'there is no such file' : `there is no topologies/${nameOrFile}.yaml`,
        remedy: known.length > 0 ? `name a file, or one of ${known.join(', ')}` : 'name a file',
      }),
    );
  }
  try {
    if (!statSync(file).isFile()) throw new Error('not a file');
    return { file, text: readFileSync(file, 'utf8') };
  } catch (error) {
    throw new ProblemError(
      inputProblem({
        code: 'unreadable-spec',
        where: file,
        cause: `the spec cannot be read: ${(error as Error).message}`,
      }),
      { cause: error },
    );
  }
}

/** The names that `findSpec` knows here. */
function specNames(): readonly string[] {
  const names = ['topologies', SHIPPED]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).filter((name) => /\.ya?ml$/i.test(name)))
    .map((name) => basename(name).replace(/\.ya?ml$/i, ''));
  return [...new Set(names)].sort();
}
