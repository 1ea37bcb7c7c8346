import { decodePost } from '../drivers/floodlight/post-reader.ts';
import { encodeEntry } from '../drivers/floodlight/wire.ts';
import type { Entry } from '../model/openflow.ts';
import { inputProblem, type Problem, ProblemError } from '../model/problem.ts';
import type { Steps } from '../plan/steps.ts';
import {
  type ConnectionChangeDocument,
  DOCUMENT_VERSION,
  type EntriesAppliedDocument,
  type EntriesDocument,
  type ObservationDocument,
  type Rows,
  type StatusDocument,
  type StepsDocument,
} from './documents.ts';
import type { ConnectionChange, EntriesApplied, LabStatus, Observation } from './lab.ts';

/** Makes the documents of `documents.ts` from what a lab answers. */

export function observationDocument(lab: string, observation: Observation): ObservationDocument {
  const { observed, probes, verdict } = observation;
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
    differences: verdict.differences,
  };
}

export function connectionChangeDocument(lab: string, change: ConnectionChange): ConnectionChangeDocument {
  return {
    ...observationDocument(lab, change.observation),
    members: change.connection.members,
    changed: change.changed,
    pushed: change.steps.push.length,
    removed: change.steps.remove.length,
  };
}

export function statusDocument(
  lab: string,
  specFile: string,
  startedAt: string,
  { controller, dataPlane, connected, missing, connections, entries }: LabStatus,
): StatusDocument {
  return {
    version: DOCUMENT_VERSION,
    lab,
    specFile,
    startedAt,
    pid: process.pid,
    memoryMb: Math.round(process.memoryUsage.rss() / 1024 / 1024),
    controller,
    dataPlane,
    switches: { connected, missing },
    connections: connections.map(({ members }) => members),
    entries,
  };
}

export function stepsDocument(lab: string, { remove, push }: Steps): StepsDocument {
  return { version: DOCUMENT_VERSION, lab, remove: remove.map(encodeEntry), push: push.map(encodeEntry) };
}

export function entriesDocument(lab: string, entries: readonly Entry[]): EntriesDocument {
  return { version: DOCUMENT_VERSION, lab, entries: entries.map(encodeEntry) };
}

export function entriesAppliedDocument(
  lab: string,
  { pushed, unchanged, warnings }: EntriesApplied,
): EntriesAppliedDocument {
  const names = (entries: readonly Entry[]) => entries.map(({ name }) => name);
  return { version: DOCUMENT_VERSION, lab, pushed: names(pushed), unchanged: names(unchanged), warnings };
}

/**
 * Reads entries in the form that the Static Entry Pusher takes.
 * @param whereOf tells a reader which entry a problem is about
 * @throws ProblemError with everything that is wrong with any of them
 */
export function readEntries(
  documents: readonly unknown[],
  whereOf: (document: unknown, index: number) => string,
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
