import {
  type Document,
  isAlias,
  isCollection,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
} from 'yaml';
import type { z } from 'zod';
import { inputProblem, type Problem, ProblemError } from '../model/problem.ts';
import type { CodeOf } from '../model/problem-codes.ts';
import type { FilePlace } from '../model/where.ts';
import { readTold } from './told.ts';

/** The largest spec that is read, in bytes. */
export const LARGEST_SPEC = 1024 * 1024;

/** @param size in bytes */
export function tooLarge(size: number, what = SPEC.what): Finding {
  return {
    code: 'spec-too-large',
    cause: `${what} has ${(size / 1024 / 1024).toFixed(1)} MiB; labctl reads at most 1 MiB`,
    remedy: 'describe one lab in a file',
  };
}

/** The place of a problem with all of a file. */
export function startOf(file: string): FilePlace {
  return { kind: 'file', file, line: 1, column: 1 };
}

/** The most problems that are shown of a spec. */
const MOST_PROBLEMS = 100;

/** The parser's words, where they speak to programmers. */
function plain(message: string): string {
  if (message.startsWith('Source contains multiple documents')) return 'one file holds one document';
  return message.startsWith('With stringKeys') ? 'a key is a word, not a list or a mapping' : message;
}

/** A problem before its place is known; whoever finds one says what to do about it. */
export interface Finding {
  readonly code: CodeOf<'input'>;
  readonly cause: string;
  readonly remedy: string;
}

/** Where a value stands in a document, as zod and yaml give it. */
export type Path = readonly PropertyKey[];

/** What documents of a kind may hold, and how problems speak of them. */
export interface DocumentKind {
  readonly what: string;
  /** What to do about one that is nested too deeply. */
  readonly depthRemedy: string;
  /** Whether `<<: *name` takes what a mapping has elsewhere. */
  readonly merge?: boolean;
}

const SPEC: DocumentKind = {
  what: 'the spec',
  depthRemedy: 'a spec needs four levels; topologies/s10h10.yaml is an example',
};

/**
 * A YAML text and the value in it, with places: problems have the place of what is wrong, and show its
 * text. Collects problems until `throwIfAny`.
 */
export class LocatedDocument {
  readonly value: unknown;
  readonly #problems: { readonly offset: number; readonly problem: Problem }[] = [];
  readonly #file: string;
  readonly #text: string;
  readonly #lines = new LineCounter();
  readonly #root: Node | null;
  readonly #document: Document.Parsed | undefined;
  #unshown = 0;
  readonly #origins = new Map<string, Path>();

  /** @throws ProblemError when the text is not one YAML document, too large, or expands without bounds */
  constructor(file: string, text: string, kind: DocumentKind = SPEC) {
    this.#file = file;
    this.#text = text;
    // The parser would count the lines, but it misses some where the text is broken.
    for (const start of [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)]) this.#lines.addNewLine(start);
    const size = Buffer.byteLength(text);
    if (size > LARGEST_SPEC) throw this.#unreadable(tooLarge(size, kind.what));
    try {
      const document = parseDocument(text, {
        prettyErrors: false,
        uniqueKeys: false,
        stringKeys: true,
        merge: kind.merge ?? false,
      });
      this.#document = document;
      this.#root = document.contents;
      if (document.errors.some((error) => error.message.includes('call stack')))
        throw new RangeError('nested too deeply');
      // One slip often upsets the reading of all that follows: the first few errors are the useful ones.
      for (const error of document.errors.slice(0, 5)) {
        this.#note(error.pos[0], {
          code: 'yaml',
          cause: `not valid YAML: ${plain(error.message)}`,
          remedy: 'fix this place; what follows it may be right',
        });
      }
      if (this.#problems.length === 0) this.#noteKeysTwice();
      if (this.#problems.length === 0) this.value = document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      if (error instanceof ReferenceError) {
        const alias = this.#firstAlias(parseDocument(text).contents);
        throw this.#unreadable({
          code: 'yaml-aliases',
          where: this.#position(alias),
          cause: 'aliases (*name) that expand to more than can be read',
          remedy: 'write the values out',
        });
      }
      if (error instanceof RangeError) {
        throw this.#unreadable({
          code: 'yaml-depth',
          cause: 'nested too deeply to be read',
          remedy: kind.depthRemedy,
        });
      }
      throw error;
    }
  }

  /**
   * From now on, problems at item `index` of a list are noted where the item comes from: at what `origin` holds of it, or
   * at `origin` itself.
   */
  comesFrom(list: string, index: number, origin: Path): void {
    this.#origins.set(`${list}/${index}`, origin);
  }

  /** Notes a problem at a value, or at a key when `key` is given. */
  add(path: Path, problem: Finding, key?: string): void {
    if (this.#isFull()) return;
    const node = key === undefined ? this.#nodeAt(path) : this.#keyAt(path, key);
    const offending = node === undefined ? undefined : this.#source(node);
    this.#note(node?.range?.[0] ?? 0, { ...problem, ...(offending === undefined ? {} : { offending }) });
  }

  /** Notes that a mapping lacks a key. */
  addMissing(path: Path, key: string): void {
    if (this.#isFull()) return;
    this.#note(this.#nodeAt(path)?.range?.[0] ?? 0, {
      code: 'missing-key',
      cause: `the key ${key} is missing`,
      remedy: `add it: "${key}: ..."; topologies/s10h10.yaml is an example`,
    });
  }

  /** The place of a value, or of a key when `key` is given. */
  whereIs(path: Path, key?: string): FilePlace {
    const node = key === undefined ? this.#nodeAt(path) : this.#keyAt(path, key);
    return this.#position(node?.range?.[0] ?? 0);
  }

  /** Notes a problem at a line of a block scalar; `line` counts from 1. */
  addInBlock(path: Path, line: number, offending: string, problem: Finding): void {
    if (this.#isFull()) return;
    const node = this.#nodeAt(path);
    const isBlock = isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED');
    const { line: first } = this.#lines.linePos(node?.range?.[0] ?? 0);
    const start = this.#lines.lineStarts[first - 1 + line] ?? 0;
    const indent = isBlock ? this.#text.slice(start).search(/[^ ]/) : 0;
    const offset = isBlock ? start + Math.max(indent, 0) : (node?.range?.[0] ?? 0);
    this.#note(offset, { ...problem, ...(offending === '' ? {} : { offending }) });
  }

  /** Checks the value against a schema; its issues become located problems. Undefined when there are any. */
  check<T>(schema: z.ZodType<T>): T | undefined {
    const result = schema.safeParse(this.value);
    if (result.success) return result.data;
    for (const issue of result.error.issues) this.#addIssue(issue, []);
    return undefined;
  }

  /** @throws ProblemError with every problem noted so far, a hundred at most, from the top of the file down, if there are any */
  throwIfAny(): void {
    if (this.#problems.length === 0) return;
    const inOrder = this.#problems.toSorted((a, b) => a.offset - b.offset);
    if (this.#unshown > 0) {
      const where = this.#position(inOrder.at(-1)?.offset ?? 0);
      const cause = `there are ${this.#unshown} more problems in this spec`;
      const problem = inputProblem({ code: 'more-problems', where, cause, remedy: 'fix these first' });
      inOrder.push({ offset: Number.POSITIVE_INFINITY, problem });
    }
    throw new ProblemError(inOrder.map(({ problem }) => problem));
  }

  /** The parser could find them, in time that grows with the square of the keys. */
  #noteKeysTwice(): void {
    visit(this.#root, {
      Map: (_, map) => {
        const seen = new Set<unknown>();
        for (const { key } of map.items) {
          if (!isScalar(key)) continue;
          if (seen.has(key.value) && !this.#isFull()) {
            this.#note(key.range?.[0] ?? 0, {
              code: 'yaml',
              cause: `not valid YAML: the key ${String(key.value)} is there twice`,
              remedy: 'keep one of them, with what both hold',
            });
          }
          seen.add(key.value);
        }
      },
    });
  }

  /** Whether there are so many problems already that another one is only counted. */
  #isFull(): boolean {
    if (this.#problems.length < MOST_PROBLEMS) return false;
    this.#unshown += 1;
    return true;
  }

  #note(offset: number, problem: Finding & Pick<Problem, 'offending'>): void {
    this.#problems.push({ offset, problem: inputProblem({ ...problem, where: this.#position(offset) }) });
  }

  #addIssue(issue: z.core.$ZodIssue, prefix: Path): void {
    const path = [...prefix, ...issue.path];
    if (issue.code === 'unrecognized_keys') {
      for (const key of issue.keys) {
        this.add(
          path,
          { code: 'unknown-key', cause: 'there is no such key', remedy: 'correct its spelling, or remove it' },
          key,
        );
      }
      return;
    }
    if (issue.code === 'invalid_union') {
      // The branch that fits best is the one whose complaints are not about the value's very type.
      const branch = issue.errors.find((issues) =>
        issues.some((inner) => inner.path.length > 0 || inner.code !== 'invalid_type'),
      );
      const shown = branch ?? issue.errors[0] ?? [];
      for (const inner of shown) this.#addIssue(inner, path);
      if (shown.length > 0) return;
    }
    const missing = path.length > 0 && this.#nodeAt(path) === undefined;
    if (missing) {
      this.addMissing(path.slice(0, -1), String(path.at(-1) ?? ''));
      return;
    }
    const { cause, remedy = 'topologies/s10h10.yaml is an example' } = readTold(issue.message);
    this.add(path, { code: 'wrong-value', cause, remedy });
  }

  #nodeAt(path: Path): Node | undefined {
    const [list, index, ...rest] = path;
    const origin = this.#origins.get(`${String(list)}/${String(index)}`);
    if (origin === undefined) return this.#walk(this.#root, path);
    const whole = this.#walk(this.#root, origin);
    return this.#walk(whole, rest) ?? whole;
  }

  #walk(root: Node | null | undefined, path: Path): Node | undefined {
    let node: unknown = root;
    for (const step of path) {
      if (isAlias(node) && this.#document !== undefined) node = node.resolve(this.#document);
      if (!isCollection(node)) return undefined;
      node = node.get(step, true);
    }
    return isScalar(node) || isCollection(node) || isAlias(node) ? node : undefined;
  }

  #keyAt(path: Path, key: string): Node | undefined {
    const node = this.#nodeAt(path);
    const pair = isMap(node)
      ? node.items.find((item) => isScalar(item.key) && String(item.key.value) === key)
      : undefined;
    return isScalar(pair?.key) ? pair.key : undefined;
  }

  /** The text of a node, one line of it and not too long. */
  #source(node: Node): string | undefined {
    if (node.range === null || node.range === undefined) return undefined;
    const text = this.#text.slice(node.range[0], node.range[1]).trim();
    const [line = ''] = text.split('\n');
    return line.length > 60 ? `${line.slice(0, 60)}...` : line;
  }

  #firstAlias(root: Node | null): number {
    let offset = 0;
    if (root !== null) {
      visit(root, {
        Alias(_key, alias) {
          offset = alias.range?.[0] ?? 0;
          return visit.BREAK;
        },
      });
    }
    return offset;
  }

  #position(offset: number): FilePlace {
    const { line, col } = this.#lines.linePos(offset);
    return { kind: 'file', file: this.#file, line: Math.max(line, 1), column: Math.max(col, 1) };
  }

  #unreadable(problem: Finding & { readonly where?: FilePlace }): ProblemError {
    return new ProblemError(inputProblem({ where: startOf(this.#file), ...problem }));
  }
}
