import { setTimeout as sleep } from 'node:timers/promises';
import type { SentBody } from '../control-plane.ts';
import type { FloodlightClient } from './client.ts';
import { missing, readBack } from './entry-push.ts';
import { addresseeOf, type UncheckedBody } from './unchecked-body.ts';

/** Floodlight installs after it has answered, and gives up silently: what is not there by then does not come. */
const SETTLE_MS = 1_000;

/**
 * Sends bodies as they were written, in order, and then looks what became of each: nothing is undone, as seeing what a
 * controller makes of them is what this is for.
 */
export async function sendUnchecked(
  client: FloodlightClient,
  bodies: readonly UncheckedBody[],
  signal: AbortSignal,
): Promise<readonly SentBody[]> {
  const refusals: (string | undefined)[] = [];
  for (const body of bodies) refusals.push(await client.postUnchecked(body, signal));
  await sleep(SETTLE_MS, undefined, { signal });
  const connected = new Set((await client.switches(signal)).map(({ dpid }) => dpid));
  const listed = new Map((await client.list('all', signal)).map((entry) => [entry.name, entry]));
  const sent = bodies.map((body) => listed.get(addresseeOf(body).name ?? ''));
  const there = sent.flatMap((entry) => (entry !== undefined && connected.has(entry.dpid) ? [entry] : []));
  const state = await readBack(client, there, signal);
  return bodies.map((body, index): SentBody => {
    const { name, dpid } = addresseeOf(body);
    const reason = refusals[index];
    if (reason !== undefined) return { name, outcome: 'refused', reason };
    const entry = sent[index];
    if (entry === undefined || entry.dpid !== dpid) return { name, outcome: 'vanished' };
    const isInSwitch = there.includes(entry) && missing(entry, state, client.url) === undefined;
    return { name, outcome: isInSwitch ? 'in-switch' : 'listed' };
  });
}
