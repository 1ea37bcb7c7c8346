import { spawn } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync, rmSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentProblem, ProblemError } from '../../model/problem.ts';
import { IS_LINUX, labFolder } from './run-folder.ts';

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

/** flock(1) gets our open file as its standard input and locks it. The lock stays when flock has ended. */
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

/** macOS and the BSDs lock with this flag of open(2), and have no flock(1). Node.js has no name for it. */
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
