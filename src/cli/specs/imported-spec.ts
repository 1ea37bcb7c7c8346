import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { inputProblem, ProblemError } from '../../model/problem.ts';
import type { ImportFormat } from '../../spec/import/format-names.ts';
import { importFormatOf, readGraph } from '../../spec/import/formats.ts';
import type { ImportedGraph } from '../../spec/import/graph.ts';
import { LARGEST_IMPORT, Source } from '../../spec/import/source.ts';
import { specOfGraph } from '../../spec/import/spec-of-graph.ts';

export interface ImportOptions {
  readonly as?: ImportFormat;
  /** Of a Mininet topology, as `mn --topo` takes it. */
  readonly topo?: string;
  readonly hostsPerNode?: number;
  readonly name?: string;
}

/**
 * A spec of the network that another tool's file describes, as YAML, and notes on what it could not take over.
 * @param path of the file; `-` is standard input
 */
export async function importedSpec(
  path: string,
  options: ImportOptions,
  signal: AbortSignal,
): Promise<ReturnType<typeof specOfGraph>> {
  const file = path === '-' ? 'standard input' : path;
  const bytes = bytesOf(path, file);
  const format = options.as ?? importFormatOf(file, bytes);
  if (options.topo !== undefined && format !== 'mininet') {
    throw wrong('--topo', 'only a Mininet program has several topologies', 'leave --topo out');
  }
  const graph =
    format === 'mininet'
      ? await graphOfProgram(path, file, bytes, options.topo, signal)
      : readGraph(format, file, bytes);
  const { name, hostsPerNode } = options;
  return specOfGraph(file, graph, {
    ...(name === undefined ? {} : { name }),
    ...(hostsPerNode === undefined ? {} : { hostsPerNode }),
  });
}

async function graphOfProgram(
  path: string,
  file: string,
  bytes: Uint8Array,
  topo: string | undefined,
  signal: AbortSignal,
): Promise<ImportedGraph> {
  const { runTopologyProgram } = await import('../../drivers/mininet/topology-program.ts');
  const { graphOfMininet } = await import('../../spec/import/mininet.ts');
  const { text } = Source.decode(file, bytes, 'utf-8');
  const folder = path === '-' ? process.cwd() : dirname(resolve(path));
  const program = { file, folder, source: text, ...(topo === undefined ? {} : { topo }) };
  return graphOfMininet(file, await runTopologyProgram(program, signal));
}

function bytesOf(path: string, file: string): Uint8Array {
  try {
    const target = path === '-' ? 0 : path;
    // A file that is too large is not read.
    if (path !== '-' && statSync(path).size > LARGEST_IMPORT) return new Uint8Array(LARGEST_IMPORT + 1);
    return readFileSync(target);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const cause = code === 'ENOENT' ? 'there is no such file' : `the file cannot be read: ${message}`;
    throw new ProblemError(
      inputProblem({
        code: 'unreadable-import',
        where: { kind: 'file', file },
        cause,
        remedy: 'name a file, or - for standard input',
      }),
      { cause: error },
    );
  }
}

function wrong(option: string, cause: string, remedy: string): ProblemError {
  return new ProblemError(inputProblem({ code: 'import-options', where: { kind: 'option', option }, cause, remedy }));
}
