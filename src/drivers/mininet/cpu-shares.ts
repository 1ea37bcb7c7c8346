import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** Shares of a CPU, by control groups of the kernel: cgroups(7), version 1 or 2, whichever has the cpu controller. */

/** The kernel hands out shares of this, in microseconds. */
const PERIOD_US = 100_000;

/** The file in a lab's folder that names its control groups. */
export const SHARES_FILE = 'cpu-shares';

/** Where control groups with a share of a CPU can be made. */
interface Controller {
  readonly version: 1 | 2;
  /** The group in which they are made. */
  readonly parent: string;
}

/**
 * Makes a control group for each host with a share of a CPU. A control group outlives its processes and has to be
 * removed: `listFile`, a lab's `SHARES_FILE`, lists their folders, one a line, also for the clean-up after a killed lab.
 * @returns by host, the file that moves a process into its group
 * @throws Error when one cannot be made; those made before are in the list
 */
export async function makeCpuShares(
  shares: ReadonlyMap<string, number>,
  listFile: string,
): Promise<ReadonlyMap<string, string>> {
  if (shares.size === 0) return new Map();
  const found = await findController();
  if (typeof found === 'string') throw new Error(found);
  const folderOf = (host: string) => join(found.parent, `labctl-${process.pid}-${host}`);
  writeFileSync(listFile, [...shares.keys()].map((host) => `${folderOf(host)}\n`).join(''));
  return new Map([...shares].map(([host, share]) => [host, makeGroup(found, folderOf(host), share)]));
}

/** Removes the control groups of a lab. Their processes must have ended. */
export function removeCpuShares(listFile: string): void {
  let folders: readonly string[];
  try {
    folders = readFileSync(listFile, 'utf8').split('\n').filter(Boolean);
  } catch {
    return;
  }
  for (const folder of folders) removeGroup(folder);
}

/** Where shares are possible, or why they are not. Tries it, which takes a moment. */
export async function findController(): Promise<Controller | string> {
  const candidates = controllers();
  if (candidates.length === 0) return 'the kernel shows no control groups with the cpu controller';
  let reason = '';
  for (const candidate of candidates) {
    const probe = join(candidate.parent, `labctl-probe-${process.pid}`);
    try {
      const members = makeGroup(candidate, probe, 0.5);
      // A group may be made, and still not accept a process.
      // Each command that finds a lab loads this file, and few need this module.
      const { execFile } = await import('node:child_process');
      await promisify(execFile)('sh', ['-c', 'echo $$ >"$0"', members]);
      return candidate;
    } catch (error) {
      reason ||= `cannot make a control group: ${(error as { readonly stderr?: string }).stderr || (error as Error).message}`;
    } finally {
      removeGroup(probe);
    }
  }
  return reason.trim();
}

/** What the kernel shows: version 1's one place, or version 2's places, from this process's upwards. */
function controllers(): readonly Controller[] {
  const mounts = readLines('/proc/self/mounts').map((line) => line.split(' '));
  const groups = readLines('/proc/self/cgroup').map((line) => line.split(':'));
  const own = (controller: string) =>
    groups.find(([, names = '']) => names.split(',').includes(controller))?.[2] ?? '/';
  const first = mounts.find(([, , type, options = '']) => type === 'cgroup' && options.split(',').includes('cpu'));
  if (first?.[1] !== undefined) return [{ version: 1, parent: join(first[1], own('cpu')) }];
  const second = mounts.find(([, , type]) => type === 'cgroup2')?.[1];
  if (second === undefined) return [];
  const places: Controller[] = [];
  for (let place = join(second, own('')); place.startsWith(second); place = dirname(place)) {
    // Groups in it have the controller only if it passes it on.
    if (readLines(join(place, 'cgroup.subtree_control')).join(' ').split(' ').includes('cpu')) {
      places.push({ version: 2, parent: place });
    }
  }
  return places;
}

/** Returns the file that moves a process into the group. */
function makeGroup({ version }: Controller, folder: string, share: number): string {
  mkdirSync(folder, { recursive: true });
  const quota = Math.round(share * PERIOD_US);
  if (version === 2) writeFileSync(join(folder, 'cpu.max'), `${quota} ${PERIOD_US}`);
  else {
    writeFileSync(join(folder, 'cpu.cfs_period_us'), `${PERIOD_US}`);
    writeFileSync(join(folder, 'cpu.cfs_quota_us'), `${quota}`);
  }
  return join(folder, 'cgroup.procs');
}

function removeGroup(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It was never made, or is removed already.
  }
}

function readLines(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8').split('\n').filter(Boolean);
  } catch {
    return [];
  }
}
