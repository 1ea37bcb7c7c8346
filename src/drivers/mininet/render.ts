import { dpidDigits } from '../../model/addresses.ts';
import { interfaceName, type Topology } from '../../model/topology.ts';

/**
 * The topology as a Mininet custom topology file, the same to the byte for the same topology. It runs unchanged under
 * `mn --custom FILE --topo KEY`; every port, address and DPID is written out, so nothing depends on Mininet's defaults.
 * Values become Python string literals and integers only, so that none of them can become code.
 * @param topo the key of the `topos` dictionary: a Python identifier
 */
export function renderMininet(topology: Topology, topo: string): string {
  const hosts = topology.hosts.map(
    (host) =>
      `        self.addHost(${literal(host.name)}, ip=${literal(`${host.ip}/${host.prefixLength}`)}, mac=${literal(host.mac)})`,
  );
  const switches = topology.switches.map(
    (node) => `        self.addSwitch(${literal(node.name)}, dpid=${literal(dpidDigits(node.dpid))})`,
  );
  const links = topology.links.map(
    ({ ends: [a, b], bandwidthMbps }) =>
      `        self.addLink(${literal(a.node)}, ${literal(b.node)}, port1=${a.port}, port2=${b.port}${bandwidthMbps === undefined ? '' : `, cls=TCLink, bw=${bandwidthMbps}`})`,
  );
  return [
    '"""A topology rendered by labctl. Run it with:',
    '',
    `    sudo mn --custom FILE --topo ${topo} --controller remote --switch ovs,protocols=OpenFlow13`,
    '"""',
    '',
    ...(hasBandwidths(topology) ? ['from mininet.link import TCLink'] : []),
    'from mininet.topo import Topo',
    '',
    '',
    `class ${topo}(Topo):`,
    '    def build(self):',
    ...hosts,
    '',
    ...switches,
    '',
    ...links,
    '',
    '',
    `topos = {${literal(topo)}: ${topo}}`,
    '',
  ].join('\n');
}

/** Whether any link of it is limited, for which Mininet needs tc. */
export function hasBandwidths(topology: Topology): boolean {
  return topology.links.some(({ bandwidthMbps }) => bandwidthMbps !== undefined);
}

/** A Python string literal; JSON's escapes of printable ASCII are Python's too, and nothing else gets through. */
function literal(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[^\x20-\x7e]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * The lines that Mininet's `net` command prints for this topology: hosts, switches and the controller, each with its
 * interfaces in the order of their ports.
 */
export function netLines(topology: Topology): readonly string[] {
  const interfaces = (name: string) =>
    topology
      .neighboursOf(name)
      .map(({ port, peer }) => `${interfaceName({ node: name, port })}:${interfaceName(peer)}`);
  return [
    ...topology.hosts.map((host) => [host.name, ...interfaces(host.name)].join(' ')),
    ...topology.switches.map((node) => [node.name, 'lo: ', ...interfaces(node.name)].join(' ')),
    'c0',
  ];
}
