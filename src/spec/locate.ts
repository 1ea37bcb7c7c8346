import { isUtf8 } from 'node:buffer';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { inputProblem, type Problem, ProblemError } from '../model/problem.ts';
import { INSTALLATION } from './installation.ts';
import { LARGEST_SPEC, startOf, tooLarge } from './located-document.ts';

/** The topologies that come with labctl, and the JSON Schema of specs. */
export const SHIPPED = join(INSTALLATION, 'topologies');

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
        where: isFile ? { kind: 'file', file: nameOrFile } : nameOrFile,
        cause: isFile ? 'there is no such file' : `there is no topologies/${nameOrFile}.yaml`,
        remedy: known.length > 0 ? `name a file, or one of ${known.join(', ')}` : 'name a file',
      }),
    );
  }
  return readSpecFile(file);
}

/** @throws ProblemError when the file cannot be read, is no text, or is too large to be a spec */
export function readSpecFile(file: string): SpecSource {
  const where = startOf(file);
  let bytes: Buffer;
  try {
    const status = statSync(file);
    const { size } = status;
    if (!status.isFile()) throw new Error('not a file');
    if (size > LARGEST_SPEC) throw new ProblemError(inputProblem({ where, ...tooLarge(size) }));
    bytes = readFileSync(file);
  } catch (error) {
    if (error instanceof ProblemError) throw error;
    const cause = `the spec cannot be read: ${(error as Error).message}`;
    const remedy = 'name a file that you may read';
    throw new ProblemError(inputProblem({ code: 'unreadable-spec', where, cause, remedy }), { cause: error });
  }
  if (!isUtf8(bytes)) throw new ProblemError(notText(file, bytes));
  return { file, text: bytes.toString('utf8') };
}

/** At the first byte that is no UTF-8. */
function notText(file: string, bytes: Buffer): Problem {
  let line = 1;
  let start = 0;
  for (;;) {
    const end = bytes.indexOf('\n', start);
    if (end === -1 || !isUtf8(bytes.subarray(start, end))) break;
    start = end + 1;
    line += 1;
  }
  const column = bytes.subarray(start).toString('utf8').indexOf('\uFFFD') + 1;
  return inputProblem({
    code: 'not-text',
    where: { kind: 'file', file, line, column: Math.max(column, 1) },
    cause: 'this is not text in UTF-8',
    remedy: 'save the spec as UTF-8, or name another file',
  });
}

/** The names that `findSpec` knows here. */
export function specNames(): readonly string[] {
  const names = ['topologies', SHIPPED]
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).filter((name) => /\.ya?ml$/i.test(name)))
    .map((name) => basename(name).replace(/\.ya?ml$/i, ''));
  return [...new Set(names)].sort();
}
