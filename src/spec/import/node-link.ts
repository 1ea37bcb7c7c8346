import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import {
  type AttributedEdge,
  type AttributedNode,
  type Attributes,
  graphOfAttributes,
  type NodeId,
} from './attributed-graph.ts';
import type { ImportedGraph } from './graph.ts';
import { Notes } from './notes.ts';
import type { Source } from './source.ts';

/**
 * Node-link JSON, as networkx (`node_link_data`, with `links` or, since 3.4, `edges`) and D3 write it. Ids are texts,
 * numbers, or lists of them, as those of networkx's grids; without ids, edges refer to names or to positions.
 */
export function readNodeLink(source: Source): ImportedGraph {
  const root = parseJson(source);
  const nodeList = memberOf(root, 'nodes');
  const edgeList = memberOf(root, 'links') ?? memberOf(root, 'edges');
  if (nodeList?.type !== 'array' || edgeList?.type !== 'array') {
    const missing = nodeList?.type === 'array' ? 'links or edges' : 'nodes';
    throw wrong(
      source,
      root,
      `there is no list of ${missing}, so this is not node-link JSON`,
      'write {"nodes": [{"id": 1}], "links": [{"source": 1, "target": 2}]}',
    );
  }
  const hasIds = (nodeList.children ?? []).some((node) => memberOf(node, 'id') !== undefined);
  const hasNames = !hasIds && (nodeList.children ?? []).some((node) => memberOf(node, 'name') !== undefined);
  const edgeNodes = edgeList.children ?? [];
  const byPosition = !hasIds && edgeNodes.every((edge) => memberOf(edge, 'source')?.type === 'number');
  const idKey = hasIds ? 'id' : hasNames ? 'name' : undefined;

  const nodes = (nodeList.children ?? []).map((node, index): AttributedNode => {
    const id =
      byPosition || node.type !== 'object' ? undefined : idKey === undefined ? undefined : memberOf(node, idKey);
    const own = node.type === 'object' ? idOf(id) : byPosition ? undefined : idOf(node);
    if (own === undefined && !byPosition) throw wrong(source, node, 'a node has no id', 'give it one: {"id": 1}');
    return { id: own ?? index, attributes: attributesOf(node), where: source.where(node.offset) };
  });
  const edges = edgeNodes.map((edge): AttributedEdge => {
    const end = (name: 'source' | 'target') => {
      const value = memberOf(edge, name);
      // D3 puts the node itself there.
      const id = idOf(value?.type === 'object' && idKey !== undefined ? memberOf(value, idKey) : value);
      if (id === undefined) throw wrong(source, edge, `an edge has no ${name}`, 'give it the id of a node');
      return id;
    };
    return {
      source: end('source'),
      target: end('target'),
      attributes: attributesOf(edge),
      where: source.where(edge.offset),
    };
  });
  const ofGraph = attributesOf(memberOf(root, 'graph'));
  const title = ofGraph.get('label') ?? ofGraph.get('Network') ?? ofGraph.get('name');
  return graphOfAttributes({
    format: 'a node-link graph',
    ...(typeof title === 'string' ? { title } : {}),
    isDirected: memberOf(root, 'directed')?.value === true,
    isMultigraph: memberOf(root, 'multigraph')?.value === true,
    nodes,
    edges,
    notes: new Notes(),
  });
}

/** Python writes numbers that JSON has no word for; a text of the same length is in their place. */
function withoutPythonNumbers(text: string): string {
  return text.replaceAll(/"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?$)|-?\b(?:NaN|Infinity)\b/gs, (found) =>
    found.startsWith('"') ? found : '""'.padEnd(found.length),
  );
}

function parseJson(source: Source): Node {
  const errors: ParseError[] = [];
  let root: Node | undefined;
  try {
    root = parseTree(withoutPythonNumbers(source.text), errors, { disallowComments: true });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw source.problemAt(0, {
      code: 'json-depth',
      cause: 'nested too deeply to be read',
      remedy: 'a graph needs three levels: {"nodes": [{"id": 1}], "links": []}',
    });
  }
  const [first] = errors;
  if (root === undefined || first !== undefined) {
    const offset = first?.offset ?? 0;
    const cause = first === undefined ? 'nothing is there' : words(printParseErrorCode(first.error));
    throw source.problemAt(offset, {
      code: 'json-syntax',
      cause: `not valid JSON: ${cause}`,
      remedy: 'fix this place; what follows it may be right',
    });
  }
  return root;
}

/** `CommaExpected` is "comma expected". */
function words(code: string): string {
  return code.replaceAll(/(?<=[a-z])[A-Z]/g, (capital) => ` ${capital}`).toLowerCase();
}

function memberOf(node: Node | undefined, name: string): Node | undefined {
  return node?.type === 'object' ? findNodeAtLocation(node, [name]) : undefined;
}

/** Lists, as of networkx's grids, are written as text. */
function idOf(node: Node | undefined): NodeId | undefined {
  if (node?.type === 'string' || node?.type === 'number') return node.value as NodeId;
  if (node?.type === 'boolean') return String(node.value);
  if (node?.type !== 'array') return undefined;
  const parts = (node.children ?? []).map(idOf);
  return parts.some((part) => part === undefined) ? undefined : `(${parts.join(', ')})`;
}

function attributesOf(node: Node | undefined): Attributes {
  if (node?.type !== 'object') return new Map();
  return new Map(
    (node.children ?? []).flatMap(({ children: [key, value] = [] }) =>
      value?.type === 'string' || value?.type === 'number' ? [[String(key?.value), value.value] as const] : [],
    ),
  );
}

function wrong(source: Source, node: Node, cause: string, remedy: string) {
  return source.problemAt(node.offset, { code: 'node-link', cause, remedy });
}
