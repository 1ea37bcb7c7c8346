import type { Dpid } from '../model/addresses.ts';
import type { Entry } from '../model/openflow.ts';

/** A switch as its controller sees it. */
export interface ConnectedSwitch {
  readonly dpid: Dpid;
  /** Milliseconds since 1970. */
  readonly connectedSince: number;
}

/** The controller of a lab: who decides what the switches do. Every method throws `ProblemError`. */
export interface ControlPlane {
  /** What kind it is, for people: `embedded`, `floodlight`. */
  readonly kind: string;
  /** Where its REST interface answers, e.g. `http://127.0.0.1:8080`; known once it is started. */
  readonly url: string;
  /** Resolves when every switch of the topology is under control and forwards as the spec asks. */
  start(signal: AbortSignal): Promise<void>;
  /**
   * Makes these entries those of their names: groups first, each read back from the controller's list and from its
   * switch. All or nothing: when one does not arrive, what was pushed is taken back and the error names it.
   */
  push(entries: readonly Entry[], signal: AbortSignal): Promise<void>;
  /** Takes these entries away, flows before groups, and reads back that they are gone. */
  remove(entries: readonly Entry[], signal: AbortSignal): Promise<void>;
  /** Every static entry that the controller lists, whoever pushed it. */
  entries(signal: AbortSignal): Promise<readonly Entry[]>;
  /** The switches that are connected now. */
  switches(signal: AbortSignal): Promise<readonly ConnectedSwitch[]>;
  stop(): Promise<void>;
}
