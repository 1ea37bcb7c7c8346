import type { Course, SwitchFate } from './course.ts';
import type { Network } from './network.ts';
import { ABSENT, type Packet } from './packet.ts';

/**
 * Whether something happens: 0 never, 2 always, 1 as the switches choose, where entries leave a choice to them (buckets
 * of a select group, overlapping entries).
 */
export type Certainty = 0 | 1 | 2;
export const NEVER = 0;
export const PERHAPS = 1;
export const ALWAYS = 2;

/** A packet at a host, which has come by one of its interfaces. */
export interface AtHost {
  readonly kind: 'at-host';
  /** By their places in the network. */
  readonly host: number;
  readonly nic: number;
  readonly packet: Packet;
}

/** Whether an end is one that is asked for. */
export type IsWanted = (end: AtHost) => boolean;

/** Where a packet ends: inside a switch, or on its way out of one. */
export type Fate =
  | SwitchFate
  | AtHost
  /** A switch sends nothing back out of its in-port (section 4.5), but for outputs to `in_port`. */
  | { readonly kind: 'back-out' }
  | { readonly kind: 'port-down' }
  /** The switch has no such port, or nothing is attached to it. */
  | { readonly kind: 'no-such-port' }
  /** To all ports but the in-port, and there are none. */
  | { readonly kind: 'no-other-port' }
  /** To the network stack of the switch. */
  | { readonly kind: 'to-switch-itself' }
  | { readonly kind: 'to-controller' }
  /** The controller would send it on, and knows no path. */
  | { readonly kind: 'no-known-way' };

/** What becomes of an output: on to another switch, or an end. */
export type Exit = Hop | { readonly kind: 'end'; readonly port?: number; readonly fate: Fate };

/** Out of a port to another switch. */
export interface Hop {
  readonly kind: 'hop';
  readonly port: number;
  readonly node: number;
  readonly inPort: number;
  readonly packet: Packet;
}

/** A packet at a switch. */
export interface State {
  readonly node: number;
  /** Absent where the same becomes of it whatever its in-port is. */
  readonly inPort?: number;
  /** The in-port of its first visit. */
  readonly arrivedBy: number;
  readonly packet: Packet;
  readonly course: Course;
}

/** How far one packet is followed; entries that rewrite it in a circle, or flood, can make more of it than this. */
const MOST_STATES = 50_000;
const MOST_HOPS = 2_000_000;
const MOST_REWRITTEN = 64;
const MOST_PORTS = 2 ** 16;
/** Stands for an in-port that does not matter; no port has this number. */
const ANY_PORT = MOST_PORTS - 1;

type Output = Extract<Course, { kind: 'output' }>;
type CourseEnd = Output | Extract<Course, { kind: 'end' }>;

/**
 * Everything that can become of one packet, wherever it enters the network: the graph of its states. Loops are circles
 * of the graph, so that every walk ends.
 */
export class Walk {
  readonly network: Network;
  readonly sent: Packet;
  readonly #states: State[] = [];
  readonly #numbers = new Map<number, number>();
  /** By place and in-port, whether that matters or not. */
  readonly #arrivals = new Map<number, number>();
  /** Every packet that it becomes on the way, by its key; the one that was sent is 0. */
  readonly #packetNumbers = new Map<string, number>();
  /** What switches do with it that do not look at its in-port. */
  readonly #courses = new Map<number, Course>();
  /** Numbers of states, each after those to which it goes on, but for circles. */
  readonly #order: number[] = [];
  #isCircular = false;
  #hops = 0;
  /** For each state those that go on to it. */
  #predecessors: readonly (readonly number[])[] | undefined;

  constructor(network: Network, sent: Packet) {
    this.network = network;
    this.sent = sent;
  }

  get states(): readonly State[] {
    return this.#states;
  }

  state(number: number): State {
    const state = this.#states[number];
    if (state === undefined) throw new Error(`no state has the number ${number}`);
    return state;
  }

  /** Whether the packet is changed anywhere on its way. */
  get isRewritten(): boolean {
    return this.#packetNumbers.size > 0;
  }

  /** Whether it may come to a place where it was before, on some way. */
  get isCircular(): boolean {
    return this.#isCircular;
  }

  /** Whether there was more of it than is followed. */
  get isCut(): boolean {
    return this.#states.length >= MOST_STATES || this.#hops >= MOST_HOPS || this.#packetNumbers.size >= MOST_REWRITTEN;
  }

  /** Whether the packet may come to ends that are not among those of the states. */
  get isOpen(): boolean {
    return this.isCut || this.#states.some((_, number) => this.#endsUnforeseeably(number));
  }

  /** Whether it comes to every end of its states: no switch has a choice. */
  get isDecided(): boolean {
    return !this.isOpen && !this.#states.some(({ course }) => hasChoice(course));
  }

  /** Follows the packet from a switch's port. Returns the number of the state there. */
  enter(node: number, inPort: number): number {
    const known = this.#numberOf(node, inPort, this.sent);
    if (known !== undefined) return known;
    // Depth first, without recursion: a chain of switches may be longer than the stack.
    const root = this.#discover(node, inPort, this.sent);
    const path = [this.#stepFrom(root)];
    const onPath = new Set([root]);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const hop = this.isCut ? undefined : top.hops[top.position];
      top.position += 1;
      if (hop === undefined) {
        path.pop();
        onPath.delete(top.number);
        this.#order.push(top.number);
        continue;
      }
      const there = this.stateAfter(hop);
      if (there !== undefined) this.#isCircular ||= onPath.has(there);
      else {
        const number = this.#discover(hop.node, hop.inPort, hop.packet);
        path.push(this.#stepFrom(number));
        onPath.add(number);
      }
    }
    return root;
  }

  /**
   * For each state, by its number, whether the packet comes from there to an end that is wanted. In a circle nothing
   * comes anywhere but by a copy that leaves it.
   */
  certainties(isWanted: IsWanted): Uint8Array {
    const values = new Uint8Array(this.#states.length);
    // A set hands out what is added to it on the way, too.
    const pending = new Set(this.#order);
    for (const number of pending) {
      pending.delete(number);
      const value = this.certaintyIn(number, values, isWanted);
      if (value === values[number]) continue;
      values[number] = value;
      if (this.#isCircular || this.isCut) for (const before of this.#statesBefore(number)) pending.add(before);
    }
    return values;
  }

  /** The certainty of one part of what a state's switch does, by that of the states to which it goes on. */
  certaintyIn(
    number: number,
    values: Uint8Array,
    isWanted: IsWanted,
    course: Course = this.state(number).course,
  ): Certainty {
    switch (course.kind) {
      case 'match':
      case 'bucket':
        return this.certaintyIn(number, values, isWanted, course.next);
      case 'copies': {
        let highest: Certainty = NEVER;
        for (const each of course.of) {
          const value = this.certaintyIn(number, values, isWanted, each);
          if (value > highest) highest = value;
        }
        return highest;
      }
      case 'choice': {
        const each = course.of.map((part) => this.certaintyIn(number, values, isWanted, part));
        const [first = NEVER] = each;
        return each.every((value) => value === first) ? first : PERHAPS;
      }
      case 'output':
      case 'end': {
        let highest: Certainty = NEVER;
        for (const exit of this.exits(number, course)) {
          const value = this.#certaintyOf(exit, values, isWanted);
          if (value > highest) highest = value;
        }
        return highest;
      }
    }
  }

  /** What becomes of one end of a state's course; several for `all` and `flood`. */
  exits(number: number, course: CourseEnd): readonly Exit[] {
    const { node, inPort = ANY_PORT } = this.state(number);
    return course.kind === 'end' ? [{ kind: 'end', fate: course.fate }] : this.#exits(node, inPort, course);
  }

  /** The number of the state to which a hop leads; undefined when there were too many states to go on. */
  stateAfter({ node, inPort, packet }: Hop): number | undefined {
    return this.#numberOf(node, inPort, packet);
  }

  #endsUnforeseeably(number: number): boolean {
    return endsOf(this.state(number).course).some((end) =>
      this.exits(number, end).some((exit) => exit.kind === 'end' && exit.fate.kind === 'unforeseeable'),
    );
  }

  #stepFrom(number: number): { readonly number: number; readonly hops: readonly Hop[]; position: number } {
    const hops = this.#hopsFrom(number);
    this.#hops += hops.length;
    return { number, hops, position: 0 };
  }

  /** For each state, by its number, 1 where the packet may come to one of these switches from there, or is at one. */
  leadsTo(nodes: { has(node: number): boolean }): Uint8Array {
    const leads = new Uint8Array(this.#states.length);
    const queue = [...this.#states.keys()].filter((number) => nodes.has(this.state(number).node));
    for (const number of queue) leads[number] = 1;
    for (const number of queue) {
      for (const before of this.#statesBefore(number)) {
        if (leads[before] === 1) continue;
        leads[before] = 1;
        queue.push(before);
      }
    }
    return leads;
  }

  /** The numbers of the states to which one goes on. */
  statesAfter(number: number): readonly number[] {
    return this.#hopsFrom(number).flatMap((hop) => this.stateAfter(hop) ?? []);
  }

  #statesBefore(number: number): readonly number[] {
    if (this.#predecessors === undefined) {
      const predecessors = this.#states.map((): number[] => []);
      for (const from of this.#states.keys()) {
        for (const hop of this.#hopsFrom(from)) {
          const to = this.stateAfter(hop);
          if (to !== undefined) predecessors[to]?.push(from);
        }
      }
      this.#predecessors = predecessors;
    }
    return this.#predecessors[number] ?? [];
  }

  #certaintyOf(exit: Exit, values: Uint8Array, isWanted: IsWanted): Certainty {
    if (exit.kind === 'hop') {
      const number = this.stateAfter(exit);
      return number === undefined ? PERHAPS : ((values[number] ?? NEVER) as Certainty);
    }
    const { fate } = exit;
    if (fate.kind === 'unforeseeable') return PERHAPS;
    return fate.kind === 'at-host' && isWanted(fate) ? ALWAYS : NEVER;
  }

  #exits(node: number, inPort: number, { port, packet, missedTable }: Output): readonly Exit[] {
    switch (port) {
      case 'in_port':
        return [this.#leave(node, inPort, packet)];
      case 'all':
      case 'flood': {
        const others = [...this.network.node(node).ports.keys()].filter((each) => each !== inPort);
        if (others.length === 0) return [{ kind: 'end', fate: { kind: 'no-other-port' } }];
        return others.map((each) => this.#leave(node, each, packet));
      }
      case 'local':
        return [{ kind: 'end', fate: { kind: 'to-switch-itself' } }];
      case 'normal':
        // `#learnt` has left those that cannot be foreseen.
        return [{ kind: 'end', fate: { kind: 'unforeseeable', reason: this.network.learning.cannotTell ?? '' } }];
      case 'controller':
        return [this.#toController(node, inPort, packet, missedTable)];
      case 'table':
        // The pipeline has carried it out.
        return [];
      default:
        return [this.#leaveBy(node, inPort, port, packet)];
    }
  }

  #toController(node: number, inPort: number, packet: Packet, missedTable: number | undefined): Exit {
    const forwarded = this.network.forwardFrom(node, packet);
    if (forwarded === undefined) {
      const fate: Fate =
        missedTable === undefined ? { kind: 'to-controller' } : { kind: 'no-entry', tableId: missedTable };
      return { kind: 'end', fate };
    }
    return forwarded.port === undefined
      ? { kind: 'end', fate: { kind: 'no-known-way' } }
      : this.#leaveBy(node, inPort, forwarded.port, packet);
  }

  #leaveBy(node: number, inPort: number, port: number, packet: Packet): Exit {
    return port === inPort ? { kind: 'end', port, fate: { kind: 'back-out' } } : this.#leave(node, port, packet);
  }

  #leave(node: number, port: number, packet: Packet): Exit {
    const there = this.network.node(node).ports.get(port);
    if (there === undefined) return { kind: 'end', port, fate: { kind: 'no-such-port' } };
    if (!there.isUp) return { kind: 'end', port, fate: { kind: 'port-down' } };
    const { peer } = there;
    if (peer.kind === 'host') {
      // A change by the last switch is one, too.
      this.#packetNumber(packet);
      const host = this.network.nics[peer.nic]?.host ?? ABSENT;
      return { kind: 'end', port, fate: { kind: 'at-host', host, nic: peer.nic, packet } };
    }
    return { kind: 'hop', port, node: peer.index, inPort: peer.port, packet: packet.parsed() };
  }

  #packetNumber(packet: Packet): number {
    if (packet === this.sent) return 0;
    const { key } = packet;
    const known = this.#packetNumbers.get(key);
    if (known !== undefined) return known;
    const number = key === this.sent.key ? 0 : this.#packetNumbers.size + 1;
    if (number !== 0) this.#packetNumbers.set(key, number);
    return number;
  }

  /** Equal exactly for equal states. */
  #key(node: number, inPort: number, packet: Packet): number {
    const place = this.#placeOf(node, packet);
    const matters =
      this.network.node(node).pipeline.matchesInPort ||
      this.#dependsOn(inPort, node, this.#courseAt(place, node, inPort, packet));
    return place * MOST_PORTS + (matters ? inPort : ANY_PORT);
  }

  #numberOf(node: number, inPort: number, packet: Packet): number | undefined {
    const arrival = this.#placeOf(node, packet) * MOST_PORTS + inPort;
    const known = this.#arrivals.get(arrival);
    if (known !== undefined) return known;
    const number = this.#numbers.get(this.#key(node, inPort, packet));
    if (number !== undefined) this.#arrivals.set(arrival, number);
    return number;
  }

  #placeOf(node: number, packet: Packet): number {
    return this.#packetNumber(packet) * this.network.nodes.length + node;
  }

  #discover(node: number, inPort: number, packet: Packet): number {
    const number = this.#states.length;
    const key = this.#key(node, inPort, packet);
    const place = Math.floor(key / MOST_PORTS);
    const course = this.#courseAt(place, node, inPort, packet);
    this.#numbers.set(key, number);
    this.#states.push({
      node,
      arrivedBy: inPort,
      packet,
      course,
      ...(key % MOST_PORTS === ANY_PORT ? {} : { inPort }),
    });
    return number;
  }

  /** @param place of the switch and the packet */
  #courseAt(place: number, node: number, inPort: number, packet: Packet): Course {
    const { pipeline } = this.network.node(node);
    if (pipeline.matchesInPort) return this.#learnt(node, pipeline.process(packet, inPort));
    const known = this.#courses.get(place);
    if (known !== undefined) return known;
    const course = this.#learnt(node, pipeline.process(packet, inPort));
    this.#courses.set(place, course);
    return course;
  }

  /** Says of `output:NORMAL` what the switch does, where that can be foreseen. */
  #learnt(node: number, course: Course): Course {
    switch (course.kind) {
      case 'match':
      case 'bucket': {
        const next = this.#learnt(node, course.next);
        return next === course.next ? course : { ...course, next };
      }
      case 'copies':
      case 'choice': {
        const of = course.of.map((part) => this.#learnt(node, part));
        return of.every((part, index) => part === course.of[index]) ? course : { ...course, of };
      }
      case 'output': {
        if (course.port !== 'normal') return course;
        const { learning } = this.network;
        const packet = course.packet.asBridged();
        const toAll: Course = { ...course, packet, port: 'flood' };
        // Nobody learns where all are.
        if (packet.isMulticast) return toAll;
        if (learning.cannotTell !== undefined) return course;
        const port = learning.portFrom(node, packet);
        return port === undefined
          ? toAll
          : { kind: 'choice', among: 'learning', of: [{ ...course, packet, port }, toAll] };
      }
      case 'end':
        return course;
    }
  }

  /** Whether something else becomes of the packet by this port than by others, though the entries do not look at it. */
  #dependsOn(inPort: number, node: number, course: Course): boolean {
    switch (course.kind) {
      case 'match':
      case 'bucket':
        return this.#dependsOn(inPort, node, course.next);
      case 'copies':
      case 'choice':
        return course.of.some((part) => this.#dependsOn(inPort, node, part));
      case 'output': {
        const { port, packet } = course;
        if (port === 'controller') return this.network.forwardFrom(node, packet)?.port === inPort;
        return port === inPort || port === 'in_port' || port === 'all' || port === 'flood';
      }
      case 'end':
        return false;
    }
  }

  #hopsFrom(number: number): readonly Hop[] {
    const hops: Hop[] = [];
    for (const end of endsOf(this.state(number).course)) {
      for (const exit of this.exits(number, end)) {
        if (exit.kind === 'hop') hops.push(exit);
        // Counts it among what the packet becomes.
        else if (exit.fate.kind === 'at-host') this.#packetNumber(exit.fate.packet);
      }
    }
    return hops;
  }
}

/** The leaves of a course. */
export function endsOf(course: Course): readonly CourseEnd[] {
  switch (course.kind) {
    case 'match':
    case 'bucket':
      return endsOf(course.next);
    case 'copies':
    case 'choice':
      return course.of.flatMap(endsOf);
    case 'output':
    case 'end':
      return [course];
  }
}

function hasChoice(course: Course): boolean {
  switch (course.kind) {
    case 'match':
    case 'bucket':
      return hasChoice(course.next);
    case 'copies':
      return course.of.some(hasChoice);
    case 'choice':
      return true;
    case 'output':
    case 'end':
      return false;
  }
}
