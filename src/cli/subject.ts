import { isRunning, labNameOf } from '../lab/process/records.ts';
import { RemoteLab } from '../lab/process/remote-lab.ts';
import { findSpec } from '../spec/locate.ts';
import { type LabSpec, readSpec } from '../spec/read.ts';
import type { LabOptions } from './options.ts';

/** What a command tells of: a running lab, or a spec whose lab does not run. */
export type Subject =
  | { readonly kind: 'lab'; readonly lab: RemoteLab; readonly spec: LabSpec }
  | { readonly kind: 'spec'; readonly file: string; readonly spec: LabSpec };

/** The running lab of this name, or the only one; else the spec of this name. A name counts before the options. */
export async function subjectNamed(
  name: string | undefined,
  options: LabOptions,
  signal: AbortSignal,
): Promise<Subject> {
  const named = name ?? options.lab ?? options.topo;
  const mayBeSpec = name !== undefined || options.lab === undefined;
  if (named !== undefined && mayBeSpec && !isRunning(named)) {
    const { file, text } = findSpec(named);
    return { kind: 'spec', file, spec: readSpec(file, text) };
  }
  const lab = RemoteLab.find(named && labNameOf(named));
  const { file, text } = await lab.run('spec', {}, { signal });
  return { kind: 'lab', lab, spec: readSpec(file, text) };
}
