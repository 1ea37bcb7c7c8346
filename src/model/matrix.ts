/**
 * A reachability matrix: for each ordered pair of hosts, whether an echo request from the row's host
 * is answered by the column's host. Rows are sources. The diagonal is not part of it.
 */
export class ReachabilityMatrix {
  readonly hosts: readonly string[];
  readonly #index: ReadonlyMap<string, number>;
  readonly #cells: readonly (readonly boolean[])[];

  /** @param reaches asked once for every ordered pair of different hosts */
  constructor(hosts: readonly string[], reaches: (source: string, target: string) => boolean) {
    this.hosts = hosts;
    this.#index = new Map(hosts.map((name, index) => [name, index]));
    this.#cells = hosts.map((source) => hosts.map((target) => source !== target && reaches(source, target)));
  }

  /** Members of one group reach each other; hosts that no group names are alone. A host may stand in several groups. */
  static ofGroups(hosts: readonly string[], groups: readonly (readonly string[])[]): ReachabilityMatrix {
    const sets = groups.map((group) => new Set(group));
    return new ReachabilityMatrix(hosts, (source, target) => sets.some((set) => set.has(source) && set.has(target)));
  }

  reaches(source: string, target: string): boolean {
    return this.#cells[this.#index.get(source) ?? -1]?.[this.#index.get(target) ?? -1] ?? false;
  }

  /** Ordered pairs of different hosts: n(n-1). */
  get pairs(): number {
    return this.hosts.length * (this.hosts.length - 1);
  }

  /** How many of the pairs are reachable. */
  get received(): number {
    return this.#cells.reduce((sum, row) => sum + row.filter(Boolean).length, 0);
  }
}

/**
 * The matrix in the words of Mininet's pingall, without a newline at the end:
 * one line per source (`h1 -> h2 X h4`), then `*** Results: 51% dropped (44/90 received)`.
 */
export function formatPingall(matrix: ReachabilityMatrix): string {
  const rows = matrixRows(matrix).map(({ source, cells }) =>
    pingallRow(
      source,
      cells.map(({ target, reaches }) => (reaches ? target : 'X')),
    ),
  );
  return [...rows, pingallResults(matrix)].join('\n');
}

/** A source, and a cell for every other host. */
interface MatrixRow {
  readonly source: string;
  readonly cells: readonly { readonly target: string; readonly reaches: boolean }[];
}

/** The rows of a matrix, in the order of its hosts. */
export function matrixRows(matrix: ReachabilityMatrix): readonly MatrixRow[] {
  return matrix.hosts.map((source) => ({
    source,
    cells: matrix.hosts
      .filter((target) => target !== source)
      .map((target) => ({ target, reaches: matrix.reaches(source, target) })),
  }));
}

/** A row as Mininet's pingall prints it, with a text for each cell. */
export function pingallRow(source: string, cells: readonly string[]): string {
  return [source, '->', ...cells].join(' ');
}

/** The last line of `formatPingall`. Mininet truncates the percentage, and so do we. */
export function pingallResults(matrix: ReachabilityMatrix): string {
  const { pairs, received } = matrix;
  if (pairs === 0) return '*** Results: nothing to ping (0/0 received)';
  return `*** Results: ${Math.trunc((100 * (pairs - received)) / pairs)}% dropped (${received}/${pairs} received)`;
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
  const rows = new Map<string, ReadonlySet<string>>();
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
    const wrong = cells.findIndex((cell, column) => cell !== 'X' && cell !== targets[column]);
    if (cells.length !== targets.length)
      problem(`${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}, but there are ${targets.length} other hosts`);
    else if (wrong >= 0) problem(`cell ${wrong + 1} is ${cells[wrong]}, but should be ${targets[wrong]} or X`);
    rows.set(source, new Set(cells));
  }
  const missing = hosts.filter((host) => !rows.has(host));
  if (missing.length > 0 && problems.length === 0) {
    problems.push({ line: lines.length, text: '', cause: `no line for ${missing.join(', ')}` });
  }
  if (problems.length > 0) return { problems };
  return { matrix: new ReachabilityMatrix(hosts, (source, target) => rows.get(source)?.has(target) ?? false) };
}
