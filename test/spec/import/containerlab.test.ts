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
      'an address that another node has is left out (net.txt:16:5)',
      "a node whose interfaces' names do not end in different numbers from 1 up has ports in the order of its links (net.txt:12:5)",
      'a host without an address is given one of 10.0.0.0/8 (net.txt:16:5, net.txt:18:5)',
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

describe('linux nodes with addresses are hosts', () => {
  test('a router has an interface for each link, with what endpoints and commands say', () => {
    const { text, switches, notes } = imported(
      'containerlab',
      `topology:
  kinds: {linux: {image: alpine, exec: [apk add tcpdump]}}
  nodes:
    r1:
      kind: linux
      exec:
        - sysctl -w net.ipv4.ip_forward=1
        - ip addr add 10.0.2.1/24 dev eth2
        - sh -c "ip link set eth2 mtu 1400 && ip link set eth2 up"
        - ip link add link eth2 name eth2.100 type vlan id 100
        - ip addr add 10.0.100.1/24 dev eth2.100
        - ip route add 10.9.0.0/16 via 10.0.2.9
        - ip addr add 1.1.1.1/32 dev lo
    h1: {kind: linux, exec: [ip a a 10.0.1.2/24 dev eth1, ip r del default, ip route replace default via 10.0.1.1 dev eth1]}
    h2: {kind: linux, exec: [ifconfig eth1 10.0.2.2 netmask 255.255.255.0, ip route add default via 10.7.0.1]}
    s1: {kind: ovs-bridge}
  links:
    - endpoints: [{node: r1, interface: eth1, ipv4: 10.0.1.1/24, mac: "02:00:00:00:00:01"}, {node: h1, interface: eth1}]
    - {endpoints: ["r1:eth2", "s1:p1"], mtu: 9500}
    - endpoints: ["h2:eth1", "s1:p2"]
`,
    );
    expect(text).toContain(`hosts:
  - {name: r1, interfaces: [{ip: 10.0.1.1/24, mac: "02:00:00:00:00:01"}, {ip: 10.0.2.1/24, mtu: 1400}, {vlan: 100, ip: 10.0.100.1/24}], routes: [{to: 10.9.0.0/16, via: 10.0.2.9}], forward: true}
  - {name: h1, ip: 10.0.1.2/24, default_route: 10.0.1.1}
  - {name: h2, ip: 10.0.2.2/24}
switches:
  - s1
links:
  - [r1:1, h1]
  - [r1:2, s1]
  - [h2, s1]
`);
    expect(switches).toEqual(['s1']);
    expect(notes).toEqual([
      'mtu is left out where it is not 68 to 1500 (net.txt:4:5)',
      'a command (exec) that sets no address, route, MTU, VLAN or forwarding is left out (net.txt:4:5, net.txt:14:5, net.txt:15:5)',
      'what is said of an interface without a link is left out (net.txt:4:5)',
      'mtu is left out at switches (net.txt:19:7)',
      'a route is left out whose router is in no subnet of the host (net.txt:15:5)',
    ]);
  });

  test('a server with two links, one with a bond, and one that bridges', () => {
    const { text, switches, notes } = imported(
      'containerlab',
      `topology:
  nodes:
    leaf1: {kind: srl}
    leaf2: {kind: srl}
    dual: {kind: linux}
    bonded: {kind: linux, exec: [ip link add bond0 type bond mode 802.3ad, ip link set eth1 master bond0, ip link set eth2 master bond0, ip addr add 10.0.0.7/24 dev bond0]}
    bridge: {kind: linux, exec: [ip link add br0 type bridge, ip link set eth1 master br0, ip addr add 10.0.0.8/24 dev br0]}
  links:
    - {endpoints: ["leaf1:e1-1", "dual:eth1"], ipv4: ["", 10.0.1.5/24]}
    - {endpoints: ["leaf2:e1-1", "dual:eth2"], ipv4: ["", 10.0.2.5/24]}
    - endpoints: ["leaf1:e1-2", "bonded:eth1"]
    - endpoints: ["leaf2:e1-2", "bonded:eth2"]
    - endpoints: ["leaf1:e1-3", "bridge:eth1"]
`,
    );
    expect(text).toContain(`hosts:
  - {name: dual, interfaces: [{ip: 10.0.1.5/24}, {ip: 10.0.2.5/24}]}
  - {name: bonded, ip: 10.0.0.7/24}
`);
    expect(switches).toEqual(['leaf1', 'leaf2', 'bridge']);
    expect(notes).toContain('a bond of interfaces is the first of them here (net.txt:6:5)');
    expect(notes).toContain('a linux node that makes a bridge is a switch here (net.txt:7:5)');
    expect(notes).toContain(
      'a linux node with several addresses forwards nothing here unless its commands set net.ipv4.ip_forward=1 (net.txt:5:5)',
    );
  });

  test('two that are linked to each other alone are a lab, with a switch beside them', () => {
    const { hosts, switches, links, notes } = imported(
      'containerlab',
      `topology:
  nodes: {a: {kind: linux, exec: [ip addr add 10.0.0.1/24 dev eth1]}, b: {kind: linux, exec: [ip addr add 10.0.0.2/24 dev eth1]}}
  links: [{endpoints: ["a:eth1", "b:eth1"]}]
`,
    );
    expect([hosts, switches, links]).toEqual([['a', 'b'], ['s1'], ['a-b']]);
    expect(notes).toEqual(['a lab needs a switch, and it has none: one without a link is added']);
  });

  test('a link from a node to itself is no interface', () => {
    const { text, notes } = imported(
      'containerlab',
      `topology:
  nodes: {s1: {kind: bridge}, a: {kind: linux, exec: [ip addr add 10.0.0.1/24 dev eth1, ip addr add 10.0.1.1/24 dev eth3]}}
  links: [{endpoints: ["a:eth3", "a:eth2"]}, {endpoints: ["a:eth1", "s1:eth1"]}]
`,
    );
    expect(text).toContain('  - {name: a, ip: 10.0.0.1/24}\n');
    expect(notes).toEqual([
      'a link from a node to itself is left out (net.txt:3:11)',
      'what is said of an interface without a link is left out (net.txt:2:31)',
    ]);
  });

  test('an address that is none is told at the node', () => {
    expect(
      importProblems(
        'containerlab',
        `topology:
  nodes: {s1: {kind: bridge}, a: {kind: linux}, b: {kind: linux, exec: [ip addr add 10.0.1.0/24 dev eth1]}}
  links:
    - endpoints: [{node: s1, interface: eth1}, {node: a, interface: eth1, ipv4: 10.0.0.300/24}]
    - endpoints: ["s1:eth2", "b:eth1"]
`,
      ),
    ).toEqual([
      'net.txt:2:31 not an IPv4 address',
      "net.txt:2:49 the network address of its subnet cannot be a host's",
    ]);
  });
});
