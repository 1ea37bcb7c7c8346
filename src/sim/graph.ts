import { DisjointSets } from '../model/disjoint-sets.ts';

/** The other end of a port: that of a switch by its place in the topology, or an interface of a host by its place. */
export type PortPeer =
  | { readonly kind: 'switch'; readonly index: number; readonly port: number }
  | { readonly kind: 'host'; readonly nic: number };

export interface Port {
  readonly peer: PortPeer;
  readonly isUp: boolean;
}

/** An interface of a host, with those of the VLANs on it. */
export interface Nic extends Port {
  /** By its place in the topology. */
  readonly host: number;
  readonly port: number;
  /** As the topology has them. */
  readonly mac: number;
  readonly ips: readonly number[];
}

/** Who is where, and which links are up. */
export interface Graph {
  /** By the place of the switch, its ports by their numbers. */
  readonly nodes: readonly { readonly ports: ReadonlyMap<number, Port> }[];
  readonly nics: readonly Nic[];
}

/** For each switch the port toward an interface, along links that are up, where links make no circle. */
export function portsToward({ nodes, nics }: Graph, nic: number): readonly (number | undefined)[] {
  const ports: (number | undefined)[] = nodes.map(() => undefined);
  const end = nics[nic]?.peer;
  if (end?.kind !== 'switch') return ports;
  ports[end.index] = end.port;
  const queue = [end.index];
  for (const at of queue) {
    for (const { peer, isUp } of nodes[at]?.ports.values() ?? []) {
      if (!isUp || peer.kind !== 'switch' || ports[peer.index] !== undefined) continue;
      ports[peer.index] = peer.port;
      queue.push(peer.index);
    }
  }
  return ports;
}

/** Whether links that are up make a circle of switches. Two links between two switches do. */
export function hasCircle({ nodes }: Graph): boolean {
  const parts = new DisjointSets<number>();
  return nodes.some(({ ports }, index) =>
    [...ports].some(([port, { peer, isUp }]) => {
      // Each link is a port of both its switches, and is looked at once.
      if (!isUp || peer.kind !== 'switch' || peer.index < index || (peer.index === index && peer.port < port))
        return false;
      return !parts.join(index, peer.index);
    }),
  );
}
