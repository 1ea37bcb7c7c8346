import type { CommandOutput } from '../../lab/commands/types.ts';
import { localTime, table } from './terminal.ts';

/** The switches as the controller sees them, as a table. */
export function switchLines({ switches }: CommandOutput<'switches'>): readonly string[] {
  const isLabelled = switches.some(({ label }) => label !== null);
  return table(
    ['SWITCH', ...(isLabelled ? ['LABEL'] : []), 'DPID', 'CONNECTED SINCE', 'ROLE', 'ENTRIES'],
    switches.map(({ name, label, dpid, connectedSince, role, entries }) => [
      name,
      ...(isLabelled ? [label ?? ''] : []),
      dpid,
      connectedSince === null ? 'not connected' : localTime(connectedSince),
      role ?? '',
      `${entries}`,
    ]),
  );
}
