import type { ProbeProgress } from '../drivers/data-plane.ts';

/** What is being done, for people who wait. */
export type LabProgress = { readonly step: string } | { readonly probe: ProbeProgress };

/** Where a command reports to and what ends it early. */
export interface Running {
  readonly signal: AbortSignal;
  readonly report: (progress: LabProgress) => void;
}
