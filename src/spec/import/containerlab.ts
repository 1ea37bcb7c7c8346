import type { FilePlace } from '../../model/where.ts';
import { LocatedDocument, type Path } from '../located-document.ts';
import {
  type GraphLink,
  type GraphLinkEnd,
  type GraphNode,
  hostsAtTheEdge,
  type ImportedGraph,
  MOST_NODES,
} from './graph.ts';
import { HostInterfaces } from './host-interfaces.ts';
import { type NetworkCommand, networkCommandsOf } from './network-commands.ts';
import { Notes, shown } from './notes.ts';
import type { Source } from './source.ts';

/**
 * A containerlab topology (containerlab.dev, "Topology definition"): nodes of kind linux with addresses, or with one link at
 * most, are hosts, all others switches, whatever they would run. A link is `endpoints: ["a:eth1", "b:eth1"]`, or has a type
 * and endpoints in their long form. Addresses are those of endpoints, and those that commands (`exec`) set.
 */
export function readContainerlab(source: Source): ImportedGraph {
  return new ContainerlabReader(source).graph();
}

/** Nodes that containerlab has without their being defined; a link to one leaves the lab. */
const OUTSIDE: ReadonlySet<string> = new Set(['host', 'mgmt-net', 'macvlan', 'vxlan', 'vxlan-stitch', 'dummy']);

/** Of an endpoint, what containerlab takes beside its node and interface. */
const ENDPOINT_KEYS: ReadonlySet<string> = new Set(['node', 'interface', 'mac', 'ipv4', 'mtu']);

const TAKEN_ADDRESS = 'an address that another node has is left out';
const UNREAD_COMMAND = 'a command (exec) that sets no address, route, MTU, VLAN or forwarding is left out';
const NOT_A_ROUTER =
  'a linux node with several addresses forwards nothing here unless its commands set net.ipv4.ip_forward=1';
const NOT_A_HOST = 'a linux node without addresses that has several links, or one to another such, is a switch here';

interface Endpoint {
  readonly node: string;
  /** Empty where the file does not name it. */
  readonly interface: string;
  readonly ip?: string;
  readonly mac?: string;
  /** Of this endpoint, else of the link. */
  readonly mtu?: number;
}

/** A node, and what is said of it should it be a host. */
interface Candidate {
  readonly node: GraphNode;
  readonly notes: readonly string[];
  readonly hasCommands: boolean;
}

class ContainerlabReader {
  readonly #document: LocatedDocument;
  readonly #source: Source;
  readonly #notes = new Notes();
  /** Of linux nodes, in the order of their links. */
  readonly #hostPorts = new Map<string, readonly number[]>();
  /** Of addresses, the node that has each. */
  readonly #ownerOf = new Map<string, string>();

  constructor(source: Source) {
    this.#source = source;
    this.#document = new LocatedDocument(source.file, withDefaults(source, this.#notes), {
      what: 'the file',
      depthRemedy: 'a topology needs five levels: topology: {links: [{endpoints: ["a:eth1", "b:eth1"]}]}',
      merge: true,
    });
    this.#document.throwIfAny();
  }

  graph(): ImportedGraph {
    const root = this.#document.value;
    const topology = member(root, 'topology');
    const nodes = member(topology, 'nodes');
    if (!isMapping(nodes)) {
      throw this.#source.problemAt(0, {
        code: 'containerlab',
        cause: 'there is no mapping topology.nodes, so this is not a containerlab topology',
        remedy:
          isMapping(root) && 'version' in root
            ? 'a labctl spec needs no import: labctl up FILE'
            : 'name its format with --as, or give another file',
      });
    }
    const count = Object.keys(nodes).length;
    if (count > MOST_NODES) {
      throw this.#source.problemAt(0, {
        code: 'import-size',
        cause: `there are ${count} nodes; labctl reads at most ${MOST_NODES}`,
        remedy: 'import a smaller network',
      });
    }
    const links = this.#links(member(topology, 'links') ?? [], nodes);
    const ofKind = (kind: unknown) => member(member(topology, 'kinds'), String(kind));
    const fallback = member(member(topology, 'defaults'), 'kind');
    const candidates = Object.entries(nodes).map(([id, node]): Candidate => {
      const where = this.#document.whereIs(['topology', 'nodes'], id);
      const kind =
        member(node, 'kind') ??
        member(member(member(topology, 'groups'), String(member(node, 'group'))), 'kind') ??
        fallback;
      if (typeof kind === 'string' && kind.includes('${')) {
        this.#add(
          ['topology', 'nodes', id],
          `its kind is the variable ${shown(kind)}, whose value is not in the file`,
          `write the kind in its place, or with a default: \${KIND:=linux}`,
        );
      }
      const settings = [
        member(topology, 'defaults'),
        ofKind(kind),
        member(member(topology, 'groups'), String(member(node, 'group'))),
        node,
      ];
      const commands = settings.flatMap((each) => commandsIn(each));
      if (kind === 'linux') return this.#linuxNode(id, where, links, commands);
      return { node: { kind: 'switch', id, where }, notes: [], hasCommands: commands.length > 0 };
    });
    this.#refuseSharedInterfaces(links);
    const graphNodes = candidates.map(({ node }) => node);
    const settled = hostsAtTheEdge(graphNodes, links, NOT_A_HOST, this.#notes);
    this.#noteSettled(settled, candidates, links);
    const name = member(root, 'name');
    this.#document.throwIfAny();
    return {
      format: 'a containerlab topology',
      ...(typeof name === 'string' ? { name } : {}),
      idsAreNames: true,
      nodes: settled,
      links: this.#numbered(links, settled),
      notes: this.#notes,
    };
  }

  #links(links: unknown, nodes: object): readonly InterfaceLink[] {
    if (!Array.isArray(links)) {
      this.#add(['topology', 'links'], 'links are not a list', 'write - endpoints: ["a:eth1", "b:eth1"]');
      return [];
    }
    return links.flatMap((link, index): InterfaceLink[] => {
      const path = ['topology', 'links', index];
      const where = this.#document.whereIs(path);
      const type = member(link, 'type') ?? 'veth';
      if (type !== 'veth' && type !== 'veth-stitch') {
        this.#notes.add(`a link of type ${shown(type)} leaves the lab and is left out`, where);
        return [];
      }
      const endpoints = member(link, 'endpoints');
      if (!Array.isArray(endpoints) || endpoints.length !== 2) {
        this.#add(path, 'a link has two endpoints', 'write endpoints: ["a:eth1", "b:eth1"]');
        return [];
      }
      const ends = endpoints.map((endpoint, side) => {
        const end = this.#endpoint(endpoint, [...path, 'endpoints', side]);
        return end && withPropertiesOf(link, side, end);
      });
      const [a, b] = ends;
      if (a === undefined || b === undefined) return [];
      const outside = [a, b].find(({ node }) => OUTSIDE.has(node) && !Object.hasOwn(nodes, node));
      if (outside !== undefined) {
        this.#notes.add(`a link to ${outside.node} leaves the lab and is left out`, where);
        return [];
      }
      for (const [side, { node }] of [a, b].entries()) {
        if (Object.hasOwn(nodes, node)) continue;
        this.#add(
          [...path, 'endpoints', side],
          `there is no node ${shown(node)}`,
          'correct the name, or add it to nodes',
        );
      }
      if (a.node === b.node) {
        this.#notes.add('a link from a node to itself is left out', where);
        return [];
      }
      return [{ ends: [a, b], properties: {}, where, index }];
    });
  }

  #endpoint(endpoint: unknown, path: Path): Endpoint | undefined {
    if (typeof endpoint === 'string') {
      const [node = '', name = '', ...more] = endpoint.split(':');
      // In `macvlan:eth0` and `host:eth0`, and in `vxlan:...`, what follows is the machine's.
      if (node !== '' && (name !== '' || OUTSIDE.has(node)) && (more.length === 0 || OUTSIDE.has(node))) {
        return { node, interface: name };
      }
    } else {
      const text = (key: string) => {
        const value = member(endpoint, key);
        return typeof value === 'string' ? value : undefined;
      };
      const [node, ip, mac] = [text('node'), text('ipv4'), text('mac')];
      const unread = Object.keys(isMapping(endpoint) ? endpoint : {}).filter((key) => !ENDPOINT_KEYS.has(key));
      for (const key of unread) this.#notes.add(`${key} of an endpoint is not read`, this.#document.whereIs(path));
      const mtu = member(endpoint, 'mtu');
      if (node !== undefined) {
        return {
          node,
          interface: text('interface') ?? '',
          ...(ip === undefined ? {} : { ip }),
          ...(mac === undefined ? {} : { mac }),
          ...(typeof mtu === 'number' ? { mtu } : {}),
        };
      }
    }
    this.#add(path, 'not an endpoint', 'write "a:eth1", or {node: a, interface: eth1}');
    return undefined;
  }

  /** An interface has one link. */
  #refuseSharedInterfaces(links: readonly InterfaceLink[]): void {
    const taken = new Set<string>();
    for (const { ends, index } of links) {
      for (const [side, { node, interface: name }] of ends.entries()) {
        const key = `${node}:${name}`;
        if (name !== '' && taken.has(key)) {
          const path = ['topology', 'links', index, 'endpoints', side];
          this.#add(path, `the interface ${shown(key)} has a link already`, 'give each link interfaces of its own');
        }
        taken.add(key);
      }
    }
  }

  /** A node of kind linux: a host where it has addresses; else one that is guessed; a switch where it makes a bridge. */
  #linuxNode(id: string, where: FilePlace, links: readonly InterfaceLink[], commands: readonly string[]): Candidate {
    const read = commands.flatMap((line) => networkCommandsOf(line));
    if (read.some((command) => command?.kind === 'bridge')) {
      this.#notes.add('a linux node that makes a bridge is a switch here', where);
      return { node: { kind: 'switch', id, where }, notes: [], hasCommands: true };
    }
    const ends = links.flatMap((link) => link.ends.filter(({ node }) => node === id));
    const ports = hostPortsOf(ends);
    this.#hostPorts.set(id, ports);
    const notes: string[] = [];
    const deviceOf = (index: number) => ends[index]?.interface || `link ${index}`;
    const interfaces = new HostInterfaces(new Map(ports.map((port, index) => [deviceOf(index), port])), (text) => {
      notes.push(text);
    });
    const apply = (command: NetworkCommand) => {
      if (command.kind === 'address' && this.#isTaken(command.address, id)) notes.push(TAKEN_ADDRESS);
      else interfaces.apply(command);
    };
    for (const [index, { ip, mac, mtu }] of ends.entries()) {
      const device = deviceOf(index);
      if (mac !== undefined) apply({ kind: 'mac', device, mac });
      if (ip !== undefined) apply({ kind: 'address', device, address: ip });
      if (mtu !== undefined) apply({ kind: 'mtu', device, mtu: String(mtu) });
    }
    for (const command of read) {
      if (command === undefined) notes.push(UNREAD_COMMAND);
      else apply(command);
    }
    const properties = interfaces.properties({ byRule: ends.length === 1 });
    const { interfaces: several = [], forward } = properties;
    if (forward === undefined && several.filter(({ ip }) => ip !== undefined).length > 1) notes.push(NOT_A_ROUTER);
    const node: GraphNode = { kind: 'host', isGuessed: !interfaces.hasAddresses, id, where, properties };
    return { node, notes, hasCommands: commands.length > 0 };
  }

  /** No two hosts have one address; nodes that share their commands would. */
  #isTaken(address: string, node: string): boolean {
    const [ip = ''] = address.split('/');
    const owner = this.#ownerOf.get(ip);
    if (owner === undefined) this.#ownerOf.set(ip, node);
    return owner !== undefined && owner !== node;
  }

  /** What was left out of a node is told when it is clear what it is. */
  #noteSettled(nodes: readonly GraphNode[], candidates: readonly Candidate[], links: readonly InterfaceLink[]): void {
    const hosts = new Set(nodes.flatMap(({ kind, id }) => (kind === 'host' ? [id] : [])));
    for (const { node, notes, hasCommands } of candidates) {
      if (hosts.has(node.id)) for (const note of new Set(notes)) this.#notes.add(note, node.where);
      else if (hasCommands) this.#notes.add('commands of a switch (exec) are left out', node.where);
    }
    for (const { ends, where } of links) {
      const atSwitches = ends.filter(({ node }) => !hosts.has(node));
      if (atSwitches.some(({ ip, mac }) => ip !== undefined || mac !== undefined)) {
        this.#notes.add('addresses of endpoints of switches are left out', where);
      }
      if (atSwitches.some(({ mtu = 1500 }) => mtu !== 1500)) this.#notes.add('mtu is left out at switches', where);
    }
  }

  /** A switch's interfaces have the ports that end their names, where these are different ones from 1 up. */
  #numbered(links: readonly InterfaceLink[], nodes: readonly GraphNode[]): readonly GraphLink[] {
    const interfaces = new Map<string, string[]>();
    for (const { node, interface: name } of links.flatMap(({ ends }) => ends)) {
      const names = interfaces.get(node) ?? [];
      names.push(name);
      interfaces.set(node, names);
    }
    const numberedNodes = new Set<string>();
    for (const { id, kind, where } of nodes) {
      const names = interfaces.get(id);
      if (kind === 'host' || names === undefined) continue;
      const ports = names.map(portOf);
      if (new Set(ports).size === ports.length && !ports.includes(undefined)) numberedNodes.add(id);
      else
        this.#notes.add(
          "a node whose interfaces' names do not end in different numbers from 1 up has ports in the order of its links",
          where,
        );
    }
    const seen = new Map<string, number>();
    const hosts = new Set(nodes.flatMap(({ kind, id }) => (kind === 'host' ? [id] : [])));
    const end = ({ node, interface: name }: Endpoint): GraphLinkEnd => {
      const position = seen.get(node) ?? 0;
      seen.set(node, position + 1);
      const ofHost = hosts.has(node) ? this.#hostPorts.get(node)?.[position] : undefined;
      const port = ofHost ?? (numberedNodes.has(node) ? portOf(name) : undefined);
      return { node, ...(port === undefined ? {} : { port }) };
    };
    return links.map(({ ends: [a, b], index: _, ...link }) => ({ ...link, ends: [end(a), end(b)] }));
  }

  #add(path: Path, cause: string, remedy: string): void {
    this.#document.add(path, { code: 'containerlab', cause, remedy });
  }
}

type InterfaceLink = Omit<GraphLink, 'ends'> & {
  readonly ends: readonly [Endpoint, Endpoint];
  /** In the file's list. */
  readonly index: number;
};

/**
 * The text with the defaults of its variables, `${KIND:=linux}`, as containerlab has them where a variable is not set. Those
 * without a default stay as they are.
 */
function withDefaults(source: Source, notes: Notes): string {
  return source.text.replaceAll(/\$\{(\w+):?[=-]([^}\n]*)\}/g, (_, name: string, fallback: string, offset: number) => {
    notes.add(`the variable ${name} has its default, ${shown(fallback)}`, source.where(offset));
    return fallback;
  });
}

/** The commands that a node runs when it starts, and what of its kernel's settings is one. */
function commandsIn(settings: unknown): readonly string[] {
  const commands = member(settings, 'exec') ?? [];
  const forwards = String(member(member(settings, 'sysctls'), 'net.ipv4.ip_forward')) === '1';
  return [
    ...(Array.isArray(commands) ? commands : [commands]).map(String),
    ...(forwards ? ['sysctl -w net.ipv4.ip_forward=1'] : []),
  ];
}

/** An endpoint with what its link says of it. */
function withPropertiesOf(link: unknown, side: number, end: Endpoint): Endpoint {
  const mtu = member(link, 'mtu');
  const addresses = member(link, 'ipv4');
  const ip: unknown = Array.isArray(addresses) ? addresses[side] : undefined;
  return {
    ...(typeof mtu === 'number' && mtu !== 1500 ? { mtu } : {}),
    ...(typeof ip === 'string' && ip !== '' ? { ip } : {}),
    ...end,
  };
}

/** Of the links of a host: by the names of its interfaces where it has several, else from 0 up. */
function hostPortsOf(ends: readonly Endpoint[]): readonly number[] {
  const numbers = ends.flatMap((end) => portOf(end.interface) ?? []);
  return ends.length > 1 && new Set(numbers).size === ends.length ? numbers : ends.map((_, index) => index);
}

/** `eth1`, `e1-1`, `Ethernet1` and `swp1` are port 1. */
function portOf(interfaceName: string): number | undefined {
  const number = Number(/[1-9]\d{0,4}$/.exec(interfaceName)?.[0]);
  return number <= 65_279 ? number : undefined;
}

function isMapping(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function member(value: unknown, key: string): unknown {
  return isMapping(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
