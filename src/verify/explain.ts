import { hostOfPoint, pointNamed } from '../model/points.ts';
import { exchangeBetween } from '../sim/exchange.ts';
import type { PortPeer } from '../sim/graph.ts';
import type { Ignored } from '../sim/linux-host.ts';
import { type End, Network, type NetworkState } from '../sim/network.ts';
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
  /** For each host the numbers of the parts of the network that it is in: links that are up, and routers, join parts. */
  readonly #parts: readonly ReadonlySet<number>[];
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
    return a !== undefined && b !== undefined && [...a].some((part) => b.has(part));
  }
}

function partsOf({ nodes, nics, hosts }: Network): readonly ReadonlySet<number>[] {
  // Switches, and after them the interfaces of hosts.
  const above = Array.from({ length: nodes.length + nics.length }, (_, index) => index);
  const rootOf = (index: number): number => {
    let root = index;
    for (let next = above[root] ?? root; next !== root; next = above[root] ?? root) root = next;
    return root;
  };
  const join = (a: number, b: number) => {
    above[rootOf(a)] = rootOf(b);
  };
  const placeOf = (peer: PortPeer) => (peer.kind === 'switch' ? peer.index : nodes.length + peer.nic);
  for (const [index, { ports }] of nodes.entries()) {
    for (const { peer, isUp } of ports.values()) if (isUp) join(index, placeOf(peer));
  }
  const lastOf = new Map<number, number>();
  for (const [index, { host, peer, isUp }] of nics.entries()) {
    if (isUp) join(nodes.length + index, placeOf(peer));
    const last = lastOf.get(host);
    lastOf.set(host, index);
    const isRouter = hosts[host]?.interfaces.some(({ settings }) => settings.forwards) === true;
    if (last !== undefined && isRouter) join(nodes.length + last, nodes.length + index);
  }
  const parts = hosts.map(() => new Set<number>());
  for (const [index, { host, isUp }] of nics.entries()) if (isUp) parts[host]?.add(rootOf(nodes.length + index));
  return parts;
}

function explainInOneLine(trace: Trace): string {
  if (trace.disturbedBy !== undefined) {
    return `copies go round for ever, ${trace.disturbedBy.join(' > ')}, and its packets may be lost among them`;
  }
  const leg = decidingLeg(trace);
  if (leg === undefined && trace.outcome === 'reaches') return 'it is an address of the host itself';
  if (leg === undefined) return `${trace.source} has no route to ${trace.target}`;
  if (trace.outcome === 'reaches') return `by the entries it goes ${describeWholeWay(trace)}, and back`;
  const back = leg.from === trace.target ? 'on the way back ' : '';
  const sentence = `${back}${describeFate(leg, leg.doubt ?? leg.way)}`;
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
      // Where entries changed nothing, the host decides.
      return entry === undefined ? `${way.fate.host} ignores` : `${nameOf(entry)} on ${at} takes`;
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
  const lines = [`${source} -> ${target}: ${shown}${outcome === 'reaches' ? '' : `, ${explainInOneLine(trace)}`}`];
  const width = Math.max(...trace.legs.map(({ message }) => message.length));
  for (const leg of trace.legs) {
    lines.push(`  ${leg.message.padEnd(width)}  ${describeWay(leg, leg.way)}${ending(leg.way.fate)}`);
    if (leg === deciding) lines.push(...hopLines(leg, leg.doubt ?? leg.way));
  }
  return lines;
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

/** "h1's ARP request for h9" */
function subject({ message, from, to }: TracedLeg): string {
  return `${from}'s ${message} ${message === 'ARP request' ? 'for' : 'to'} ${to ?? 'an address that no host has'}`;
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
function describeFate(leg: TracedLeg, way: Way): string {
  const packet = subject(leg);
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
    case 'ignored':
      return `${at} sends ${packet} to ${fate.host}${by}, which ignores it: ${IGNORED[fate.why]}`;
  }
}

const IGNORED: Readonly<Record<Ignored, string>> = {
  'other-mac': 'it is for another MAC address',
  tagged: 'it has a VLAN tag',
  'other-ip': 'it is for another IP address',
  'own-address': "it says to come from that host's own address",
  'not-understood': 'it is no message that a host answers',
  'nothing-to-do': 'it asked for nothing',
  'no-route': 'it has no route back',
  'no-route-on': 'it has no route to that address',
  'other-path': 'it would answer by another interface, and its rp_filter refuses that',
  'ttl-exceeded': 'it has passed as many routers as it may',
};

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
