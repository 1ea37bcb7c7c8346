import { allOnes, MATCH_FIELD_NAMES, MATCH_FIELDS, type MatchField } from '../model/match.ts';
import { effectKey, type Flow, flowKey } from '../model/openflow.ts';
import { ABSENT, fieldIndex, type Packet } from './packet.ts';

/** A flow entry and, where it is known, the name by which the controller has it. */
export interface NamedFlow extends Flow {
  readonly name?: string;
}

/** One field of a match; values of up to 53 bits, in halves because JavaScript's bit operations take 32. */
interface FieldMask {
  readonly index: number;
  readonly bits: number;
  readonly isExact: boolean;
  readonly high: number;
  readonly low: number;
}

const TWO_32 = 2 ** 32;

/** Values of a packet's fields, or of a match's, put into one key. */
type TupleKey = number | string;

/** Flows that match the same fields under the same masks, found by one look into a map. */
class Tuple {
  readonly masks: readonly FieldMask[];
  highestPriority = -1;
  /** Whether all values of the fields fit in a number. */
  readonly #isShort: boolean;
  readonly #flows = new Map<TupleKey, NamedFlow[]>();

  constructor(masks: readonly FieldMask[]) {
    this.masks = masks;
    this.#isShort = masks.reduce((sum, { bits }) => sum + bits, 0) <= 53;
  }

  add(flow: NamedFlow): void {
    const values = this.masks.map(({ index }) => Number(flow.match[MATCH_FIELD_NAMES[index] as MatchField]?.value));
    const key = this.#key(values, 0);
    if (key === undefined) return;
    const there = this.#flows.get(key);
    if (there === undefined) this.#flows.set(key, [flow]);
    else there.push(flow);
    this.highestPriority = Math.max(this.highestPriority, flow.priority);
  }

  /** Highest priority first. */
  sort(): void {
    for (const flows of this.#flows.values()) flows.sort((a, b) => b.priority - a.priority);
  }

  /** The flow of the highest priority that matches. */
  best(packet: Packet, inPort: number): NamedFlow | undefined {
    const key = this.#key(undefined, inPort, packet);
    return key === undefined ? undefined : this.#flows.get(key)?.[0];
  }

  /** The key of a match's values, or of a packet's fields; undefined where the packet lacks one. */
  #key(matched: readonly number[] | undefined, inPort: number, packet?: Packet): TupleKey | undefined {
    let number = 0;
    let text = '';
    for (const [position, mask] of this.masks.entries()) {
      const full = matched?.[position] ?? (mask.index === IN_PORT ? inPort : (packet?.values[mask.index] ?? ABSENT));
      if (full === ABSENT) return undefined;
      const value = mask.isExact
        ? full
        : ((Math.floor(full / TWO_32) & mask.high) >>> 0) * TWO_32 + ((full & mask.low) >>> 0);
      if (this.#isShort) number = number * 2 ** mask.bits + value;
      else text += `${value},`;
    }
    return this.#isShort ? number : text;
  }
}

const IN_PORT = fieldIndex('in_port');

/**
 * One flow table (section 5.1). A lookup costs one look into a map for each combination of fields and masks that its
 * flows match, however many flows there are (tuple space search).
 */
export class FlowTable {
  /** Those with the highest priority first. */
  readonly #tuples: readonly Tuple[];
  /** Whether any of its flows matches the port by which a packet came. */
  readonly matchesInPort: boolean;

  /** @param flows of two with one priority and match the later counts, as a switch has it (section 6.4) */
  constructor(flows: readonly NamedFlow[]) {
    const tuples = new Map<string, Tuple>();
    for (const flow of new Map(flows.map((each) => [flowKey(each), each])).values()) {
      const masks = masksOf(flow);
      if (masks === undefined) continue;
      const key = masks.map(({ index, high, low }) => `${index}/${high}/${low}`).join();
      const tuple = tuples.get(key) ?? new Tuple(masks);
      tuples.set(key, tuple);
      tuple.add(flow);
    }
    for (const tuple of tuples.values()) tuple.sort();
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
  const empty = { match: {}, idleTimeoutSeconds: 0, hardTimeoutSeconds: 0 };
  return [...new Map(flows.map((flow) => [effectKey({ ...flow, ...empty }), flow])).values()];
}

/** Undefined when no packet that is simulated can match: none has an IPv6 address. */
function masksOf({ match }: Flow): readonly FieldMask[] | undefined {
  const masks: FieldMask[] = [];
  for (const [index, field] of MATCH_FIELD_NAMES.entries()) {
    const masked = match[field];
    if (masked === undefined) continue;
    const { bits } = MATCH_FIELDS[field];
    if (bits > 53) return undefined;
    masks.push({
      index,
      bits,
      isExact: masked.mask === allOnes(field),
      high: Number(masked.mask >> 32n),
      low: Number(masked.mask & 0xffffffffn),
    });
  }
  return masks;
}
