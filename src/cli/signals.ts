import { readFileSync } from 'node:fs';
import { EXIT } from './exit-codes.ts';

const interruption = new AbortController();

/** Aborted by the first interrupt. */
export const interrupted: AbortSignal = interruption.signal;

/** Has the first interrupt end the command in order, and the second end this process at once. */
export function heedInterrupts(): void {
  process.once('SIGINT', () => {
    process.once('SIGINT', () => process.exit(EXIT.interrupted));
    interruption.abort(new Error('interrupted'));
  });
  process.once('SIGTERM', () => interruption.abort(new Error('terminated')));
}

/**
 * Replaces whatever listens to a signal by one listener. There is always a listener: Node.js loses a signal that it has
 * caught but not delivered when the last listener goes.
 */
export function onlyOn(name: NodeJS.Signals, listener: () => void): void {
  const others = process.rawListeners(name);
  process.on(name, listener);
  for (const other of others) process.removeListener(name, other as () => void);
}

/** Signals the only child of a process such as nsenter; returns whether there is one yet. */
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
