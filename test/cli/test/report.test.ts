import { describe, expect, test } from 'vitest';
import { junitXml } from '../../../src/cli/test/junit.ts';
import { annotations, fileLines, markdownSummary, scenarioLines, summaryLine } from '../../../src/cli/test/report.ts';
import type { ScenarioResult, StepResult, TestReport } from '../../../src/lab/scenario/result.ts';
import { scenarioResult } from '../../../src/lab/scenario/result.ts';
import { environmentProblem, inputProblem } from '../../../src/model/problem.ts';
import type { FilePlace } from '../../../src/model/where.ts';
import { xmlElements } from '../../support/harness/junit.ts';

const plain = (_: unknown, text: string) => text;

function at(line: number, column: number): FilePlace {
  return { kind: 'file', file: 'lab.yaml', line, column };
}

function step(more: Partial<StepResult>): StepResult {
  return {
    kind: 'expect',
    step: 'expect baseline',
    where: at(9, 7),
    outcome: 'passed',
    seconds: 0.25,
    message: null,
    differences: [],
    output: null,
    problems: [],
    ...more,
  };
}

const HOSTILE = '<b>"it\'s" & co</b> ]]> `x` | @all %0A::error:: \u001b[31m\u0000\ufffe\ud800 é 🙂';

const FAILED_EXPECTATION = step({
  outcome: 'failed',
  message: '2 of 6 pairs differ from the expectation "baseline"',
  differences: [
    { source: 'h1', target: 'h3', expected: true, why: 's1 drops h1\'s ARP request for h3 by "mine"' },
    { source: 'h3', target: 'h1', expected: false },
  ],
});

const scenarios: readonly ScenarioResult[] = [
  scenarioResult({ name: 'good', where: at(8, 3) }, 1.5, [step({ message: '6/6' })], []),
  scenarioResult(
    { name: HOSTILE, where: at(12, 3) },
    2,
    [step({}), FAILED_EXPECTATION, step({ outcome: 'not-run', seconds: 0 })],
    [],
  ),
  scenarioResult(
    { name: 'half', where: at(20, 3) },
    0.1,
    [step({ kind: 'exec', step: 'exec h1: ls', outcome: 'skipped', message: 'no commands here' }), step({})],
    [],
  ),
  scenarioResult(
    { name: 'unlucky', where: at(30, 3) },
    0.1,
    [step({ outcome: 'not-run', seconds: 0 })],
    [environmentProblem({ code: 'missing-requirement', where: '/dev/net/tun', cause: 'there is no such device' })],
  ),
];

const report: TestReport = {
  version: 1,
  dataPlane: 'mininet',
  counts: { passed: 1, failed: 1, skipped: 1, error: 1 },
  seconds: 4,
  files: [
    { file: 'lab.yaml', problems: [], scenarios },
    {
      file: 'wrong,lab.yaml',
      problems: [
        inputProblem({
          code: 'unknown-host',
          where: { kind: 'file', file: 'wrong,lab.yaml', line: 3, column: 5 },
          cause: 'there is no host h9',
          remedy: 'mend: it',
        }),
      ],
      scenarios: [],
    },
  ],
};

describe('JUnit XML', () => {
  const elements = xmlElements(junitXml(report));
  const cases = elements.filter(({ tag }) => tag === 'testcase');

  test('has a suite for each file and a case for each scenario, counted', () => {
    expect(elements.filter(({ tag }) => tag.startsWith('testsuite')).map(({ attributes }) => attributes)).toEqual([
      { name: 'labctl test', tests: '5', failures: '1', errors: '2', skipped: '1', time: '4' },
      { name: 'lab.yaml', tests: '4', failures: '1', errors: '1', skipped: '1', time: '3.700' },
      { name: 'wrong,lab.yaml', tests: '1', failures: '0', errors: '1', skipped: '0', time: '0.000' },
    ]);
    expect(cases.map(({ attributes }) => [attributes['name'], attributes['time']])).toEqual([
      ['good', '1.500'],
      // What XML cannot hold is shown, and half a character, which no file can hold, becomes U+FFFD.
      ['<b>"it\'s" & co</b> ]]> `x` | @all %0A::error:: \\u001b[31m\\u0000\\ufffe\ufffd é 🙂', '2.000'],
      ['half', '0.100'],
      ['unlucky', '0.100'],
      ['spec', '0.000'],
    ]);
  });

  test('says of each failure which step, which pair and why, and tells the story', () => {
    const [failure] = elements.filter(({ tag }) => tag === 'failure');
    expect(failure?.attributes['message']).toBe(
      'expect baseline: 2 of 6 pairs differ from the expectation "baseline": ' +
        'h1 -> h3: expected h3, observed X: s1 drops h1\'s ARP request for h3 by "mine"',
    );
    expect(failure?.text).toContain('h3 -> h1: expected X, observed h1');
    expect(failure?.text).toContain('- expect baseline: not run');
  });

  test('keeps what was skipped, errored or is wrong input apart', () => {
    expect(elements.filter(({ tag }) => tag === 'skipped').map(({ attributes }) => attributes)).toEqual([
      { message: 'no commands here' },
    ]);
    expect(elements.filter(({ tag }) => tag === 'error').map(({ attributes }) => attributes)).toEqual([
      { message: '/dev/net/tun: there is no such device', type: 'environment' },
      { message: 'there is no host h9', type: 'input' },
    ]);
  });

  test('keeps line breaks and tabs of names and messages', () => {
    const [scenario] = scenarios;
    const name = 'a\tb\nc\rd';
    const one = {
      ...report,
      files: [{ file: name, problems: [], scenarios: scenario === undefined ? [] : [scenario] }],
    };
    expect(xmlElements(junitXml(one))[1]?.attributes['name']).toBe('a\tb\nc\\u000dd');
  });
});

describe('the report for people', () => {
  test('has a line for each step, and of a failure its place, pairs and reasons', () => {
    expect(scenarios.slice(0, 1).flatMap((each) => scenarioLines(each, plain))).toEqual([
      '  ✓ good (1.5 s)',
      '    ✓ expect baseline: 6/6 (0.3 s)',
    ]);
    const [, failed] = scenarios;
    expect(failed === undefined ? [] : scenarioLines(failed, plain).slice(1)).toEqual([
      '    ✓ expect baseline (0.3 s)',
      '    ✗ expect baseline: 2 of 6 pairs differ from the expectation "baseline" (0.3 s)',
      '        at lab.yaml:9:7',
      '        h1 -> h3: expected h3, observed X: s1 drops h1\'s ARP request for h3 by "mine"',
      '        h3 -> h1: expected X, observed h1',
      '    - expect baseline: not run',
    ]);
  });

  test('lets nothing through that moves the cursor', () => {
    const [, hostile] = scenarios;
    const output = 'one\r\ntwo \u001b[2J\u009b31m\n';
    const loud = scenarioResult(
      { name: 'x', where: at(1, 1) },
      0,
      [step({ kind: 'exec', outcome: 'failed', message: 'no\u0007', output })],
      [],
    );
    const lines = [hostile, loud].flatMap((each) => (each === undefined ? [] : scenarioLines(each, plain)));
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
    expect(lines).toContain('        | two \\u001b[2J\\u009b31m');
  });

  test('shows the end of what a failed command wrote', () => {
    const output = Array.from({ length: 30 }, (_, index) => `line ${index + 1}\n`).join('');
    const failed = scenarioResult(
      { name: 'x', where: at(1, 1) },
      0,
      [step({ outcome: 'failed', message: 'no', output })],
      [],
    );
    const lines = scenarioLines(failed, plain);
    expect(lines.filter((line) => line.includes('| line'))).toHaveLength(20);
    expect(lines.at(-1)).toBe('        | line 30');
  });

  test('counts, and names files that were not run', () => {
    expect(summaryLine(report, plain)).toBe(
      '4 scenarios: 1 passed, 1 failed, 1 errored, 1 skipped, 1 file not run (4.0 s)',
    );
    expect(report.files.map((file) => fileLines(file, plain))).toEqual([
      ['lab.yaml'],
      ['wrong,lab.yaml', '  ✗ not run: 1 problem'],
    ]);
  });
});

describe('on GitHub', () => {
  test('the summary is a table whose cells hold text only', () => {
    const rows = markdownSummary(report)
      .split('\n')
      .filter((line) => line.startsWith('| '));
    expect(rows).toHaveLength(6);
    for (const row of rows) expect(row.split('|')).toHaveLength(7);
    expect(rows[2]).toContain(
      '&#60;b&#62;&#34;it&#39;s&#34; &#38; co&#60;&#47;b&#62; &#93;&#93;&#62; &#96;x&#96; &#124; &#64;all',
    );
    expect(rows[2]).toContain('lab.yaml&#58;12');
    expect(rows[5]).toContain('there is no host h9');
  });

  test('annotations stand at the failing step, and nothing in a name makes another command', () => {
    const lines = annotations(report, (file) => `labs/${file}`);
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(line).not.toMatch(/\p{Cc}/u);
    expect(lines[0]).toMatch(/^::error file=labs\/lab\.yaml,line=9,col=7,title=labctl test%3A <b>/);
    expect(lines[0]).toContain('%250A%3A%3Aerror%3A%3A');
    expect(lines[0]).toContain('::expect baseline: 2 of 6 pairs differ');
    expect(lines[1]).toBe(
      '::error file=labs/lab.yaml,line=30,col=3,title=labctl test%3A unlucky::/dev/net/tun: there is no such device',
    );
    expect(lines[2]).toBe(
      '::error file=labs/wrong%2Clab.yaml,line=3,col=5,title=labctl%3A unknown-host::there is no host h9%0A    mend: it',
    );
  });
});

describe('a scenario', () => {
  const problem = inputProblem({ code: 'wrong-value', cause: 'wrong' });

  test.each([
    ['passed', [step({})], []],
    ['failed', [step({ outcome: 'failed' }), step({ outcome: 'not-run' })], []],
    ['failed', [step({ outcome: 'skipped' }), step({ outcome: 'failed' })], []],
    ['error', [step({ outcome: 'failed' }), step({ outcome: 'error', problems: [problem] })], []],
    ['error', [step({ outcome: 'failed' })], [problem]],
    ['error', [step({})], [problem]],
    ['skipped', [step({}), step({ outcome: 'skipped', message: 'why' })], []],
  ] as const)('has %s by its steps', (outcome, steps, problems) => {
    expect(scenarioResult({ name: 'x', where: at(1, 1) }, 1, steps, problems).outcome).toBe(outcome);
  });
});
