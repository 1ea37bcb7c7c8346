import { resolve } from 'node:path';
import type { TestReport } from '../../lab/scenario/result.ts';
import { describeProblem, ProblemError } from '../../model/problem.ts';
import { printLines, remark } from '../output/terminal.ts';
import { planTests, type TestFile } from './files.ts';
import type { TestOptions } from './options.ts';
import { WatchedFiles } from './watched-files.ts';

/** Why a run was ended by a save. */
export const SAVED = new Error('a file was saved');

type Run = (files: readonly TestFile[], options: TestOptions, signal: AbortSignal) => Promise<TestReport>;

/**
 * `labctl test --watch`: runs the tests again whenever a file that they were read from is saved, simulated first, until
 * it is interrupted. A save ends the run that is under way.
 */
export async function watchTests(
  names: readonly string[],
  options: TestOptions,
  signal: AbortSignal,
  run: Run,
): Promise<never> {
  const watched = new WatchedFiles();
  try {
    for (;;) {
      const files = planWatched(names, options, watched);
      const saved = new AbortController();
      const changed = watched.saved(signal).then((paths) => {
        saved.abort(SAVED);
        return paths;
      });
      // It is awaited below, when the run has ended.
      changed.catch(() => {});
      await runBoth(files, options, AbortSignal.any([signal, saved.signal]), run);
      if (!saved.signal.aborted && !signal.aborted) remark('waiting for a save; Ctrl-C stops');
      const paths = await changed;
      printLines(['', `--- saved: ${paths.join(', ')}`]);
    }
  } finally {
    watched.close();
  }
}

/** Reads the tests so that no save is missed: their files are watched, and their contents known, before they are read. */
function planWatched(names: readonly string[], options: TestOptions, watched: WatchedFiles): readonly TestFile[] {
  for (;;) {
    watched.remember();
    const paths = new Set<string>();
    let files: readonly TestFile[] = [];
    let problems: ProblemError['problems'] = [];
    try {
      files = planTests(names, options.scenario ?? [], (path) => paths.add(resolve(path)));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      problems = error.problems;
    }
    if (watched.follow(paths)) continue;
    for (const problem of problems) remark(`labctl: ${describeProblem(problem)}`);
    return files;
  }
}

async function runBoth(files: readonly TestFile[], options: TestOptions, signal: AbortSignal, run: Run): Promise<void> {
  try {
    const { junit: _, ...simulated } = options;
    if (options.dataplane !== 'simulated') {
      printLines(['simulated:']);
      await run(files, { ...simulated, dataplane: 'simulated' }, signal);
    }
    // Wrong files were reported by the simulated run.
    const right = options.dataplane === 'simulated' ? files : files.filter(({ kind }) => kind === 'right');
    if (signal.aborted || right.length === 0) return;
    if (options.dataplane !== 'simulated') printLines(['', 'on Mininet:']);
    await run(right, options, signal);
  } catch (error) {
    if (signal.aborted) return;
    // A controller that does not answer now may do so at the next save.
    if (!(error instanceof ProblemError)) throw error;
    for (const problem of error.problems) remark(`labctl: ${describeProblem(problem)}`);
  }
}
