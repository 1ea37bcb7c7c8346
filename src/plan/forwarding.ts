import { type Dpid, ipv4ToNumber, macToNumber } from '../model/addresses.ts';
import { ETH_TYPE, exactly, type Match } from '../model/match.ts';
import type { Action, Flow, FlowEntry } from '../model/openflow.ts';
import { addressesOf, linkInterfacesOf, type Topology } from '../model/topology.ts';
import { PathGraph } from './paths.ts';

const BROADCAST_MAC = 0xffffffffffffn;
/** The priority of Floodlight's reactive flows, below every static entry. */
const FORWARDING_PRIORITY = 1;

/**
 * Shortest-path forwarding, by hops and over links that are up, between all hosts, as flows per switch:
 * unicast by `eth_dst`, ARP requests by the address that they ask for. Nothing is ever flooded, so loops of the graph
 * are harmless.
 */
export function forwardingFlows(topology: Topology): ReadonlyMap<Dpid, readonly Flow[]> {
  const flows = new Map<Dpid, Flow[]>(topology.switches.map((node) => [node.dpid, []]));
  const graph = new PathGraph(topology, 'hops');
  for (const host of topology.hosts) {
    for (const { port: ofPort, mac } of linkInterfacesOf(host)) {
      const attachment = topology.attachmentOf(host, ofPort);
      if (attachment === undefined) continue;
      const { accessSwitch, port } = attachment;
      if (!topology.linkIsUp({ node: accessSwitch.name, port })) continue;
      const byMac: Match = { eth_dst: exactly('eth_dst', macToNumber(mac)) };
      // VLANs are not kept apart: a host takes no packet of a VLAN in which it is not.
      const byArp = addressesOf(host)
        .filter((address) => address.interface.port === ofPort)
        .map(
          ({ ip }): Match => ({
            eth_type: exactly('eth_type', ETH_TYPE.arp),
            // What is for one MAC address goes by that.
            eth_dst: exactly('eth_dst', BROADCAST_MAC),
            arp_tpa: exactly('arp_tpa', ipv4ToNumber(ip)),
          }),
        );
      const outputs = new Map<string, number>([[accessSwitch.name, port]]);
      for (const [name, hop] of graph.nextHopsToward(accessSwitch.name)) outputs.set(name, hop.port);
      for (const [name, output] of outputs) {
        const dpid = topology.switchNamed(name)?.dpid;
        if (dpid === undefined) continue;
        for (const match of [byMac, ...byArp]) flows.get(dpid)?.push(outputFlow(FORWARDING_PRIORITY, match, output));
      }
    }
  }
  return flows;
}

/** Above reactive flows, below every entry of a plan. */
const ISOLATION_PRIORITY = 2;

/**
 * Entries that keep a reactive controller from forwarding packets of hosts: each switch drops IPv4, IPv6 and ARP, unless
 * an entry of a higher priority does something else. LLDP is left alone: it shows the controller the links.
 */
export function isolationEntries(topology: Topology): readonly FlowEntry[] {
  return topology.switches.flatMap(({ name: node, dpid }) =>
    (['ipv4', 'ipv6', 'arp'] as const).map((protocol) => {
      const match = { eth_type: exactly('eth_type', ETH_TYPE[protocol]) };
      const name = `labctl-forwarding-none/${node}/${protocol}`;
      return { kind: 'flow', name, dpid, ...outputFlow(ISOLATION_PRIORITY, match, undefined) };
    }),
  );
}

/** A flow of table 0 without timeouts that sends what matches out of one port, or drops it where there is none. */
function outputFlow(priority: number, match: Match, port: number | undefined): Flow {
  return flowOf(priority, match, port === undefined ? [] : [{ kind: 'output', port }]);
}

/** A flow of table 0 without timeouts that applies actions, or drops what matches where there are none. */
export function flowOf(priority: number, match: Match, apply: readonly Action[]): Flow {
  return {
    tableId: 0,
    priority,
    match,
    instructions: { apply, clearActions: false, write: [] },
    idleTimeoutSeconds: 0,
    hardTimeoutSeconds: 0,
  };
}
