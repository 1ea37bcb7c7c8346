import { inputProblem, ProblemError } from '../../model/problem.ts';
import { readContainerlab } from './containerlab.ts';
import { IMPORT_FORMATS, type ImportFormat } from './format-names.ts';
import { readGml } from './gml.ts';
import type { ImportedGraph } from './graph.ts';
import { readGraphml } from './graphml.ts';
import { readNodeLink } from './node-link.ts';
import { type Encoding, Source } from './source.ts';

/** A format that is read as text; a Mininet topology is a program, and has to be run. */
interface TextFormat {
  readonly encoding: Encoding;
  /** Of files' names. */
  readonly ending: RegExp;
  /** How such a file begins, for one with another name. */
  readonly beginning: RegExp;
  readonly read: (source: Source) => ImportedGraph;
}

const TEXT_FORMATS: Readonly<Record<TextFormatName, TextFormat>> = {
  gml: {
    encoding: 'latin',
    ending: /\.gml$/i,
    beginning: /^(?:\s*#[^\n]*\n)*\s*(?:Creator\b|Version\b|graph\s*\[)/,
    read: readGml,
  },
  graphml: { encoding: 'xml', ending: /\.(?:graphml|xml)$/i, beginning: /^\s*</, read: readGraphml },
  'node-link': { encoding: 'utf-8', ending: /\.json$/i, beginning: /^\s*\{/, read: readNodeLink },
  containerlab: { encoding: 'utf-8', ending: /\.ya?ml$/i, beginning: /^topology:/m, read: readContainerlab },
};

type TextFormatName = Exclude<ImportFormat, 'mininet'>;

/**
 * The format of a file by the end of its name, else by how it begins. A program is recognized by its name only.
 * @throws ProblemError when neither shows it
 */
export function importFormatOf(file: string, bytes: Uint8Array): ImportFormat {
  if (/\.py$/i.test(file)) return 'mininet';
  const start = Buffer.from(bytes.subarray(0, 4096))
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '');
  const names = Object.keys(TEXT_FORMATS) as TextFormatName[];
  const name =
    names.find((each) => TEXT_FORMATS[each].ending.test(file)) ??
    names.find((each) => TEXT_FORMATS[each].beginning.test(start));
  if (name !== undefined) return name;
  throw new ProblemError(
    inputProblem({
      code: 'unknown-format',
      where: { kind: 'file', file },
      cause: 'its format is clear neither from its name nor from its beginning',
      remedy: `name the format with --as: ${IMPORT_FORMATS.join(', ')}`,
    }),
  );
}

/** @throws ProblemError when the file is not of that format, with the place where it is not */
export function readGraph(format: TextFormatName, file: string, bytes: Uint8Array): ImportedGraph {
  const { encoding, read } = TEXT_FORMATS[format];
  return read(Source.decode(file, bytes, encoding));
}
