import type { Dpid } from '../../model/addresses.ts';
import { ProblemError } from '../../model/problem.ts';
import type { FloodlightClient } from './client.ts';

/** What Floodlight says of a switch that is connected, and whose role is not settled yet. */
const NOT_YET: ReadonlySet<string> = new Set(['controller-error', 'request-refused']);

/**
 * Floodlight's roles for these switches, as far as it has one. While any switch is in its handshake, Floodlight fails
 * with a NullPointerException when it is asked for all (SwitchRoleResource.java): then each is asked for by itself.
 */
export async function settledRoles(
  client: FloodlightClient,
  dpids: readonly Dpid[],
  signal: AbortSignal,
): Promise<ReadonlyMap<Dpid, string>> {
  const all = await unlessNotYet(client.roles('all', signal));
  if (all !== undefined) return all;
  const roles = new Map<Dpid, string>();
  for (const dpid of dpids) {
    const role = (await unlessNotYet(client.roles(dpid, signal)))?.get(dpid);
    if (role !== undefined) roles.set(dpid, role);
  }
  return roles;
}

async function unlessNotYet<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ProblemError && error.problems.every(({ code }) => NOT_YET.has(code))) return undefined;
    throw error;
  }
}
