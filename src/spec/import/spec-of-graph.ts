import { Document, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { inputProblem, type Problem, ProblemError } from '../../model/problem.ts';
import { type FilePlace, lineOf, type Where } from '../../model/where.ts';
import { type LabSpec, labNameOf, readSpec } from '../read.ts';
import { type GraphLink, type GraphNode, type ImportedGraph, MOST_LINKS, MOST_NODES } from './graph.ts';
import { dpidsToWrite, FreeNames, namesByIds } from './names.ts';
import { shown } from './notes.ts';
import { portsByNode, settledHost, withAddressesBeside, writtenProperties } from './settled-host.ts';

export interface ImportOptions {
  /** The lab's name; without it, the graph's or the file's. */
  readonly name?: string;
  /** How many hosts each switch gets; without it, one where the graph has no hosts. */
  readonly hostsPerNode?: number;
}

/** A spec made of a graph. */
export interface ImportedSpec {
  /** YAML that `readSpec` reads, with comments on where it comes from and what was changed. */
  readonly text: string;
  /** The changes again, a line each. */
  readonly notes: readonly string[];
}

/**
 * Writes a graph as a spec, and reads that back.
 * @param file its name in comments and problems
 * @throws ProblemError when no lab can be like that, each problem at the place of its cause in the imported file
 */
export function specOfGraph(file: string, graph: ImportedGraph, options: ImportOptions): ImportedSpec {
  const parts = partsOf(file, graph, options);
  const written = Object.fromEntries(
    Object.entries(parts).map(([list, items]) => [list, items.map(({ value }) => value)]),
  );
  const name = options.name ?? labNameOf(graph.name ?? file.replace(/(?:\.clab)?\.\w+$/, ''));
  const document = new Document({ version: 1, name, ...written });
  visit(document, {
    Pair(_, { key, value }) {
      // To YAML 1.1, of which editors may think, they look like numbers.
      if (isScalar(key) && isScalar(value) && ['dpid', 'mac'].includes(String(key.value))) value.type = 'QUOTE_DOUBLE';
    },
    // Each part is one line.
    Collection(_, node, path) {
      if (path.length > 3) node.flow = true;
    },
  });
  const print = () => document.toString({ lineWidth: 0, flowCollectionPadding: false });

  const { topology } = readBack(file, print(), parts, options);
  const components = topology.hostComponents().length;
  if (components > 1) graph.notes.add(`its ${components} parts with hosts are not linked to each other`);
  const notes = graph.notes.lines();
  const { switches, hosts, links } = parts;
  const counts = [
    counted(switches, 'switch', 'switches'),
    counted(hosts, 'host', 'hosts'),
    counted(links, 'link', 'links'),
  ];
  const lines = [
    `Imported by labctl from ${shown(file)}, ${graph.format}: ${counts.join(', ')}.`,
    ...notes.map((note) => `- ${note}`),
  ];
  document.commentBefore = lines.map((line) => ` ${line.replaceAll(/\p{C}+/gu, ' ')}`).join('\n');
  return { text: print(), notes };
}

function counted({ length }: readonly unknown[], one: string, several: string): string {
  return `${length} ${length === 1 ? one : several}`;
}

/** An item of the spec, and where in the imported file that stands which it is made of. */
interface Part {
  readonly value: unknown;
  readonly where: FilePlace;
}

type Parts = Readonly<Record<'hosts' | 'switches' | 'links', readonly Part[]>>;

function partsOf(file: string, graph: ImportedGraph, options: ImportOptions): Parts {
  const { notes } = graph;
  const links = linksOfLab(graph);
  const portsOf = portsByNode(links);
  const ofFile = graph.nodes.flatMap((node) => (node.kind === 'host' ? [settledHost(node, portsOf, notes)] : []));
  // A program gives all of its hosts addresses.
  const hosts = graph.hasAllHosts === true ? ofFile : withAddressesBeside(ofFile, portsOf, notes);
  const switches = graph.nodes.filter((node) => node.kind === 'switch');
  const hostsPerNode = options.hostsPerNode ?? (hosts.length > 0 || graph.hasAllHosts ? 0 : 1);
  if (options.hostsPerNode === undefined && hostsPerNode > 0) {
    notes.add('it has no hosts: each switch is given one');
  }
  const places = switches.filter(({ isJunction = false, where }) => {
    if (isJunction && hostsPerNode > 0) notes.add('a hyperedge is a switch without a host', where);
    return !isJunction;
  });
  // Hosts alone can be a network, but not a lab.
  const needsSwitch = switches.length === 0 && links.length > 0;
  if (needsSwitch) notes.add('a lab needs a switch, and it has none: one without a link is added');
  const switchCount = switches.length + (needsSwitch ? 1 : 0);
  checkSize(file, switchCount, hosts.length + places.length * hostsPerNode, links.length);

  const free = new FreeNames();
  const endingOf = interfaceEndings(links, hostsPerNode);
  const names = graph.idsAreNames
    ? namesByIds([...switches, ...hosts], free, endingOf, notes)
    : new Map([
        ...numberedNames('s', 0, switches, free),
        ...numberedNames('h', places.length * hostsPerNode, hosts, free),
      ]);
  const nameOf = (id: string) => names.get(id) ?? '';
  const dpids = dpidsToWrite(switches, names, notes);
  const part = (node: GraphNode, properties: object): Part => {
    const name = nameOf(node.id);
    const label = node.label ?? (node.id !== name && graph.idsAreNames ? node.id : undefined);
    const all = { ...properties, ...(label === undefined || label === name ? {} : { label }) };
    return { value: Object.keys(all).length > 0 ? { name, ...all } : name, where: node.where };
  };
  // Where each switch has one host, hN is on sN, at port 1.
  const added = switches.flatMap((node, index) =>
    Array.from({ length: node.isJunction ? 0 : hostsPerNode }, (_, number) => ({
      host: free.take(`h${index * hostsPerNode + number + 1}`),
      node,
    })),
  );
  const ports = portsToWrite(links, new Map(switches.map((node) => [node.id, node.isJunction ? 1 : 1 + hostsPerNode])));
  return {
    hosts: [
      ...hosts.map((node) => part(node, writtenProperties(node.properties, portsOf.get(node.id) ?? []))),
      ...added.map(({ host, node }): Part => ({ value: host, where: node.where })),
    ],
    switches: [
      ...switches.map((node) => part(node, dpids.has(node.id) ? { dpid: dpids.get(node.id) } : {})),
      ...(needsSwitch ? [{ value: free.take('s1'), where: { kind: 'file', file } } as const] : []),
    ],
    links: [
      ...added.map(({ host, node }): Part => ({ value: [host, nameOf(node.id)], where: node.where })),
      ...links.map(({ ends, properties, where }): Part => {
        const written = ends.map(({ node, port }) =>
          port !== undefined && ports.has(node) ? `${nameOf(node)}:${port}` : nameOf(node),
        );
        return { value: Object.keys(properties).length > 0 ? { ends: written, ...properties } : written, where };
      }),
    ],
  };
}

/** The links without those from a node to itself, which no network has. */
function linksOfLab({ links, notes }: ImportedGraph): readonly GraphLink[] {
  return links.filter(({ ends: [a, b], where }) => {
    if (a.node === b.node) notes.add('a link from a node to itself is left out', where);
    return a.node !== b.node;
  });
}

/** @throws ProblemError when there is no lab in it, or too large a one */
function checkSize(file: string, switches: number, hosts: number, links: number): void {
  const wrong = (cause: string, remedy: string) => {
    throw new ProblemError(inputProblem({ code: 'import-size', where: { kind: 'file', file }, cause, remedy }));
  };
  if (switches === 0) wrong('there is no switch in it', 'give a network with at least one node that is not a host');
  if (hosts === 0) wrong('the lab would have no host', 'give each switch some with --hosts-per-node 1');
  if (switches + hosts > MOST_NODES) {
    wrong(
      `the lab would have ${switches + hosts} hosts and switches; labctl writes at most ${MOST_NODES}`,
      'import a smaller network, or give fewer --hosts-per-node',
    );
  }
  if (links > MOST_LINKS) {
    wrong(`the lab would have ${links} links; labctl writes at most ${MOST_LINKS}`, 'import a smaller network');
  }
}

function numberedNames(
  prefix: string,
  before: number,
  nodes: readonly GraphNode[],
  free: FreeNames,
): [string, string][] {
  return nodes.map(({ id }, index) => [id, free.take(`${prefix}${before + index + 1}`)]);
}

/** Of each node the longest that the name of an interface can end with: with the highest port, and the highest VLAN. */
function interfaceEndings(links: readonly GraphLink[], hostsPerNode: number): (node: GraphNode) => string {
  const ports = portsByNode(links);
  return (node) => {
    const own = ports.get(node.id) ?? [];
    const added = node.kind === 'switch' ? hostsPerNode : 0;
    const highest = own.reduce((most: number, port = 0) => Math.max(most, port), own.length + added);
    const vlans = node.kind === 'switch' ? [] : (node.properties.interfaces ?? []).map(({ vlan = 0 }) => vlan);
    const vlan = Math.max(0, ...vlans);
    return `-eth${highest}${vlan > 0 ? `.${vlan}` : ''}`;
  };
}

/**
 * The nodes whose ports do not follow the order of the links.
 * @param firstPorts of switches; a host's is 0
 */
function portsToWrite(links: readonly GraphLink[], firstPorts: ReadonlyMap<string, number>): ReadonlySet<string> {
  const next = new Map<string, number>();
  const others = new Set<string>();
  for (const { node, port } of links.flatMap(({ ends }) => ends)) {
    const expected = next.get(node) ?? firstPorts.get(node) ?? 0;
    next.set(node, expected + 1);
    if (port !== undefined && port !== expected) others.add(node);
  }
  return others;
}

/** @throws ProblemError with what is wrong, at the places in the imported file */
function readBack(file: string, text: string, parts: Parts, options: ImportOptions): LabSpec {
  try {
    return readSpec(file, text);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const places = placesByLine(text, parts);
    // The only line of its own that may be wrong is the name.
    const ofName: Where = options.name === undefined ? { kind: 'file', file } : { kind: 'option', option: '--name' };
    const located = error.problems.map((problem): Problem => {
      return { ...problem, where: places.get(lineOf(problem.where)?.line ?? 0) ?? ofName };
    });
    throw new ProblemError(located, { cause: error });
  }
}

/** Of each line of the spec with a part in it, where that comes from. */
function placesByLine(text: string, parts: Parts): ReadonlyMap<number, FilePlace> {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter });
  const places = new Map<number, FilePlace>();
  for (const [list, items] of Object.entries(parts)) {
    for (const [index, { where }] of items.entries()) {
      const node: unknown = document.getIn([list, index], true);
      const offset = (node as { range?: readonly [number, number, number] } | undefined)?.range?.[0];
      if (offset !== undefined) places.set(lineCounter.linePos(offset).line, where);
    }
  }
  return places;
}
