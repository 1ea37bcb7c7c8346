import { describe, expect, test } from 'vitest';
import { describeProblem, environmentProblem, inputProblem, ProblemError } from '../../src/model/problem.ts';
import { describeWhere, lineOf, placesAsTexts, type Where } from '../../src/model/where.ts';

const url = 'http://127.0.0.1:8080';
const dpid = '00:00:00:00:00:00:00:01';
const step = { kind: 'file', file: 'lab.yaml', line: 9, column: 7 } as const;

describe('a place reads', () => {
  test.each<[string, Where]>([
    ['lab.yaml:9:7', step],
    ['lab.yaml:9', { kind: 'file', file: 'lab.yaml', line: 9 }],
    ['topologies', { kind: 'file', file: 'topologies' }],
    ['entry drop', { kind: 'entry', entry: 'drop' }],
    ['entry drop on s1', { kind: 'entry', entry: 'drop', switch: 's1' }],
    [`switch ${dpid}, entry drop`, { kind: 'entry', entry: 'drop', dpid }],
    [`${url}, switch ${dpid}, entry drop`, { kind: 'entry', entry: 'drop', dpid, url }],
    [`${url}, entry drop`, { kind: 'entry', entry: 'drop', url }],
    ['mine.json: entry 3', { kind: 'entry', entry: 3, file: 'mine.json' }],
    ['lab.yaml:9:7: mine.json: entry 3', { kind: 'entry', entry: 3, file: 'mine.json', step }],
    [`switch ${dpid}`, { kind: 'switch', switch: dpid }],
    [`${url}, switch s1`, { kind: 'switch', switch: 's1', url }],
    [`GET ${url}/wm/device/`, { kind: 'request', method: 'GET', url: `${url}/wm/device/` }],
    ['--via', { kind: 'option', option: '--via' }],
    ['--junit report.xml', { kind: 'option', option: '--junit', value: 'report.xml' }],
    ['lab s10h10', { kind: 'thing', name: 'lab s10h10' }],
  ])('%s', (text, where) => {
    expect(describeWhere(where)).toBe(text);
  });
});

test('the line of a place is that in its file, or that of the step that names the file', () => {
  expect(lineOf(step)).toEqual(step);
  expect(lineOf({ kind: 'entry', entry: 3, file: 'mine.json', step })).toEqual(step);
  expect(lineOf({ kind: 'file', file: 'lab.yaml' })).toBeUndefined();
  expect(lineOf({ kind: 'entry', entry: 'drop', switch: 's1' })).toBeUndefined();
  expect(lineOf({ kind: 'thing', name: 'lab.yaml:9:7' })).toBeUndefined();
  expect(lineOf(undefined)).toBeUndefined();
});

describe('a problem', () => {
  const wrong = { code: 'unknown-host', where: step, offending: 'h9', cause: 'there is no host h9' } as const;

  test('reads as its place, cause and offending text, and below them its remedy', () => {
    expect(describeProblem(inputProblem(wrong))).toBe('lab.yaml:9:7: there is no host h9: "h9"');
    expect(describeProblem(inputProblem({ code: 'no-lab', cause: 'no lab is running', remedy: 'start one' }))).toBe(
      'no lab is running\n    start one',
    );
  });

  test('takes a text for the name of a plain thing', () => {
    const problem = environmentProblem({ code: 'lab-gone', where: 'lab ring', cause: 'it ended' });
    expect(problem.where).toEqual({ kind: 'thing', name: 'lab ring' });
    expect(describeProblem(problem)).toBe('lab ring: it ended');
  });

  test('is data that survives its way to another process', () => {
    const error = new ProblemError(inputProblem(wrong));
    expect(error.message).toBe('lab.yaml:9:7: there is no host h9: "h9"');
    expect(JSON.parse(JSON.stringify(error.problems))).toEqual([{ kind: 'input', ...wrong }]);
  });

  test('has a text for its place in a document', () => {
    const document = { messageWhere: step, trouble: null, warnings: [inputProblem(wrong)] };
    expect(JSON.stringify(document, placesAsTexts)).toBe(
      '{"messageWhere":"lab.yaml:9:7","trouble":null,"warnings":[{"kind":"input","code":"unknown-host",' +
        '"where":"lab.yaml:9:7","offending":"h9","cause":"there is no host h9"}]}',
    );
  });
});
