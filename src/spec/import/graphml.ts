import { SaxesParser, type SaxesTagPlain } from 'saxes';
import type { FilePlace } from '../../model/where.ts';
import { type AttributedEdge, type AttributedNode, type Attributes, graphOfAttributes } from './attributed-graph.ts';
import type { ImportedGraph } from './graph.ts';
import { Notes } from './notes.ts';
import type { Source } from './source.ts';

/**
 * GraphML (graphml.graphdrawing.org), as the Internet Topology Zoo, networkx, igraph and yEd write it. The parser reads
 * no DTD: it expands no entities but XML's own, and fetches none.
 */
export function readGraphml(source: Source): ImportedGraph {
  const reader = new GraphmlReader(source);
  reader.read();
  return reader.graph();
}

/** What `<key>` says of a `<data>` that refers to it. */
interface Key {
  readonly name: string;
  readonly domains: readonly Domain[];
}

const DOMAINS = ['graph', 'node', 'edge'] as const;
type Domain = (typeof DOMAINS)[number];

/** An element that is open and has attributes of its own. */
interface Owner {
  readonly domain: Domain;
  readonly attributes: Map<string, string>;
  /** Takes what was read, when the element ends. */
  readonly close: (attributes: Attributes) => void;
}

class GraphmlReader {
  readonly #source: Source;
  readonly #parser = new SaxesParser();
  readonly #keys = new Map<string, Key>();
  #lastKey: Key | undefined;
  /** Of each domain's attributes. */
  readonly #fallbacks = new Map<Domain, Map<string, string>>(DOMAINS.map((domain) => [domain, new Map()]));
  readonly #owners: Owner[] = [];
  readonly #notes = new Notes();
  readonly #nodes: AttributedNode[] = [];
  readonly #edges: AttributedEdge[] = [];
  /** The names of the elements that are open. */
  readonly #open: string[] = [];
  /** The text being read, with what takes it; none outside of `<data>` and the like. */
  #text: { value: string; readonly depth: number; readonly take: (text: string) => void } | undefined;
  #tagOffset = 0;
  /** Of the graph; undefined before it begins. */
  #isDirected: boolean | undefined;
  #title: string | undefined;

  constructor(source: Source) {
    this.#source = source;
  }

  read(): void {
    this.#parser.on('error', (error) => {
      throw this.#wrong(
        Math.max(this.#parser.position - 1, 0),
        `not valid XML: ${error.message.replace(/^\d+:\d+: /, '').replace(/\.$/, '')}`,
      );
    });
    this.#parser.on('opentagstart', () => {
      this.#tagOffset = this.#source.text.lastIndexOf('<', this.#parser.position - 1);
    });
    this.#parser.on('opentag', (tag) => this.#enter(tag));
    this.#parser.on('closetag', () => this.#leave());
    for (const event of ['text', 'cdata'] as const) {
      this.#parser.on(event, (text) => {
        if (this.#text !== undefined) this.#text.value += text;
      });
    }
    this.#parser.write(this.#source.text).close();
    if (this.#isDirected === undefined) {
      throw this.#wrong(
        0,
        'there is no <graph>, so this is not GraphML',
        'name the format with --as, or give another file',
      );
    }
  }

  graph(): ImportedGraph {
    return graphOfAttributes({
      format: 'a GraphML graph',
      ...(this.#title === undefined ? {} : { title: this.#title }),
      isDirected: this.#isDirected ?? false,
      // GraphML has no word for it: its graphs may all have several edges between two nodes.
      isMultigraph: false,
      nodes: this.#nodes,
      edges: this.#edges,
      notes: this.#notes,
    });
  }

  #enter(tag: SaxesTagPlain): void {
    const element = tag.name.replace(/^.*:/, '');
    this.#open.push(element);
    const offset = this.#tagOffset;
    const where = () => this.#source.where(offset);
    const required = (name: string) => {
      const value = tag.attributes[name];
      if (value !== undefined) return value;
      throw this.#wrong(this.#tagOffset, `<${element}> has no ${name}`, `give it one: ${name}="..."`);
    };
    const owner = this.#owners.at(-1);
    switch (element) {
      case 'key':
        this.#lastKey = {
          name: tag.attributes['attr.name'] ?? '',
          domains: DOMAINS.filter((domain) => ['all', domain].includes(tag.attributes['for'] ?? 'all')),
        };
        this.#keys.set(required('id'), this.#lastKey);
        break;
      case 'default':
        this.#take((text) => {
          for (const domain of this.#lastKey?.domains ?? [])
            this.#fallbacks.get(domain)?.set(this.#lastKey?.name ?? '', text);
        });
        break;
      case 'graph':
        this.#enterGraph(tag, where());
        break;
      case 'node': {
        const id = required('id');
        this.#own('node', (attributes) => this.#nodes.push({ id, attributes, where: where() }));
        break;
      }
      case 'edge': {
        const [from, to] = [required('source'), required('target')];
        this.#own('edge', (attributes) => this.#edges.push({ source: from, target: to, attributes, where: where() }));
        break;
      }
      case 'hyperedge':
        this.#notes.add('a <hyperedge> is left out', where());
        break;
      case 'data': {
        const key = this.#keys.get(required('key'));
        if (key !== undefined && key.name !== '') this.#take((text) => owner?.attributes.set(key.name, text));
        break;
      }
      case 'NodeLabel': // yEd's
        this.#take((text) => {
          if (owner?.domain === 'node' && !owner.attributes.has('label')) owner.attributes.set('label', text);
        });
        break;
    }
  }

  /** The first graph is the network; one inside a node groups nodes, which belong to the network like all others. */
  #enterGraph(tag: SaxesTagPlain, where: FilePlace): void {
    const isNested = this.#owners.length > 0;
    if (this.#isDirected !== undefined && !isNested) {
      throw this.#wrong(this.#tagOffset, 'the file has a second <graph>', 'leave one graph in the file');
    }
    if (isNested) this.#notes.add('a node that holds a graph of its own is a switch like those inside', where);
    this.#isDirected ??= tag.attributes['edgedefault'] === 'directed';
    this.#own('graph', (attributes) => {
      const title = attributes.get('label') ?? attributes.get('Network') ?? attributes.get('name');
      if (!isNested && title !== undefined) this.#title = String(title);
    });
  }

  #own(domain: Owner['domain'], close: Owner['close']): void {
    this.#owners.push({ domain, attributes: new Map(), close });
  }

  #take(take: (text: string) => void): void {
    this.#text = { value: '', depth: this.#open.length, take };
  }

  #leave(): void {
    const element = this.#open.pop() ?? '';
    if (this.#text !== undefined && this.#open.length < this.#text.depth) {
      this.#text.take(this.#text.value.trim());
      this.#text = undefined;
    }
    if (element !== 'graph' && element !== 'node' && element !== 'edge') return;
    const owner = this.#owners.pop();
    if (owner === undefined) return;
    const fallbacks = this.#fallbacks.get(owner.domain);
    owner.close({
      get: (name) => owner.attributes.get(name) ?? fallbacks?.get(name),
      keys: () => owner.attributes.keys(),
    });
  }

  #wrong(offset: number, cause: string, remedy = 'fix this place; what follows it may be right') {
    return this.#source.problemAt(offset, { code: 'graphml', cause, remedy });
  }
}
