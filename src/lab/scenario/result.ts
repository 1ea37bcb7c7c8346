import type { DataPlaneKind } from '../../drivers/data-plane.ts';
import type { Problem } from '../../model/problem.ts';
import type { Action } from '../../model/scenario.ts';
import { describeWhere, type FilePlace } from '../../model/where.ts';
import type { ExplainedDifference } from '../documents/comparison.ts';

/** What `labctl test --format json` prints, its places as texts. Grows by new keys; `version` counts breaks. */

export const TEST_REPORT_VERSION = 1;

/** `error`: the input is wrong, or the machine cannot do it. */
export type Outcome = 'passed' | 'failed' | 'skipped' | 'error';

export interface TestReport {
  readonly version: number;
  readonly dataPlane: DataPlaneKind;
  /** How many scenarios ended how. */
  readonly counts: Readonly<Record<Outcome, number>>;
  readonly seconds: number;
  /** In the order in which they were named. */
  readonly files: readonly FileResult[];
}

export interface FileResult {
  readonly file: string;
  /** Why nothing of it could be run; empty otherwise. */
  readonly problems: readonly Problem[];
  readonly scenarios: readonly ScenarioResult[];
}

export interface ScenarioResult {
  readonly name: string;
  readonly where: FilePlace;
  readonly outcome: Outcome;
  readonly seconds: number;
  /** What decides the outcome, in one line; null where it passed. */
  readonly message: string | null;
  /** Where that stands. */
  readonly messageWhere: FilePlace;
  readonly steps: readonly StepResult[];
  /** Why its lab did not come up, or what of it could not be cleaned up; empty otherwise. */
  readonly problems: readonly Problem[];
}

export interface StepResult {
  readonly kind: Action['kind'];
  /** The step in one line. */
  readonly step: string;
  readonly where: FilePlace;
  readonly outcome: Outcome | 'not-run';
  readonly seconds: number;
  /** What there is to say, in one line; null where that is nothing. */
  readonly message: string | null;
  /** Pairs that are not as expected; `expected` is what the step expects. */
  readonly differences: readonly ExplainedDifference[];
  /** The end of what a command wrote; null where none ran. */
  readonly output: string | null;
  readonly problems: readonly Problem[];
}

/** A scenario's result, from those of its steps and the problems of its lab. */
export function scenarioResult(
  scenario: { readonly name: string; readonly where: FilePlace },
  seconds: number,
  steps: readonly StepResult[],
  problems: readonly Problem[],
): ScenarioResult {
  const of = (outcome: Outcome) => steps.find((step) => step.outcome === outcome);
  const deciding = of('error') ?? of('failed');
  const [problem] = problems;
  const { name, where } = scenario;
  const result = { name, where, seconds, steps, problems };
  if (deciding !== undefined && (deciding.outcome === 'error' || problem === undefined)) {
    const message = `${deciding.step}: ${firstDifference(deciding)}`;
    return { ...result, outcome: deciding.outcome as Outcome, message, messageWhere: deciding.where };
  }
  if (problem !== undefined) return { ...result, outcome: 'error', message: oneLine(problem), messageWhere: where };
  const skipped = of('skipped');
  return skipped === undefined
    ? { ...result, outcome: 'passed', message: null, messageWhere: where }
    : { ...result, outcome: 'skipped', message: skipped.message, messageWhere: skipped.where };
}

/** A step's message, and the first pair that it is about. */
function firstDifference({ message, differences: [first] }: StepResult): string {
  return first === undefined ? (message ?? '') : `${message}: ${describeDifference(first)}`;
}

/** `h1 -> h9: expected X, observed h9: by the entries it goes ...` */
export function describeDifference({ source, target, expected, why }: ExplainedDifference): string {
  const cells = `expected ${expected ? target : 'X'}, observed ${expected ? 'X' : target}`;
  return `${source} -> ${target}: ${cells}${why === undefined ? '' : `: ${why}`}`;
}

/** A problem without its remedy. */
export function oneLine({ where, cause, offending }: Problem): string {
  const text = `${where === undefined ? '' : `${describeWhere(where)}: `}${cause}${offending === undefined ? '' : `: ${offending}`}`;
  return text.replaceAll(/\s*\n\s*/g, '; ');
}
