import type { Refusal } from './action-text.ts';
import { readDpid } from './wire.ts';

declare const harmless: unique symbol;

/** The body of a POST as somebody wrote it: perhaps nonsense, but nothing that would break the controller. */
export type UncheckedBody = Readonly<Record<string, unknown>> & { readonly [harmless]: true };

/** Numbers whose misreading makes Floodlight install a drop of the highest priority (CONTRACT.md, section 1). */
const NUMBERS = ['priority', 'cookie', 'idle_timeout', 'hard_timeout', 'table'];
/** Match fields on which Floodlight hangs for good unless `ip_proto` is matched too, and its number. */
const TRANSPORTS = [
  { prefix: 'tcp_', protocol: 6 },
  { prefix: 'udp_', protocol: 17 },
  { prefix: 'sctp_', protocol: 132 },
];

/**
 * Takes a body that is not fit to be an entry but may be sent all the same, to see what the controller makes of it.
 * @returns the reasons when it would hang the controller, black-hole a switch, or leave what no request takes away
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
  for (const key of NUMBERS) {
    const value = values.get(key);
    if (value === undefined || /^-?\d{1,10}$/.test(String(value))) continue;
    refuse(`${key} is not a decimal number: Floodlight would drop every packet of the switch`, 'Write a number');
  }
  for (const { prefix, protocol } of TRANSPORTS) {
    const field = [...values.keys()].find((key) => key.startsWith(prefix));
    if (field === undefined || Number(values.get('ip_proto')) === protocol) continue;
    refuse(`${field} without ip_proto ${protocol} hangs Floodlight for good`, `Add "ip_proto": "${protocol}"`);
  }
  if (values.has('instruction_write_actions')) {
    refuse('with write actions in it Floodlight could list no entry any more', 'Write instruction_apply_actions');
  }
  return refusals.length > 0 ? { refusals } : { value: document as UncheckedBody };
}

/** The name and the switch that a body gives, as Floodlight reads its keys. */
export function addresseeOf(body: UncheckedBody): {
  readonly name: string | undefined;
  readonly dpid: ReturnType<typeof readDpid>;
} {
  const text = (key: string) => {
    const value = Object.entries(body).find(([each]) => each.toLowerCase().trim() === key)?.[1];
    return value === undefined ? undefined : String(value);
  };
  return { name: text('name'), dpid: readDpid(text('switch') ?? '') };
}
