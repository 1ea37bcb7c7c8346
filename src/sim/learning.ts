import type { Dpid } from '../model/addresses.ts';
import type { Action } from '../model/openflow.ts';
import { type Graph, hasCircle, portsToward } from './graph.ts';
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
  /** Interfaces by their place in the graph. */
  readonly #nicByMac: ReadonlyMap<number, number>;
  /** By interface, for each switch the port toward it. */
  readonly #ports = new Map<number, readonly (number | undefined)[]>();
  #cannotTell: string | null | undefined;

  constructor(network: LearningNetwork) {
    this.#network = network;
    this.#nicByMac = new Map(
      network.nics.flatMap(({ host, port }, index) => {
        const mac = network.hosts[host]?.interfaceAt(port, undefined)?.mac;
        return mac === undefined ? [] : [[mac, index]];
      }),
    );
  }

  /** Why it cannot be foreseen what switches learn; undefined where it can. */
  get cannotTell(): string | undefined {
    if (this.#cannotTell === undefined) this.#cannotTell = this.#findObstacle() ?? null;
    return this.#cannotTell ?? undefined;
  }

  /** The port toward a packet's destination; undefined where no host has it, so that a switch sends it to all others. */
  portFrom(node: number, packet: Packet): number | undefined {
    const nic = this.#nicByMac.get(packet.get('eth_dst'));
    if (nic === undefined) return undefined;
    const ports = this.#ports.get(nic) ?? portsToward(this.#network, nic);
    this.#ports.set(nic, ports);
    return ports[node];
  }

  #findObstacle(): string | undefined {
    const { nics, entries } = this.#network;
    if (hasCircle(this.#network)) return 'NORMAL goes by what the switch has learnt, and links make a circle';
    if (this.#nicByMac.size < nics.length)
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
}
