import { parsePingall, ReachabilityMatrix } from '../model/matrix.ts';
import { allPoints, hostOfPoint, pointNamed, pointsNamed, unknownPoint } from '../model/points.ts';
import type { Topology } from '../model/topology.ts';
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

/** The names of all hosts and of these points, in the order of the topology. */
function withHosts(topology: Topology, names: readonly string[]): readonly string[] {
  const named = new Set(names);
  return allPoints(topology).flatMap(({ name, host }) => (name === host || named.has(name) ? [name] : []));
}

/** Notes names of no points, and those that stand twice. */
function checkPoints(document: LocatedDocument, topology: Topology, path: Path, names: readonly string[]): void {
  const seen = new Set<string>();
  for (const [index, text] of names.entries()) {
    const point = pointNamed(topology, text);
    if (point === undefined) {
      const isHost = topology.host(hostOfPoint(text)) !== undefined;
      document.add([...path, index], {
        code: isHost ? 'unknown-interface' : 'unknown-host',
        ...unknownPoint(topology, text),
      });
      continue;
    }
    if (seen.has(point.name)) {
      const cause = `${point.name} is named twice`;
      document.add([...path, index], { code: 'duplicate-host', cause, remedy: 'name each host once' });
    }
    seen.add(point.name);
  }
}

/** One matrix; what is wrong with it is noted. Undefined when it cannot be read. */
export function readMatrix(
  document: LocatedDocument,
  topology: Topology,
  path: Path,
  form: MatrixForm,
): ReachabilityMatrix | undefined {
  if ('groups' in form) {
    for (const [index, group] of form.groups.entries())
      checkPoints(document, topology, [...path, 'groups', index], group);
    const groups = form.groups.map((group) => pointsNamed(topology, group).map(({ name }) => name));
    return ReachabilityMatrix.ofGroups(withHosts(topology, groups.flat()), groups);
  }
  const sources = form.pingall.split('\n').flatMap((line) => /^\s*(\S+)\s+->/.exec(line)?.[1] ?? []);
  const parsed = parsePingall(withHosts(topology, sources), form.pingall);
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
