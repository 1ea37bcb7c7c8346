import type { CommandOutput } from '../../lab/commands/types.ts';
import type { ExplainedDifference, ExplainedUnknown } from '../../lab/documents/comparison.ts';
import { observedMatrix, predictedMatrix } from '../../lab/documents/matrices.ts';
import { describeFaults } from '../../model/fault.ts';
import { cellText, matrixRows, pingallResults, pingallRow, type ReachabilityMatrix } from '../../model/matrix.ts';
import type { Difference } from '../../verify/verdict.ts';
import { coloured, counted } from './terminal.ts';

interface Shown {
  /** Whether each pair has a line, where several have one cause. */
  readonly all?: boolean;
}

/** The observed matrix in Mininet's form, then whether it is as expected and, if not, why. */
export function observationLines(document: CommandOutput<'pingall'>, shown: Shown = {}): readonly string[] {
  const { predicted } = document;
  return [
    '*** Ping: testing ping reachability',
    ...matrixLines(observedMatrix(document), document.differences),
    ...verdictLines(document, 'observed', shown),
    ...(predicted === null
      ? ['*** No prediction: labctl cannot read some entries of the switches; `labctl predict` shows which']
      : surpriseLines(predicted.surprises)),
  ];
}

/** The predicted matrix in the same form, then whether it is as expected. */
export function predictionLines(document: CommandOutput<'predict'>, shown: Shown = {}): readonly string[] {
  return [
    ...matrixLines(predictedMatrix(document), document.differences),
    ...verdictLines(document, 'predicted', shown),
  ];
}

/** Only cells that are wrong are coloured, so that the eye finds them. */
function matrixLines(matrix: ReachabilityMatrix, differences: readonly Difference[]): readonly string[] {
  const wrong = new Set(differences.map(({ source, target }) => `${source} ${target}`));
  const rows = matrixRows(matrix).map(({ source, cells }) => {
    const shown = cells.map(({ target, reaches }) => {
      const text = cellText(target, reaches);
      return wrong.has(`${source} ${target}`) ? coloured('red', text) : text;
    });
    return pingallRow(source, shown);
  });
  return [...rows, pingallResults(matrix)];
}

type Judged = Pick<
  CommandOutput<'predict'>,
  'expectation' | 'differences' | 'unknown' | 'pairs' | 'asExpected' | 'faults' | 'cutOff'
>;

function verdictLines(
  { expectation, differences, unknown, pairs, asExpected, faults, cutOff }: Judged,
  found: 'observed' | 'predicted',
  shown: Shown,
): readonly string[] {
  const asked = expectation === null ? 'what the spec and its connections ask for' : `the expectation "${expectation}"`;
  const of = (few: readonly unknown[]) => `${few.length} of ${counted(pairs, 'pair')}`;
  const open = unknown.filter((pair) => pair.expected !== null);
  const down = faults.length === 0 ? '' : ` with ${describeFaults(faults)}`;
  const verdict = asExpected
    ? [coloured('green', `*** Verdict: as expected${down}, this is ${asked}`)]
    : differences.length === 0
      ? [coloured('yellow', `*** Verdict: unknown${down}, ${asked} rests on ${of(open)} of which nothing is known`)]
      : [
          coloured(
            'red',
            `*** Verdict: not as expected${down}, ${of(differences)} ${differences.length === 1 ? 'differs' : 'differ'} from ${asked}`,
          ),
        ];
  const each = { observed: 'labctl pingall --all', predicted: 'labctl predict --all' }[found];
  return [
    ...verdict,
    ...(cutOff.length === 0
      ? []
      : [`Cut off by what is down: ${counted(cutOff.length, 'pair')}: ${namedPairs(cutOff)}`]),
    ...reasonLines(differences, shown, each, ({ target, expected }) => {
      return `expected ${cellText(target, expected)}, ${found} ${cellText(target, !expected)}`;
    }),
    ...(unknown.length === 0 ? [] : [`*** Unknown: ${of(unknown)} (?)`]),
    ...reasonLines(unknown, shown, each, ({ target, expected }) => {
      return `${expected === null ? '' : `expected ${cellText(target, expected)}, `}${found} ?`;
    }),
  ];
}

/** Of so many pairs each has a line of its own, whatever they have in common. */
const FEW_PAIRS = 3;
/** Pairs of one cause that are named. */
const MOST_NAMED = 8;

/** A line for each pair, or, where that is shorter, for each cause. */
function reasonLines<P extends ExplainedDifference | ExplainedUnknown>(
  pairs: readonly P[],
  { all = false }: Shown,
  each: string,
  cells: (pair: P) => string,
): readonly string[] {
  const line = (pair: P) => {
    const { source, target, why } = pair;
    return `${source} -> ${target}: ${cells(pair)}${why === undefined ? '' : `: ${why}`}`;
  };
  const groups = new Map<string, P[]>();
  for (const [index, pair] of pairs.entries()) {
    // What reaches and should not is another matter than what should and does not.
    const key = pair.cause === undefined ? `${index}` : `${pair.cause} ${pair.expected}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [pair]);
    else group.push(pair);
  }
  if (all || pairs.length <= FEW_PAIRS || groups.size === pairs.length) return pairs.map(line);
  return [
    ...[...groups.values()].map((group) => {
      const [first] = group;
      if (first === undefined || group.length === 1) return group.map(line).join('');
      const names = namedPairs(group.map(({ source, target }) => [source, target]));
      return `${first.cause} ${counted(group.length, 'pair')}: ${names}`;
    }),
    `Each pair with its reason: ${each}`,
  ];
}

/** `h1-h6 h1-h7 ..` */
function namedPairs(pairs: readonly (readonly [string, string])[]): string {
  const names = pairs.slice(0, MOST_NAMED).map((pair) => pair.join('-'));
  return [...names, ...(pairs.length > MOST_NAMED ? ['..'] : [])].join(' ');
}

/** A network that does not do what its entries say. */
function surpriseLines(surprises: readonly Difference[]): readonly string[] {
  if (surprises.length === 0) return [];
  return [
    coloured(
      'red',
      `*** Finding: the network does not do what the entries of its switches say, for ${counted(surprises.length, 'pair')}: look at hosts and links`,
    ),
    ...surprises.map(
      ({ source, target, expected }) =>
        `${source} -> ${target}: predicted ${cellText(target, expected)}, observed ${cellText(target, !expected)}`,
    ),
  ];
}
