import type { Dpid } from '../model/addresses.ts';
import type { Action } from '../model/openflow.ts';
import { type Graph, hasCircle } from './graph.ts';
import type { HostRouting } from './host-routing.ts';
import type { Packet } from './packet.ts';
import type { SwitchEntries } from './pipeline.ts';

/** What of a network decides what its switches learn. */
interface LearningNetwork extends Graph {
  readonly entries: ReadonlyMap<Dpid, SwitchEntries>;
  readonly hosts: readonly HostRouting[];
}

/**
 * What switches do that learn, as Open vSwitch does by `output:NORMAL` (IEEE 802.1D, section 7.8): they send a packet to
 * the port where its destination was seen last, else to all others. On a network without a circle of links that is where
 * the destination is, so that both come to it. What they learnt before something changed is forgotten with what they cached
 * (see `Prober.forgetCached`).
 */
export class Learning {
  readonly #network: LearningNetwork;
  readonly #hostByMac: ReadonlyMap<number, number>;
  /** By host, for each switch the port toward it. */
  readonly #ports = new Map<number, readonly (number | undefined)[]>();
  #cannotTell: string | null | undefined;

  constructor(network: LearningNetwork) {
    this.#network = network;
    this.#hostByMac = new Map(network.hosts.map(({ mac }, index) => [mac, index]));
  }

  /** Why it cannot be foreseen what switches learn; undefined where it can. */
  get cannotTell(): string | undefined {
    if (this.#cannotTell === undefined) this.#cannotTell = this.#findObstacle() ?? null;
    return this.#cannotTell ?? undefined;
  }

  /** The port toward a packet's destination; undefined where no host has it, so that a switch sends it to all others. */
  portFrom(node: number, packet: Packet): number | undefined {
    const host = this.#hostByMac.get(packet.get('eth_dst'));
    return host === undefined ? undefined : this.#portsTo(host)[node];
  }

  #findObstacle(): string | undefined {
    const { hosts, entries } = this.#network;
    if (hasCircle(this.#network)) return 'NORMAL goes by what the switch has learnt, and links make a circle';
    if (this.#hostByMac.size < hosts.length)
      return 'NORMAL goes by what the switch has learnt, and hosts share a MAC address';
    const misleads = (actions: readonly Action[]) =>
      actions.some(
        (action) =>
          (action.kind === 'set_field' && action.field === 'eth_src') ||
          (action.kind === 'output' && action.port === 'in_port'),
      );
    const isMisled = [...entries.values()].some(
      ({ flows, groups }) =>
        flows.some(({ instructions: { apply, write } }) => misleads(apply) || misleads(write)) ||
        groups.some(({ buckets }) => buckets.some(({ actions }) => misleads(actions))),
    );
    if (isMisled)
      return 'NORMAL goes by what the switch has learnt, and entries change where packets seem to come from';
    return undefined;
  }

  #portsTo(host: number): readonly (number | undefined)[] {
    const known = this.#ports.get(host);
    if (known !== undefined) return known;
    const { nodes, attachments } = this.#network;
    const ports: (number | undefined)[] = nodes.map(() => undefined);
    this.#ports.set(host, ports);
    const attachment = attachments[host];
    if (attachment === undefined) return ports;
    ports[attachment.node] = attachment.port;
    const queue = [attachment.node];
    for (const at of queue) {
      for (const { peer, isUp } of nodes[at]?.ports.values() ?? []) {
        if (!isUp || peer.kind !== 'switch' || ports[peer.index] !== undefined) continue;
        ports[peer.index] = peer.port;
        queue.push(peer.index);
      }
    }
    return ports;
  }
}
