import { inputProblem, ProblemError } from '../../model/problem.ts';
import type { FilePlace } from '../../model/where.ts';
import type { Finding } from '../located-document.ts';

/** The largest file that is imported, in bytes. */
export const LARGEST_IMPORT = 8 * 1024 * 1024;

/** How a file format says in which encoding a file is. */
export type Encoding =
  /** Always UTF-8, unless a byte order mark says otherwise. */
  | 'utf-8'
  /** As the XML declaration has it, else UTF-8. */
  | 'xml'
  /** UTF-8, or where it is not, ISO 8859-1, as old tools write it. */
  | 'latin';

/** The text of a file to import; problems with it have a place in it. */
export class Source {
  readonly file: string;
  readonly text: string;
  #lineStarts: readonly number[] | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  /** @throws ProblemError when the bytes are too many, or no text in that encoding */
  static decode(file: string, bytes: Uint8Array, encoding: Encoding): Source {
    const nowhere = new Source(file, '');
    if (bytes.length > LARGEST_IMPORT) {
      throw nowhere.problemAt(0, {
        code: 'import-too-large',
        cause: `the file has ${(bytes.length / 1024 / 1024).toFixed(1)} MiB; labctl reads at most ${LARGEST_IMPORT / 1024 / 1024} MiB`,
        remedy: 'import a smaller network',
      });
    }
    const name = byteOrderMark(bytes) ?? (encoding === 'xml' ? declaredEncoding(bytes) : 'utf-8');
    const text = decoded(bytes, name) ?? (encoding === 'latin' ? decoded(bytes, 'iso-8859-1') : undefined);
    if (text === undefined || text.includes('\0')) {
      throw nowhere.problemAt(0, {
        code: 'not-text',
        cause: text === undefined ? `the file is not text in the encoding ${name}` : 'the file is binary, not text',
        remedy: 'give a text file, best in UTF-8',
      });
    }
    return new Source(file, text);
  }

  /** @param offset in characters from the start; line and column count from 1 */
  where(offset: number): FilePlace {
    this.#lineStarts ??= lineStartsOf(this.text);
    let low = 0;
    let high = this.#lineStarts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    const column = offset - (this.#lineStarts[low] ?? 0) + 1;
    return { kind: 'file', file: this.file, line: low + 1, column };
  }

  problemAt(offset: number, problem: Finding): ProblemError {
    return new ProblemError(inputProblem({ where: this.where(offset), ...problem }));
  }
}

function lineStartsOf(text: string): readonly number[] {
  const starts = [0];
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) starts.push(end + 1);
  return starts;
}

function byteOrderMark(bytes: Uint8Array): string | undefined {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 'utf-8' : undefined;
}

function declaredEncoding(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, 200)).toString('latin1');
  return /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)["']/.exec(start)?.[1] ?? 'utf-8';
}

/** Undefined when the bytes are not in that encoding, or there is no such encoding. */
function decoded(bytes: Uint8Array, encoding: string): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
