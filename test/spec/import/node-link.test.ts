import { describe, expect, test } from 'vitest';
import { imported, importProblems } from '../../support/fixtures/imported.ts';

const json = (value: unknown) => JSON.stringify(value, null, '\t');
const between = (links: readonly string[]) => links.filter((link) => !link.startsWith('h'));

test.each(['links', 'edges'])('a graph of networkx, with its edges under the key %s', (key) => {
  const { switches, links, notes, text } = imported(
    'node-link',
    json({
      directed: false,
      multigraph: false,
      graph: { name: 'Lab', node_default: {} },
      nodes: [{ id: 1, label: 'Köln' }, { id: 'b', name: 'Bonn' }, { id: 2.5 }, { id: 'web', type: 'host' }],
      [key]: [
        { source: 1, target: 'b', bw: 10, weight: 3 },
        { source: 'b', target: 2.5, bw: '5' },
        { source: 2.5, target: 'web' },
        { source: 2.5, target: 1, bw: 0 },
      ],
    }),
  );
  expect(switches).toEqual(['s1 Köln', 's2 Bonn', 's3']);
  expect(links).toEqual(['s1-s2 bw 10', 's2-s3 bw 5', 's3-h1', 's3-s1']);
  expect(notes).toEqual(['bw is left out where it is not 0.1 to 1000 Mbit/s (net.txt:41:3)']);
  expect(text).toContain('a node-link graph, "Lab"');
  expect(text).toContain('- {name: h1, label: web}');
});

test('a multigraph keeps its parallel edges, others do not', () => {
  const parallel = { source: 1, target: 2 };
  const graph = {
    nodes: [{ id: 1 }, { id: 2 }],
    links: [
      { ...parallel, key: 0 },
      { ...parallel, key: 'b' },
    ],
  };
  expect(between(imported('node-link', json(graph)).links)).toEqual(['s1-s2']);
  expect(between(imported('node-link', json({ ...graph, multigraph: true })).links)).toEqual(['s1-s2', 's1-s2']);
});

test("ids that are lists, as of networkx's grids, and numbers that JSON does not have, as Python writes them", () => {
  const { switches, links } = imported(
    'node-link',
    '{"nodes": [{"id": [0, 0], "lat": NaN}, {"id": [0, 1], "name": "NaN \\" -Infinity", "x": -Infinity}],\n"links": [{"source": [0, 0], "target": [0, 1], "bw": NaN}]}',
  );
  expect(switches).toEqual(['s1 (0, 0)', 's2 NaN " -Infinity']);
  expect(between(links)).toEqual(['s1-s2']);
});

test('graphs of D3: edges refer to names, to positions, or hold the node itself', () => {
  const nodes = [{ name: 'Myriel' }, { name: 'Napoleon' }];
  for (const link of [
    { source: 'Myriel', target: 'Napoleon' },
    { source: 0, target: 1 },
    { source: nodes[0], target: nodes[1] },
  ]) {
    const { switches, links } = imported('node-link', json({ nodes, links: [link] }));
    expect(switches).toEqual(['Myriel', 'Napoleon']);
    expect(between(links)).toEqual(['Myriel-Napoleon']);
  }
  expect(imported('node-link', json({ nodes: ['a', 'b'], links: [{ source: 'a', target: 'b' }] })).switches).toEqual([
    'a',
    'b',
  ]);
});

test('keys that mean something to JavaScript are keys like any other', () => {
  const content =
    '{"__proto__": {"polluted": 1}, "nodes": [{"id": "__proto__", "constructor": 1}, {"id": "toString"}], "links": [{"source": "__proto__", "target": "toString", "__proto__": {"bw": 7}}]}';
  const { switches, links } = imported('node-link', content);
  expect(switches).toEqual(['n__proto__ __proto__', 'toString']);
  expect(between(links)).toEqual(['n__proto__-toString']);
  expect('polluted' in {}).toBe(false);
});

describe('what is wrong is located', () => {
  test.each([
    ['nothing', '', ['net.txt:1:1 not valid JSON: value expected']],
    ['another text', 'junk', ['net.txt:1:1 not valid JSON: invalid symbol']],
    ['half a file', '{"nodes": [\n{"id": 1},', ['net.txt:2:11 not valid JSON: value expected']],
    ['something after the end', '{"nodes": [], "links": []}\n}', ['net.txt:2:1 not valid JSON: end of file expected']],
    ['deep nesting', '['.repeat(200_000), ['net.txt:1:1 nested too deeply to be read']],
    ['a list', '[]', ['net.txt:1:1 there is no list of nodes, so this is not node-link JSON']],
    ['a tree', '{"nodes": []}', ['net.txt:1:1 there is no list of links or edges, so this is not node-link JSON']],
    ['a node without id', '{"nodes": [{"id": 1},\n {"x": 1}], "links": []}', ['net.txt:2:2 a node has no id']],
    [
      'an edge without end',
      '{"nodes": [{"id": 1}],\n"links": [{"source": 1}]}',
      ['net.txt:2:11 an edge has no target'],
    ],
    ['an edge that is none', '{"nodes": [{"id": 1}],\n"links": [7]}', ['net.txt:2:11 an edge has no source']],
    [
      'an edge to nowhere',
      '{"nodes": [{"id": 1}],\n"links": [{"source": 1, "target": 9}]}',
      ['net.txt:2:11 there is no node 9'],
    ],
  ])('%s', (_, content, problems) => {
    expect(importProblems('node-link', content)).toEqual(problems);
  });
});
