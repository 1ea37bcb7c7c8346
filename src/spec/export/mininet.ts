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
    ...(classes.isStatic ? ['import subprocess', ''] : []),
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

function hostParameters(host: Host): readonly string[] {
  const { ip, prefixLength, mac, addresses, defaultRoute, cpu } = host;
  const cls = hostClass(host);
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

/** What our classes add to Mininet's, in the order of their names. */
const MIXINS = [
  {
    name: 'Static',
    isOf: ({ arp }: Host) => arp === 'static',
    lines: [
      'class Static:',
      '    """A host with a static ARP entry for each of the others."""',
      '',
      '    def config(self, **params):',
      '        result = super().config(**params)',
      "        entry = f'neighbour replace %s lladdr %s nud permanent dev {self.defaultIntf()}\\n'",
      '        entries = [entry % each for each in NEIGHBOURS.items() if each[0] != self.IP()]',
      "        command = ['mnexec', '-a', str(self.pid), 'ip', '-batch', '-']",
      "        subprocess.run(command, input=''.join(entries), text=True, check=True)",
      '        return result',
    ],
  },
  {
    name: 'Addressed',
    isOf: ({ addresses }: Host) => addresses !== undefined,
    lines: [
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
    ],
  },
] as const;

function hostClass(host: Host): string {
  const mixins = MIXINS.filter(({ isOf }) => isOf(host)).map(({ name }) => name);
  return [...mixins, host.cpu === undefined ? 'Host' : 'CPULimitedHost'].join('');
}

/** Classes of hosts that have more than Mininet's: more than one address, static ARP, or a share of a CPU. */
function hostClasses({ hosts }: Topology): {
  readonly isStatic: boolean;
  readonly imports: readonly string[];
  readonly definitions: readonly string[];
} {
  const used = MIXINS.filter(({ isOf }) => hosts.some(isOf));
  const kinds = new Map(hosts.map((host) => [hostClass(host), host]));
  const classes = [...kinds].sort().flatMap(([name, host]) => {
    const mixins = MIXINS.filter(({ isOf }) => isOf(host)).map((mixin) => mixin.name);
    return mixins.length === 0 ? [] : [{ name, bases: [...mixins, name.replace(/^(?:Static|Addressed)+/, '')] }];
  });
  const mininets = new Set([...classes.map(({ bases }) => bases.at(-1) ?? ''), ...kinds.keys()]);
  const isStatic = hosts.some(({ arp }) => arp === 'static');
  return {
    isStatic,
    imports: [
      ...(mininets.has('CPULimitedHost') ? ['CPULimitedHost'] : []),
      ...(classes.some(({ bases }) => bases.includes('Host')) ? ['Host'] : []),
    ],
    definitions: [
      ...(isStatic
        ? [
            '# The MAC address of each host, by its IPv4 address.',
            'NEIGHBOURS = {',
            ...hosts.map(({ ip, mac }) => `    ${literal(ip)}: ${literal(mac)},`),
            ...['}', '', ''],
          ]
        : []),
      ...used.flatMap(({ lines }) => [...lines, '', '']),
      ...classes.flatMap(({ name, bases }) => [`class ${name}(${bases.join(', ')}):`, '    pass', '', '']),
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
