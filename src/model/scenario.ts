import { type Connection, describeConnection } from './connection.ts';
import { describeFault, type Fault } from './fault.ts';
import { cellText, type Reach, type ReachabilityMatrix } from './matrix.ts';
import type { FilePlace } from './where.ts';

/** What is done to a lab one step after another, and what is expected of it meanwhile. */
export interface Scenario {
  readonly name: string;
  readonly where: FilePlace;
  readonly steps: readonly ScenarioStep[];
}

export interface ScenarioStep {
  readonly where: FilePlace;
  readonly action: Action;
}

/** A step's verb, and what it is about. */
export type Action =
  | { readonly kind: 'connect'; readonly connection: Connection }
  | { readonly kind: 'disconnect'; readonly connection: Connection }
  | { readonly kind: 'entries'; readonly sources: readonly EntrySource[] }
  | { readonly kind: 'fault'; readonly faults: readonly Fault[] }
  /** `all` ends every fault, and gives the switches what the connections need and they lack. */
  | { readonly kind: 'heal'; readonly faults: readonly Fault[] | 'all' }
  | { readonly kind: 'wait'; readonly ms: number }
  | HostCommand
  | { readonly kind: 'expect'; readonly expectation: Expectation }
  | Throughput;

/** Entries in the form that the Static Entry Pusher takes, or a file of them beside the spec. */
export type EntrySource =
  | { readonly kind: 'file'; readonly file: string }
  | { readonly kind: 'entry'; readonly entry: Readonly<Record<string, unknown>> };

/** A command on a host, and how it has to end. */
export interface HostCommand {
  readonly kind: 'exec';
  readonly host: string;
  /** As the spec writes it. */
  readonly shown: string;
  readonly argv: readonly string[];
  readonly exitCode: number;
  /** What its output, standard output and error together, has to hold; undefined where that does not matter. */
  readonly output: OutputPattern | undefined;
  /** It is ended, and has failed, after that long. */
  readonly timeoutMs: number;
}

export type OutputPattern =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'regex'; readonly source: string; readonly flags: string };

/** What TCP carries from one host to another, in Mbit/s; one bound is there at least. */
export interface Throughput {
  readonly kind: 'iperf';
  readonly source: string;
  readonly target: string;
  readonly atLeastMbps: number | undefined;
  readonly atMostMbps: number | undefined;
}

/** What the matrix that is observed is compared with. */
export type Expectation =
  /** All pairs; the name is that of the spec's expectation. */
  | { readonly kind: 'matrix'; readonly name: string | undefined; readonly matrix: ReachabilityMatrix }
  /** What the entries of the switches make labctl predict. */
  | { readonly kind: 'predicted' }
  /** What the spec, its connections and those made so far ask for. */
  | { readonly kind: 'asked' }
  /** These pairs, and no others. */
  | { readonly kind: 'pairs'; readonly pairs: readonly ExpectedPair[] };

export interface ExpectedPair {
  readonly source: string;
  readonly target: string;
  /** Null: it may reach or not. */
  readonly reaches: Reach;
}

/** A step in one line, nearly as the spec writes it: `connect h2 h5 h6`. */
export function describeAction(action: Action): string {
  switch (action.kind) {
    case 'connect':
      return `connect ${describeConnection(action.connection)}`;
    case 'disconnect':
      return ['disconnect', ...action.connection.members].join(' ');
    case 'entries':
      return `entries ${action.sources.map(describeSource).join(' ')}`;
    case 'fault':
      return `fault ${action.faults.map(describeFault).join(' ')}`;
    case 'heal':
      return `heal ${action.faults === 'all' ? 'all' : action.faults.map(describeFault).join(' ')}`;
    case 'wait':
      return `wait ${action.ms % 1000 === 0 ? `${action.ms / 1000} s` : `${action.ms} ms`}`;
    case 'exec':
      return `exec ${action.host}: ${action.shown}`;
    case 'expect':
      return `expect ${describeExpectation(action.expectation)}`;
    case 'iperf':
      return [
        `iperf ${action.source} ${action.target}`,
        ...(action.atLeastMbps === undefined ? [] : [`at least ${action.atLeastMbps} Mbit/s`]),
        ...(action.atMostMbps === undefined ? [] : [`at most ${action.atMostMbps} Mbit/s`]),
      ].join(', ');
  }
}

function describeSource(source: EntrySource): string {
  if (source.kind === 'file') return source.file;
  const { name } = source.entry;
  return typeof name === 'string' ? name : 'without a name';
}

function describeExpectation(expectation: Expectation): string {
  switch (expectation.kind) {
    case 'matrix':
      return expectation.name ?? `a matrix of ${expectation.matrix.received}/${expectation.matrix.pairs}`;
    case 'pairs':
      return expectation.pairs
        .map(({ source, target, reaches }) => `${source} -> ${target}: ${cellText('ok', reaches)}`)
        .join(', ');
    case 'predicted':
    case 'asked':
      return expectation.kind;
  }
}
