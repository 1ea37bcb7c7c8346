import { allOnes, MATCH_FIELD_NAMES, MATCH_FIELDS, type MaskedValue, type MatchField } from '../model/match.ts';
import { type Flow, formatInstructions } from '../model/openflow.ts';
import { ABSENT, fieldIndex, type Packet } from './packet.ts';

/** A flow entry and, where it is known, its name at the controller. */
export interface NamedFlow extends Flow {
  readonly name?: string;
}

/** One field of a match; values of up to 53 bits, in halves because JavaScript's bit operations take 32. */
interface FieldMask {
  readonly field: MatchField;
  readonly index: number;
  readonly bits: number;
  /** How many values the field has. */
  readonly range: number;
  readonly isExact: boolean;
  readonly high: number;
  readonly low: number;
  /** Equal exactly for equal masks of one field. */
  readonly key: string;
}

const TWO_32 = 2 ** 32;
const IN_PORT = fieldIndex('in_port');

/** Values of a packet's fields, or of a match's, put into one key. */
type TupleKey = number | string;

/** Flows that match the same fields under the same masks, found by one look into a map. */
class Tuple {
  readonly masks: readonly FieldMask[];
  highestPriority = -1;
  /** The key of no values: a number, or a text where all values of the fields do not fit in a number. */
  readonly #noValues: TupleKey;
  /** For the values that they match, those of the highest priority. */
  readonly #flows = new Map<TupleKey, NamedFlow>();

  constructor(masks: readonly FieldMask[]) {
    this.masks = masks;
    this.#noValues = masks.reduce((sum, { bits }) => sum + bits, 0) <= 53 ? 0 : '';
  }

  /** Of two with one priority and match the later counts (section 6.4). */
  add(flow: NamedFlow): void {
    let key = this.#noValues;
    for (const mask of this.masks) key = extended(key, mask, Number(flow.match[mask.field]?.value));
    if (flow.priority >= (this.#flows.get(key)?.priority ?? -1)) this.#flows.set(key, flow);
    if (flow.priority > this.highestPriority) this.highestPriority = flow.priority;
  }

  /** The flow of the highest priority that matches. */
  best(packet: Packet, inPort: number): NamedFlow | undefined {
    let key = this.#noValues;
    for (const mask of this.masks) {
      const value = mask.index === IN_PORT ? inPort : (packet.values[mask.index] ?? ABSENT);
      if (value === ABSENT) return undefined;
      key = extended(key, mask, value);
    }
    return this.#flows.get(key);
  }
}

/** A key with one more value. */
function extended(key: TupleKey, { isExact, range, high, low }: FieldMask, full: number): TupleKey {
  const value = isExact ? full : ((Math.floor(full / TWO_32) & high) >>> 0) * TWO_32 + ((full & low) >>> 0);
  return typeof key === 'number' ? key * range + value : `${key}${value},`;
}

/**
 * One flow table (section 5.1). A lookup costs one look into a map for each combination of fields and masks that its
 * flows match, however many flows there are (tuple space search).
 */
export class FlowTable {
  /** Those with the highest priority first. */
  readonly #tuples: readonly Tuple[];
  /** Whether any of its flows matches the in-port. */
  readonly matchesInPort: boolean;

  /** @param flows of two with one priority and match the later counts, as a switch has it (section 6.4) */
  constructor(flows: readonly NamedFlow[]) {
    const tuples = new Map<string, Tuple>();
    for (const flow of flows) {
      const masks = masksOf(flow);
      if (masks === undefined) continue;
      let key = '';
      for (const mask of masks) key += mask.key;
      let tuple = tuples.get(key);
      if (tuple === undefined) {
        tuple = new Tuple(masks);
        tuples.set(key, tuple);
      }
      tuple.add(flow);
    }
    this.#tuples = [...tuples.values()].sort((a, b) => b.highestPriority - a.highestPriority);
    this.matchesInPort = this.#tuples.some(({ masks }) => masks.some(({ index }) => index === IN_PORT));
  }

  /**
   * The flow that a packet matches. Where several of the highest priority match and do different things, all of them:
   * which one counts is then undefined (section 5.3).
   */
  lookUp(packet: Packet, inPort: number): readonly NamedFlow[] {
    let found: NamedFlow[] = [];
    let priority = -1;
    for (const tuple of this.#tuples) {
      if (tuple.highestPriority < priority) break;
      const flow = tuple.best(packet, inPort);
      if (flow === undefined || flow.priority < priority) continue;
      if (flow.priority > priority) found = [flow];
      else found.push(flow);
      priority = flow.priority;
    }
    return found.length < 2 ? found : differing(found);
  }
}

function differing(flows: readonly NamedFlow[]): readonly NamedFlow[] {
  return [...new Map(flows.map((flow) => [formatInstructions(flow.instructions), flow])).values()];
}

/** In the order of the fields. Undefined when no packet that is simulated can match: none has an IPv6 address. */
function masksOf({ match }: Flow): readonly FieldMask[] | undefined {
  const masks: FieldMask[] = [];
  for (const [field, { mask }] of Object.entries(match) as [MatchField, MaskedValue][]) {
    if (MATCH_FIELDS[field].bits > 53) return undefined;
    masks.push(mask === allOnes(field) ? EXACT_MASKS[field] : fieldMask(field, mask));
  }
  return masks.sort((a, b) => a.index - b.index);
}

function fieldMask(field: MatchField, mask: bigint): FieldMask {
  const index = fieldIndex(field);
  const { bits } = MATCH_FIELDS[field];
  return {
    field,
    index,
    bits,
    range: 2 ** bits,
    isExact: mask === allOnes(field),
    high: Number(mask >> 32n),
    low: Number(mask & 0xffffffffn),
    key: `${index}/${mask};`,
  };
}

const EXACT_MASKS = Object.fromEntries(
  MATCH_FIELD_NAMES.map((field) => [field, fieldMask(field, allOnes(field))]),
) as Readonly<Record<MatchField, FieldMask>>;
