import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const SRC = join(import.meta.dirname, '../../src');

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

test('the start of labctl loads no package but the one that reads its arguments, and nothing that takes long', () => {
  const loaded = [...loadedWith(join(SRC, 'cli/main.ts'))];
  expect(loaded.filter((name) => !name.startsWith('/') && !name.startsWith('node:'))).toEqual(['commander']);
  const quick = ['node:fs', 'node:path', 'node:util'];
  expect(loaded.filter((name) => name.startsWith('node:') && !quick.includes(name))).toEqual([]);
  const heavy = /^(spec\/read|sim\/|verify\/|lab\/lab\.ts|lab\/process\/)/;
  expect(loaded.filter((name) => heavy.test(name.replace(`${SRC}/`, '')))).toEqual([]);
  // A command's file is among them: the walk saw more than the first.
  expect(loaded).toContain(join(SRC, 'cli/commands/up.ts'));
});
