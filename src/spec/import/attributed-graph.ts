import { type Dpid, dpidFromNumber, parseDpid } from '../../model/addresses.ts';
import { inputProblem, ProblemError } from '../../model/problem.ts';
import { describeWhere, type FilePlace } from '../../model/where.ts';
import { type GraphLink, type GraphNode, hostsAtTheEdge, type ImportedGraph, labelOf } from './graph.ts';
import { type Notes, shown } from './notes.ts';
import { LINK_ATTRIBUTES, linkProperties } from './properties.ts';

/** Values of a node or an edge by their names; of texts and numbers only. A map is one. */
export interface Attributes {
  get(name: string): string | number | undefined;
  keys(): Iterable<string>;
}

/** How files identify a node. */
export type NodeId = string | number;

export interface AttributedNode {
  readonly id: NodeId;
  readonly attributes: Attributes;
  readonly where: FilePlace;
}

export interface AttributedEdge {
  readonly source: NodeId;
  readonly target: NodeId;
  readonly attributes: Attributes;
  readonly where: FilePlace;
}

/** A graph whose nodes and edges have attributes: what GML, GraphML and node-link JSON have in common. */
export interface AttributedGraph {
  readonly format: string;
  readonly title?: string;
  readonly isDirected: boolean;
  /** Whether it says of itself that several edges between two nodes are meant. */
  readonly isMultigraph: boolean;
  readonly nodes: readonly AttributedNode[];
  readonly edges: readonly AttributedEdge[];
  readonly notes: Notes;
}

/**
 * The network that a graph describes: a node is a switch, or a host where its `type` or `kind` is `host`. Where no node
 * says what it is, one that is named as hosts are, as h1, and has one link, to a switch, is a host.
 * @throws ProblemError when two nodes have one id, or an edge ends at a node that does not exist
 */
export function graphOfAttributes(graph: AttributedGraph): ImportedGraph {
  const { notes } = graph;
  const known = new Map<string, FilePlace>();
  const problems = graph.nodes.flatMap(({ id, where }) => {
    const key = keyOf(id);
    const first = known.get(key);
    known.set(key, first ?? where);
    return first === undefined
      ? []
      : [
          inputProblem({
            code: 'duplicate-node',
            where,
            cause: `the id ${shown(id)} is taken by the node at ${describeWhere(first)}`,
            remedy: 'give each node an id of its own',
          }),
        ];
  });
  for (const { source, target, where } of graph.edges) {
    for (const id of [source, target]) {
      if (known.has(keyOf(id))) continue;
      problems.push(
        inputProblem({
          code: 'edge-to-nowhere',
          where,
          cause: `there is no node ${shown(id)}`,
          remedy: 'correct the end of the edge, or add the node',
        }),
      );
    }
  }
  if (problems.length > 0) throw new ProblemError(problems);

  const naming = namingOf(graph);
  const hosts = hostsOf(graph, naming);
  const links = simpleEdges(graph).map(
    ({ source, target, attributes, where }): GraphLink => ({
      ends: [{ node: naming.idOf(keyOf(source)) }, { node: naming.idOf(keyOf(target)) }],
      properties: linkProperties((name) => attributes.get(name), where, notes),
      where,
    }),
  );
  noteUnread('nodes', graph.nodes, NODE_ATTRIBUTES, notes);
  noteUnread('edges', graph.edges, EDGE_ATTRIBUTES, notes);
  return {
    format: graph.title === undefined ? graph.format : `${graph.format}, ${JSON.stringify(labelOf(graph.title) ?? '')}`,
    idsAreNames: naming.idsAreNames,
    nodes: hostsAtTheEdge(
      graph.nodes.map((node) => nodeOf(node, naming, hosts, notes)),
      links,
      'a node with the name of a host that has several links, or one to another such, is a switch here',
      notes,
    ),
    links,
    notes,
  };
}

/** 1 and "1" are one node: files often write the number in one place and the text in another. */
function keyOf(id: NodeId): string {
  return String(id);
}

/** Of two edges that become one link, the higher of these counts. */
const SPEEDS = ['LinkSpeedRaw', 'bw'];

/** The edges that become links: none from a node to itself, one between two nodes unless several are meant. */
function simpleEdges({ edges, isDirected, isMultigraph, notes }: AttributedGraph): readonly AttributedEdge[] {
  const kept = new Map<string, { readonly first: AttributedEdge; readonly speeds: Map<string, number> }>();
  /** Of each direction between two nodes. */
  const counts = new Map<string, number>();
  for (const edge of edges) {
    const [a, b] = [keyOf(edge.source), keyOf(edge.target)];
    if (a === b) {
      notes.add('an edge from a node to itself is left out', edge.where);
      continue;
    }
    const direction = JSON.stringify(isDirected || a < b ? [a, b] : [b, a]);
    const count = counts.get(direction) ?? 0;
    counts.set(direction, count + 1);
    // In a multigraph the second edge there goes with the second edge back.
    const link = JSON.stringify([...[a, b].toSorted(), isMultigraph ? count : 0]);
    const known = kept.get(link);
    const { first, speeds } = known ?? { first: edge, speeds: new Map<string, number>() };
    kept.set(link, { first, speeds });
    for (const name of SPEEDS) {
      const speed = Number(edge.attributes.get(name));
      if (speed > (speeds.get(name) ?? 0)) speeds.set(name, speed);
    }
    if (known === undefined) continue;
    if (isDirected && keyOf(first.source) === b) notes.add('edges there and back are one link');
    else {
      notes.add(
        'an edge between two nodes that have one already is merged with it, the higher bandwidth counts',
        edge.where,
      );
    }
  }
  return [...kept.values()].map(({ first, speeds }) => ({
    ...first,
    attributes: { get: (name) => speeds.get(name) ?? first.attributes.get(name), keys: () => first.attributes.keys() },
  }));
}

/** How the nodes of a graph are known in the spec. */
interface Naming {
  readonly idsAreNames: boolean;
  /** The id in the spec's graph, by that in the file. */
  readonly idOf: (key: string) => string;
}

const CAN_BE_NAME = /^[A-Za-z]\w*$/;

/** Ids that somebody chose stay names; else labels do, where all of them can; else nodes are numbered. */
function namingOf({ nodes }: AttributedGraph): Naming {
  const same = (key: string) => key;
  if (nodes.every(({ id }) => isChosen(id)) && nodes.some(({ id }) => CAN_BE_NAME.test(keyOf(id)))) {
    return { idsAreNames: true, idOf: same };
  }
  const labels = new Map(nodes.map(({ id, attributes }) => [keyOf(id), labelIn(attributes) ?? '']));
  const distinct = new Set([...labels.values()].map((label) => label.toLowerCase()));
  const areNames = distinct.size === nodes.length && [...distinct].every((label) => CAN_BE_NAME.test(label));
  return areNames ? { idsAreNames: true, idOf: (key) => labels.get(key) ?? key } : { idsAreNames: false, idOf: same };
}

/** Not a number, nor one as programs write it into GraphML (`n0`). */
function isChosen(id: NodeId): boolean {
  return typeof id === 'string' && !/^(?:n?\d+)?$/.test(id);
}

const NAMES_OF_KIND = ['type', 'kind'];
/** As people number hosts: h1, host2, pc-3. */
const NAMED_AS_HOST = /^(?:h|host|pc|client|server)[-_]?\d+$/i;

interface Hosts {
  readonly isHost: (node: AttributedNode) => boolean;
  /** Whether they are hosts only by their names. */
  readonly areGuessed: boolean;
}

/** Tells hosts: by what they say of themselves; where none says anything, by their names. */
function hostsOf({ nodes, notes }: AttributedGraph, { idsAreNames, idOf }: Naming): Hosts {
  const kindsOf = ({ attributes }: AttributedNode) => NAMES_OF_KIND.flatMap((name) => attributes.get(name) ?? []);
  if (!idsAreNames || nodes.some((node) => kindsOf(node).length > 0)) {
    const isHost = (node: AttributedNode) => kindsOf(node).some((kind) => String(kind).toLowerCase() === 'host');
    return { isHost, areGuessed: false };
  }
  const isNamed = ({ id }: AttributedNode) => NAMED_AS_HOST.test(idOf(keyOf(id)));
  const named = nodes.filter(isNamed);
  if (named.length === nodes.length) return { isHost: () => false, areGuessed: true };
  for (const { where } of named)
    notes.add('no node has a type, so a node with the name of a host, as h1, becomes a host', where);
  return { isHost: isNamed, areGuessed: true };
}

function nodeOf(node: AttributedNode, { idOf }: Naming, { isHost, areGuessed }: Hosts, notes: Notes): GraphNode {
  const { id, attributes, where } = node;
  const label = labelIn(attributes) ?? (typeof id === 'string' && isChosen(id) ? labelOf(id) : undefined);
  const named = { id: idOf(keyOf(id)), ...(label === undefined ? {} : { label }), where };
  const text = (name: string) => {
    const value = attributes.get(name);
    return value === undefined || value === '' ? undefined : String(value);
  };
  if (isHost(node)) {
    const [ip, mac] = [text('ip'), text('mac')];
    const properties = { ...(ip === undefined ? {} : { ip }), ...(mac === undefined ? {} : { mac }) };
    return { kind: 'host', properties, ...named, ...(areGuessed ? { isGuessed: true } : {}) };
  }
  const given = attributes.get('dpid');
  const dpid = dpidOf(given);
  if (text('dpid') !== undefined && dpid === undefined)
    notes.add(`${shown(given)} is not a DPID, and is left out`, where);
  // The Topology Zoo's word for a point where more than two links meet.
  const isJunction = Number(attributes.get('hyperedge')) === 1;
  return {
    kind: 'switch',
    ...(dpid === undefined ? {} : { dpid }),
    ...(isJunction ? { isJunction } : {}),
    ...named,
  };
}

/** Digits in a text are hexadecimal, as DPIDs are written; a number is what it is. */
function dpidOf(value: string | number | undefined): Dpid | undefined {
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && value > 0 ? dpidFromNumber(BigInt(value)) : undefined;
  return value === undefined ? undefined : parseDpid(value);
}

/** Attributes of nodes that are read, or say nothing of a network. */
const NODE_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...['id', 'label', 'name', 'Label', 'labelV', 'type', 'kind', 'ip', 'mac', 'dpid', 'hyperedge'],
  ...['graphics', 'x', 'y', 'z', 'size', 'color', 'weight', 'Internal', 'Longitude', 'Latitude', 'Country'],
]);
const EDGE_ATTRIBUTES: ReadonlySet<string> = new Set([
  ...['id', 'key', 'source', 'target', 'label', 'graphics', 'weight'],
  ...['LinkLabel', 'LinkNote', 'LinkType', 'LinkSpeed', 'LinkSpeedUnits'],
  ...LINK_ATTRIBUTES,
]);

/** Notes the attributes that nothing was made of, once each. */
function noteUnread(
  what: 'nodes' | 'edges',
  parts: readonly { readonly attributes: Attributes }[],
  known: ReadonlySet<string>,
  notes: Notes,
): void {
  const unread = new Set(parts.flatMap(({ attributes }) => [...attributes.keys()].filter((name) => !known.has(name))));
  if (unread.size > 0) notes.add(`attributes of ${what} that are not read: ${[...unread].map(shown).join(', ')}`);
}

/** The Topology Zoo writes None for a node that it could not read the name of. */
function labelIn(attributes: Attributes): string | undefined {
  for (const name of ['label', 'name', 'Label', 'labelV']) {
    const value = attributes.get(name);
    const label = value === undefined ? undefined : labelOf(String(value));
    if (label !== undefined && label !== 'None') return label;
  }
  return undefined;
}
