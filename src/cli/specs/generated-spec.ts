import { join, relative, resolve } from 'node:path';
import { inputProblem, type Problem, ProblemError } from '../../model/problem.ts';
import { expandedSpec, shortSpec } from '../../spec/generators/text.ts';
import {
  allParameters,
  GENERATOR_NAMES,
  GENERATORS,
  type GenerateForm,
  type GeneratorName,
  generationProblem,
} from '../../spec/generators/topologies.ts';
import { SHIPPED } from '../../spec/locate.ts';
import { generateSchema, specSchema } from '../../spec/schema.ts';
import { readTold } from '../../spec/told.ts';
import { table } from '../output/terminal.ts';

/** The other options are parameters of the topology. */
export interface NewOptions {
  readonly name?: string;
  readonly expand?: boolean;
  readonly [parameter: string]: unknown;
}

/**
 * The spec of a generated lab, as YAML.
 * @throws ProblemError when there is no such topology, or parameters are wrong
 */
export function generatedSpec(topology: string, { name, expand = false, ...flags }: NewOptions): string {
  const generator = GENERATOR_NAMES.find((each) => each === topology);
  if (generator === undefined) {
    throw new ProblemError(
      inputProblem({
        code: 'no-such-topology',
        where: topology,
        cause: 'there is no such topology',
        remedy: `choose one of ${GENERATOR_NAMES.join(', ')}; \`labctl new\` lists them all`,
      }),
    );
  }
  const problems = [...flagProblems(generator, flags), ...nameProblems(name)];
  if (problems.length > 0) throw new ProblemError(problems);
  const values = allParameters({ topology: generator, ...flags });
  const spec = { name: name ?? generator, topology: generator, values, ...schemaReference() };
  return expand ? expandedSpec(spec) : shortSpec(spec);
}

/** What can be generated, as a table. */
export function topologyLines(): readonly string[] {
  const rows = GENERATOR_NAMES.map((topology) => {
    const values = allParameters({ topology });
    const flags = Object.entries(values).map(([key, value]) => `--${key} ${value}`);
    return [topology, flags.join(' '), GENERATORS[topology].summary];
  });
  return [
    ...table(['TOPOLOGY', 'DEFAULTS', 'WHAT IT IS'], rows),
    '',
    'labctl new ring --switches 6 > lab.yaml && labctl up lab.yaml',
  ];
}

/** What is wrong with the parameters, by flag. */
function flagProblems(topology: GeneratorName, flags: Readonly<Record<string, unknown>>): readonly Problem[] {
  const { parameters } = GENERATORS[topology];
  const known = Object.keys(parameters).map((key) => `--${key}`);
  const unknown = Object.keys(flags).filter((key) => !Object.hasOwn(parameters, key));
  if (unknown.length > 0) {
    return unknown.map((key) =>
      inputProblem({
        code: 'wrong-parameter',
        where: { kind: 'option', option: `--${key}` },
        cause: `a ${topology} topology has no such parameter`,
        remedy: `it has ${known.join(', ')}`,
      }),
    );
  }
  const form: GenerateForm = { topology, ...flags };
  const result = generateSchema.safeParse(form);
  if (!result.success) {
    return result.error.issues.map(({ path, message }) => {
      const key = String(path.at(-1));
      const { cause, remedy } = readTold(message);
      return inputProblem({
        code: 'wrong-parameter',
        where: { kind: 'option', option: `--${key}` },
        offending: String(form[key]),
        cause,
        ...(remedy === undefined ? {} : { remedy }),
      });
    });
  }
  const problem = generationProblem(topology, allParameters(form));
  if (problem === undefined) return [];
  const { parameter, cause, remedy } = problem;
  const where =
    parameter === undefined ? `labctl new ${topology}` : ({ kind: 'option', option: `--${parameter}` } as const);
  return [inputProblem({ code: 'wrong-topology', where, cause, remedy })];
}

function nameProblems(name: string | undefined): readonly Problem[] {
  const result = specSchema.shape.name.safeParse(name);
  return (result.error?.issues ?? []).map(({ message }) => {
    const { cause, remedy } = readTold(message);
    return inputProblem({
      code: 'wrong-name',
      where: { kind: 'option', option: '--name' },
      offending: String(name),
      cause,
      ...(remedy === undefined ? {} : { remedy }),
    });
  });
}

/**
 * Where an editor finds the schema. The path is relative where the schema lies within the working folder, as in a clone or
 * a project's packages, so that the spec can be shared. Editors take no spaces in it.
 */
function schemaReference(): { readonly schema?: string } {
  const file = join(SHIPPED, 'labctl.schema.json');
  const inside = relative(resolve(), file);
  const schema = inside.startsWith('..') ? file : `./${inside}`;
  return /\s/.test(schema) ? {} : { schema };
}
