import { readFileSync } from 'node:fs';

/**
 * Has a signal do this, and nothing else that it did. Never without a listener in between: Node.js loses a signal that it
 * has caught and not yet told of when its last listener goes.
 */
export function onlyOn(name: NodeJS.Signals, listener: () => void): void {
  const others = process.rawListeners(name);
  process.on(name, listener);
  for (const other of others) process.removeListener(name, other as () => void);
}

/** Signals the child of a process such as nsenter, which has one; returns whether there is one yet. */
export function signalChildOf(pid: number | undefined, ...names: readonly NodeJS.Signals[]): boolean {
  let child: number;
  try {
    child = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]);
  } catch {
    return false;
  }
  if (child === 0) return false;
  try {
    for (const name of names) process.kill(child, name);
  } catch {
    // It has just ended.
  }
  return true;
}
