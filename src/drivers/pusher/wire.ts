import { z } from 'zod';
import { type Dpid, dpidFromNumber } from '../../model/addresses.ts';
import {
  formatField,
  isMatchField,
  MATCH_FIELD_NAMES,
  type MaskedValue,
  type Match,
  type MatchField,
  parseField,
} from '../../model/match.ts';
import type { Bucket, Entry, FlowEntry, Group, GroupEntry, GroupType, InstalledFlow } from '../../model/openflow.ts';
import { decodeInstructions, encodeInstructions, formatActionList, readActionList } from './action-text.ts';
import { flagNames, instruction, matchText, objectOf, withLaterActions } from './former-answers.ts';

/**
 * The JSON of Floodlight's Static Entry Pusher and of its switch statistics, both ways (CONTRACT.md; the verbatim
 * exchanges are in test/contract/recorded). `post-reader.ts` reads what a client posts.
 */

/** The application id of static entries in the top 12 bits of a cookie (Floodlight, AppCookie). */
const STATIC_ENTRY_APPLICATION = 10n;
const APPLICATION_SHIFT = 52n;

/** The cookie that Floodlight gives to a static entry, made from its name alone. */
export function cookieOf(name: string): bigint {
  // Java's int arithmetic: 32 bits, signed; the sign is extended into the 52 bits of the user's part.
  let hash = 2311;
  for (let index = 0; index < name.length; index += 1) hash = (Math.imul(hash, 211) + name.charCodeAt(index)) | 0;
  return (STATIC_ENTRY_APPLICATION << APPLICATION_SHIFT) | BigInt.asUintN(Number(APPLICATION_SHIFT), BigInt(hash));
}

/** Whether a flow's cookie is that of a static entry, and not of forwarding or of nobody. */
export function isStaticEntryCookie(cookie: bigint): boolean {
  return cookie >> APPLICATION_SHIFT === STATIC_ENTRY_APPLICATION;
}

/** The body of the POST that makes an entry, in the form of the tutorial: every value is a string. */
export function encodeEntry(entry: Entry): Record<string, unknown> {
  return entry.kind === 'flow' ? encodeFlowEntry(entry) : encodeGroupEntry(entry);
}

function encodeFlowEntry(entry: FlowEntry): Record<string, unknown> {
  const { apply, clearActions, write, gotoTable } = entry.instructions;
  // Beside `actions` Floodlight loses the other instructions, so either that key or the `instruction_*` ones.
  const plain = !clearActions && write.length === 0 && gotoTable === undefined;
  return {
    switch: entry.dpid,
    name: entry.name,
    cookie: '0',
    priority: String(entry.priority),
    ...(entry.tableId === 0 ? {} : { table: String(entry.tableId) }),
    ...(entry.idleTimeoutSeconds === 0 ? {} : { idle_timeout: String(entry.idleTimeoutSeconds) }),
    ...(entry.hardTimeoutSeconds === 0 ? {} : { hard_timeout: String(entry.hardTimeoutSeconds) }),
    ...encodeMatch(entry.match),
    active: 'true',
    ...(plain ? { actions: formatActionList(apply) } : {}),
    ...(plain || apply.length === 0 ? {} : { instruction_apply_actions: formatActionList(apply) }),
    ...(clearActions ? { instruction_clear_actions: '' } : {}),
    ...(write.length === 0 ? {} : { instruction_write_actions: formatActionList(write) }),
    ...(gotoTable === undefined ? {} : { instruction_goto_table: String(gotoTable) }),
  };
}

function encodeGroupEntry(entry: GroupEntry): Record<string, unknown> {
  return {
    switch: entry.dpid,
    entry_type: 'group',
    name: entry.name,
    active: 'true',
    group_type: entry.groupType,
    group_id: String(entry.groupId),
    group_buckets: entry.buckets.map((bucket, index) => ({
      bucket_id: String(index + 1),
      // Without it Floodlight says "all", and the bucket is dead (CONTRACT.md, section 3).
      bucket_watch_group: 'any',
      ...(bucket.watchPort === undefined ? {} : { bucket_watch_port: String(bucket.watchPort) }),
      ...(bucket.weight === undefined ? {} : { bucket_weight: String(bucket.weight) }),
      bucket_actions: formatActionList(bucket.actions),
    })),
  };
}

/** A match in the order of the specification, as Floodlight lists it. */
function encodeMatch(match: Match): Record<string, string> {
  const json: Record<string, string> = {};
  for (const field of MATCH_FIELD_NAMES) {
    const masked = match[field];
    if (masked !== undefined) json[field] = formatField(field, masked);
  }
  return json;
}

function decodeMatch(json: Readonly<Record<string, string>>): Match | undefined {
  const match: Partial<Record<MatchField, MaskedValue>> = {};
  for (const [name, text] of Object.entries(json)) {
    const masked = isMatchField(name) ? parseField(name, text) : undefined;
    if (!isMatchField(name) || masked === undefined) return undefined;
    match[name] = masked;
  }
  return match;
}

/** An entry as the list shows it; its table is not shown. */
export function encodeListed(entry: Entry): Record<string, unknown> {
  if (entry.kind === 'group') {
    return {
      version: 'OF_13',
      command: 'ADD',
      group_number: String(entry.groupId),
      group_type: entry.groupType,
      group_buckets: entry.buckets.map((bucket, index) => ({
        bucket_id: String(index + 1),
        bucket_watch_group: 'any',
        bucket_watch_port: bucket.watchPort === undefined ? 'any' : String(bucket.watchPort),
        bucket_weight: String(bucket.weight ?? 0),
        bucket_actions: formatActionList(bucket.actions),
      })),
    };
  }
  return {
    version: 'OF_13',
    command: 'ADD',
    cookie: String(cookieOf(entry.name)),
    priority: String(entry.priority),
    idleTimeoutSec: String(entry.idleTimeoutSeconds),
    hardTimeoutSec: String(entry.hardTimeoutSeconds),
    outPort: 'any',
    flags: '1',
    cookieMask: '0',
    outGroup: 'any',
    match: encodeMatch(entry.match),
    instructions: encodeInstructions(entry.instructions),
  };
}

const integerText = z.string().regex(/^-?\d{1,20}$/);
const fieldTexts = z.record(z.string(), matchText);
const instructions = z.record(z.string(), instruction);

const listedGroup = z.object({
  group_number: integerText,
  group_type: z.enum(['all', 'select', 'indirect', 'fast_failover']),
  group_buckets: z.array(
    z.object({
      bucket_id: integerText,
      bucket_watch_port: z.string(),
      bucket_weight: integerText,
      bucket_actions: z.string(),
    }),
  ),
});

const listedFlow = z.object({
  priority: integerText,
  idleTimeoutSec: integerText,
  hardTimeoutSec: integerText,
  match: fieldTexts,
  instructions,
});

const switchFlow = objectOf({
  cookie: integerText,
  table_id: z.string().regex(/^0x[0-9a-f]{1,2}$/i),
  packet_count: integerText,
  byte_count: integerText,
  duration_sec: integerText,
  duration_nsec: integerText,
  priority: integerText,
  idle_timeout_s: integerText,
  hard_timeout_s: integerText,
  // Section A.3.4.1: OFPFF_SEND_FLOW_REM
  flags: flagNames({ 1: 'SEND_FLOW_REM' }),
  match: fieldTexts,
  instructions,
});

const describedGroup = objectOf({
  group_number: integerText,
  group_type: z.enum(['ALL', 'SELECT', 'INDIRECT', 'FF']),
  buckets: z.array(
    objectOf({
      weight: integerText,
      watch_port: z.string(),
      // A bucket without any has `none` in their place.
      actions: z.string().default('').transform(withLaterActions),
    }),
  ),
});

/**
 * One element of the list form. The table is not shown there: it comes out as 0. Numbers that the controller cut to 16
 * bits on the way to the switch are cut here too, e.g. the 2147483647 of a missing priority to 65535. Undefined when it
 * says what labctl does not know.
 */
export function decodeListed(name: string, dpid: Dpid, json: unknown): Entry | undefined {
  // By its key, as to find that a schema does not fit takes longer than to read what fits.
  if (typeof json === 'object' && json !== null && 'group_number' in json) {
    const group = listedGroup.safeParse(json);
    if (!group.success) return undefined;
    const { group_number, group_type, group_buckets } = group.data;
    const buckets = group_buckets.map((bucket) =>
      decodeBucket(group_type, bucket.bucket_weight, bucket.bucket_watch_port, bucket.bucket_actions),
    );
    if (!allDefined(buckets)) return undefined;
    return { kind: 'group', name, dpid, groupId: Number(group_number) >>> 0, groupType: group_type, buckets };
  }
  const flow = listedFlow.safeParse(json);
  const match = flow.success ? decodeMatch(flow.data.match) : undefined;
  const instructions = flow.success ? decodeInstructions(flow.data.instructions) : undefined;
  if (!flow.success || match === undefined || instructions === undefined) return undefined;
  return {
    kind: 'flow',
    name,
    dpid,
    tableId: 0,
    priority: Number(flow.data.priority) & 0xffff,
    match,
    instructions,
    idleTimeoutSeconds: Number(flow.data.idleTimeoutSec) & 0xffff,
    hardTimeoutSeconds: Number(flow.data.hardTimeoutSec) & 0xffff,
  };
}

/** One flow of `/wm/core/switch/DPID/flow/json`. */
export function encodeSwitchFlow(flow: InstalledFlow): Record<string, unknown> {
  const nanoseconds = BigInt(Math.round(flow.durationSeconds * 1e9));
  return {
    version: 'OF_13',
    cookie: String(flow.cookie),
    table_id: `0x${flow.tableId.toString(16)}`,
    packet_count: String(flow.packets),
    byte_count: String(flow.bytes),
    duration_sec: String(nanoseconds / 1_000_000_000n),
    duration_nsec: String(nanoseconds % 1_000_000_000n),
    priority: String(flow.priority),
    idle_timeout_s: String(flow.idleTimeoutSeconds),
    hard_timeout_s: String(flow.hardTimeoutSeconds),
    flags: flow.sendsFlowRemoved ? ['SEND_FLOW_REM'] : [],
    match: encodeMatch(flow.match),
    instructions: encodeInstructions(flow.instructions),
  };
}

/** One flow of `/wm/core/switch/DPID/flow/json`, as the switch holds it; undefined when it does what labctl does not know. */
export function decodeSwitchFlow(json: unknown): InstalledFlow | undefined {
  const parsed = switchFlow.safeParse(json);
  const match = parsed.success ? decodeMatch(parsed.data.match) : undefined;
  const instructions = parsed.success ? decodeInstructions(parsed.data.instructions) : undefined;
  if (!parsed.success || match === undefined || instructions === undefined) return undefined;
  const { data } = parsed;
  return {
    tableId: Number(data.table_id),
    priority: Number(data.priority),
    match,
    instructions,
    idleTimeoutSeconds: Number(data.idle_timeout_s),
    hardTimeoutSeconds: Number(data.hard_timeout_s),
    cookie: BigInt.asUintN(64, BigInt(data.cookie)),
    packets: BigInt(data.packet_count),
    bytes: BigInt(data.byte_count),
    durationSeconds: Number(data.duration_sec) + Number(data.duration_nsec) / 1e9,
    sendsFlowRemoved: data.flags.includes('SEND_FLOW_REM'),
  };
}

const describedTypes: Readonly<Record<GroupType, z.infer<typeof describedGroup>['group_type']>> = {
  all: 'ALL',
  select: 'SELECT',
  indirect: 'INDIRECT',
  fast_failover: 'FF',
};

/** One group of `/wm/core/switch/DPID/group-desc/json`. */
export function encodeGroupDescription(group: Group): Record<string, unknown> {
  return {
    group_type: describedTypes[group.groupType],
    group_number: String(group.groupId),
    buckets: group.buckets.map((bucket) => ({
      weight: String(bucket.weight ?? 0),
      watch_port: String(bucket.watchPort ?? -1),
      watch_group: 'any',
      actions: formatActionList(bucket.actions),
    })),
  };
}

/** One group of `/wm/core/switch/DPID/group-desc/json`, as the switch holds it; undefined likewise. */
export function decodeGroupDescription(json: unknown): Group | undefined {
  const parsed = describedGroup.safeParse(json);
  if (!parsed.success) return undefined;
  const groupType = (Object.keys(describedTypes) as GroupType[]).find(
    (type) => describedTypes[type] === parsed.data.group_type,
  );
  const buckets = parsed.data.buckets.map((bucket) =>
    decodeBucket(groupType, bucket.weight, bucket.watch_port, bucket.actions),
  );
  if (groupType === undefined || !allDefined(buckets)) return undefined;
  return { groupId: Number(parsed.data.group_number) >>> 0, groupType, buckets };
}

/** Buckets of other groups than `select` show the weight 0, which is none. */
function decodeBucket(
  groupType: GroupType | undefined,
  weightText: string,
  watchPortText: string,
  actionText: string,
): Bucket | undefined {
  const { actions, refusals } = readActionList(actionText);
  if (refusals.length > 0) return undefined;
  const weight = Number(weightText);
  const watchPort = watchPortText === 'any' ? -1 : Number(watchPortText);
  return {
    ...(groupType === 'select' || weight !== 0 ? { weight } : {}),
    ...(watchPort < 0 ? {} : { watchPort }),
    actions,
  };
}

function allDefined<T>(values: readonly (T | undefined)[]): values is readonly T[] {
  return values.every((value) => value !== undefined);
}

/**
 * A DPID as Floodlight reads it in paths and bodies: one to eight octets of one or two hexadecimal digits with colons,
 * so that `6` and `00:00:00:00:00:00:00:06` are the same. Undefined when it would not.
 */
export function readDpid(text: string): Dpid | undefined {
  if (!/^[0-9a-f]{1,2}(?::[0-9a-f]{1,2}){0,7}$/i.test(text)) return undefined;
  return dpidFromNumber(text.split(':').reduce((value, octet) => (value << 8n) | BigInt(`0x${octet}`), 0n));
}
