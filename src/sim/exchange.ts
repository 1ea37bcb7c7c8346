import { type Circle, circlesOf, disturbedNodes } from './circles.ts';
import { PacketClasses } from './legs.ts';
import { DEFAULT_TTL, LinuxHost, type Reaction } from './linux-host.ts';
import type { End, Network } from './network.ts';
import { ABSENT, ARP, type Packet } from './packet.ts';
import { ALWAYS, type AtHost, type Certainty, endsOf, NEVER, PERHAPS, Walk } from './walk.ts';

/**
 * Packets that hosts may send in one exchange: entries that rewrite ARP messages can have them ask for ever, and routers
 * may send a packet to each other until it has passed as many as it may.
 */
const MOST_LEGS = 16;
const MOST_LEGS_WITH_ROUTERS = 4 * DEFAULT_TTL;
/** Visits to states, over all places where one packet may come, beyond which each place is only perhaps one. */
const MOST_VISITS = 20_000;
/** A packet whose path cannot be foreseen may reach any host. It is tried in at most this many forms. */
const MOST_ASSUMED = 4;

/** One packet from the host that sends it to wherever it comes. */
export interface Leg {
  /** The host that sends it, by its place in the topology. */
  readonly from: number;
  /** Of its interfaces the one by which it leaves. */
  readonly nic: number;
  readonly packet: Packet;
  /** Absent where that link is down, or leads to another host. */
  readonly walk?: Walk;
  /** Number of the state in which it enters the network. */
  readonly root: number;
  readonly arrivals: readonly Arrival[];
}

/** A packet at a host, and what that makes of it. */
export interface Arrival {
  readonly host: number;
  readonly nic: number;
  readonly packet: Packet;
  readonly certainty: Certainty;
  readonly reaction: Reaction;
}

/** A ping from one host to another, with empty ARP caches; of what else goes on, circles of copies alone matter. */
export interface Exchange {
  readonly source: End;
  readonly target: End;
  readonly certainty: Certainty;
  /** A circle of copies in which its packets may be lost, though they would arrive without that. */
  readonly disturbedBy?: Circle;
  /** In the order in which they are sent; empty where the source has no route to the target. */
  readonly legs: readonly Leg[];
}

/**
 * Follows a ping through the network: the ARP request and reply, the echo request and reply, and what else comes up.
 * @param from and to hosts by their place in the topology, or other addresses of theirs
 * @param shared what is known of packets of other pings. The walks of legs may then be those of packets of the same kind,
 *   and arrivals without those that are for others.
 */
export function exchangeBetween(network: Network, from: number | End, to: number | End, shared?: SharedWays): Exchange {
  const [source, target] = [from, to].map((end) => (typeof end === 'number' ? network.endOf(end) : end)) as [End, End];
  const exchange =
    source.host === target.host ? withItself(source, target) : undisturbed(network, source, target, shared);
  if (exchange.certainty === NEVER) return exchange;
  const disturbed = disturbedNodes(circlesOf(network));
  if (disturbed.size === 0) return exchange;
  const nodes = exchange.legs.flatMap(({ walk }) => walk?.states.map(({ node }) => node) ?? []);
  const disturbedBy = nodes.map((node) => disturbed.get(node)).find((circle) => circle !== undefined);
  return disturbedBy === undefined ? exchange : { ...exchange, certainty: PERHAPS, disturbedBy };
}

/** A host reaches each of its own addresses, and sends nothing for that. */
function withItself(source: End, target: End): Exchange {
  return { source, target, certainty: target.ip === undefined ? NEVER : ALWAYS, legs: [] };
}

function undisturbed(network: Network, source: End, target: End, shared: SharedWays | undefined): Exchange {
  const run = (least: Certainty, lost?: Races) => runOnce(network, source, target, shared, least, lost);
  // What happens if everything arrives that may, and if nothing arrives but what must.
  const best = run(PERHAPS);
  const isCertain = best.legs.every((leg) => leg.arrivals.every(({ certainty }) => certainty === ALWAYS));
  const worst = isCertain ? best : run(ALWAYS);
  // Where several answer for an address, the first answer counts, and any may be that.
  const others = best.races.size === 0 ? [] : [run(PERHAPS, best.races)];
  const reached = [best, ...others].filter((each) => each.reached).length;
  const legs = best.reached ? best.legs : (others.find((each) => each.reached) ?? best).legs;
  if (reached === 0) return { source, target, certainty: best.isCut ? PERHAPS : NEVER, legs };
  const isSure = worst.reached && reached === others.length + 1;
  return { source, target, certainty: isSure ? ALWAYS : PERHAPS, legs };
}

/** By host, the neighbours of whom several answered; see `LinuxHost.races`. */
type Races = ReadonlyMap<number, ReadonlySet<number>>;

interface Run {
  readonly reached: boolean;
  readonly isCut: boolean;
  readonly legs: readonly Leg[];
  readonly races: Races;
}

/** @param lost the first answers of these neighbours come last */
function runOnce(
  network: Network,
  source: End,
  target: End,
  shared: SharedWays | undefined,
  least: Certainty,
  lost: Races = new Map(),
): Run {
  // Of a thousand hosts few get anything.
  const hosts = new Map<number, LinuxHost>();
  const hostAt = (index: number) => {
    const host = network.hosts[index];
    const known = hosts.get(index);
    if (known !== undefined || host === undefined) return known;
    const made = new LinuxHost(host, lost.get(index));
    hosts.set(index, made);
    return made;
  };
  const targetIp = target.ip;
  const mostLegs = network.hasRouters ? MOST_LEGS_WITH_ROUTERS : MOST_LEGS;
  const legs: Leg[] = [];
  let reached = false;
  let isCut = false;
  const sent = targetIp === undefined ? undefined : hostAt(source.host)?.ping(targetIp, source.from);
  const outgoing = (sent ?? []).map((packet) => ({ from: source.host, packet }));
  for (const { from, packet } of outgoing) {
    isCut ||= legs.length >= mostLegs;
    if (isCut) break;
    const nic = network.nicAt(from, packet.port) ?? ABSENT;
    const arrivals: Arrival[] = [];
    const { walk, root, found } = shared?.follow(nic, packet.packet) ?? follow(network, nic, packet.packet);
    for (const { at, certainty, isAssumed, by } of found) {
      const { host, packet: arrived } = at;
      const port = network.nics[at.nic]?.port ?? ABSENT;
      if (shared !== undefined && !hosts.has(host) && isArpForOthers(network, host, arrived)) continue;
      const received = { port, packet: arrived, ttl: packet.ttl };
      const reaction =
        certainty < least ? undefined : hostAt(host)?.receive(received, certainty === ALWAYS, { of: legs.length, by });
      if (reaction === undefined || (isAssumed && reaction.kind === 'ignores')) continue;
      arrivals.push({ host, nic: at.nic, packet: arrived, certainty, reaction });
      if (reaction.kind === 'sends') outgoing.push(...reaction.packets.map((each) => ({ from: host, packet: each })));
      reached ||= reaction.kind === 'echo-reply' && host === source.host && reaction.from === targetIp;
    }
    legs.push({ from, nic, packet: packet.packet, root, arrivals, ...(walk === undefined ? {} : { walk }) });
    isCut = walk?.isCut ?? false;
  }
  const raced = [...hosts].flatMap(([index, { races }]) => (races.size === 0 ? [] : [[index, races] as const]));
  return { reached, isCut, legs, races: new Map(raced) };
}

/** Whether it is an ARP message that tells a host nothing which knows of nobody yet. */
function isArpForOthers(network: Network, host: number, packet: Packet): boolean {
  return packet.get('eth_type') === ARP && network.hosts[host]?.own.has(packet.get('arp_tpa')) === false;
}

interface Found {
  readonly at: Omit<AtHost, 'kind'>;
  readonly certainty: Certainty;
  /** The state from which it comes there. */
  readonly by: number;
  /** Whether it may come there by ways that cannot be followed only. */
  readonly isAssumed: boolean;
}

interface Followed {
  /** Absent where the packet comes to no switch. */
  readonly walk: Walk | undefined;
  /** The state in which it begins. */
  readonly root: number;
  readonly found: readonly Found[];
}

/** Ways that are kept; see `SharedWays`. */
const MOST_WAYS = 50_000;

/**
 * Where packets come, for many pings of one network. Packets that no switch tells apart go the same way, if nothing
 * rewrites them.
 */
export class SharedWays {
  readonly #network: Network;
  readonly #classes: PacketClasses;
  readonly #ways = new Map<string, Followed>();

  constructor(network: Network) {
    this.#network = network;
    this.#classes = new PacketClasses(network);
  }

  /** @param from the interface by which it leaves */
  follow(from: number, packet: Packet): Followed {
    const shared = `${from} ${this.#classes.of(packet)}`;
    const like = this.#ways.get(shared);
    if (like !== undefined && like.walk?.isRewritten !== true) return withPacket(like, packet);
    const exact = `${from} = ${packet.key}`;
    const known = this.#ways.get(exact);
    if (known !== undefined) return known;
    const { found, ...followed } = follow(this.#network, from, packet);
    const way = { ...followed, found: found.filter(({ at }) => this.#mayTake(at)) };
    if (this.#ways.size >= MOST_WAYS) this.#ways.clear();
    this.#ways.set(shared, way);
    if (way.walk?.isRewritten === true) this.#ways.set(exact, way);
    return way;
  }

  /** Whether a packet is for the host to which it comes: of a flooded one, most copies are not. */
  #mayTake({ nic, host, packet }: Omit<AtHost, 'kind'>): boolean {
    const { port = ABSENT } = this.#network.nics[nic] ?? {};
    const isForLink = packet.parsed().tagType === 0 && !packet.isMulticast;
    return !isForLink || this.#network.hosts[host]?.interfaceAt(port, undefined)?.mac === packet.get('eth_dst');
  }
}

/** The way of a packet that is like another one, which nothing has rewritten. */
function withPacket(followed: Followed, packet: Packet): Followed {
  return { ...followed, found: followed.found.map((each) => ({ ...each, at: { ...each.at, packet } })) };
}

/** Where a packet comes that a host sends by one of its interfaces. */
function follow(network: Network, from: number, packet: Packet): Followed {
  const nic = network.nics[from];
  if (nic?.isUp !== true) return { walk: undefined, root: 0, found: [] };
  const { peer } = nic;
  if (peer.kind === 'host') {
    const at = { host: network.nics[peer.nic]?.host ?? ABSENT, nic: peer.nic, packet };
    return { walk: undefined, root: 0, found: [{ at, certainty: ALWAYS, by: 0, isAssumed: false }] };
  }
  const walk = new Walk(network, packet);
  const root = walk.enter(peer.index, peer.port);
  const places = new Map<string, { readonly at: AtHost; readonly by: number }>();
  /** The packet as it was sent, and as it is at each switch from which its path cannot be foreseen. */
  const unforeseen = new Map([[packet.key, packet]]);
  for (const [number, { course }] of walk.states.entries()) {
    for (const end of endsOf(course)) {
      for (const exit of walk.exits(number, end)) {
        if (exit.kind !== 'end') continue;
        if (exit.fate.kind === 'unforeseeable' && end.kind === 'output') unforeseen.set(end.packet.key, end.packet);
        if (exit.fate.kind === 'at-host') places.set(placeKey(exit.fate), { at: exit.fate, by: number });
      }
    }
  }
  const surelyAll = walk.isDecided;
  const isTooMuch = places.size * walk.states.length > MOST_VISITS;
  const found = [...places].map(([key, { at, by }]): Found => {
    if (surelyAll) return { at, certainty: ALWAYS, by, isAssumed: false };
    if (isTooMuch) return { at, certainty: PERHAPS, by, isAssumed: false };
    const values = walk.certainties((other) => placeKey(other) === key);
    return { at, certainty: (values[root] ?? NEVER) as Certainty, by, isAssumed: false };
  });
  if (walk.isOpen) {
    for (const [place, { host }] of network.nics.entries()) {
      for (const each of [...unforeseen.values()].slice(0, MOST_ASSUMED)) {
        const at = { host, nic: place, packet: each };
        if (!places.has(placeKey(at))) found.push({ at, certainty: PERHAPS, by: ABSENT, isAssumed: true });
      }
    }
  }
  return { walk, root, found: found.filter(({ certainty }) => certainty > NEVER) };
}

function placeKey({ nic, packet }: Omit<AtHost, 'kind'>): string {
  return `${nic} ${packet.key}`;
}
