import type { Instructions } from '../model/openflow.ts';
import type { Course } from './course.ts';
import { hasCircle } from './graph.ts';
import { LEG_KINDS, LEGS, tellingValues, walksOf } from './legs.ts';
import type { Network } from './network.ts';
import type { Walk } from './walk.ts';

/** Copies of a packet that go round in a circle of switches and never end. */
export interface Circle {
  /** Switches by their place in the topology, in the order in which copies pass them. */
  readonly nodes: readonly number[];
}

const found = new WeakMap<Network, readonly Circle[]>();

/**
 * The circles in which copies of packets of a ping go round for ever: each lap sends more copies, to hosts and on. Any
 * packet that passes one of these switches may be lost among them. A single packet that goes round copies nothing, and
 * is none. One circle is given for each set of switches.
 */
export function circlesOf(network: Network): readonly Circle[] {
  const known = found.get(network);
  if (known !== undefined) return known;
  const search = new CircleSearch(network);
  if (search.isNeeded) {
    const telling = tellingValues(network);
    for (const kind of LEG_KINDS) for (const { walk } of walksOf(network, LEGS[kind], telling)) search.look(walk);
  }
  return search.end();
}

/** Finds the circles of a network among the walks of all packets of a ping, for a caller that makes these walks anyway. */
export class CircleSearch {
  /** Whether copies may go round at all: most networks need no search. */
  readonly isNeeded: boolean;
  readonly #network: Network;
  readonly #circles = new Map<string, Circle>();

  constructor(network: Network) {
    this.#network = network;
    this.isNeeded = mayCircle(network);
  }

  /** @param walk all its packets have entered */
  look(walk: Walk): void {
    if (!this.isNeeded || !walk.isCircular) return;
    for (const circle of circlesIn(walk)) this.#circles.set([...circle.nodes].sort().join(), circle);
  }

  /** The circles, once each walk was looked at; `circlesOf` has them then. */
  end(): readonly Circle[] {
    const circles = [...this.#circles.values()];
    found.set(this.#network, circles);
    return circles;
  }
}

/** By the place of each switch that is in a circle, that circle. */
export function disturbedNodes(circles: readonly Circle[]): ReadonlyMap<number, Circle> {
  return new Map(circles.flatMap((circle) => circle.nodes.map((node) => [node, circle] as const)));
}

function mayCircle(network: Network): boolean {
  const all = [...network.entries.values()];
  const actionsOf = all.flatMap(({ flows, groups }) => [
    ...flows.flatMap(({ instructions: { apply, write } }) => [apply, write]),
    ...groups.flatMap(({ buckets }) => buckets.map(({ actions }) => actions)),
  ]);
  const makesCopies =
    all.some(({ flows }) => flows.some(({ instructions }) => outputsOf(instructions) > 1)) ||
    all.some(({ groups }) => groups.some(({ groupType, buckets }) => groupType === 'all' && buckets.length > 1)) ||
    actionsOf.some((actions) => outputsOf({ apply: actions, write: [] }) > 1);
  // Without a circle of links a packet would have to go back where it came from.
  const goesBack = () =>
    actionsOf.some((actions) => actions.some((action) => action.kind === 'output' && action.port === 'in_port'));
  return makesCopies && (hasCircle(network) || goesBack());
}

function outputsOf({ apply, write }: Pick<Instructions, 'apply' | 'write'>): number {
  const many = new Set<unknown>(['all', 'flood', 'normal', 'table']);
  return [...apply, ...write].reduce((sum, action) => {
    if (action.kind !== 'output') return sum + (action.kind === 'group' ? 1 : 0);
    return sum + (many.has(action.port) ? 2 : 1);
  }, 0);
}

/** The circles of one walk whose states send copies out of the circle, or into it twice. */
function circlesIn(walk: Walk): readonly Circle[] {
  return circularParts(walk)
    .filter((part) => part.some((state) => copiesOf(walk, state, walk.state(state).course) > 1))
    .map((part) => ({ nodes: roundIn(walk, new Set(part)) }));
}

/** How many packets leave a switch for one that comes, at most. */
function copiesOf(walk: Walk, state: number, course: Course): number {
  switch (course.kind) {
    case 'match':
    case 'bucket':
      return copiesOf(walk, state, course.next);
    case 'copies':
      return course.of.reduce((sum, part) => sum + copiesOf(walk, state, part), 0);
    case 'choice':
      return Math.max(...course.of.map((part) => copiesOf(walk, state, part)));
    case 'output':
    case 'end':
      return walk.exits(state, course).filter((exit) => exit.kind === 'hop' || exit.fate.kind === 'at-host').length;
  }
}

/** Strongly connected parts with a circle (Tarjan's algorithm, without recursion). */
function circularParts(walk: Walk): readonly (readonly number[])[] {
  const parts: number[][] = [];
  const order = new Map<number, number>();
  const low = new Map<number, number>();
  const onStack = new Set<number>();
  const stack: number[] = [];
  for (const root of walk.states.keys()) {
    if (order.has(root)) continue;
    const path: { readonly state: number; readonly next: readonly number[]; position: number }[] = [];
    const visit = (state: number) => {
      order.set(state, order.size);
      low.set(state, order.get(state) ?? 0);
      stack.push(state);
      onStack.add(state);
      path.push({ state, next: walk.statesAfter(state), position: 0 });
    };
    visit(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.next[top.position];
      top.position += 1;
      if (next !== undefined) {
        if (!order.has(next)) visit(next);
        else if (onStack.has(next)) low.set(top.state, Math.min(low.get(top.state) ?? 0, order.get(next) ?? 0));
        continue;
      }
      path.pop();
      const above = path.at(-1);
      const lowest = low.get(top.state) ?? 0;
      if (above !== undefined) low.set(above.state, Math.min(low.get(above.state) ?? 0, lowest));
      if (lowest !== order.get(top.state)) continue;
      const part = stack.splice(stack.lastIndexOf(top.state));
      for (const state of part) onStack.delete(state);
      if (part.length > 1 || top.next.includes(top.state)) parts.push(part);
    }
  }
  return parts;
}

/** The switches of one way round, from any state of a circular part back to itself. */
function roundIn(walk: Walk, part: ReadonlySet<number>): readonly number[] {
  const [start = 0] = part;
  const cameFrom = new Map<number, number>();
  const queue = [start];
  for (const at of queue) {
    for (const next of walk.statesAfter(at)) {
      if (next === start) {
        const states = [at];
        for (let before = at; before !== start; ) {
          before = cameFrom.get(before) ?? start;
          states.unshift(before);
        }
        return [...new Set(states.map((state) => walk.state(state).node))];
      }
      if (!part.has(next) || cameFrom.has(next)) continue;
      cameFrom.set(next, at);
      queue.push(next);
    }
  }
  return [walk.state(start).node];
}
