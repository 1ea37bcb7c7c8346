import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { expandedSpec, shortSpec } from '../../src/spec/generators/text.ts';
import { allParameters, GENERATOR_NAMES } from '../../src/spec/generators/topologies.ts';
import { KEY_DESCRIPTIONS, specJsonSchema } from '../../src/spec/json-schema.ts';
import { TOPOLOGIES } from '../support/fixtures/examples.ts';
import { committedSchema, schemaAccepts } from '../support/fixtures/json-schema.ts';

test('the committed schema is current: npm run schema writes it', () => {
  expect(committedSchema).toEqual(specJsonSchema());
});

type Part = { readonly [keyword: string]: unknown };

/** Every key of the schema that has no description, by its path, and those that have one. */
function keysOf(schema: Part, path = ''): { readonly path: string; readonly described: boolean }[] {
  const properties = Object.entries((schema['properties'] ?? {}) as Record<string, Part>);
  const inside = [schema['anyOf'], schema['oneOf'], schema['items'], schema['additionalProperties']].flat();
  return [
    ...properties.flatMap(([key, part]) => {
      const place = `${path}/${key}`;
      return [{ path: place, described: typeof part['description'] === 'string' }, ...keysOf(part, place)];
    }),
    ...inside.flatMap((part) => (typeof part === 'object' && part !== null ? keysOf(part as Part, path) : [])),
  ];
}

test('every key has a description, and every description a key', () => {
  const keys = keysOf(committedSchema as Part);
  expect(keys.length).toBeGreaterThan(50);
  expect(keys.filter(({ described }) => !described).map(({ path }) => path)).toEqual([]);
  const text = JSON.stringify(committedSchema);
  expect(Object.values(KEY_DESCRIPTIONS).filter((told) => !text.includes(JSON.stringify(told)))).toEqual([]);
});

describe('a validator accepts by it', () => {
  test.each(readdirSync(TOPOLOGIES).filter((name) => name.endsWith('.yaml')))('topologies/%s', (name) => {
    const text = readFileSync(join(TOPOLOGIES, name), 'utf8');
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\/labctl\.schema\.json\n/);
    expect(schemaAccepts(parse(text)), JSON.stringify(schemaAccepts.errors)).toBe(true);
  });

  test.each(GENERATOR_NAMES)('what `labctl new %s` prints', (topology) => {
    const spec = { name: 'lab', topology, values: allParameters({ topology }) };
    expect(schemaAccepts(parse(shortSpec(spec)))).toBe(true);
    expect(schemaAccepts(parse(expandedSpec(spec)))).toBe(true);
  });

  test('a generated lab that is changed, with connections, expectations and scenarios', () => {
    const value = {
      version: 1,
      topo: 'importer',
      generate: { topology: 'torus', x: 3 },
      hosts: ['h1', { name: 'web', ip: '10.0.0.80/8' }],
      links: [['web', 's1x1:9'], { ends: ['s1x1', 's1x2'], cost: 10, bw: 0.5 }],
      without: ['h1x1'],
      connections: [['h1', 'web'], { hosts: ['h1', 'web'], via: ['s1x1'] }],
      expect: { a: { groups: [['h1', 'web'], []] }, b: { pingall: 'h1 -> X' } },
      scenarios: { one: [{ connect: ['h1', 'web'] }, { expect: 'predicted' }, { wait: '1 s' }] },
    };
    expect(schemaAccepts(value), JSON.stringify(schemaAccepts.errors)).toBe(true);
  });
});

describe('a validator refuses by it', () => {
  const right = { version: 1, hosts: ['h1'], switches: ['s1'], links: [['h1', 's1']] };

  test('nothing of what it is compared with', () => {
    expect(schemaAccepts(right)).toBe(true);
  });

  test.each([
    ['a list', []],
    ['nothing', null],
    ['another version', { ...right, version: 2 }],
    ['no version', { ...right, version: undefined }],
    ['a key that does not exist', { ...right, link: [] }],
    ['no links', { version: 1, hosts: ['h1'], switches: ['s1'] }],
    ['without that has nothing to take from', { ...right, without: ['h1'] }],
    ['a lab without hosts', { ...right, hosts: [] }],
    ['a name with a space', { ...right, hosts: ['h 1'] }],
    ['a host without a name', { ...right, hosts: [{ ip: '10.0.0.1/8' }] }],
    ['a link of one end', { ...right, links: [['h1']] }],
    ['a link of three ends', { ...right, links: [['h1', 's1', 's2']] }],
    ['a port that is no number', { ...right, links: [['h1', 's1:x']] }],
    ['a cost of zero', { ...right, links: [{ ends: ['h1', 's1'], cost: 0 }] }],
    ['a bandwidth beyond all', { ...right, links: [{ ends: ['h1', 's1'], bw: 10_000 }] }],
    ['a topo that is a word of Python', { ...right, topo: 'import' }],
    ['a forwarding that does not exist', { ...right, forwarding: 'flood' }],
    ['a connection of one host', { ...right, connections: [['h1']] }],
    ['an expectation of both forms', { ...right, expect: { a: { groups: [], pingall: '' } } }],
    ['a topology that does not exist', { version: 1, generate: { topology: 'star' } }],
    ['an odd fat-tree', { version: 1, generate: { topology: 'fat-tree', k: 5 } }],
    ["another topology's parameter", { version: 1, generate: { topology: 'ring', k: 4 } }],
    ['a ring of two', { version: 1, generate: { topology: 'ring', switches: 2 } }],
    ['a step that does not exist', { ...right, scenarios: { a: [{ sleep: 1 }] } }],
  ])('%s', (_, value) => {
    expect(schemaAccepts(JSON.parse(JSON.stringify(value)))).toBe(false);
  });
});
