import { type Circle, circlesOf, disturbedNodes } from './circles.ts';
import { LinuxHost, type Reaction } from './linux-host.ts';
import type { Network } from './network.ts';
import { ABSENT, type Packet } from './packet.ts';
import { ALWAYS, type Certainty, endsOf, NEVER, PERHAPS, Walk } from './walk.ts';

/** Packets that hosts may send in one exchange: entries that rewrite ARP messages can have them ask for ever. */
const MOST_LEGS = 16;
/** Visits to states, over all places where one packet may come, beyond which each place is only perhaps one. */
const MOST_VISITS = 20_000;
/** A packet whose path cannot be foreseen may reach any host. It is tried in at most this many forms. */
const MOST_ASSUMED = 4;

/** One packet from the host that sends it to wherever it comes. */
export interface Leg {
  /** The host that sends it, by its place in the topology. */
  readonly from: number;
  readonly packet: Packet;
  /** Absent where the host's link is down. */
  readonly walk?: Walk;
  /** Number of the state in which it enters the network. */
  readonly root: number;
  readonly arrivals: readonly Arrival[];
}

/** A packet at a host, and what that makes of it. */
export interface Arrival {
  readonly host: number;
  readonly packet: Packet;
  readonly certainty: Certainty;
  readonly reaction: Reaction;
}

/** A ping from one host to another, with empty ARP caches; of what else goes on, circles of copies alone matter. */
export interface Exchange {
  readonly source: number;
  readonly target: number;
  readonly certainty: Certainty;
  /** A circle of copies in which its packets may be lost, though they would arrive without that. */
  readonly disturbedBy?: Circle;
  /** In the order in which they are sent; empty where the source has no route to the target. */
  readonly legs: readonly Leg[];
}

/** Follows a ping through the network: the ARP request and reply, the echo request and reply, and what else comes up. */
export function exchangeBetween(network: Network, source: number, target: number): Exchange {
  const exchange = undisturbed(network, source, target);
  if (exchange.certainty === NEVER) return exchange;
  const disturbed = disturbedNodes(circlesOf(network));
  if (disturbed.size === 0) return exchange;
  const nodes = exchange.legs.flatMap(({ walk }) => walk?.states.map(({ node }) => node) ?? []);
  const disturbedBy = nodes.map((node) => disturbed.get(node)).find((circle) => circle !== undefined);
  return disturbedBy === undefined ? exchange : { ...exchange, certainty: PERHAPS, disturbedBy };
}

function undisturbed(network: Network, source: number, target: number): Exchange {
  // What happens if everything arrives that may, and if nothing arrives but what must.
  const best = run(network, source, target, PERHAPS);
  const isCertain = best.legs.every((leg) => leg.arrivals.every(({ certainty }) => certainty === ALWAYS));
  if (!best.reached) return { source, target, certainty: best.isCut ? PERHAPS : NEVER, legs: best.legs };
  if (isCertain) return { source, target, certainty: ALWAYS, legs: best.legs };
  const worst = run(network, source, target, ALWAYS);
  return { source, target, certainty: worst.reached ? ALWAYS : PERHAPS, legs: best.legs };
}

function run(
  network: Network,
  source: number,
  target: number,
  least: Certainty,
): { readonly reached: boolean; readonly isCut: boolean; readonly legs: readonly Leg[] } {
  // Of a thousand hosts few get anything.
  const hosts = new Map<number, LinuxHost>();
  const hostAt = (index: number) => {
    const host = network.hosts[index];
    const known = hosts.get(index);
    if (known !== undefined || host === undefined) return known;
    const made = new LinuxHost(host);
    hosts.set(index, made);
    return made;
  };
  const targetIp = network.addresses[target]?.ip ?? ABSENT;
  const legs: Leg[] = [];
  let reached = false;
  let isCut = false;
  const outgoing = (hostAt(source)?.ping(targetIp) ?? []).map((packet) => ({ from: source, packet }));
  for (const { from, packet } of outgoing) {
    isCut ||= legs.length >= MOST_LEGS;
    if (isCut) break;
    const arrivals: Arrival[] = [];
    const { walk, root, found } = follow(network, from, packet);
    for (const { host, packet: arrived, certainty, isAssumed } of found) {
      const reaction = certainty < least ? undefined : hostAt(host)?.receive(arrived, certainty === ALWAYS);
      if (reaction === undefined || (isAssumed && reaction.kind === 'ignores')) continue;
      arrivals.push({ host, packet: arrived, certainty, reaction });
      if (reaction.kind === 'sends') outgoing.push(...reaction.packets.map((each) => ({ from: host, packet: each })));
      reached ||= reaction.kind === 'echo-reply' && host === source && reaction.from === targetIp;
    }
    legs.push({ from, packet, root, arrivals, ...(walk === undefined ? {} : { walk }) });
    isCut = walk?.isCut ?? false;
  }
  return { reached, isCut, legs };
}

interface Found {
  readonly host: number;
  readonly packet: Packet;
  readonly certainty: Certainty;
  /** Whether it may come there by ways that cannot be followed only. */
  readonly isAssumed: boolean;
}

/** Where a packet comes that a host sends. */
function follow(
  network: Network,
  from: number,
  packet: Packet,
): { readonly walk: Walk | undefined; readonly root: number; readonly found: readonly Found[] } {
  const attachment = network.attachments[from];
  if (attachment?.isUp !== true) return { walk: undefined, root: 0, found: [] };
  const walk = new Walk(network, packet);
  const root = walk.enter(attachment.node, attachment.port);
  const places = new Map<string, { readonly host: number; readonly packet: Packet }>();
  /** The packet as it was sent, and as it is at each switch from which its path cannot be foreseen. */
  const unforeseen = new Map([[packet.key, packet]]);
  for (const [number, { course }] of walk.states.entries()) {
    for (const end of endsOf(course)) {
      for (const exit of walk.exits(number, end)) {
        if (exit.kind !== 'end') continue;
        if (exit.fate.kind === 'unforeseeable' && end.kind === 'output') unforeseen.set(end.packet.key, end.packet);
        if (exit.fate.kind !== 'at-host') continue;
        const { host, packet: arrived } = exit.fate;
        places.set(`${host} ${arrived.key}`, { host, packet: arrived });
      }
    }
  }
  const surelyAll = walk.isDecided;
  const isTooMuch = places.size * walk.states.length > MOST_VISITS;
  const found = [...places.values()].map(({ host, packet: arrived }): Found => {
    if (surelyAll) return { host, packet: arrived, certainty: ALWAYS, isAssumed: false };
    if (isTooMuch) return { host, packet: arrived, certainty: PERHAPS, isAssumed: false };
    const { key } = arrived;
    const values = walk.certainties((at, other) => at === host && other.key === key);
    return { host, packet: arrived, certainty: (values[root] ?? NEVER) as Certainty, isAssumed: false };
  });
  if (walk.isOpen) {
    for (const host of network.hosts.keys()) {
      for (const [key, each] of [...unforeseen].slice(0, MOST_ASSUMED)) {
        if (!places.has(`${host} ${key}`)) found.push({ host, packet: each, certainty: PERHAPS, isAssumed: true });
      }
    }
  }
  return { walk, root, found: found.filter(({ certainty }) => certainty > NEVER) };
}
