import { ipv4FromNumber, ipv4ToNumber, type MacAddress, macToNumber, type PortNumber } from '../model/addresses.ts';
import type { Connection, Ways } from '../model/connection.ts';
import { ETH_TYPE, exactly, type Match } from '../model/match.ts';
import {
  type Action,
  type Bucket,
  type Entry,
  formatActions,
  type GroupType,
  HIGHEST_GROUP_ID,
} from '../model/openflow.ts';
import { addressName } from '../model/points.ts';
import { addressesOf, type Host, type Neighbour, type Switch, type Topology } from '../model/topology.ts';
import { type AddressBlock, blocksOf, maskOf } from './address-blocks.ts';
import { flowOf } from './forwarding.ts';
import type { Path } from './path-search.ts';
import { PathGraph, switchesAlong } from './paths.ts';
import { ProtectedTree } from './protection.ts';
import { isRouted, Routes } from './routes.ts';

/**
 * Priorities of a plan's entries, all above the controller's reactive flows (1) and below those that people usually
 * write by hand (32768). At a member's access switch come first the senders that it may hear, then the fence around it.
 * What goes to other members is forwarded by destination only; what comes from a member and goes nowhere else is
 * dropped.
 */
const PRIORITY = {
  allow: 30_300,
  fenceTo: 30_200,
  route: 30_175,
  detour: 30_150,
  forward: 30_100,
  fenceFrom: 30_050,
} as const;

/** Names of a plan's entries begin with this, which tells them from what others pushed. */
export const ENTRY_NAME_PREFIX = 'labctl/';

/** The entries that make all connections at once; frozen, sorted by switch, groups first, and name; names unique. */
export interface Plan {
  readonly entries: readonly Entry[];
  readonly counts: EntryCounts;
}

export interface EntryCounts {
  /** Entries that connections need. */
  readonly count: number;
  /** How many they would be with one for each pair of hosts, switch on its path, and protocol. */
  readonly naiveCount: number;
}

/** IPv4 by its addresses, ARP by the addresses of its sender and target: the same rules for both. */
const IPV4 = { name: 'ipv4', ethType: ETH_TYPE.ipv4, from: 'ipv4_src', to: 'ipv4_dst' } as const;
const ARP = { name: 'arp', ethType: ETH_TYPE.arp, from: 'arp_spa', to: 'arp_tpa' } as const;
const PROTOCOLS = [IPV4, ARP];

/**
 * Compiles connections to entries. A member's access switch decides whom it may hear: an entry for each block of its
 * peers' addresses allows, and a fence around the member drops the rest. Every switch on the way forwards by destination
 * only, along one shortest-path tree per destination, so that connections that share a member share these entries.
 * Destinations that a switch treats alike are matched together, as blocks of addresses. No path uses a link that is
 * down, and pairs that the network does not join have none.
 * @param intact the network for which protected connections are planned; without the faults that came later, so that
 * they stay as they were
 */
export function compileConnections(
  topology: Topology,
  connections: readonly Connection[],
  intact: Topology = topology,
): Plan {
  const compiler = new Compiler(topology, connections, intact);
  const entries = Object.freeze(compiler.entries());
  return Object.freeze({ entries, counts: { count: entries.length, naiveCount: compiler.naiveCount } });
}

/** What a switch does with packets for some hosts: the same for all of them. */
interface Rule {
  /** Only for packets that come by this port. */
  readonly inPort?: number;
  /** Only for packets of the host with this address. */
  readonly from?: number;
  readonly actions: readonly Action[];
  readonly addresses: number[];
}

/** An address of a host, and where it is. */
interface Station {
  readonly host: Host;
  /** As people call it. */
  readonly name: string;
  readonly address: number;
  readonly mac: MacAddress;
  readonly accessSwitch: Switch;
  /** Of the switch. */
  readonly port: PortNumber;
}

/** An address of a member of connections, as a target. */
interface Target extends Station {
  /** Places of its connections. */
  readonly connections: readonly number[];
  /** Members of its connections that do not say where their paths go; itself among them. */
  readonly peers: ReadonlySet<string>;
  /** Members of its other connections without a path of the kind that these ask for. */
  readonly apart: ReadonlySet<string>;
  readonly ways: Ways | undefined;
}

/** A pair of hosts and its path, which leads from the source's access switch to the target's. */
interface RoutedPair {
  readonly source: Host;
  readonly target: Host;
  readonly path: Path;
}

class Compiler {
  naiveCount = 0;
  readonly #topology: Topology;
  readonly #connections: readonly Connection[];
  readonly #intact: Topology;
  readonly #graph: PathGraph;
  /** Where protected paths go. */
  readonly #intactGraph: PathGraph;
  readonly #entries = new Map<string, Entry>();
  /** By switch, and by a key that differs for different rules. */
  readonly #rules = new Map<Switch, Map<string, Rule>>();
  readonly #labels: ReadonlyMap<number, string>;
  readonly #stations: ReadonlyMap<string, readonly Station[]>;
  /** Pairs of connections that say where their paths go, and the path of each; absent where there is none. */
  readonly #routed: ReadonlyMap<string, RoutedPair>;
  /** Blocks of members' addresses by the connections that they are of, and the members that are not meant. */
  readonly #sources = new Map<string, readonly AddressBlock[]>();
  readonly #groupIds = new Map<Switch, Map<number, string>>();
  /** By target switch. */
  readonly #treeOf = new Map<string, ReadonlyMap<string, Neighbour>>();
  readonly #allHopsOf = new Map<string, ReadonlyMap<string, readonly Neighbour[]>>();
  readonly #protectedTreeOf = new Map<string, ProtectedTree>();

  constructor(topology: Topology, connections: readonly Connection[], intact: Topology) {
    this.#topology = topology;
    this.#connections = connections;
    this.#graph = new PathGraph(topology);
    this.#intactGraph = new PathGraph(intact);
    this.#stations = new Map(topology.hosts.map((host) => [host.name, stationsOf(topology, host)]));
    this.#labels = new Map([...this.#stations.values()].flat().map(({ address, name }) => [address, name]));
    this.#intact = intact;
    this.#routed = this.#findRoutes();
    for (const target of this.#targets()) this.#connect(target);
    this.#routeAll();
    for (const [node, rules] of this.#rules) {
      for (const rule of rules.values()) this.#addRule(node, rule);
    }
  }

  entries(): Entry[] {
    return [...this.#entries.values()].sort(
      (a, b) => compare(a.dpid, b.dpid) || compare(b.kind, a.kind) || compare(a.name, b.name),
    );
  }

  #targets(): readonly Target[] {
    const places = new Map<string, number[]>();
    for (const [place, { members }] of this.#connections.entries()) {
      for (const name of members) {
        const known = places.get(name);
        if (known === undefined) places.set(name, [place]);
        else if (!known.includes(place)) known.push(place);
      }
    }
    return [...places].flatMap(([name, connections]) => {
      const all = connections.map((place) => this.#connections[place] ?? { members: [] });
      const ways = (['protected', 'multipath'] as const).find((each) =>
        all.some((connection) => connection.ways === each),
      );
      const peers = new Set(all.filter((each) => !isRouted(each)).flatMap(({ members }) => members));
      const apart = new Set(
        all
          .flatMap(({ members }) => members)
          .filter((peer) => peer !== name && !peers.has(peer) && !this.#routed.has(pairKey(name, peer))),
      );
      return this.#stationsOf(name).map((station) => ({ ...station, connections, peers, apart, ways }));
    });
  }

  /** Lets the target's peers reach it, and nobody else. */
  #connect(target: Target): void {
    if (target.host.forwards === true) this.#fenceRouter(target);
    else this.#fence(target);
    this.#allow(target);
    const sources = this.#sourceSwitches(target);
    if (target.ways === 'protected') this.#protect(target, sources);
    else this.#forward(target, sources);
  }

  #fence({ host, name, accessSwitch, address, mac: ofInterface }: Target): void {
    // By MAC, so that nothing else that the member sends or gets passes: no IPv6, no address that others give it.
    const mac = macToNumber(ofInterface);
    // Other addresses of the interface are behind the same fence.
    const first = this.#stationsOf(host.name).find((other) => other.mac === ofInterface)?.name ?? name;
    this.#add(accessSwitch, `fence-from/${first}`, PRIORITY.fenceFrom, { eth_src: exactly('eth_src', mac) }, []);
    this.#add(accessSwitch, `fence-to/${first}`, PRIORITY.fenceTo, { eth_dst: exactly('eth_dst', mac) }, []);
    // ARP requests for it are broadcast.
    const asked = { eth_type: exactly('eth_type', ARP.ethType), arp_tpa: exactly('arp_tpa', BigInt(address)) };
    this.#add(accessSwitch, `fence-to/arp/${name}`, PRIORITY.fenceTo, asked, []);
  }

  /** What a router forwards for others goes on: only what is for its own addresses, or from them, is fenced off. */
  #fenceRouter({ host, name, address }: Target): void {
    const type = { eth_type: exactly('eth_type', IPV4.ethType) };
    const to = { ...type, ipv4_dst: exactly('ipv4_dst', BigInt(address)) };
    const from = { ...type, ipv4_src: exactly('ipv4_src', BigInt(address)) };
    for (const { accessSwitch } of this.#stationsOf(host.name)) {
      this.#add(accessSwitch, `fence-from/${name}`, PRIORITY.fenceFrom, from, []);
      this.#add(accessSwitch, `fence-to/${name}`, PRIORITY.fenceTo, to, []);
    }
  }

  /** Other connections may carry packets of hosts that are apart from it, which are not to come by any other way. */
  #allow({ name: own, address, accessSwitch, port, connections, apart }: Target): void {
    for (const block of this.#blocksOf(connections, apart)) {
      if (block.prefixLength === 32 && block.first === address) continue;
      for (const protocol of PROTOCOLS) {
        const match = {
          eth_type: exactly('eth_type', protocol.ethType),
          [protocol.from]: maskOf(block),
          [protocol.to]: exactly(protocol.to, BigInt(address)),
        };
        const name = `allow/${protocol.name}/${this.#label(block)}-${own}`;
        this.#add(accessSwitch, name, PRIORITY.allow, match, [{ kind: 'output', port }]);
      }
    }
  }

  /** The target is among them: it sends nothing to itself, and larger blocks are fewer. */
  #blocksOf(connections: readonly number[], apart: ReadonlySet<string>): readonly AddressBlock[] {
    const key = [...connections, ...apart].join();
    const known = this.#sources.get(key);
    if (known !== undefined) return known;
    const members = connections
      .flatMap((place) => this.#connections[place]?.members ?? [])
      .filter((name) => !apart.has(name));
    const blocks = blocksOf(members.flatMap((name) => this.#stationsOf(name)).map(({ address }) => address));
    this.#sources.set(key, blocks);
    return blocks;
  }

  /** Access switches of the peers that have a way to the target; counts what their paths would take one by one. */
  #sourceSwitches(target: Target): ReadonlySet<string> {
    const root = target.accessSwitch.name;
    const isProtected = target.ways === 'protected';
    const topology = isProtected ? this.#intact : this.#topology;
    const tree = isProtected ? this.#protectedTreeToward(root).tree : this.#treeToward(root);
    const isUp = ({ accessSwitch, port }: Station) => topology.linkIsUp({ node: accessSwitch.name, port });
    const lengths = new Map<string, number>();
    if (!isUp(target)) return new Set();
    for (const name of target.peers) {
      if (name === target.host.name) continue;
      for (const peer of this.#stationsOf(name)) {
        const at = peer.accessSwitch.name;
        if (!isUp(peer) || (at !== root && !tree.has(at))) continue;
        const length = lengths.get(at) ?? switchesAlong(tree, at).length;
        lengths.set(at, length);
        this.naiveCount += length * PROTOCOLS.length;
      }
    }
    lengths.delete(root);
    return new Set(lengths.keys());
  }

  #stationsOf(name: string): readonly Station[] {
    return this.#stations.get(name) ?? [];
  }

  #treeToward(root: string): ReadonlyMap<string, Neighbour> {
    const known = this.#treeOf.get(root);
    if (known !== undefined) return known;
    const tree = this.#graph.nextHopsToward(root);
    this.#treeOf.set(root, tree);
    return tree;
  }

  /** Along one tree, or along all ways that are equally cheap. */
  #forward({ address, accessSwitch: { name: root }, ways }: Target, sources: ReadonlySet<string>): void {
    const onlyOne = this.#treeToward(root);
    const all = ways === 'multipath' ? this.#allTowards(root) : undefined;
    const visited = new Set(sources);
    for (const name of visited) {
      const one = onlyOne.get(name);
      const hops = all?.get(name) ?? (one === undefined ? [] : [one]);
      for (const { peer } of hops) if (peer.node !== root) visited.add(peer.node);
      const [only] = hops;
      if (hops.length > 1) this.#rule(name, address, { group: ['select', hops.map((hop) => spreadBucket(hop, hops))] });
      else if (only !== undefined) this.#rule(name, address, { port: only.port });
    }
  }

  #allTowards(root: string): ReadonlyMap<string, readonly Neighbour[]> {
    const known = this.#allHopsOf.get(root) ?? this.#graph.allNextHopsToward(root);
    this.#allHopsOf.set(root, known);
    return known;
  }

  /** Along a protected tree: every switch that packets may come to, on their way or turned back. */
  #protect({ address, accessSwitch: { name: root } }: Target, sources: ReadonlySet<string>): void {
    const tree = this.#protectedTreeToward(root);
    const onTheWay = new Set(sources);
    const turnedBack = new Set<string>();
    /** To the far end of the exit's first hop: to a child the packet comes from that one's own next hop. */
    const follow = (name: string, exit: Neighbour) => {
      if (tree.isChild(name, exit)) turnedBack.add(exit.peer.node);
      else if (exit.peer.node !== root) onTheWay.add(exit.peer.node);
    };
    let sizes = '';
    // What is visited on the way may be turned back, and the reverse, until there is nothing new.
    while (sizes !== `${onTheWay.size} ${turnedBack.size}`) {
      sizes = `${onTheWay.size} ${turnedBack.size}`;
      for (const name of onTheWay) {
        const next = tree.tree.get(name);
        const exit = tree.hasAlternative(name) ? tree.exitOf(name) : undefined;
        if (next !== undefined && next.peer.node !== root) onTheWay.add(next.peer.node);
        if (exit !== undefined) follow(name, exit);
      }
      for (const name of turnedBack) {
        const exit = tree.exitOf(name);
        if (exit !== undefined) follow(name, exit);
      }
    }
    for (const name of onTheWay) this.#protectHop(tree, name, address);
    for (const name of turnedBack) {
      const exit = tree.exitOf(name);
      const inPort = tree.tree.get(name)?.port;
      if (exit !== undefined && inPort !== undefined) this.#rule(name, address, { inPort, port: exit.port });
    }
  }

  #protectedTreeToward(root: string): ProtectedTree {
    const tree = this.#protectedTreeOf.get(root) ?? new ProtectedTree(this.#intactGraph, root);
    this.#protectedTreeOf.set(root, tree);
    return tree;
  }

  #protectHop(tree: ProtectedTree, name: string, address: number): void {
    const next = tree.tree.get(name);
    if (next === undefined) return;
    const exit = tree.hasAlternative(name) ? tree.exitOf(name) : undefined;
    if (exit === undefined) {
      this.#rule(name, address, { port: next.port });
      return;
    }
    const buckets = (port: number | 'in_port'): readonly Bucket[] => [
      { watchPort: next.port, actions: [{ kind: 'output', port: next.port }] },
      { watchPort: exit.port, actions: [{ kind: 'output', port }] },
    ];
    this.#rule(name, address, { group: ['fast_failover', buckets(exit.port)] });
    // What came up from that child goes back to it, which a switch does only for `in_port`.
    if (tree.isChild(name, exit)) {
      this.#rule(name, address, { inPort: exit.port, group: ['fast_failover', buckets('in_port')] });
    }
  }

  /**
   * A pair of several connections goes by what the last one says that has a path for it: the steps of two paths, taken
   * together, might lead in a circle.
   */
  #findRoutes(): ReadonlyMap<string, RoutedPair> {
    const routed = new Map<string, RoutedPair>();
    for (const connection of this.#connections) {
      if (!isRouted(connection)) continue;
      const routes = new Routes(this.#topology, connection);
      const members = connection.members.flatMap((name) => this.#topology.host(name) ?? []);
      for (const [index, source] of members.entries()) {
        for (const target of members.slice(index + 1)) {
          const path = routes.between(source.name, target.name);
          if (path !== undefined) routed.set(pairKey(source.name, target.name), { source, target, path });
        }
      }
    }
    return routed;
  }

  /** Along the paths that connections say, pair by pair, each there and back. */
  #routeAll(): void {
    for (const { source, target, path } of this.#routed.values()) {
      this.naiveCount += 2 * path.switches.length * PROTOCOLS.length;
      for (const from of this.#ownStationsOf(source)) {
        for (const to of this.#ownStationsOf(target)) this.#routeAlong(path, from.address, to.address);
      }
    }
  }

  /** The addresses of the interface that has a host's own. */
  #ownStationsOf({ name }: Host): readonly Station[] {
    const stations = this.#stationsOf(name);
    return stations.filter(({ mac }) => mac === stations[0]?.mac);
  }

  #routeAlong(path: Path, from: number, to: number): void {
    for (const [position, link] of path.links.entries()) {
      this.#rule(path.switches[position] ?? '', to, { from, port: link.port });
      this.#rule(link.peer.node, from, { from: to, port: link.peer.port });
    }
  }

  /** Has a switch do something with packets for an address, together with others of which it does the same. */
  #rule(
    name: string,
    address: number,
    does: {
      readonly inPort?: number;
      readonly from?: number;
      readonly port?: number;
      readonly group?: readonly [GroupType, readonly Bucket[]];
    },
  ): void {
    const node = this.#topology.switchNamed(name);
    if (node === undefined) return;
    const rules = this.#rules.get(node) ?? new Map<string, Rule>();
    this.#rules.set(node, rules);
    const content = does.group === undefined ? `output=${does.port}` : contentOf(...does.group);
    const key = `${does.inPort ?? ''} ${does.from ?? ''} ${content}`;
    const known = rules.get(key);
    if (known !== undefined) {
      known.addresses.push(address);
      return;
    }
    const { port = 0 } = does;
    const actions: Action[] =
      does.group === undefined
        ? [{ kind: 'output', port }]
        : [{ kind: 'group', groupId: this.#groupOn(node, content, ...does.group) }];
    const only = {
      ...(does.inPort === undefined ? {} : { inPort: does.inPort }),
      ...(does.from === undefined ? {} : { from: does.from }),
    };
    rules.set(key, { ...only, actions, addresses: [address] });
  }

  /** The id of the group of this content on a switch. It follows from the content, so that it stays when others change. */
  #groupOn(node: Switch, content: string, groupType: GroupType, buckets: readonly Bucket[]): number {
    const taken = this.#groupIds.get(node) ?? new Map<number, string>();
    this.#groupIds.set(node, taken);
    let groupId = LOWEST_GROUP_ID + (hashOf(content) % (HIGHEST_GROUP_ID - LOWEST_GROUP_ID));
    while (taken.has(groupId) && taken.get(groupId) !== content) groupId += 1;
    taken.set(groupId, content);
    const name = `${ENTRY_NAME_PREFIX}${node.name}/group/${groupId}`;
    this.#entries.set(name, { kind: 'group', name, dpid: node.dpid, groupId, groupType, buckets });
    return groupId;
  }

  #addRule(node: Switch, { inPort, from: sender, actions, addresses }: Rule): void {
    for (const block of blocksOf(addresses)) {
      for (const protocol of PROTOCOLS) {
        const match = { eth_type: exactly('eth_type', protocol.ethType), [protocol.to]: maskOf(block) };
        const what = `${protocol.name}/${this.#label(block)}`;
        if (sender !== undefined) {
          const ofOne = { ...match, [protocol.from]: exactly(protocol.from, BigInt(sender)) };
          const name = `route/${protocol.name}/${this.#labels.get(sender)}-${this.#label(block)}`;
          this.#add(node, name, PRIORITY.route, ofOne, actions);
        } else if (inPort === undefined) this.#add(node, `forward/${what}`, PRIORITY.forward, match, actions);
        else {
          const from = { in_port: exactly('in_port', BigInt(inPort)), ...match };
          this.#add(node, `detour/${inPort}/${what}`, PRIORITY.detour, from, actions);
        }
      }
    }
  }

  #add(node: Switch, rule: string, priority: number, match: Match, actions: readonly Action[]): void {
    const name = `${ENTRY_NAME_PREFIX}${node.name}/${rule}`;
    this.#entries.set(name, { kind: 'flow', name, dpid: node.dpid, ...flowOf(priority, match, actions) });
  }

  /** A host's name, or a block in CIDR notation. */
  #label({ first, prefixLength }: AddressBlock): string {
    const name = prefixLength === 32 ? this.#labels.get(first) : undefined;
    return name ?? `${ipv4FromNumber(BigInt(first))}/${prefixLength}`;
  }
}

/** Ids of a plan's groups, above those that people choose. */
const LOWEST_GROUP_ID = 0x40000000;

/** One of several next hops, by the share of the bandwidth that its link has. */
function spreadBucket({ port, bandwidthMbps }: Neighbour, all: readonly Neighbour[]): Bucket {
  const least = Math.min(...all.map((each) => each.bandwidthMbps ?? Number.POSITIVE_INFINITY));
  // Where no link, or only some, have a limit, all get the same.
  const isKnown = all.every((each) => each.bandwidthMbps !== undefined);
  const weight =
    isKnown && bandwidthMbps !== undefined ? Math.min(Math.round((10 * bandwidthMbps) / least), 0xffff) : 1;
  return { weight, watchPort: port, actions: [{ kind: 'output', port }] };
}

function contentOf(groupType: GroupType, buckets: readonly Bucket[]): string {
  const texts = buckets.map(({ weight, watchPort, actions }) => `${weight} ${watchPort} ${formatActions(actions)}`);
  return `${groupType} ${texts.join(' | ')}`;
}

/** FNV-1a, 32 bits. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return hash;
}

/** The addresses of a host that a switch leads to, its own first. */
function stationsOf(topology: Topology, host: Host): readonly Station[] {
  return addressesOf(host).flatMap((address) => {
    const { port, mac } = address.interface;
    const attachment = topology.attachmentOf(host, port);
    if (attachment === undefined) return [];
    return [{ host, name: addressName(host, address), address: Number(ipv4ToNumber(address.ip)), mac, ...attachment }];
  });
}

/** Names have no blanks. */
function pairKey(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
