import { dpidDigits } from '../../model/addresses.ts';
import { type Host, interfaceName, type Link, type Topology } from '../../model/topology.ts';

/**
 * The topology as a Mininet custom topology file, the same to the byte for the same topology. It runs unchanged under
 * `mn --custom FILE --topo KEY`; every port, address and DPID is written out, so nothing depends on Mininet's defaults.
 * Values become Python string literals and numbers only, so that none of them can become code. Start commands are not in
 * it, for which Mininet has no parameter.
 * @param topo the key of the `topos` dictionary: a Python identifier
 */
export function renderMininet(topology: Topology, topo: string): string {
  const hosts = topology.hosts.map(
    (host) => `        self.addHost(${[literal(host.name), ...hostParameters(host)].join(', ')})`,
  );
  const switches = topology.switches.map(
    (node) => `        self.addSwitch(${literal(node.name)}, dpid=${literal(dpidDigits(node.dpid))})`,
  );
  const links = topology.links.map((link) => {
    const [a, b] = link.ends;
    const ends = [literal(a.node), literal(b.node), `port1=${a.port}`, `port2=${b.port}`];
    return `        self.addLink(${[...ends, ...linkParameters(link)].join(', ')})`;
  });
  const classes = hostClasses(topology);
  return [
    '"""A topology rendered by labctl. Run it with:',
    '',
    `    sudo mn --custom FILE --topo ${topo} --controller remote --switch ovs,protocols=OpenFlow13`,
    '"""',
    '',
    ...(topology.links.some((link) => linkParameters(link).length > 0) ? ['from mininet.link import TCLink'] : []),
    ...(classes.imports.length > 0 ? [`from mininet.node import ${classes.imports.join(', ')}`] : []),
    'from mininet.topo import Topo',
    ...(topology.hosts.some(({ cpu }) => cpu !== undefined) ? ['from mininet.util import numCores'] : []),
    '',
    '',
    ...classes.definitions,
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

function linkParameters({ bandwidthMbps, delayMs, jitterMs, lossPercent, maxQueue }: Link): readonly string[] {
  const parameters = [
    ...(bandwidthMbps === undefined ? [] : [`bw=${bandwidthMbps}`]),
    ...(delayMs === undefined ? [] : [`delay="${delayMs}ms"`]),
    ...(jitterMs === undefined ? [] : [`jitter="${jitterMs}ms"`]),
    ...(lossPercent === undefined ? [] : [`loss=${lossPercent}`]),
    ...(maxQueue === undefined ? [] : [`max_queue_size=${maxQueue}`]),
  ];
  return parameters.length === 0 ? [] : ['cls=TCLink', ...parameters];
}

function hostParameters({ ip, prefixLength, mac, addresses, defaultRoute, cpu }: Host): readonly string[] {
  const cls = `${addresses === undefined ? '' : 'Addressed'}${cpu === undefined ? 'Host' : 'CPULimitedHost'}`;
  return [
    ...(cls === 'Host' ? [] : [`cls=${cls}`]),
    `ip=${literal(`${ip}/${prefixLength}`)}`,
    `mac=${literal(mac)}`,
    ...(addresses === undefined
      ? []
      : [`addresses=[${addresses.map((each) => literal(`${each.ip}/${each.prefixLength}`)).join(', ')}]`]),
    ...(defaultRoute === undefined ? [] : [`defaultRoute=${literal(`via ${defaultRoute}`)}`]),
    // Mininet's is a share of the whole machine.
    ...(cpu === undefined ? [] : [`cpu=${cpu} / numCores()`]),
  ];
}

/** Mininet's classes of hosts that have more than one address, or a share of a CPU. */
function hostClasses({ hosts }: Topology): {
  readonly imports: readonly string[];
  readonly definitions: readonly string[];
} {
  const addressed = hosts.filter(({ addresses }) => addresses !== undefined);
  const bases = [
    ...(addressed.some(({ cpu }) => cpu !== undefined) ? ['CPULimitedHost'] : []),
    ...(addressed.some(({ cpu }) => cpu === undefined) ? ['Host'] : []),
  ];
  const isLimited = hosts.some(({ cpu }) => cpu !== undefined);
  const imports = [...(isLimited ? ['CPULimitedHost'] : []), ...(bases.includes('Host') ? ['Host'] : [])];
  if (bases.length === 0) return { imports, definitions: [] };
  return {
    imports,
    definitions: [
      'class Addressed:',
      '    """A host with further addresses; its default route may lead by one of them."""',
      '',
      '    def config(self, addresses=(), defaultRoute=None, **params):',
      '        result = super().config(**params)',
      '        for address in addresses:',
      "            self.cmd('ip address add', address, 'dev', self.defaultIntf())",
      '        if defaultRoute:',
      '            self.setDefaultRoute(defaultRoute)',
      '        return result',
      '',
      '',
      ...bases.flatMap((base) => [`class Addressed${base}(Addressed, ${base}):`, '    pass', '', '']),
    ],
  };
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
