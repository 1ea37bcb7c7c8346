import type { Forwarding } from '../model/connection.ts';
import type { Topology } from '../model/topology.ts';
import type { ControlPlane, OwnForwarding } from './control-plane.ts';
import type { ControllableSwitches } from './switch-tables.ts';

/** What a lab's process is told about its controller, as JSON: the name of its row, and what that row reads. */
interface AnyOrder {
  readonly kind: string;
}

/** The first ports to try for a controller that labctl starts; where a running one takes switches. */
interface ControllerPorts {
  readonly restPort: number;
  readonly openflowPort: number;
}

/** A controller that a lab can have. */
export interface FoundController<Order> {
  readonly order: Order;
  /** For people: `Floodlight in Docker`. */
  readonly what: string;
  /** Why it is this one; undefined where it was asked for, or is what is left. */
  readonly reason?: string;
}

/** The lab that a controller is built for. */
interface ControllerSite {
  readonly lab: string;
  /** The lab's own folder. */
  readonly folder: string;
  readonly topology: Topology;
  readonly forwarding: Forwarding;
  readonly switches: ControllableSwitches;
}

/**
 * A kind of controller: all that others know of it before it is built. A row loads nothing of its driver before it is
 * asked to find or to build one.
 */
export interface ControllerRow<Order extends AnyOrder = AnyOrder> {
  /** As it is typed after `--controller`. */
  readonly name: Order['kind'];
  /** For people. */
  readonly title: string;
  readonly help: {
    /** How to ask for it: `floodlight (in Docker), the URL of a Floodlight`. */
    readonly choice: string;
    /** When `auto` takes it. */
    readonly auto: string;
    /** How to have it in place of another. */
    readonly instead: string;
  };
  readonly forwards: OwnForwarding['kind'];
  /** Whether its switches have to speak OpenFlow; else it programs their tables. */
  readonly needsOpenFlow: boolean;
  /** How to have one that runs at a URL, and the variable that names it for `auto`; undefined where that cannot be. */
  readonly running:
    | { readonly variable: string; readonly at: (url: string, ports: ControllerPorts) => FoundController<Order> }
    | undefined;
  /** What `labctl doctor` says of it; undefined where it needs nothing of the machine. */
  readonly doctor:
    | { readonly subject: string; readonly without: string; readonly find: (signal: AbortSignal) => Promise<string> }
    | undefined;
  /** Whether it is one that other labs may have too, and so serves one lab at a time. */
  isShared(order: Order): boolean;
  /**
   * Looks for one. `auto` takes what is there, or says why there is none.
   * @throws ProblemError where it was asked for by its name and cannot be had
   */
  find(
    wish: 'asked' | 'auto',
    ports: ControllerPorts,
    signal: AbortSignal,
  ): Promise<FoundController<Order> | { readonly passedOver: string }>;
  build(order: Order, site: ControllerSite): Promise<ControlPlane>;
}

/** What the orders of rows can be. */
export type OrderOf<Row> = Row extends ControllerRow<infer Order> ? Order : never;
