import { ipv4ToNumber, macToNumber } from '../model/addresses.ts';
import { allowedPeers, type Connection } from '../model/connection.ts';
import { ETH_TYPE, exactly, type Match } from '../model/match.ts';
import type { FlowEntry } from '../model/openflow.ts';
import type { Host, Switch, Topology } from '../model/topology.ts';
import { outputFlow } from './forwarding.ts';
import { PathGraph, switchesAlong } from './paths.ts';

/**
 * Priorities of a plan's entries, all above the controller's reactive flows (1) and below those that people usually
 * write by hand (32768). At a member's access switch a pair that may talk comes before the fence, and the fence before
 * the forwarding of transit packets, which matches by destination only.
 */
const PRIORITY = { allow: 30_300, fence: 30_200, transit: 30_100 } as const;

/** Names of a plan's entries begin with this, so that they can be told from what others pushed. */
export const ENTRY_NAME_PREFIX = 'labctl/';

/** The entries that make all connections at once; frozen, sorted by switch and name, names unique. */
export interface Plan {
  readonly entries: readonly FlowEntry[];
}

/** IPv4 by its addresses, ARP by the addresses of its sender and target: the same rules for both. */
const IPV4 = { name: 'ipv4', ethType: ETH_TYPE.ipv4, from: 'ipv4_src', to: 'ipv4_dst' } as const;
const ARP = { name: 'arp', ethType: ETH_TYPE.arp, from: 'arp_spa', to: 'arp_tpa' } as const;
const PROTOCOLS = [IPV4, ARP];

/**
 * Compiles connections to flow entries. Members' access switches decide who may talk: entries that allow, and below
 * them a fence that drops whatever else comes from or goes to the member. Switches on the way forward by destination
 * only, along one shortest-path tree per destination, so that connections that share a member share these entries.
 */
export function compileConnections(topology: Topology, connections: readonly Connection[]): Plan {
  const entries = new Map<string, FlowEntry>();
  const graph = new PathGraph(topology);
  const add = (node: Switch, rule: string, priority: number, match: Match, port: number | undefined) => {
    const name = `${ENTRY_NAME_PREFIX}${node.name}/${rule}`;
    entries.set(name, { kind: 'flow', name, dpid: node.dpid, ...outputFlow(priority, match, port) });
  };

  for (const [targetName, peers] of allowedPeers(connections)) {
    const target = topology.host(targetName);
    if (target === undefined) continue;
    const { accessSwitch, port } = topology.attachmentOf(target);
    const nextHops = graph.nextHopsToward(accessSwitch.name);

    // By MAC, so that nothing else that the member sends or gets passes: no IPv6, no further address of its own.
    const mac = macToNumber(target.mac);
    add(accessSwitch, `fence-from/${target.name}`, PRIORITY.fence, { eth_src: exactly('eth_src', mac) }, undefined);
    add(accessSwitch, `fence-to/${target.name}`, PRIORITY.fence, { eth_dst: exactly('eth_dst', mac) }, undefined);
    // ARP requests for it are broadcast.
    add(accessSwitch, `fence-to/arp/${target.name}`, PRIORITY.fence, to(ARP, target), undefined);
    for (const peerName of peers) {
      const source = topology.host(peerName);
      if (source === undefined) continue;
      const sourceSwitch = topology.attachmentOf(source).accessSwitch;
      const path = switchesAlong(nextHops, sourceSwitch.name);
      for (const protocol of PROTOCOLS) {
        const pair = { ...from(protocol, source), ...to(protocol, target) };
        const rule = `allow/${protocol.name}/${source.name}-${target.name}`;
        for (const node of new Set([sourceSwitch, accessSwitch])) {
          add(node, rule, PRIORITY.allow, pair, node === accessSwitch ? port : nextHops.get(node.name)?.port);
        }
        for (const name of path.slice(1, -1)) {
          const node = topology.switchNamed(name);
          const hop = nextHops.get(name);
          if (node === undefined || hop === undefined) continue;
          add(node, `transit/${protocol.name}/${target.name}`, PRIORITY.transit, to(protocol, target), hop.port);
        }
      }
    }
  }
  const sorted = [...entries.values()].sort((a, b) => compare(a.dpid, b.dpid) || compare(a.name, b.name));
  return Object.freeze({ entries: Object.freeze(sorted) });
}

type Protocol = (typeof PROTOCOLS)[number];

function from(protocol: Protocol, host: Host): Match {
  return {
    eth_type: exactly('eth_type', protocol.ethType),
    [protocol.from]: exactly(protocol.from, ipv4ToNumber(host.ip)),
  };
}

function to(protocol: Protocol, host: Host): Match {
  return {
    eth_type: exactly('eth_type', protocol.ethType),
    [protocol.to]: exactly(protocol.to, ipv4ToNumber(host.ip)),
  };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
