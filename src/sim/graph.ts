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
