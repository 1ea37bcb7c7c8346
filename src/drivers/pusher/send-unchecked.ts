import { setTimeout as sleep } from 'node:timers/promises';
import type { Entry } from '../../model/openflow.ts';
import type { SentBody, UncheckedBody } from '../control-plane.ts';
import type { FloodlightClient } from './client.ts';
import { listedWithTables, missing, readBack } from './read-back.ts';
import { addresseeOf } from './unchecked-body.ts';

/** Floodlight installs after it has answered, and gives up silently: what is not there by then does not come. */
export const SETTLE_MS = 1_000;

/**
 * Sends bodies as they were written, in order, and then looks what became of each. Nothing is undone: it is for seeing
 * what a controller makes of them.
 */
export async function sendUnchecked(
  client: FloodlightClient,
  bodies: readonly UncheckedBody[],
  signal: AbortSignal,
  settleMs = SETTLE_MS,
): Promise<readonly SentBody[]> {
  const groups = new Set<unknown>((await client.list('all', signal)).filter(isGroup).map(({ name }) => name));
  const refusals: (string | undefined)[] = [];
  for (const body of bodies) {
    const { name, isForGroup } = addresseeOf(body);
    if (isForGroup) groups.add(name);
    refusals.push(
      !isForGroup && groups.has(name)
        ? 'a group has this name: Floodlight would forget it, and then no request removes it from the switch'
        : await client.postUnchecked(body, signal),
    );
  }
  await sleep(settleMs, undefined, { signal });
  const connected = new Set((await client.switches(signal)).map(({ dpid }) => dpid));
  const listed = new Map((await client.list('all', signal)).map((entry) => [entry.name, entry]));
  const sent = bodies.map((body) => listed.get(addresseeOf(body).name ?? ''));
  const names = new Set(
    sent.flatMap((entry) => (entry !== undefined && connected.has(entry.dpid) ? [entry.name] : [])),
  );
  const there = new Map(
    (await listedWithTables(client, signal, ({ name }) => names.has(name))).map((entry) => [entry.name, entry]),
  );
  const state = await readBack(client, [...there.values()], signal);
  return bodies.map((body, index): SentBody => {
    const { name, dpid } = addresseeOf(body);
    const reason = refusals[index];
    if (reason !== undefined) return { name, outcome: 'refused', reason };
    const entry = sent[index];
    if (entry === undefined || entry.dpid !== dpid) return { name, outcome: 'vanished' };
    const withTable = there.get(entry.name);
    const isInSwitch = withTable !== undefined && missing(withTable, state, client.url) === undefined;
    return { name, outcome: isInSwitch ? 'in-switch' : 'listed' };
  });
}

function isGroup({ kind }: Entry): boolean {
  return kind === 'group';
}
