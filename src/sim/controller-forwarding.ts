import type { Graph } from './graph.ts';
import { ABSENT, ARP, ARP_REQUEST, type Packet } from './packet.ts';

/**
 * Where a controller sends the packets that switches send to it: to the host that they are for, by a shortest path over
 * links that are up; of equally short ways by the lowest port. An ARP request goes to the host that it asks for, so that
 * nothing is flooded. Written apart from `plan/`, which it checks.
 */
export class ControllerForwarding {
  readonly #graph: Graph;
  /** Interfaces by their place in the graph. */
  readonly #nicByMac: ReadonlyMap<number, number>;
  readonly #nicByIp: ReadonlyMap<number, number>;
  /** By target switch. */
  readonly #ports = new Map<number, readonly (number | undefined)[]>();

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#nicByMac = new Map(graph.nics.map(({ mac }, index) => [mac, index]));
    this.#nicByIp = new Map(graph.nics.flatMap(({ ips }, index) => ips.map((ip) => [ip, index] as const)));
  }

  /** Undefined for packets of unknown hosts, or when no way is left. */
  portFrom(node: number, packet: Packet): number | undefined {
    const isRequest = packet.get('eth_type') === ARP && packet.get('arp_opcode') === ARP_REQUEST;
    const nic = isRequest ? this.#nicByIp.get(packet.get('arp_tpa')) : this.#nicByMac.get(packet.get('eth_dst'));
    const { peer, isUp = false } = (nic === undefined ? undefined : this.#graph.nics[nic]) ?? {};
    if (peer?.kind !== 'switch' || !isUp) return undefined;
    return peer.index === node ? peer.port : this.#portsTo(peer.index)[node];
  }

  /** For each switch the port toward a target switch. */
  #portsTo(target: number): readonly (number | undefined)[] {
    const known = this.#ports.get(target);
    if (known !== undefined) return known;
    const distances = this.#distancesTo(target);
    const ports = this.#graph.nodes.map(({ ports }, index) => {
      const here = distances[index] ?? ABSENT;
      const nearer = [...ports].filter(
        ([, { peer, isUp }]) => isUp && peer.kind === 'switch' && here > 0 && distances[peer.index] === here - 1,
      );
      return nearer.length === 0 ? undefined : Math.min(...nearer.map(([port]) => port));
    });
    this.#ports.set(target, ports);
    return ports;
  }

  /** Hops to the target from each switch. */
  #distancesTo(target: number): readonly number[] {
    const distances = this.#graph.nodes.map(() => ABSENT);
    distances[target] = 0;
    const queue = [target];
    for (const at of queue) {
      for (const { peer, isUp } of this.#graph.nodes[at]?.ports.values() ?? []) {
        if (!isUp || peer.kind !== 'switch' || distances[peer.index] !== ABSENT) continue;
        distances[peer.index] = (distances[at] ?? 0) + 1;
        queue.push(peer.index);
      }
    }
    return distances;
  }
}
