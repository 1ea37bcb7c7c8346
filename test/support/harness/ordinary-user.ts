import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** labctl's program where an ordinary user can read it. */
    programForOrdinaryUser: string;
  }
}

/** `nobody`, the ordinary user of the tests that root runs. */
export const NOBODY = 65_534;
export const AS_NOBODY: readonly string[] = [
  'setpriv',
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  '--clear-groups',
  '--',
];

const ROOT = resolve(import.meta.dirname, '../../..');
const PROGRAM = 'dist/labctl.cjs';

/** Where the copy is, for each project of the run. */
const VARIABLE = 'LABCTL_TEST_COPY';

/** Before all tests: sees that an ordinary user can run labctl, in a copy where this clone is in a closed folder. */
export default function setup(project: TestProject): (() => void) | undefined {
  const here = process.env[VARIABLE] ?? join(ROOT, PROGRAM);
  if (userInfo().uid !== 0 || runsAsNobody(here)) {
    project.provide('programForOrdinaryUser', here);
    return undefined;
  }
  const copy = mkdtempSync('/tmp/lt-copy-');
  chmodSync(copy, 0o755);
  for (const item of ['package.json', 'docker-compose.yml', 'dist', 'src', 'topologies']) {
    execFileSync('cp', ['--recursive', '--preserve=mode,links', join(ROOT, item), join(copy, item)]);
  }
  execFileSync('chmod', ['--recursive', 'a+rX', copy]);
  const program = join(copy, PROGRAM);
  if (!runsAsNobody(program))
    throw new Error(`an ordinary user cannot run ${process.execPath}: install Node.js for all`);
  process.env[VARIABLE] = program;
  project.provide('programForOrdinaryUser', program);
  return () => rmSync(copy, { recursive: true, force: true });
}

function runsAsNobody(program: string): boolean {
  const [file = '', ...rest] = AS_NOBODY;
  return spawnSync(file, [...rest, process.execPath, program, '--version'], { cwd: '/' }).status === 0;
}
