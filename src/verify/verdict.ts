import type { ReachabilityMatrix } from '../model/matrix.ts';

/** One cell in which the network does not do what was asked. */
export interface Difference {
  readonly source: string;
  readonly target: string;
  /** Whether the pair ought to reach; the network did the opposite. */
  readonly expected: boolean;
}

/** An observed matrix compared with an expected one, cell by cell. */
export interface Verdict {
  readonly asExpected: boolean;
  /** Row by row, in the order of the hosts. */
  readonly differences: readonly Difference[];
}

/** Compares two matrices of the same hosts. */
export function judge(expected: ReachabilityMatrix, observed: ReachabilityMatrix): Verdict {
  const differences = observed.hosts.flatMap((source) =>
    observed.hosts
      .filter((target) => target !== source && expected.reaches(source, target) !== observed.reaches(source, target))
      .map((target) => ({ source, target, expected: expected.reaches(source, target) })),
  );
  return { asExpected: differences.length === 0, differences };
}
