import type { Dpid } from '../model/addresses.ts';
import type { Fault } from '../model/fault.ts';
import type { Entry } from '../model/openflow.ts';

/** A switch as its controller sees it. */
export interface ConnectedSwitch {
  readonly dpid: Dpid;
  /** Milliseconds since 1970. */
  readonly connectedSince: number;
}

/** What a controller can be made to be for a switch (OpenFlow 1.3, section 6.3.1). */
export type SettableRole = 'MASTER' | 'EQUAL' | 'SLAVE';
export const SETTABLE_ROLES: readonly SettableRole[] = ['MASTER', 'EQUAL', 'SLAVE'];

/** The state of the entries that were pushed and not removed since. */
export interface Upkeep {
  /** Names of entries that are not in their switch now; they are put back as soon as that can be. */
  readonly missing: readonly string[];
  /** Names of entries that are removed as soon as their switch is back. */
  readonly leaving: readonly string[];
  /** How many entries were lost and put back since the lab came up. */
  readonly repaired: number;
}

/** A static entry with parts that labctl does not know. */
export interface UnreadableEntry {
  readonly name: string;
  readonly dpid: Dpid;
}

/** What a controller lists. */
export interface EntryList {
  readonly entries: readonly Entry[];
  readonly unreadable: readonly UnreadableEntry[];
}

declare const harmless: unique symbol;

/** An entry as somebody wrote it: perhaps nonsense, but nothing that would break the controller. */
export type UncheckedBody = Readonly<Record<string, unknown>> & { readonly [harmless]: true };

/** What became of an entry that was sent as somebody wrote it. */
export interface SentBody {
  /** Undefined where it has none. */
  readonly name: string | undefined;
  /** `listed`: and its switch does not have it; `vanished`: it was accepted, and is nowhere. */
  readonly outcome: 'in-switch' | 'listed' | 'vanished' | 'refused';
  /** The controller's, of a refusal. */
  readonly reason?: string;
}

/**
 * How a controller has packets forwarded where no static entry applies: it reacts to the first packet of a pair of hosts,
 * or its flows are in the switches in advance.
 */
export type OwnForwarding =
  /** `reactionSeconds` is how long it may take for a pair's first packet. */
  | { readonly kind: 'reactive'; readonly reactionSeconds: number }
  /**
   * `restore` puts back flows of its own that switches have lost, and removes flows that should not be there. Resolves
   * with the number of flows that it changed.
   */
  | { readonly kind: 'in-advance'; restore(): Promise<number> };

/** The roles of a controller. Every method of each throws `ProblemError`. */

/** The static entries that a controller keeps in its switches. */
export interface EntryStore {
  /**
   * Makes these entries those of their names: groups first, each read back from the controller's list and from its
   * switch. All or nothing: when one does not arrive, what was pushed is taken back and the error names it.
   */
  push(entries: readonly Entry[], signal: AbortSignal): Promise<void>;
  /** Sends entries in the form of a POST as they were written; nothing is checked, and nothing undone. */
  sendUnchecked(bodies: readonly UncheckedBody[], signal: AbortSignal): Promise<readonly SentBody[]>;
  /** Removes these entries, flows before groups, and reads back that they are gone. */
  remove(list: EntryList, signal: AbortSignal): Promise<void>;
  /** Every static entry that the controller lists for switches of the topology, whoever pushed it. */
  entries(signal: AbortSignal): Promise<EntryList>;
  upkeep(signal: AbortSignal): Promise<Upkeep>;
}

/** The switches that a controller has, and its role for each. */
export interface ControlledSwitches {
  /** The switches of the topology that are connected now. */
  switches(signal: AbortSignal): Promise<readonly ConnectedSwitch[]>;
  /** The controller's role for each connected switch, in its own words. */
  roles(signal: AbortSignal): Promise<ReadonlyMap<Dpid, string>>;
  /** Sets its role for these switches; their entries are there afterwards as they were before. */
  setRole(dpids: readonly Dpid[], role: SettableRole, signal: AbortSignal): Promise<void>;
}

/** What a controller forwards by itself, and how it follows faults. */
export interface Forwarder {
  readonly forwarding: OwnForwarding;
  /**
   * Called when links or switches have gone down or come up again, with all that is down now. Resolves when the controller
   * forwards over what survives and switches that came back hold their static entries again, as far as that can be
   * asked, or when it takes the controller too long. Aborting the signal ends only the waiting.
   */
  reconverge(faults: readonly Fault[], signal: AbortSignal): Promise<void>;
}

interface ControllerLife {
  /** What kind it is, for people: `embedded`, `Floodlight`. */
  readonly kind: string;
  /** Where its REST interface answers, e.g. `http://127.0.0.1:8080`; known once it is started. */
  readonly url: string;
  /** What can be done before there are switches; goes on while the data plane is built. `onStep` hears what it does. */
  prepare(signal: AbortSignal, onStep: (step: string) => void): Promise<void>;
  /** Resolves when every switch of the topology is under control and forwards as the spec asks. */
  start(signal: AbortSignal, onStep: (step: string) => void): Promise<void>;
  /**
   * Removes from the controller every static entry of the topology's switches, whoever pushed it, and lets go of it. Safe
   * to call at any time; where something could not be cleaned up it throws, having done the rest.
   */
  stop(): Promise<void>;
}

/** The controller of a lab, in all its roles: who decides what the switches do. */
export interface ControlPlane extends ControllerLife, EntryStore, ControlledSwitches, Forwarder {}
