import { type Entry, effectKey } from '../model/openflow.ts';

/**
 * The steps from the installed entries to the wanted ones: first all pushes, so that nothing is ever without its
 * successor, then all removals, each in their order.
 */
export interface Steps {
  /** Entries that are missing, or installed under their name with another effect; groups before what uses them. */
  readonly push: readonly Entry[];
  /** Entries that are no longer wanted; groups after what uses them. */
  readonly remove: readonly Entry[];
}

/** Compares by name, switch and effect; entries that are installed and wanted alike take no step. */
export function stepsBetween(installed: readonly Entry[], wanted: readonly Entry[]): Steps {
  const installedByName = new Map(installed.map((entry) => [entry.name, entry]));
  const wantedNames = new Set(wanted.map((entry) => entry.name));
  const push = wanted.filter((entry) => {
    const there = installedByName.get(entry.name);
    return there === undefined || there.dpid !== entry.dpid || effectKey(there) !== effectKey(entry);
  });
  const remove = installed.filter((entry) => !wantedNames.has(entry.name));
  return {
    push: [...push].sort((a, b) => Number(a.kind === 'flow') - Number(b.kind === 'flow')),
    remove: [...remove].sort((a, b) => Number(a.kind === 'group') - Number(b.kind === 'group')),
  };
}
