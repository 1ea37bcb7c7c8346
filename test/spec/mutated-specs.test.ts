import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Problem, ProblemError } from '../../src/model/problem.ts';
import { lineOf } from '../../src/model/where.ts';
import { expandedSpec, shortSpec } from '../../src/spec/generators/text.ts';
import { allParameters, GENERATOR_NAMES } from '../../src/spec/generators/topologies.ts';
import { readSpecFile } from '../../src/spec/locate.ts';
import { readSpec } from '../../src/spec/read.ts';
import { TOPOLOGIES } from '../support/fixtures/examples.ts';
import { schemaAccepts } from '../support/fixtures/json-schema.ts';
import { mutatedSpecs } from '../support/fixtures/mutated-specs.ts';
import { Labctl } from '../support/harness/labctl.ts';

/** The specs that come with labctl, what `labctl new` prints, and one with nearly every key. */
const examples = [
  ...readdirSync(TOPOLOGIES)
    .filter((name) => name.endsWith('.yaml'))
    .map((name) => readFileSync(join(TOPOLOGIES, name), 'utf8')),
  ...GENERATOR_NAMES.flatMap((topology) => {
    const spec = { name: 'lab', topology, values: allParameters({ topology }) };
    return [shortSpec(spec).replaceAll(/^# (?=hosts:|links:|without:)/gm, ''), expandedSpec(spec)];
  }),
  `version: 1
name: many-keys
generate: {topology: mesh, switches: 4}
hosts:
  - {name: h1, ip: 10.0.0.101/8, mac: "02:00:00:00:00:01"}
  - web
switches: [{name: s9, dpid: "09"}]
links:
  - {ends: [s1, s2], bw: 10, cost: 3}
  - ["s1:9", s9]
  - [web, s9]
without: [h4, s3-s4]
forwarding: none
connections:
  - [h1, h2]
  - {hosts: [h1, web], via: [s2]}
  - {hosts: [h2, h3, web], ways: protected}
expect:
  baseline: {groups: [[h1, h2], [h3, web]]}
scenarios:
  one:
    - expect: baseline
    - connect: {hosts: [h1, h3], avoid: [s2]}
    - fault: [s1-s2, s3]
    - heal: all
    - wait: 10 ms
    - exec: {host: h1, run: ip route, exit: 0}
    - expect: {h1 -> h2: ok}
    - iperf: {from: h1, to: h2, at_least: 1}
`,
];

const problemsOf = (file: string) => problemsIn(() => readSpec(file, readSpecFile(file).text));
const problemsOfText = (text: string) => problemsIn(() => readSpec('lab.yaml', text));

/** `h1, h2, h3 ...` */
function numbered(letter: string, count: number): string {
  return Array.from({ length: count }, (_, index) => `${letter}${index + 1}`).join(', ');
}

/** The problems that reading finds, or none. Anything else that is thrown is a crash. */
function problemsIn(read: () => unknown): readonly Problem[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof ProblemError) return error.problems;
    throw error;
  }
}

const labctl = new Labctl();
const folder = join(labctl.folder, 'mutated');
const specs = mutatedSpecs(examples, 1000, 20_260_101);
const files = specs.map((_, index) => join(folder, `${String(index).padStart(4, '0')}.yaml`));

beforeAll(() => {
  mkdirSync(folder);
  for (const [index, file] of files.entries()) writeFileSync(file, specs[index]?.bytes ?? '');
});
afterAll(() => labctl.clean());

describe('a thousand specs that somebody spoilt', () => {
  test('the examples are right before', () => {
    for (const [index, text] of examples.entries()) expect(() => readSpec(`${index}.yaml`, text)).not.toThrow();
  });

  test('each is read, or has problems in its lines and columns with causes and remedies', () => {
    let wrong = 0;
    for (const [index, file] of files.entries()) {
      const { how = '', bytes = Buffer.alloc(0) } = specs[index] ?? {};
      const problems = problemsOf(file);
      if (problems.length > 0) wrong += 1;
      const lines = bytes.toString('utf8').split(/\r\n|\n/);
      for (const { kind, where, cause, remedy, code } of problems) {
        const place = lineOf(where);
        const told = `${how}: ${JSON.stringify(where)} ${cause}`;
        expect(kind, told).toBe('input');
        expect(code, told).toMatch(/^[a-z-]+$/);
        expect(cause, told).toMatch(/\w/);
        expect(remedy, told).toMatch(/\w/);
        expect(place?.file, told).toBe(file);
        const { line = 0, column = 0 } = place ?? {};
        expect(line, told).toBeGreaterThanOrEqual(1);
        expect(line, told).toBeLessThanOrEqual(lines.length);
        expect(column, told).toBeGreaterThanOrEqual(1);
        expect(column, told).toBeLessThanOrEqual((lines[line - 1] ?? '').length + 1);
      }
    }
    // Mutations that change nothing that matters are few.
    expect(wrong).toBeGreaterThan(700);
    expect(wrong).toBeLessThan(1000);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });

  test('what is read is accepted by the JSON Schema too', () => {
    const read = files.filter((file) => problemsOf(file).length === 0);
    expect(read.length).toBeGreaterThan(20);
    for (const file of read) {
      const accepted = schemaAccepts(parse(readFileSync(file, 'utf8')));
      expect(accepted, `${file} ${JSON.stringify(schemaAccepts.errors)}`).toBe(true);
    }
  });

  // Each took minutes, or all memory, before there were bounds.
  test.each([
    ['100,000 links', `links: [[h1, s1]${', [s1, s2]'.repeat(90_000)}]`, 'a lab has at most 5000 links'],
    ['30,000 hosts', `hosts: [${numbered('h', 30_000)}]`, 'a lab has at most 2000 hosts'],
    ['30,000 switches', `switches: [${numbered('s', 30_000)}]`, 'a lab has at most 2000 switches'],
    [
      '60,000 connections',
      `connections: [[h1, h2]${', [h1, h2]'.repeat(60_000)}]`,
      'a lab has at most 1000 connections',
    ],
    ['90,000 keys that there are not', numbered('k', 90_000).replaceAll(', ', ': 1\n').concat(': 1'), 'no such key'],
    ['a key 100,000 times', 'k: 1\n'.repeat(100_000), 'the key k is there twice'],
    [
      '20,000 expectations of 1,000 hosts',
      `generate: {topology: single, hosts: 1000}\nexpect:\n${numbered('e', 20_000).replaceAll(/e\d+(?:, )?/g, (name) => `  ${name.replace(', ', '')}: {groups: []}\n`)}`,
      'there are 20000 expectations; a lab of 1000 hosts has at most 20',
    ],
  ])('%s are told of at once, with a hundred more problems at most', (_, lines, cause) => {
    const problems = problemsOfText(`version: 1\n${lines}\n`);
    expect(problems.map((problem) => problem.cause)).toContainEqual(expect.stringContaining(cause));
    expect(problems.length).toBeLessThanOrEqual(101);
  });

  test('labctl validate tells of all in one process, and has no more to say than that', async () => {
    const outcome = await labctl.run('validate', 'mutated', '--format', 'json');
    expect(outcome).toMatchObject({ exitCode: 2, stderr: '' });
    const document = JSON.parse(outcome.stdout) as { files: { file: string; valid: boolean; problems: unknown[] }[] };
    expect(document.files).toHaveLength(1000);
    expect(outcome.stdout).not.toMatch(/\bat \S+ \(?(file:|node:|\/)/);
  });

  test('labctl up refuses them with exit code 2, prints no stack, and starts nothing', async () => {
    const wrong = files.filter((file) => problemsOf(file).length > 0).filter((_, index) => index % 200 === 0);
    expect(wrong.length).toBeGreaterThanOrEqual(4);
    for (const file of wrong) {
      const { exitCode, stdout, stderr } = await labctl.run('up', file);
      expect({ exitCode, stdout }, file).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toContain(`labctl: ${file}:`);
      expect(stderr).not.toMatch(/\n\s+at /);
    }
    await labctl.expectNothingLeft();
  });
});
