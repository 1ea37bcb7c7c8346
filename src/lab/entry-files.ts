import { readFileSync } from 'node:fs';
import { inputProblem, ProblemError } from '../model/problem.ts';
import type { EntryPlace } from '../model/where.ts';
import type { EntryDocument } from './documents/entries.ts';

/** An entry as it stands in a file, and where for problems. */
interface FoundEntry {
  readonly document: EntryDocument;
  readonly where: EntryPlace;
}

/** One JSON object, a list of them, or one after another: what one or several `curl -d` would send. */
export function entriesInFile(file: string): readonly FoundEntry[] {
  const name = file === '-' ? 'standard input' : file;
  const wrong = (cause: string) =>
    new ProblemError(
      inputProblem({
        code: 'unreadable-entries',
        where: { kind: 'file', file: name },
        cause,
        remedy:
          'give entries as curl -d sends them: {"switch": "00:...", "name": "...", "in_port": "1", "active": "true", "actions": "output=2"}',
      }),
    );
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw wrong(`cannot be read: ${(error as Error).message}`);
  }
  let documents: unknown[];
  try {
    documents = [parseJsons(text)].flat(2);
  } catch (error) {
    throw wrong(`not JSON: ${(error as Error).message}`);
  }
  if (documents.length === 0) throw wrong('has no entry');
  return documents.map((document, index) => {
    const { name: entry } = (document ?? {}) as { readonly name?: unknown };
    const which = typeof entry === 'string' && entry !== '' ? entry : index + 1;
    return { document: document as EntryDocument, where: { kind: 'entry', entry: which, file: name } };
  });
}

/** One JSON value, or else what several would be as a list. */
function parseJsons(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const list = text.trim().replaceAll(/\}\s*\{/g, '},{');
    if (list === text.trim()) throw error;
    return JSON.parse(`[${list}]`);
  }
}
