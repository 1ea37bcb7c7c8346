import type { Dpid } from '../../model/addresses.ts';
import type { FilePlace } from '../../model/where.ts';
import type { Notes } from './notes.ts';
import type { HostProperties, LinkProperties } from './properties.ts';

/** Hosts and switches together that a lab is written with; no machine runs more. */
export const MOST_NODES = 10_000;
export const MOST_LINKS = 20_000;

/** What every importer makes of its file, before it has names and becomes a spec. */
export interface ImportedGraph {
  /** What it was, for people: `a GML graph`. */
  readonly format: string;
  /** What the file calls it; absent where it has no name of its own. */
  readonly name?: string;
  /** Whether it is a program that makes all its hosts itself: none is added to it unasked. */
  readonly hasAllHosts?: boolean;
  /** Whether the ids of nodes are names that people chose and know; else nodes are numbered, s1, h1 and so on. */
  readonly idsAreNames: boolean;
  readonly nodes: readonly GraphNode[];
  readonly links: readonly GraphLink[];
  /** What was changed or left out. */
  readonly notes: Notes;
}

interface AnyNode {
  /** Unique in the graph. */
  readonly id: string;
  /** What people call it, where that is not the id. */
  readonly label?: string;
  /** Where it stands in the file: `file:line:column`. */
  readonly where: FilePlace;
}

export interface HostNode extends AnyNode {
  readonly kind: 'host';
  readonly properties: HostProperties;
  /** Whether it is a host only by its name or for want of another sign, and not because the file says so. */
  readonly isGuessed?: boolean;
}

export interface SwitchNode extends AnyNode {
  readonly kind: 'switch';
  /** Where it is given. */
  readonly dpid?: Dpid;
  /** A place where several links meet, and no machine is. */
  readonly isJunction?: boolean;
}

export type GraphNode = HostNode | SwitchNode;

export interface GraphLink {
  readonly ends: readonly [GraphLinkEnd, GraphLinkEnd];
  readonly properties: LinkProperties;
  readonly where: FilePlace;
}

export interface GraphLinkEnd {
  /** The node's id. */
  readonly node: string;
  readonly port?: number;
}

/**
 * The nodes of a graph with the hosts that are guessed: one that has several links passes packets on and is a switch, and so
 * are two guessed ones that are linked to each other.
 * @param note what is said of those that become switches
 */
export function hostsAtTheEdge(
  nodes: readonly GraphNode[],
  links: readonly GraphLink[],
  note: string,
  notes: Notes,
): GraphNode[] {
  const guessed = new Set(nodes.flatMap((node) => (node.kind === 'host' && node.isGuessed === true ? [node.id] : [])));
  const peersOf = new Map<string, string[]>();
  for (const [a, b] of links.map(({ ends }) => ends.map(({ node }) => node) as [string, string])) {
    peersOf.set(a, peersOf.get(a) ?? []);
    peersOf.set(b, peersOf.get(b) ?? []);
    peersOf.get(a)?.push(b);
    peersOf.get(b)?.push(a);
  }
  for (const [id, peers] of peersOf) if (peers.length > 1) guessed.delete(id);
  return nodes.map((node) => {
    if (node.kind === 'switch' || node.isGuessed !== true) return node;
    const peers = peersOf.get(node.id) ?? [];
    if (peers.length === 0 || (guessed.has(node.id) && !peers.some((peer) => guessed.has(peer)))) return node;
    notes.add(note, node.where);
    const { id, label, where } = node;
    return { kind: 'switch', id, ...(label === undefined ? {} : { label }), where };
  });
}

/** What people may call a node: one line of printable text, not too long. Undefined where nothing is left. */
export function labelOf(text: string): string | undefined {
  // Surrogate halves, controls and what turns the direction of a text around.
  const cleaned = text
    .replaceAll(/\p{C}+/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return cleaned === '' ? undefined : [...cleaned].slice(0, LONGEST_LABEL).join('');
}

/** In characters. */
const LONGEST_LABEL = 60;
