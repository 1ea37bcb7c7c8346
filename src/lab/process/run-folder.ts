import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { removeRemains } from '../../drivers/data-planes.ts';
import { environmentProblem, inputProblem, ProblemError } from '../../model/problem.ts';

/** Other systems than Linux have no /run, no flock(1) and no /proc, and shorter paths of sockets. */
export const IS_LINUX = process.platform === 'linux';

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
  // The owner of this folder could put their own sockets where we look for ours.
  if (statSync(folder).uid !== uid) throw unusableFolder(folder, 'belongs to another user');
  return folder;
}

function unusableFolder(folder: string, why: string, cause?: unknown): ProblemError {
  return new ProblemError(
    environmentProblem({
      code: 'run-folder',
      where: { kind: 'file', file: folder },
      cause: `the folder for running labs ${why}`,
      remedy: 'set LABCTL_RUN_DIR to a folder of your own with a short path',
    }),
    { cause },
  );
}

export const LAB_NAME = /^[a-z0-9][a-z0-9-]{0,29}$/;

/** Marks a lab's folder. Folders without this file are never removed: somebody may keep others here. */
export const MARKER = '.labctl';

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
      cause: "a lab's name has up to 30 lower-case letters, digits and -, and does not begin with -",
      remedy: '`labctl ls` shows the labs',
    }),
  );
}

/** The Unix socket on which a lab's process takes commands. */
export function commandSocket(name: string): string {
  return join(labFolder(name), 'lab.sock');
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
