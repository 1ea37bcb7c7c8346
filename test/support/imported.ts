import type { ImportFormat } from '../../src/spec/import/format-names.ts';
import { readGraph } from '../../src/spec/import/formats.ts';
import { type ImportOptions, specOfGraph } from '../../src/spec/import/spec-of-graph.ts';
import { type LabSpec, readSpec } from '../../src/spec/read.ts';
import { inputProblems } from './input-problems.ts';

type TextFormat = Exclude<ImportFormat, 'mininet'>;

export interface Imported {
  readonly text: string;
  readonly notes: readonly string[];
  readonly spec: LabSpec;
  /** `h1-s1`, with ports and properties where they are written: `s1:3-s2 bw 155`. */
  readonly links: readonly string[];
  readonly hosts: readonly string[];
  /** Names, with labels. */
  readonly switches: readonly string[];
}

/** What becomes of a file `net.txt` with this content. */
export function imported(format: TextFormat, content: string | Uint8Array, options: ImportOptions = {}): Imported {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const { text, notes } = specOfGraph('net.txt', readGraph(format, 'net.txt', bytes), options);
  const spec = readSpec('lab.yaml', text);
  const { topology } = spec;
  return {
    text,
    notes,
    spec,
    hosts: topology.hosts.map(({ name }) => name),
    switches: topology.switches.map(({ name, label }) => (label === undefined ? name : `${name} ${label}`)),
    links: topology.links.map(({ ends: [a, b], bandwidthMbps }) =>
      [`${a.node}-${b.node}`, ...(bandwidthMbps === undefined ? [] : [`bw ${bandwidthMbps}`])].join(' '),
    ),
  };
}

/** The problems with a file `net.txt`, as a person reads them, without their remedies; none when it can be imported. */
export function importProblems(
  format: TextFormat,
  content: string | Uint8Array,
  options: ImportOptions = {},
): string[] {
  return inputProblems(() => imported(format, content, options)).map(({ where, cause }) => `${where} ${cause}`);
}
