import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { Labctl } from '../support/harness/labctl.ts';

const PROGRAM = `from mininet.topo import Topo
from mininet.node import OVSKernelSwitch
print('built by a program')
class Rooms(Topo):
    def build(self, n=2):
        hall = self.addSwitch('hall', cls=OVSKernelSwitch)
        for i in range(1, n + 1):
            room = self.addSwitch('s%d' % i)
            self.addLink(room, hall, port1=5)
            self.addLink(self.addHost('guest%d' % i), room)
topos = {'rooms': Rooms}
`;

const SPEC = `# Imported by labctl from rooms.py, the Mininet topology rooms: 4 switches, 3 hosts, 6 links.
# - a switch has no number in its name, and is given a DPID (rooms.py:6:1)

version: 1
name: rooms
hosts:
  - guest1
  - guest2
  - guest3
switches:
  - {name: hall, dpid: "00:00:00:00:00:00:00:04"}
  - s1
  - s2
  - s3
links:
  - [s1:5, hall]
  - [guest1, s1:2]
  - [s2:5, hall]
  - [guest2, s2:2]
  - [s3:5, hall]
  - [guest3, s3:2]
`;

/** As Mininet's examples/linuxrouter.py builds it. */
const ROUTER = `from mininet.topo import Topo
from mininet.node import Node
class LinuxRouter(Node):
    def config(self, **params):
        super().config(**params)
        self.cmd('sysctl net.ipv4.ip_forward=1')
class NetworkTopo(Topo):
    def build(self):
        router = self.addNode('r0', cls=LinuxRouter, ip='192.168.1.1/24')
        subnets = {'s1': '192.168.1.%d/24', 's2': '172.16.0.%d/12', 's3': '10.0.0.%d/8'}
        for number, (switch, subnet) in enumerate(subnets.items(), start=1):
            self.addSwitch(switch)
            self.addLink(switch, router, intfName2='r0-eth%d' % number, params2={'ip': subnet % 1})
            gateway = (subnet % 1).split('/')[0]
            self.addHost('h%d' % number, ip=subnet % 100, defaultRoute='via ' + gateway)
            self.addLink('h%d' % number, switch)
`;

const CLAB = `name: imported-clab
topology:
  nodes:
    pc1: {kind: linux, exec: [ip addr add 10.0.1.2/24 dev eth1, ip route replace default via 10.0.1.1]}
    pc2: {kind: linux, exec: [ip addr add 10.0.2.2/24 dev eth1, ip route replace default via 10.0.2.1]}
    r: {kind: linux, exec: [ip addr add 10.0.1.1/24 dev eth1, ip addr add 10.0.2.1/24 dev eth2, sysctl -w net.ipv4.ip_forward=1]}
  links:
    - endpoints: ["pc1:eth1", "r:eth1"]
    - endpoints: ["pc2:eth1", "r:eth2"]
`;

describe.each(['as we are', 'ordinary'] as const)('labctl import, %s', (user) => {
  const labctl = new Labctl(user);
  afterAll(() => labctl.clean());

  test('a Mininet topology becomes a spec, which becomes a lab where all reach each other', async () => {
    labctl.file('rooms.py', PROGRAM);
    const outcome = await labctl.run('import', 'rooms.py', '--topo', 'rooms,3');
    expect(outcome).toEqual({
      stdout: SPEC.trimEnd(),
      stderr: 'labctl: a switch has no number in its name, and is given a DPID (rooms.py:6:1)',
      exitCode: 0,
    });
    labctl.file('lab.yaml', outcome.stdout);
    await labctl.ok('up', 'lab.yaml');
    expect(await labctl.ok('pingall')).toContain('*** Results: 0% dropped (6/6 received)');
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });

  test('a program makes all its hosts itself: none is added, and none that it makes comes back as another', async () => {
    const program = (lines: string) =>
      `from mininet.topo import Topo\nclass T(Topo):\n    def build(self):\n${lines}topos = {'t': T}\n`;
    labctl.file('alone.py', program("        self.addSwitch('s1')\n        self.addHost('h1')\n"));
    labctl.file('bare.py', program("        self.addLink(self.addSwitch('s1'), self.addSwitch('s2'))\n"));
    const bare = await labctl.run('import', 'bare.py');
    expect(bare).toMatchObject({ exitCode: 2, stdout: '' });
    expect(bare.stderr).toContain('bare.py: the lab would have no host');
    // A host without a link is a host too.
    expect(await labctl.ok('import', 'alone.py')).toContain('hosts:\n  - h1\nswitches:\n  - s1\nlinks: []');
    // Where they are asked for they are there, with other names.
    const asked = await labctl.ok('import', 'alone.py', '--hosts-per-node', '1');
    expect(asked).toContain('hosts:\n  - h1\n  - h1_2\n');
  });

  test("Mininet's example of a router becomes a lab whose router forwards", async () => {
    labctl.file('linuxrouter.py', ROUTER);
    const outcome = await labctl.run('import', 'linuxrouter.py', '--name', 'imported-router');
    expect(outcome.stderr).toBe(
      'labctl: a host whose class has ip_forward=1 in its code, as LinuxRouter has, is a router here (linuxrouter.py:9:1)',
    );
    labctl.file('lab.yaml', outcome.stdout);
    await labctl.ok('up', 'lab.yaml');
    expect(await labctl.ok('pingall')).toContain('*** Results: 0% dropped (12/12 received)');
    await labctl.ok('down');
    // Rendered, and imported again.
    labctl.file('again.py', await labctl.ok('render', 'lab.yaml'));
    const again = await labctl.run('import', 'again.py', '--name', 'imported-router');
    expect(again.stderr).toBe('');
    labctl.file('again.yaml', again.stdout);
    expect(await labctl.ok('render', 'again.yaml')).toBe(await labctl.ok('render', 'lab.yaml'));
    await labctl.expectNothingLeft();
  });

  test("containerlab's linux nodes become a lab with a router between two of them", async () => {
    labctl.file('router.clab.yml', CLAB);
    const outcome = await labctl.run('import', 'router.clab.yml');
    expect(outcome.stderr).toBe('labctl: a lab needs a switch, and it has none: one without a link is added');
    labctl.file('clab.yaml', outcome.stdout);
    await labctl.ok('up', 'clab.yaml');
    expect(await labctl.ok('pingall')).toContain('*** Results: 0% dropped (6/6 received)');
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });

  test('a wrong program and a wrong file are told with exit code 2, without a trace of labctl itself', async () => {
    labctl.file('wrong.py', 'import os\n\nraise ValueError("no network")\n');
    labctl.file('wrong.gml', 'graph [ node [ id 1 ]\n  edge [ source 1 target 2 ] ]');
    labctl.file('wrong', 'something else');
    for (const [args, message] of [
      [['wrong.py'], 'labctl: wrong.py:3:1: the program raises ValueError: no network\n'],
      [['wrong.gml'], 'labctl: wrong.gml:2:3: there is no node 2\n'],
      [['wrong'], 'labctl: wrong: its format is clear neither from its name nor from its beginning\n'],
      [['nosuch.gml'], 'labctl: nosuch.gml: there is no such file\n'],
      [['wrong.gml', '--topo', 'x'], 'labctl: --topo: only a Mininet program has several topologies\n'],
      [['wrong.gml', '--as', 'visio'], "error: option '--as <format>' argument 'visio' is invalid."],
      [['.'], 'labctl: .: the file cannot be read: EISDIR'],
    ] as const) {
      const outcome = await labctl.run('import', ...args);
      expect(outcome).toMatchObject({ exitCode: 2, stdout: '' });
      expect(outcome.stderr.startsWith(message), outcome.stderr).toBe(true);
      expect(outcome.stderr).not.toMatch(/\n +at /);
    }
  });
});

test('standard input is imported, by how it begins or as it is said to be', async () => {
  const labctl = new Labctl();
  const script = labctl.commandLine('import', '-', '--name', 'pipe');
  const run = (input: string, more = '') =>
    execa('sh', ['-c', `${script} ${more}`], { cwd: labctl.folder, env: labctl.env, input });
  const graph = await run('{"nodes": [{"id": 1}], "links": []}');
  expect(graph.stdout).toContain('name: pipe\nhosts:\n  - h1\nswitches:\n  - s1\n');
  const program = await run(PROGRAM, '--as mininet');
  expect(program.stdout).toContain('standard input, the Mininet topology rooms: 3 switches, 2 hosts, 4 links.');
  await labctl.clean();
});
