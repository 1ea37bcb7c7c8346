import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Problem, ProblemError } from '../../src/model/problem.ts';
import { lineOf } from '../../src/model/where.ts';
import { readSpecFile } from '../../src/spec/locate.ts';
import { readSpec } from '../../src/spec/read.ts';
import { schemaAccepts } from '../support/fixtures/json-schema.ts';
import { examples, writeMutatedSpecs } from '../support/fixtures/mutated-specs.ts';

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

const folder = mkdtempSync('/tmp/lt-mutated-');
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const specs = writeMutatedSpecs(join(folder, 'mutated'), 1000).map((spec) => ({
  ...spec,
  problems: problemsIn(() => readSpec(spec.file, readSpecFile(spec.file).text)),
}));

describe('a thousand specs that somebody spoilt', () => {
  test('the examples are right before', () => {
    for (const [index, text] of examples.entries()) expect(() => readSpec(`${index}.yaml`, text)).not.toThrow();
  });

  test('each is read, or has problems in its lines and columns with causes and remedies', () => {
    let wrong = 0;
    for (const { file, how, bytes, problems } of specs) {
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
    const read = specs.filter(({ problems }) => problems.length === 0);
    expect(read.length).toBeGreaterThan(20);
    for (const { file, bytes } of read) {
      const accepted = schemaAccepts(parse(bytes.toString('utf8')));
      expect(accepted, `${file} ${JSON.stringify(schemaAccepts.errors)}`).toBe(true);
    }
  });

  // Each took minutes, or all memory, before there were bounds.
  test.each([
    ['30,000 links', `links: [[h1, s1]${', [s1, s2]'.repeat(30_000)}]`, 'a lab has at most 5000 links'],
    ['30,000 hosts', `hosts: [${numbered('h', 30_000)}]`, 'a lab has at most 2000 hosts'],
    ['30,000 switches', `switches: [${numbered('s', 30_000)}]`, 'a lab has at most 2000 switches'],
    [
      '20,000 connections',
      `connections: [[h1, h2]${', [h1, h2]'.repeat(20_000)}]`,
      'a lab has at most 1000 connections',
    ],
    ['30,000 keys that there are not', numbered('k', 30_000).replaceAll(', ', ': 1\n').concat(': 1'), 'no such key'],
    ['a key 30,000 times', 'k: 1\n'.repeat(30_000), 'the key k is there twice'],
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
});
