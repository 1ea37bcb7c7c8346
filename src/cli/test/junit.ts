import type { FileResult, ScenarioResult, TestReport } from '../../lab/scenario/result.ts';
import { describeProblem } from '../../model/problem.ts';
import { storyOf } from './report.ts';

/**
 * A report as JUnit XML, as CI systems read it: a suite for each file, a case for each scenario. What failed names the
 * first step that did, and holds the story of all of them. A file that could not be read is a case with an error.
 */
export function junitXml({ files, seconds }: TestReport): string {
  const suites = files.map(suite);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites${attributes({ name: 'labctl test', ...totals(files), time: seconds })}>`,
    ...suites.flat(),
    '</testsuites>',
    '',
  ].join('\n');
}

function suite(result: FileResult): readonly string[] {
  const { file, problems, scenarios } = result;
  const time = scenarios.reduce((sum, each) => sum + each.seconds, 0).toFixed(3);
  const wrong =
    problems.length === 0
      ? []
      : testCase(file, 'spec', 0, [
          `<error${attributes({ message: problems[0]?.cause ?? '', type: 'input' })}>${text(problems.map(describeProblem))}</error>`,
        ]);
  return [
    `  <testsuite${attributes({ name: file, ...totals([result]), time })}>`,
    ...wrong,
    ...scenarios.flatMap((scenario) => testCase(file, scenario.name, scenario.seconds, outcome(scenario))),
    '  </testsuite>',
  ];
}

function testCase(file: string, name: string, seconds: number, content: readonly string[]): readonly string[] {
  return [
    `    <testcase${attributes({ classname: file, name, time: seconds.toFixed(3) })}>`,
    ...content.map((line) => `      ${line}`),
    '    </testcase>',
  ];
}

function outcome(scenario: ScenarioResult): readonly string[] {
  const { outcome, message, steps, problems } = scenario;
  const story = text(storyOf(scenario));
  switch (outcome) {
    case 'passed':
      return [`<system-out>${story}</system-out>`];
    case 'skipped':
      return [`<skipped${attributes({ message: message ?? '' })}/>`, `<system-out>${story}</system-out>`];
    case 'failed':
      return [`<failure${attributes({ message: message ?? '', type: 'expectation' })}>${story}</failure>`];
    case 'error': {
      const all = [...problems, ...steps.flatMap((step) => step.problems)];
      const type = all.some(({ kind }) => kind === 'environment') ? 'environment' : 'input';
      return [
        `<error${attributes({ message: message ?? '', type: all.length === 0 ? 'interrupted' : type })}>${story}</error>`,
      ];
    }
  }
}

function totals(files: readonly FileResult[]) {
  const scenarios = files.flatMap((file) => file.scenarios);
  const wrong = files.filter(({ problems }) => problems.length > 0).length;
  const count = (outcome: ScenarioResult['outcome']) => scenarios.filter((each) => each.outcome === outcome).length;
  return {
    tests: scenarios.length + wrong,
    failures: count('failed'),
    errors: count('error') + wrong,
    skipped: count('skipped'),
  };
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  const escaped = (value: string | number) =>
    // Parsers make blanks of line breaks and tabs that are not written so (XML 1.0, 3.3.3).
    escapeXml(String(value)).replaceAll('"', '&quot;').replaceAll('\n', '&#10;').replaceAll('\t', '&#9;');
  return Object.entries(values)
    .map(([name, value]) => ` ${name}="${escaped(value)}"`)
    .join('');
}

function text(lines: readonly string[]): string {
  return escapeXml(lines.join('\n'));
}

/** Characters that XML 1.0 cannot hold, however they are written (2.2), are shown as in JavaScript: \u001b. */
function escapeXml(value: string): string {
  return (
    value
      // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
      .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\ufffe\uffff]/g, (character) => {
        const code = character.charCodeAt(0).toString(16).padStart(4, '0');
        return `\\u${code}`;
      })
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
  );
}
