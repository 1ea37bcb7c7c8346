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

/** The child of a process that has one, such as nsenter's; undefined before there is one. */
export function childOf(pid: number | undefined): number | undefined {
  try {
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0]) || undefined;
  } catch {
    return undefined;
  }
}
