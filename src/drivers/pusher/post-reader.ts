import { type Dpid, HIGHEST_PORT, parseDpid } from '../../model/addresses.ts';
import {
  ANY_TAG,
  exactly,
  formatField,
  isMatchField,
  MATCH_FIELD_NAMES,
  MATCH_FIELDS,
  type MaskedValue,
  type Match,
  type MatchField,
  missingPrerequisites,
  parseField,
  promisesTag,
  VLAN_TAG_PRESENT,
} from '../../model/match.ts';
import {
  type Action,
  type Bucket,
  type Entry,
  GROUP_TYPES,
  type Group,
  type GroupType,
  groupProblems,
  HIGHEST_GROUP_ID,
  HIGHEST_PRIORITY,
  type Instructions,
} from '../../model/openflow.ts';
import { describeNotation, type Refusal, readActionList } from './action-text.ts';
import { readDpid } from './wire.ts';

const HIGHEST_TABLE = 254;
const HIGHEST_TIMEOUT_SECONDS = 0xffff;

const COMMON_KEYS = ['switch', 'name', 'entry_type', 'active'] as const;
const INSTRUCTION_KEYS = [
  'instruction_apply_actions',
  'instruction_clear_actions',
  'instruction_write_actions',
  'instruction_goto_table',
] as const;
const FLOW_KEYS = ['cookie', 'priority', 'table', 'idle_timeout', 'hard_timeout', 'actions', ...INSTRUCTION_KEYS];
const GROUP_KEYS = ['group_type', 'group_id', 'group_buckets'];
const BUCKET_KEYS = ['bucket_id', 'bucket_watch_group', 'bucket_watch_port', 'bucket_weight', 'bucket_actions'];

/** Keys of Floodlight before 1.0, which later ones drop with the whole entry, and what they are called now. */
const FORMER_KEYS: Readonly<Record<string, string>> = {
  'ingress-port': 'in_port',
  'src-mac': 'eth_src',
  'dst-mac': 'eth_dst',
  'ether-type': 'eth_type',
  'vlan-id': 'eth_vlan_vid',
  'vlan-priority': 'eth_vlan_pcp',
  'src-ip': 'ipv4_src',
  'dst-ip': 'ipv4_dst',
  protocol: 'ip_proto',
  'tos-bits': 'ip_dscp',
  'src-port': 'tcp_src or udp_src',
  'dst-port': 'tcp_dst or udp_dst',
  'idle-timeout': 'idle_timeout',
  'hard-timeout': 'hard_timeout',
};

/**
 * Reads the body of a POST to the Static Entry Pusher, already parsed as JSON. All that Floodlight answers with "Entry
 * pushed" and then discards, black-holes or hangs on is refused (CONTRACT.md, sections 1 to 3), with every reason at once.
 */
export function decodePost(
  body: unknown,
): { readonly entry: Entry } | { readonly refusals: readonly [Refusal, ...Refusal[]] } {
  const reader = new PostReader();
  const entry = reader.read(body);
  const [first, ...rest] = reader.refusals;
  if (first !== undefined) return { refusals: [first, ...rest] };
  if (entry === undefined) throw new Error('a body that cannot be read has a reason');
  return { entry };
}

type Values = ReadonlyMap<string, unknown>;

class PostReader {
  readonly refusals: Refusal[] = [];

  read(body: unknown): Entry | undefined {
    const values = this.#keysOf(body, 'the body');
    if (values === undefined) return undefined;
    const dpid = this.#dpid(values);
    const name = this.#name(values);
    this.#active(values);
    const isGroup = this.#isGroup(values);
    this.#unknownKeys(values, isGroup);
    const thing = isGroup ? this.#group(values) : this.#flow(values);
    if (dpid === undefined || name === undefined || thing === undefined) return undefined;
    return 'groupId' in thing ? { kind: 'group', name, dpid, ...thing } : { kind: 'flow', name, dpid, ...thing };
  }

  #refuse(reason: string, remedy: string): undefined {
    this.refusals.push({ reason, remedy });
    return undefined;
  }

  /** An object's values by key, keys in lower case and trimmed as Floodlight takes them. */
  #keysOf(body: unknown, what: string): Values | undefined {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      return this.#refuse(`${what} is not a JSON object`, 'Write it as {"key": "value", ...}');
    }
    const values = new Map<string, unknown>();
    for (const [raw, value] of Object.entries(body)) {
      const key = raw.toLowerCase().trim();
      if (values.has(key)) this.#refuse(`${what} has the key ${key} twice`, 'Give it once');
      values.set(key, value);
    }
    return values;
  }

  /** A value as text; strings, numbers and booleans are all right. Undefined when absent, or refused. */
  #text(values: Values, key: string): string | undefined {
    const value = values.get(key);
    if (value === undefined) return undefined;
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      const found = Array.isArray(value) ? 'an array' : value === null ? 'null' : 'an object';
      return this.#refuse(`${key} is ${found}`, `Write it as text, e.g. "${key}": "${EXAMPLES[key] ?? '1'}"`);
    }
    const text = String(value);
    if (text === text.trim() || key === 'name') return text;
    return this.#refuse(`${key} has a space around its value "${text}"`, `Write "${text.trim()}"`);
  }

  #integer(values: Values, key: string, least: number, most: number): number | undefined {
    const text = this.#text(values, key);
    if (text === undefined) return undefined;
    const number = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    return this.#refuse(
      `${key} ${JSON.stringify(text)} is not a decimal number from ${least} to ${most}`,
      `Write a number such as "${EXAMPLES[key] ?? least}"`,
    );
  }

  #dpid(values: Values): Dpid | undefined {
    if (!values.has('switch')) {
      return this.#refuse('switch is missing', 'Give its DPID, e.g. "switch": "00:00:00:00:00:00:00:06"');
    }
    const text = this.#text(values, 'switch');
    if (text === undefined) return undefined;
    const meant = parseDpid(text);
    return (
      readDpid(text) ??
      this.#refuse(
        `switch ${JSON.stringify(text)} is not a DPID`,
        `Write eight hexadecimal octets with colons, e.g. ${meant ?? '00:00:00:00:00:00:00:06'}`,
      )
    );
  }

  #name(values: Values): string | undefined {
    const text = this.#text(values, 'name');
    if (text !== undefined && text !== '') return text;
    return this.#refuse(
      text === undefined ? 'name is missing' : 'name is empty',
      'Give the entry a name of its own; it is what DELETE takes',
    );
  }

  #active(values: Values): void {
    const text = this.#text(values, 'active');
    if (text === undefined || text.toLowerCase() === 'true') return;
    this.#refuse(
      `active is ${JSON.stringify(text)}; Floodlight makes of that an entry that drops, with the highest priority`,
      'Write "active": "true", or delete the entry',
    );
  }

  #isGroup(values: Values): boolean {
    const type = this.#text(values, 'entry_type');
    if (type?.toLowerCase() === 'group') return true;
    if (type !== undefined) {
      const remedy =
        type.toLowerCase() === 'flow'
          ? 'Leave entry_type out: only a group has one'
          : 'Write "group", or leave it out for a flow';
      this.#refuse(`entry_type is ${JSON.stringify(type)}`, remedy);
    } else if (GROUP_KEYS.some((key) => values.has(key))) {
      this.#refuse('entry_type is missing from what looks like a group', 'Add "entry_type": "group"');
      return true;
    }
    return false;
  }

  #unknownKeys(values: Values, isGroup: boolean): void {
    const known = [...COMMON_KEYS, ...(isGroup ? GROUP_KEYS : [...FLOW_KEYS, ...MATCH_FIELD_NAMES])];
    for (const key of values.keys()) {
      if (!known.includes(key))
        this.#refuse(`the key ${JSON.stringify(key)} is unknown`, keyRemedy(key, known, isGroup));
    }
  }

  #flow(values: Values) {
    const tableId = this.#integer(values, 'table', 0, HIGHEST_TABLE) ?? 0;
    const cookie = this.#text(values, 'cookie');
    if (cookie !== undefined && !/^-?\d{1,19}$/.test(cookie)) {
      this.#refuse(
        `cookie ${JSON.stringify(cookie)} is not a decimal number; Floodlight would drop every packet of the switch`,
        'Write "cookie": "0": it is made from the name anyway',
      );
    }
    const match = this.#match(values);
    const instructions = this.#instructions(values, tableId);
    this.#actionsFitMatch(match, [...instructions.apply, ...instructions.write]);
    return {
      tableId,
      // Floodlight's own default when the priority is not given.
      priority: this.#integer(values, 'priority', 0, HIGHEST_PRIORITY) ?? HIGHEST_PRIORITY,
      match,
      instructions,
      idleTimeoutSeconds: this.#integer(values, 'idle_timeout', 0, HIGHEST_TIMEOUT_SECONDS) ?? 0,
      hardTimeoutSeconds: this.#integer(values, 'hard_timeout', 0, HIGHEST_TIMEOUT_SECONDS) ?? 0,
    };
  }

  #match(values: Values): Match {
    const match: Partial<Record<MatchField, MaskedValue>> = {};
    for (const field of MATCH_FIELD_NAMES) {
      const text = this.#text(values, field);
      if (text === undefined) continue;
      const masked = parseField(field, text);
      // A mask of no bits matches anything; switches and the list then do not show the field at all.
      if (masked === undefined) {
        this.#refuse(
          `${field} ${JSON.stringify(text)} is not a value of that field`,
          `Write ${describeNotation(field)}`,
        );
      } else if (masked.mask === 0n) {
        this.#refuse(`${field} ${JSON.stringify(text)} matches anything`, `Leave ${field} out`);
      } else match[field] = masked;
    }
    this.#inPort(match.in_port);
    this.#vlan(match);
    if (this.refusals.length === 0) {
      for (const reason of missingPrerequisites(match)) {
        this.#refuse(reason, 'Add that field to the match; without it switches refuse the entry, or Floodlight hangs');
      }
    }
    return match;
  }

  #inPort(port: MaskedValue | undefined): void {
    if (port === undefined || port.value <= BigInt(HIGHEST_PORT)) return;
    const text = parseField('in_port', 'local');
    if (port.value !== text?.value) {
      this.#refuse('in_port names no port that a packet can come in by', `Write ${describeNotation('in_port')}`);
    }
  }

  #vlan(match: Match): void {
    const { value: vid = 0n } = match.eth_vlan_vid ?? {};
    if (vid === 0n || promisesTag(match)) return;
    this.#refuse(
      `eth_vlan_vid 0x${vid.toString(16)} lacks bit 12, which says that there is a tag, so it matches no VLAN`,
      `Write 0x${(VLAN_TAG_PRESENT | vid).toString(16)} for VLAN ${vid & 0xfffn}`,
    );
  }

  #instructions(values: Values, tableId: number): Instructions {
    const beside = INSTRUCTION_KEYS.filter((key) => values.has(key));
    if (values.has('actions') && beside.length > 0) {
      this.#refuse(
        `${beside.join(' and ')} beside actions would be lost`,
        'Write instruction_apply_actions in place of actions',
      );
    }
    const gotoTable = this.#integer(values, 'instruction_goto_table', 0, HIGHEST_TABLE);
    if (gotoTable !== undefined && gotoTable <= tableId) {
      this.#refuse(
        `instruction_goto_table ${gotoTable} is not later than the entry's own table ${tableId}`,
        `Name a table from ${tableId + 1} to ${HIGHEST_TABLE}`,
      );
    }
    return {
      apply: this.#actions(values, values.has('actions') ? 'actions' : 'instruction_apply_actions'),
      clearActions: values.has('instruction_clear_actions'),
      write: this.#actions(values, 'instruction_write_actions'),
      ...(gotoTable === undefined ? {} : { gotoTable }),
    };
  }

  #actions(values: Values, key: string): readonly Action[] {
    const { actions, refusals } = readActionList(this.#text(values, key) ?? '');
    this.refusals.push(...refusals);
    return actions;
  }

  /** A field can be set only where its prerequisites are matched, and a tag popped only where there is one. */
  #actionsFitMatch(match: Match, actions: readonly Action[]): void {
    if (this.refusals.length > 0) return;
    // What a packet is known to have by now.
    let known = match;
    for (const action of actions) {
      if (action.kind === 'push_vlan') known = { ...known, eth_vlan_vid: ANY_TAG };
      else if (action.kind === 'pop_vlan') {
        if (!promisesTag(known)) {
          const any = formatField('eth_vlan_vid', ANY_TAG);
          this.#refuse('pop_vlan needs a match on a VLAN tag', `Add "eth_vlan_vid": "${any}" for any VLAN`);
        }
        // The tag's priority goes with it.
        const { eth_vlan_pcp: _, ...untagged } = known;
        known = { ...untagged, eth_vlan_vid: exactly('eth_vlan_vid', 0n) };
      } else if (action.kind === 'set_field') {
        const asMatched = { ...known, [action.field]: exactly(action.field, action.value) };
        const needsTag = MATCH_FIELDS[action.field].prerequisite?.field === 'eth_vlan_vid';
        for (const reason of missingPrerequisites(asMatched)) {
          this.#refuse(
            `set_field=${reason} in the match`,
            needsTag ? 'Put push_vlan=0x8100 before it, or match on eth_vlan_vid' : 'Add that field to the match',
          );
        }
      }
    }
  }

  #group(values: Values): Group | undefined {
    const groupId = this.#integer(values, 'group_id', 0, HIGHEST_GROUP_ID);
    if (!values.has('group_id')) this.#refuse('group_id is missing', 'Give the group a number, e.g. "group_id": "1"');
    const typeText = this.#text(values, 'group_type')?.toLowerCase();
    const groupType = GROUP_TYPES.find((type: GroupType) => type === typeText);
    if (groupType === undefined) {
      const found = typeText === undefined ? 'is missing' : `${JSON.stringify(typeText)} is unknown`;
      this.#refuse(`group_type ${found}`, `Write one of ${GROUP_TYPES.join(', ')}`);
    }
    const buckets = this.#buckets(values.get('group_buckets'));
    if (groupId === undefined || groupType === undefined || buckets === undefined) return undefined;
    const group = { groupId, groupType, buckets };
    for (const reason of groupProblems(group)) {
      this.#refuse(reason, 'Correct the bucket; the switch would refuse the group');
    }
    return group;
  }

  #buckets(json: unknown): readonly Bucket[] | undefined {
    const shape =
      'Write "group_buckets": [{"bucket_id": "1", "bucket_watch_group": "any", "bucket_actions": "output=2"}]';
    if (json === undefined) return this.#refuse('group_buckets is missing, so the group would drop everything', shape);
    if (!Array.isArray(json)) return this.#refuse('group_buckets is not an array', shape);
    if (json.length === 0) return this.#refuse('group_buckets is empty, so the group would drop everything', shape);
    const buckets = new Map<number, Bucket>();
    for (const [index, element] of json.entries()) {
      const what = `bucket ${index + 1}`;
      const read = this.#bucket(element, what);
      if (read === undefined) continue;
      if (buckets.has(read.id)) {
        this.#refuse(
          `${what} has the bucket_id ${read.id} of another bucket; the last would win`,
          'Number the buckets 1, 2, 3',
        );
      }
      buckets.set(read.id, read.bucket);
    }
    return [...buckets].sort(([a], [b]) => a - b).map(([, bucket]) => bucket);
  }

  #bucket(json: unknown, what: string): { readonly id: number; readonly bucket: Bucket } | undefined {
    const before = this.refusals.length;
    const values = this.#keysOf(json, what);
    if (values === undefined) return undefined;
    for (const key of values.keys()) {
      if (!BUCKET_KEYS.includes(key)) {
        this.#refuse(`the key ${JSON.stringify(key)} of ${what} is unknown`, `The keys are ${BUCKET_KEYS.join(', ')}`);
      }
    }
    const id = this.#integer(values, 'bucket_id', 0, 0xfffffff);
    if (!values.has('bucket_id')) {
      this.#refuse(`${what} has no bucket_id, so it would be left out`, 'Number the buckets 1, 2, 3');
    }
    if (this.#text(values, 'bucket_watch_group')?.toLowerCase() !== 'any') {
      this.#refuse(
        `${what} has no bucket_watch_group "any"; with any other value the bucket is dead`,
        'Add "bucket_watch_group": "any"',
      );
    }
    const watchPort =
      values.get('bucket_watch_port') === 'any'
        ? undefined
        : this.#integer(values, 'bucket_watch_port', 1, HIGHEST_PORT);
    const weight = this.#integer(values, 'bucket_weight', 0, 0xffff);
    if (!values.has('bucket_actions')) {
      this.#refuse(`${what} has no bucket_actions`, 'Add "bucket_actions": "output=2", or "" for a bucket that drops');
    }
    const actions = this.#actions(values, 'bucket_actions');
    if (id === undefined || this.refusals.length > before) return undefined;
    return {
      id,
      bucket: {
        ...(weight === undefined ? {} : { weight }),
        ...(watchPort === undefined ? {} : { watchPort }),
        actions,
      },
    };
  }
}

/** A value of a key for a remedy. */
const EXAMPLES: Readonly<Record<string, string>> = {
  switch: '00:00:00:00:00:00:00:06',
  name: 'flow-mod-1',
  priority: '32768',
  active: 'true',
  actions: 'output=2',
  instruction_apply_actions: 'output=2',
  instruction_write_actions: 'output=2',
  bucket_actions: 'output=2',
  cookie: '0',
  entry_type: 'group',
  group_type: 'select',
  bucket_watch_group: 'any',
  bucket_weight: '50',
};

function keyRemedy(key: string, known: readonly string[], isGroup: boolean): string {
  const former = Object.hasOwn(FORMER_KEYS, key) ? FORMER_KEYS[key] : undefined;
  const ovs = MATCH_FIELD_NAMES.find((field) => MATCH_FIELDS[field].ovsName === key);
  const dashed = known.find((name) => name === key.replaceAll('-', '_'));
  const meant = former ?? ovs ?? dashed;
  if (meant !== undefined) return `Write ${meant}`;
  if (key === 'instruction_goto_meter') return 'Leave it out: meters are not supported';
  if (isGroup && (FLOW_KEYS.includes(key) || isMatchField(key))) return 'Leave it out: a group has none';
  return `The keys are ${known.join(', ')}`;
}
