import { allOnes, exactly, type MaskedValue, type MatchField } from '../model/match.ts';
import { ReachabilityMatrix } from '../model/matrix.ts';
import type { Action } from '../model/openflow.ts';
import { exchangeBetween } from './exchange.ts';
import { broadcastOf } from './linux-host.ts';
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
  const { hosts } = network;
  const count = hosts.length;
  const telling = tellingValues(state, TELLING_FIELDS);
  const echoesAlike = !telling.has('icmpv4_type');
  // By source * count + target.
  const legs = {} as Record<LegKind, Uint8Array>;
  for (const kind of LEG_KINDS) {
    const isKnown = kind === 'echo-reply' && echoesAlike;
    legs[kind] = isKnown ? legs['echo-request'] : certaintiesOf(network, LEGS[kind], telling);
  }
  const canAddress = addressable(network);
  const broadcasts = hosts.map(broadcastOf);
  const cells = new Uint8Array(count * count);
  for (let source = 0; source < count; source += 1) {
    for (let target = 0; target < count; target += 1) {
      const isAddressable = canAddress(source, target) && broadcasts[source] !== network.addresses[target]?.ip;
      if (source === target || !isAddressable) continue;
      const there = source * count + target;
      const back = target * count + source;
      const request = legs['arp-request'][there] ?? NEVER;
      const reply = legs['arp-reply'][back] ?? NEVER;
      const echoRequest = legs['echo-request'][there] ?? NEVER;
      const echoReply = legs['echo-reply'][back] ?? NEVER;
      const isUsual = broadcasts[target] !== network.addresses[source]?.ip;
      if (!isUsual || Math.max(request, reply, echoRequest, echoReply) === REWRITTEN) {
        cells[there] = exchangeBetween(network, source, target).certainty;
      } else if (canAddress(target, source)) {
        cells[there] = Math.min(request, reply, echoRequest, echoReply);
      }
    }
  }
  const index = new Map(hosts.map(({ name }, position) => [name, position]));
  const names = hosts.map(({ name }) => name);
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

/** Whether a host has a route to another: both in its subnet. */
function addressable(network: Network): (source: number, target: number) => boolean {
  const masks = network.hosts.map(({ prefixLength }) => (prefixLength === 0 ? 0 : -1 << (32 - prefixLength)));
  return (source, target) => {
    const mask = masks[source] ?? 0;
    const difference = (network.addresses[source]?.ip ?? 0) ^ (network.addresses[target]?.ip ?? 0);
    return (difference & mask) === 0;
  };
}
