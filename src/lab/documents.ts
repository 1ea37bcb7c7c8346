import type { SentBody, SettableRole, UnreadableEntry, Upkeep } from '../drivers/control-plane.ts';
import type { Command } from '../drivers/data-plane.ts';
import type { Forwarding, Ways } from '../model/connection.ts';
import type { Fault } from '../model/fault.ts';
import { ReachabilityMatrix } from '../model/matrix.ts';
import type { Problem } from '../model/problem.ts';
import type { ConnectionRequest } from '../plan/requests.ts';
import type { Trace } from '../sim/trace.ts';
import type { Difference } from '../verify/verdict.ts';
import type { HopChecks } from './hop-check.ts';
import type { FaultRequest } from './network-faults.ts';
import type { Throughput, ThroughputRequest } from './throughput.ts';

/** The JSON that leaves a lab's process, and that `--format json` prints. Grows by new keys; `version` counts breaks. */

export const DOCUMENT_VERSION = 1;

/** An entry in the form that the Static Entry Pusher takes. */
export type EntryDocument = Readonly<Record<string, unknown>>;

/** For each source, the targets and a value for each. */
export type Rows<T> = Readonly<Record<string, Readonly<Record<string, T>>>>;

/** A matrix, observed or predicted, beside what is expected. */
interface ComparedDocument {
  readonly version: number;
  readonly lab: string;
  /** The expectation's name in the spec; null when judged by what the spec and the connections ask for. */
  readonly expectation: string | null;
  readonly asExpected: boolean;
  /** Pairs that reach, and all ordered pairs. */
  readonly received: number;
  readonly pairs: number;
  /** In the order of the spec. */
  readonly hosts: readonly string[];
  /** `why` is absent where a difference is not explained. */
  readonly differences: readonly ExplainedDifference[];
}

export interface ObservationDocument extends ComparedDocument {
  /** Round trip in milliseconds, null where no probe was answered. */
  readonly observed: Rows<number | null>;
  /** Echo requests sent. */
  readonly probes: Rows<number>;
  /** What the entries that the switches held made labctl predict; null where it cannot read those. */
  readonly predicted: {
    readonly received: number;
    /** Pairs of which the entries leave it to the switches whether they reach. */
    readonly undecided: number;
    /** Pairs in which the switches do not do what their entries say; `expected` is what was predicted. */
    readonly surprises: readonly Difference[];
  } | null;
}

export interface ExplainedDifference extends Difference {
  readonly why?: string;
}

/** What is to be supposed beside what is there. */
export interface SuppositionDocument {
  readonly entries: readonly EntryDocument[];
  readonly faults: readonly Fault[];
}

export interface PredictionDocument extends ComparedDocument {
  /** Null where the entries leave it to the switches. */
  readonly predicted: Rows<boolean | null>;
  /** Entries that end by themselves, which is not foreseen. */
  readonly ending: readonly string[];
  readonly warnings: readonly Problem[];
}

export interface ExplanationDocument {
  readonly version: number;
  readonly lab: string;
  /** The ping that was asked for, and its reverse. */
  readonly there: ExplainedPing;
  readonly back: ExplainedPing;
  /** What the switches themselves say; null where they were not asked. */
  readonly checks: HopChecks | null;
}

export interface ExplainedPing {
  readonly trace: Trace;
  /** The outcome in one line. */
  readonly why: string;
  /** The story in a few lines, for people. */
  readonly story: readonly string[];
}

/** First all of `push`, then all of `remove`, in their order. */
export interface StepsDocument {
  readonly version: number;
  readonly lab: string;
  readonly push: readonly EntryDocument[];
  readonly remove: readonly EntryDocument[];
  /** Entries that the connections need in all. */
  readonly count: number;
  /** How many they would be with one for each pair of hosts, switch on its path, and protocol. */
  readonly naiveCount: number;
  /** The same of the connection that was asked for, were it the only one; null where none was. */
  readonly alone: { readonly count: number; readonly naiveCount: number } | null;
}

export interface ConnectionChangeDocument extends ObservationDocument {
  /** Of the connection that was asked for; empty for `heal`. */
  readonly members: readonly string[];
  readonly changed: boolean;
  readonly pushed: number;
  readonly removed: number;
  /** Flows of the controller's own forwarding that switches had lost, and that `heal` put back. */
  readonly restored: number;
}

export interface StatusDocument {
  readonly version: number;
  readonly lab: string;
  readonly specFile: string;
  /** ISO 8601 */
  readonly startedAt: string;
  readonly pid: number;
  /** Resident memory of the lab's process. */
  readonly memoryMb: number;
  readonly controller: {
    readonly kind: string;
    readonly url: string;
    /** Why it does not answer; null when it does. */
    readonly trouble: Problem | null;
  };
  readonly dataPlane: string;
  readonly forwarding: Forwarding;
  readonly switches: { readonly connected: readonly string[]; readonly missing: readonly string[] };
  readonly connections: readonly (readonly string[])[];
  /** Of each connection, in their order; null is one way. */
  readonly ways: readonly (Ways | null)[];
  /** Of each connection, in their order: switches that its paths pass, switches and links that they avoid. */
  readonly routes: readonly { readonly via: readonly string[]; readonly avoid: readonly string[] }[];
  /** What is down, as labctl took it down. */
  readonly faults: readonly Fault[];
  /** Static entries that the controller lists; null while it does not answer. */
  readonly entries: number | null;
  /** How the pushed entries stand; null while the controller does not answer. */
  readonly upkeep: Upkeep | null;
}

export interface FaultsDocument {
  readonly version: number;
  readonly lab: string;
  /** What went down or came up; nothing where it was so already. */
  readonly changed: readonly Fault[];
  /** All that is down now. */
  readonly faults: readonly Fault[];
  /** Until controller and connections followed what survives, in milliseconds; null where nothing changed. */
  readonly tookMs: number | null;
  /** Entries pushed and taken away; null where nothing was to be repaired. */
  readonly repair: { readonly pushed: number; readonly removed: number } | null;
  /** Null where it was not measured. */
  readonly traffic: MeasuredTraffic | null;
}

/** Echo requests from one host to another, about 2 ms apart, from before something went down or came up to after it. */
export interface MeasuredTraffic {
  readonly source: string;
  readonly target: string;
  readonly sent: number;
  readonly lost: number;
  /** How often answers failed to come and came again. */
  readonly interruptions: number;
  /** From the last answer before to the first one after, of the longest interruption; null where there was none. */
  readonly longestMs: number | null;
  /** Whether there were answers at the beginning, and at the end. */
  readonly answersAtFirst: boolean;
  readonly answersAtLast: boolean;
}

export interface ThroughputDocument extends Throughput {
  readonly version: number;
  readonly lab: string;
}

export interface SwitchesDocument {
  readonly version: number;
  readonly lab: string;
  readonly switches: readonly {
    readonly name: string;
    /** What people call it; null where that is its name. */
    readonly label: string | null;
    readonly dpid: string;
    /** ISO 8601; null while it is not connected, as is the role. */
    readonly connectedSince: string | null;
    /** In the controller's words, e.g. MASTER. */
    readonly role: string | null;
    readonly entries: number;
  }[];
}

export interface EntriesDocument {
  readonly version: number;
  readonly lab: string;
  readonly entries: readonly EntryDocument[];
  /** Entries that say what labctl does not know. */
  readonly unreadable: readonly UnreadableEntry[];
}

export interface EntriesAppliedDocument {
  readonly version: number;
  readonly lab: string;
  /** Names, in the order in which they were given. */
  readonly pushed: readonly string[];
  readonly unchanged: readonly string[];
  readonly warnings: readonly Problem[];
}

export interface EntriesSentDocument {
  readonly version: number;
  readonly lab: string;
  /** In the order in which they were given. */
  readonly sent: readonly {
    readonly name: string | null;
    /** `withheld`: it would have broken the controller, and was not sent. */
    readonly outcome: SentBody['outcome'] | 'withheld';
    /** Why it was refused or withheld. */
    readonly reason: string | null;
  }[];
}

/** Each command that a lab's process takes: what it is given and what it answers. */
export interface LabCommands {
  readonly spec: { readonly input: Record<string, never>; readonly output: { file: string; text: string } };
  readonly status: { readonly input: Record<string, never>; readonly output: StatusDocument };
  readonly pingall: { readonly input: { expectation?: string }; readonly output: ObservationDocument };
  readonly predict: {
    readonly input: { expectation?: string; supposition: SuppositionDocument };
    readonly output: PredictionDocument;
  };
  readonly explain: {
    readonly input: { source: string; target: string; supposition: SuppositionDocument; verify: boolean };
    readonly output: ExplanationDocument;
  };
  /** For each difference, in their order, as far as they are explained: why. */
  readonly reasons: {
    readonly input: { differences: readonly Difference[] };
    readonly output: { reasons: readonly string[] };
  };
  /** Of a connection that is asked for, or of what there is to heal. */
  readonly plan: { readonly input: { request?: ConnectionRequest }; readonly output: StepsDocument };
  readonly connect: { readonly input: ConnectionRequest; readonly output: ConnectionChangeDocument };
  readonly heal: { readonly input: Record<string, never>; readonly output: ConnectionChangeDocument };
  readonly disconnect: { readonly input: { hosts: readonly string[] }; readonly output: ConnectionChangeDocument };
  /** Waits until commands before it are done. */
  readonly connections: {
    readonly input: Record<string, never>;
    readonly output: { connections: readonly (readonly string[])[] };
  };
  readonly changeFaults: {
    readonly input: { request: FaultRequest; repair: boolean; measure?: readonly [string, string] };
    readonly output: FaultsDocument;
  };
  /** Waits until commands before it are done. */
  readonly faults: { readonly input: Record<string, never>; readonly output: FaultsDocument };
  readonly net: { readonly input: Record<string, never>; readonly output: { lines: readonly string[] } };
  readonly iperf: { readonly input: ThroughputRequest; readonly output: ThroughputDocument };
  /** Runs `argv` where an interface is, with the interface's name at its end. */
  readonly capture: {
    readonly input: { at: string; form: 'text' | 'pcap'; count: number | null; filter: readonly string[] };
    readonly output: { readonly commands: readonly Command[] };
  };
  readonly command: { readonly input: { host: string; argv: readonly string[] }; readonly output: Command };
  readonly entries: { readonly input: Record<string, never>; readonly output: EntriesDocument };
  readonly applyEntries: {
    readonly input: { entries: readonly EntryDocument[] };
    readonly output: EntriesAppliedDocument;
  };
  readonly sendEntries: {
    readonly input: { entries: readonly EntryDocument[] };
    readonly output: EntriesSentDocument;
  };
  readonly deleteEntries: { readonly input: { names: readonly string[] }; readonly output: EntriesDocument };
  readonly clearEntries: { readonly input: { switchName?: string }; readonly output: EntriesDocument };
  readonly switches: { readonly input: Record<string, never>; readonly output: SwitchesDocument };
  readonly role: {
    readonly input: { role: SettableRole; switchName?: string };
    readonly output: SwitchesDocument;
  };
  /** `left` is what could not be cleaned up. */
  readonly down: { readonly input: Record<string, never>; readonly output: { lab: string; left: readonly Problem[] } };
}

export type LabCommand = keyof LabCommands;

/** The matrix that a document tells of. */
export function observedMatrix(document: ObservationDocument): ReachabilityMatrix {
  return new ReachabilityMatrix(
    document.hosts,
    (source, target) => typeof document.observed[source]?.[target] === 'number',
  );
}

/** The matrix that a prediction tells of, cells that are undecided as unreachable. */
export function predictedMatrix(document: PredictionDocument): ReachabilityMatrix {
  return new ReachabilityMatrix(document.hosts, (source, target) => document.predicted[source]?.[target] === true);
}
