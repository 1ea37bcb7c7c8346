import { type Dpid, dpidDigits, macFromNumber, type PortNumber } from '../../model/addresses.ts';
import { type Fault, linkIsUp } from '../../model/fault.ts';
import { type Flow, flowKey, type Group, type InstalledFlow } from '../../model/openflow.ts';
import { faultsAfter } from '../../model/parts.ts';
import { environmentProblem, ProblemError } from '../../model/problem.ts';
import type { RefusalCode } from '../../model/switch-refusals.ts';
import { interfaceName, type LinkEnd, type Switch, type Topology } from '../../model/topology.ts';
import type { SwitchEntries } from '../../sim/pipeline.ts';
import { switchRefusal } from '../open-vswitch/switch-refusal.ts';
import { isStaticEntryCookie } from '../pusher/wire.ts';
import {
  countersFrom,
  type PortCounter,
  type PortCounters,
  type PortDescription,
  type SwitchDescription,
  type SwitchTables,
  type TableChange,
} from '../switch-tables.ts';
import { refusalOfMessage, refusalOfText } from './refusals.ts';

/** What a flow or one direction of a port has carried. */
interface Load {
  packets: number;
  bytes: number;
}

/** Times are in milliseconds of the tables' clock. */
interface HeldFlow extends Flow, Load {
  readonly cookie: bigint;
  readonly since: number;
  lastUsed: number;
}

interface HeldPort {
  readonly port: PortNumber;
  readonly peer: LinkEnd;
  readonly received: Load;
  readonly sent: Load;
}

interface HeldSwitch {
  readonly node: Switch;
  readonly ports: ReadonlyMap<number, HeldPort>;
  /** By `flowKey`. */
  flows: ReadonlyMap<string, HeldFlow>;
  groups: ReadonlyMap<number, Group>;
}

/** The speed that Linux gives the virtual links of a real lab. */
const LINK_SPEED_KBPS = 10_000_000;

/**
 * The tables of simulated switches. They take, refuse and give back what Open vSwitch does (see `refusals.ts`); entries
 * end by their timeouts, and packets are counted as somebody tells of them.
 */
export class SimulatedTables implements SwitchTables {
  readonly #switches: ReadonlyMap<Dpid, HeldSwitch>;
  readonly #topology: Topology;
  readonly #now: () => number;
  readonly #since: number;
  #faults: readonly Fault[] = [];

  /** @param now a clock in milliseconds that is never set back */
  constructor(topology: Topology, now: () => number = () => performance.now()) {
    this.#topology = topology;
    this.#now = now;
    this.#since = now();
    this.#switches = new Map(
      topology.switches.map((node) => {
        const ports = topology
          .neighboursOf(node.name)
          .map(({ port, peer }): [number, HeldPort] => [port, { port, peer, received: noLoad(), sent: noLoad() }]);
        return [node.dpid, { node, ports: new Map(ports), flows: new Map(), groups: new Map() }];
      }),
    );
  }

  async apply(dpid: Dpid, changes: readonly TableChange[]): Promise<void> {
    for (const refusalOf of [refusalOfText, refusalOfMessage]) {
      for (const change of changes) {
        const refusal = refusalOf(change);
        if (refusal !== undefined) throw switchRefusal(dpid, refusal);
      }
    }
    const held = this.#running(dpid);
    const draft = { flows: new Map(held.flows), groups: new Map(held.groups) };
    for (const change of changes) {
      const refusal = this.#carryOut(change, draft);
      if (refusal !== undefined) throw switchRefusal(dpid, refusal);
    }
    held.flows = draft.flows;
    held.groups = draft.groups;
  }

  async flows(dpid: Dpid): Promise<readonly InstalledFlow[]> {
    return [...this.#running(dpid).flows.values()].map(({ packets, bytes, since, lastUsed: _, ...flow }) => ({
      ...flow,
      packets: BigInt(packets),
      bytes: BigInt(bytes),
      durationSeconds: (this.#now() - since) / 1000,
      sendsFlowRemoved: isStaticEntryCookie(flow.cookie),
    }));
  }

  async groups(dpid: Dpid): Promise<readonly Group[]> {
    return [...this.#running(dpid).groups.values()];
  }

  async ports(dpid: Dpid): Promise<readonly PortDescription[]> {
    const { node, ports } = this.#running(dpid);
    // Locally administered (IEEE 802c), of the switch and the port.
    const base = (0x02n << 40n) | ((BigInt(`0x${dpidDigits(dpid)}`) & 0xffffffn) << 16n);
    const mac = (port: number) => macFromNumber(base | BigInt(port));
    return [
      ...[...ports.values()].map(({ port, peer }) => ({
        port,
        name: interfaceName({ node: node.name, port }),
        mac: mac(port),
        isEnabled: true,
        hasLink: linkIsUp(this.#faults, { node: node.name, port }, peer),
        currentSpeedKbps: LINK_SPEED_KBPS,
      })),
      // As it is in Mininet, which does not use it.
      { port: 'local', name: node.name, mac: mac(0), isEnabled: false, hasLink: false, currentSpeedKbps: 0 },
    ];
  }

  async portCounters(dpid: Dpid): Promise<readonly PortCounters[]> {
    const seconds = (this.#now() - this.#since) / 1000;
    const counters = ({ received, sent }: Pick<HeldPort, 'received' | 'sent'>) => {
      const counted: Partial<Record<PortCounter, number>> = {
        receivedPackets: received.packets,
        receivedBytes: received.bytes,
        sentPackets: sent.packets,
        sentBytes: sent.bytes,
      };
      return (counter: PortCounter) => BigInt(counted[counter] ?? 0);
    };
    return [
      ...[...this.#running(dpid).ports.values()].map((held) => countersFrom(held.port, seconds, counters(held))),
      countersFrom('local', seconds, counters({ received: noLoad(), sent: noLoad() })),
    ];
  }

  async description(dpid: Dpid): Promise<SwitchDescription> {
    return {
      manufacturer: 'labctl',
      hardware: 'Open vSwitch, simulated',
      software: 'as Open vSwitch 3.1.0',
      serialNumber: 'None',
      datapath: this.#running(dpid).node.name,
    };
  }

  /** What is down. */
  get faults(): readonly Fault[] {
    return this.#faults;
  }

  /** Takes a link or a switch down, or up again. A switch that is down holds nothing and cannot be asked. */
  setFault(fault: Fault, isDown: boolean): void {
    this.#faults = faultsAfter(this.#topology.withFaults(this.#faults), fault, isDown);
    if (fault.kind === 'link' || !isDown) return;
    for (const held of this.#switches.values()) {
      if (held.node.name !== fault.name) continue;
      held.flows = new Map();
      held.groups = new Map();
    }
  }

  isStopped(dpid: Dpid): boolean {
    const name = this.#switches.get(dpid)?.node.name;
    return this.#faults.some((fault) => fault.kind === 'switch' && fault.name === name);
  }

  /** What every switch holds now; the flows are those that `countFlow` takes. */
  entries(): ReadonlyMap<Dpid, SwitchEntries> {
    return new Map(
      [...this.#switches.keys()].map((dpid) => {
        const { flows, groups } = this.#switch(dpid);
        return [dpid, { flows: [...flows.values()], groups: [...groups.values()] }];
      }),
    );
  }

  /** Counts a packet that matched a flow of `entries`, which is in use by that; one that has been replaced is let be. */
  countFlow(dpid: Dpid, flow: Flow, bytes: number): void {
    const held = this.#switches.get(dpid)?.flows.get(flowKey(flow));
    if (held === undefined || held !== flow) return;
    held.lastUsed = this.#now();
    count(held, bytes);
  }

  /** Counts a packet that came in by a port, or went out of it. */
  countPort(dpid: Dpid, port: number, direction: 'received' | 'sent', bytes: number): void {
    const held = this.#switches.get(dpid)?.ports.get(port);
    if (held !== undefined) count(held[direction], bytes);
  }

  /** A switch that can be asked. */
  #running(dpid: Dpid): HeldSwitch {
    if (!this.isStopped(dpid)) return this.#switch(dpid);
    throw new ProblemError(
      environmentProblem({
        code: 'switch-unreachable',
        where: { kind: 'switch', switch: dpid },
        cause: 'the switch cannot be reached: it is stopped',
        remedy: 'start it again',
      }),
    );
  }

  /** A switch, without the flows that have ended by now. */
  #switch(dpid: Dpid): HeldSwitch {
    const held = this.#switches.get(dpid);
    if (held === undefined) throw new Error(`no switch has the DPID ${dpid}`);
    const now = this.#now();
    const hasEnded = ({ since, lastUsed, idleTimeoutSeconds, hardTimeoutSeconds }: HeldFlow) =>
      (hardTimeoutSeconds > 0 && now >= since + hardTimeoutSeconds * 1000) ||
      (idleTimeoutSeconds > 0 && now >= lastUsed + idleTimeoutSeconds * 1000);
    if ([...held.flows.values()].some(hasEnded)) {
      held.flows = new Map([...held.flows].filter(([, flow]) => !hasEnded(flow)));
    }
    return held;
  }

  #carryOut(
    change: TableChange,
    { flows, groups }: { readonly flows: Map<string, HeldFlow>; readonly groups: Map<number, Group> },
  ): RefusalCode | undefined {
    switch (change.kind) {
      case 'add-flow': {
        const { flow, cookie } = change;
        if (groupsOf(flow).some((groupId) => !groups.has(groupId))) return 'OFPBAC_BAD_OUT_GROUP';
        const now = this.#now();
        flows.set(flowKey(flow), { ...onlyFlow(flow), cookie, since: now, lastUsed: now, ...noLoad() });
        return undefined;
      }
      case 'delete-flow':
        flows.delete(flowKey(change.flow));
        return undefined;
      case 'add-group':
        if (groups.has(change.group.groupId)) return 'OFPGMFC_GROUP_EXISTS';
        groups.set(change.group.groupId, asHeld(change.group));
        return undefined;
      case 'modify-group':
        if (!groups.has(change.group.groupId)) return 'OFPGMFC_UNKNOWN_GROUP';
        groups.set(change.group.groupId, asHeld(change.group));
        return undefined;
      case 'delete-group':
        // Other groups that send to it stay, and send to nothing.
        groups.delete(change.groupId);
        for (const [key, flow] of flows) if (groupsOf(flow).includes(change.groupId)) flows.delete(key);
        return undefined;
    }
  }
}

function noLoad(): Load {
  return { packets: 0, bytes: 0 };
}

function count(load: Load, bytes: number): void {
  load.packets += 1;
  load.bytes += bytes;
}

/** The groups to which a flow sends. */
function groupsOf({ instructions: { apply, write } }: Flow): readonly number[] {
  return [...apply, ...write].flatMap((action) => (action.kind === 'group' ? [action.groupId] : []));
}

/** A flow, and nothing else that its value has: entries have a name and a switch, read flows have counters. */
function onlyFlow({ tableId, priority, match, instructions, idleTimeoutSeconds, hardTimeoutSeconds }: Flow): Flow {
  return { tableId, priority, match, instructions, idleTimeoutSeconds, hardTimeoutSeconds };
}

/** Open vSwitch gives buckets of a select group the weight 1, and those of others none. */
function asHeld({ groupId, groupType, buckets }: Group): Group {
  return {
    groupId,
    groupType,
    buckets: buckets.map(({ weight, watchPort, actions }) => ({
      ...(groupType === 'select' ? { weight: weight ?? 1 } : {}),
      ...(watchPort === undefined ? {} : { watchPort }),
      actions,
    })),
  };
}
