import {
  type Dpid,
  dpidOfSwitchName,
  HIGHEST_PORT,
  type Ipv4Address,
  ipv4FromNumber,
  ipv4ToNumber,
  type MacAddress,
  macFromNumber,
  macToNumber,
  netmaskOf,
  parseDpid,
  parseIpv4,
  parseMac,
  portNumber,
} from '../model/addresses.ts';
import { type Connection, connectionOf, type Forwarding, sameConnection, unjoinedPairs } from '../model/connection.ts';
import { parsePingall, ReachabilityMatrix } from '../model/matrix.ts';
import {
  type Host,
  INTERFACE_NAME_LENGTH,
  interfaceName,
  type Link,
  type LinkEnd,
  type Switch,
  Topology,
} from '../model/topology.ts';
import { LocatedDocument, type Path } from './located-document.ts';
import { PYTHON_KEYWORDS, type SpecDocument, specSchema } from './schema.ts';

/** A lab as its file describes it, checked. */
export interface LabSpec {
  readonly name: string;
  /** The key of Mininet's `topos` dictionary. */
  readonly topo: string;
  readonly topology: Topology;
  readonly forwarding: Forwarding;
  /** Connections that `up` makes at once. */
  readonly connections: readonly Connection[];
  /** Expected matrices by name. */
  readonly expectations: ReadonlyMap<string, ReachabilityMatrix>;
}

/** Names that Mininet, Linux or our own output use for something else. */
const RESERVED_NAMES = new Set(['X', 'c0', 'lo', 'all', 'default']);

/** Host numbers fit into 10.0.0.0/8, less its network and broadcast address. */
const HIGHEST_HOST_NUMBER = 2 ** 24 - 2;

/**
 * Reads and checks a spec.
 * @param file its name in problems, and the lab's name where the spec gives none
 * @throws ProblemError with every problem found, each with file:line:column
 */
export function readSpec(file: string, text: string): LabSpec {
  const document = new LocatedDocument(file, text);
  document.throwIfAny();
  const form = document.check(specSchema);
  document.throwIfAny();
  if (form === undefined) throw new Error('a document without problems has its form');

  checkNames(document, form);
  const hosts = readHosts(document, form);
  const switches = readSwitches(document, form);
  const links = readLinks(document, form);
  document.throwIfAny();

  const topology = new Topology({ hosts, switches, links });
  const connections = readConnections(document, form, topology);
  const expectations = readExpectations(document, form, topology);
  document.throwIfAny();

  const name = form.name ?? labNameOf(file);
  return {
    name,
    topo: form.topo ?? topoOf(name),
    topology,
    forwarding: form.forwarding ?? 'reactive',
    connections,
    expectations,
  };
}

/** A Python identifier: `my-lab` is `my_lab`, and `2tier` and `import` get a prefix. */
function topoOf(name: string): string {
  const identifier = name.replaceAll('-', '_');
  return /^\d/.test(identifier) || PYTHON_KEYWORDS.has(identifier) ? `lab_${identifier}` : identifier;
}

/** `topologies/My Lab.yaml` is `my-lab`. */
function labNameOf(file: string): string {
  const base = (file.split('/').at(-1) ?? '').replace(/\.ya?ml$/i, '').toLowerCase();
  const cleaned = base
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 30);
  return cleaned.replace(/-+$/, '') || 'lab';
}

function nodeName(node: string | { readonly name: string }): string {
  return typeof node === 'string' ? node : node.name;
}

function pathOfName(list: 'hosts' | 'switches', index: number, node: string | object): Path {
  return typeof node === 'string' ? [list, index] : [list, index, 'name'];
}

function checkNames(document: LocatedDocument, form: SpecDocument): void {
  const seen = new Map<string, string>();
  for (const list of ['hosts', 'switches'] as const) {
    for (const [index, node] of form[list].entries()) {
      const name = nodeName(node);
      const path = pathOfName(list, index, node);
      const kind = list === 'hosts' ? 'host' : 'switch';
      const other = seen.get(name);
      if (other !== undefined) {
        document.add(path, {
          code: 'duplicate-name',
          cause: `the name ${name} is taken by a ${other}`,
          remedy: 'hosts and switches share one set of names: choose another',
        });
      } else if (RESERVED_NAMES.has(name)) {
        document.add(path, {
          code: 'reserved-name',
          cause: `${name} means something else`,
          remedy: 'choose another name',
        });
      } else if (name.length > INTERFACE_NAME_LENGTH) {
        document.add(path, {
          code: 'long-name',
          cause: `a ${kind}'s name has at most ${INTERFACE_NAME_LENGTH} characters, as Linux names interfaces after it`,
          remedy: 'choose a shorter name',
        });
      }
      seen.set(name, kind);
    }
  }
}

/** The number in each host's name where all end in different ones (h10 is 10), else their positions from 1. */
function hostNumbers(names: readonly string[]): readonly number[] {
  const numbers = names.map((name) => Number(/(?<!\d)[1-9]\d{0,7}$/.exec(name)?.[0] ?? Number.NaN));
  const distinct = new Set(numbers);
  const usable = distinct.size === names.length && numbers.every((number) => number <= HIGHEST_HOST_NUMBER);
  return usable ? numbers : names.map((_, index) => index + 1);
}

function readHosts(document: LocatedDocument, form: SpecDocument): readonly Host[] {
  const numbers = hostNumbers(form.hosts.map(nodeName));
  const byIp = new Map<string, string>();
  const byMac = new Map<string, string>();
  const hosts: Host[] = [];
  for (const [index, node] of form.hosts.entries()) {
    const name = nodeName(node);
    const number = BigInt(numbers[index] ?? index + 1);
    const given: { ip?: string | undefined; mac?: string | undefined } = typeof node === 'string' ? {} : node;
    const ipPath = given.ip === undefined ? pathOfName('hosts', index, node) : ['hosts', index, 'ip'];
    const macPath = given.mac === undefined ? pathOfName('hosts', index, node) : ['hosts', index, 'mac'];
    const address =
      given.ip === undefined
        ? { ip: ipv4FromNumber((10n << 24n) + number), prefixLength: 8 }
        : readAddress(document, ipPath, given.ip);
    const mac = given.mac === undefined ? macFromNumber(number) : readMac(document, macPath, given.mac);
    if (address === undefined || mac === undefined) continue;
    claim(document, byIp, ipPath, address.ip, name, 'address', 'give each host an ip of its own');
    claim(document, byMac, macPath, mac, name, 'MAC address', 'give each host a mac of its own');
    const [first] = hosts;
    if (first !== undefined && !sameSubnet(first, address)) {
      document.add(ipPath, {
        code: 'other-subnet',
        cause: `${name} (${address.ip}/${address.prefixLength}) and ${first.name} (${first.ip}/${first.prefixLength}) are in different subnets and could never reach each other`,
        remedy: 'give all hosts addresses of one subnet, with one prefix length',
      });
    }
    hosts.push({ name, ...address, mac });
  }
  return hosts;
}

/** Notes who has a value; a second one who claims it is a problem. */
function claim(
  document: LocatedDocument,
  owners: Map<string, string>,
  path: Path,
  value: string,
  name: string,
  what: string,
  remedy: string,
): void {
  const owner = owners.get(value);
  if (owner === undefined) owners.set(value, name);
  else
    document.add(path, {
      code: `duplicate-${what.split(' ')[0]?.toLowerCase()}`,
      cause: `${name} and ${owner} have one ${what}, ${value}`,
      remedy,
    });
}

function readAddress(
  document: LocatedDocument,
  path: Path,
  text: string,
): { readonly ip: Ipv4Address; readonly prefixLength: number } | undefined {
  const [addressText = '', prefixText = '8', ...rest] = text.split('/');
  const ip = parseIpv4(addressText);
  const prefixLength = /^\d{1,2}$/.test(prefixText) ? Number(prefixText) : Number.NaN;
  if (ip === undefined || rest.length > 0 || !(prefixLength >= 1 && prefixLength <= 32)) {
    document.add(path, { code: 'wrong-address', cause: 'not an IPv4 address', remedy: 'write it as 10.0.0.1/8' });
    return undefined;
  }
  const value = ipv4ToNumber(ip);
  const hostBits = value & ~netmaskOf(prefixLength);
  const allHostBits = (1n << BigInt(32 - prefixLength)) - 1n;
  const firstOctet = value >> 24n;
  if (prefixLength <= 30 && (hostBits === 0n || hostBits === allHostBits)) {
    const kind = hostBits === 0n ? 'network' : 'broadcast';
    document.add(path, { code: 'wrong-address', cause: `the ${kind} address of its subnet cannot be a host's` });
    return undefined;
  }
  if (firstOctet === 0n || firstOctet === 127n || firstOctet >= 224n) {
    document.add(path, {
      code: 'wrong-address',
      cause: 'not an address that a host can have',
      remedy: 'use 10.0.0.0/8',
    });
    return undefined;
  }
  return { ip, prefixLength };
}

function sameSubnet(
  a: { readonly ip: Ipv4Address; readonly prefixLength: number },
  b: { readonly ip: Ipv4Address; readonly prefixLength: number },
): boolean {
  const mask = netmaskOf(a.prefixLength);
  return a.prefixLength === b.prefixLength && (ipv4ToNumber(a.ip) & mask) === (ipv4ToNumber(b.ip) & mask);
}

function readMac(document: LocatedDocument, path: Path, text: string): MacAddress | undefined {
  const mac = parseMac(text);
  if (mac === undefined) {
    document.add(path, { code: 'wrong-mac', cause: 'not a MAC address', remedy: 'write it as 00:00:00:00:00:01' });
    return undefined;
  }
  const value = macToNumber(mac);
  if (value === 0n || ((value >> 40n) & 1n) === 1n) {
    document.add(path, {
      code: 'wrong-mac',
      cause: 'a host needs a unicast MAC address',
      remedy: 'make its first octet even',
    });
    return undefined;
  }
  return mac;
}

function readSwitches(document: LocatedDocument, form: SpecDocument): readonly Switch[] {
  const byDpid = new Map<string, string>();
  return form.switches.flatMap((node, index) => {
    const name = nodeName(node);
    const given = typeof node === 'string' ? undefined : node.dpid;
    const path = given === undefined ? pathOfName('switches', index, node) : ['switches', index, 'dpid'];
    const dpid: Dpid | undefined = given === undefined ? dpidOfSwitchName(name) : parseDpid(given);
    if (dpid === undefined) {
      document.add(
        path,
        given === undefined
          ? {
              code: 'no-dpid',
              cause: `no DPID can be derived from ${name}, as it has no number`,
              remedy: `give one: { name: ${name}, dpid: "00:00:00:00:00:00:00:01" }`,
            }
          : { code: 'wrong-dpid', cause: 'not a DPID', remedy: 'write it as "00:00:00:00:00:00:00:0a"' },
      );
      return [];
    }
    if (/^[0:]*$/.test(dpid)) {
      document.add(path, { code: 'wrong-dpid', cause: 'a DPID of zero is not valid', remedy: 'give another dpid' });
      return [];
    }
    claim(document, byDpid, path, dpid, name, 'DPID', 'give each switch a dpid of its own');
    return [{ name, dpid }];
  });
}

function readLinks(document: LocatedDocument, form: SpecDocument): readonly Link[] {
  const hosts = new Set(form.hosts.map(nodeName));
  const switches = new Set(form.switches.map(nodeName));
  const linksOfHost = new Map<string, number>([...hosts].map((name) => [name, 0]));
  const portsOf = new Map<string, Map<number, number>>([...hosts, ...switches].map((name) => [name, new Map()]));

  interface OpenEnd {
    readonly node: string;
    readonly path: Path;
    port?: number;
  }
  const openLinks: [OpenEnd, OpenEnd][] = [];
  for (const [index, pair] of form.links.entries()) {
    const ends = pair.map((text, side): OpenEnd => {
      const [node = '', port] = text.split(':');
      return { node, path: ['links', index, side], ...(port === undefined ? {} : { port: Number(port) }) };
    });
    const [a, b] = ends;
    if (a === undefined || b === undefined) continue;
    const unknown = ends.filter(({ node }) => !hosts.has(node) && !switches.has(node));
    for (const { node, path } of unknown) {
      document.add(path, {
        code: 'link-to-nowhere',
        cause: `there is no host or switch ${node}`,
        remedy: 'correct the name, or add it to hosts or switches',
      });
    }
    if (unknown.length > 0) continue;
    if (a.node === b.node) {
      document.add(a.path, { code: 'link-to-itself', cause: `a link from ${a.node} to itself` });
      continue;
    }
    if (hosts.has(a.node) && hosts.has(b.node)) {
      document.add(['links', index], {
        code: 'host-to-host',
        cause: 'a link joins two hosts, where no switch would see the packets',
        remedy: 'link each of them to a switch',
      });
    }
    for (const { node, path } of ends) {
      const count = linksOfHost.get(node);
      if (count === undefined) continue;
      linksOfHost.set(node, count + 1);
      if (count === 1)
        document.add(path, {
          code: 'host-links',
          cause: `host ${node} has a link already`,
          remedy: 'a host has one link',
        });
    }
    for (const end of ends) {
      if (end.port === undefined) continue;
      const lowest = hosts.has(end.node) ? 0 : 1;
      const taken = portsOf.get(end.node);
      if (end.port < lowest || end.port > HIGHEST_PORT) {
        document.add(end.path, {
          code: 'wrong-port',
          cause: `ports of ${end.node} go from ${lowest} to ${HIGHEST_PORT}`,
        });
      } else if (taken?.has(end.port)) {
        document.add(end.path, {
          code: 'duplicate-port',
          cause: `port ${end.port} of ${end.node} is taken by link ${(taken.get(end.port) ?? 0) + 1}`,
          remedy: 'choose another port, or leave ports out: they then follow the order of the links',
        });
      }
      taken?.set(end.port, index);
    }
    openLinks.push([a, b]);
  }
  for (const [index, node] of form.hosts.entries()) {
    if (linksOfHost.get(nodeName(node)) === 0) {
      document.add(pathOfName('hosts', index, node), {
        code: 'host-links',
        cause: `host ${nodeName(node)} has no link`,
        remedy: 'add a link from it to a switch',
      });
    }
  }

  /** Mininet counts a host's ports from 0 and a switch's from 1. */
  const close = (end: OpenEnd): LinkEnd => {
    const taken = portsOf.get(end.node) ?? new Map();
    let port = end.port ?? (hosts.has(end.node) ? 0 : 1);
    if (end.port === undefined) while (taken.has(port)) port += 1;
    taken.set(port, -1);
    const closed = { node: end.node, port: portNumber(port) };
    if (interfaceName(closed).length > INTERFACE_NAME_LENGTH && end.node.length <= INTERFACE_NAME_LENGTH) {
      document.add(end.path, {
        code: 'long-interface-name',
        cause: `the interface would be ${interfaceName(closed)}, longer than Linux's ${INTERFACE_NAME_LENGTH} characters`,
        remedy: `give ${end.node} a shorter name`,
      });
    }
    return closed;
  };
  return openLinks.map(([a, b]) => ({ ends: [close(a), close(b)] }));
}

function readConnections(document: LocatedDocument, form: SpecDocument, topology: Topology): readonly Connection[] {
  const connections: Connection[] = [];
  for (const [index, members] of (form.connections ?? []).entries()) {
    const path = ['connections', index];
    if (!checkHosts(document, topology, path, members)) continue;
    const connection = connectionOf(topology, members);
    if (connections.some((other) => sameConnection(other, connection))) {
      document.add(path, {
        code: 'duplicate-connection',
        cause: 'the same hosts are connected already',
        remedy: 'remove one',
      });
    }
    for (const [source, target] of unjoinedPairs(topology, connection)) {
      document.add(path, {
        code: 'no-path',
        cause: `no chain of links joins ${source} and ${target}, so they cannot be connected`,
        remedy: 'add a link, or leave one of them out',
      });
    }
    connections.push(connection);
  }
  return connections;
}

function readExpectations(
  document: LocatedDocument,
  form: SpecDocument,
  topology: Topology,
): ReadonlyMap<string, ReachabilityMatrix> {
  const names = topology.hosts.map((host) => host.name);
  const expectations = new Map<string, ReachabilityMatrix>();
  for (const [name, expectation] of Object.entries(form.expect ?? {})) {
    if ('groups' in expectation) {
      const path = ['expect', name, 'groups'];
      for (const [index, group] of expectation.groups.entries())
        checkHosts(document, topology, [...path, index], group);
      expectations.set(name, ReachabilityMatrix.ofGroups(names, expectation.groups));
      continue;
    }
    const parsed = parsePingall(names, expectation.pingall);
    if ('matrix' in parsed) expectations.set(name, parsed.matrix);
    else {
      for (const fault of parsed.faults) {
        document.addInBlock(['expect', name, 'pingall'], fault.line, fault.text, {
          code: 'wrong-matrix',
          cause: fault.cause,
          remedy: `every host has a line, with the other hosts in the order of the spec or X`,
        });
      }
    }
  }
  return expectations;
}

/** Checks that these are different hosts of the topology. */
function checkHosts(document: LocatedDocument, topology: Topology, path: Path, names: readonly string[]): boolean {
  let correct = true;
  for (const [index, name] of names.entries()) {
    if (topology.host(name) === undefined) {
      document.add([...path, index], { code: 'unknown-host', cause: `there is no host ${name}` });
      correct = false;
    } else if (names.indexOf(name) !== index) {
      document.add([...path, index], { code: 'duplicate-host', cause: `${name} is named twice` });
      correct = false;
    }
  }
  return correct;
}
