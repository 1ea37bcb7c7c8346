import { styleText } from 'node:util';
import type { LabProgress } from '../../lab/running.ts';
import { placesAsTexts } from '../../model/where.ts';

/** Prints a result: whole lines, to stdout. */
export function printLines(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

/** Prints a result as JSON, with places as texts, to stdout. */
export function printJson(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, placesAsTexts, 2)}\n`);
}

/** Prints a remark for the person who waits, to stderr. */
export function remark(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Colours stdout where it is a terminal and NO_COLOR (no-color.org) is not set. */
export function coloured(style: Parameters<typeof styleText>[0], text: string): string {
  return process.stdout.isTTY && !process.env['NO_COLOR'] ? styleText(style, text) : text;
}

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

/** Rows as columns of text, each as wide as its widest cell, with a heading; the last column is not padded. */
export function table(heading: readonly string[], unsafeRows: readonly (readonly string[])[]): readonly string[] {
  // Names may hold anything; nothing in them may move the cursor or break a row.
  const rows = unsafeRows.map((row) => row.map((cell) => JSON.stringify(cell).slice(1, -1).replaceAll('\\"', '"')));
  const widths = heading.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  return [heading, ...rows].map((row) =>
    row
      .map((cell, column) => (column === heading.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}
