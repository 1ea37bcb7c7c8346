import { describe, expect, test } from 'vitest';
import { imported, importProblems } from '../../support/fixtures/imported.ts';

const CLOS = `# a small leaf and spine
name: Clos 02
topology:
  defaults: {kind: srl}
  kinds:
    srl: {image: ghcr.io/nokia/srlinux}
    linux: {image: alpine}
  nodes:
    leaf1:
    leaf2: {kind: srl, type: ixrd2}
    spine1:
    br-clab: {kind: bridge}
    client1: &client
      kind: linux
      exec: [ip addr add 10.0.0.1/24 dev eth1]
    client2:
      <<: *client
    client3: {kind: linux}
    idle: {kind: linux}
  links:
    - endpoints: ["leaf1:e1-1", "spine1:e1-1"]
    - endpoints: ["leaf2:e1-1", "spine1:e1-2"]
    - endpoints: ["client1:eth1", "leaf1:e1-5"]
    - type: veth
      endpoints:
        - {node: client2, interface: eth1, mac: "02:00:00:00:00:01"}
        - {node: leaf2, interface: e1-2}
      mtu: 1500
    - endpoints: ["spine1:e1-3", "br-clab:to-spine"]
    - endpoints: ["client3:eth1", "br-clab:veth_1"]
    - endpoints: ["leaf1:e1-9", "host:leaf1-e9"]
    - endpoints: ["leaf1:e1-8", "macvlan:eno1"]
    - {type: mgmt-net, endpoint: {node: leaf1, interface: eth8}, host-interface: l1}
    - {type: vxlan, endpoint: {node: leaf1, interface: eth9}, remote: 10.0.0.18, vni: 1}
`;

describe('a containerlab topology', () => {
  const { spec, hosts, switches, links, notes, text } = imported('containerlab', CLOS);

  test('has its own names, where Linux can have them, and its name for the lab', () => {
    expect(spec.name).toBe('clos-02');
    expect(hosts).toEqual(['client1', 'client2', 'client3', 'idle']);
    expect(switches).toEqual(['leaf1', 'leaf2', 'spine1', 'br_clab br-clab']);
    expect(links).toEqual([
      'leaf1-spine1',
      'leaf2-spine1',
      'client1-leaf1',
      'client2-leaf2',
      'spine1-br_clab',
      'client3-br_clab',
    ]);
  });

  test("has the ports that switches' interfaces are named after, written where they do not follow the links", () => {
    expect(spec.topology.links.map(({ ends }) => ends.map(({ port }) => port))).toEqual([
      [1, 1],
      [1, 2],
      [0, 5],
      [0, 2],
      [3, 1],
      [0, 2],
    ]);
    expect(text.split('\n').filter((line) => line.startsWith('  - [leaf1'))).toEqual(['  - [leaf1:1, spine1]']);
  });

  test('has a DPID for each switch', () => {
    expect(spec.topology.switches.map(({ dpid }) => dpid)).toEqual([
      '00:00:00:00:00:00:00:01',
      '00:00:00:00:00:00:00:02',
      '00:00:00:00:00:00:00:03',
      '00:00:00:00:00:00:00:04',
    ]);
  });

  test('tells what was left out', () => {
    expect(notes).toEqual([
      'a link to host leaves the lab and is left out (net.txt:31:7)',
      'a link to macvlan leaves the lab and is left out (net.txt:32:7)',
      'a link of type mgmt-net leaves the lab and is left out (net.txt:33:7)',
      'a link of type vxlan leaves the lab and is left out (net.txt:34:7)',
      'commands of a node (exec) are left out, and addresses that they set (net.txt:13:5, net.txt:16:5)',
      "a node whose interfaces' names do not end in different numbers from 1 up has ports in the order of its links (net.txt:12:5)",
      "the name br-clab cannot be an interface's (letters, digits and _, not too long): it is br_clab here (net.txt:12:5)",
      'a switch has the DPID of another by its name, and is given a DPID (net.txt:11:5)',
      'a switch has no number in its name, and is given a DPID (net.txt:12:5)',
      'its 2 parts with hosts are not linked to each other',
    ]);
  });
});

test('nodes without any host each get one; Linux nodes that pass packets on are switches', () => {
  const { hosts, switches, links, notes } = imported(
    'containerlab',
    `topology:
  nodes: {a1: {kind: linux}, a2: {kind: linux}, x: {}, the-very-long-name-of-a-router: {}, the_very_lo: {}}
  links: [{endpoints: ["a1:eth1", "a2:eth1"]}, {endpoints: ["a1:eth2", "a2:eth2"]}]
`,
  );
  expect(switches).toEqual([
    'a1',
    'a2',
    'x_2 x',
    'the_very_l the-very-long-name-of-a-router',
    'the_very_2 the_very_lo',
  ]);
  expect(hosts).toEqual(['h1', 'h2', 'h3', 'h4', 'h5']);
  expect(links.slice(5)).toEqual(['a1-a2', 'a1-a2']);
  expect(notes[0]).toBe(
    'a linux node without addresses that has several links, or one to another such, is a switch here (net.txt:2:11, net.txt:2:30)',
  );
});

describe('what is wrong is located', () => {
  const nodes = 'topology:\n  nodes: {a: {}, h: {kind: linux}}\n';
  test.each([
    ['nothing', '', ['net.txt:1:1 there is no mapping topology.nodes, so this is not a containerlab topology']],
    [
      'a spec of labctl',
      'version: 1\nhosts: [h1]\n',
      ['net.txt:1:1 there is no mapping topology.nodes, so this is not a containerlab topology'],
    ],
    [
      'broken YAML',
      'topology: [\n',
      ['net.txt:2:1 not valid YAML: Flow sequence in block collection must be sufficiently indented and end with a ]'],
    ],
    ['deep nesting', '['.repeat(20_000), ['net.txt:1:1 nested too deeply to be read']],
    [
      'an expansion without bounds',
      `a: &a [${'x, '.repeat(99)}]\nb: &b [${'*a, '.repeat(99)}]\nc: [${'*b, '.repeat(99)}]`,
      ['net.txt:2:8 aliases (*name) that expand to more than can be read'],
    ],
    ['links that are none', `${nodes}  links: {a: h}`, ['net.txt:3:10 links are not a list']],
    ['a link with one end', `${nodes}  links:\n    - endpoints: ["a:eth1"]`, ['net.txt:4:7 a link has two endpoints']],
    ['an end that is none', `${nodes}  links:\n    - endpoints: ["a:eth1", h]`, ['net.txt:4:29 not an endpoint']],
    ['an unknown node', `${nodes}  links:\n    - endpoints: ["a:eth1", "b:eth1"]`, ['net.txt:4:29 there is no node b']],
    [
      'a node of JavaScript',
      `${nodes}  links:\n    - endpoints: ["a:eth1", "__proto__:eth1"]`,
      ['net.txt:4:29 there is no node __proto__'],
    ],
  ])('%s', (_, content, problems) => {
    expect(importProblems('containerlab', content)).toEqual(problems);
  });
});
