import { dpidDigits, type MacAddress } from '../../model/addresses.ts';
import {
  addressesOf,
  type Host,
  type HostInterface,
  hostInterfaceName,
  type InterfaceAddress,
  interfaceName,
  type Link,
  type LinkEnd,
  linkInterfacesOf,
  type Topology,
} from '../../model/topology.ts';

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
    const macs = link.ends.flatMap((end, side) => {
      const mac = furtherMacAt(topology, end);
      return mac === undefined ? [] : [`addr${side + 1}=${literal(mac)}`];
    });
    return `        self.addLink(${[...ends, ...macs, ...linkParameters(link)].join(', ')})`;
  });
  const classes = hostClasses(topology);
  return [
    '"""A topology rendered by labctl. Run it with:',
    '',
    `    sudo mn --custom FILE --topo ${topo} --controller remote --switch ovs,protocols=OpenFlow13`,
    '"""',
    '',
    ...(classes.modules.length === 0 ? [] : [...classes.modules, '']),
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

/** The MAC address of a host's interface, but of its first one, which Mininet gives that of the host. */
function furtherMacAt(topology: Topology, { node, port }: LinkEnd): MacAddress | undefined {
  const host = topology.host(node);
  const [, ...further] = host === undefined ? [] : linkInterfacesOf(host);
  return further.find((each) => each.port === port)?.mac;
}

function hostParameters(host: Host): readonly string[] {
  const [first] = host.interfaces;
  const own = first && addressByMininet(first);
  const cls = hostClass(host);
  const setup = setupOf(host);
  const [byDefault] = setup.length === 0 ? (host.routes ?? []) : [];
  return [
    ...(cls === 'Host' ? [] : [`cls=${cls}`]),
    `ip=${own === undefined ? 'None' : literal(`${own.ip}/${own.prefixLength}`)}`,
    ...(first === undefined ? [] : [`mac=${literal(first.mac)}`]),
    ...(byDefault === undefined ? [] : [`defaultRoute=${literal(`via ${byDefault.via}`)}`]),
    ...(setup.length === 0 ? [] : [`setup=[${setup.map(literal).join(', ')}]`]),
    ...(host.forwards === true ? ['forward=True'] : []),
    ...(host.arp === 'static' ? [`subnets={${subnetsOf(host).join(', ')}}`] : []),
    // Mininet's is a share of the whole machine.
    ...(host.cpu === undefined ? [] : [`cpu=${host.cpu} / numCores()`]),
  ];
}

/** The address that Mininet gives a host's first interface: by ifconfig(8), which takes a prefix length of 32 for 0. */
function addressByMininet({ addresses: [first] }: HostInterface): InterfaceAddress | undefined {
  return first?.prefixLength === 32 ? undefined : first;
}

/** What a host has beyond Mininet's: commands for ip(8), in order. */
function setupOf(host: Host): readonly string[] {
  const { interfaces, routes = [] } = host;
  const ofInterfaces = interfaces.flatMap((each, index) => {
    const name = hostInterfaceName(host, each);
    const link = interfaceName({ node: host.name, port: each.port });
    const isByMininet = index === 0 && addressByMininet(each) !== undefined;
    const addresses = isByMininet ? each.addresses.slice(1) : each.addresses;
    return [
      ...(each.vlan === undefined ? [] : [`link add link ${link} name ${name} type vlan id ${each.vlan}`]),
      ...(each.mtu === undefined ? [] : [`link set dev ${name} mtu ${each.mtu}`]),
      ...(each.vlan === undefined ? [] : [`link set dev ${name} up`]),
      ...addresses.map(({ ip, prefixLength }) => `address add ${ip}/${prefixLength} dev ${name}`),
    ];
  });
  const isPlain = ofInterfaces.length === 0 && routes.every(({ prefixLength }) => prefixLength === 0);
  if (isPlain) return [];
  return [
    ...ofInterfaces,
    ...routes.map(({ destination, prefixLength, via }) => `route add ${destination}/${prefixLength} via ${via}`),
  ];
}

/** By interface, its addresses with their prefix lengths, as parts of a Python dictionary. */
function subnetsOf(host: Host): readonly string[] {
  return host.interfaces
    .filter(({ addresses }) => addresses.length > 0)
    .map((each) => {
      const subnets = each.addresses.map(({ ip, prefixLength }) => literal(`${ip}/${prefixLength}`));
      return `${literal(hostInterfaceName(host, each))}: [${subnets.join(', ')}]`;
    });
}

/** What our classes add to Mininet's, in the order of their names. */
const MIXINS = [
  {
    name: 'Static',
    isOf: ({ arp }: Host) => arp === 'static',
    lines: [
      'class Static:',
      '    """A host with a static ARP entry for each of the others in its subnets."""',
      '',
      '    def config(self, subnets, **params):',
      '        result = super().config(**params)',
      '        entries = []',
      '        for interface, addresses in subnets.items():',
      '            networks = [ip_interface(address).network for address in addresses]',
      '            for ip, (host, mac) in NEIGHBOURS.items():',
      '                if host != self.name and any(ip in network for network in networks):',
      "                    entries.append(f'neighbour replace {ip} lladdr {mac} nud permanent dev {interface}')",
      '        run_ip(self, entries)',
      '        return result',
    ],
  },
  {
    name: 'Configured',
    isOf: (host: Host) => setupOf(host).length > 0,
    lines: [
      'class Configured:',
      '    """A host with more interfaces, addresses or routes."""',
      '',
      '    def config(self, setup, **params):',
      '        result = super().config(**params)',
      '        run_ip(self, setup)',
      '        return result',
    ],
  },
  {
    name: 'Forwarding',
    isOf: ({ forwards }: Host) => forwards === true,
    lines: [
      'class Forwarding:',
      '    """A router."""',
      '',
      '    def config(self, forward, **params):',
      '        result = super().config(**params)',
      "        self.cmd('sysctl -w net.ipv4.ip_forward=1')",
      '        return result',
    ],
  },
] as const;

function hostClass(host: Host): string {
  const mixins = MIXINS.filter(({ isOf }) => isOf(host)).map(({ name }) => name);
  return [...mixins, host.cpu === undefined ? 'Host' : 'CPULimitedHost'].join('');
}

/** Classes of hosts that have more than Mininet's: see `MIXINS`, and a share of a CPU. */
function hostClasses({ hosts }: Topology): {
  readonly modules: readonly string[];
  readonly imports: readonly string[];
  readonly definitions: readonly string[];
} {
  const used = MIXINS.filter(({ isOf }) => hosts.some(isOf));
  const kinds = new Map(hosts.map((host) => [hostClass(host), host]));
  const classes = [...kinds].sort().flatMap(([name, host]) => {
    const mixins = MIXINS.filter(({ isOf }) => isOf(host)).map((mixin) => mixin.name);
    const base = host.cpu === undefined ? 'Host' : 'CPULimitedHost';
    return mixins.length === 0 ? [] : [{ name, bases: [...mixins, base] }];
  });
  const mininets = new Set([...classes.map(({ bases }) => bases.at(-1) ?? ''), ...kinds.keys()]);
  const isStatic = hosts.some(({ arp }) => arp === 'static');
  const runsIp = used.some(({ name }) => name !== 'Forwarding');
  return {
    modules: [
      ...(runsIp ? ['import subprocess'] : []),
      ...(isStatic ? ['from ipaddress import ip_address, ip_interface'] : []),
    ],
    imports: [
      ...(mininets.has('CPULimitedHost') ? ['CPULimitedHost'] : []),
      ...(classes.some(({ bases }) => bases.includes('Host')) ? ['Host'] : []),
    ],
    definitions: [
      ...(isStatic
        ? [
            '# Of each address the host that has it, and the MAC address.',
            'NEIGHBOURS = {',
            ...hosts.flatMap((host) =>
              addressesOf(host).map(
                ({ ip, interface: { mac } }) =>
                  `    ip_address(${literal(ip)}): (${literal(host.name)}, ${literal(mac)}),`,
              ),
            ),
            ...['}', '', ''],
          ]
        : []),
      ...(runsIp
        ? [
            'def run_ip(host, lines):',
            '    """Runs commands of ip(8) on a host."""',
            "    command = ['mnexec', '-a', str(host.pid), 'ip', '-batch', '-']",
            "    subprocess.run(command, input=''.join(f'{line}\\n' for line in lines), text=True, check=True, capture_output=True)",
            '',
            '',
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
