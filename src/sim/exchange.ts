import { LinuxHost, type Reaction } from './linux-host.ts';
import type { Network } from './network.ts';
import { ABSENT, type Packet } from './packet.ts';
import { ALWAYS, type Certainty, endsOf, NEVER, PERHAPS, Walk } from './walk.ts';

/** Packets that hosts may send in one exchange: entries that rewrite ARP messages can have them ask for ever. */
const MOST_LEGS = 64;

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

/** A ping from one host to another, with empty ARP caches, and nothing else going on. */
export interface Exchange {
  readonly source: number;
  readonly target: number;
  readonly certainty: Certainty;
  /** In the order in which they are sent; empty where the source has no route to the target. */
  readonly legs: readonly Leg[];
}

/** Follows a ping through the network: the ARP request and reply, the echo request and reply, and what else comes up. */
export function exchangeBetween(network: Network, source: number, target: number): Exchange {
  // What happens if everything arrives that may, and if nothing arrives but what must.
  const best = run(network, source, target, PERHAPS);
  const isCertain = best.legs.every((leg) => leg.arrivals.every(({ certainty }) => certainty === ALWAYS));
  if (isCertain || !best.reached) {
    return { source, target, certainty: best.reached ? ALWAYS : NEVER, legs: best.legs };
  }
  const worst = run(network, source, target, ALWAYS);
  return { source, target, certainty: worst.reached ? ALWAYS : PERHAPS, legs: best.legs };
}

function run(
  network: Network,
  source: number,
  target: number,
  least: Certainty,
): { readonly reached: boolean; readonly legs: readonly Leg[] } {
  const hosts = network.hosts.map((host) => new LinuxHost(host));
  const targetIp = network.addresses[target]?.ip ?? ABSENT;
  const legs: Leg[] = [];
  let reached = false;
  const outgoing = (hosts[source]?.ping(targetIp) ?? []).map((packet) => ({ from: source, packet }));
  for (const { from, packet } of outgoing) {
    if (legs.length >= MOST_LEGS) break;
    const arrivals: Arrival[] = [];
    const { walk, root, found } = follow(network, from, packet);
    for (const { host, packet: arrived, certainty } of found) {
      const reaction = certainty < least ? undefined : hosts[host]?.receive(arrived);
      if (reaction === undefined) continue;
      arrivals.push({ host, packet: arrived, certainty, reaction });
      if (reaction.kind === 'sends') outgoing.push(...reaction.packets.map((each) => ({ from: host, packet: each })));
      reached ||= reaction.kind === 'echo-reply' && host === source && reaction.from === targetIp;
    }
    legs.push({ from, packet, root, arrivals, ...(walk === undefined ? {} : { walk }) });
  }
  return { reached, legs };
}

interface Found {
  readonly host: number;
  readonly packet: Packet;
  readonly certainty: Certainty;
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
  for (const [number, { course }] of walk.states.entries()) {
    for (const end of endsOf(course)) {
      for (const exit of walk.exits(number, end)) {
        if (exit.kind !== 'end' || exit.fate.kind !== 'at-host') continue;
        const { host, packet: arrived } = exit.fate;
        places.set(`${host} ${arrived.key}`, { host, packet: arrived });
      }
    }
  }
  const found = [...places].map(([, { host, packet: arrived }]) => {
    const { key } = arrived;
    const values = walk.certainties((at, other) => at === host && other.key === key);
    return { host, packet: arrived, certainty: (values[root] ?? NEVER) as Certainty };
  });
  return { walk, root, found: found.filter(({ certainty }) => certainty > NEVER) };
}
