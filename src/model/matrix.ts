import { hostOfPoint } from './points.ts';

/** Whether a pair reaches; null where that is unknown. */
export type Reach = boolean | null;

/**
 * A reachability matrix: for each ordered pair of hosts, or addresses of hosts (see `Point`), whether an echo request from
 * the row's host is answered by the column's host, or that this is unknown. Rows are sources. The diagonal is not part of it.
 */
export class ReachabilityMatrix {
  readonly hosts: readonly string[];
  readonly #index: ReadonlyMap<string, number>;
  readonly #cells: readonly (readonly Reach[])[];

  /** @param reaches asked once for every ordered pair of different hosts */
  constructor(hosts: readonly string[], reaches: (source: string, target: string) => Reach) {
    this.hosts = hosts;
    this.#index = new Map(hosts.map((name, index) => [name, index]));
    this.#cells = hosts.map((source) => hosts.map((target) => (source === target ? false : reaches(source, target))));
  }

  /**
   * Members of one group reach each other; hosts that no group names are alone. A host may stand in several groups, and
   * reaches its own addresses.
   */
  static ofGroups(hosts: readonly string[], groups: readonly (readonly string[])[]): ReachabilityMatrix {
    const sets = groups.map((group) => new Set(group));
    return new ReachabilityMatrix(
      hosts,
      (source, target) =>
        hostOfPoint(source) === hostOfPoint(target) || sets.some((set) => set.has(source) && set.has(target)),
    );
  }

  /** Whether a pair is known to reach. */
  reaches(source: string, target: string): boolean {
    return this.at(source, target) === true;
  }

  /** Unknown for names that are not in it. */
  at(source: string, target: string): Reach {
    return this.#cells[this.#index.get(source) ?? -1]?.[this.#index.get(target) ?? -1] ?? null;
  }

  /** The part of it for some of its names. */
  among(names: readonly string[]): ReachabilityMatrix {
    return new ReachabilityMatrix(names, (source, target) => this.at(source, target));
  }

  /** Ordered pairs of different hosts: n(n-1). */
  get pairs(): number {
    return this.hosts.length * (this.hosts.length - 1);
  }

  /** How many of the pairs are known to reach. */
  get received(): number {
    return this.#count(true);
  }

  /** Of how many of the pairs it is unknown whether they reach. */
  get unknown(): number {
    return this.#count(null);
  }

  #count(value: Reach): number {
    return this.#cells.reduce((sum, row) => sum + row.filter((cell) => cell === value).length, 0);
  }
}

/**
 * The matrix in the words of Mininet's pingall, without a newline at the end:
 * one line per source (`h1 -> h2 X h4`, with `?` for what is unknown), then `*** Results: 51% dropped (44/90 received)`.
 */
export function formatPingall(matrix: ReachabilityMatrix): string {
  const rows = matrixRows(matrix).map(({ source, cells }) =>
    pingallRow(
      source,
      cells.map(({ target, reaches }) => cellText(target, reaches)),
    ),
  );
  return [...rows, pingallResults(matrix)].join('\n');
}

/** A source, and a cell for every other host. */
interface MatrixRow {
  readonly source: string;
  readonly cells: readonly { readonly target: string; readonly reaches: Reach }[];
}

/** The rows of a matrix, in the order of its hosts. */
export function matrixRows(matrix: ReachabilityMatrix): readonly MatrixRow[] {
  return matrix.hosts.map((source) => ({
    source,
    cells: matrix.hosts
      .filter((target) => target !== source)
      .map((target) => ({ target, reaches: matrix.at(source, target) })),
  }));
}

/** A cell as pingall prints it: the target, or `X`, or `?` where it is unknown whether it reaches. */
export function cellText(target: string, reaches: Reach): string {
  if (reaches === null) return '?';
  return reaches ? target : 'X';
}

/** A row as Mininet's pingall prints it, with a text for each cell. */
export function pingallRow(source: string, cells: readonly string[]): string {
  return [source, '->', ...cells].join(' ');
}

/** The last line of `formatPingall`: between what and what is dropped. Mininet truncates percentages, and so do we. */
export function pingallResults(matrix: ReachabilityMatrix): string {
  const { pairs, received, unknown } = matrix;
  if (pairs === 0) return '*** Results: nothing to ping (0/0 received)';
  const percent = (dropped: number) => `${Math.trunc((100 * dropped) / pairs)}%`;
  const most = percent(pairs - received);
  if (unknown === 0) return `*** Results: ${most} dropped (${received}/${pairs} received)`;
  const least = percent(pairs - received - unknown);
  const dropped = least === most ? most : `${least} to ${most}`;
  return `*** Results: ${dropped} dropped (${received}/${pairs} received, ${unknown} unknown)`;
}

/** A line of pasted pingall output that cannot be read. */
export interface PingallProblem {
  /** 1 for the first line of the text. */
  readonly line: number;
  readonly text: string;
  readonly cause: string;
}

/**
 * Reads pasted pingall output. The rows may stand in any order, but every host must have one, with a cell for every
 * other host in the order of `hosts`; `***` lines and blank lines are skipped.
 */
export function parsePingall(
  hosts: readonly string[],
  text: string,
): { readonly matrix: ReachabilityMatrix } | { readonly problems: readonly PingallProblem[] } {
  const problems: PingallProblem[] = [];
  const rows = new Map<string, readonly string[]>();
  const lines = text.split('\n');
  for (const [index, raw] of lines.entries()) {
    const content = raw.trim();
    if (content === '' || content.startsWith('***')) continue;
    const problem = (cause: string) => problems.push({ line: index + 1, text: content, cause });
    const [source, arrow, ...cells] = content.split(/\s+/);
    if (source === undefined || arrow !== '->') {
      problem('not a line of pingall output, which reads like "h1 -> h2 X h4"');
      continue;
    }
    if (!hosts.includes(source)) {
      problem(`there is no host ${source}`);
      continue;
    }
    if (rows.has(source)) {
      problem(`host ${source} has a line already`);
      continue;
    }
    const targets = hosts.filter((host) => host !== source);
    const wrong = cells.findIndex((cell, column) => cell !== 'X' && cell !== '?' && cell !== targets[column]);
    if (cells.length !== targets.length)
      problem(`${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}, but there are ${targets.length} other hosts`);
    else if (wrong >= 0) problem(`cell ${wrong + 1} is ${cells[wrong]}, but should be ${targets[wrong]}, X or ?`);
    rows.set(source, cells);
  }
  const missing = hosts.filter((host) => !rows.has(host));
  if (missing.length > 0 && problems.length === 0) {
    problems.push({ line: lines.length, text: '', cause: `no line for ${missing.join(', ')}` });
  }
  if (problems.length > 0) return { problems };
  const position = new Map(hosts.map((host, index) => [host, index]));
  const reach = (source: string, target: string): Reach => {
    const [row = 0, column = 0] = [position.get(source), position.get(target)];
    // A row has no cell for its own host.
    const cell = rows.get(source)?.[column > row ? column - 1 : column];
    return cell === '?' ? null : cell === target;
  };
  return { matrix: new ReachabilityMatrix(hosts, reach) };
}
