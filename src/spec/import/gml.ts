import { type AttributedEdge, type AttributedNode, type Attributes, graphOfAttributes } from './attributed-graph.ts';
import type { ImportedGraph } from './graph.ts';
import { Notes } from './notes.ts';
import type { Source } from './source.ts';

/**
 * GML (Himsolt, "GML: A portable Graph File Format"), as the Internet Topology Zoo, networkx and yEd write it. There is
 * no kept parser of it for Node.js. A file is a list of keys, each with a number, a text in quotes, or a list in [ ].
 */
export function readGml(source: Source): ImportedGraph {
  const root = parseGml(source);
  const [graph, ...others] = root.filter((entry): entry is Entry<Entry[]> => entry.key === 'graph' && isList(entry));
  if (graph === undefined) {
    throw source.problemAt(0, {
      code: 'no-graph',
      cause: 'the file has no graph [ ... ], so it is not GML',
      remedy: 'name its format with --as, or give another file',
    });
  }
  const notes = new Notes();
  for (const other of others) notes.add('the file has a second graph, which is left out', source.where(other.offset));
  const nodes: AttributedNode[] = [];
  const edges: AttributedEdge[] = [];
  for (const entry of graph.value) {
    if (!isList(entry)) continue;
    const where = source.where(entry.offset);
    const attributes = attributesOf(entry.value);
    if (entry.key === 'node') {
      const id = attributes.get('id');
      if (id === undefined) {
        throw source.problemAt(entry.offset, {
          code: 'node-without-id',
          cause: 'a node has no id',
          remedy: 'give it one: id 1',
        });
      }
      nodes.push({ id, attributes, where });
    } else if (entry.key === 'edge') {
      const ends = [attributes.get('source'), attributes.get('target')];
      const [a, b] = ends;
      if (a === undefined || b === undefined) {
        throw source.problemAt(entry.offset, {
          code: 'edge-without-end',
          cause: `an edge has no ${a === undefined ? 'source' : 'target'}`,
          remedy: 'give it the id of a node',
        });
      }
      edges.push({ source: a, target: b, attributes, where });
    }
  }
  const ofGraph = attributesOf(graph.value);
  const title = ofGraph.get('label') ?? ofGraph.get('Network') ?? ofGraph.get('name');
  return graphOfAttributes({
    format: 'a GML graph',
    ...(typeof title === 'string' ? { title } : {}),
    isDirected: ofGraph.get('directed') === 1,
    isMultigraph: ofGraph.get('multigraph') === 1,
    nodes,
    edges,
    notes,
  });
}

type Value = number | string | Entry[];

interface Entry<V extends Value = Value> {
  readonly key: string;
  readonly value: V;
  /** Of the key. */
  readonly offset: number;
}

const isList = (entry: Entry): entry is Entry<Entry[]> => Array.isArray(entry.value);

function attributesOf(entries: readonly Entry[]): Attributes {
  const scalars = entries.flatMap(({ key, value }) => (Array.isArray(value) ? [] : [[key, value] as const]));
  // The first one counts where a key is there twice, as an id does before what a tool appends.
  return new Map(scalars.toReversed());
}

type Token =
  | { readonly kind: 'key' | 'text'; readonly text: string; readonly offset: number }
  | { readonly kind: 'number'; readonly value: number; readonly offset: number }
  | { readonly kind: '[' | ']' | 'end' | 'other'; readonly offset: number };

const SPACE = /\s+|#[^\n]*/y;
/** networkx writes infinity as +INF and -INF. */
const NUMBER = /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[Ee][+-]?\d+)?(?![\w.])|[+-]INF\b/y;
const KEY = /[A-Za-z_]\w*/y;
const TEXT = /"([^"]*)"/y;

function* tokensOf(text: string): Generator<Token, never> {
  let offset = 0;
  const take = (pattern: RegExp) => {
    pattern.lastIndex = offset;
    return pattern.exec(text);
  };
  for (;;) {
    for (let space = take(SPACE); space !== null; space = take(SPACE)) offset = SPACE.lastIndex;
    const start = offset;
    const number = take(NUMBER)?.[0];
    const key = take(KEY)?.[0];
    const quoted = take(TEXT)?.[1];
    const character = text[offset];
    if (number !== undefined) {
      offset += number.length;
      yield { kind: 'number', value: Number(number.replace('INF', 'Infinity')), offset: start };
    } else if (key !== undefined) {
      offset += key.length;
      yield { kind: 'key', text: key, offset: start };
    } else if (quoted !== undefined) {
      offset += quoted.length + 2;
      yield { kind: 'text', text: quoted, offset: start };
    } else if (character === '[' || character === ']') {
      offset += 1;
      yield { kind: character, offset: start };
    } else for (;;) yield { kind: character === undefined ? 'end' : 'other', offset: start };
  }
}

/** Reads without recursion, so that no nesting is too deep. */
function parseGml(source: Source): readonly Entry[] {
  const wrong = (offset: number, cause: string, remedy: string) =>
    source.problemAt(offset, { code: 'gml-syntax', cause: `not valid GML: ${cause}`, remedy });
  const tokens = tokensOf(source.text);
  const root: Entry[] = [];
  const open: { readonly entries: Entry[]; readonly offset: number }[] = [{ entries: root, offset: 0 }];
  for (;;) {
    const token = tokens.next().value;
    const innermost = open.at(-1);
    if (innermost === undefined) throw wrong(token.offset, 'a ] that closes nothing', 'remove it');
    if (token.kind === ']' && open.length > 1) open.pop();
    else if (token.kind === 'key') {
      const { text: key, offset } = token;
      const value = tokens.next().value;
      if (value.kind === '[') {
        const entries: Entry[] = [];
        innermost.entries.push({ key, value: entries, offset });
        open.push({ entries, offset });
      } else if (value.kind === 'number') innermost.entries.push({ key, value: value.value, offset });
      else if (value.kind === 'text') innermost.entries.push({ key, value: withoutEntities(value.text), offset });
      // networkx writes what is not a number so.
      else if (value.kind === 'key' && value.text === 'NAN') innermost.entries.push({ key, value: 'NAN', offset });
      else throw wrong(offset, `the key ${key} has no value`, 'write a number, a text in double quotes, or [ ... ]');
    } else if (token.kind !== 'end') throw wrong(token.offset, 'a key is expected here', 'write a name and its value');
    else if (open.length > 1) {
      throw wrong(innermost.offset, 'the list that begins here has no ]', 'see whether the file is complete');
    } else return root;
  }
}

/** In the five characters that XML names, and by number; other names stay as they are. */
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function withoutEntities(text: string): string {
  return text.replaceAll(
    /&(?:#(\d{1,7})|#[xX]([0-9A-Fa-f]{1,6})|(amp|lt|gt|quot|apos));/g,
    (entity, decimal, hex, name) => {
      if (name !== undefined) return ENTITIES[name] ?? entity;
      const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
      return code <= 0x10ffff ? String.fromCodePoint(code) : entity;
    },
  );
}
