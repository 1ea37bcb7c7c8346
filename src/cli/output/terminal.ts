import { styleText } from 'node:util';
import { describeProblem, type Problem } from '../../model/problem.ts';
import { placesAsTexts } from '../../model/where.ts';
import type { FormatOptions } from '../options.ts';

/** Prints a result: whole lines, to stdout. */
export function printLines(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

/** Prints a result as JSON, with places as texts, to stdout. */
export function printJson(document: unknown): void {
  process.stdout.write(`${JSON.stringify(document, placesAsTexts, 2)}\n`);
}

/** Prints a result in the form that was asked for: as JSON, or as lines for people. */
export function printAnswer<T>({ format }: FormatOptions, answer: T, lines: (answer: T) => readonly string[]): void {
  if (format === 'json') printJson(answer);
  else printLines(lines(answer));
}

/** Prints warnings to stderr, each with what to do. */
export function warn(warnings: readonly Problem[]): void {
  for (const warning of warnings) remark(`labctl: warning: ${describeProblem(warning)}`);
}

/** Prints a remark for the person who waits, to stderr. */
export function remark(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** `1 entry`, `2 entries`. */
export function counted(number: number, what: string): string {
  if (number === 1) return `1 ${what}`;
  return `${number} ${what.endsWith('y') ? `${what.slice(0, -1)}ies` : `${what}${what.endsWith('ch') ? 'es' : 's'}`}`;
}

/** A moment as the local time; empty for the empty text. */
export function localTime(iso: string): string {
  if (iso === '') return '';
  // Not toLocaleString: to load its tables takes Node nearly as long as its start.
  const time = new Date(iso);
  const two = (number: number) => `${number}`.padStart(2, '0');
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(':')}`;
}

/** Colours stdout where it is a terminal and NO_COLOR (no-color.org) is not set. */
export function coloured(style: Parameters<typeof styleText>[0], text: string): string {
  return process.stdout.isTTY && !process.env['NO_COLOR'] ? styleText(style, text) : text;
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
