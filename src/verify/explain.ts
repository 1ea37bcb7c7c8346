import { DisjointSets } from '../model/disjoint-sets.ts';
import { hostOfPoint, pointNamed } from '../model/points.ts';
import { exchangeBetween } from '../sim/exchange.ts';
import type { PortPeer } from '../sim/graph.ts';
import { type End, Network, type NetworkState } from '../sim/network.ts';
import { ABSENT } from '../sim/packet.ts';
import {
  type BranchEnd,
  type Step,
  type Trace,
  type TracedEntry,
  type TracedFate,
  type TracedLeg,
  traceOf,
  type Way,
} from '../sim/trace.ts';
import { refusalOf } from './host-refusals.ts';

/** Why a ping does what it does. */
export interface Reason {
  /** In one line, without a full stop. */
  readonly why: string;
  /** What all pairs have in common that it happens to, to be followed by their number: `flow-mod-5 on s5 takes`. */
  readonly cause: string;
}

/** A network whose pings can be explained. */
export class Explainer {
  readonly #network: Network;
  readonly #hosts: ReadonlyMap<string, number>;
  /** For each host what stands for its part of the network; see `partsOf`. */
  readonly #parts: readonly number[];
  readonly #hasFaults: boolean;

  constructor(state: NetworkState) {
    this.#network = new Network(state);
    this.#hosts = new Map(state.topology.hosts.map(({ name }, index) => [name, index]));
    this.#parts = partsOf(this.#network);
    this.#hasFaults = state.faults.length > 0;
  }

  /** @param source and target are names of points */
  trace(source: string, target: string): Trace {
    const [from, to] = [source, target].map((name) => {
      const point = pointNamed(this.#network.topology, name);
      if (point === undefined) throw new Error(`there is no ${name}`);
      return this.#network.endAt(point);
    }) as [End, End];
    return traceOf(this.#network, exchangeBetween(this.#network, from, to));
  }

  /** Why a ping does what it does. */
  reason(source: string, target: string): Reason {
    if (!this.#areJoined(source, target)) {
      return { why: this.#noChain(source, target), cause: 'a missing path cuts off' };
    }
    const trace = this.trace(source, target);
    return { why: explainInOneLine(trace), cause: causeOf(trace) };
  }

  /** The story of a ping in a few lines: the outcome, the ways of its packets, and what decides. */
  story(source: string, target: string): readonly string[] {
    const lines = explainInLines(this.trace(source, target));
    return this.#areJoined(source, target) ? lines : [...lines, `  Besides, ${this.#noChain(source, target)}.`];
  }

  #noChain(source: string, target: string): string {
    return `there is no path${this.#hasFaults ? ' of links that are up' : ''} between ${source} and ${target}`;
  }

  #areJoined(source: string, target: string): boolean {
    const [a, b] = [source, target].map((name) => this.#parts[this.#hosts.get(hostOfPoint(name)) ?? -1]);
    return a === b;
  }
}

/**
 * For each host what stands for its part of the network: links that are up join it, and so do hosts. Whether these forward
 * is another reason than a missing link.
 */
function partsOf({ nodes, nics, hosts }: Network): readonly number[] {
  // Switches, and after them hosts.
  const places = new DisjointSets<number>();
  const placeOf = (host: number | undefined) => nodes.length + (host ?? ABSENT);
  const placeOfPeer = (peer: PortPeer) => (peer.kind === 'switch' ? peer.index : placeOf(nics[peer.nic]?.host));
  for (const [index, { ports }] of nodes.entries()) {
    for (const { peer, isUp } of ports.values()) if (isUp) places.join(index, placeOfPeer(peer));
  }
  for (const { host, peer, isUp } of nics) if (isUp) places.join(placeOf(host), placeOfPeer(peer));
  return hosts.map((_, index) => places.rootOf(placeOf(index)));
}

function explainInOneLine(trace: Trace): string {
  if (trace.disturbedBy !== undefined) {
    return `copies go round for ever, ${trace.disturbedBy.join(' > ')}, and its packets may be lost among them`;
  }
  const leg = decidingLeg(trace);
  if (leg === undefined && trace.outcome === 'reaches') return 'it is an address of the host itself';
  if (leg === undefined) return `${trace.source} has no route to ${trace.target}`;
  if (trace.outcome === 'reaches') return `by the entries it goes ${describeWholeWay(trace)}, and back`;
  const back = isOnTheWayBack(trace, leg) ? 'on the way back ' : '';
  const sentence = `${back}${describeFate(trace, leg, leg.doubt ?? leg.way)}`;
  const isUnforeseeable = (leg.doubt ?? leg.way).fate.kind === 'unforeseeable';
  return trace.outcome === 'fails' || isUnforeseeable ? sentence : `it depends on ${choiceIn(leg)}: else ${sentence}`;
}

function causeOf(trace: Trace): string {
  if (trace.disturbedBy !== undefined)
    return `copies that go round for ever, ${trace.disturbedBy.join(' > ')}, disturb`;
  const leg = decidingLeg(trace);
  if (leg === undefined) return `${trace.source} has no route for`;
  if (trace.outcome === 'reaches') return 'the entries let through';
  const way = leg.doubt ?? leg.way;
  const { at, entry } = lastHop(leg, way);
  if (trace.outcome === 'undecided' && way.fate.kind !== 'unforeseeable') return `${choiceIn(leg)} decides for`;
  switch (way.fate.kind) {
    case 'no-entry':
      return `${at} has no entry for`;
    case 'host-link-down':
      return `the link of ${way.fate.host}, which is down, cuts off`;
    case 'switch-stopped':
      return `${way.fate.switch}, which is stopped, cuts off`;
    case 'no-known-way':
      return 'the controller knows no path for';
    case 'ignored':
      return causeAtHost(trace, leg, way.fate, lastHop(leg, way));
    case 'unforeseeable':
      return `on ${at} ${way.fate.reason}: this leaves open`;
    case 'back-out':
      return entry === undefined
        ? `${at} would have to send back where they came from`
        : `${nameOf(entry)} on ${at} takes`;
    default:
      return entry === undefined ? `${at} takes` : `${nameOf(entry)} on ${at} takes`;
  }
}

/** Where entries send a packet rightly, the host decides. */
function causeAtHost(
  trace: Trace,
  leg: TracedLeg,
  fate: Extract<TracedFate, { readonly kind: 'ignored' }>,
  { at, entry }: ReturnType<typeof lastHop>,
): string {
  const { cause } = refusalOf(trace, leg, fate);
  if (isOfHost(cause, entry)) return cause;
  return entry === undefined ? `${fate.host} ignores` : `${nameOf(entry)} on ${at} takes`;
}

/** Whether what a host does is for a cause of its own, and not because the entry changed the packet. */
function isOfHost(cause: string | undefined, entry: TracedEntry | undefined): cause is string {
  return cause !== undefined && entry?.instructions.includes('set_field') !== true;
}

/** The switch at which a way ends, or the host that it has not left, and the entry that decides there. */
function lastHop(
  leg: TracedLeg,
  way: Way,
): { readonly at: string; readonly port: number | undefined; readonly entry: TracedEntry | undefined } {
  const last = way.hops.at(-1);
  const hop = last === undefined ? undefined : leg.hops[last.hop];
  const branch = hop?.branches[last?.branch ?? -1];
  const step = branch?.steps.findLast((each) => each.kind === 'match');
  const entry = step?.kind === 'match' ? step.entry : undefined;
  return { at: hop?.switch ?? leg.from, port: branch?.end.port, entry };
}

function explainInLines(trace: Trace): readonly string[] {
  const { source, target, outcome } = trace;
  const shown = { reaches: 'reaches', fails: 'X', undecided: '?' }[outcome];
  const deciding = decidingLeg(trace);
  const width = Math.max(...trace.legs.map(({ message }) => message.length));
  const lines = trace.legs.flatMap((leg) => [
    `  ${leg.message.padEnd(width)}  ${describeWay(leg, leg.way)}${ending(leg.way.fate)}`,
    ...(leg === deciding ? hopLines(leg, leg.doubt ?? leg.way) : []),
  ]);
  return [
    `${source} -> ${target}: ${shown}${outcome === 'reaches' ? '' : `, ${explainInOneLine(trace)}`}`,
    ...withoutRepetition(lines),
  ];
}

/** Of the most lines that routers in a circle make, which repeat. */
const LONGEST_REPEATED = 8;

/** The same lines, of which those that come over and over are there once, with how often they come. */
function withoutRepetition(lines: readonly string[]): readonly string[] {
  const kept: string[] = [];
  for (let at = 0; at < lines.length; ) {
    const { length, times } = repetitionAt(lines, at);
    kept.push(...lines.slice(at, at + length));
    if (times > 1) kept.push(`  ... ${length === 1 ? 'this line' : `these ${length} lines`} ${times} times in all`);
    at += length * times;
  }
  return kept;
}

/** The shortest run of lines that stands there three times or more, else the line itself. */
function repetitionAt(lines: readonly string[], at: number): { readonly length: number; readonly times: number } {
  for (let length = 1; length <= LONGEST_REPEATED; length += 1) {
    let end = at + length;
    while (end < lines.length && lines[end] === lines[end - length]) end += 1;
    const times = Math.floor((end - at) / length);
    if (times > 2) return { length, times };
  }
  return { length: 1, times: 1 };
}

/** The lines of each hop, by what entries it goes. */
function hopLines(leg: TracedLeg, way: Way): readonly string[] {
  return way.hops.flatMap(({ hop, branch, inPort }) => {
    const there = leg.hops[hop];
    const taken = there?.branches[branch];
    if (there === undefined || taken === undefined) return [];
    const changed = there.rewritten === undefined ? [] : [`    now ${describeFields(changesOf(leg, there.rewritten))}`];
    const does = [...taken.steps.map(describeStep), ...describeEnd(taken.end)].join('; ');
    return [...changed, `    ${there.switch}, from port ${inPort}: ${does}`];
  });
}

/** Empty where the entry has said it. */
function describeEnd(end: BranchEnd): readonly string[] {
  if (end.port !== undefined) return [`out of port ${end.port}`];
  const fate = end.kind === 'fate' ? end.fate : undefined;
  if (fate === undefined || (fate.kind === 'dropped' && fate.entry.instructions === 'drop')) return [];
  return [fate.kind === 'no-known-way' ? 'the controller knows no path' : fate.kind.replaceAll('-', ' ')];
}

/** The last packet that was sent: after it nothing comes. */
function decidingLeg({ legs, outcome }: Trace): TracedLeg | undefined {
  const doubtful = legs.find(({ doubt, way }) => doubt !== undefined || way.fate.kind === 'unforeseeable');
  if (outcome === 'undecided' && doubtful !== undefined) return doubtful;
  return outcome === 'reaches' ? legs.find(({ message }) => message === 'echo request') : legs.at(-1);
}

function describeWay(leg: TracedLeg, { hops, fate }: Way): string {
  const switches = hops.flatMap(({ hop }) => leg.hops[hop]?.switch ?? []);
  const last = fate.kind === 'delivered' || fate.kind === 'ignored' ? [fate.host] : [];
  return [leg.from, ...switches, ...last].join(' > ');
}

/** The way of the echo request, through all routers. */
function describeWholeWay({ legs }: Trace): string {
  const ways = legs.filter(({ message }) => message === 'echo request').map((leg) => describeWay(leg, leg.way));
  // Each begins with the host where the one before it ended.
  return ways.map((way, index) => (index === 0 ? way : way.slice(way.indexOf(' > ')))).join('');
}

function ending(fate: TracedFate): string {
  return fate.kind === 'delivered' ? '' : ' > X';
}

/** "h1's ARP request"; routers that send a packet on do not change whose it is. */
function nameOfPacket({ legs }: Trace, { message, from }: TracedLeg): string {
  const isEcho = message === 'echo request' || message === 'echo reply';
  const sender = (isEcho && legs.find((each) => each.message === message)?.from) || from;
  return `${sender}'s ${message}`;
}

/** What the target sends, and what comes after its answer. */
function isOnTheWayBack({ target, legs }: Trace, leg: TracedLeg): boolean {
  const answer = legs.findIndex(({ message }) => message === 'echo reply');
  return leg.from === target || (answer >= 0 && legs.indexOf(leg) >= answer);
}

function choiceIn(leg: TracedLeg): string {
  const choices = (leg.doubt?.hops ?? []).flatMap(({ hop, branch }) => {
    const there = leg.hops[hop];
    const step = there?.branches[branch]?.steps.find(({ kind }) => kind === 'choice');
    if (step?.kind !== 'choice') return [];
    const bucket = there?.branches[branch]?.steps.find((each) => each.kind === 'bucket');
    if (step.among === 'learning') return [`what ${there?.switch} has learnt`];
    return step.among === 'buckets' && bucket?.kind === 'bucket'
      ? [`which bucket of group ${bucket.group} ${there?.switch} takes`]
      : [`which of ${step.of} overlapping entries of one priority ${there?.switch} takes`];
  });
  return choices[0] ?? 'what the switches choose';
}

/** The sentence for where a packet ends. */
function describeFate(trace: Trace, leg: TracedLeg, way: Way): string {
  const sent = nameOfPacket(trace, leg);
  const packet = `${sent} ${leg.message === 'ARP request' ? 'for' : 'to'} ${leg.to ?? 'an address that no host has'}`;
  const { at, port, entry } = lastHop(leg, way);
  const by = entry === undefined ? '' : ` by ${nameOf(entry)}`;
  const { fate } = way;
  switch (fate.kind) {
    case 'no-entry':
      return `${at} has no entry for ${packet}${fate.tableId === 0 ? '' : ` in table ${fate.tableId}`}`;
    case 'dropped':
      return fate.entry.instructions === 'drop'
        ? `${at} drops ${packet}${by}`
        : `${at} sends ${packet} nowhere${by}, which has no output`;
    case 'bucket-drops':
      return `${at} drops ${packet} in bucket ${fate.bucket} of group ${fate.groupId}`;
    case 'no-live-bucket':
      return `${at} drops ${packet}: group ${fate.groupId} has no live bucket`;
    case 'missing-group':
      return `${at} drops ${packet}${by}: there is no group ${fate.groupId}`;
    case 'group-circle':
      return `${at} drops ${packet}: its groups go in a circle, ${fate.groupIds.join(' > ')}`;
    case 'group-chain-too-long':
      return `${at} drops ${packet}: its groups make too long a chain`;
    case 'table-circle':
      return `${at} drops ${packet}: its entries send it back to the first table over and over`;
    case 'unforeseeable':
      return `it is not known what ${at} does with ${packet}: ${fate.reason}`;
    case 'back-out':
      return `${at} does not send ${packet} back out of port ${port}, where it came in${by === '' ? '' : `, though it should${by}`}`;
    case 'port-down':
      return `${at} sends ${packet} out of port ${port}${by}, whose link is down`;
    case 'no-such-port':
      return `${at} sends ${packet} out of port ${port}${by}, and has no such port`;
    case 'no-other-port':
      return `${at} sends ${packet} to all other ports${by}, and has none`;
    case 'to-switch-itself':
      return `${at} keeps ${packet} for itself${by}`;
    case 'to-controller':
      return `${at} sends ${packet} to the controller${by}, which does nothing about it`;
    case 'no-known-way':
      return `the controller knows no path from ${at} for ${packet}`;
    case 'host-link-down':
      return `the link of ${fate.host} is down`;
    case 'switch-stopped':
      return `${fate.switch}, the switch of ${fate.host}, is stopped`;
    case 'loop':
      return `${packet} goes round for ever: ${fate.cycle.join(' > ')}`;
    case 'delivered':
      return `${packet} comes to ${fate.host}, and nothing follows`;
    case 'ignored': {
      const { predicate, cause } = refusalOf(trace, leg, fate);
      // Where entries send it rightly, they have no part in it.
      const from = entry === undefined || isOfHost(cause, entry) ? '' : `${by} on ${at}`;
      return `${fate.host} gets ${fate.host === leg.to ? sent : packet}${from}, and ${predicate}`;
    }
  }
}

const CHOICES = {
  buckets: (of: number) => `one of ${of} buckets`,
  entries: (of: number) => `one of ${of} entries that overlap`,
  learning: () => 'by what it has learnt, else to all others',
} as const;

function describeStep(step: Step): string {
  switch (step.kind) {
    case 'match':
      return `${step.table === 0 ? '' : `table ${step.table}, `}${describeEntry(step.entry)}`;
    case 'bucket':
      return `bucket ${step.bucket} of ${step.groupType} group ${step.group}`;
    case 'choice':
      return CHOICES[step.among](step.of);
    case 'controller-forwards':
      return 'the controller forwards it';
  }
}

function nameOf({ name, priority, match }: TracedEntry): string {
  return name ?? `the entry of priority ${priority} on ${describeFields(match) || 'everything'}`;
}

function describeEntry(entry: TracedEntry): string {
  const { name, priority, match, instructions } = entry;
  const fields = describeFields(match) || 'any';
  return `${name === undefined ? '' : `${name}, `}priority ${priority}, ${fields}: ${instructions}`;
}

function describeFields(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([field, value]) => `${field}=${value}`)
    .join(',');
}

function changesOf(leg: TracedLeg, fields: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(fields).filter(([field, value]) => leg.packet[field] !== value));
}
