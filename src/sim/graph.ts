import type { Addresses } from './packet.ts';

/** The other end of a switch's port: a switch or a host by its place in the topology. */
export type PortPeer =
  | { readonly kind: 'switch'; readonly index: number; readonly port: number }
  | { readonly kind: 'host'; readonly index: number };

export interface Port {
  readonly peer: PortPeer;
  readonly isUp: boolean;
}

/** Who is where, and which links are up. */
export interface Graph {
  /** By the place of the switch, its ports by their numbers. */
  readonly nodes: readonly { readonly ports: ReadonlyMap<number, Port> }[];
  /** By the place of the host. */
  readonly addresses: readonly Addresses[];
  readonly attachments: readonly Attachment[];
}

/** Where a host is attached: a switch and its port. */
export interface Attachment {
  readonly node: number;
  readonly port: number;
  readonly isUp: boolean;
}

/** Whether links that are up make a circle of switches. Two links between two switches do. */
export function hasCircle({ nodes }: Graph): boolean {
  const above = nodes.map((_, index) => index);
  const rootOf = (index: number): number => {
    let root = index;
    for (let next = above[root] ?? root; next !== root; next = above[root] ?? root) root = next;
    return root;
  };
  return nodes.some(({ ports }, index) =>
    [...ports].some(([port, { peer, isUp }]) => {
      // Each link is a port of both its switches, and is looked at once.
      if (!isUp || peer.kind !== 'switch' || peer.index < index || (peer.index === index && peer.port < port))
        return false;
      const [first, second] = [rootOf(index), rootOf(peer.index)];
      above[first] = second;
      return first === second;
    }),
  );
}
