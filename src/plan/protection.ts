import type { Neighbour } from '../model/topology.ts';
import type { PathGraph } from './paths.ts';

/**
 * Protection of the paths toward one switch against the failure of any one link, in the data plane and without marks on
 * packets. Switches forward along a tree of shortest paths. A switch whose link to its next hop is dead sends packets
 * off instead toward the *exit* of its part of the tree: of all links that lead out of that part, the one
 * that leads farthest out. Links between the same two switches may fail together, so that a further link to the next
 * hop is an exit only where there is no other. A packet that comes to a switch from its own next hop can only be one
 * that was turned back, and goes on toward that switch's exit. From the far end of the exit link the tree leads to the
 * target without the dead link.
 *
 * Why that neither loops nor loses anything when one link fails: the exit of a part leads out of every smaller part
 * that contains it too, and is the exit of each switch on the way to it, so that all of them agree; beyond the exit, no
 * path of the tree comes back, as it would have to pass the dead link. A part without an exit hangs on a bridge, for
 * which there is no other way in the graph either.
 *
 * What it does not survive: two failures, a host's own link, and in general a switch that fails, which is several links
 * at once. Packets may then circle until new paths are planned, which the lab's process does at once.
 */
export class ProtectedTree {
  /** Next hops toward the target; it has none itself. */
  readonly tree: ReadonlyMap<string, Neighbour>;
  readonly #exits = new Map<string, Exit>();
  readonly #depths = new Map<string, number>();

  constructor(graph: PathGraph, target: string) {
    this.tree = graph.nextHopsToward(target);
    this.#depths.set(target, 0);
    const children = new Map<string, string[]>();
    const order = [target];
    for (const [name, { peer }] of this.tree) {
      const siblings = children.get(peer.node);
      if (siblings === undefined) children.set(peer.node, [name]);
      else siblings.push(name);
    }
    for (const name of order) {
      for (const child of children.get(name) ?? []) {
        this.#depths.set(child, (this.#depths.get(name) ?? 0) + 1);
        order.push(child);
      }
    }
    // Leaves first, so that the exits of children are known.
    for (const name of order.toReversed()) this.#findExit(graph, name);
  }

  /** The port toward the exit of the switch's part of the tree; undefined where it has none at all. */
  exitOf(name: string): Neighbour | undefined {
    return this.#exits.get(name)?.neighbour;
  }

  /** Whether the exit is a way out when the link to the next hop is dead. */
  hasAlternative(name: string): boolean {
    const exit = this.#exits.get(name);
    return exit !== undefined && exit.depth < (this.#depths.get(name) ?? 0);
  }

  /** Whether a neighbour is a child in the tree by this very link. */
  isChild(name: string, { peer }: Neighbour): boolean {
    const up = this.tree.get(peer.node);
    return up?.peer.node === name && up.port === peer.port;
  }

  #findExit(graph: PathGraph, name: string): void {
    const candidates: Exit[] = [];
    const up = this.tree.get(name);
    for (const neighbour of graph.neighboursOf(name)) {
      if (!this.#depths.has(neighbour.peer.node)) continue;
      if (neighbour.port === up?.port) continue;
      if (this.isChild(name, neighbour)) {
        const exit = this.#exits.get(neighbour.peer.node);
        if (exit !== undefined) candidates.push({ neighbour, depth: exit.depth, length: exit.length + 1 });
      } else candidates.push({ neighbour, depth: this.#depthOfMeeting(name, neighbour.peer.node), length: 1 });
    }
    const depth = this.#depths.get(name) ?? 0;
    const isOut = (exit: Exit) => exit.depth < depth && exit.neighbour.peer.node !== up?.peer.node;
    const [best] = candidates.sort(
      (a, b) =>
        Number(isOut(b)) - Number(isOut(a)) ||
        a.depth - b.depth ||
        a.length - b.length ||
        a.neighbour.port - b.neighbour.port,
    );
    if (best !== undefined) this.#exits.set(name, best);
  }

  /** Depth of the switch at which the ways of two switches to the target meet. */
  #depthOfMeeting(a: string, b: string): number {
    const depthOf = (name: string) => this.#depths.get(name) ?? 0;
    let [low, high] = [a, b];
    while (low !== high) {
      if (depthOf(low) < depthOf(high)) [low, high] = [high, low];
      low = this.tree.get(low)?.peer.node ?? high;
    }
    return depthOf(low);
  }
}

/** A way out of a part of the tree. */
interface Exit {
  /** The first hop of it. */
  readonly neighbour: Neighbour;
  /** How far out it leads: hops between the target and where the ways of both its ends meet. */
  readonly depth: number;
  /** Hops to its far end. */
  readonly length: number;
}
