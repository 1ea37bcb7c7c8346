import { type Ipv4Address, ipv4ToNumber, macToNumber } from '../../src/model/addresses.ts';
import type { MatchField } from '../../src/model/match.ts';
import type { Flow } from '../../src/model/openflow.ts';
import type { Host, Topology } from '../../src/model/topology.ts';

/**
 * A second, independent opinion on what flow entries do, for tests: follows ARP and ICMP echo through the switches one
 * packet at a time, by the letter of the flows. Knows only single outputs, which is all that plans use so far.
 */
export function pingSucceeds(
  topology: Topology,
  flowsOf: (dpid: string) => readonly Flow[],
  source: Host,
  target: Host,
): boolean {
  const arp = (from: Host, to: Host, broadcast: boolean) =>
    deliver(topology, flowsOf, from, {
      eth_type: 0x0806n,
      eth_src: macToNumber(from.mac),
      eth_dst: broadcast ? 0xffffffffffffn : macToNumber(to.mac),
      arp_spa: ipv4ToNumber(from.ip as Ipv4Address),
      arp_tpa: ipv4ToNumber(to.ip as Ipv4Address),
    }) === to.name;
  const echo = (from: Host, to: Host) =>
    deliver(topology, flowsOf, from, {
      eth_type: 0x0800n,
      eth_src: macToNumber(from.mac),
      eth_dst: macToNumber(to.mac),
      ipv4_src: ipv4ToNumber(from.ip as Ipv4Address),
      ipv4_dst: ipv4ToNumber(to.ip as Ipv4Address),
      ip_proto: 1n,
    }) === to.name;
  return arp(source, target, true) && arp(target, source, false) && echo(source, target) && echo(target, source);
}

type Packet = Partial<Record<MatchField, bigint>>;

/** The host at which the packet comes out, or undefined. */
function deliver(
  topology: Topology,
  flowsOf: (dpid: string) => readonly Flow[],
  from: Host,
  packet: Packet,
): string | undefined {
  let at = topology.neighboursOf(from.name)[0]?.peer;
  for (let hops = 0; at !== undefined && hops < 100; hops += 1) {
    const node = topology.switchNamed(at.node);
    if (node === undefined) return at.node;
    const inPort = at.port;
    const seen: Packet = { ...packet, in_port: BigInt(inPort) };
    const matching = flowsOf(node.dpid).filter((flow) =>
      Object.entries(flow.match).every(([field, masked]) => {
        const value = seen[field as MatchField];
        return value !== undefined && (value & masked.mask) === masked.value;
      }),
    );
    const highest = Math.max(...matching.map((flow) => flow.priority));
    const best = matching.filter((flow) => flow.priority === highest);
    const outputs = new Set(best.map(({ instructions }) => JSON.stringify(instructions.apply)));
    if (outputs.size > 1) throw new Error(`flows of one priority disagree on ${node.name}`);
    const [action] = best[0]?.instructions.apply ?? [];
    if (action?.kind !== 'output' || action.port === inPort) return undefined;
    at = topology.neighboursOf(node.name).find(({ port }) => port === action.port)?.peer;
  }
  return undefined;
}
