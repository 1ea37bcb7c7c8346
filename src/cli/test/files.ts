import { existsSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, resolve } from 'node:path';
import { type EntryDocument, readEntries } from '../../lab/documents/entries.ts';
import { entriesInFile } from '../../lab/entry-files.ts';
import { inputProblem, type Problem, ProblemError, problemsOf } from '../../model/problem.ts';
import type { Scenario, ScenarioStep } from '../../model/scenario.ts';
import type { Where } from '../../model/where.ts';
import { abridged } from '../../plan/requests.ts';
import { findSpec, readSpecFile, type SpecSource } from '../../spec/locate.ts';
import { checkedSpec } from '../specs/checked-spec.ts';
import { specsIn } from '../specs/spec-folder.ts';
import type { LabSource } from './labs.ts';

/** A spec's file and what of it is to be run. */
export type TestFile =
  | { readonly kind: 'wrong'; readonly file: string; readonly problems: readonly Problem[] }
  | {
      readonly kind: 'right';
      readonly file: string;
      readonly source: LabSource;
      readonly scenarios: readonly Scenario[];
      /** What each of the steps `entries` gives the switches. */
      readonly entries: ReadonlyMap<ScenarioStep, readonly EntryDocument[]>;
    };

/**
 * Finds and reads the specs that are named, and everything that their scenarios refer to.
 * @param names of specs as `findSpec` takes them, and of folders: of those the specs that have scenarios
 * @param wanted names of scenarios; all of them where it is empty
 * @param readFrom is told each file and folder as it is read, also those that are wrong
 * @throws ProblemError when there is no such scenario, or none at all
 */
export function planTests(
  names: readonly string[],
  wanted: readonly string[],
  readFrom: (path: string) => void = () => {},
): readonly TestFile[] {
  const found = new Map<string, TestFile>();
  for (const name of names) {
    for (const file of filesNamed(name, readFrom)) found.set(resolve(file.file), file);
  }
  const files = [...found.values()];
  const scenarios = files.flatMap((file) => (file.kind === 'right' ? file.scenarios : []));
  const isWrong = files.some(({ kind }) => kind === 'wrong');
  if (scenarios.length === 0 && !isWrong) throw noScenario(names);
  if (wanted.length === 0) {
    return files.map((file) => (file.kind === 'right' && file.scenarios.length === 0 ? withoutScenario(file) : file));
  }
  const missing = wanted.filter((name) => scenarios.every((scenario) => scenario.name !== name));
  if (missing.length > 0 && !isWrong) {
    throw new ProblemError(
      missing.map((name) =>
        inputProblem({
          code: 'no-such-scenario',
          where: { kind: 'option', option: '--scenario' },
          offending: name,
          cause: 'there is no such scenario',
          remedy: `there is ${abridged(scenarios.map((scenario) => scenario.name))}`,
        }),
      ),
    );
  }
  return files.flatMap((file): readonly TestFile[] => {
    if (file.kind === 'wrong') return [file];
    const chosen = file.scenarios.filter(({ name }) => wanted.includes(name));
    return chosen.length === 0 ? [] : [{ ...file, scenarios: chosen }];
  });
}

/** The spec of this name, or those of this folder; one that cannot be read is a wrong one. */
function filesNamed(name: string, readFrom: (path: string) => void): readonly TestFile[] {
  if (!existsSync(name) || !statSync(name).isDirectory()) return readAll(name, () => findSpec(name), readFrom);
  readFrom(name);
  const { files, problems } = specsIn(name);
  const unread: readonly TestFile[] = problems.length === 0 ? [] : [{ kind: 'wrong', file: name, problems }];
  return [
    ...files.flatMap((file) => {
      const isMeant = ({ text }: SpecSource) => mayHaveScenarios(text);
      return readAll(file, () => readSpecFile(file), readFrom, isMeant);
    }),
    ...unread,
  ];
}

function readAll(
  name: string,
  find: () => SpecSource,
  readFrom: (path: string) => void,
  isMeant: (source: SpecSource) => boolean = () => true,
): readonly TestFile[] {
  try {
    const source = find();
    return isMeant(source) ? [readTestFile(source, readFrom)] : [];
  } catch (error) {
    return [{ kind: 'wrong', file: name, problems: problemsOf(error) }];
  }
}

/** By the text alone: while it is being written, it may not be YAML. */
function mayHaveScenarios(text: string): boolean {
  return /(?:^|[{,\s])["']?scenarios["']?\s*:/m.test(text);
}

function readTestFile({ file, text }: SpecSource, readFrom: (path: string) => void): TestFile {
  readFrom(file);
  try {
    const spec = checkedSpec({ file, text });
    const { scenarios } = spec;
    const entries = new Map<ScenarioStep, readonly EntryDocument[]>();
    const problems: Problem[] = [];
    for (const step of scenarios.flatMap(({ steps }) => steps)) {
      if (step.action.kind !== 'entries') continue;
      try {
        entries.set(step, entriesOf(step, dirname(file), readFrom));
      } catch (error) {
        problems.push(...problemsOf(error));
      }
    }
    if (problems.length > 0) return { kind: 'wrong', file, problems };
    return { kind: 'right', file, source: { file, text, spec }, scenarios, entries };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return { kind: 'wrong', file, problems: error.problems };
  }
}

/** A step's entries, from the files that it names and from the spec itself, checked as far as that goes without a lab. */
function entriesOf(
  { where, action }: ScenarioStep,
  folder: string,
  readFrom: (path: string) => void,
): readonly EntryDocument[] {
  if (action.kind !== 'entries') return [];
  const found = action.sources.flatMap((source): readonly { document: EntryDocument; where: Where }[] => {
    if (source.kind === 'entry') return [{ document: source.entry, where }];
    const path = isAbsolute(source.file) ? source.file : join(folder, source.file);
    readFrom(path);
    return entriesInFile(path).map((entry) => ({ ...entry, where: { ...entry.where, step: where } }));
  });
  const documents = found.map(({ document }) => document);
  readEntries(documents, (_, index) => found[index]?.where ?? where);
  return documents;
}

const REMEDY = 'add one under scenarios: in the spec; topologies/s10h10.yaml is an example';

function noScenario(names: readonly string[]): ProblemError {
  const where = names.join(' ');
  return new ProblemError(inputProblem({ code: 'no-scenario', where, cause: 'there is no scenario', remedy: REMEDY }));
}

function withoutScenario({ file }: TestFile): TestFile {
  const problem = inputProblem({
    code: 'no-scenario',
    where: { kind: 'file', file },
    cause: 'there is no scenario',
    remedy: REMEDY,
  });
  return { kind: 'wrong', file, problems: [problem] };
}
