import type { RemoteLab } from '../lab/process/remote-lab.ts';
import type { LabSpec } from '../spec/read.ts';
import type { LabOptions } from './options.ts';
import { remark } from './output/terminal.ts';
import { interrupted } from './signals.ts';

/**
 * What a command is about. The modules for labs and specs are loaded here, by the commands that need them: loading them
 * takes longer than most commands.
 */
export type Subject =
  | { readonly kind: 'lab'; readonly lab: RemoteLab; readonly spec: LabSpec }
  | ({ readonly kind: 'spec' } & NamedSpec);

interface NamedSpec {
  readonly file: string;
  readonly spec: LabSpec;
}

/**
 * The running lab that an argument or the options name, by its name or by its spec's file; the only one where they name none.
 * @throws ProblemError when there is none, or several to choose from
 */
export async function runningLab(options: LabOptions, argument?: string): Promise<RemoteLab> {
  const [{ RemoteLab }, name] = await Promise.all([
    import('../lab/process/remote-lab.ts'),
    nameOfLab(options, argument),
  ]);
  return RemoteLab.find(name);
}

/** The name of the lab that an argument or the options name; the argument counts first. */
export async function nameOfLab({ lab, topo }: LabOptions, argument?: string): Promise<string | undefined> {
  const named = argument ?? lab ?? topo;
  if (named === undefined) return undefined;
  const { labNameOf } = await import('../lab/process/records.ts');
  return labNameOf(named);
}

/**
 * The spec that is named, by its file, or by a name that no running lab has.
 * @returns undefined when a running lab is meant: one of this name, the one of `--lab`, or the only one
 */
export async function specNotRunning(name: string | undefined, options: LabOptions): Promise<string | undefined> {
  const named = name ?? (options.lab === undefined ? options.topo : undefined);
  if (named === undefined) return undefined;
  const { isFileName, isRunning } = await import('../lab/process/records.ts');
  if (!isRunning(named)) return named;
  if (!isFileName(named)) return undefined;
  await remarkOnLabOf(named);
  return named;
}

/** A file is a file, also where a lab runs that was brought up from it; says so where it has changed since. */
async function remarkOnLabOf(file: string): Promise<void> {
  const [lab, { findSpec }] = await Promise.all([runningLab({}, file), import('../spec/locate.ts')]);
  const { text } = await lab.run('spec', {}, { signal: interrupted });
  if (text === findSpec(file).text) return;
  const { name } = lab.record;
  remark(`labctl: warning: the lab ${name} runs, from another version of ${file}; this is about the file, not the lab`);
}

/** The spec that is named, or the running lab; where nothing is named, the only lab. */
export async function subjectNamed(name: string | undefined, options: LabOptions): Promise<Subject> {
  const named = await specNotRunning(name, options);
  if (named !== undefined) return { kind: 'spec', ...(await specNamed(named)) };
  const lab = await runningLab(options, name);
  return { kind: 'lab', lab, spec: await specOf(lab) };
}

/** @throws ProblemError when there is no such spec, or it is wrong */
export async function specNamed(nameOrFile: string): Promise<NamedSpec> {
  const [{ findSpec }, { readSpec }] = await Promise.all([import('../spec/locate.ts'), import('../spec/read.ts')]);
  const { file, text } = findSpec(nameOrFile);
  return { file, spec: readSpec(file, text) };
}

/** The spec that a running lab was brought up from. */
export async function specOf(lab: RemoteLab, signal: AbortSignal = interrupted): Promise<LabSpec> {
  const [{ file, text }, { readSpec }] = await Promise.all([
    lab.run('spec', {}, { signal }),
    import('../spec/read.ts'),
  ]);
  return readSpec(file, text);
}
