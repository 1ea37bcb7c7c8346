import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { jsonFaults } from '../support/docs/json-types.ts';
import { isShell, pages, ROOT } from '../support/docs/pages.ts';
import { commandsToRun, faultsOf, LONGEST_SESSION_MS, runPage } from '../support/docs/session.ts';

const PAGES = pages();
const SIMULATED = { LABCTL_DATAPLANE: 'simulated' };

describe.concurrent('what the pages show of simulated labs happens', () => {
  const shown = PAGES.filter((page) => commandsToRun(page, 'simulated').length > 0);

  test.for(shown)('$name', { timeout: LONGEST_SESSION_MS }, async (page, { expect }) => {
    const results = await runPage(page, 'simulated', SIMULATED);
    expect(faultsOf(results)).toEqual([]);
    expect(jsonFaults(page, results)).toEqual([]);
  });
});

test('the library has what its page lists', async () => {
  const library: object = await import(pathToFileURL(join(ROOT, 'dist/index.js')).href);
  const page = PAGES.find(({ name }) => name === 'docs/library.md');
  const rows = page?.prose.split('\n').filter((line) => line.startsWith('| ') && !/^\| (types|part)/.test(line)) ?? [];
  const names = rows.flatMap((row) => [...row.matchAll(/`([A-Za-z]\w+)`/g)].map(([, name = '']) => name));
  expect(names).toContain('readSpec');
  expect(names.filter((name) => !(name in library))).toEqual([]);
});

/** `up`, `entries list` and so on: every command by each of its names. */
function commandsOfProgram(): ReadonlyMap<string, readonly string[]> {
  const under = (words: readonly string[]) => {
    const help = execFileSync(process.execPath, [join(ROOT, 'dist/labctl.cjs'), ...words, '--help'], {
      encoding: 'utf8',
    });
    // Before the first command stand the options, which look alike but for their dashes.
    return [...help.matchAll(/^ {2}([a-z][\w-]*(?:\|[a-z][\w-]*)*)(?: [[<]| {2,})/gm)]
      .map(([, names = '']) => names.split('|'))
      .filter(([name]) => name !== 'help');
  };
  const subcommands = (names: readonly string[]) =>
    ['entries', 'fault'].some((name) => names.includes(name)) ? under([names[0] ?? '']) : [];
  return new Map(under([]).flatMap((names) => names.map((name) => [name, subcommands(names).flat()] as const)));
}

/** What the pages say after `labctl` in their code. */
function mentions(): readonly { readonly where: string; readonly words: readonly [string, string] }[] {
  return PAGES.flatMap(({ name, prose, blocks }) => {
    const inBlocks = blocks.filter(isShell).map(({ where, lines }) => ({ where, code: lines.join('\n') }));
    const inProse = [...prose.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => ({ where: name, code }));
    return [...inBlocks, ...inProse].flatMap(({ where, code }) =>
      [...code.matchAll(/(?:^|[\s/|(`])labctl ([a-z][\w-]*)(?: ([a-z][\w-]*))?/gm)].map(
        ([, first = '', second = '']) => ({
          where,
          words: [first, second] as const,
        }),
      ),
    );
  });
}

describe('the commands', () => {
  const commands = commandsOfProgram();
  const mentioned = mentions();

  test('are each mentioned in some page', () => {
    const every = [...commands].flatMap(([name, subs]) => [
      [name, ''] as const,
      ...subs.map((sub) => [name, sub] as const),
    ]);
    expect(every.length).toBeGreaterThan(30);
    const lacking = every.filter(
      ([name, sub]) => !mentioned.some(({ words }) => words[0] === name && (sub === '' || words[1] === sub)),
    );
    expect(lacking).toEqual([]);
  });

  test('that the pages mention are there', () => {
    const wrong = mentioned.filter(({ words: [first, second] }) => {
      const subs = commands.get(first);
      return subs === undefined || (subs.length > 0 && second !== '' && !subs.includes(second));
    });
    expect(wrong).toEqual([]);
  });
});
