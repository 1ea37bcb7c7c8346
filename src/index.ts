/**
 * labctl as a library: the pure parts, and the typed client of the Static Entry Pusher. Labs are run by the command.
 *
 *     import { readFileSync } from 'node:fs';
 *     import { compileConnections, networkOf, predict, readSpec } from 'labctl';
 *
 *     const spec = readSpec('lab.yaml', readFileSync('lab.yaml', 'utf8'));
 *     const { entries } = compileConnections(spec.topology, spec.connections);
 *     const matrix = predict(networkOf({ ...spec, entries }));
 *     console.log(matrix.reaches('h1', 'h2'));
 */

import type * as types from './lab/commands/types.ts';
import type { CommandName } from './lab/commands/types.ts';
import type { Printed } from './model/where.ts';

export { FloodlightClient } from './drivers/pusher/client.ts';
export type { CommandName } from './lab/commands/types.ts';
export type CommandOutput<C extends CommandName> = Printed<types.CommandOutput<C>>;
export {
  type Dpid,
  dpidDigits,
  dpidFromNumber,
  dpidOfSwitchName,
  HIGHEST_PORT,
  type Ipv4Address,
  ipv4FromNumber,
  ipv4ToNumber,
  type MacAddress,
  macFromNumber,
  macToNumber,
  netmaskOf,
  type PortNumber,
  parseDpid,
  parseIpv4,
  parseMac,
  portNumber,
} from './model/addresses.ts';
export {
  allowedPeers,
  type Connection,
  connectionOf,
  type Forwarding,
  sameConnection,
  unjoinedPairs,
  type Ways,
  withConnection,
} from './model/connection.ts';
export { describeFault, type Fault, linkIsUp, sameFault } from './model/fault.ts';
export {
  allOnes,
  ETH_TYPE,
  exactly,
  formatField,
  formatValue,
  IP_PROTO,
  isMatchField,
  MATCH_FIELD_NAMES,
  MATCH_FIELDS,
  type MaskedValue,
  type Match,
  type MatchField,
  matchKey,
  missingPrerequisites,
  parseField,
  parseValue,
  RESERVED_PORTS,
  type ReservedPort,
  readInteger,
  VLAN_TAG_PRESENT,
} from './model/match.ts';
export {
  formatPingall,
  type PingallProblem,
  parsePingall,
  pingallResults,
  pingallRow,
  ReachabilityMatrix,
} from './model/matrix.ts';
export {
  type Action,
  type Bucket,
  type Entry,
  effectKey,
  type Flow,
  type FlowEntry,
  flowKey,
  formatActions,
  formatInstructions,
  GROUP_TYPES,
  type Group,
  type GroupEntry,
  type GroupType,
  groupPlace,
  groupProblems,
  HIGHEST_GROUP_ID,
  HIGHEST_PRIORITY,
  type InstalledFlow,
  type Instructions,
  type OutputPort,
  placeOf,
} from './model/openflow.ts';
export {
  describeProblem,
  environmentProblem,
  inputProblem,
  type Problem,
  ProblemError,
  type ProblemKind,
} from './model/problem.ts';
export { PROBLEM_CODES, type ProblemCode } from './model/problem-codes.ts';
export {
  addressesOf,
  type Host,
  type HostAddress,
  type HostInterface,
  INTERFACE_NAME_LENGTH,
  type InterfaceAddress,
  interfaceName,
  type Link,
  type LinkEnd,
  type Neighbour,
  ownAddressOf,
  type StaticRoute,
  type Switch,
  Topology,
} from './model/topology.ts';
export { describeWhere, type EntryPlace, type FilePlace, type Where } from './model/where.ts';
export { compileConnections, type Plan } from './plan/connections.ts';
export { forwardingFlows } from './plan/forwarding.ts';
export { type Steps, stepsBetween } from './plan/steps.ts';
export { type Arrival, type Exchange, exchangeBetween, type Leg } from './sim/exchange.ts';
export { type MissForwarding, Network, type NetworkState, networkOf } from './sim/network.ts';
export { predict } from './sim/predict.ts';
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
