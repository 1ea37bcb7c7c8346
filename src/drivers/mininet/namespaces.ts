import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { isRoot, MININET_PYTHON } from './machine.ts';

/**
 * Starts a Python program as the first process of namespaces of its own: network, mounts and processes, and users unless
 * we are root. It dies with this process, however that dies, and everything in the namespaces dies with it.
 */
export function spawnInNamespaces(program: string, options: SpawnOptions): ChildProcess {
  const user = isRoot() ? [] : ['--user', '--map-root-user'];
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  // node:child_process and not execa: a conversation needs a socket pair, which execa wraps as a one-way stream.
  return spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', '--', 'unshare', ...user, ...namespaces, MININET_PYTHON, program],
    options,
  );
}

/** The process id of the first process, as seen from outside of its namespaces; undefined when it does not run. */
export function firstProcessOf({ pid: unshare, exitCode, signalCode }: ChildProcess): number | undefined {
  // After its end, another process may have its id.
  if (unshare === undefined || exitCode !== null || signalCode !== null) return undefined;
  try {
    const [first] = readFileSync(`/proc/${unshare}/task/${unshare}/children`, 'utf8').trim().split(' ');
    return first === undefined || first === '' ? undefined : Number(first);
  } catch {
    return undefined;
  }
}

/**
 * Ends everything in the namespaces. The first process ends only after every other process is gone, and the child waits
 * for it: after the child's exit nothing is left.
 */
export function endNamespaces(child: ChildProcess): void {
  const first = firstProcessOf(child);
  if (first === undefined) {
    child.kill('SIGKILL');
    return;
  }
  try {
    process.kill(first, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}
