import { describeFault, type Fault } from '../../model/fault.ts';
import type { Disjointness } from '../../plan/disjoint-flow.ts';
import type { Metric } from '../../plan/paths.ts';
import { abridged } from '../../plan/requests.ts';
import { counted } from './terminal.ts';

/** What `labctl paths --format json` prints. Grows by new keys; `version` counts breaks. */
export interface PathsDocument {
  readonly version: 1;
  readonly lab: string;
  readonly source: string;
  readonly target: string;
  readonly metric: Metric;
  /** What is down in the running lab, and what was to be avoided. */
  readonly faults: readonly Fault[];
  readonly avoided: readonly Fault[];
  /** Whether these are all paths that were asked for; for `--via`, whether none is cheaper. */
  readonly complete: boolean;
  readonly paths: readonly {
    /** Of the links between switches, by the metric. */
    readonly total: number;
    /** Both hosts and the switches between. */
    readonly nodes: readonly string[];
    /** Where packets leave each switch; the last port leads to the target. */
    readonly ports: readonly { readonly switch: string; readonly port: number }[];
  }[];
}

/**
 * A line for each path, or why there is none.
 * @param single whether there is a path, though not two that are disjoint
 */
export function pathLines(
  document: PathsDocument,
  disjoint: Disjointness | undefined,
  single: boolean,
): readonly string[] {
  return document.paths.length === 0 ? [nothingFound(document, disjoint, single)] : foundLines(document);
}

function nothingFound(
  { source, target, faults, avoided }: PathsDocument,
  disjoint: Disjointness | undefined,
  single: boolean,
): string {
  const limits = [
    ...(faults.length === 0 ? [] : [`${abridged(faults.map(describeFault))} down`]),
    ...(avoided.length === 0 ? [] : [`${abridged(avoided.map(describeFault))} avoided`]),
  ];
  const nothing =
    single && disjoint !== undefined
      ? `there are no two paths between ${source} and ${target} that share no ${disjoint === 'link' ? 'link' : 'link and no switch'}`
      : `there is no path between ${source} and ${target}`;
  return limits.length === 0 ? nothing : `${nothing}, with ${limits.join(' and ')}`;
}

/** `1  h1 - s1 - s3 - h3   cost 1   ports s1:2 s3:1` */
function foundLines({ paths: found, metric }: PathsDocument): readonly string[] {
  const rows = found.map(({ total, nodes, ports }, index) => [
    `${index + 1}`,
    nodes.join(' - '),
    metric === 'cost' ? `cost ${total}` : counted(total, 'hop'),
    `ports ${ports.map((each) => `${each.switch}:${each.port}`).join(' ')}`,
  ]);
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const widths = [0, 1, 2].map(width);
  return rows.map(([number = '', way = '', total = '', ports = '']) =>
    [
      number.padStart(widths[0] ?? 0),
      '  ',
      way.padEnd(widths[1] ?? 0),
      '   ',
      total.padEnd(widths[2] ?? 0),
      '   ',
      ports,
    ].join(''),
  );
}
