import { ProblemError } from '../../model/problem.ts';
import { routeProblems } from '../../plan/requests.ts';
import type { SpecSource } from '../../spec/locate.ts';
import { LocatedDocument } from '../../spec/located-document.ts';
import { type LabSpec, readSpec } from '../../spec/read.ts';

/**
 * Reads a spec and checks that its lab could be brought up: its connections and those of its scenarios have paths.
 * @throws ProblemError with every problem found, each with file:line:column
 */
export function checkedSpec({ file, text }: SpecSource): LabSpec {
  const spec = readSpec(file, text);
  const inScenarios = spec.scenarios.flatMap(({ steps }) =>
    steps.flatMap(({ where, action }) =>
      action.kind === 'connect'
        ? routeProblems(spec.topology, action.connection).map((problem) => ({ ...problem, where }))
        : [],
    ),
  );
  const unroutable = spec.connections.flatMap((connection, index) =>
    routeProblems(spec.topology, connection).map((problem) => ({ index, problem })),
  );
  if (unroutable.length + inScenarios.length === 0) return spec;
  const document = new LocatedDocument(file, text);
  throw new ProblemError([
    ...unroutable.map(({ index, problem }) => ({ ...problem, where: document.whereIs(['connections', index]) })),
    ...inScenarios,
  ]);
}
