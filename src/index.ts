/** labctl as a library: the pure parts, and the typed client of the Static Entry Pusher. Labs are run by the command. */

export { FloodlightClient } from './drivers/pusher/client.ts';
export type { CommandName, CommandOutput } from './lab/commands/types.ts';
export * from './model/addresses.ts';
export * from './model/connection.ts';
export * from './model/fault.ts';
export * from './model/match.ts';
export * from './model/matrix.ts';
export * from './model/openflow.ts';
export * from './model/problem.ts';
export * from './model/topology.ts';
export { compileConnections, type Plan } from './plan/connections.ts';
export { forwardingFlows } from './plan/forwarding.ts';
export { type Steps, stepsBetween } from './plan/steps.ts';
export { type Arrival, type Exchange, exchangeBetween, type Leg } from './sim/exchange.ts';
export { type MissForwarding, Network, type NetworkState } from './sim/network.ts';
export { type Prediction, predict } from './sim/predict.ts';
export type {
  BranchEnd,
  Message,
  Outcome,
  Step,
  Trace,
  TracedArrival,
  TracedBranch,
  TracedFate,
  TracedHop,
  TracedLeg,
  Way,
  WayHop,
} from './sim/trace.ts';
export type { Fate } from './sim/walk.ts';
export { netLines, renderMininet } from './spec/export/mininet.ts';
export { specJsonSchema } from './spec/json-schema.ts';
export { findSpec, type SpecSource } from './spec/locate.ts';
export { type LabSpec, readSpec } from './spec/read.ts';
export { askedMatrix } from './verify/asked.ts';
export { Explainer } from './verify/explain.ts';
export { type Difference, judge, type Verdict } from './verify/verdict.ts';
