import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ProblemError } from '../../src/model/problem.ts';
import { specJsonSchema } from '../../src/spec/json-schema.ts';
import { readSpec } from '../../src/spec/read.ts';
import { anchorsOf, appearsIn, commandsOf, isShell, linksOf, pageOf, pages, ROOT } from '../support/docs/pages.ts';

const PAGES = pages();
const named = (name: string) => PAGES.find((page) => page.name === name);

/** What `npm pack` takes. */
function packagedFiles(): ReadonlySet<string> {
  const listed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  const [{ files }] = JSON.parse(listed) as [{ readonly files: readonly { readonly path: string }[] }];
  return new Set(files.map(({ path }) => path));
}

test('every block of commands says how it is run, or why it is not', () => {
  const unmarked = PAGES.flatMap(({ blocks }) => blocks)
    .filter((block) => isShell(block) && !/^(run: (simulated|mininet)|not run: \S.*)$/.test(block.mark ?? ''))
    .map(({ where, mark }) => `${where}: ${mark}`);
  expect(unmarked).toEqual([]);
});

test('every block names its language, and no block is made by indenting', () => {
  const unnamed = PAGES.flatMap(({ blocks }) => blocks).filter(({ language }) => !/^\w+$/.test(language));
  expect(unnamed.map(({ where }) => where)).toEqual([]);
  const indented = PAGES.filter(({ prose }) => /\n\n {4}\S/.test(prose));
  expect(indented.map(({ name }) => name)).toEqual([]);
});

test('every whole spec in the pages is right', () => {
  const specs = PAGES.flatMap(({ blocks }) => blocks).filter(
    ({ language, lines }) => language === 'yaml' && lines.includes('version: 1'),
  );
  expect(specs.length).toBeGreaterThan(3);
  const wrong = specs.flatMap(({ where, lines }) => {
    try {
      readSpec(where, lines.join('\n'));
      return [];
    } catch (error) {
      return error instanceof ProblemError ? error.problems.map(({ cause }) => `${where}: ${cause}`) : [String(error)];
    }
  });
  expect(wrong).toEqual([]);
});

test('every key of a spec stands in the pages about specs and scenarios', () => {
  const text = `${named('docs/spec.md')?.text}${named('docs/scenarios.md')?.text}`;
  const keys = new Set<string>();
  const gather = (part: unknown): void => {
    if (typeof part !== 'object' || part === null) return;
    for (const key of Object.keys((part as { readonly properties?: object }).properties ?? {})) keys.add(key);
    Object.values(part).forEach(gather);
  };
  gather(specJsonSchema());
  expect(keys.size).toBeGreaterThan(40);
  expect([...keys].filter((key) => !new RegExp(`\`[^\`]*\\b${key}\\b[^\`]*\``).test(text))).toEqual([]);
});

test('every link leads to a file that is there, and to a heading in it', () => {
  const broken = PAGES.flatMap((page) =>
    linksOf(page)
      .filter((target) => !/^https?:/.test(target))
      .filter((target) => {
        const [path = '', anchor] = target.split('#');
        const name = path === '' ? page.name : normalize(join(dirname(page.name), path));
        if (!existsSync(join(ROOT, name))) return true;
        const other = named(name);
        return anchor !== undefined && !(other !== undefined && anchorsOf(other).has(anchor));
      })
      .map((target) => `${page.name}: ${target}`),
  );
  expect(broken).toEqual([]);
});

test('the README is a door: at most 150 lines, from which every page can be reached', () => {
  const readme = named('README.md');
  expect(readme?.text.trimEnd().split('\n').length).toBeLessThanOrEqual(150);
  const reached = new Set(readme === undefined ? [] : linksOf(readme).map((target) => target.split('#')[0]));
  const lacking = PAGES.map(({ name }) => name).filter((name) => name !== 'README.md' && !reached.has(name));
  expect(lacking).toEqual([]);
});

describe('the package', () => {
  const files = packagedFiles();

  test('has every page and picture to which the README and the pages in docs/ lead', () => {
    const lacking = PAGES.filter(({ name }) => name === 'README.md' || name.startsWith('docs/')).flatMap((page) =>
      linksOf(page)
        .filter((target) => !/^(https?:|#)/.test(target))
        .map((target) => normalize(join(dirname(page.name), target.split('#')[0] ?? '')))
        .filter(
          (path) => !files.has(path) && ![...files].some((file) => file.startsWith(`${path.replace(/\/$/, '')}/`)),
        )
        .map((path) => `${page.name}: ${path}`),
    );
    expect(lacking).toEqual([]);
  });

  test('has every file that the README has people run or read, unless the README says that it takes a clone', () => {
    const blocks = named('README.md')?.blocks ?? [];
    const used = blocks.flatMap(({ lines, prose }) =>
      [...lines.join('\n').matchAll(/(?<![\w./-])(?:scripts|topologies|docs|src|test)\/[\w./-]*/g)].map(([path]) => ({
        path,
        isInClone: /\bclone\b/.test(prose),
      })),
    );
    expect(used.map(({ path }) => path)).toContain('scripts/quickstart');
    expect(used.filter(({ path }) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(used.filter(({ path, isInClone }) => !isInClone && !files.has(path))).toEqual([]);
  });
});

test('shown lines are found together and in order, and ... stands for what varies', () => {
  const output = ['s1-s3 is down', 'followed in 190 ms: 16 entries pushed', 'h1 -> h3: 5 lost'];
  expect(appearsIn(['s1-s3 is down', 'followed in ... ms: 16 entries pushed'], output)).toBe(true);
  expect(appearsIn(['s1-s3 is down', '...', 'h1 -> h3: ... lost'], output)).toBe(true);
  expect(appearsIn(['s1-s3 is down', 'h1 -> h3: ... lost'], output)).toBe(false);
  expect(appearsIn(['...', 's1-s3 is up'], output)).toBe(false);
  expect(appearsIn(['s1-s3 is'], output)).toBe(false);
});

test('commands, their exit codes and their output are read from a page', () => {
  const text =
    '# P\n\n<!-- run: simulated -->\n```console\n$ labctl pingall   # 8/90; exit code 1\n*** Results\n$ true\n```\n';
  const [block] = pageOf('p.md', text).blocks;
  expect(block?.mark).toBe('run: simulated');
  expect(block === undefined ? [] : commandsOf(block)).toEqual([
    { where: 'p.md:5', command: 'labctl pingall   # 8/90; exit code 1', exitCode: 1, output: ['*** Results'] },
    { where: 'p.md:7', command: 'true', exitCode: 0, output: [] },
  ]);
});
