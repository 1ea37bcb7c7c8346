import type { LabProgress } from '../../lab/running.ts';
import { interrupted } from '../signals.ts';

/**
 * Shows on stderr what is being done: on a terminal in one line that is overwritten and erased at the end, elsewhere a
 * line for each step.
 */
export class ProgressLine {
  readonly #live = process.stderr.isTTY && process.env['TERM'] !== 'dumb';
  #shown = '';

  readonly show = (progress: LabProgress): void => {
    if ('step' in progress) this.#write(progress.step, true);
    else {
      const { answered, pairs, round } = progress.probe;
      const again = round === 1 ? '' : `, asking again for the other ${pairs - answered} (${round})`;
      this.#write(`pinging ${pairs} pairs: ${answered} answered${again}`, false);
    }
  };

  /** Erases the line; call it before anything else is printed. */
  readonly clear = (): void => {
    if (this.#live && this.#shown !== '') process.stderr.write('\r\u001b[K');
    this.#shown = '';
  };

  #write(text: string, isStep: boolean): void {
    if (text === this.#shown) return;
    if (this.#live) {
      // A terminal that does not know its width says 0.
      const width = (process.stderr.columns || 80) - 1;
      process.stderr.write(`\r\u001b[K${`... ${text}`.slice(0, width)}`);
    } else if (isStep) process.stderr.write(`... ${text}\n`);
    this.#shown = text;
  }
}

/** What ends a command of the lab early, and what hears of its progress. */
export interface Watching {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: LabProgress) => void;
}

/** Shows the progress of work that an interrupt ends, and erases it when the work is done. */
export async function watched<T>(work: (watching: Watching) => Promise<T>): Promise<T> {
  const progress = new ProgressLine();
  return work({ signal: interrupted, onProgress: progress.show }).finally(progress.clear);
}
