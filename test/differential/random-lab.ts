import {
  type Dpid,
  dpidFromNumber,
  ipv4FromNumber,
  ipv4ToNumber,
  macFromNumber,
  macToNumber,
  type PortNumber,
  portNumber,
} from '../../src/model/addresses.ts';
import { unjoinedPairs } from '../../src/model/connection.ts';
import type { Fault } from '../../src/model/fault.ts';
import {
  allOnes,
  exactly,
  MATCH_FIELDS,
  type Match,
  type MatchField,
  meets,
  VLAN_TAG_PRESENT,
} from '../../src/model/match.ts';
import type { Action, Bucket, Flow, Group, Instructions, OutputPort } from '../../src/model/openflow.ts';
import {
  addressesOf,
  type Host,
  type Link,
  type LinkEnd,
  ownAddressOf,
  type Switch,
  Topology,
} from '../../src/model/topology.ts';
import { compileConnections } from '../../src/plan/connections.ts';
import { forwardingFlows } from '../../src/plan/forwarding.ts';
import { PathGraph, switchesAlong } from '../../src/plan/paths.ts';
import { hostOf, type PlainHost } from '../support/fixtures/hosts.ts';
import { Random } from './random.ts';
import { randomHosts } from './random-hosts.ts';
import { legsBetween, type RoutedLeg } from './routed-legs.ts';

/** What the switches of a lab are given to hold, and what is down meanwhile. */
export interface EntrySet {
  readonly entries: ReadonlyMap<Dpid, { readonly flows: readonly Flow[]; readonly groups: readonly Group[] }>;
  readonly faults: readonly Fault[];
}

/** A topology and sets of entries for it, all decided by the seed. */
export interface RandomLab {
  readonly seed: number;
  readonly topology: Topology;
  readonly sets: readonly EntrySet[];
}

const SETS_PER_LAB = 2;
const MOST_SWITCHES = 6;
const MOST_HOSTS = 6;
const MOST_RULES = 7;
/** Of labs, how many have hosts with several links and subnets. */
const PART_WITH_ROUTING = 0.45;
const FIRST_IP = 10n << 24n;
const SECOND_IP = (192n << 24n) + (168n << 16n) + (1n << 8n);

/** @param hasVlans whether hosts may have interfaces of VLANs: a kernel may have none */
export function randomLab(seed: number, hasVlans: boolean): RandomLab {
  const random = new Random(seed);
  const isWide = new Random(seed ^ 0x5eed).chance(PART_WITH_ROUTING);
  const topology = isWide ? routedTopology(random, hasVlans) : plainTopology(random);
  const sets = Array.from({ length: SETS_PER_LAB }, () => new EntryMaker(random, topology).make());
  return { seed, topology, sets };
}

/** Connected or not, with loops and parallel links; some switches without a host, some with several. */
function plainTopology(random: Random): Topology {
  const switches = randomSwitches(random);
  // Some hosts see only a part of the others as neighbours.
  const narrow = random.chance(0.1) ? random.integer(1, MOST_HOSTS) : 0;
  const hosts = Array.from({ length: random.pick([2, 3, 4, 4, 5, 5, MOST_HOSTS]) }, (_, index): Host => {
    const number = BigInt(index + 1);
    return hostOf({
      name: `h${number}`,
      ip: ipv4FromNumber(FIRST_IP + number),
      prefixLength: index + 1 === narrow ? 30 : 8,
      mac: macFromNumber(
        random.chance(0.5) ? number : (0x02n << 40n) + (BigInt(random.integer(0, 0xffff)) << 16n) + number,
      ),
      ...randomState(random, index + 1, index + 1 === narrow),
    });
  });
  const pairs: [string, string][] = hosts.map(({ name }) => [name, random.pick(switches).name]);
  pairs.push(...pairsOfSwitches(random, switches));
  const ports = new Ports(random);
  const end = (node: string): LinkEnd =>
    node.startsWith('h') ? { node, port: portNumber(0) } : { node, port: ports.next(node) };
  const links = random.shuffled(pairs).map(([a, b]): Link => ({ ends: [end(a), end(b)] }));
  return new Topology({ hosts, switches, links });
}

/** Likewise, with hosts as `randomHosts` has them. */
function routedTopology(random: Random, hasVlans: boolean): Topology {
  const switches = randomSwitches(random);
  const ports = new Ports(random);
  const endAt = (node: string): LinkEnd => ({ node, port: ports.next(node) });
  const { hosts, links } = randomHosts(random, switches, endAt, hasVlans);
  const between = pairsOfSwitches(random, switches).map(([a, b]): Link => ({ ends: [endAt(a), endAt(b)] }));
  return new Topology({ hosts, switches, links: [...links, ...between] });
}

function randomSwitches(random: Random): readonly Switch[] {
  return Array.from(
    { length: random.integer(1, MOST_SWITCHES) },
    (_, index): Switch => ({ name: `s${index + 1}`, dpid: dpidFromNumber(BigInt(index + 1)) }),
  );
}

/** Mostly a tree, so that most pairs are joined, and some links more. */
function pairsOfSwitches(random: Random, switches: readonly Switch[]): readonly [string, string][] {
  const pairs: [string, string][] = [];
  if (switches.length < 2) return pairs;
  for (const [index, { name }] of switches.entries()) {
    if (index > 0 && random.chance(0.85)) pairs.push([name, random.pick(switches.slice(0, index)).name]);
  }
  const extra = random.chance(0.45) ? 0 : random.integer(1, 3);
  for (let count = 0; count < extra; count += 1) {
    const [a, b] = random.shuffled(switches);
    if (a !== undefined && b !== undefined) pairs.push([a.name, b.name]);
  }
  return pairs;
}

/** Ports of switches, of which some are left out. */
class Ports {
  readonly #random: Random;
  readonly #next = new Map<string, number>();

  constructor(random: Random) {
    this.#random = random;
  }

  next(node: string): PortNumber {
    const port = this.#next.get(node) ?? 1;
    this.#next.set(node, port + (this.#random.chance(0.1) ? 2 : 1));
    return portNumber(port);
  }
}

/** What a host has beside its address: others, a router, static ARP entries, routes, forwarding. Most have nothing. */
function randomState(random: Random, number: number, isNarrow: boolean): Partial<PlainHost> {
  const other = random.integer(1, MOST_HOSTS);
  const neighbour = random.integer(1, MOST_HOSTS);
  const start = [
    ...(random.chance(0.08) ? [`ip route add 10.0.0.${other}/32 via 10.0.0.${neighbour} || true`] : []),
    ...(random.chance(0.05) ? [`ip route add blackhole 10.0.0.${other}/32 || true`] : []),
    ...(random.chance(0.06)
      ? [`ip neigh replace 10.0.0.${other} lladdr 00:00:00:00:00:0${neighbour} nud permanent dev h${number}-eth0`]
      : []),
    ...(random.chance(0.08)
      ? [
          // An ICMP redirect would change other hosts while they are looked at.
          `sysctl -w net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.h${number}-eth0.send_redirects=0`,
          'sysctl -w net.ipv4.ip_forward=1',
        ]
      : []),
  ];
  return {
    ...(random.chance(0.15)
      ? { addresses: [{ ip: ipv4FromNumber(SECOND_IP + BigInt(number)), prefixLength: 24 }] }
      : {}),
    ...(random.chance(0.15) && other !== number && !isNarrow
      ? { defaultRoute: ipv4FromNumber(FIRST_IP + BigInt(other)) }
      : {}),
    ...(random.chance(0.12) ? { arp: 'static' as const } : {}),
    ...(start.length === 0 ? {} : { start }),
  };
}

const LEG_KINDS = ['arp-request', 'arp-reply', 'echo-request', 'echo-reply'] as const;
type Fields = Readonly<Partial<Record<MatchField, bigint>>>;

/** A packet of a ping as it is at one switch, and where it is to go. */
interface Passing {
  readonly node: Switch;
  readonly fields: Fields;
  /** By which it comes. */
  readonly inPort: number;
  /** That brings it nearer to its host. */
  readonly outPort: number;
}

const BROADCAST = (1n << 48n) - 1n;
const SETTABLE: readonly MatchField[] = [
  'eth_dst',
  'eth_src',
  'ip_dscp',
  'ip_ecn',
  'ipv4_src',
  'ipv4_dst',
  'icmpv4_type',
  'icmpv4_code',
  'arp_opcode',
  'arp_spa',
  'arp_tpa',
  'arp_sha',
  'arp_tha',
];
const MOST_TABLES = 4;

/** Makes one set of entries, most of which some packet of a ping meets. */
class EntryMaker {
  readonly #random: Random;
  readonly #topology: Topology;
  readonly #flows = new Map<Dpid, Flow[]>();
  readonly #groups = new Map<Dpid, Group[]>();

  constructor(random: Random, topology: Topology) {
    this.#random = random;
    this.#topology = topology;
    for (const { dpid } of topology.switches) {
      this.#flows.set(dpid, []);
      this.#groups.set(dpid, []);
    }
  }

  make(): EntrySet {
    const random = this.#random;
    const faults = random.chance(0.3) ? [this.#fault()] : [];
    const isReactive = random.chance(0.8);
    if (isReactive) {
      // A controller that knows the faults or one that does not.
      const known = this.#topology.withFaults(random.chance(0.5) ? faults : []);
      for (const [dpid, flows] of forwardingFlows(known)) this.#flows.get(dpid)?.push(...flows);
    } else if (random.chance(0.6)) {
      const port = random.pick(['flood', 'all', 'normal', 'normal'] as const);
      for (const { dpid } of this.#topology.switches) {
        this.#addFlow(dpid, 0, 1, {}, { apply: [{ kind: 'output', port }], clearActions: false, write: [] });
      }
    }
    if (random.chance(isReactive ? 0.25 : 0.6)) this.#connect();
    const rules = random.chance(0.1) ? 0 : random.integer(1, MOST_RULES);
    for (let count = 0; count < rules; count += 1) this.#rule();
    const entries = this.#topology.switches.map(({ dpid }) => {
      const held = { flows: this.#flows.get(dpid) ?? [], groups: this.#groups.get(dpid) ?? [] };
      return [dpid, held] as const;
    });
    return { entries: new Map(entries), faults };
  }

  #connect(): void {
    const random = this.#random;
    const { hosts } = this.#topology;
    const connections = Array.from({ length: random.integer(1, 2) }, () => {
      const members = hosts.map(({ name }) => name).filter(() => random.chance(0.6));
      const ways = random.pick([{}, { ways: 'multipath' }, { ways: 'protected' }] as const);
      return { members, ...ways };
    }).filter((each) => each.members.length > 1 && unjoinedPairs(this.#topology, each).length === 0);
    for (const entry of compileConnections(this.#topology, connections).entries) {
      if (entry.kind === 'flow') this.#flows.get(entry.dpid)?.push(entry);
      else this.#groups.get(entry.dpid)?.push(entry);
    }
  }

  #fault(): Fault {
    const random = this.#random;
    if (random.chance(0.15)) return { kind: 'switch', name: random.pick(this.#topology.switches).name };
    const { ends } = random.pick(this.#topology.links);
    const between = [ends[0].node, ends[1].node] as const;
    const hasOthers = this.#topology.linksBetween(...between).length > 1;
    return {
      kind: 'link',
      between,
      ...(hasOthers && random.chance(0.7) ? { ports: [ends[0].port, ends[1].port] } : {}),
    };
  }

  /** One or several flows that act together on a packet of a ping. */
  #rule(): void {
    const random = this.#random;
    const way = this.#way();
    if (way === undefined) return;
    switch (random.weighted({ single: 45, tables: 25, along: 25, circle: 3 })) {
      case 'single': {
        const at = random.pick(way);
        this.#addFlow(at.node.dpid, 0, this.#priority(), this.#match(at), this.#instructions(at, at.fields));
        break;
      }
      case 'tables':
        this.#tables(random.pick(way));
        break;
      case 'along':
        this.#along(way);
        break;
      case 'circle':
        this.#circle(way);
        break;
    }
  }

  /** Back and forth between the first two switches of its way. */
  #circle([first, second]: readonly Passing[]): void {
    if (first === undefined || second === undefined) return;
    const { in_port: _, ...anywhere } = this.#match(first);
    const send = (port: OutputPort): Instructions => {
      const actions: readonly Action[] = [{ kind: 'output', port }];
      return this.#random.chance(0.5)
        ? { apply: actions, clearActions: false, write: [] }
        : { apply: [], clearActions: false, write: actions };
    };
    this.#addFlow(first.node.dpid, 0, 200, anywhere, send(first.outPort));
    this.#addFlow(
      first.node.dpid,
      0,
      201,
      { ...anywhere, in_port: exactly('in_port', BigInt(first.outPort)) },
      send('in_port'),
    );
    this.#addFlow(second.node.dpid, 0, 200, anywhere, send('in_port'));
  }

  /** A packet of a ping of two hosts, between two of those that it passes and which are joined, at each switch of its way. */
  #way(): readonly Passing[] | undefined {
    const random = this.#random;
    const [sender, receiver] = random.shuffled(this.#topology.hosts);
    if (sender === undefined || receiver === undefined) return undefined;
    const legs = legsBetween(this.#topology, sender, receiver);
    if (legs.length === 0) return undefined;
    const leg = random.pick(legs);
    const first = this.#topology.attachmentOf(leg.from.host, leg.from.port);
    const last = this.#topology.attachmentOf(leg.to.host, leg.to.port);
    if (first === undefined || last === undefined) return undefined;
    const nextHops = new PathGraph(this.#topology, 'hops').nextHopsToward(last.accessSwitch.name);
    if (first.accessSwitch !== last.accessSwitch && !nextHops.has(first.accessSwitch.name)) return undefined;
    const fields = packetFields(random.pick(LEG_KINDS), leg);
    let inPort: number = first.port;
    return switchesAlong(nextHops, first.accessSwitch.name).map((name) => {
      const node = this.#topology.switchNamed(name) as Switch;
      const hop = name === last.accessSwitch.name ? undefined : nextHops.get(name);
      const passing = { node, fields, inPort, outPort: hop?.port ?? last.port };
      inPort = hop?.peer.port ?? inPort;
      return passing;
    });
  }

  /** Through several tables of one switch, with changes that later tables see and perhaps undo. */
  #tables(at: Passing): void {
    const random = this.#random;
    const tables = random.shuffled([1, 2, 3, 5, 253]).slice(0, random.integer(1, MOST_TABLES - 1));
    const sequence = [0, ...tables.toSorted((a, b) => a - b)];
    let fields = at.fields;
    for (const [position, tableId] of sequence.entries()) {
      // Sometimes the last table has nothing for it.
      if (position > 0 && random.chance(0.1)) return;
      const here = { ...at, fields };
      const next = sequence[position + 1];
      const isLast = next === undefined;
      const changes = random.chance(0.4) ? this.#changes(fields) : [];
      const restore = isLast && random.chance(0.7) ? restoring(fields, at.fields) : [];
      const apply: Action[] = [...changes, ...restore];
      const write: Action[] = [];
      if (isLast ? random.chance(0.75) : random.chance(0.15)) apply.push(this.#send(here));
      if (random.chance(0.35)) write.push(this.#send(here));
      if (random.chance(0.2)) write.push(...this.#changes(fields));
      const clearActions = random.chance(0.12);
      const match = position === 0 || random.chance(0.6) ? this.#match(here) : {};
      const goto = next === undefined ? {} : { gotoTable: next };
      this.#addFlow(at.node.dpid, tableId, this.#priority(), match, { apply, clearActions, write, ...goto });
      fields = changed(changed(fields, changes), restore);
    }
  }

  /** Along a part of its way: changed at its first switch, forwarded by what it then is, and perhaps restored. */
  #along(way: readonly Passing[]): void {
    const random = this.#random;
    const from = random.integer(0, way.length - 1);
    const to = random.integer(from, way.length - 1);
    let changes = this.#changes(way[from]?.fields ?? {});
    if (changes.length === 0 || random.chance(0.5)) changes = [...this.#tagging(), ...changes];
    const original = way[from]?.fields ?? {};
    let fields = original;
    for (const [position, at] of way.slice(from, to + 1).entries()) {
      const here = { ...at, fields };
      const made = position === 0 ? changes : [];
      fields = changed(fields, made);
      const restore = from + position === to && random.chance(0.75) ? restoring(fields, original) : [];
      const apply = [...made, ...restore, this.#send(here)];
      this.#addFlow(at.node.dpid, 0, this.#priority(), this.#match(here), { apply, clearActions: false, write: [] });
      fields = changed(fields, restore);
    }
  }

  #instructions(at: Passing, fields: Fields): Instructions {
    const random = this.#random;
    const changes = random.chance(0.4) ? this.#changes(fields) : [];
    const kind = random.weighted({ drop: 5, apply: 55, write: 25, both: 15, table: 5 });
    const clearActions = random.chance(0.08);
    switch (kind) {
      case 'drop':
        return { apply: changes, clearActions, write: [] };
      case 'apply': {
        const more = random.chance(0.2) ? [...this.#changes(fields), this.#send(at)] : [];
        return { apply: [...changes, this.#send(at), ...more], clearActions, write: [] };
      }
      case 'write': {
        const more = random.chance(0.2) ? [this.#send(at)] : [];
        return { apply: [], clearActions, write: random.shuffled([...changes, this.#send(at), ...more]) };
      }
      case 'both':
        return { apply: [...changes, this.#send(at)], clearActions, write: [...this.#changes(fields), this.#send(at)] };
      case 'table': {
        // Its own changes, or an entry above it, keep it from being met again.
        const more = random.chance(0.5) ? [this.#send(at)] : [];
        const write = random.chance(0.4) ? [this.#send(at)] : [];
        if (random.chance(0.7)) {
          const again = changed(fields, changes);
          const match = this.#match({ ...at, fields: again });
          const inner = {
            apply: this.#changes(again),
            clearActions: false,
            write: random.chance(0.5) ? [this.#send(at)] : [],
          };
          this.#addFlow(
            at.node.dpid,
            0,
            50_000,
            { ...match, eth_vlan_vid: exactly('eth_vlan_vid', again.eth_vlan_vid ?? 0n) },
            inner,
          );
        }
        return { apply: [...changes, { kind: 'output', port: 'table' }, ...more], clearActions, write };
      }
    }
  }

  /** Changes of a packet, of which some change nothing. */
  #changes(fields: Fields): readonly Action[] {
    const random = this.#random;
    const kind = random.weighted({ nothing: 2, set: 10, tag: 3, pop: 1, tagAndPop: 1, queue: 0.3 });
    switch (kind) {
      case 'nothing':
        return [];
      case 'set':
        return Array.from({ length: random.chance(0.75) ? 1 : 2 }, () => this.#setting(fields));
      case 'tag':
        return this.#tagging();
      case 'pop':
        return [{ kind: 'pop_vlan' }];
      case 'tagAndPop':
        return [...this.#tagging(), { kind: 'pop_vlan' }];
      case 'queue':
        return [{ kind: 'set_queue', queueId: 0 }];
    }
  }

  #tagging(): readonly Action[] {
    const random = this.#random;
    const push: Action = { kind: 'push_vlan', ethType: random.chance(0.9) ? 0x8100 : 0x88a8 };
    const actions: Action[] = random.chance(0.05) ? [push, push] : [push];
    if (random.chance(0.6))
      actions.push({ kind: 'set_field', field: 'eth_vlan_vid', value: this.#otherValue('eth_vlan_vid') });
    if (random.chance(0.3))
      actions.push({ kind: 'set_field', field: 'eth_vlan_pcp', value: this.#otherValue('eth_vlan_pcp') });
    return actions;
  }

  #setting(fields: Fields): Action {
    const random = this.#random;
    const present = SETTABLE.filter((field) => fields[field] !== undefined);
    // Seldom one that the packet does not have.
    const field = random.pick(
      random.chance(0.93) && present.length > 0 ? present : [...SETTABLE, 'eth_vlan_vid' as const],
    );
    const value = random.chance(0.3) ? fields[field] : undefined;
    return { kind: 'set_field', field, value: value ?? this.#otherValue(field) };
  }

  /** A value that packets of the lab may have, or that is at least near. */
  #otherValue(field: MatchField): bigint {
    const random = this.#random;
    const host = random.pick(this.#topology.hosts);
    const own = ownAddressOf(host);
    const further = addressesOf(host).slice(1);
    switch (field) {
      case 'eth_dst':
      case 'eth_src':
      case 'arp_sha':
      case 'arp_tha':
        if (random.chance(0.1)) return field === 'eth_dst' ? BROADCAST : 0n;
        return random.chance(0.85) && own !== undefined ? macToNumber(own.interface.mac) : (0x02n << 40n) + 99n;
      case 'ipv4_src':
      case 'ipv4_dst':
      case 'arp_spa':
      case 'arp_tpa':
        if (random.chance(0.3) && further.length > 0) return ipv4ToNumber(random.pick(further).ip);
        return random.chance(0.85) && own !== undefined ? ipv4ToNumber(own.ip) : FIRST_IP + 77n;
      case 'eth_vlan_vid':
        return VLAN_TAG_PRESENT | BigInt(random.pick([0, 1, 5, 100]));
      case 'arp_opcode':
        return BigInt(random.integer(1, 2));
      case 'icmpv4_type':
        return random.pick([8n, 0n, 8n, 0n, 13n]);
      case 'icmpv4_code':
        return BigInt(random.integer(0, 1));
      case 'in_port':
        return BigInt(random.integer(1, 4));
      case 'eth_type':
        return random.pick([0x0800n, 0x0806n]);
      case 'ip_proto':
        return 1n;
      default:
        return BigInt(random.integer(0, Number(allOnes(field))));
    }
  }

  /** An action that sends a packet on: mostly to where it is to go. */
  #send(at: Passing): Action {
    const random = this.#random;
    return random.chance(0.25) ? { kind: 'group', groupId: this.#group(at) } : { kind: 'output', port: this.#port(at) };
  }

  #port(at: Passing): OutputPort {
    const random = this.#random;
    const weights = {
      ...{ right: 70, any: 10, in_port: 3, all: 4, flood: 4, normal: 4 },
      ...{ controller: 3, local: 3, missing: 1 },
    } as const;
    const kind = random.weighted(weights);
    switch (kind) {
      case 'right':
        return at.outPort;
      case 'any':
        return this.#anyPort(at.node);
      case 'missing':
        return 60;
      default:
        return kind;
    }
  }

  #anyPort({ name }: Switch): number {
    const ports = this.#topology.neighboursOf(name).map(({ port }) => port);
    return ports.length === 0 ? 1 : this.#random.pick(ports);
  }

  /** Adds a group and returns its id. */
  #group(at: Passing, depth = 0): number {
    const random = this.#random;
    const groups = this.#groups.get(at.node.dpid) ?? [];
    const groupType = random.weighted({ all: 30, indirect: 25, fast_failover: 30, select: 15 });
    const size = groupType === 'indirect' ? 1 : random.weighted({ 1: 40, 2: 40, 3: 15, 0: 5 });
    const buckets: Bucket[] = [];
    for (let count = 0; count < Number(size); count += 1) {
      const actions: Action[] = random.chance(0.3) ? [...this.#changes(at.fields)] : [];
      if (depth < 2 && random.chance(0.2)) actions.push({ kind: 'group', groupId: this.#group(at, depth + 1) });
      else if (random.chance(0.93)) actions.push({ kind: 'output', port: this.#port(at) });
      const watched = random.chance(0.7) ? at.outPort : this.#anyPort(at.node);
      const watches = groupType === 'fast_failover' || (groupType === 'select' && random.chance(0.3));
      buckets.push({
        ...(groupType === 'select' ? { weight: random.chance(0.1) ? 0 : random.integer(1, 3) } : {}),
        ...(watches ? { watchPort: watched } : {}),
        actions: random.shuffled(actions),
      });
    }
    // Those that it sends to come before it, as they must be there first.
    const groupId = groups.length + 1;
    groups.push({ groupId, groupType, buckets });
    return groupId;
  }

  /** A match of a packet as it is, now and then of one that differs. */
  #match({ fields, inPort }: Passing): Match {
    const random = this.#random;
    const names = (Object.keys(fields) as MatchField[]).filter((field) => field !== 'in_port');
    const chosen = new Map<MatchField, bigint>();
    const count = random.weighted({ 0: 4, 1: 30, 2: 36, 3: 20, 6: 10 });
    for (const field of random.shuffled(names).slice(0, Number(count))) chosen.set(field, fields[field] ?? 0n);
    if (random.chance(0.2)) chosen.set('in_port', BigInt(inPort));
    for (const field of [...chosen.keys()]) {
      if (random.chance(0.06)) chosen.set(field, this.#otherValue(field));
      for (let needed = MATCH_FIELDS[field].prerequisite; needed; needed = MATCH_FIELDS[needed.field].prerequisite) {
        // That of the packet, or what makes the match impossible for it and still a match.
        const value = fields[needed.field];
        chosen.set(needed.field, value !== undefined && meets(needed, value) ? value : (needed.values[0] ?? 0n));
      }
    }
    // Changes need to know what they change.
    for (const field of ['eth_type', 'ip_proto'] as const) {
      const value = fields[field];
      if (value !== undefined && (field === 'eth_type' || chosen.get('eth_type') === 0x0800n) && random.chance(0.5)) {
        chosen.set(field, value);
      }
    }
    const match: Partial<Record<MatchField, { value: bigint; mask: bigint }>> = {};
    for (const [field, value] of chosen) {
      const isMasked = MATCH_FIELDS[field].maskable && random.chance(0.35);
      const mask = isMasked ? this.#mask(field) : allOnes(field);
      if (mask === 0n) continue;
      match[field] = mask === allOnes(field) ? exactly(field, value) : { value: value & mask, mask };
    }
    return match;
  }

  #mask(field: MatchField): bigint {
    const random = this.#random;
    const { bits } = MATCH_FIELDS[field];
    if (field === 'eth_vlan_vid') return random.pick([VLAN_TAG_PRESENT, 0x1fffn, VLAN_TAG_PRESENT | 1n, 0x0fffn]);
    const low = BigInt(random.integer(0, 3));
    if (random.chance(0.5)) return allOnes(field) ^ ((1n << low) - 1n);
    let mask = 0n;
    for (let bit = 0; bit < bits; bit += 1) if (random.chance(0.4)) mask |= 1n << BigInt(bit);
    return mask;
  }

  /** Few enough that some conflict, most of them above forwarding and some among those of connections. */
  #priority(): number {
    const random = this.#random;
    return random.chance(0.8) ? random.integer(100, 160) : random.pick([0, 1, 2, 130, 30_100, 30_200, 30_301, 65_535]);
  }

  #addFlow(dpid: Dpid, tableId: number, priority: number, match: Match, instructions: Instructions): void {
    this.#flows
      .get(dpid)
      ?.push({ tableId, priority, match, instructions, idleTimeoutSeconds: 0, hardTimeoutSeconds: 0 });
  }
}

/** RFC 826 and RFC 792, as Linux sends them. */
function packetFields(kind: (typeof LEG_KINDS)[number], { from, to, source, target }: RoutedLeg): Fields {
  const arp = {
    eth_type: 0x0806n,
    eth_src: from.mac,
    arp_spa: from.ip,
    arp_tpa: to.ip,
    arp_sha: from.mac,
    eth_vlan_vid: 0n,
  };
  const ipv4 = {
    eth_type: 0x0800n,
    eth_src: from.mac,
    eth_dst: to.mac,
    ipv4_src: source,
    ipv4_dst: target,
    eth_vlan_vid: 0n,
  };
  const icmp = { ...ipv4, ip_proto: 1n, ip_dscp: 0n, ip_ecn: 0n, icmpv4_code: 0n };
  switch (kind) {
    case 'arp-request':
      return { ...arp, eth_dst: BROADCAST, arp_opcode: 1n, arp_tha: 0n };
    case 'arp-reply':
      return { ...arp, eth_dst: to.mac, arp_opcode: 2n, arp_tha: to.mac };
    case 'echo-request':
      return { ...icmp, icmpv4_type: 8n };
    case 'echo-reply':
      return { ...icmp, icmpv4_type: 0n };
  }
}

/** The fields after these actions, near enough to match packets by. */
function changed(fields: Fields, actions: readonly Action[]): Fields {
  const result: Partial<Record<MatchField, bigint>> = { ...fields };
  for (const action of actions) {
    if (action.kind === 'push_vlan') Object.assign(result, { eth_vlan_vid: VLAN_TAG_PRESENT, eth_vlan_pcp: 0n });
    else if (action.kind === 'pop_vlan') {
      result.eth_vlan_vid = 0n;
      delete result.eth_vlan_pcp;
    } else if (action.kind === 'set_field' && result[action.field] !== undefined) result[action.field] = action.value;
  }
  return result;
}

/** Actions that make a packet again what it was. */
function restoring(from: Fields, to: Fields): readonly Action[] {
  const isTagged = (from.eth_vlan_vid ?? 0n) !== 0n;
  const pop: readonly Action[] = isTagged && (to.eth_vlan_vid ?? 0n) === 0n ? [{ kind: 'pop_vlan' }] : [];
  const fields = SETTABLE.filter((field) => to[field] !== undefined && from[field] !== to[field]);
  return [...pop, ...fields.map((field): Action => ({ kind: 'set_field', field, value: to[field] ?? 0n }))];
}
