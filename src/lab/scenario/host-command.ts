import { spawn } from 'node:child_process';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Command } from '../../drivers/data-plane.ts';
import { environmentProblem, ProblemError } from '../../model/problem.ts';

/** Of what a command writes at least as much is kept, in characters: its end. */
const MOST_OUTPUT = 1024 * 1024;

/** How long output is still waited for when the command has ended and something that it started goes on. */
const QUIET_MS = 100;

/**
 * Runs a command and collects what it writes, standard output and error together. What it leaves behind may go on: it
 * ends with the lab.
 * @throws ProblemError when it cannot be started; the signal's reason when that is aborted
 */
export async function runCommand(
  { file, args }: Command,
  signal: AbortSignal,
): Promise<{ readonly code: number; readonly output: string }> {
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let chunks = 0;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > 2 * MOST_OUTPUT) output = output.slice(-MOST_OUTPUT);
      chunks += 1;
    });
  }
  const closed = new Promise<'closed'>((resolve) => {
    child.once('close', () => resolve('closed'));
  });
  const interrupt = () => child.kill('SIGKILL');
  signal.addEventListener('abort', interrupt, { once: true });
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', (error) => {
        const where = file;
        const cause = `cannot be started: ${error.message}`;
        reject(new ProblemError(environmentProblem({ code: 'no-program', where, cause }), { cause: error }));
      });
      // A signal that ended it is of no interest: nsenter passes on what its child ended by.
      child.once('exit', (exitCode) => resolve(exitCode ?? 128));
    });
    signal.throwIfAborted();
    // The pipes stay open as long as something in the background holds them.
    for (let before = -1; before !== chunks; ) {
      before = chunks;
      if ((await Promise.race([closed, sleep(QUIET_MS)])) === 'closed') break;
      // On a busy machine the time may be over before what is there has been read.
      await nextTurn();
    }
    return { code, output };
  } finally {
    signal.removeEventListener('abort', interrupt);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}
