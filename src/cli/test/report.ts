import {
  describeDifference,
  type FileResult,
  type Outcome,
  oneLine,
  type ScenarioResult,
  type StepResult,
  type TestReport,
} from '../../lab/scenario/result.ts';
import { describeProblem } from '../../model/problem.ts';
import { describeWhere, lineOf, type Where } from '../../model/where.ts';
import { annotation } from '../output/github.ts';

/** How many pairs are listed for one step; the JSON has all. */
const MOST_DIFFERENCES = 40;
/** Lines of a command's output that are shown where it failed. */
const MOST_OUTPUT_LINES = 20;

type Colour = 'red' | 'green' | 'yellow' | 'dim';

/** Colours a text, or leaves it as it is. */
export type Paint = (colour: Colour, text: string) => string;

const plain: Paint = (_, text) => text;

const SIGNS: Readonly<Record<StepResult['outcome'], { readonly sign: string; readonly colour: Colour }>> = {
  passed: { sign: '✓', colour: 'green' },
  failed: { sign: '✗', colour: 'red' },
  error: { sign: '✗', colour: 'red' },
  skipped: { sign: '-', colour: 'yellow' },
  'not-run': { sign: '-', colour: 'dim' },
};

/** A scenario for people: a line for it and one for each step, with what is to be said of those that did not pass. */
export function scenarioLines(scenario: ScenarioResult, paint: Paint): readonly string[] {
  const { name, outcome, seconds, problems } = scenario;
  const { sign, colour } = SIGNS[outcome];
  return [
    `  ${paint(colour, `${sign} ${printable(name)}`)} ${paint('dim', `(${shown(seconds)})`)}`,
    ...problems.flatMap((problem) => indented(8, describeProblem(problem).split('\n'))),
    ...scenario.steps.flatMap((step) => stepLines(step, paint)),
  ];
}

/** The same without colours, for files. */
export function storyOf(scenario: ScenarioResult): readonly string[] {
  return scenarioLines(scenario, plain);
}

function stepLines(step: StepResult, paint: Paint): readonly string[] {
  const { outcome, message, seconds, differences, problems, output, where } = step;
  const { sign, colour } = SIGNS[outcome];
  if (outcome === 'not-run') return [paint('dim', `    ${sign} ${printable(step.step)}: not run`)];
  const said = message === null ? '' : `: ${outcome === 'skipped' ? 'skipped: ' : ''}${printable(message)}`;
  const line = `    ${paint(colour, sign)} ${printable(step.step)}${problems.length > 0 ? '' : said} ${paint('dim', `(${shown(seconds)})`)}`;
  if (outcome === 'passed' || outcome === 'skipped') return [line];
  const more = differences.length - MOST_DIFFERENCES;
  return [
    line,
    ...indented(8, [`at ${printable(describeWhere(where))}`]),
    ...indented(
      8,
      problems.flatMap((problem) => describeProblem(problem).split('\n')),
    ),
    ...indented(8, differences.slice(0, MOST_DIFFERENCES).map(describeDifference)),
    ...(more > 0 ? indented(8, [`and ${more} more; --format json has them all`]) : []),
    ...indented(
      8,
      (output ?? '')
        .trimEnd()
        .split('\n')
        .slice(-MOST_OUTPUT_LINES)
        .filter(Boolean)
        .map((each) => `| ${each}`),
    ),
  ];
}

/** What a file's scenarios stand under. */
export function fileLines({ file, problems }: FileResult, paint: Paint): readonly string[] {
  if (problems.length === 0) return [printable(file)];
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return [printable(file), `  ${paint('red', '✗ not run')}: ${count}`];
}

/** `4 scenarios: 2 passed, 1 failed, 1 skipped (12.3 s)` */
export function summaryLine({ files, counts, seconds }: TestReport, paint: Paint): string {
  const count = files.flatMap(({ scenarios }) => scenarios).length;
  const wrong = files.filter(({ problems }) => problems.length > 0).length;
  const parts = [
    ...(counts.passed > 0 ? [paint('green', `${counts.passed} passed`)] : []),
    ...(counts.failed > 0 ? [paint('red', `${counts.failed} failed`)] : []),
    ...(counts.error > 0 ? [paint('red', `${counts.error} errored`)] : []),
    ...(counts.skipped > 0 ? [paint('yellow', `${counts.skipped} skipped`)] : []),
    ...(wrong > 0 ? [paint('red', `${wrong} ${wrong === 1 ? 'file' : 'files'} not run`)] : []),
  ];
  return `${count} ${count === 1 ? 'scenario' : 'scenarios'}: ${parts.join(', ')} (${shown(seconds)})`;
}

const MARKS: Readonly<Record<Outcome, string>> = { passed: '✅', failed: '❌', error: '⚠️', skipped: '⏭️' };

/** A report as GitHub shows it on the page of a run: a table in Markdown. */
export function markdownSummary(report: TestReport): string {
  const rows = report.files.flatMap(({ file, problems, scenarios }) => [
    ...problems.map((problem) => [MARKS.error, '', file, '', oneLine(problem)]),
    ...scenarios.map(({ name, outcome, where, seconds, message }) => [
      MARKS[outcome],
      name,
      describeWhere({ kind: 'file', file: where.file, ...(where.line === undefined ? {} : { line: where.line }) }),
      seconds.toFixed(1),
      message ?? '',
    ]),
  ]);
  return [
    `### labctl test: ${summaryLine(report, plain)}`,
    '',
    '| | scenario | file | seconds | |',
    '|---|---|---|---:|---|',
    ...rows.map((cells) => `| ${cells.map(inMarkdown).join(' | ')} |`),
    '',
    '',
  ].join('\n');
}

/** No character of it means anything in Markdown or HTML, mentions anybody, or ends a row. */
function inMarkdown(cell: string): string {
  return printable(cell).replaceAll(/[!"#$%&'()*+,./:;<=>?@[\\\]^_`{|}~-]/g, (character) =>
    /[,.;]/.test(character) ? character : `&#${character.charCodeAt(0)};`,
  );
}

/**
 * Annotations as GitHub Actions reads them from a step's output, at the line of what failed.
 * @param pathOf is the path of a file from the repository's top
 */
export function annotations(report: TestReport, pathOf: (file: string) => string): readonly string[] {
  const at = (where: Where | undefined, file: string, title: string, message: string) => {
    const { file: named, line, column = 1 } = lineOf(where) ?? { file, line: 1 };
    const place = { file: pathOf(named), line: String(line), col: String(column) };
    return annotation({ ...place, title: printable(title) }, message);
  };
  return report.files.flatMap(({ file, problems, scenarios }) => [
    ...problems.map(({ where, ...problem }) => at(where, file, `labctl: ${problem.code}`, describeProblem(problem))),
    ...scenarios
      .filter(({ outcome }) => outcome === 'failed' || outcome === 'error')
      .map(({ name, message, messageWhere }) =>
        at(messageWhere, file, `labctl test: ${name}`, printable(message ?? '')),
      ),
  ]);
}

function shown(seconds: number): string {
  return `${seconds.toFixed(1)} s`;
}

function indented(width: number, lines: readonly string[]): readonly string[] {
  return lines.map((line) => `${' '.repeat(width)}${printable(line)}`);
}

/** With nothing in it that could move a terminal's cursor. */
function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\u2028\u2029]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
