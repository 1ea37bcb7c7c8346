import { parsePingall, ReachabilityMatrix } from '../model/matrix.ts';
import type { Topology } from '../model/topology.ts';
import { checkHosts } from './connections.ts';
import type { LocatedDocument, Path } from './located-document.ts';
import type { SpecDocument } from './schema.ts';

/** A matrix as a spec writes it. */
export type MatrixForm = NonNullable<SpecDocument['expect']>[string];

/** Expected matrices by name; what is wrong with them is noted, and those that cannot be read are left out. */
export function readExpectations(
  document: LocatedDocument,
  form: SpecDocument,
  topology: Topology,
): ReadonlyMap<string, ReachabilityMatrix> {
  const expectations = new Map<string, ReachabilityMatrix>();
  for (const [name, expectation] of Object.entries(form.expect ?? {})) {
    const matrix = readMatrix(document, topology, ['expect', name], expectation);
    if (matrix !== undefined) expectations.set(name, matrix);
  }
  return expectations;
}

/** One matrix; what is wrong with it is noted. Undefined when it cannot be read. */
export function readMatrix(
  document: LocatedDocument,
  topology: Topology,
  path: Path,
  form: MatrixForm,
): ReachabilityMatrix | undefined {
  const names = topology.hosts.map((host) => host.name);
  if ('groups' in form) {
    for (const [index, group] of form.groups.entries())
      checkHosts(document, topology, [...path, 'groups', index], group);
    return ReachabilityMatrix.ofGroups(names, form.groups);
  }
  const parsed = parsePingall(names, form.pingall);
  if ('matrix' in parsed) return parsed.matrix;
  for (const problem of parsed.problems) {
    document.addInBlock([...path, 'pingall'], problem.line, problem.text, {
      code: 'wrong-matrix',
      cause: problem.cause,
      remedy: `every host has a line, with the other hosts in the order of the spec or X`,
    });
  }
  return undefined;
}
