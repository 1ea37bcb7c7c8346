import type { Group, OutputPort } from '../model/openflow.ts';
import type { NamedFlow } from './flow-table.ts';
import type { Packet } from './packet.ts';

/** Where a packet ends inside a switch. */
export type SwitchFate =
  /** No entry of the table matches it, and it is dropped (section 5.4). */
  | { readonly kind: 'no-entry'; readonly tableId: number }
  /** An entry matches it and sends it nowhere. */
  | { readonly kind: 'dropped'; readonly entry: NamedFlow }
  /** A bucket sends it nowhere. */
  | { readonly kind: 'bucket-drops'; readonly groupId: number; readonly bucket: number }
  | { readonly kind: 'no-live-bucket'; readonly groupId: number }
  | { readonly kind: 'missing-group'; readonly groupId: number }
  /** A group that sends to itself, by others or at once. No copy of the packet leaves the switch. */
  | { readonly kind: 'group-circle'; readonly groupIds: readonly number[] }
  /** More groups in a chain than a switch follows. No copy of the packet leaves the switch. */
  | { readonly kind: 'group-chain-too-long' }
  /** Sent back to an earlier table over and over. No copy of the packet leaves the switch. */
  | { readonly kind: 'table-circle' }
  /** The entries do not say what happens. */
  | { readonly kind: 'unforeseeable'; readonly reason: string };

/**
 * What a switch does with a packet, from one point on: a tree whose leaves are outputs and ends. Ports that depend on
 * where the packet came in (`in_port`, `all`, `flood`) stay as they are.
 */
export type Course =
  | { readonly kind: 'match'; readonly tableId: number; readonly entry: NamedFlow; readonly next: Course }
  /** Each of them happens, with a packet of its own. */
  | { readonly kind: 'copies'; readonly of: readonly Course[] }
  /** One of them happens: the switch hashes the packet to a bucket, or entries overlap, or it goes by what it has learnt. */
  | { readonly kind: 'choice'; readonly among: 'buckets' | 'entries' | 'learning'; readonly of: readonly Course[] }
  /** @param bucket counts from 1 */
  | { readonly kind: 'bucket'; readonly group: Group; readonly bucket: number; readonly next: Course }
  /** @param missedTable the table without an entry for it, where no entry sends it */
  | { readonly kind: 'output'; readonly port: OutputPort; readonly packet: Packet; readonly missedTable?: number }
  | { readonly kind: 'end'; readonly fate: SwitchFate };
