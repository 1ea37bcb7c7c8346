import { expect } from 'vitest';
import { type Problem, ProblemError } from '../../../src/model/problem.ts';
import { describeWhere, type Printed } from '../../../src/model/where.ts';

/** The place of a problem as people read it. */
export function whereOf({ where }: Problem): string {
  return where === undefined ? '' : describeWhere(where);
}

/**
 * What is wrong with what is read, with places as texts; none where nothing is. Each is the input's, and says what to do
 * about it.
 */
export function inputProblems(read: () => unknown): readonly Printed<Problem>[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    for (const { kind, remedy } of error.problems) {
      expect(kind).toBe('input');
      expect(remedy, error.message).toMatch(/\w/);
    }
    return error.problems.map((problem) => ({ ...problem, where: whereOf(problem) }));
  }
}
