import type { CommandOutput } from '../../lab/commands/types.ts';
import type { ExplainedDifference } from '../../lab/documents/comparison.ts';
import { observedMatrix, predictedMatrix } from '../../lab/documents/matrices.ts';
import { matrixRows, pingallResults, pingallRow, type ReachabilityMatrix } from '../../model/matrix.ts';
import type { Difference } from '../../verify/verdict.ts';
import { coloured } from './terminal.ts';

/** The observed matrix in Mininet's form, then whether it is as expected and, if not, every pair that is not. */
export function observationLines(document: CommandOutput<'pingall'>): readonly string[] {
  const matrix = observedMatrix(document);
  const { differences, expectation, predicted, pairs } = document;
  return [
    '*** Ping: testing ping reachability',
    ...matrixLines(matrix, differences, () => 'X'),
    ...verdictLines(expectation, differences, pairs, ({ target, expected }) => `observed ${expected ? 'X' : target}`),
    ...(predicted === null
      ? ['*** No prediction: labctl cannot read some entries of the switches; `labctl predict` shows which']
      : surpriseLines(predicted.surprises)),
  ];
}

/** The predicted matrix in the same form, `?` where the switches choose, then whether it is as expected. */
export function predictionLines(document: CommandOutput<'predict'>): readonly string[] {
  const { predicted, differences, expectation, pairs } = document;
  const isUndecided = (source: string, target: string) => predicted[source]?.[target] === null;
  const undecided = document.hosts.reduce(
    (sum, source) => sum + Object.values(predicted[source] ?? {}).filter((cell) => cell === null).length,
    0,
  );
  return [
    ...matrixLines(predictedMatrix(document), differences, (source, target) =>
      isUndecided(source, target) ? '?' : 'X',
    ),
    ...(undecided === 0
      ? []
      : [`*** ${undecided} pairs (?) are left to the switches: a select group, or overlapping entries`]),
    ...verdictLines(expectation, differences, pairs, ({ source, target, expected }) => {
      const opposite = isUndecided(source, target) ? '?' : 'X';
      return `predicted ${expected ? opposite : target}`;
    }),
  ];
}

/** Only cells that are wrong are coloured, so that the eye finds them. */
function matrixLines(
  matrix: ReachabilityMatrix,
  differences: readonly Difference[],
  missing: (source: string, target: string) => string,
): readonly string[] {
  const wrong = new Set(differences.map(({ source, target }) => `${source} ${target}`));
  const rows = matrixRows(matrix).map(({ source, cells }) => {
    const shown = cells.map(({ target, reaches }) => {
      const text = reaches ? target : missing(source, target);
      return wrong.has(`${source} ${target}`) ? coloured('red', text) : text;
    });
    return pingallRow(source, shown);
  });
  return [...rows, pingallResults(matrix)];
}

function verdictLines(
  expectation: string | null,
  differences: readonly ExplainedDifference[],
  pairs: number,
  instead: (difference: Difference) => string,
): readonly string[] {
  const asked = expectation === null ? 'what the spec and its connections ask for' : `the expectation "${expectation}"`;
  if (differences.length === 0) return [coloured('green', `*** Verdict: as expected, this is ${asked}`)];
  const count = `${differences.length} of ${pairs} pairs ${differences.length === 1 ? 'differs' : 'differ'} from ${asked}`;
  return [
    coloured('red', `*** Verdict: not as expected, ${count}`),
    ...differences.map((difference) => {
      const { source, target, expected, why } = difference;
      const cells = `expected ${expected ? target : 'X'}, ${instead(difference)}`;
      return `${source} -> ${target}: ${cells}${why === undefined ? '' : `: ${why}`}`;
    }),
  ];
}

/** A network that does not do what its entries say. */
function surpriseLines(surprises: readonly Difference[]): readonly string[] {
  if (surprises.length === 0) return [];
  const pairs = surprises.length === 1 ? '1 pair' : `${surprises.length} pairs`;
  return [
    coloured(
      'red',
      `*** Finding: the network does not do what the entries of its switches say, for ${pairs}: look at hosts and links`,
    ),
    ...surprises.map(
      ({ source, target, expected }) =>
        `${source} -> ${target}: predicted ${expected ? target : 'X'}, observed ${expected ? 'X' : target}`,
    ),
  ];
}
