import type { CodeOf, ProblemCode } from './problem-codes.ts';
import { describeWhere, type Where } from './where.ts';

/** Who can fix a problem; decides the exit code (0 and 1 belong to verdicts, which are not problems). */
export type ProblemKind =
  /** Arguments or a spec are wrong: exit code 2. */
  | 'input'
  /** The machine or the controller cannot do it: exit code 3. */
  | 'environment';

/** An error as data: what is wrong, where, and what to do about it. */
export interface Problem {
  readonly kind: ProblemKind;
  /** Stable name for programs, e.g. `duplicate-name`. */
  readonly code: ProblemCode;
  readonly where?: Where;
  /** The text at `where` that is wrong, verbatim. */
  readonly offending?: string;
  /** One sentence, no full stop. */
  readonly cause: string;
  /** What the reader can do, in the imperative. */
  readonly remedy?: string;
}

/** Turns a problem into the text a person reads: one line for what and where, one for the remedy. */
export function describeProblem(problem: Problem): string {
  const where = problem.where === undefined ? '' : `${describeWhere(problem.where)}: `;
  const offending = problem.offending === undefined ? '' : `: ${quoted(problem.offending)}`;
  const remedy = problem.remedy === undefined ? '' : `\n    ${problem.remedy}`;
  return `${where}${problem.cause}${offending}${remedy}`;
}

/** In quotes, unless it brings its own, and with nothing in it that could move a terminal's cursor. */
function quoted(text: string): string {
  const printable = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  return /^["']/.test(text) ? printable : `"${printable}"`;
}

/** Thrown when the work cannot go on; carries every problem found, never just the first. */
export class ProblemError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: Problem | readonly Problem[], options?: { cause?: unknown }) {
    const list: readonly Problem[] = 'code' in problems ? [problems] : problems;
    super(list.map(describeProblem).join('\n'), options);
    this.name = 'ProblemError';
    this.problems = list;
  }
}

/** What went wrong, as problems; a defect of labctl itself becomes one too. */
export function problemsOf(error: unknown): readonly Problem[] {
  if (error instanceof ProblemError) return error.problems;
  const message = error instanceof Error ? error.message : String(error);
  return [{ kind: 'environment', code: 'unforeseen', cause: message }];
}

/** A problem without its kind; a text for `where` is the name of a plain thing. */
type NewProblem<C extends ProblemCode> = Omit<Problem, 'kind' | 'code' | 'where'> & {
  readonly code: C;
  readonly where?: Where | string;
};

/** A problem of the user's input (exit code 2). */
export function inputProblem(problem: NewProblem<CodeOf<'input'>>): Problem {
  return { kind: 'input', ...located(problem) };
}

/** A problem of the machine or the controller (exit code 3). */
export function environmentProblem(problem: NewProblem<CodeOf<'environment'>>): Problem {
  return { kind: 'environment', ...located(problem) };
}

function located(problem: NewProblem<ProblemCode>): Omit<Problem, 'kind'> {
  const { where, ...placeless } = problem;
  if (where === undefined) return placeless;
  return { ...problem, where: typeof where === 'string' ? { kind: 'thing', name: where } : where };
}
