import { setMaxListeners } from 'node:events';
import { dirname, resolve } from 'node:path';
import type { DataPlaneKind } from '../../drivers/data-plane.ts';
import { missingTool } from '../../drivers/mininet/requirements.ts';
import type { LabProgress } from '../../lab/running.ts';
import {
  type FileResult,
  type Outcome,
  type ScenarioResult,
  scenarioResult,
  TEST_REPORT_VERSION,
  type TestReport,
} from '../../lab/scenario/result.ts';
import { notRun, runScenario } from '../../lab/scenario/run.ts';
import { type Problem, ProblemError, problemsOf } from '../../model/problem.ts';
import type { Scenario } from '../../model/scenario.ts';
import type { TestFile } from './files.ts';
import type { LabOpener } from './labs.ts';

export interface TestRunOptions {
  readonly dataPlane: DataPlaneKind;
  readonly openLab: LabOpener;
  /** How many labs are up at a time, at most. */
  readonly jobs: number;
  readonly keepGoing: boolean;
  readonly signal: AbortSignal;
  /** What is being done in one of the labs. */
  readonly onProgress: (what: string, progress: LabProgress) => void;
  /** Called for each file in its turn, before its scenarios. */
  readonly onFile: (file: FileResult) => void;
  /** Called for each scenario in its turn, when it and those before it are done. */
  readonly onScenario: (scenario: ScenarioResult) => void;
}

/**
 * Runs scenarios, each in a lab of its own. Never throws for what happens to one of them; when the signal is aborted,
 * those that are not done are errors, and it returns when no lab is left.
 */
export async function runTests(files: readonly TestFile[], options: TestRunOptions): Promise<TestReport> {
  // Each lab listens to it.
  setMaxListeners(0, options.signal);
  const begin = performance.now();
  const inTurn = atMost(options.jobs);
  const begun = files.map((file) => ({
    file,
    scenarios:
      file.kind === 'wrong' ? [] : file.scenarios.map((scenario) => inTurn(() => runOne(file, scenario, options))),
  }));
  const results: FileResult[] = [];
  for (const { file, scenarios } of begun) {
    const done: ScenarioResult[] = [];
    const result = { file: file.file, problems: file.kind === 'wrong' ? file.problems : [], scenarios: done };
    results.push(result);
    options.onFile(result);
    for (const scenario of scenarios) {
      const told = await scenario;
      done.push(told);
      options.onScenario(told);
    }
  }
  const all = results.flatMap(({ scenarios }) => scenarios);
  const count = (outcome: Outcome) => all.filter((each) => each.outcome === outcome).length;
  return {
    version: TEST_REPORT_VERSION,
    dataPlane: options.dataPlane,
    counts: { passed: count('passed'), failed: count('failed'), skipped: count('skipped'), error: count('error') },
    seconds: secondsSince(begin),
    files: results,
  };
}

type RightFile = Extract<TestFile, { kind: 'right' }>;

async function runOne(file: RightFile, scenario: Scenario, options: TestRunOptions): Promise<ScenarioResult> {
  const { signal, openLab, keepGoing } = options;
  const begin = performance.now();
  const what = `${file.file}: ${scenario.name}`;
  const onProgress = (progress: LabProgress) => options.onProgress(what, progress);
  const problems: Problem[] = [];
  let steps = scenario.steps.map(notRun);
  const interrupted = (): ScenarioResult => ({
    ...scenarioResult(scenario, secondsSince(begin), steps, problems),
    outcome: 'error',
    message: 'interrupted',
    messageWhere: scenario.where,
  });
  if (signal.aborted) return interrupted();
  try {
    const missing = missingFor(scenario, options);
    if (missing !== undefined) throw new ProblemError(missing);
    const lab = await openLab(file.source, { signal, onProgress });
    try {
      steps = [
        ...(await runScenario(lab, scenario, {
          signal,
          keepGoing,
          folder: resolve(dirname(file.file)),
          entriesOf: (step) => file.entries.get(step) ?? [],
          onStep: (step) => onProgress({ step }),
          onProgress,
        })),
      ];
    } finally {
      problems.push(...(await lab.close()));
    }
  } catch (error) {
    if (signal.aborted) return interrupted();
    problems.push(...problemsOf(error));
  }
  return scenarioResult(scenario, secondsSince(begin), steps, problems);
}

/** What the machine lacks for a scenario, beside what every lab needs. */
function missingFor({ steps }: Scenario, { dataPlane }: TestRunOptions): Problem | undefined {
  const measures = dataPlane === 'mininet' && steps.some(({ action }) => action.kind === 'iperf');
  return measures ? missingTool('iperf3') : undefined;
}

/** Does works in the order in which they come, at most so many at a time. */
function atMost(count: number): <T>(work: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let free = count;
  return async (work) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve));
    else free -= 1;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) free += 1;
      else next();
    }
  };
}

function secondsSince(begin: number): number {
  return Math.round(performance.now() - begin) / 1000;
}
