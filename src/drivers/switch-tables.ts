import type { Dpid, MacAddress } from '../model/addresses.ts';
import type { Flow, Group, InstalledFlow, OutputPort } from '../model/openflow.ts';

/** Make and version (OpenFlow 1.3, section A.3.5.1), e.g. `Open vSwitch` and `3.1.0`. */
export interface SwitchDescription {
  readonly manufacturer: string;
  readonly hardware: string;
  readonly software: string;
  readonly serialNumber: string;
  /** A name for people; Mininet writes the switch's. */
  readonly datapath: string;
}

/** A port of a switch (section A.2.1). */
export interface PortDescription {
  readonly port: OutputPort;
  /** The interface, e.g. `s6-eth1`. */
  readonly name: string;
  readonly mac: MacAddress;
  /** Not put down by an administrator. */
  readonly isEnabled: boolean;
  /** There is a carrier. */
  readonly hasLink: boolean;
  /** Kilobits per second, 0 where the port has none. */
  readonly currentSpeedKbps: number;
}

/** What a switch counts at each port (OpenFlow 1.3, section A.3.5.6). */
export const PORT_COUNTERS = [
  'receivedPackets',
  'sentPackets',
  'receivedBytes',
  'sentBytes',
  'receivedDropped',
  'sentDropped',
  'receiveErrors',
  'sendErrors',
  'frameErrors',
  'overrunErrors',
  'crcErrors',
  'collisions',
] as const;

export type PortCounter = (typeof PORT_COUNTERS)[number];

/** The counters of a port since it was made; undefined where the switch does not count that. */
export interface PortCounters extends Readonly<Record<PortCounter, bigint | undefined>> {
  readonly port: OutputPort;
  readonly durationSeconds: number;
}

/** Counters from a function that reads each. */
export function countersFrom(
  port: OutputPort,
  durationSeconds: number,
  read: (counter: PortCounter) => bigint | undefined,
): PortCounters {
  const counters = Object.fromEntries(PORT_COUNTERS.map((counter) => [counter, read(counter)]));
  return { ...(counters as Record<PortCounter, bigint | undefined>), port, durationSeconds };
}

/** One change of a switch's tables. Flows are identified by table, priority and match; groups by id. */
export type TableChange =
  /** Adds a flow, or replaces the one with the same table, priority and match. */
  | { readonly kind: 'add-flow'; readonly flow: Flow; readonly cookie: bigint }
  | { readonly kind: 'delete-flow'; readonly flow: Pick<Flow, 'tableId' | 'priority' | 'match'> }
  | { readonly kind: 'add-group'; readonly group: Group }
  | { readonly kind: 'modify-group'; readonly group: Group }
  /** Deletes a group and, as OpenFlow has it, the flows that use it. */
  | { readonly kind: 'delete-group'; readonly groupId: number };

/** The tables of a lab's switches, real or simulated, as a controller without OpenFlow programs them. */
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

/** How a controller reaches the switches of a lab. */
export interface ControllableSwitches {
  readonly tables: SwitchTables;
  /**
   * Has every switch connect to an OpenFlow controller: `unix:` and a socket in the lab's folder. Undefined where switches
   * speak no OpenFlow.
   */
  readonly connectSwitches: ((target: string, signal: AbortSignal) => Promise<void>) | undefined;
}
