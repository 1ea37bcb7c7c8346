import { describe, expect, test } from 'vitest';
import { ownAddressOf } from '../../../src/model/topology.ts';
import { imported, importProblems } from '../../support/fixtures/imported.ts';

/** What the Topology Zoo's files have, in small: attributes of all kinds, an id for edges, a note that quotes. */
const ZOO = `# a comment
Creator "yFiles"
Version 2.2
graph [
  DateObtained "3/02/11"
  Network "Tiny &amp; Old"
  Note "it says &quot;maybe&quot;, over
two lines"
  node [
    id 0
    label "New York"
    Longitude -74.00597
    Internal 1
    graphics [ x 1.0 y 2.5E1 fill "#FFCC00" ]
  ]
  node [ id 7 label "Malm&#246;" Latitude NAN ]
  node [
    id 3
    label "None"
    hyperedge 1
  ]
  node [ id 12 label "New York" Internal 0 ]
  node [ id 5 ]
  edge [ source 0 target 7 LinkSpeed "155" LinkSpeedRaw 155000000.0 id "e1" ]
  edge [ source 7 target 3 LinkSpeedRaw 1.0E9 ]
  edge [ source 3 target 12 LinkSpeedRaw 10000000000.0 ]
  edge [ source 12 target 3 LinkSpeedRaw 622000000.0 ]
  edge [ source 5 target 5 ]
]
`;

describe('a graph as the Topology Zoo has it', () => {
  const { hosts, switches, links, spec, notes, text } = imported('gml', ZOO);

  test('has a switch for each node, numbered, with the label that people know it by', () => {
    expect(switches).toEqual(['s1 New York', 's2 Malmö', 's3', 's4 New York', 's5']);
  });

  test('has a host on each place, at port 1, and none where links only meet', () => {
    expect(hosts).toEqual(['h1', 'h2', 'h4', 'h5']);
    expect(links.slice(0, 4)).toEqual(['h1-s1', 'h2-s2', 'h4-s4', 'h5-s5']);
    expect(spec.topology.links[2]?.ends).toEqual([
      { node: 'h4', port: 0 },
      { node: 's4', port: 1 },
    ]);
  });

  test('has one link for edges between the same nodes, with the bandwidth that a link can have', () => {
    expect(links.slice(4)).toEqual(['s1-s2 bw 155', 's2-s3 bw 1000', 's3-s4']);
  });

  test('tells in the spec and beside it what was changed, and where', () => {
    expect(notes).toEqual([
      'an edge between two nodes that have one already is merged with it, the higher bandwidth counts (net.txt:27:3)',
      'an edge from a node to itself is left out (net.txt:28:3)',
      'LinkSpeedRaw is left out where it is not 0.1 to 1000 Mbit/s (net.txt:26:3)',
      'it has no hosts: each switch is given one',
      'a hyperedge is a switch without a host (net.txt:17:3)',
      'its 2 parts with hosts are not linked to each other',
    ]);
    expect(text.split('\n').slice(0, 3)).toEqual([
      '# Imported by labctl from net.txt, a GML graph, "Tiny & Old": 5 switches, 4 hosts, 7 links.',
      `# - ${notes[0]}`,
      `# - ${notes[1]}`,
    ]);
    expect(text).toContain('\nname: net\n');
  });
});

test('each switch gets as many hosts as are asked for, and the lab the name', () => {
  const { hosts, links, spec } = imported('gml', 'graph [ node [ id 1 ] node [ id 2 ] edge [ source 1 target 2 ] ]', {
    hostsPerNode: 2,
    name: 'twins',
  });
  expect(spec.name).toBe('twins');
  expect(hosts).toEqual(['h1', 'h2', 'h3', 'h4']);
  expect(links).toEqual(['h1-s1', 'h2-s1', 'h3-s2', 'h4-s2', 's1-s2']);
});

test('a graph that calls itself a multigraph keeps its parallel edges', () => {
  const edges = 'edge [ source 1 target 2 ] edge [ source 2 target 1 ] edge [ source 1 target 2 ]';
  const nodes = 'node [ id 1 ] node [ id 2 ]';
  const between = (flags: string) =>
    imported('gml', `graph [ ${flags} ${nodes} ${edges} ]`).links.filter(
      (link) => link === 's1-s2' || link === 's2-s1',
    );
  expect(between('')).toHaveLength(1);
  expect(between('directed 1')).toHaveLength(1);
  expect(between('multigraph 1')).toHaveLength(3);
  expect(between('directed 1 multigraph 1')).toHaveLength(2);
});

test('a host is what says so, whatever links it has', () => {
  const { hosts, switches, notes } = imported(
    'gml',
    `graph [
      node [ id 1 ] node [ id 2 label "web" type "host" ] node [ id 3 label "router" type "host" ]
      edge [ source 1 target 2 ] edge [ source 1 target 3 ] edge [ source 3 target 4 ] node [ id 4 ] ]`,
  );
  expect(hosts).toEqual(['h1', 'h2']);
  expect(switches).toEqual(['s1', 's2']);
  expect(notes).toEqual([]);
});

test('hosts may be linked to each other only, or to nothing; addresses may be in any subnets', () => {
  const { spec, hosts, switches, links, notes } = imported(
    'gml',
    `graph [
      node [ id 1 label "a" type "host" ip "10.0.1.1/24" ] node [ id 2 label "b" type "host" ip "10.0.2.2/24" ]
      node [ id 3 label "c" type "host" ip "10.0.3.3/24" ] edge [ source 1 target 2 ] ]`,
  );
  expect(hosts).toEqual(['a', 'b', 'c']);
  expect(switches).toEqual(['s1']);
  expect(links).toEqual(['a-b']);
  expect(spec.topology.hosts.map((host) => ownAddressOf(host)?.ip)).toEqual(['10.0.1.1', '10.0.2.2', undefined]);
  expect(notes).toEqual([
    'a host without a link has no interface: what is said of one is left out (net.txt:3:7)',
    'a lab needs a switch, and it has none: one without a link is added',
    'its 2 parts with hosts are not linked to each other',
  ]);
});

test('a host without an address beside others with one is given another one, and that is told', () => {
  const { spec, notes } = imported(
    'gml',
    `graph [ node [ id 1 label "s1" type "switch" ] node [ id 2 label "h1" type "host" ip "10.0.0.2/24" ]
      node [ id 3 label "h2" type "host" ] edge [ source 1 target 2 ] edge [ source 1 target 3 ] ]`,
  );
  expect(spec.topology.hosts.map((host) => ownAddressOf(host)?.ip)).toEqual(['10.0.0.2', '10.0.0.1']);
  expect(notes).toEqual(['a host without an address is given one of 10.0.0.0/8 (net.txt:2:7)']);
});

test('a text that is not UTF-8 is taken for ISO 8859-1, as old tools write it', () => {
  const bytes = Buffer.from('graph [ node [ id 1 label "Zürich" ] ]', 'latin1');
  expect(imported('gml', bytes).switches).toEqual(['s1 Zürich']);
});

test('a label becomes one line of printable text', () => {
  const { switches, text } = imported('gml', 'graph [ node [ id 1 label "  a\tb&#10;c&#27;[31m&#8238;: {d} # e " ] ]');
  expect(switches).toEqual(['s1 a b c [31m : {d} # e']);
  expect(text).not.toMatch(/[^\n\x20-\x7e]/);
});

describe('what is wrong is located', () => {
  test.each([
    ['nothing', '', ['net.txt:1:1 the file has no graph [ ... ], so it is not GML']],
    ['another text', 'hello world\n', ['net.txt:1:1 not valid GML: the key hello has no value']],
    ['an unclosed list', 'graph [\n  node [ id 1\n', ['net.txt:2:3 not valid GML: the list that begins here has no ]']],
    ['a ] too many', 'graph [\n] ]', ['net.txt:2:3 not valid GML: a key is expected here']],
    [
      'an unclosed text',
      'graph [ node [ id 1 label "x ] ]',
      ['net.txt:1:21 not valid GML: the key label has no value'],
    ],
    ['a number that is none', 'graph [ node [ id 1x ] ]', ['net.txt:1:16 not valid GML: the key id has no value']],
    ['a node without id', 'graph [\n node [ label "a" ] ]', ['net.txt:2:2 a node has no id']],
    ['an edge without end', 'graph [ node [ id 1 ]\nedge [ source 1 ] ]', ['net.txt:2:1 an edge has no target']],
    [
      'an edge to nowhere, and an id twice',
      'graph [ node [ id 1 ]\n node [ id 1 ]\n edge [ source 1 target 9 ] ]',
      ['net.txt:2:2 the id 1 is taken by the node at net.txt:1:9', 'net.txt:3:2 there is no node 9'],
    ],
    ['no node', 'graph [ ]', ['net.txt there is no switch in it']],
    ['only hosts', 'graph [ node [ id 1 type "host" ] ]', ['net.txt there is no switch in it']],
  ])('%s', (_, content, problems) => {
    expect(importProblems('gml', content)).toEqual(problems);
  });

  test('hosts that are not wanted, or too many', () => {
    const one = 'graph [ node [ id 1 ] ]';
    expect(importProblems('gml', one, { hostsPerNode: 0 })).toEqual(['net.txt the lab would have no host']);
    expect(importProblems('gml', one, { hostsPerNode: 10_000 })).toEqual([
      'net.txt the lab would have 10001 hosts and switches; labctl writes at most 10000',
    ]);
    expect(importProblems('gml', one, { name: 'My Lab' })).toEqual([
      '--name a lab is named with up to 30 lower-case letters, digits and -',
    ]);
  });
});

test('a network of 197 places is a lab of 197 switches', () => {
  const numbers = Array.from({ length: 197 }, (_, index) => index);
  const nodes = numbers.map((id) => `node [ id ${id} label "Place ${id}" ]`);
  const edges = numbers
    .slice(1)
    .map((id) => `edge [ source ${id} target ${Math.floor(id / 3)} LinkSpeedRaw 34000000.0 ]`);
  const { spec, notes, links } = imported('gml', ['graph [', ...nodes, ...edges, ']'].join('\n'));
  expect(notes).toEqual(['it has no hosts: each switch is given one']);
  expect(spec.topology.hosts).toHaveLength(197);
  expect(spec.topology.switches[196]).toEqual({ name: 's197', dpid: '00:00:00:00:00:00:00:c5', label: 'Place 196' });
  expect(links.at(-1)).toBe('s197-s66 bw 34');
  expect(spec.topology.hostComponents()).toHaveLength(1);
});
