import { enveloped } from '../lab/commands/command.ts';
import { explain, explainedPings } from '../lab/commands/explain.ts';
import { plan, planDocument } from '../lab/commands/plan.ts';
import { predict, predictionDocument } from '../lab/commands/predict.ts';
import type { CommandInput, CommandOutput } from '../lab/commands/types.ts';
import { readEntries } from '../lab/documents/entries.ts';
import { entriesInFile } from '../lab/entry-files.ts';
import { expectedMatrix, forecast, pointsFor, type Supposition, supposing } from '../lab/forecast.ts';
import { withConnection } from '../model/connection.ts';
import { inputProblem, type Problem } from '../model/problem.ts';
import type { Topology } from '../model/topology.ts';
import { compileConnections } from '../plan/connections.ts';
import { abridged, type ConnectionRequest, requestedConnection, requestedFault } from '../plan/requests.ts';
import { routesByNobody } from '../plan/route-check.ts';
import { stepsBetween } from '../plan/steps.ts';
import { networkOf } from '../sim/network.ts';
import type { LabSpec } from '../spec/read.ts';
import type { SupposeOptions } from './options.ts';

/** What the lab of a spec would answer, computed without it. */

/** The entries that a connection would have pushed; without one, those of the spec's own connections. */
export function planFor(
  { name, topology, connections }: LabSpec,
  request: ConnectionRequest | undefined,
): CommandOutput<'plan'> {
  const asked = request && requestedConnection(topology, request);
  const { entries, counts } = compileConnections(topology, asked ? withConnection(connections, asked) : connections);
  const steps = { ...stepsBetween([], entries), ...counts };
  const alone = asked && compileConnections(topology, [asked]).counts;
  return enveloped(plan, name, planDocument(steps, alone));
}

export function predictionFor(
  spec: LabSpec,
  supposition: Supposition,
  { expectation, addresses = false }: { readonly expectation?: string; readonly addresses?: boolean },
): CommandOutput<'predict'> {
  const { state, warnings } = supposedNetwork(spec, supposition);
  const expected = expectedMatrix(spec, spec.connections, expectation, addresses);
  const points = pointsFor(spec.topology, expected, addresses);
  return enveloped(
    predict,
    spec.name,
    predictionDocument(forecast(state, points, expected, expectation, { faults: [], cutOff: [] }, warnings)),
  );
}

export function explanationFor(
  spec: LabSpec,
  supposition: Supposition,
  { source, target }: { readonly source: string; readonly target: string },
): { readonly document: CommandOutput<'explain'>; readonly warnings: readonly Problem[] } {
  const { state, warnings } = supposedNetwork(spec, supposition);
  const pings = explainedPings(state, source, target);
  return { document: enveloped(explain, spec.name, { ...pings, checks: null }), warnings };
}

function supposedNetwork(spec: LabSpec, supposition: Supposition): ReturnType<typeof supposing> {
  const { entries } = compileConnections(spec.topology, spec.connections);
  const { state, warnings } = supposing(networkOf({ ...spec, entries }), entries, supposition);
  return { state, warnings: [...warnings, ...routesByNobody(spec.topology), ...unforeseenStarts(spec)] };
}

/** A warning where hosts have start commands: only a running host can say what these changed. */
function unforeseenStarts({ topology }: LabSpec): readonly Problem[] {
  const names = topology.hosts.filter(({ start = [] }) => start.length > 0).map(({ name }) => name);
  if (names.length === 0) return [];
  return [
    inputProblem({
      code: 'start-commands-unforeseen',
      where: abridged(names),
      cause: 'the prediction leaves out what start commands change: addresses, routes, forwarding',
      remedy: 'start the lab with labctl up: then labctl predict asks its hosts',
    }),
  ];
}

/**
 * What `--with` and `--without` ask to assume.
 * @returns `document` for a running lab, `value` for a computed one
 */
export function suppositionOf(
  topology: Topology,
  { with: files = [], without = [] }: SupposeOptions,
): { readonly document: CommandInput<'predict'>['supposition']; readonly value: Supposition } {
  const found = files.flatMap((file) => entriesInFile(file));
  const documents = found.map(({ document }) => document);
  const entries = readEntries(documents, (_, index) => found[index]?.where ?? '');
  const faults = without
    .flatMap((text) => text.split(','))
    .map((text) => requestedFault(topology, text.trim(), { kind: 'option', option: '--without' }));
  return { document: { entries: documents, faults }, value: { entries, faults } };
}
