import { type ObservationDocument, observedMatrix } from '../lab/documents.ts';
import { pingallResults, pingallRows } from '../model/matrix.ts';
import { coloured } from './terminal.ts';

/** The observed matrix in Mininet's form, then whether it is as expected and, if not, every pair that is not. */
export function observationLines(document: ObservationDocument): readonly string[] {
  const matrix = observedMatrix(document);
  const wrong = new Set(document.differences.map(({ source, target }) => `${source} ${target}`));
  // Only cells that are wrong are coloured, so that the eye finds them.
  const rows = pingallRows(matrix).map((row) => {
    const [source = '', arrow = '', ...cells] = row.split(' ');
    const targets = matrix.hosts.filter((host) => host !== source);
    const shown = cells.map((cell, column) =>
      wrong.has(`${source} ${targets[column]}`) ? coloured('red', cell) : cell,
    );
    return [source, arrow, ...shown].join(' ');
  });
  return ['*** Ping: testing ping reachability', ...rows, pingallResults(matrix), ...verdictLines(document)];
}

function verdictLines({ expectation, differences, pairs }: ObservationDocument): readonly string[] {
  const asked = expectation === null ? 'what the spec and its connections ask for' : `the expectation "${expectation}"`;
  if (differences.length === 0) return [coloured('green', `*** Verdict: as expected, this is ${asked}`)];
  const count = `${differences.length} of ${pairs} pairs ${differences.length === 1 ? 'differs' : 'differ'} from ${asked}`;
  return [
    coloured('red', `*** Verdict: not as expected, ${count}`),
    ...differences.map(
      ({ source, target, expected }) =>
        `${source} -> ${target}: expected ${expected ? target : 'X'}, observed ${expected ? 'X' : target}`,
    ),
  ];
}
