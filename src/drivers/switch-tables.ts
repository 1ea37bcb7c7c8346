import type { Dpid } from '../model/addresses.ts';
import type { Flow, Group, InstalledFlow } from '../model/openflow.ts';
import type { PortCounters, PortDescription, SwitchDescription } from './pusher/switch-statistics.ts';

/** One change of a switch's tables. Flows are identified by table, priority and match; groups by id. */
export type TableChange =
  /** Adds a flow, or replaces the one with the same table, priority and match. */
  | { readonly kind: 'add-flow'; readonly flow: Flow; readonly cookie: bigint }
  | { readonly kind: 'delete-flow'; readonly flow: Pick<Flow, 'tableId' | 'priority' | 'match'> }
  | { readonly kind: 'add-group'; readonly group: Group }
  | { readonly kind: 'modify-group'; readonly group: Group }
  /** Deletes a group and, as OpenFlow has it, the flows that use it. */
  | { readonly kind: 'delete-group'; readonly groupId: number };

/** The tables of a lab's switches, real or simulated, as the embedded controller programs them. */
export interface SwitchTables {
  /** All the changes in their order, or none: throws `ProblemError` with the switch's reason. */
  apply(dpid: Dpid, changes: readonly TableChange[]): Promise<void>;
  flows(dpid: Dpid): Promise<readonly InstalledFlow[]>;
  groups(dpid: Dpid): Promise<readonly Group[]>;
  /** The switch's own port (`local`) included. */
  ports(dpid: Dpid): Promise<readonly PortDescription[]>;
  portCounters(dpid: Dpid): Promise<readonly PortCounters[]>;
  description(dpid: Dpid): Promise<SwitchDescription>;
}
