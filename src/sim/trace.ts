import { formatField, MATCH_FIELD_NAMES } from '../model/match.ts';
import { formatInstructions } from '../model/openflow.ts';
import type { Circle } from './circles.ts';
import type { Course, SwitchFate } from './course.ts';
import type { Arrival, Exchange, Leg } from './exchange.ts';
import type { NamedFlow } from './flow-table.ts';
import type { Ignored } from './linux-host.ts';
import type { Network } from './network.ts';
import { ARP, ARP_REQUEST, ECHO_REPLY, ECHO_REQUEST, type Packet } from './packet.ts';
import { ALWAYS, type Certainty, type Exit, type Fate, NEVER, PERHAPS, type Walk } from './walk.ts';

/** The story of one ping as values that can be printed as JSON: every hop of every packet, and what decided. */
export interface Trace {
  readonly source: string;
  readonly target: string;
  readonly outcome: Outcome;
  /** Switches among which copies go round for ever, so that its packets may be lost; the first one is the last, too. */
  readonly disturbedBy?: readonly string[];
  /** Packets in the order in which hosts send them; empty where the source has no route to the target. */
  readonly legs: readonly TracedLeg[];
}

/** `undecided`: the entries leave it to the switches. */
export type Outcome = 'reaches' | 'fails' | 'undecided';

const OUTCOMES: Readonly<Record<Certainty, Outcome>> = {
  [NEVER]: 'fails',
  [PERHAPS]: 'undecided',
  [ALWAYS]: 'reaches',
};

export type Message = 'ARP request' | 'ARP reply' | 'echo request' | 'echo reply' | 'other packet';

export interface TracedLeg {
  readonly message: Message;
  readonly from: string;
  /** The host that it is for; null where no host has the address. */
  readonly to: string | null;
  /** Its fields as it is sent. */
  readonly packet: Readonly<Record<string, string>>;
  /** Every switch that it, or a copy of it, comes to, the first one first. */
  readonly hops: readonly TracedHop[];
  readonly arrivals: readonly TracedArrival[];
  /** The way that decides what becomes of it. */
  readonly way: Way;
  /** Where it does not arrive for certain, a way on which it does not. */
  readonly doubt?: Way;
}

/** A packet at a switch. */
export interface TracedHop {
  readonly switch: string;
  /** The port where it comes in, or one of several that make no difference. */
  readonly inPort: number;
  /** Its fields, where they are not those that were sent. */
  readonly rewritten?: Readonly<Record<string, string>>;
  /** Every branch: what the switch does on it, in its order, and where it leads. */
  readonly branches: readonly TracedBranch[];
}

export interface TracedBranch {
  readonly steps: readonly Step[];
  readonly end: BranchEnd;
}

/** What a switch does with a packet. */
export type Step =
  | { readonly kind: 'match'; readonly table: number; readonly entry: TracedEntry }
  | { readonly kind: 'bucket'; readonly group: number; readonly groupType: string; readonly bucket: number }
  /** One of several is taken, and this is one: buckets by a hash of the packet, entries that overlap, or ports by what it has learnt. */
  | { readonly kind: 'choice'; readonly among: 'buckets' | 'entries' | 'learning'; readonly of: number }
  /** No entry matches, or an entry says so: the controller sends it on. */
  | { readonly kind: 'controller-forwards' };

export interface TracedEntry {
  /** Absent where the controller lists none for it. */
  readonly name?: string;
  readonly priority: number;
  /** By Floodlight's names. */
  readonly match: Readonly<Record<string, string>>;
  readonly instructions: string;
}

export type BranchEnd =
  /** @param hop index into the leg's hops; undefined when there were too many to follow */
  | { readonly kind: 'hop'; readonly port: number; readonly hop: number | undefined }
  | { readonly kind: 'fate'; readonly port?: number; readonly fate: TracedFate };

/** Where a packet, or a copy of it, ends: a closed set. */
export type TracedFate =
  | Exclude<SwitchFate, { readonly kind: 'dropped' }>
  | { readonly kind: 'dropped'; readonly entry: TracedEntry }
  | Exclude<Fate, SwitchFate | { readonly kind: 'at-host' }>
  | { readonly kind: 'delivered'; readonly host: string }
  | { readonly kind: 'ignored'; readonly host: string; readonly why: Ignored }
  /** It comes to a switch where it was before, and so for ever. */
  | { readonly kind: 'loop'; readonly cycle: readonly string[] }
  /** It does not get away from its host. */
  | { readonly kind: 'host-link-down'; readonly host: string }
  /** Nor does it where the host's switch is stopped. */
  | { readonly kind: 'switch-stopped'; readonly host: string; readonly switch: string };

export interface TracedArrival {
  readonly host: string;
  readonly outcome: Outcome;
  /** What the host does. */
  readonly reaction: 'answers' | 'is answered' | 'ignores';
  readonly why?: Ignored;
}

/** A path through the hops of a leg, and where it ends. */
export interface Way {
  readonly hops: readonly WayHop[];
  readonly fate: TracedFate;
}

export interface WayHop {
  /** Index into the hops of the leg. */
  readonly hop: number;
  /** Index into the branches of that hop. */
  readonly branch: number;
  /** The port where the packet comes in on this way. */
  readonly inPort: number;
}

/** @param exchange of this network */
export function traceOf(network: Network, exchange: Exchange): Trace {
  return {
    source: exchange.source.name,
    target: exchange.target.name,
    outcome: OUTCOMES[exchange.certainty],
    ...(exchange.disturbedBy === undefined ? {} : { disturbedBy: namesOfCircle(network, exchange.disturbedBy) }),
    legs: exchange.legs.map((leg) => new LegTracer(network, leg).traced()),
  };
}

/** The switches of a circle, the first one at its end too: `s1 s2 s3 s1`. */
export function namesOfCircle(network: Network, { nodes }: Circle): readonly string[] {
  const names = nodes.map((node) => network.node(node).name);
  return [...names, names[0] ?? ''];
}

/** Where a packet is that has come to a host. */
type Place = Pick<Arrival, 'host' | 'nic' | 'packet'>;

function isSamePlace(a: Place, b: Place): boolean {
  return a.nic === b.nic && a.packet.key === b.packet.key;
}

class LegTracer {
  readonly #network: Network;
  readonly #leg: Leg;

  constructor(network: Network, leg: Leg) {
    this.#network = network;
    this.#leg = leg;
  }

  traced(): TracedLeg {
    const { from, nic, packet, walk, arrivals } = this.#leg;
    const used = arrivals.find(({ reaction }) => reaction.kind !== 'ignores') ?? arrivals[0];
    const leg = {
      message: messageOf(packet),
      from: this.#hostName(from),
      to: this.#receiverOf(packet),
      packet: packet.describe(),
      arrivals: arrivals.map((arrival) => this.#arrival(arrival)),
    };
    if (walk === undefined)
      return { ...leg, hops: [], way: { hops: [], fate: this.#fateWithoutSwitch(leg.from, nic) } };
    const values = walk.certainties((end) => used !== undefined && isSamePlace(end, used));
    const traced = { ...leg, hops: walk.states.map((_, number) => this.#hop(walk, number)) };
    const way = used && this.#winningWay(walk, used);
    if (way === undefined) return { ...traced, way: this.#losingWay(walk, values) };
    return used?.certainty === ALWAYS ? { ...traced, way } : { ...traced, way, doubt: this.#losingWay(walk, values) };
  }

  /** Of a packet that comes to no switch: its link is down, or leads to another host. */
  #fateWithoutSwitch(from: string, index: number): TracedFate {
    const nic = this.#network.nics[index];
    const { peer, isUp = false } = nic ?? {};
    const there = peer?.kind === 'host' ? this.#network.nics[peer.nic] : undefined;
    if (peer?.kind === 'host' && isUp && there !== undefined) {
      return this.#fateAtHost({ host: there.host, nic: peer.nic, packet: this.#leg.packet });
    }
    const stopped = nic && this.#network.stoppedSwitchOf(nic);
    return stopped === undefined
      ? { kind: 'host-link-down', host: from }
      : { kind: 'switch-stopped', host: from, switch: stopped };
  }

  #hop(walk: Walk, number: number): TracedHop {
    const { node, arrivedBy, packet } = walk.state(number);
    return {
      switch: this.#switchName(node),
      inPort: arrivedBy,
      ...(packet.key === walk.sent.key ? {} : { rewritten: packet.describe() }),
      branches: this.#branches(walk, number),
    };
  }

  #branches(walk: Walk, number: number): readonly TracedBranch[] {
    return branchesOf(walk, number).map(({ steps, exit }) => {
      if (exit.kind === 'end') return { steps, end: this.#fateEnd(exit) };
      return { steps, end: { kind: 'hop', port: exit.port, hop: walk.stateAfter(exit) } };
    });
  }

  #fateEnd(exit: Extract<Exit, { kind: 'end' }>): BranchEnd {
    const fate = this.#fate(exit);
    return exit.port === undefined ? { kind: 'fate', fate } : { kind: 'fate', port: exit.port, fate };
  }

  #fate({ fate }: Extract<Exit, { kind: 'end' }>): TracedFate {
    if (fate.kind === 'dropped') return { kind: 'dropped', entry: tracedEntry(fate.entry) };
    return fate.kind === 'at-host' ? this.#fateAtHost(fate) : fate;
  }

  #fateAtHost(end: Place): TracedFate {
    const host = this.#hostName(end.host);
    const arrival = this.#leg.arrivals.find((each) => isSamePlace(each, end));
    return arrival?.reaction.kind === 'ignores'
      ? { kind: 'ignored', host, why: arrival.reaction.why }
      : { kind: 'delivered', host };
  }

  /** The shortest way to an arrival; undefined where it is on none that was followed. */
  #winningWay(walk: Walk, arrival: Arrival): Way | undefined {
    const start = { inPort: walk.state(this.#leg.root).arrivedBy, from: undefined };
    const cameFrom = new Map<number, { readonly inPort: number; readonly from: WayHop | undefined }>([
      [this.#leg.root, start],
    ]);
    for (const [number, { inPort }] of cameFrom) {
      for (const [branch, { exit }] of branchesOf(walk, number).entries()) {
        if (exit.kind === 'hop') {
          const next = walk.stateAfter(exit);
          const from = { hop: number, branch, inPort };
          if (next !== undefined && !cameFrom.has(next)) cameFrom.set(next, { inPort: exit.inPort, from });
        } else if (exit.fate.kind === 'at-host' && isSamePlace(exit.fate, arrival)) {
          const hops: WayHop[] = [{ hop: number, branch, inPort }];
          for (let at = cameFrom.get(number)?.from; at !== undefined; at = cameFrom.get(at.hop)?.from) hops.unshift(at);
          return { hops, fate: this.#fate(exit) };
        }
      }
    }
    return undefined;
  }

  /** A way on which the packet does not come to where it should: on to other switches as long as there are any. */
  #losingWay(walk: Walk, values: Uint8Array): Way {
    const hops: WayHop[] = [];
    const visited = new Set<number>();
    let inPort = walk.state(this.#leg.root).arrivedBy;
    for (let number = this.#leg.root; ; ) {
      visited.add(number);
      const branches = branchesOf(walk, number);
      const certaintyOf = ({ exit }: Branch): number => {
        if (exit.kind === 'hop') return values[walk.stateAfter(exit) ?? -1] ?? NEVER;
        return exit.fate.kind === 'at-host' && this.#fate(exit).kind === 'delivered' ? ALWAYS : NEVER;
      };
      const least = Math.min(...branches.map(certaintyOf));
      const losing = branches.filter((branch) => certaintyOf(branch) === least);
      const isNew = ({ exit }: Branch) => exit.kind === 'hop' && !visited.has(walk.stateAfter(exit) ?? number);
      const taken = losing.find(isNew) ?? losing.find(({ exit }) => exit.kind === 'hop') ?? losing[0];
      if (taken === undefined) throw new Error('a course without branches');
      hops.push({ hop: number, branch: branches.indexOf(taken), inPort });
      const { exit } = taken;
      if (exit.kind === 'end') return { hops, fate: this.#fate(exit) };
      const next = walk.stateAfter(exit);
      if (next === undefined) {
        return { hops, fate: { kind: 'unforeseeable', reason: 'it is rewritten in more ways than are followed' } };
      }
      if (visited.has(next)) return { hops, fate: this.#loop(walk, hops, next) };
      number = next;
      inPort = exit.inPort;
    }
  }

  #loop(walk: Walk, hops: readonly { readonly hop: number }[], back: number): TracedFate {
    const start = hops.findIndex(({ hop }) => hop === back);
    const names = hops.slice(start).map(({ hop }) => this.#switchName(walk.state(hop).node));
    return { kind: 'loop', cycle: [...names, names[0] ?? ''] };
  }

  #arrival({ host, certainty, reaction }: Arrival): TracedArrival {
    const arrival = { host: this.#hostName(host), outcome: OUTCOMES[certainty] };
    switch (reaction.kind) {
      case 'sends':
        return { ...arrival, reaction: 'answers' };
      case 'echo-reply':
        return { ...arrival, reaction: 'is answered' };
      case 'ignores':
        return { ...arrival, reaction: 'ignores', why: reaction.why };
    }
  }

  #receiverOf(packet: Packet): string | null {
    const ip = packet.get(packet.get('eth_type') === ARP ? 'arp_tpa' : 'ipv4_dst');
    const index = this.#network.hosts.findIndex(({ own }) => own.has(ip));
    return index < 0 ? null : this.#hostName(index);
  }

  #hostName(index: number): string {
    return this.#network.topology.hosts[index]?.name ?? '';
  }

  #switchName(index: number): string {
    return this.#network.node(index).name;
  }
}

interface Branch {
  readonly steps: readonly Step[];
  readonly exit: Exit;
}

/** Every way through a switch that a packet, or a copy of it, takes or may take. */
function branchesOf(walk: Walk, number: number): readonly Branch[] {
  const branches: Branch[] = [];
  const follow = (course: Course, steps: readonly Step[]): void => {
    switch (course.kind) {
      case 'match': {
        const step: Step = { kind: 'match', table: course.tableId, entry: tracedEntry(course.entry) };
        follow(course.next, [...steps, step]);
        return;
      }
      case 'bucket': {
        const { groupId, groupType } = course.group;
        follow(course.next, [...steps, { kind: 'bucket', group: groupId, groupType, bucket: course.bucket }]);
        return;
      }
      case 'copies':
        for (const each of course.of) follow(each, steps);
        return;
      case 'choice': {
        const step: Step = { kind: 'choice', among: course.among, of: course.of.length };
        for (const each of course.of) follow(each, [...steps, step]);
        return;
      }
      case 'output':
      case 'end':
        for (const exit of walk.exits(number, course)) {
          const isForwarded = course.kind === 'output' && course.port === 'controller' && exit.port !== undefined;
          branches.push({ steps: isForwarded ? [...steps, { kind: 'controller-forwards' }] : steps, exit });
        }
    }
  };
  follow(walk.state(number).course, []);
  return branches;
}

function tracedEntry({ name, priority, match, instructions }: NamedFlow): TracedEntry {
  const fields = MATCH_FIELD_NAMES.flatMap((field) => {
    const masked = match[field];
    return masked === undefined ? [] : [[field, formatField(field, masked)] as const];
  });
  return {
    ...(name === undefined ? {} : { name }),
    priority,
    match: Object.fromEntries(fields),
    instructions: formatInstructions(instructions),
  };
}

function messageOf(packet: Packet): Message {
  if (packet.get('eth_type') === ARP) return packet.get('arp_opcode') === ARP_REQUEST ? 'ARP request' : 'ARP reply';
  const type = packet.get('icmpv4_type');
  if (type === ECHO_REQUEST) return 'echo request';
  return type === ECHO_REPLY ? 'echo reply' : 'other packet';
}
