import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, relative, resolve } from 'node:path';
import { controllerRow } from '../../drivers/controllers.ts';
import type { TestReport } from '../../lab/scenario/result.ts';
import { describeProblem, environmentProblem, ProblemError } from '../../model/problem.ts';
import { chooseController } from '../controller-choice.ts';
import { DEFAULT_DATA_PLANE } from '../options.ts';
import { ProgressLine } from '../output/progress.ts';
import { coloured, printJson, printLines, remark } from '../output/terminal.ts';
import type { TestFile } from './files.ts';
import { junitXml } from './junit.ts';
import { type LabOpener, mininetLabs, simulatedLabs } from './labs.ts';
import type { TestOptions } from './options.ts';
import { annotations, fileLines, markdownSummary, scenarioLines, summaryLine } from './report.ts';
import { runTests } from './run.ts';
import { SAVED } from './watch.ts';

/** Runs what was planned, prints it, and writes what else was asked for. After an interrupt it reports what was done. */
export async function runAndReport(
  files: readonly TestFile[],
  options: TestOptions,
  signal: AbortSignal,
): Promise<TestReport> {
  if (options.junit !== undefined) writeTo(options.junit, '');
  const runs = files.some(({ kind }) => kind === 'right');
  for (const file of files) {
    if (file.kind === 'wrong') for (const problem of file.problems) remark(`labctl: ${describeProblem(problem)}`);
  }
  const { openLab, jobs } = runs ? await labsFor(options, signal) : { openLab: simulatedLabs(1), jobs: 1 };
  const isText = options.format === 'text';
  const progress = new ProgressLine();
  const print = (lines: readonly string[]) => {
    progress.clear();
    // A run that a save has ended is run again.
    if (isText && signal.reason !== SAVED) printLines(lines);
  };
  const report = await runTests(files, {
    dataPlane: options.dataplane ?? DEFAULT_DATA_PLANE,
    openLab,
    jobs,
    keepGoing: options.keepGoing ?? false,
    signal,
    onProgress: (what, each) => {
      // Where stderr is no terminal, each would be a line of its own.
      if (process.stderr.isTTY) progress.show('step' in each ? { step: `${what}: ${each.step}` } : each);
    },
    onFile: (file) => print(fileLines(file, coloured)),
    onScenario: (scenario) => print(scenarioLines(scenario, coloured)),
  });
  if (signal.reason === SAVED) return report;
  print(['', summaryLine(report, coloured)]);
  if (!isText) printJson(report);
  if (options.junit !== undefined) writeTo(options.junit, junitXml(report));
  tellGitHub(report);
  return report;
}

/** How labs are brought up, and how many at a time. */
async function labsFor(
  options: TestOptions,
  signal: AbortSignal,
): Promise<{ readonly openLab: LabOpener; readonly jobs: number }> {
  const jobs = options.jobs ?? availableParallelism();
  if (options.dataplane === 'simulated') return { openLab: simulatedLabs(options.restPort), jobs };
  const { order, line } = await chooseController(options, signal);
  remark(line);
  const datapath = options.datapath === undefined ? {} : { datapath: options.datapath };
  const row = controllerRow(order);
  const isShared = row.isShared(order);
  if (isShared && (options.jobs ?? 1) > 1) remark(`labctl: one lab at a time, as one ${row.title} serves no more`);
  return { openLab: mininetLabs({ controller: order, ...datapath }), jobs: isShared ? 1 : jobs };
}

/** @throws ProblemError when it cannot be written; found before anything starts, too */
function writeTo(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } catch (error) {
    throw new ProblemError(
      environmentProblem({
        code: 'unwritable',
        where: { kind: 'option', option: '--junit', value: file },
        cause: `cannot be written: ${(error as Error).message}`,
        remedy: 'name a file in a folder of yours',
      }),
      { cause: error },
    );
  }
}

/** On GitHub Actions: annotations where scenarios failed, and a table on the page of the run. */
function tellGitHub(report: TestReport): void {
  const workspace = process.env['GITHUB_WORKSPACE'] || process.cwd();
  const pathOf = (file: string) => relative(workspace, resolve(file));
  // GitHub reads them from stderr too, and stdout holds the result.
  if (process.env['GITHUB_ACTIONS']) for (const line of annotations(report, pathOf)) remark(line);
  const summary = process.env['GITHUB_STEP_SUMMARY'];
  if (!summary) return;
  try {
    appendFileSync(summary, markdownSummary(report));
  } catch (error) {
    remark(`labctl: warning: GITHUB_STEP_SUMMARY ${summary}: cannot be written: ${(error as Error).message}`);
  }
}
