import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { DataPlaneKind } from '../../drivers/data-plane.ts';
import { inputProblem, ProblemError } from '../../model/problem.ts';
import { commandSocket, IS_LINUX, LAB_NAME, labFolder, MARKER, runFolder } from './run-folder.ts';

/** What a lab's process writes down about itself, so that others find it. */
export interface LabRecord {
  readonly name: string;
  /** The lab's process. */
  readonly pid: number;
  /** When that process started, in clock ticks since boot: a pid alone may be another process by now. See `startTicksOf`. */
  readonly startTicks: string;
  readonly specFile: string;
  /** The same, absolute. */
  readonly specPath: string;
  readonly dataPlane: DataPlaneKind;
  /** ISO 8601 */
  readonly startedAt: string;
  /** It ends with the process that started it. Commands mean it only where they name it. */
  readonly isTemporary?: boolean;
  /** Why the lab ended by itself; absent while it runs. */
  readonly endedBecause?: string;
}

/** A lab that left traces in the run folder: coming up, running, or ended without `down`. */
export type KnownLab =
  | { readonly name: string; readonly state: 'starting'; readonly record: LabRecord }
  | { readonly name: string; readonly state: 'running'; readonly record: LabRecord }
  | { readonly name: string; readonly state: 'ended'; readonly reason: string };

const recordFile = (name: string): string => join(labFolder(name), 'lab.json');

export function writeRecord(record: LabRecord): void {
  writeFileSync(recordFile(record.name), `${JSON.stringify(record)}\n`);
}

/** Labs that run or left something behind, by name. */
export function knownLabs(): readonly KnownLab[] {
  return readdirSync(runFolder(), { withFileTypes: true })
    .filter((item) => item.isDirectory() && LAB_NAME.test(item.name))
    .map((item) => knownLab(item.name))
    .filter((lab) => lab !== undefined)
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** The labs that a command without a lab's name can mean: all but temporary ones. */
export function lastingLabs(): readonly KnownLab[] {
  return knownLabs().filter((lab) => lab.state === 'ended' || !lab.record.isTemporary);
}

/** Whether a text is a file's name, and not a lab's. */
export function isFileName(text: string): boolean {
  return text.includes('/') || /\.ya?ml$/i.test(text);
}

/**
 * The name of the lab that was brought up from a file. A text that is no file name is taken as a lab's name.
 * @throws ProblemError when no lab of this file is running
 */
export function labNameOf(nameOrFile: string): string {
  if (!isFileName(nameOrFile)) return nameOrFile;
  const path = resolve(nameOrFile);
  const lab = lastingLabs().find((each) => each.state !== 'ended' && each.record.specPath === path);
  if (lab !== undefined) return lab.name;
  throw new ProblemError(
    inputProblem({
      code: 'no-lab',
      where: nameOrFile,
      cause: 'no lab of this file is running',
      remedy: `\`labctl ls\` shows the labs that run; or start it: labctl up ${nameOrFile}`,
    }),
  );
}

/** Whether a lab of this name, or of this file, has a process. */
export function isRunning(nameOrFile: string): boolean {
  const path = resolve(nameOrFile);
  return isFileName(nameOrFile)
    ? lastingLabs().some((lab) => lab.state !== 'ended' && lab.record.specPath === path)
    : knownLabs().some((lab) => lab.state !== 'ended' && lab.name === nameOrFile);
}

/** The lab of this name, if it runs or left something behind. */
export function knownLab(name: string): KnownLab | undefined {
  if (!existsSync(join(labFolder(name), MARKER))) return undefined;
  let record: LabRecord;
  try {
    record = JSON.parse(readFileSync(recordFile(name), 'utf8')) as LabRecord;
  } catch {
    return { name, state: 'ended', reason: 'it did not come up' };
  }
  if (record.endedBecause !== undefined) return { name, state: 'ended', reason: record.endedBecause };
  if (startTicksOf(record.pid) !== record.startTicks) return { name, state: 'ended', reason: 'its process was killed' };
  return { name, state: existsSync(commandSocket(name)) ? 'running' : 'starting', record };
}

/**
 * When a process started, in clock ticks since boot (proc(5), stat field 22); undefined when there is none. An empty text
 * where the system has no /proc: that there is a process of this pid then has to do.
 */
export function startTicksOf(pid: number): string | undefined {
  try {
    if (!IS_LINUX) return process.kill(pid, 0) ? '' : undefined;
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command's name, in parentheses, may hold anything; the fields after it are counted from 3.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Removes everything of a lab that ended by itself but its record, which says why. `ls` and `down` clear that. */
export function leaveOnlyRecord(record: LabRecord): void {
  const folder = labFolder(record.name);
  for (const item of readdirSync(folder)) {
    if (item !== MARKER) rmSync(join(folder, item), { recursive: true, force: true });
  }
  writeRecord(record);
}
