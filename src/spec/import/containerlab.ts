import { LocatedDocument, type Path } from '../located-document.ts';
import {
  type GraphLink,
  type GraphLinkEnd,
  type GraphNode,
  hostsAtTheEdge,
  type ImportedGraph,
  MOST_NODES,
} from './graph.ts';
import { Notes, shown } from './notes.ts';
import type { HostProperties } from './properties.ts';
import type { Source } from './source.ts';

/**
 * A containerlab topology (containerlab.dev, "Topology definition"): nodes of kind linux with one link are hosts, all
 * others switches, whatever they would run. A link is `endpoints: ["a:eth1", "b:eth1"]`, or has a type and endpoints in
 * their long form.
 */
export function readContainerlab(source: Source): ImportedGraph {
  return new ContainerlabReader(source).graph();
}

/** Nodes that containerlab has without their being defined; a link to one leaves the lab. */
const OUTSIDE: ReadonlySet<string> = new Set(['host', 'mgmt-net', 'macvlan', 'vxlan', 'vxlan-stitch', 'dummy']);

/** Of an endpoint, what containerlab takes beside its node and interface. */
const ENDPOINT_KEYS: ReadonlySet<string> = new Set(['node', 'interface', 'mac', 'ipv4']);

const NOT_A_HOST = 'a linux node without addresses that has several links, or one to another such, is a switch here';

interface Endpoint {
  readonly node: string;
  readonly interface: string;
  readonly properties: HostProperties;
}

class ContainerlabReader {
  readonly #document: LocatedDocument;
  readonly #source: Source;
  readonly #notes = new Notes();

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
    const graphNodes = Object.entries(nodes).map(([id, node]): GraphNode => {
      const where = this.#document.whereIs(['topology', 'nodes'], id);
      const kind =
        member(node, 'kind') ??
        member(member(member(topology, 'groups'), String(member(node, 'group'))), 'kind') ??
        fallback;
      if (member(node, 'exec') !== undefined || member(ofKind(kind), 'exec') !== undefined) {
        this.#notes.add('commands of a node (exec) are left out, and addresses that they set', where);
      }
      if (typeof kind === 'string' && kind.includes('${')) {
        this.#add(
          ['topology', 'nodes', id],
          `its kind is the variable ${shown(kind)}, whose value is not in the file`,
          `write the kind in its place, or with a default: \${KIND:=linux}`,
        );
      }
      return kind === 'linux'
        ? { kind: 'host', isGuessed: true, id, where, properties: {} }
        : { kind: 'switch', id, where };
    });
    this.#refuseSharedInterfaces(links);
    const settled = this.#withAddresses(hostsAtTheEdge(graphNodes, links, NOT_A_HOST, this.#notes), links);
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
      const ends = endpoints.map((endpoint, side) => this.#endpoint(endpoint, [...path, 'endpoints', side]));
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
      return [{ ends: [a, b], properties: {}, where, index }];
    });
  }

  #endpoint(endpoint: unknown, path: Path): Endpoint | undefined {
    if (typeof endpoint === 'string') {
      const [node = '', name = '', ...more] = endpoint.split(':');
      // In `macvlan:eth0` and `host:eth0`, and in `vxlan:...`, what follows is the machine's.
      if (node !== '' && (name !== '' || OUTSIDE.has(node)) && (more.length === 0 || OUTSIDE.has(node))) {
        return { node, interface: name, properties: {} };
      }
    } else {
      const text = (key: string) => {
        const value = member(endpoint, key);
        return typeof value === 'string' ? value : undefined;
      };
      const [node, ip, mac] = [text('node'), text('ipv4'), text('mac')];
      const unread = Object.keys(isMapping(endpoint) ? endpoint : {}).filter((key) => !ENDPOINT_KEYS.has(key));
      for (const key of unread) this.#notes.add(`${key} of an endpoint is not read`, this.#document.whereIs(path));
      const properties = { ...(ip === undefined ? {} : { ip }), ...(mac === undefined ? {} : { mac }) };
      if (node !== undefined) return { node, interface: text('interface') ?? '', properties };
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

  /** Hosts have the addresses of their endpoints; switches have none. */
  #withAddresses(nodes: readonly GraphNode[], links: readonly InterfaceLink[]): readonly GraphNode[] {
    const ends = new Map(links.flatMap((link) => link.ends.map((end) => [end.node, end] as const)));
    return nodes.map((node) => {
      const properties = ends.get(node.id)?.properties ?? {};
      if (Object.keys(properties).length === 0) return node;
      if (node.kind === 'host') return { ...node, properties };
      this.#notes.add('addresses of endpoints of switches are left out', node.where);
      return node;
    });
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
    const end = ({ node, interface: name }: Endpoint): GraphLinkEnd => {
      const port = numberedNodes.has(node) ? portOf(name) : undefined;
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
