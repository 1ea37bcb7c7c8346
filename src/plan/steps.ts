import { type Entry, effectKey } from '../model/openflow.ts';

/** What has to be done to get from the entries that are installed to those that are wanted, in this order. */
export interface Steps {
  /** Entries that are wanted no more. */
  readonly remove: readonly Entry[];
  /** Entries that are missing, or installed under their name with another effect. */
  readonly push: readonly Entry[];
}

/** Compares by name, switch and effect; entries that are installed and wanted alike take no step. */
export function stepsBetween(installed: readonly Entry[], wanted: readonly Entry[]): Steps {
  const installedByName = new Map(installed.map((entry) => [entry.name, entry]));
  const wantedNames = new Set(wanted.map((entry) => entry.name));
  return {
    remove: installed.filter((entry) => !wantedNames.has(entry.name)),
    push: wanted.filter((entry) => {
      const there = installedByName.get(entry.name);
      return there === undefined || there.dpid !== entry.dpid || effectKey(there) !== effectKey(entry);
    }),
  };
}
