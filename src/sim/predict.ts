import { allOnes, exactly, type MaskedValue, type MatchField } from '../model/match.ts';
import { ReachabilityMatrix } from '../model/matrix.ts';
import type { Action } from '../model/openflow.ts';
import { exchangeBetween } from './exchange.ts';
import type { HostRouting, Way } from './host-routing.ts';
import { Network, type NetworkState } from './network.ts';
import { type Addresses, arpReply, arpRequest, ECHO_REPLY, ECHO_REQUEST, echo, type Packet } from './packet.ts';
import { ALWAYS, type Certainty, NEVER, PERHAPS, Walk } from './walk.ts';

/** What the network will answer to a ping of each ordered pair of hosts. */
export interface Prediction {
  /** Pairs that will reach, and not only perhaps. */
  readonly matrix: ReachabilityMatrix;
  /** Pairs for which the entries leave it to the switches whether they reach. */
  readonly undecided: ReachabilityMatrix;
}

/** The four packets of a ping with empty ARP caches. */
type LegKind = 'arp-request' | 'arp-reply' | 'echo-request' | 'echo-reply';

interface LegShape {
  readonly make: (sender: Addresses, to: Addresses) => Packet;
  /** The fields that tell of the sender, and how. */
  readonly senderFields: Readonly<Partial<Record<MatchField, keyof Addresses>>>;
}

const LEGS: Readonly<Record<LegKind, LegShape>> = {
  'arp-request': {
    make: (sender, to) => arpRequest(sender, to.ip),
    senderFields: { eth_src: 'mac', arp_sha: 'mac', arp_spa: 'ip' },
  },
  'arp-reply': { make: arpReply, senderFields: { eth_src: 'mac', arp_sha: 'mac', arp_spa: 'ip' } },
  'echo-request': {
    make: (sender, to) => echo(ECHO_REQUEST, sender, to),
    senderFields: { eth_src: 'mac', ipv4_src: 'ip' },
  },
  'echo-reply': {
    make: (sender, to) => echo(ECHO_REPLY, sender, to),
    senderFields: { eth_src: 'mac', ipv4_src: 'ip' },
  },
};
const LEG_KINDS = Object.keys(LEGS) as readonly LegKind[];
/** Fields in which packets of different senders, and echo requests and replies, differ. */
const TELLING_FIELDS: readonly MatchField[] = ['eth_src', 'arp_sha', 'arp_spa', 'ipv4_src', 'icmpv4_type'];

/** A `Certainty`, or that the packet is changed on its way, and hosts may do something else about it than usual. */
const REWRITTEN = 3;

/**
 * Predicts every pair. Senders that no entry distinguishes are one class, and one walk from all their
 * ports serves them all; that is exact, as a switch treats packets alike that match the same entries. Pairs whose
 * packets are rewritten are followed one by one.
 */
export function predict(state: NetworkState): Prediction {
  const network = new Network(state);
  const { addresses } = network;
  const count = addresses.length;
  const telling = tellingValues(state, TELLING_FIELDS);
  const echoesAlike = !telling.has('icmpv4_type');
  // By source * count + target.
  const legs = {} as Record<LegKind, Uint8Array>;
  for (const kind of LEG_KINDS) {
    const isKnown = kind === 'echo-reply' && echoesAlike;
    legs[kind] = isKnown ? legs['echo-request'] : certaintiesOf(network, LEGS[kind], telling);
  }
  const usualWay = usualWays(network);
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
        cells[there] = exchangeBetween(network, source, target).certainty;
      } else if (wayBack !== 'none') {
        cells[there] = Math.min(...parts);
      }
    }
  }
  const names = state.topology.hosts.map(({ name }) => name);
  const index = new Map(names.map((name, position) => [name, position]));
  const pairsOf = (certainty: Certainty) =>
    new ReachabilityMatrix(
      names,
      (source, target) => cells[(index.get(source) ?? 0) * count + (index.get(target) ?? 0)] === certainty,
    );
  return { matrix: pairsOf(ALWAYS), undecided: pairsOf(PERHAPS) };
}

/** For each sender and receiver what becomes of one packet between them: a `Certainty`, or REWRITTEN. */
function certaintiesOf(network: Network, shape: LegShape, telling: TellingValues): Uint8Array {
  const { addresses, attachments } = network;
  const count = addresses.length;
  const result = new Uint8Array(count * count);
  const classes = sendersByClass(addresses, shape, telling);
  for (const [target, to] of addresses.entries()) {
    for (const senders of classes) {
      const [first] = senders;
      const sender = first === undefined ? undefined : addresses[first];
      if (sender === undefined) continue;
      const walk = new Walk(network, shape.make(sender, to));
      const roots = senders.map((source) => {
        const { node, port, isUp } = attachments[source] ?? { node: 0, port: 0, isUp: false };
        return isUp && source !== target ? walk.enter(node, port) : undefined;
      });
      const values = walk.isRewritten ? undefined : walk.certainties((host) => host === target);
      for (const [position, root] of roots.entries()) {
        if (root !== undefined) result[(senders[position] ?? 0) * count + target] = values?.[root] ?? REWRITTEN;
      }
    }
  }
  return result;
}

/**
 * For each field the values under each mask that any entry matches, and those that any sets, which leaves the packets
 * alone that have them already: what can tell packets apart.
 */
type TellingValues = ReadonlyMap<MatchField, ReadonlyMap<bigint, ReadonlySet<bigint>>>;

function tellingValues({ entries }: NetworkState, fields: readonly MatchField[]): TellingValues {
  const telling = new Map<MatchField, Map<bigint, Set<bigint>>>();
  const add = (field: MatchField, { value, mask }: MaskedValue) => {
    const masks = telling.get(field) ?? new Map<bigint, Set<bigint>>();
    telling.set(field, masks);
    const values = masks.get(mask) ?? new Set<bigint>();
    masks.set(mask, values);
    values.add(value);
  };
  const addSet = (actions: readonly Action[]) => {
    for (const action of actions) {
      if (action.kind === 'set_field' && fields.includes(action.field)) {
        add(action.field, exactly(action.field, action.value));
      }
    }
  };
  for (const { flows, groups } of entries.values()) {
    for (const { match, instructions } of flows) {
      for (const field of fields) {
        const masked = match[field];
        if (masked !== undefined) add(field, masked);
      }
      addSet(instructions.apply);
      addSet(instructions.write);
    }
    for (const { buckets } of groups) for (const { actions } of buckets) addSet(actions);
  }
  return telling;
}

/** Senders by their place in the topology, together where no entry tells their packets apart. */
function sendersByClass(
  addresses: readonly Addresses[],
  { senderFields }: LegShape,
  telling: TellingValues,
): readonly (readonly number[])[] {
  const fields = Object.entries(senderFields) as [MatchField, keyof Addresses][];
  const classes = new Map<string, number[]>();
  for (const [index, sender] of addresses.entries()) {
    const key = fields.map(([field, part]) => signatureOf(BigInt(sender[part]), telling.get(field), field)).join(' ');
    const members = classes.get(key);
    if (members === undefined) classes.set(key, [index]);
    else members.push(index);
  }
  return [...classes.values()];
}

/** Which of the telling values a value has, under each mask; equal for values that entries do not tell apart. */
function signatureOf(
  value: bigint,
  masks: ReadonlyMap<bigint, ReadonlySet<bigint>> | undefined,
  field: MatchField,
): string {
  return [...(masks ?? [])]
    .map(([mask, values]) => {
      const masked = value & mask & allOnes(field);
      return values.has(masked) ? masked.toString(36) : '-';
    })
    .join();
}

/**
 * How one host sends to another's address: not at all, or straight to it from its own, as the packets of `LEGS` do, or
 * unusually: from another address, by a router, to a wrong MAC address, or where several hosts have the address.
 */
function usualWays({
  addresses,
  hosts,
}: Network): (source: number, target: number) => Pick<Way, 'mac'> | 'none' | 'unusual' {
  const owners = new Map<number, number>();
  for (const { own } of hosts) for (const ip of own) owners.set(ip, (owners.get(ip) ?? 0) + 1);
  const isUsual = ({ mac, own }: HostRouting, host: Addresses) =>
    mac === host.mac && own.has(host.ip) && owners.get(host.ip) === 1;
  const usual = addresses.map((host, index) => {
    const routing = hosts[index];
    return routing !== undefined && isUsual(routing, host);
  });
  return (source, target) => {
    const [host, self, other] = [hosts[source], addresses[source], addresses[target]];
    if (host === undefined || self === undefined || other === undefined) return 'none';
    const way = host.wayTo(other.ip);
    if (way === undefined) return 'none';
    const isStraight = way.nextHop === other.ip && way.source === self.ip && (way.mac ?? other.mac) === other.mac;
    return usual[source] && usual[target] && isStraight ? way : 'unusual';
  };
}
