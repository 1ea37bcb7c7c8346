import type { Connection } from '../model/connection.ts';
import type { Topology } from '../model/topology.ts';
import { cheapestPathThrough, type Path } from './path-search.ts';
import { PathGraph } from './paths.ts';

/** The paths of connections that pass given switches, or avoid switches and links. */
export class Routes {
  readonly #topology: Topology;
  readonly #via: readonly string[];
  /** Without what is to be avoided. */
  readonly #left: Topology;
  readonly #graph: PathGraph;

  /** @param topology over whose links that are up they go */
  constructor(topology: Topology, { via = [], avoid = [] }: Pick<Connection, 'via' | 'avoid'>) {
    this.#topology = topology;
    this.#via = via;
    this.#left = topology.withFaults([...topology.faults, ...avoid]);
    this.#graph = new PathGraph(this.#left);
  }

  /** The cheapest path from the access switch of one host to that of another; undefined where there is none. */
  between(source: string, target: string): Path | undefined {
    const [from, to] = [source, target].map((name) => {
      const host = this.#topology.host(name);
      const { accessSwitch, port } = (host && this.#topology.attachmentOf(host)) ?? {};
      if (accessSwitch === undefined || port === undefined) return undefined;
      return this.#left.linkIsUp({ node: accessSwitch.name, port }) ? accessSwitch.name : undefined;
    });
    if (from === undefined || to === undefined) return undefined;
    return cheapestPathThrough(this.#graph, [from, ...this.#via, to]).path;
  }
}

/** Whether a connection says where its paths go. */
export function isRouted({ via = [], avoid = [] }: Connection): boolean {
  return via.length > 0 || avoid.length > 0;
}
