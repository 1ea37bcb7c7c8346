import { describe, expect, test } from 'vitest';
import { imported, importProblems } from '../../support/fixtures/imported.ts';

const graphml = (inside: string) =>
  `<?xml version="1.0" encoding="utf-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
${inside}
</graphml>
`;

/** What the Topology Zoo's files have, in small: keys apart from the data, one of them named key, and a second label. */
const ZOO = graphml(`  <key attr.name="key" attr.type="int" for="edge" id="d37" />
  <key attr.name="LinkSpeedRaw" attr.type="double" for="edge" id="d36" />
  <key attr.name="label" attr.type="string" for="node" id="d33" />
  <key attr.name="hyperedge" attr.type="int" for="node" id="d34"><default>0</default></key>
  <key attr.name="label" attr.type="string" for="graph" id="d12" />
  <graph edgedefault="undirected">
    <data key="d12">Tiny</data>
    <node id="0"><data key="d33">Saint-&#201;tienne &amp; Lyon</data></node>
    <node id="1"><data key="d33">None</data><data key="d34">1</data></node>
    <node id="2"/>
    <edge source="0" target="1"><data key="d36">45000000.0</data><data key="d37">0</data></edge>
    <edge source="0" target="1"><data key="d36">1.55E8</data><data key="d37">1</data></edge>
    <edge source="1" target="2"><data key="d36"></data></edge>
  </graph>`);

test('a graph as the Topology Zoo has it', () => {
  const { switches, hosts, links, notes, text } = imported('graphml', ZOO);
  expect(switches).toEqual(['s1 Saint-Étienne & Lyon', 's2', 's3']);
  expect(hosts).toEqual(['h1', 'h3']);
  expect(links).toEqual(['h1-s1', 'h3-s3', 's1-s2 bw 155', 's2-s3']);
  expect(notes).toEqual([
    'an edge between two nodes that have one already is merged with it, the higher bandwidth counts (net.txt:14:5)',
    'it has no hosts: each switch is given one',
    'a hyperedge is a switch without a host (net.txt:11:5)',
  ]);
  expect(text).toContain('a GraphML graph, "Tiny"');
});

test('labels of yEd, groups of nodes, prefixes of names, default values, and edges with ports', () => {
  const { switches, links, notes } = imported(
    'graphml',
    `<g:graphml xmlns:g="http://graphml.graphdrawing.org/xmlns" xmlns:y="http://www.yworks.com/xml/graphml">
<g:key for="node" id="d6" yfiles.type="nodegraphics"/>
<g:key for="edge" id="d7" attr.name="bw"><g:default>10</g:default></g:key>
<g:graph edgedefault="directed" id="G">
<g:node id="n0"><g:data key="d6"><y:ShapeNode><y:Fill color="#FFCC00"/><y:NodeLabel>core<y:LabelModel/></y:NodeLabel></y:ShapeNode></g:data>
 <g:graph edgedefault="directed" id="n0:"><g:node id="n0::n0"><g:port name="north"/></g:node></g:graph></g:node>
<g:node id="edge-router"/>
<g:edge id="e0" source="n0" target="n0::n0" sourceport="north"/>
<g:edge id="e1" source="n0::n0" target="n0"/>
<g:edge source="n0" target="edge-router"><g:data key="d7">20</g:data><g:data key="unknown">1</g:data></g:edge>
<g:hyperedge><g:endpoint node="n0"/></g:hyperedge>
</g:graph>
</g:graphml>`,
  );
  expect(switches).toEqual(['s1 n0::n0', 's2 core', 's3 edge-router']);
  expect(links.slice(3)).toEqual(['s2-s1 bw 10', 's2-s3 bw 20']);
  expect(notes).toEqual([
    'a node that holds a graph of its own is a switch like those inside (net.txt:6:2)',
    'a <hyperedge> is left out (net.txt:11:1)',
    'edges there and back are one link',
    'it has no hosts: each switch is given one',
  ]);
});

test('the encoding is what the file says', () => {
  const inside = '<graphml><graph><node id="Zürich"/></graph></graphml>';
  const inLatin1 = Buffer.from(`<?xml version="1.0" encoding="ISO-8859-1"?>${inside}`, 'latin1');
  const inUtf16 = Buffer.from(`\ufeff<?xml version="1.0" encoding="UTF-16"?>${inside}`, 'utf16le');
  for (const bytes of [inLatin1, inUtf16]) expect(imported('graphml', bytes).switches).toEqual(['s1 Zürich']);
  const wrong = Buffer.from(`<?xml version="1.0"?>${inside}`, 'latin1');
  expect(importProblems('graphml', wrong)).toEqual(['net.txt:1:1 the file is not text in the encoding utf-8']);
  const unknown = Buffer.from(`<?xml version="1.0" encoding="klingon"?>${inside}`);
  expect(importProblems('graphml', unknown)).toEqual(['net.txt:1:1 the file is not text in the encoding klingon']);
});

describe('what is wrong is located', () => {
  const bomb = `<!DOCTYPE g [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY file SYSTEM "file:///etc/passwd">]>
<graphml><graph><node id="1"><data key="k">`;
  test.each([
    ['nothing', '', ['net.txt:1:1 not valid XML: document must contain a root element']],
    ['other XML', '<html>\n</html>', ['net.txt:1:1 there is no <graph>, so this is not GraphML']],
    ['an element that is not closed', '<graphml>\n<graph>', ['net.txt:2:7 not valid XML: unclosed tag: graph']],
    ['an XML bomb', `${bomb}&b;`, ['net.txt:3:46 not valid XML: undefined entity']],
    ['a file of the machine', `${bomb}&file;`, ['net.txt:3:49 not valid XML: undefined entity']],
    ['a node without id', graphml('<graph>\n <node/>\n</graph>'), ['net.txt:4:2 <node> has no id']],
    ['an edge without end', graphml('<graph>\r\n <edge source="1"/></graph>'), ['net.txt:4:2 <edge> has no target']],
    [
      'an edge to nowhere',
      graphml('<graph>\n<edge source="1" target="__proto__"/>\n<node id="1"/></graph>'),
      ['net.txt:4:1 there is no node __proto__'],
    ],
    ['a second graph', graphml('<graph/>\n<graph/>'), ['net.txt:4:1 the file has a second <graph>']],
  ])('%s', (_, content, problems) => {
    expect(importProblems('graphml', content)).toEqual(problems);
  });
});
