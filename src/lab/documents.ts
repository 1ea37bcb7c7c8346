import type { SentBody, SettableRole, UnreadableEntry, Upkeep } from '../drivers/control-plane.ts';
import type { Command } from '../drivers/data-plane.ts';
import type { Forwarding } from '../model/connection.ts';
import { ReachabilityMatrix } from '../model/matrix.ts';
import type { Problem } from '../model/problem.ts';
import type { Difference } from '../verify/verdict.ts';

/** The JSON that leaves a lab's process, and that `--format json` prints. Grows by new keys; `version` counts breaks. */

export const DOCUMENT_VERSION = 1;

/** An entry in the form that the Static Entry Pusher takes. */
export type EntryDocument = Readonly<Record<string, unknown>>;

/** For each source, the targets and a value for each. */
export type Rows<T> = Readonly<Record<string, Readonly<Record<string, T>>>>;

export interface ObservationDocument {
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
  /** Round trip in milliseconds, null where no probe was answered. */
  readonly observed: Rows<number | null>;
  /** Echo requests sent. */
  readonly probes: Rows<number>;
  readonly differences: readonly Difference[];
}

export interface StepsDocument {
  readonly version: number;
  readonly lab: string;
  readonly remove: readonly EntryDocument[];
  readonly push: readonly EntryDocument[];
}

export interface ConnectionChangeDocument extends ObservationDocument {
  readonly members: readonly string[];
  readonly changed: boolean;
  readonly pushed: number;
  readonly removed: number;
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
  /** Static entries that the controller lists; null while it does not answer. */
  readonly entries: number | null;
  /** How the pushed entries stand; null while the controller does not answer. */
  readonly upkeep: Upkeep | null;
}

export interface SwitchesDocument {
  readonly version: number;
  readonly lab: string;
  readonly switches: readonly {
    readonly name: string;
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
  readonly plan: { readonly input: { hosts: readonly string[] }; readonly output: StepsDocument };
  readonly connect: { readonly input: { hosts: readonly string[] }; readonly output: ConnectionChangeDocument };
  readonly disconnect: { readonly input: { hosts: readonly string[] }; readonly output: ConnectionChangeDocument };
  /** Waits until commands before it are done. */
  readonly connections: {
    readonly input: Record<string, never>;
    readonly output: { connections: readonly (readonly string[])[] };
  };
  readonly net: { readonly input: Record<string, never>; readonly output: { lines: readonly string[] } };
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
