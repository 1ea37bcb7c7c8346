import { spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DataPlaneKind } from '../../drivers/data-plane.ts';
import { removeRemains } from '../../drivers/data-planes.ts';
import { environmentProblem, inputProblem, ProblemError } from '../../model/problem.ts';

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
  /** It ends with another process, and is meant only where it is named. */
  readonly isTemporary?: boolean;
  /** Why the lab ended by itself; absent while it runs. */
  readonly endedBecause?: string;
}

/** A lab that left traces in the run folder: coming up, running, or ended without `down`. */
export type KnownLab =
  | { readonly name: string; readonly state: 'starting'; readonly record: LabRecord }
  | { readonly name: string; readonly state: 'running'; readonly record: LabRecord }
  | { readonly name: string; readonly state: 'ended'; readonly reason: string };

/** Other systems than Linux have no /run, no flock(1) and no /proc, and shorter paths of sockets. */
const IS_LINUX = process.platform === 'linux';

/** The longest path that a Unix socket can have, in bytes (sun_path less its terminator). */
const LONGEST_SOCKET_PATH = IS_LINUX ? 107 : 103;

/**
 * The folder in which each lab has its own: `LABCTL_RUN_DIR`, else `/run/labctl` for root of Linux and
 * `$XDG_RUNTIME_DIR/labctl` (or `/tmp/labctl-UID`) for others. Unix sockets go there, so the path is short.
 * @throws ProblemError when it cannot be made or belongs to somebody else
 */
export function runFolder(): string {
  if (process.platform === 'win32') {
    throw new ProblemError(
      environmentProblem({
        code: 'windows',
        where: 'Windows',
        cause: 'labctl runs labs on Linux, and simulated ones on other Unix systems too',
        remedy: 'run labctl in the Windows Subsystem for Linux',
      }),
    );
  }
  const { uid } = userInfo();
  const runtime = process.env['XDG_RUNTIME_DIR'];
  const usable = runtime !== undefined && runtime !== '' && existsSync(runtime) && statSync(runtime).uid === uid;
  const folder =
    process.env['LABCTL_RUN_DIR'] ||
    (uid === 0 && IS_LINUX ? '/run/labctl' : usable ? join(runtime, 'labctl') : `/tmp/labctl-${uid}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw unusableFolder(folder, `cannot be made: ${(error as Error).message}`, error);
  }
  // Somebody else's folder under a name that we would use: its owner could put sockets of theirs in our way.
  if (statSync(folder).uid !== uid) throw unusableFolder(folder, 'belongs to another user');
  return folder;
}

function unusableFolder(folder: string, why: string, cause?: unknown): ProblemError {
  return new ProblemError(
    environmentProblem({
      code: 'run-folder',
      where: folder,
      cause: `the folder for running labs ${why}`,
      remedy: 'set LABCTL_RUN_DIR to a folder of your own with a short path',
    }),
    { cause },
  );
}

const LAB_NAME = /^[a-z0-9][a-z0-9-]{0,29}$/;

/** Tells a lab's folder from others that somebody may keep beside it: only what has this file is ever removed. */
const MARKER = '.labctl';

/**
 * Where a lab's own files are, whether or not it runs.
 * @throws ProblemError when this is not a lab's name, and so might lead anywhere
 */
export function labFolder(name: string): string {
  if (LAB_NAME.test(name)) return join(runFolder(), name);
  throw new ProblemError(
    inputProblem({
      code: 'lab-name',
      where: 'the name of a lab',
      offending: name,
      cause: 'a lab is named with up to 30 lower-case letters, digits and -, the first of them no -',
      remedy: '`labctl ls` shows the names of the labs that there are',
    }),
  );
}

/** The Unix socket on which a lab's process takes commands. */
export function commandSocket(name: string): string {
  return join(labFolder(name), 'lab.sock');
}

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

/** Those that are meant where no lab is named. */
export function lastingLabs(): readonly KnownLab[] {
  return knownLabs().filter((lab) => lab.state === 'ended' || !lab.record.isTemporary);
}

/** What names a file rather than a lab. */
function isFileName(text: string): boolean {
  return text.includes('/') || /\.ya?ml$/i.test(text);
}

/** The lab's name where a file names its spec: that of the lab which was brought up from it. Other texts are names. */
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
      remedy: `\`labctl ls\` shows those that are; or start it: labctl up ${nameOrFile}`,
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
 * When a process started, in clock ticks since boot (proc(5), stat field 22); undefined when there is none. Where the
 * system has no /proc that is the empty text: it then has to do that we have a process of this pid.
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

/** Makes a lab's folder, empty. Hold its lock. */
export function makeLabFolder(name: string): string {
  const folder = labFolder(name);
  const socketBytes = Buffer.byteLength(commandSocket(name));
  if (socketBytes > LONGEST_SOCKET_PATH) {
    throw new ProblemError(
      environmentProblem({
        code: 'long-socket-path',
        where: commandSocket(name),
        cause: `a Unix socket's path has at most ${LONGEST_SOCKET_PATH} bytes, and this one has ${socketBytes}`,
        remedy: 'set LABCTL_RUN_DIR to a folder with a shorter path, or give the lab a shorter name with --lab',
      }),
    );
  }
  clearRemains(name);
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    throw unusableFolder(folder, `cannot be made: ${(error as Error).message}`, error);
  }
  writeFileSync(join(folder, MARKER), '');
  return folder;
}

/** Removes what a lab left in the run folder. Its processes have ended; hold its lock. */
export function clearRemains(name: string): void {
  const folder = labFolder(name);
  if (!existsSync(join(folder, MARKER))) return;
  removeRemains(folder);
  rmSync(folder, { recursive: true, force: true });
}

/** Removes everything of a lab that ended by itself but the note that says why, which `ls` and `down` clear. */
export function leaveOnlyRecord(record: LabRecord): void {
  const folder = labFolder(record.name);
  for (const item of readdirSync(folder)) {
    if (item !== MARKER) rmSync(join(folder, item), { recursive: true, force: true });
  }
  writeRecord(record);
}

/**
 * Runs `work` while no other labctl command starts or ends the lab of this name. The lock is on a file beside the lab's
 * folder that is removed afterwards; it ends with this process, however it ends.
 * @param onBusy called once when another command holds the lock: `wait` for up to a minute, or `give-up`
 * @returns what `work` returns, undefined when it gave up
 * @throws ProblemError when the other command is not done within a minute
 */
export async function withLabLock<T>(
  name: string,
  onBusy: () => 'wait' | 'give-up',
  work: () => Promise<T>,
): Promise<T | undefined> {
  const file = `${labFolder(name)}.lock`;
  let lock = await openLock(name, file, onBusy);
  // The holder before us removed the file that we waited for.
  while (lock !== undefined && !isSameFile(lock, file)) {
    closeSync(lock);
    lock = await openLock(name, file, onBusy);
  }
  if (lock === undefined) return undefined;
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
    closeSync(lock);
  }
}

/** How long one command waits for another on the same lab. */
const LOCK_PATIENCE_SECONDS = 60;

async function openLock(name: string, file: string, onBusy: () => 'wait' | 'give-up'): Promise<number | undefined> {
  let lock = await lockedFile(file, 0);
  if (lock === 'busy') {
    if (onBusy() === 'give-up') return undefined;
    lock = await lockedFile(file, LOCK_PATIENCE_SECONDS);
  }
  if (typeof lock === 'number') return lock;
  throw new ProblemError(
    environmentProblem(
      lock === 'busy'
        ? {
            code: 'locked',
            where: `lab ${name}`,
            cause: 'another labctl command has been starting or ending this lab for a minute',
            remedy: 'wait until it is done',
          }
        : {
            code: 'no-flock',
            where: 'flock',
            cause: 'the lab cannot be locked',
            remedy: 'install util-linux, which has flock: sudo apt-get install util-linux',
          },
    ),
  );
}

/** A descriptor of the file, which is locked as long as that is open. */
function lockedFile(file: string, waitSeconds: number): Promise<number | 'busy' | 'failed'> {
  return IS_LINUX ? lockedByFlock(file, waitSeconds) : lockedByOpening(file, waitSeconds);
}

/** Where flock(1) is, whatever the user's PATH is. */
const SYSTEM_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** flock(1) locks the open file that we share with it as its standard input, and leaves the lock to us. */
async function lockedByFlock(file: string, waitSeconds: number): Promise<number | 'busy' | 'failed'> {
  const descriptor = openSync(file, 'a', 0o600);
  const wait = waitSeconds === 0 ? ['--nonblock'] : ['--timeout', `${waitSeconds}`];
  const result = await new Promise<'locked' | 'busy' | 'failed'>((resolve) => {
    const child = spawn('flock', ['--exclusive', ...wait, '0'], {
      stdio: [descriptor, 'ignore', 'ignore'],
      env: { PATH: SYSTEM_PATH },
    });
    child.once('error', () => resolve('failed'));
    child.once('exit', (code) => resolve(code === 0 ? 'locked' : code === 1 ? 'busy' : 'failed'));
  });
  if (result === 'locked') return descriptor;
  closeSync(descriptor);
  return result;
}

/** What open(2) of macOS and the BSDs has in place of flock(1); Node.js does not name it. */
const O_EXLOCK = 0x20;

async function lockedByOpening(file: string, waitSeconds: number): Promise<number | 'busy' | 'failed'> {
  const deadline = Date.now() + waitSeconds * 1000;
  for (;;) {
    try {
      return openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | O_EXLOCK, 0o600);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return 'failed';
    }
    if (Date.now() >= deadline) return 'busy';
    await sleep(50);
  }
}

function isSameFile(descriptor: number, file: string): boolean {
  try {
    return fstatSync(descriptor).ino === statSync(file).ino;
  } catch {
    return false;
  }
}
