import { expect } from 'vitest';
import { type Problem, ProblemError } from '../../../src/model/problem.ts';

/** What is wrong with what is read; none where nothing is. Each is the input's, and says what to do about it. */
export function inputProblems(read: () => unknown): readonly Problem[] {
  try {
    read();
    return [];
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    for (const { kind, remedy } of error.problems) {
      expect(kind).toBe('input');
      expect(remedy, error.message).toMatch(/\w/);
    }
    return error.problems;
  }
}
