import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The pages that people read, and what stands in them. CONTRIBUTING.md says how their commands are marked. */

export const ROOT = resolve(import.meta.dirname, '../../..');

export interface Page {
  /** From the top of the repository: `docs/spec.md`. */
  readonly name: string;
  readonly text: string;
  /** The text without its code blocks. */
  readonly prose: string;
  readonly blocks: readonly Block[];
}

/** A fenced code block. */
export interface Block {
  /** `docs/spec.md:12`, where its fence opens. */
  readonly where: string;
  readonly language: string;
  /** The HTML comment before it: `run: simulated`. */
  readonly mark: string | undefined;
  readonly lines: readonly string[];
  /** The last line of prose before it. */
  readonly prose: string;
}

/** A command of a shell block, and what is said of it. */
export interface PageCommand {
  /** `docs/spec.md:13` */
  readonly where: string;
  readonly command: string;
  readonly exitCode: number;
  /** Output shown under it; empty where none is. */
  readonly output: readonly string[];
}

/** `sh` holds commands only; in `console`, commands follow a `$`, and the other lines are output. */
const SHELLS: ReadonlySet<string> = new Set(['sh', 'console']);

/** A comment that says how the block after it is run. */
const MARK = /^<!-- (.*) -->$/;

export function pages(): readonly Page[] {
  const inDocs = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
  const names = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md', 'topologies/README.md'];
  return [...names, ...inDocs.sort().map((name) => `docs/${name}`)].map((name) =>
    pageOf(name, readFileSync(join(ROOT, name), 'utf8')),
  );
}

export function pageOf(name: string, text: string): Page {
  const blocks: Block[] = [];
  let open: (Omit<Block, 'lines'> & { lines: string[] }) | undefined;
  let mark: string | undefined;
  const prose: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^```(.*)$/.exec(line);
    if (open !== undefined) {
      if (fence === null) open.lines.push(line);
      else {
        blocks.push(open);
        open = undefined;
      }
    } else if (fence !== null) {
      open = {
        where: `${name}:${index + 1}`,
        language: fence[1] ?? '',
        mark,
        lines: [],
        prose: prose.findLast((each) => each !== '' && !MARK.test(each)) ?? '',
      };
      mark = undefined;
    } else {
      prose.push(line);
      if (line !== '') mark = MARK.exec(line)?.[1];
    }
  }
  if (open !== undefined) throw new Error(`${open.where}: this code block does not end`);
  return { name, text, prose: prose.join('\n'), blocks };
}

export function isShell({ language }: Block): boolean {
  return SHELLS.has(language);
}

/** The commands of a shell block, in their order. */
export function commandsOf({ where, language, lines }: Block): readonly PageCommand[] {
  const [file = '', fence = '0'] = where.split(':');
  const commands: { where: string; command: string; exitCode: number; output: string[] }[] = [];
  let continues = false;
  for (const [index, line] of lines.entries()) {
    const last = commands.at(-1);
    const prompted = /^\$ (.*)$/.exec(line)?.[1];
    if (continues && last !== undefined) last.command += `\n${line}`;
    else if (language === 'console' && prompted === undefined) {
      if (last === undefined) throw new Error(`${where}: there is output before the first command`);
      last.output.push(line);
      continue;
    } else {
      const command = prompted ?? line;
      if (/^\s*(#|$)/.test(command)) continue;
      commands.push({ where: `${file}:${Number(fence) + index + 1}`, command, exitCode: 0, output: [] });
    }
    continues = line.endsWith('\\');
  }
  return commands.map((each) => ({ ...each, exitCode: exitCodeIn(each.command) }));
}

/** What a comment at the end of a command says: `# exit code 1`. */
function exitCodeIn(command: string): number {
  return Number(/\s#.*\bexit code (\d+)/.exec(command)?.[1] ?? 0);
}

/** Whether shown lines stand together in the output, in this order. `...` is any text, or alone any lines. */
export function appearsIn(shown: readonly string[], output: readonly string[]): boolean {
  const pattern = shown.map((line) => (line === '...' ? '(?:.*\\n)*?' : `${escaped(line.trimEnd())} *\\n`)).join('');
  return new RegExp(`^${pattern}`, 'm').test(`${output.join('\n')}\n`);
}

function escaped(line: string): string {
  return line
    .split('...')
    .map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'))
    .join('.*');
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf({ prose }: Page): ReadonlySet<string> {
  const headings = [...prose.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) => heading);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\p{M} _-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );
}

/** Where the page's links and pictures lead: `docs/spec.md#hosts`, relative to the page, and what is outside of it. */
export function linksOf({ prose }: Page): readonly string[] {
  const withoutCode = prose.replaceAll(/`[^`\n]*`/g, '');
  return [...withoutCode.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
}
