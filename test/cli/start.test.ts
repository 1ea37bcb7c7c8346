import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const SRC = join(import.meta.dirname, '../../src');
const COMMANDS = join(SRC, 'cli/commands');

/** Imports of types are none at run time; `await import` is none before its command runs. */
const STATIC_IMPORT = /^(?:import|export) (?!type\b)(?:[^;=()]*? from )?'([^']+)';$/gm;

/** What a module has loaded before it runs: modules of src by their paths, others by their names. */
function loadedWith(file: string, loaded: Set<string> = new Set()): ReadonlySet<string> {
  if (loaded.has(file)) return loaded;
  loaded.add(file);
  for (const [, name = ''] of readFileSync(file, 'utf8').matchAll(STATIC_IMPORT)) {
    if (name.startsWith('.')) loadedWith(join(dirname(file), name), loaded);
    else loaded.add(name);
  }
  return loaded;
}

test('the start of labctl loads no command', () => {
  const loaded = [...loadedWith(join(SRC, 'cli/main.ts'))];
  expect(loaded.filter((name) => name.startsWith(`${COMMANDS}/`))).toEqual([]);
});

test('the start of a command loads no package but the one that reads arguments, and nothing that takes long', () => {
  const found = new Set<string>();
  loadedWith(join(SRC, 'cli/main.ts'), found);
  for (const file of readdirSync(COMMANDS)) loadedWith(join(COMMANDS, file), found);
  const loaded = [...found];
  expect(loaded.filter((name) => !name.startsWith('/') && !name.startsWith('node:'))).toEqual(['commander']);
  const quick = ['node:fs', 'node:path', 'node:util'];
  expect(loaded.filter((name) => name.startsWith('node:') && !quick.includes(name))).toEqual([]);
  const heavy = /^(spec\/read|sim\/|verify\/|lab\/lab\.ts|lab\/process\/)/;
  expect(loaded.filter((name) => heavy.test(name.replace(`${SRC}/`, '')))).toEqual([]);
  // The walk saw more than the first files.
  expect(loaded).toContain(join(SRC, 'cli/output/terminal.ts'));
});
