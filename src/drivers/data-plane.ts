import type { Dpid } from '../model/addresses.ts';
import type { Group, InstalledFlow } from '../model/openflow.ts';

/** One ordered pair of hosts and whether an echo request was answered. */
export interface ProbeResult {
  readonly source: string;
  readonly target: string;
  /** Round trip of the first answer in milliseconds; null when no probe was answered. */
  readonly rttMs: number | null;
  /** Echo requests sent; an unanswered pair has had at least four. */
  readonly probes: number;
}

/** How far a probe of all pairs is. */
export interface ProbeProgress {
  readonly pairs: number;
  readonly answered: number;
  /** 1 for the first round, in which every pair is asked; later rounds ask again for pairs without an answer. */
  readonly round: number;
}

/** What a switch holds. */
export interface HeldEntries {
  readonly flows: readonly InstalledFlow[];
  readonly groups: readonly Group[];
}

/** What a switch says that it would do with a packet. */
export interface SwitchTrace {
  /** Ports by which it, or a copy of it, would leave, in the order of their numbers. */
  readonly ports: readonly number[];
  /** Whether it leaves that to a hash that it computes for real packets only. */
  readonly isUndecided: boolean;
  /** The switch's own words. */
  readonly text: string;
}

/** A command to run on this machine that ends up inside the lab. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** The hosts, switches and links of a lab: what carries packets. Every method throws `ProblemError`. */
export interface DataPlane {
  /** What carries the packets, for people: e.g. `Mininet 2.3.0, Open vSwitch 3.1.0, userspace datapath`. */
  readonly description: string;
  /** Builds it all; resolves when every host, switch and link is up. `onStep` hears what is being done. */
  start(signal: AbortSignal, onStep: (step: string) => void): Promise<void>;
  /**
   * Pings every host from every host. Never reports an unreachable pair because of one lost probe, nor because the
   * controller took up to `reactionSeconds` for the first packet of a pair.
   */
  probeAll(
    reactionSeconds: number,
    signal: AbortSignal,
    onProgress: (progress: ProbeProgress) => void,
  ): Promise<readonly ProbeResult[]>;
  /** Has every switch connect to an OpenFlow controller: `unix:` and a socket in the lab's folder. */
  connectSwitches(target: string, signal: AbortSignal): Promise<void>;
  /** What a switch holds now, whoever put it there. */
  entriesOf(dpid: Dpid): Promise<HeldEntries>;
  /**
   * Asks the switch itself what it would do with a packet. Rejects where a switch cannot be asked.
   * @param fields by Floodlight's names, as `Packet.describe` gives them
   */
  traceAt(dpid: Dpid, inPort: number, fields: Readonly<Record<string, string>>): Promise<SwitchTrace>;
  /** The lines that Mininet's `net` prints, read from the running network. */
  net(): Promise<readonly string[]>;
  /** The command that runs `argv` on a host of the lab. */
  commandOn(host: string, argv: readonly string[]): Command;
  /** Ends every process and interface. Safe to call at any time, and twice. */
  stop(): Promise<void>;
  /** Resolves when it ended without being asked to, with the reason. */
  readonly died: Promise<string>;
}
