import { describe, expect, test } from 'vitest';
import { describeAction } from '../../src/model/scenario.ts';
import { readSpec } from '../../src/spec/read.ts';
import { inputProblems } from '../support/harness/input-problems.ts';

/** Three hosts on a triangle of switches, h4 with nobody; line 6 is the first of what is added. */
const LAB = `version: 1
hosts: [h1, h2, h3, h4]
switches: [s1, s2, s3, s4]
links: [[h1, s1], [h2, s2], [h3, s3], [h4, s4], [s1, s2], [s2, s3], [s1, s3]]
expect: {baseline: {groups: [[h1, h2, h3]]}}
`;

function scenariosOf(text: string) {
  return readSpec('lab.yaml', LAB + text).scenarios;
}

/** The steps of one scenario, as they are described. */
function stepsOf(...steps: readonly string[]): readonly string[] {
  const [scenario] = scenariosOf(`scenarios:\n  one:\n${steps.map((step) => `    - ${step}\n`).join('')}`);
  return (scenario?.steps ?? []).map(({ action }) => describeAction(action));
}

/** The problems of a spec with these steps, the first of them in line 8, without their remedies. */
function problemsOf(...steps: readonly string[]): readonly string[] {
  return problemsIn(`scenarios:\n  one:\n${steps.map((step) => `    - ${step}\n`).join('')}`);
}

function problemsIn(text: string): readonly string[] {
  return inputProblems(() => scenariosOf(text)).map(
    ({ where, cause, offending }) => `${where} ${cause}${offending === undefined ? '' : ` | ${offending}`}`,
  );
}

describe('scenarios', () => {
  test('are read in their order, with the places of their steps', () => {
    const at = (line: number, column: number) => ({ kind: 'file', file: 'lab.yaml', line, column });
    const scenarios = scenariosOf(`scenarios:
  first:
    - expect: baseline
    - connect: [h2, h1]
  "second & last":
    - wait: 1
`);
    expect(scenarios).toMatchObject([
      { name: 'first', where: at(7, 3), steps: [{ where: at(8, 7) }, { where: at(9, 7) }] },
      { name: 'second & last', steps: [{ where: at(11, 7), action: { kind: 'wait', ms: 1000 } }] },
    ]);
    expect(scenarios[0]?.steps[1]?.action).toEqual({ kind: 'connect', connection: { members: ['h1', 'h2'] } });
  });

  test('are none where the spec has none', () => {
    expect(scenariosOf('')).toEqual([]);
  });

  test('hold every verb in every form', () => {
    expect(
      stepsOf(
        'connect: [h2, h3]',
        'connect: {hosts: [h1, h3], via: [s2]}',
        'connect: {hosts: [h1, h2], ways: protected}',
        'disconnect: [h3, h2]',
        'fault: s1-s3',
        'fault: [s4, s2-s1]',
        'heal: s3-s1',
        'heal: all',
        'wait: 1.5 s',
        'wait: 2 min',
        'entries: entries.json',
        'entries: [a.json, {name: mine, switch: "00:00:00:00:00:00:00:01"}]',
        'exec: {host: h1, run: ip route}',
        'exec: {host: h1, run: [ping, -c1, 10.0.0.2], output: /64 bytes/i, exit: 0, timeout: 5 s}',
        'expect: baseline',
        'expect: predicted',
        'expect: asked',
        'expect: {groups: [[h1, h2]]}',
        'expect: {h1 -> h4: X, h1 -> h2: ok, h2 -> h1: h1}',
        'iperf: {from: h1, to: h3, at_least: 50, at_most: 100.5}',
      ),
    ).toEqual([
      'connect h2 h3',
      'connect h1 h3 (via s2)',
      'connect h1 h2 (protected)',
      'disconnect h2 h3',
      'fault s1-s3',
      'fault s4 s2-s1',
      'heal s3-s1',
      'heal all',
      'wait 1500 ms',
      'wait 120 s',
      'entries entries.json',
      'entries a.json mine',
      'exec h1: ip route',
      'exec h1: ping -c1 10.0.0.2',
      'expect baseline',
      'expect predicted',
      'expect asked',
      'expect a matrix of 2/12',
      'expect h1 -> h4: X, h1 -> h2: ok, h2 -> h1: ok',
      'iperf h1 h3, at least 50 Mbit/s, at most 100.5 Mbit/s',
    ]);
  });

  test('run a text in a shell and a list as it is, and expect exit code 0 within a minute unless told otherwise', () => {
    const [scenario] = scenariosOf(`scenarios:
  one:
    - exec: {host: h1, run: "ip route | wc -l"}
    - exec: {host: h1, run: ["false"], exit: 1, timeout: 500 ms, output: /^a.b$/m}
`);
    expect(scenario?.steps.map(({ action }) => action)).toEqual([
      {
        kind: 'exec',
        host: 'h1',
        shown: 'ip route | wc -l',
        argv: ['sh', '-c', 'ip route | wc -l'],
        exitCode: 0,
        output: undefined,
        timeoutMs: 60_000,
      },
      {
        kind: 'exec',
        host: 'h1',
        shown: 'false',
        argv: ['false'],
        exitCode: 1,
        output: { kind: 'regex', source: '^a.b$', flags: 'm' },
        timeoutMs: 500,
      },
    ]);
  });

  test('take a pasted matrix', () => {
    const [scenario] = scenariosOf(`scenarios:
  one:
    - expect:
        pingall: |
          h1 -> h2 X X
          h2 -> X X X
          h3 -> X X X
          h4 -> X X X
`);
    expect(scenario?.steps.map(({ action }) => describeAction(action))).toEqual(['expect a matrix of 1/12']);
  });
});

describe('one of several links', () => {
  const twice = LAB.replace('[s1, s2]', '[s1, s2], [s1, s2]');
  const read = (...steps: readonly string[]) =>
    readSpec('lab.yaml', `${twice}scenarios:\n  one:\n${steps.map((step) => `    - ${step}\n`).join('')}`).scenarios;

  test('goes down and comes up by itself, also after all of them', () => {
    const [scenario] = read('fault: s1:3', 'fault: s1-s2', 'heal: s2:2', 'fault: [s1:2]', 'heal: s1-s2', 'fault: s1:3');
    expect(scenario?.steps.map(({ action }) => describeAction(action))).toEqual([
      'fault s1:3-s2:3',
      'fault s1-s2',
      'heal s2:2-s1:2',
      'fault s1:2-s2:2',
      'heal s1-s2',
      'fault s1:3-s2:3',
    ]);
  });

  test.each<[readonly string[], string]>([
    [['fault: s1:3', 'fault: s2:3'], 's2:3-s1:3 is down already'],
    [['fault: s1-s2', 'fault: s1:2'], 's1:2-s2:2 is down already'],
    [['fault: s1:2', 'fault: s1:3', 'fault: s1-s2'], 's1-s2 is down already'],
    [['fault: s1:2', 'heal: s1:3'], 's1:3-s2:3 is not down at this step'],
  ])('%j is wrong: %s', (steps, cause) => {
    expect(inputProblems(() => read(...steps)).map((problem) => problem.cause)).toEqual([cause]);
  });
});

test.each<[readonly string[], readonly string[]]>([
  [['connect: [h1, h9]'], ['lab.yaml:8:21 there is no host h9 | h9']],
  [['connect: [h1]'], ['lab.yaml:8:16 a connection joins two hosts or more | [h1]']],
  [['connect: [h1, h4]'], ['lab.yaml:8:16 there is no path between h1 and h4, so they cannot be connected | [h1, h4]']],
  [['connect: {hosts: [h1, h2], via: [s9]}'], ['lab.yaml:8:40 there is no switch s9 | s9']],
  [['disconnect: [h1, h2]'], ['lab.yaml:8:19 these hosts are not a connection of their own at this step | [h1, h2]']],
  [
    ['connect: [h1, h2]', 'disconnect: [h1, h2]', 'disconnect: [h2, h1]'],
    ['lab.yaml:10:19 these hosts are not a connection of their own at this step | [h2, h1]'],
  ],
  [['fault: s1-s4'], ['lab.yaml:8:14 there is no switch or link s1-s4 | s1-s4']],
  [['fault: s1:9'], ['lab.yaml:8:14 s1 has no link at port 9 | s1:9']],
  [['heal: [s1:x]'], ['lab.yaml:8:14 "x" is not the number of a port | s1:x']],
  [['connect: {hosts: [h1, h2], avoid: [s9:2]}'], ['lab.yaml:8:42 there is no s9 | s9:2']],
  [['fault: [s1, s9]'], ['lab.yaml:8:19 there is no switch or link s9 | s9']],
  [['fault: s1-s2', 'fault: s2-s1'], ['lab.yaml:9:14 s2-s1 is down already | s2-s1']],
  [['heal: s1-s2'], ['lab.yaml:8:13 s1-s2 is not down at this step | s1-s2']],
  [['fault: s1', 'heal: all', 'heal: s1'], ['lab.yaml:10:13 s1 is not down at this step | s1']],
  [['expect: connected'], ['lab.yaml:8:15 the spec has no expectation connected | connected']],
  [['expect: {groups: [[h1, h9]]}'], ['lab.yaml:8:30 there is no host h9 | h9']],
  [['expect: {h1 -> h9: X}'], ['lab.yaml:8:16 there is no host h9 | h1 -> h9']],
  [['expect: {h1 -> h1: X}'], ['lab.yaml:8:16 a host reaches itself without the network | h1 -> h1']],
  [['expect: {h1 -> h2: h3}'], ['lab.yaml:8:26 a pair is ok, X, ?, or the name that pingall prints, h2 | h3']],
  [['expect: {h1 -> h2: 5}'], ['lab.yaml:8:26 a pair is ok, X or ? | 5']],
  [['expect: {gruops: X}'], ['lab.yaml:8:16 neither groups, nor pingall, nor a pair of hosts | gruops']],
  [
    ['expect: {groups: [[h1, h2]], h1 -> h2: ok}'],
    ['lab.yaml:8:15 an expectation is groups, or pingall, or pairs | {groups: [[h1, h2]], h1 -> h2: ok}'],
  ],
  [['expect: {}'], ['lab.yaml:8:15 an expectation is groups, or pingall, or pairs | {}']],
  [['expect: {h1 -> h2: ok, "h1->h2": ok}'], ['lab.yaml:8:30 this pair has been named already | "h1->h2"']],
  [['expect:'], ['lab.yaml:8:14 not an expectation | ']],
  [['wait: soon'], ['lab.yaml:8:13 not a time | soon']],
  [['wait: 2 h'], ['lab.yaml:8:13 a time is from 1 ms to 1 h | 2 h']],
  [['wait: 61 min'], ['lab.yaml:8:13 a time is from 1 ms to 1 h | 61 min']],
  [['wait: 0'], ['lab.yaml:8:13 a time is from 1 ms to 1 h | 0']],
  [['exec: {host: h9, run: ls}'], ['lab.yaml:8:20 there is no host h9 | h9']],
  [['exec: {host: h1}'], ['lab.yaml:8:13 the key run is missing']],
  [['exec: {host: h1, run: ls, exit: 256}'], ['lab.yaml:8:39 an exit code is a whole number from 0 to 255 | 256']],
  [['exec: {host: h1, run: ls, outptu: x}'], ['lab.yaml:8:33 there is no such key | outptu']],
  [['exec: ls'], ['lab.yaml:8:13 not a command on a host | ls']],
  [['iperf: {from: h1, to: h2}'], ['lab.yaml:8:14 a measurement needs a bound | {from: h1, to: h2}']],
  [
    ['iperf: {from: h1, to: h1, at_least: 1}'],
    ['lab.yaml:8:14 a host reaches itself without the network | {from: h1, to: h1, at_least: 1}'],
  ],
  [
    ['iperf: {from: h1, to: h2, at_least: 9, at_most: 1}'],
    ['lab.yaml:8:14 at_least is more than at_most | {from: h1, to: h2, at_least: 9, at_most: 1}'],
  ],
  [['iperf: {from: h1, to: h2, at_least: -1}'], ['lab.yaml:8:43 a bound is a number of Mbit/s above 0 | -1']],
  [['entries: 5'], ['lab.yaml:8:16 neither a file of entries nor an entry | 5']],
  [['entries: []'], ['lab.yaml:8:16 neither a file of entries nor an entry | []']],
  [['ping: h1'], ['lab.yaml:8:7 there is no such key | ping']],
  [['{}'], ['lab.yaml:8:7 a step without a verb | {}']],
  [['expect'], ['lab.yaml:8:7 a step is a verb and what it is about | expect']],
  [
    ['{connect: [h1, h2], expect: predicted}'],
    ['lab.yaml:8:7 a step has one verb, and not connect and expect | {connect: [h1, h2], expect: predicted}'],
  ],
])('the steps %s are wrong: %s', (steps, problems) => {
  expect(problemsOf(...steps)).toEqual(problems);
});

test('a wrong regular expression is told with its place', () => {
  const [problem, ...others] = problemsOf('exec: {host: h1, run: ls, output: "/(/"}');
  expect(problem).toMatch(/^lab\.yaml:8:41 not a regular expression: .+ \| "\/\(\/"$/);
  expect(others).toEqual([]);
});

test.each([
  ['scenarios: []\n', ['lab.yaml:6:12 not named scenarios | []']],
  ['scenarios: {one: []}\n', ['lab.yaml:6:18 a scenario has steps | []']],
  ['scenarios: {one: {expect: predicted}}\n', ['lab.yaml:6:18 a scenario is a list of steps | {expect: predicted}']],
  [
    'scenarios: {"a\\tb": [expect: asked]}\n',
    ['lab.yaml:6:13 the name of a scenario has up to 100 characters, without control characters | "a\\tb"'],
  ],
])('the scenarios of %j are wrong: %s', (text, problems) => {
  expect(problemsIn(text)).toEqual(problems);
});

test('an expectation that is called as a word of scenarios is a problem only where there are scenarios', () => {
  const lab = LAB.replace('baseline:', 'asked:');
  expect(readSpec('lab.yaml', lab).scenarios).toEqual([]);
  expect(() => readSpec('lab.yaml', `${lab}scenarios: {one: [expect: asked]}\n`)).toThrow(
    /lab\.yaml:5:10: in a scenario `expect: asked` means something else/,
  );
});

test('every wrong step is told at once', () => {
  expect(problemsOf('fault: s9', 'expect: nothing')).toHaveLength(2);
});
