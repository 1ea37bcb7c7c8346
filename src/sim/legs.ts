import { allOnes, exactly, MATCH_FIELD_NAMES, type MaskedValue, type MatchField } from '../model/match.ts';
import type { Action } from '../model/openflow.ts';
import type { Network, NetworkState } from './network.ts';
import { ABSENT, type Addresses, arpReply, arpRequest, ECHO_REPLY, ECHO_REQUEST, echo, type Packet } from './packet.ts';
import { Walk } from './walk.ts';

/** The four packets of a ping with empty ARP caches. */
export type LegKind = 'arp-request' | 'arp-reply' | 'echo-request' | 'echo-reply';

export interface LegShape {
  readonly make: (sender: Addresses, to: Addresses) => Packet;
  /** The fields that tell of the sender, and how. */
  readonly senderFields: Readonly<Partial<Record<MatchField, keyof Addresses>>>;
}

export const LEGS: Readonly<Record<LegKind, LegShape>> = {
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
export const LEG_KINDS = Object.keys(LEGS) as readonly LegKind[];
/** Fields in which packets of different senders, and echo requests and replies, differ. */
const TELLING_FIELDS: readonly MatchField[] = ['eth_src', 'arp_sha', 'arp_spa', 'ipv4_src', 'icmpv4_type'];

/** Where a sender's packet begins in a walk. */
interface Root {
  readonly sender: number;
  readonly state: number;
}

/** The packet of one kind from each host to one other: a walk serves all senders that no entry distinguishes. */
export interface SharedWalk {
  readonly target: number;
  readonly walk: Walk;
  /** Of senders whose links are up, but the target itself. */
  readonly roots: readonly Root[];
}

/** The walks of all packets of one kind. */
export function* walksOf(network: Network, shape: LegShape, telling: TellingValues): Generator<SharedWalk> {
  const { addresses, nics } = network;
  const classes = sendersByClass(addresses, shape, telling);
  for (const [target, to] of addresses.entries()) {
    if (to === undefined) continue;
    for (const senders of classes) {
      const [first] = senders;
      const sender = first === undefined ? undefined : addresses[first];
      if (sender === undefined) continue;
      const walk = new Walk(network, shape.make(sender, to));
      const roots = senders.flatMap((source): readonly Root[] => {
        const { peer, isUp = false } = nics[addresses[source]?.nic ?? ABSENT] ?? {};
        if (peer?.kind !== 'switch' || !isUp || source === target) return [];
        return [{ sender: source, state: walk.enter(peer.index, peer.port) }];
      });
      yield { target, walk, roots };
    }
  }
}

/**
 * For each field the values under each mask that any entry matches, and those that any sets, which leaves the packets
 * alone that have them already: what can tell packets apart.
 */
export type TellingValues = ReadonlyMap<MatchField, ReadonlyMap<bigint, ReadonlySet<bigint>>>;

export function tellingValues(
  { entries }: Pick<NetworkState, 'entries'>,
  fields: readonly MatchField[] = TELLING_FIELDS,
): TellingValues {
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

/** By these, controllers and switches that learn tell packets apart. */
const READ_FIELDS: readonly MatchField[] = ['eth_type', 'eth_dst', 'arp_opcode', 'arp_tpa'];

/** Packets that no switch of a network tells apart, whatever they are. */
export class PacketClasses {
  readonly #telling: TellingValues;
  /** Of fields that entries look at, what is known of their values. */
  readonly #signatures: readonly (readonly [MatchField, Map<number, string>])[];

  constructor(state: Pick<NetworkState, 'entries'>) {
    const fields = MATCH_FIELD_NAMES.filter((field) => field !== 'in_port' && !READ_FIELDS.includes(field));
    this.#telling = tellingValues(state, fields);
    this.#signatures = [...this.#telling.keys()].map((field) => [field, new Map()]);
  }

  /** A text that is equal for packets of one class only. */
  of(packet: Packet): string {
    // Of tags there are more kinds than fields tell.
    if (packet.tagType !== 0) return packet.key;
    const read = READ_FIELDS.map((field) => packet.get(field));
    return [...read, ...this.#signatures.map(([field, known]) => this.#signatureOf(packet, field, known))].join(' ');
  }

  #signatureOf(packet: Packet, field: MatchField, known: Map<number, string>): string {
    const value = packet.get(field);
    if (value === ABSENT) return '';
    const there = known.get(value);
    if (there !== undefined) return there;
    const signature = signatureOf(BigInt(value), this.#telling.get(field), field);
    known.set(value, signature);
    return signature;
  }
}

/** Senders by their place in the topology, together where no entry tells their packets apart. */
function sendersByClass(
  addresses: readonly (Addresses | undefined)[],
  { senderFields }: LegShape,
  telling: TellingValues,
): readonly (readonly number[])[] {
  const fields = Object.entries(senderFields) as [MatchField, keyof Addresses][];
  const classes = new Map<string, number[]>();
  for (const [index, sender] of addresses.entries()) {
    if (sender === undefined) continue;
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
