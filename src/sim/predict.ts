import { ReachabilityMatrix } from '../model/matrix.ts';
import { hostPoints, type Point } from '../model/points.ts';
import { CircleSearch, disturbedNodes } from './circles.ts';
import { exchangeBetween, SharedWays } from './exchange.ts';
import type { HostRouting, Way } from './host-routing.ts';
import { LEG_KINDS, LEGS, type LegKind, type LegShape, type TellingValues, tellingValues, walksOf } from './legs.ts';
import { Network, type NetworkState, type OwnAddress } from './network.ts';
import { ALWAYS, NEVER, PERHAPS } from './walk.ts';

/** A `Certainty`, or that the packet is changed on its way, and hosts may do something else about it than usual. */
const REWRITTEN = 3;

/**
 * What the network will answer to a ping of each ordered pair of hosts; unknown where the entries leave that open.
 *
 * Senders that no entry distinguishes are one class, and one walk from all their ports serves them all; that is exact, as
 * a switch treats packets alike that match the same entries. Pairs whose packets are rewritten are followed one by one,
 * as are those of further addresses.
 * @param points what is asked, and asks; each host by its own address where it is left out
 */
export function predict(
  state: NetworkState,
  points: readonly Point[] = hostPoints(state.topology),
): ReachabilityMatrix {
  const network = new Network(state);
  const { addresses } = network;
  const count = addresses.length;
  const telling = tellingValues(state);
  const search = new CircleSearch(network);
  let legs = legsOf(network, telling, new Map(), search);
  const disturbed = disturbedNodes(search.end());
  // Few networks have circles of copies: what these disturb is found out once more.
  if (disturbed.size > 0) legs = legsOf(network, telling, disturbed);
  const usualWay = usualWays(network);
  const shared = new SharedWays(network);
  const cells = new Uint8Array(count * count);
  for (let source = 0; source < count; source += 1) {
    for (let target = 0; target < count; target += 1) {
      if (source === target) continue;
      const there = source * count + target;
      const back = target * count + source;
      const way = usualWay(source, target);
      const wayBack = usualWay(target, source);
      if (way === 'none') continue;
      // Where a host does not ask for the other's MAC address, there is nothing that could fail.
      const asks = way !== 'unusual' && way.mac === undefined;
      const asksBack = !asks && wayBack !== 'none' && wayBack !== 'unusual' && wayBack.mac === undefined;
      const parts = [
        legs['echo-request'][there] ?? NEVER,
        legs['echo-reply'][back] ?? NEVER,
        ...(asks ? [legs['arp-request'][there] ?? NEVER, legs['arp-reply'][back] ?? NEVER] : []),
        ...(asksBack ? [legs['arp-request'][back] ?? NEVER, legs['arp-reply'][there] ?? NEVER] : []),
      ];
      if (way === 'unusual' || wayBack === 'unusual' || parts.includes(REWRITTEN)) {
        cells[there] = exchangeBetween(network, source, target, shared).certainty;
      } else if (wayBack !== 'none') {
        cells[there] = Math.min(...parts);
      }
    }
  }
  const ends = new Map(points.map((point) => [point.name, network.endAt(point)]));
  const isHost = new Set(points.flatMap(({ name, host }) => (name === host ? [name] : [])));
  return new ReachabilityMatrix([...ends.keys()], (source, target) => {
    const [from, to] = [ends.get(source), ends.get(target)];
    if (from === undefined || to === undefined) return false;
    const areHosts = isHost.has(source) && isHost.has(target);
    const certainty = areHosts
      ? cells[from.host * count + to.host]
      : exchangeBetween(network, from, to, shared).certainty;
    return certainty === PERHAPS ? null : certainty === ALWAYS;
  });
}

/** For each packet of a ping what becomes of it, by source * count + target: see `certaintiesOf`. */
function legsOf(
  network: Network,
  telling: TellingValues,
  disturbed: ReadonlyMap<number, unknown>,
  search?: CircleSearch,
): Readonly<Record<LegKind, Uint8Array>> {
  const echoesAlike = !telling.has('icmpv4_type');
  const legs = {} as Record<LegKind, Uint8Array>;
  for (const kind of LEG_KINDS) {
    const isKnown = kind === 'echo-reply' && echoesAlike;
    legs[kind] = isKnown ? legs['echo-request'] : certaintiesOf(network, LEGS[kind], telling, disturbed, search);
  }
  return legs;
}

/**
 * For each sender and receiver what becomes of one packet between them: a `Certainty`, or REWRITTEN.
 * @param disturbed switches among which any packet may be lost
 */
function certaintiesOf(
  network: Network,
  shape: LegShape,
  telling: TellingValues,
  disturbed: ReadonlyMap<number, unknown>,
  search?: CircleSearch,
): Uint8Array {
  const count = network.addresses.length;
  const result = new Uint8Array(count * count);
  for (const { target, walk, roots } of walksOf(network, shape, telling)) {
    search?.look(walk);
    const values = walk.isRewritten ? undefined : walk.certainties(({ host }) => host === target);
    const leads = values === undefined || disturbed.size === 0 ? undefined : walk.leadsTo(disturbed);
    for (const { sender, state } of roots) {
      const value = values?.[state] ?? REWRITTEN;
      result[sender * count + target] = value === ALWAYS && leads?.[state] === 1 ? PERHAPS : value;
    }
  }
  return result;
}

/**
 * How one host sends to another's address: not at all, or straight to it from its own, as the packets of `LEGS` do, or
 * unusually: by a router, from another address, with a tag, to a wrong MAC address, or where several have the address.
 */
function usualWays(network: Network): (source: number, target: number) => Pick<Way, 'mac'> | 'none' | 'unusual' {
  const { addresses, hosts } = network;
  const owners = new Map<number, number>();
  for (const { own } of hosts) for (const ip of own) owners.set(ip, (owners.get(ip) ?? 0) + 1);
  const usual = addresses.map((own, index) => {
    const routing = hosts[index];
    return own !== undefined && routing !== undefined && owners.get(own.ip) === 1 && isUsual(network, routing, own);
  });
  return (source, target) => {
    const [host, self, other] = [hosts[source], addresses[source], addresses[target]];
    if (host === undefined || other === undefined) return 'none';
    const way = host.wayTo(other.ip);
    if (way === undefined) return 'none';
    // Nobody pings the address of all hosts, and not everybody answers it.
    const isStraight =
      way.nextHop === other.ip &&
      way.source === self?.ip &&
      (way.mac ?? other.mac) === other.mac &&
      !host.broadcasts.has(other.ip);
    return usual[source] && usual[target] && isStraight ? way : 'unusual';
  };
}

/** Whether a host has one interface, at a switch, and treats packets there as Linux does that nobody told otherwise. */
function isUsual({ nics }: Network, { interfaces, own }: HostRouting, { mac, ip, nic }: OwnAddress): boolean {
  const [only, ...more] = interfaces;
  if (only === undefined || more.length > 0 || nics[nic]?.peer.kind !== 'switch') return false;
  const { reversePathFilter, arpIgnore, arpAnnounce } = only.settings;
  const isPlain = reversePathFilter === 0 && arpIgnore === 0 && arpAnnounce === 0;
  return isPlain && only.vlan === undefined && only.mac === mac && own.has(ip);
}
