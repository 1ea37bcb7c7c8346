import type { EntryList, SentBody, UncheckedBody } from '../drivers/control-plane.ts';
import type { Traffic } from '../drivers/data-plane.ts';
import { decodePost, encodeEntry, uncheckedBody } from '../drivers/entry-form.ts';
import { describeFault } from '../model/fault.ts';
import type { Entry } from '../model/openflow.ts';
import { inputProblem, type Problem, ProblemError } from '../model/problem.ts';
import type { Where } from '../model/where.ts';
import type { NetworkState } from '../sim/network.ts';
import type { Trace } from '../sim/trace.ts';
import { Explainer } from '../verify/explain.ts';
import type { Difference } from '../verify/verdict.ts';
import {
  type ConnectionChangeDocument,
  DOCUMENT_VERSION,
  type EntriesAppliedDocument,
  type EntriesDocument,
  type EntriesSentDocument,
  type ExplainedDifference,
  type ExplainedPing,
  type ExplanationDocument,
  type FaultsDocument,
  type MeasuredTraffic,
  type ObservationDocument,
  type PredictionDocument,
  type Rows,
  type StatusDocument,
  type StepsDocument,
  type SwitchesDocument,
} from './documents.ts';
import type { Forecast } from './forecast.ts';
import type { HopChecks } from './hop-check.ts';
import type { PlannedConnection } from './installed-plan.ts';
import type { ConnectionChange, EntriesApplied, LabStatus, Observation, SwitchState } from './lab.ts';
import type { FaultChange } from './network-faults.ts';

/** Makes the documents of `documents.ts` from what a lab answers. */

export function observationDocument(lab: string, observation: Observation): ObservationDocument {
  const { observed, probes, verdict, predicted } = observation;
  const rows = <T>(valueIn: (probe: (typeof probes)[number]) => T): Rows<T> => {
    const result: Record<string, Record<string, T>> = {};
    for (const probe of probes) {
      const row = result[probe.source] ?? {};
      row[probe.target] = valueIn(probe);
      result[probe.source] = row;
    }
    return result;
  };
  return {
    version: DOCUMENT_VERSION,
    lab,
    expectation: observation.expectation ?? null,
    asExpected: verdict.asExpected,
    received: observed.received,
    pairs: observed.pairs,
    hosts: observed.hosts,
    observed: rows(({ rttMs }) => rttMs),
    probes: rows((probe) => probe.probes),
    differences: explained(verdict.differences, observation.reasons),
    predicted:
      predicted === undefined
        ? null
        : {
            received: predicted.prediction.matrix.received,
            undecided: predicted.prediction.undecided.received,
            surprises: predicted.surprises,
          },
  };
}

function explained(differences: readonly Difference[], reasons: readonly string[]): readonly ExplainedDifference[] {
  return differences.map((difference, index) => {
    const why = reasons[index];
    return why === undefined ? difference : { ...difference, why };
  });
}

export function predictionDocument(lab: string, forecast: Forecast): PredictionDocument {
  const { matrix, undecided } = forecast.prediction;
  const cell = (source: string, target: string) =>
    undecided.reaches(source, target) ? null : matrix.reaches(source, target);
  const row = (source: string) =>
    Object.fromEntries(
      matrix.hosts.filter((target) => target !== source).map((target) => [target, cell(source, target)]),
    );
  return {
    version: DOCUMENT_VERSION,
    lab,
    expectation: forecast.expectation ?? null,
    asExpected: forecast.verdict.asExpected,
    received: matrix.received,
    pairs: matrix.pairs,
    hosts: matrix.hosts,
    predicted: Object.fromEntries(matrix.hosts.map((source) => [source, row(source)])),
    differences: explained(forecast.verdict.differences, forecast.reasons),
    ending: forecast.ending,
    warnings: forecast.warnings,
  };
}

/** @param check asks the switches about a trace, where they are to be asked */
export async function explanationDocument(
  lab: string,
  network: NetworkState,
  { source, target }: { readonly source: string; readonly target: string },
  check: ((trace: Trace) => Promise<HopChecks>) | undefined,
): Promise<ExplanationDocument> {
  const explainer = new Explainer(network);
  const ping = (from: string, to: string): ExplainedPing => ({
    trace: explainer.trace(from, to),
    why: explainer.why(from, to),
    story: explainer.story(from, to),
  });
  const there = ping(source, target);
  const checks = check === undefined ? null : await check(there.trace);
  return { version: DOCUMENT_VERSION, lab, there, back: ping(target, source), checks };
}

export function connectionChangeDocument(lab: string, change: ConnectionChange): ConnectionChangeDocument {
  return {
    ...observationDocument(lab, change.observation),
    members: change.connection?.members ?? [],
    changed: change.changed,
    pushed: change.steps.push.length,
    removed: change.steps.remove.length,
    restored: change.restored,
  };
}

export function statusDocument(
  lab: string,
  specFile: string,
  startedAt: string,
  { controller, trouble, dataPlane, forwarding, connected, missing, connections, faults, entries, upkeep }: LabStatus,
): StatusDocument {
  return {
    version: DOCUMENT_VERSION,
    lab,
    specFile,
    startedAt,
    pid: process.pid,
    memoryMb: Math.round(process.memoryUsage.rss() / 1024 / 1024),
    controller: { ...controller, trouble: trouble ?? null },
    dataPlane,
    forwarding,
    switches: { connected, missing },
    connections: connections.map(({ members }) => members),
    ways: connections.map(({ ways }) => ways ?? null),
    routes: connections.map(({ via = [], avoid = [] }) => ({ via, avoid: avoid.map(describeFault) })),
    faults,
    entries: entries ?? null,
    upkeep: upkeep ?? null,
  };
}

/** @param measured the hosts between which traffic was measured */
export function faultsDocument(
  lab: string,
  { changed, faults, tookMs, repair, traffic }: FaultChange,
  measured: readonly [string, string] | undefined,
): FaultsDocument {
  return {
    version: DOCUMENT_VERSION,
    lab,
    changed,
    faults,
    tookMs: tookMs === undefined ? null : Math.round(tookMs),
    repair: repair === undefined ? null : { pushed: repair.push.length, removed: repair.remove.length },
    traffic: traffic === undefined || measured === undefined ? null : measuredTraffic(measured, traffic),
  };
}

function measuredTraffic(
  [source, target]: readonly [string, string],
  { sent, lost, gapsMs, answersAtFirst, answersAtLast }: Traffic,
): MeasuredTraffic {
  const longestMs = gapsMs.length === 0 ? null : Math.round(Math.max(...gapsMs));
  return { source, target, sent, lost, interruptions: gapsMs.length, longestMs, answersAtFirst, answersAtLast };
}

export function switchesDocument(lab: string, switches: readonly SwitchState[]): SwitchesDocument {
  return {
    version: DOCUMENT_VERSION,
    lab,
    switches: switches.map(({ name, label, dpid, connectedSince, role, entries }) => ({
      name,
      label: label ?? null,
      dpid,
      connectedSince: connectedSince === undefined ? null : new Date(connectedSince).toISOString(),
      role: role ?? null,
      entries,
    })),
  };
}

export function stepsDocument(lab: string, { steps, alone }: PlannedConnection): StepsDocument {
  const { count, naiveCount } = steps;
  const [push, remove] = [steps.push.map(encodeEntry), steps.remove.map(encodeEntry)];
  return { version: DOCUMENT_VERSION, lab, push, remove, count, naiveCount, alone: alone ?? null };
}

export function entriesDocument(lab: string, { entries, unreadable }: EntryList): EntriesDocument {
  return { version: DOCUMENT_VERSION, lab, entries: entries.map(encodeEntry), unreadable };
}

export function entriesAppliedDocument(
  lab: string,
  { pushed, unchanged, warnings }: EntriesApplied,
): EntriesAppliedDocument {
  const names = (entries: readonly Entry[]) => entries.map(({ name }) => name);
  return { version: DOCUMENT_VERSION, lab, pushed: names(pushed), unchanged: names(unchanged), warnings };
}

/** Sends the entries that may be sent, and tells what became of each, in the order given. */
export async function sendEntries(
  lab: string,
  documents: readonly unknown[],
  send: (bodies: readonly UncheckedBody[]) => Promise<readonly SentBody[]>,
): Promise<EntriesSentDocument> {
  const read = documents.map(uncheckedBody);
  const sent = (await send(read.flatMap((each) => ('value' in each ? [each.value] : [])))).values();
  return {
    version: DOCUMENT_VERSION,
    lab,
    sent: read.map((each, index) => {
      if ('value' in each) {
        const { name, outcome, reason } = sent.next().value as SentBody;
        return { name: name ?? null, outcome, reason: reason ?? null };
      }
      const { name } = (documents[index] ?? {}) as { readonly name?: unknown };
      const reason = each.refusals.map((refusal) => `${refusal.reason}. ${refusal.remedy}`).join('; ');
      return { name: typeof name === 'string' ? name : null, outcome: 'withheld', reason };
    }),
  };
}

/**
 * Reads entries in the form that the Static Entry Pusher takes.
 * @param whereOf tells a reader which entry a problem is about
 * @throws ProblemError with everything that is wrong with any of them
 */
export function readEntries(
  documents: readonly unknown[],
  whereOf: (document: unknown, index: number) => Where | string,
): readonly Entry[] {
  const problems: Problem[] = [];
  const entries = documents.flatMap((document, index) => {
    const read = decodePost(document);
    if ('entry' in read) return [read.entry];
    for (const { reason, remedy } of read.refusals) {
      problems.push(inputProblem({ code: 'wrong-entry', where: whereOf(document, index), cause: reason, remedy }));
    }
    return [];
  });
  if (problems.length > 0) throw new ProblemError(problems);
  return entries;
}
