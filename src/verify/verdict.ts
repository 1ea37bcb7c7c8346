import type { ReachabilityMatrix } from '../model/matrix.ts';

/** One cell in which the network does not do what was asked. */
export interface Difference {
  readonly source: string;
  readonly target: string;
  /** Whether the pair ought to reach; the network did the opposite. */
  readonly expected: boolean;
}

/** One cell of which it is unknown what the network does. */
export interface UnknownPair {
  readonly source: string;
  readonly target: string;
  /** Whether the pair ought to reach; null where the expectation leaves it open. */
  readonly expected: boolean | null;
}

/** A matrix compared with an expected one, cell by cell. */
export interface Verdict {
  /** Whether every cell is known to be as expected, or is left open by the expectation. */
  readonly asExpected: boolean;
  /** Row by row, in the order of the hosts. */
  readonly differences: readonly Difference[];
  /** Likewise. */
  readonly unknown: readonly UnknownPair[];
}

/** Compares two matrices of the same hosts. */
export function judge(expected: ReachabilityMatrix, observed: ReachabilityMatrix): Verdict {
  const differences: Difference[] = [];
  const unknown: UnknownPair[] = [];
  for (const source of observed.hosts) {
    for (const target of observed.hosts) {
      if (source === target) continue;
      const [wanted, found] = [expected.at(source, target), observed.at(source, target)];
      if (found === null) unknown.push({ source, target, expected: wanted });
      else if (wanted !== null && wanted !== found) differences.push({ source, target, expected: wanted });
    }
  }
  const isOpen = unknown.some((pair) => pair.expected !== null);
  return { asExpected: differences.length === 0 && !isOpen, differences, unknown };
}
