import type { Dpid } from '../model/addresses.ts';
import type { LinkFault } from '../model/fault.ts';
import type { HostState } from '../model/host-state.ts';
import type { Group, InstalledFlow } from '../model/openflow.ts';
import type { Point } from '../model/points.ts';

/** What carries a lab's packets: Mininet and Open vSwitch, or a computation of what they would do. */
export type DataPlaneKind = 'mininet' | 'simulated';

/** Two hosts, or addresses of hosts, by the names of their points. */
export interface Pair {
  readonly source: string;
  readonly target: string;
}

/** One ordered pair of hosts and whether an echo request was answered. */
export interface ProbeResult extends Pair {
  /** Round trip of the first answer in milliseconds; null when no probe was answered. */
  readonly rttMs: number | null;
  /** Whether it is unknown whether the pair reaches: that no answer came says nothing. */
  readonly isUnknown?: true;
  /** Echo requests sent; an unanswered pair of a real network has had at least four. */
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

/** What became of echo requests that one host sent to another at intervals of about 2 ms. */
export interface Traffic {
  readonly sent: number;
  readonly lost: number;
  /** For each time that answers failed to come and came again: from the last answer before to the first one after. */
  readonly gapsMs: readonly number[];
  /** Whether there were answers at the beginning, and at the end. */
  readonly answersAtFirst: boolean;
  readonly answersAtLast: boolean;
}

/** A start command of a host that failed at once. */
export interface FailedCommand {
  readonly host: string;
  readonly command: string;
  /** Negative where a signal ended it. */
  readonly exitCode: number;
  /** What it printed, or the end of it. */
  readonly words: string;
}

/** A command to run on this machine that ends up inside the lab. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
}

/** Pings pairs of hosts, with the patience that the controller needs; see `Prober`. */
type Probe = (
  pairs: readonly Pair[],
  reactionSeconds: number,
  signal: AbortSignal,
  onProgress: (progress: ProbeProgress) => void,
) => Promise<readonly ProbeResult[]>;

/** The roles of a data plane. Every method of each throws `ProblemError`. */

/** Sends packets between hosts, and sees what arrives. */
export interface Prober {
  /**
   * Pings every point from every other. Never reports an unreachable pair because of one lost probe, nor because the
   * controller took up to `reactionSeconds` for the first packet of a pair.
   */
  probeAll(
    points: readonly Point[],
    reactionSeconds: number,
    signal: AbortSignal,
    onProgress: (progress: ProbeProgress) => void,
  ): Promise<readonly ProbeResult[]>;
  /** Asks again, for longer, pairs that did not answer and should. Undefined where no probe is ever lost. */
  readonly probeAgain: Probe | undefined;
  /** How often the machine has had no room for another neighbour; only its growth means something. */
  neighbourOverflows(): number;
  /**
   * Has one host ping another at short intervals, from half a second before `act` begins until 1.5 s after it has ended.
   * Rejects with what `act` throws.
   */
  measureWhile(source: string, target: string, act: () => Promise<void>, signal: AbortSignal): Promise<Traffic>;
  /**
   * To be called when the entries of switches have changed: afterwards no switch treats packets by anything that it
   * cached before. Probes do so first.
   */
  forgetCached(): Promise<void>;
}

/** Takes links and switches down and up. Once begun, a change is done; nothing happens where it is so already. */
export interface FaultMaker {
  /**
   * Takes down, or up again, every link between two nodes, or one of them. The ports at both ends lose their carrier. Links of a switch
   * that is stopped come up with it. Takes milliseconds.
   */
  setLink(link: LinkFault, up: boolean): Promise<void>;
  /**
   * Stops a switch, or starts it again. A stopped switch forwards nothing and holds nothing, nobody can ask it anything,
   * and its neighbours' ports have no carrier. Started again it has its former DPID, port numbers and controller, and
   * empty tables.
   */
  setSwitch(name: string, up: boolean): Promise<void>;
}

/** Shows what switches hold and what they would do. */
export interface Inspector {
  /** What a switch holds now, whoever put it there; nothing where it is stopped. */
  entriesOf(dpid: Dpid): Promise<HeldEntries>;
  /**
   * Asks the switch itself what it would do with a packet. Rejects where a switch cannot be asked.
   * @param fields by Floodlight's names, as `Packet.describe` gives them
   */
  traceAt(dpid: Dpid, inPort: number, fields: Readonly<Record<string, string>>): Promise<SwitchTrace>;
  /** What each host is now, by its name: what start commands and others did to it is seen. */
  hostStates(): Promise<ReadonlyMap<string, HostState>>;
  /** The lines that Mininet's `net` prints, read from the running network. */
  net(): Promise<readonly string[]>;
}

/** Runs commands inside the lab. */
export interface Shells {
  /**
   * Runs the start commands of hosts, those of a host one after another, and leaves those running that go on. Returns
   * those that failed at once, after which no other of that host is run.
   */
  runStartCommands(signal: AbortSignal): Promise<readonly FailedCommand[]>;
  /** The command that runs `argv` on a host of the lab, or where the ports of a switch are. */
  commandOn(node: string, argv: readonly string[]): Command;
  /**
   * The same of a program that not every machine has, and that is to end when the process that runs the command does.
   * Throws where it is not installed.
   */
  toolOn(node: string, tool: 'iperf3', argv: readonly string[]): Command;
}

interface DataPlaneLife {
  /** What carries the packets, for people: e.g. `Mininet 2.3.0, Open vSwitch 3.1.0, userspace datapath`. */
  readonly description: string;
  /** Builds it all; resolves when every host, switch and link is up. `onStep` hears what is being done. */
  start(signal: AbortSignal, onStep: (step: string) => void): Promise<void>;
  /** Ends every process and interface. Safe to call at any time, and twice. */
  stop(): Promise<void>;
  /** Resolves when it ended without being asked to, with the reason. */
  readonly died: Promise<string>;
}

/** What is to be captured, and how it is printed. */
export interface CaptureRequest {
  /** The host or switch that has the interface. */
  readonly node: string;
  readonly interfaceName: string;
  /** Lines for people, or a pcap file. */
  readonly form: 'text' | 'pcap';
  /** After how many packets it ends; undefined where it goes on. */
  readonly count: number | undefined;
  /** As in pcap-filter(7); empty for all packets. */
  readonly filter: readonly string[];
}

/** Shows the packets that pass an interface. */
interface Capture {
  /**
   * The commands that capture, each of which reads what the one before it writes. The last one writes the packets.
   * SIGINT ends the first, and with it the others.
   */
  capture(request: CaptureRequest): readonly Command[];
}

/** The hosts, switches and links of a lab, in all their roles: what carries packets. */
export interface DataPlane extends DataPlaneLife, Prober, FaultMaker, Inspector, Shells, Capture {}
