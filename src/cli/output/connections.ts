import type { CommandOutput } from '../../lab/commands/types.ts';
import { describeFaults } from '../../model/fault.ts';
import { observationLines } from './matrices.ts';
import { counted } from './terminal.ts';

/** What a change of connections did to the switches. */
export function describeChange({ pushed, removed, restored }: CommandOutput<'connect'>): string {
  const flows = `${counted(restored, 'flow')} of the controller's forwarding put back`;
  return [...entryChanges(pushed, removed), ...(restored > 0 ? [flows] : [])].join(', ') || 'no entry to change';
}

/** How many entries were pushed and removed, where any were. */
export function entryChanges(pushed: number, removed: number): readonly string[] {
  return [
    ...(pushed > 0 ? [`${counted(pushed, 'entry')} pushed and read back`] : []),
    ...(removed > 0 ? [`${counted(removed, 'entry')} removed`] : []),
  ];
}

/** A warning where faults keep members of a connection apart; undefined where they do not. */
export function cutOffWarning({ members, cutOff, faults }: CommandOutput<'connect'>): string | undefined {
  const ofMembers = cutOff.filter(([a, b]) => members.includes(a) && members.includes(b));
  // Both directions are one thing here.
  const pairs = new Set(ofMembers.map((pair) => [...pair].sort().join('-')));
  if (pairs.size === 0) return undefined;
  return `labctl: warning: ${[...pairs].join(' ')}: cut off, with ${describeFaults(faults)}\n    bring it up again: labctl fault clear`;
}

/** What became of a connection, then what pingall shows. */
export function connectionLines(
  done: 'connected' | 'disconnected',
  document: CommandOutput<'connect'>,
): readonly string[] {
  const members = document.members.join(' ');
  return [
    document.changed ? `${done} ${members}: ${describeChange(document)}` : `${members}: ${done} already`,
    ...observationLines(document),
  ];
}

/**
 * After an interrupt: whether these hosts are connected.
 * @param connections that the lab has
 */
export function describeStanding(
  hosts: readonly string[],
  connections: CommandOutput<'connections'>['connections'],
): string {
  const names = hosts.join(' ');
  const isConnected = connections.some(
    ({ members }) => members.length === new Set(hosts).size && members.every((member) => hosts.includes(member)),
  );
  return isConnected
    ? `${names} are connected, but were not pinged; to undo it: labctl disconnect ${names}`
    : `${names} are not connected`;
}
