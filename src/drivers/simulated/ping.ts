import type { Reach } from '../../model/matrix.ts';
import { flowKey } from '../../model/openflow.ts';
import { circlesOf, disturbedNodes } from '../../sim/circles.ts';
import type { Course } from '../../sim/course.ts';
import type { NamedFlow } from '../../sim/flow-table.ts';
import { DEFAULT_TTL, LinuxHost, type Sent } from '../../sim/linux-host.ts';
import type { End, Network } from '../../sim/network.ts';
import { ABSENT, ARP, type Packet } from '../../sim/packet.ts';
import { Walk } from '../../sim/walk.ts';

/** Who hears of each packet that goes through a switch, by the switch's place in the topology. */
export interface PacketCount {
  flow(node: number, flow: NamedFlow, bytes: number): void;
  port(node: number, port: number, direction: 'received' | 'sent', bytes: number): void;
}

/** Packets that hosts may send in one exchange: entries that rewrite ARP messages can have them ask for ever. */
const MOST_LEGS = 4 * DEFAULT_TTL;

/**
 * One ping from one host to another with empty ARP caches. Where entries leave a
 * choice to the switches, one is made as a switch makes it: a bucket of a select group by a hash of the packet's
 * addresses, weighted, of overlapping entries always the same. So the same network always answers the same.
 * @returns whether the source has its reply; null where that cannot be told from the entries (`sim/`, "unforeseeable")
 */
export function ping(network: Network, source: End, target: End, counted: PacketCount): Reach {
  const targetIp = target.ip;
  // A host sends nothing to itself.
  if (source.host === target.host) return targetIp !== undefined;
  const known = new Map<number, LinuxHost>();
  const hostAt = (index: number): LinuxHost | undefined => {
    const host = network.hosts[index];
    if (!known.has(index) && host !== undefined) known.set(index, new LinuxHost(host));
    return known.get(index);
  };
  const sent = targetIp === undefined ? undefined : hostAt(source.host)?.ping(targetIp, source.from);
  const outgoing = (sent ?? []).map((each) => ({ from: source.host, sent: each }));
  let isAnswered = false;
  let isOpen = false;
  // Where copies go round for ever, no packet is safe.
  const disturbed = disturbedNodes(circlesOf(network));
  let isDisturbed = false;
  let legs = 0;
  for (const { from, sent } of outgoing) {
    legs += 1;
    if (legs > MOST_LEGS) break;
    const { arrivals, nodes, isOpen: isOpenHere } = arrivalsOf(network, from, sent, counted);
    isOpen ||= isOpenHere;
    isDisturbed ||= nodes.some((node) => disturbed.has(node));
    for (const { nic, packet } of arrivals) {
      const { host, port } = network.nics[nic] ?? { host: ABSENT, port: ABSENT };
      const reaction = hostAt(host)?.receive({ port, packet, ttl: sent.ttl });
      if (reaction?.kind === 'sends') outgoing.push(...reaction.packets.map((each) => ({ from: host, sent: each })));
      isAnswered ||= reaction?.kind === 'echo-reply' && host === source.host && reaction.from === targetIp;
    }
  }
  if (isAnswered) return isDisturbed ? null : true;
  return isOpen ? null : false;
}

interface Arrival {
  readonly nic: number;
  readonly packet: Packet;
}

interface Arrivals {
  readonly arrivals: readonly Arrival[];
  /** Switches that it passes. */
  readonly nodes: readonly number[];
  /** Whether it may come to more places, which cannot be told from the entries. */
  readonly isOpen: boolean;
}

/** Where a packet comes that a host sends; one that goes round in a circle is counted once on its way. */
function arrivalsOf(network: Network, from: number, { port: ofPort, packet }: Sent, counted: PacketCount): Arrivals {
  const { peer, isUp = false } = network.nics[network.nicAt(from, ofPort) ?? ABSENT] ?? {};
  if (peer === undefined || !isUp) return { arrivals: [], nodes: [], isOpen: false };
  if (peer.kind === 'host') return { arrivals: [{ nic: peer.nic, packet }], nodes: [], isOpen: false };
  const walk = new Walk(network, packet);
  const waiting = [{ number: walk.enter(peer.index, peer.port), inPort: peer.port }];
  const seen = new Set<string>();
  const arrivals = new Map<string, Arrival>();
  let isOpen = false;
  for (const { number, inPort } of waiting) {
    const { node, packet: here, course } = walk.state(number);
    const place = `${number} ${inPort}`;
    if (seen.has(place)) continue;
    seen.add(place);
    counted.port(node, inPort, 'received', bytesOf(here));
    for (const end of endsTaken(course, here, (flow) => counted.flow(node, flow, bytesOf(here)))) {
      for (const exit of walk.exits(number, end)) {
        const isAtHost = exit.kind === 'end' && exit.fate.kind === 'at-host';
        if (exit.port !== undefined && (exit.kind === 'hop' || isAtHost)) {
          counted.port(node, exit.port, 'sent', bytesOf(end.kind === 'output' ? end.packet : here));
        }
        if (exit.kind === 'hop') {
          const next = walk.stateAfter(exit);
          if (next !== undefined) waiting.push({ number: next, inPort: exit.inPort });
        } else if (exit.fate.kind === 'at-host') {
          const { nic, packet: arrived } = exit.fate;
          arrivals.set(`${nic} ${arrived.key}`, { nic, packet: arrived });
        } else isOpen ||= exit.fate.kind === 'unforeseeable';
      }
    }
  }
  return { arrivals: [...arrivals.values()], nodes: walk.states.map(({ node }) => node), isOpen };
}

type CourseEnd = Extract<Course, { kind: 'output' | 'end' }>;

/** The leaves of a course to which a packet comes once every choice is made. */
function* endsTaken(course: Course, packet: Packet, onMatch: (flow: NamedFlow) => void): Generator<CourseEnd> {
  switch (course.kind) {
    case 'match':
      onMatch(course.entry);
      yield* endsTaken(course.next, packet, onMatch);
      break;
    case 'bucket':
      yield* endsTaken(course.next, packet, onMatch);
      break;
    case 'copies':
      for (const copy of course.of) yield* endsTaken(copy, packet, onMatch);
      break;
    case 'choice': {
      const taken = CHOOSE[course.among](course.of, packet);
      if (taken !== undefined) yield* endsTaken(taken, packet, onMatch);
      break;
    }
    case 'output':
    case 'end':
      yield course;
  }
}

const CHOOSE = {
  buckets: bucketFor,
  entries: firstByKey,
  // It has learnt where the target is.
  learning: ([learnt]: readonly Course[]) => learnt,
} as const;

/** Of overlapping entries the one whose table, priority and match come first, as text. */
function firstByKey(courses: readonly Course[]): Course | undefined {
  const keyOf = (course: Course) => (course.kind === 'match' ? flowKey(course.entry) : '');
  return courses.reduce((first, course) => (keyOf(course) < keyOf(first) ? course : first));
}

/** As Open vSwitch chooses: every bucket draws a number, by a hash and its weight, and the highest has the packet. */
function bucketFor(courses: readonly Course[], packet: Packet): Course | undefined {
  const hash = HASHED_FIELDS.reduce((sum, field) => mixed(sum, packet.get(field)), 0);
  let chosen: Course | undefined;
  let highest = -1;
  for (const course of courses) {
    if (course.kind !== 'bucket') continue;
    const weight = course.group.buckets[course.bucket - 1]?.weight ?? 1;
    const score = (mixed(mixed(hash, course.group.groupId), course.bucket) & 0xffff) * weight;
    if (score <= highest) continue;
    highest = score;
    chosen = course;
  }
  return chosen;
}

const HASHED_FIELDS = ['eth_src', 'eth_dst', 'eth_type', 'ip_proto', 'ipv4_src', 'ipv4_dst'] as const;

/** One step of a hash of 32 bits (MurmurHash3's mixing of both halves of a value). */
function mixed(hash: number, value: number): number {
  let result = hash;
  for (const half of [value % 2 ** 32, Math.floor(value / 2 ** 32)]) {
    let word = Math.imul(half | 0, 0xcc9e2d51);
    word = Math.imul((word << 15) | (word >>> 17), 0x1b873593);
    result ^= word;
    result = Math.imul((result << 13) | (result >>> 19), 5) + 0xe6546b64;
  }
  result = Math.imul(result ^ (result >>> 16), 0x85ebca6b);
  return (result ^ (result >>> 13)) | 0;
}

const ETHERNET_HEADER = 14;
const TAG = 4;
const ARP_MESSAGE = 28;
/** An IPv4 header, an ICMP header and what `ping` sends unless told otherwise. */
const ECHO_MESSAGE = 20 + 8 + 56;

function bytesOf(packet: Packet): number {
  const message = packet.get('eth_type') === ARP ? ARP_MESSAGE : ECHO_MESSAGE;
  return ETHERNET_HEADER + message + (packet.tagType === 0 ? 0 : TAG);
}
