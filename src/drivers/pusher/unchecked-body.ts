import { ETH_TYPE } from '../../model/match.ts';
import type { UncheckedBody } from '../control-plane.ts';
import type { Refusal } from './action-text.ts';
import { readDpid } from './wire.ts';

/** The least and the most that Java's `Integer` holds, which Floodlight reads numbers with. */
const INTEGER: readonly [number, number] = [-(2 ** 31), 2 ** 31 - 1];
/** Numbers whose misreading makes Floodlight install a drop of the highest priority (CONTRACT.md, section 1). */
const NUMBERS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  priority: INTEGER,
  cookie: INTEGER,
  idle_timeout: INTEGER,
  hard_timeout: INTEGER,
  table: [0, 255],
  instruction_goto_table: [0, 255],
};
/** Match fields on which Floodlight hangs for good unless `ip_proto` is matched too, and its numbers. */
const TRANSPORTS = [
  { prefix: 'tcp_', protocols: [6] },
  { prefix: 'udp_', protocols: [17] },
  { prefix: 'sctp_', protocols: [132] },
  { prefix: 'tp_', protocols: [6, 17, 132] },
];
const IP_TYPES: ReadonlySet<number> = new Set([Number(ETH_TYPE.ipv4), Number(ETH_TYPE.ipv6)]);

/**
 * Takes a body that is not fit to be an entry but may be sent all the same, to see what the controller makes of it.
 * @returns the reasons when it would hang the controller, black-hole a switch, or leave something that no request removes
 */
export function uncheckedBody(
  document: unknown,
): { readonly value: UncheckedBody } | { readonly refusals: readonly Refusal[] } {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    return { refusals: [{ reason: 'it is not a JSON object', remedy: 'Write it as {"key": "value", ...}' }] };
  }
  const values = new Map(Object.entries(document).map(([key, value]) => [key.toLowerCase().trim(), value as unknown]));
  const refusals: Refusal[] = [];
  const refuse = (reason: string, remedy: string) => refusals.push({ reason, remedy });
  if (values.size < Object.keys(document).length) refuse('it has a key twice', 'Give each key once');
  if (values.get('name') === '') refuse('its name is empty, so that no request could delete it', 'Give it a name');
  const active = values.get('active');
  if (active !== undefined && String(active).toLowerCase() !== 'true') {
    refuse(
      'active is not true: Floodlight would drop packets by it, with the highest priority',
      'Write "active": "true"',
    );
  }
  for (const [key, [least, most]] of Object.entries(NUMBERS)) {
    const value = values.get(key);
    if (value === undefined) continue;
    const text = String(value);
    if (/^-?\d+$/.test(text) && Number(text) >= least && Number(text) <= most) continue;
    refuse(
      `${key} is not a decimal number from ${least} to ${most}: Floodlight would drop every packet of the switch`,
      'Write such a number',
    );
  }
  for (const { prefix, protocols } of TRANSPORTS) {
    const field = [...values.keys()].find((key) => key.startsWith(prefix));
    if (field === undefined) continue;
    if (!protocols.includes(Number(values.get('ip_proto')))) {
      const wanted = protocols.join(' or ');
      refuse(`${field} without ip_proto ${wanted} hangs Floodlight for good`, `Add "ip_proto": "${protocols[0]}"`);
    }
    // Then Floodlight may leave ip_proto out.
    if (values.has('eth_type') && !IP_TYPES.has(Number(values.get('eth_type')))) {
      refuse(`${field} with an eth_type other than that of IP may hang Floodlight for good`, 'Write 0x0800 or 0x86dd');
    }
  }
  for (const [key, value] of values) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
    refuse(
      `${key} is an object: Floodlight would take its keys for the entry's own, and read nothing after them`,
      'Write its value as a text',
    );
  }
  if (values.has('instruction_write_actions')) {
    refuse('with write actions in it, Floodlight could no longer list any entry', 'Write instruction_apply_actions');
  }
  return refusals.length > 0 ? { refusals } : { value: document as UncheckedBody };
}

/** The name and the switch that a body gives, and whether it is for a group, as Floodlight reads its keys. */
export function addresseeOf(body: UncheckedBody): {
  readonly name: string | undefined;
  readonly dpid: ReturnType<typeof readDpid>;
  readonly isForGroup: boolean;
} {
  const text = (key: string) => {
    const value = Object.entries(body).find(([each]) => each.toLowerCase().trim() === key)?.[1];
    return value === undefined ? undefined : String(value);
  };
  const isForGroup = text('entry_type')?.toLowerCase().trim() === 'group';
  return { name: text('name'), dpid: readDpid(text('switch') ?? ''), isForGroup };
}
