import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { parseDpid, parseIpv4, parseMac, portNumber } from '../../../src/model/addresses.ts';
import { Topology } from '../../../src/model/topology.ts';
import { netLines, renderMininet } from '../../../src/spec/export/mininet.ts';
import { readSpec } from '../../../src/spec/read.ts';
import { hostOf } from '../../support/fixtures/hosts.ts';
import { anyTopology } from '../../support/fixtures/topologies.ts';

const folder = mkdtempSync('/tmp/lt-render-');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface LinkInfo {
  readonly node1: string;
  readonly port1: number;
  readonly node2: string;
  readonly port2: number;
  readonly cls: string | null;
  readonly bw?: number;
}

/** What Mininet itself reads in a rendered file, as Python builds it. */
function asMininetReadsIt(source: string, topo: string): Topology {
  const file = join(folder, 'topology.py');
  writeFileSync(file, source);
  const program = `
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location('topology', sys.argv[1])
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
topo = module.topos[sys.argv[2]]()
print(json.dumps({
  'hosts': [[name, topo.nodeInfo(name)] for name in topo.hosts(sort=False)],
  'switches': [[name, topo.nodeInfo(name)] for name in topo.switches(sort=False)],
  'links': [
    {**info, 'cls': info['cls'].__name__ if 'cls' in info else None}
    for *_, info in topo.links(sort=False, withKeys=True, withInfo=True)
  ],
}, default=lambda cls: cls.__name__))`;
  const env = { PATH: '/usr/bin:/bin', PYTHONDONTWRITEBYTECODE: '1' };
  const read = JSON.parse(execFileSync('/usr/bin/python3', ['-c', program, file, topo], { encoding: 'utf8', env }));
  const certain = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('Mininet read something else');
    return value;
  };
  return new Topology({
    hosts: read.hosts.map(([name, { ip, mac }]: [string, { ip: string; mac: string }]) =>
      hostOf({
        name,
        ip: certain(parseIpv4(ip.split('/')[0] ?? '')),
        prefixLength: Number(ip.split('/')[1]),
        mac: certain(parseMac(mac)),
      }),
    ),
    switches: read.switches.map(([name, { dpid }]: [string, { dpid: string }]) => ({
      name,
      dpid: certain(parseDpid(dpid)),
    })),
    links: read.links.map((link: LinkInfo) => ({
      ends: [
        { node: link.node1, port: portNumber(link.port1) },
        { node: link.node2, port: portNumber(link.port2) },
      ],
      // Only a TCLink minds it.
      ...(link.cls === 'TCLink' && link.bw !== undefined ? { bandwidthMbps: link.bw } : {}),
    })),
  });
}

const bandwidth = fc.constantFrom({}, { bandwidthMbps: 0.5 }, { bandwidthMbps: 1000 });

test('a rendered topology, read by Mininet and rendered again, has the same lines', () => {
  // Mininet keeps links by node, not in their order, which explicit ports make meaningless.
  const lines = (source: string) => source.split('\n').sort();
  fc.assert(
    fc.property(anyTopology, fc.infiniteStream(bandwidth), (plain, bandwidths) => {
      const links = plain.links.map((link) => ({ ...link, ...bandwidths.next().value }));
      const topology = new Topology({ hosts: plain.hosts, switches: plain.switches, links });
      const source = renderMininet(topology, 'AnyTopo');
      expect(lines(renderMininet(asMininetReadsIt(source, 'AnyTopo'), 'AnyTopo'))).toEqual(lines(source));
      expect(renderMininet(topology, 'AnyTopo')).toBe(source);
    }),
    { numRuns: 8 },
  );
});

test('S10H10 renders to these lines', () => {
  const file = resolve(import.meta.dirname, '../../../topologies/s10h10.yaml');
  const { topology, topo } = readSpec(file, readFileSync(file, 'utf8'));
  const lines = renderMininet(topology, topo).split('\n');
  expect(lines).toContain('class P2PNetwork(Topo):');
  expect(lines).toContain('        self.addHost("h10", ip="10.0.0.10/8", mac="00:00:00:00:00:0a")');
  expect(lines).toContain('        self.addSwitch("s10", dpid="000000000000000a")');
  expect(lines).toContain('        self.addLink("s6", "s10", port1=3, port2=4)');
  expect(lines).toContain('topos = {"P2PNetwork": P2PNetwork}');
  expect(netLines(topology)).toContain('s10 lo:  s10-eth1:h10-eth0 s10-eth2:s2-eth2 s10-eth3:s5-eth3 s10-eth4:s6-eth3');
});

test('a link is limited by a TCLink, which a topology without such links knows nothing of', () => {
  const text = (link: string) =>
    renderMininet(
      readSpec('lab.yaml', `version: 1\nhosts: [h1]\nswitches: [s1, s2]\nlinks: [[h1, s1], ${link}]\n`).topology,
      'T',
    );
  const limited = text('{ends: [s1, s2], cost: 3, bw: 100}');
  expect(limited).toContain('\nfrom mininet.link import TCLink\nfrom mininet.topo import Topo\n');
  expect(limited).toContain('        self.addLink("s1", "s2", port1=2, port2=1, cls=TCLink, bw=100)\n');
  expect(limited).toContain('        self.addLink("h1", "s1", port1=0, port2=1)\n');
  expect(text('{ends: [s1, s2], cost: 3}')).toBe(text('[s1, s2]'));
  expect(text('[s1, s2]')).not.toContain('TCLink');
});

test('links and hosts have their properties where Mininet has them', () => {
  const text = renderMininet(
    readSpec(
      'lab.yaml',
      `version: 1
hosts:
  - {name: h1, default_route: 10.0.0.254, start: ["touch /tmp/x"]}
  - {name: h2, addresses: [192.168.1.2/24, 10.0.0.9/32], default_route: 192.168.1.1, cpu: 0.2}
  - {name: h3, addresses: [192.168.1.3/24]}
  - {name: h4, cpu: 0.5}
switches: [s1]
links: [[h1, s1], [h2, s1], [h3, s1], {ends: [h4, s1], delay: 5 ms, jitter: 100 us, loss: 0.5, max_queue: 100}]
`,
    ).topology,
    'T',
  );
  for (const line of [
    'from mininet.link import TCLink',
    'from mininet.node import CPULimitedHost, Host',
    'from mininet.util import numCores',
    'class ConfiguredCPULimitedHost(Configured, CPULimitedHost):',
    'class ConfiguredHost(Configured, Host):',
    '        self.addHost("h1", ip="10.0.0.1/8", mac="00:00:00:00:00:01", defaultRoute="via 10.0.0.254")',
    '        self.addHost("h2", cls=ConfiguredCPULimitedHost, ip="10.0.0.2/8", mac="00:00:00:00:00:02", setup=["address add 192.168.1.2/24 dev h2-eth0", "address add 10.0.0.9/32 dev h2-eth0", "route add 0.0.0.0/0 via 192.168.1.1"], cpu=0.2 / numCores())',
    '        self.addHost("h3", cls=ConfiguredHost, ip="10.0.0.3/8", mac="00:00:00:00:00:03", setup=["address add 192.168.1.3/24 dev h3-eth0"])',
    '        self.addHost("h4", cls=CPULimitedHost, ip="10.0.0.4/8", mac="00:00:00:00:00:04", cpu=0.5 / numCores())',
    '        self.addLink("h4", "s1", port1=0, port2=4, cls=TCLink, delay="5ms", jitter="0.1ms", loss=0.5, max_queue_size=100)',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  expect(text).not.toContain('touch');
  expect(asMininetReadsIt(text, 'T').hosts).toHaveLength(4);
});

test('hosts have their interfaces, routes and forwarding where Mininet has them, and by classes of the file', () => {
  const text = renderMininet(
    readSpec(
      'lab.yaml',
      `version: 1
hosts:
  - name: r
    forward: true
    interfaces: [{ip: 10.0.1.1/24}, {ip: 10.0.2.1/24, mtu: 1400}, {vlan: 100, ip: 10.0.3.1/24}]
    routes: [{to: 10.9.0.0/16, via: 10.0.2.9}]
    default_route: 10.0.1.9
  - {name: h1, ip: 10.0.1.2/24, arp: static}
  - lone
switches: [s1, s2]
links: [[r, s1], [r, s2], [h1, s1]]
`,
    ).topology,
    'T',
  );
  for (const line of [
    'class ConfiguredForwardingHost(Configured, Forwarding, Host):',
    'class StaticHost(Static, Host):',
    '    ip_address("10.0.2.1"): ("r", "00:01:00:00:00:01"),',
    '        self.addHost("r", cls=ConfiguredForwardingHost, ip="10.0.1.1/24", mac="00:00:00:00:00:01", setup=["link set dev r-eth1 mtu 1400", "address add 10.0.2.1/24 dev r-eth1", "link add link r-eth1 name r-eth1.100 type vlan id 100", "link set dev r-eth1.100 up", "address add 10.0.3.1/24 dev r-eth1.100", "route add 10.9.0.0/16 via 10.0.2.9", "route add 0.0.0.0/0 via 10.0.1.9"], forward=True)',
    '        self.addHost("h1", cls=StaticHost, ip="10.0.1.2/24", mac="00:00:00:00:00:02", subnets={"h1-eth0": ["10.0.1.2/24"]})',
    '        self.addHost("lone", ip=None)',
    '        self.addLink("r", "s2", port1=1, port2=1, addr1="00:01:00:00:00:01")',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
});

test('Mininet would give a host with a prefix length of 32 one of 0: it is configured by ip(8)', () => {
  const text = renderMininet(
    readSpec(
      'lab.yaml',
      'version: 1\nhosts: [{name: h1, ip: 10.0.0.1/32}, h2]\nswitches: [s1]\nlinks: [[h1, s1], [h2, s1]]\n',
    ).topology,
    'T',
  );
  expect(text.split('\n')).toContain(
    '        self.addHost("h1", cls=ConfiguredHost, ip=None, mac="00:00:00:00:00:01", setup=["address add 10.0.0.1/32 dev h1-eth0"])',
  );
});

test('a name that is no name cannot become code, whatever let it through', () => {
  const evil = 'h1", cls=__import__("os").system("touch /tmp/x"))#\n\u2028é';
  const topology = new Topology({
    hosts: [hostOf({ name: evil, ip: '10.0.0.1' as never, prefixLength: 8, mac: '00:00:00:00:00:01' as never })],
    switches: [],
    links: [],
  });
  expect(asMininetReadsIt(renderMininet(topology, 'Evil'), 'Evil').hosts.map(({ name }) => name)).toEqual([evil]);
});
