import type { MatchField } from '../model/match.ts';
import type { Action, Bucket, Group, Instructions, OutputPort } from '../model/openflow.ts';
import type { Course, SwitchFate } from './course.ts';
import { FlowTable, type NamedFlow } from './flow-table.ts';
import type { Packet } from './packet.ts';

/** Groups in a chain, and returns to an earlier table among them; Open vSwitch gives up after as many. */
const MOST_DEPTH = 64;
/** Branches that one packet may take in one switch: chained groups multiply. */
const MOST_BRANCHES = 2_000;

/** The flow and group entries of one switch. */
export interface SwitchEntries {
  readonly flows: readonly NamedFlow[];
  readonly groups: readonly Group[];
}

/** Actions that wait for the end of the pipeline, at most one of each type (section 5.10). */
interface ActionSet {
  readonly popsVlan: boolean;
  /** The Ethernet type of the tag; 0 for none. */
  readonly pushedTag: number;
  readonly fields: ReadonlyMap<MatchField, number>;
  readonly group?: number;
  readonly output?: OutputPort;
}

/** How far a packet is: what it has become, and what waits for the end of the pipeline. */
interface Progress {
  readonly packet: Packet;
  readonly set: ActionSet;
}

const OVERLAP = 'entries that overlap are met in the middle of an action list';
const EMPTY_SET: ActionSet = { popsVlan: false, pushedTag: 0, fields: new Map() };

/** The pipeline of one OpenFlow 1.3 switch (ONF TS-006, section 5), whose sections are cited. */
export class Pipeline {
  readonly #tables: ReadonlyMap<number, FlowTable>;
  readonly #groups: ReadonlyMap<number, Group>;
  readonly #isLive: (port: number) => boolean;
  /** Whether what it does depends on the in-port, but for outputs to that port. */
  readonly matchesInPort: boolean;

  /** @param isLive whether a port has a link that is up (section 6.5: what a watch port is watched for) */
  constructor({ flows, groups }: SwitchEntries, isLive: (port: number) => boolean) {
    const byTable = new Map<number, NamedFlow[]>();
    for (const flow of flows) {
      const there = byTable.get(flow.tableId);
      if (there === undefined) byTable.set(flow.tableId, [flow]);
      else there.push(flow);
    }
    this.#tables = new Map([...byTable].map(([tableId, list]) => [tableId, new FlowTable(list)]));
    this.#groups = new Map(groups.map((group) => [group.groupId, group]));
    this.#isLive = isLive;
    this.matchesInPort = [...this.#tables.values()].some((table) => table.matchesInPort);
  }

  /** What the switch does with a packet that came by a port. */
  process(packet: Packet, inPort: number): Course {
    const run = new Run(this.#tables, this.#groups, this.#isLive, inPort);
    const course = run.table(0, packet, EMPTY_SET);
    if (run.isTooMuch) return TOO_MUCH;
    return run.gaveUp ? withoutLostCopies(course) : course;
  }
}

/** One packet on its way through one switch. */
class Run {
  readonly #tables: ReadonlyMap<number, FlowTable>;
  readonly #groups: ReadonlyMap<number, Group>;
  readonly #isLive: (port: number) => boolean;
  readonly #inPort: number;
  /** Whether it ended in a circle, or too deep, on any branch. */
  gaveUp = false;
  #depth = 0;
  #branches = 0;

  constructor(
    tables: ReadonlyMap<number, FlowTable>,
    groups: ReadonlyMap<number, Group>,
    isLive: (port: number) => boolean,
    inPort: number,
  ) {
    this.#tables = tables;
    this.#groups = groups;
    this.#isLive = isLive;
    this.#inPort = inPort;
  }

  /** Whether there are more branches than are followed. */
  get isTooMuch(): boolean {
    return this.#branches > MOST_BRANCHES;
  }

  /** Section 5.3: the matching entry of the highest priority. */
  table(tableId: number, packet: Packet, set: ActionSet): Course {
    const entries = this.#tables.get(tableId)?.lookUp(packet, this.#inPort) ?? [];
    if (entries.length > 1 && this.#addBranches(entries.length)) return TOO_MUCH;
    const courses = entries.map(
      (entry): Course => ({ kind: 'match', tableId, entry, next: this.#entry(entry, packet, set) }),
    );
    const [only] = courses;
    if (only === undefined) return this.#miss(tableId, packet, set);
    return courses.length === 1 ? only : { kind: 'choice', among: 'entries', of: courses };
  }

  /** Section 5.4: without a table-miss entry the packet is dropped, unless its controller asked for it. */
  #miss(tableId: number, packet: Packet, set: ActionSet): Course {
    // Open vSwitch carries out the action set all the same.
    const branches: Course[] = [];
    this.#actionSet(set, packet, branches);
    if (branches.length > 0) return together(branches);
    return { kind: 'output', port: 'controller', packet, missedTable: tableId };
  }

  /** Section 5.9: the instructions, in the order in which a switch carries them out. */
  #entry(entry: NamedFlow, packet: Packet, set: ActionSet): Course {
    const { instructions } = entry;
    const branches: Course[] = [];
    const after = this.#instruct(instructions, { packet, set }, branches);
    const { gotoTable } = instructions;
    if (gotoTable !== undefined) branches.push(this.#goto(entry.tableId, gotoTable, after.packet, after.set));
    else this.#actionSet(after.set, after.packet, branches);
    return branches.length === 0 ? end({ kind: 'dropped', entry }) : together(branches);
  }

  /** Section 5.9: only a later table may be next; switches refuse others. */
  #goto(from: number, to: number, packet: Packet, set: ActionSet): Course {
    if (to > from) return this.table(to, packet, set);
    return this.#deeper({ kind: 'table-circle' }, () => this.table(to, packet, set));
  }

  /** Carries out instructions but for `goto_table`. */
  #instruct({ apply, clearActions, write }: Instructions, before: Progress, branches: Course[]): Progress {
    const { packet, set } = this.#apply(apply, before, branches);
    return { packet, set: writeActions(clearActions ? EMPTY_SET : set, write) };
  }

  /** Section 5.11: an action list, in its order; each output takes the packet as it then is. */
  #apply(actions: readonly Action[], before: Progress, branches: Course[]): Progress {
    let { packet, set } = before;
    for (const action of actions) {
      switch (action.kind) {
        case 'output':
          if (action.port === 'table') {
            const { course, ...after } = this.#resubmit(0, { packet, set });
            branches.push(course);
            ({ packet, set } = after);
          } else branches.push(this.#output(action.port, packet));
          break;
        case 'group':
          // A group's buckets work on copies (section 5.10.1).
          branches.push(this.#group(action.groupId, packet, []));
          break;
        case 'set_field':
          packet = packet.with(action.field, Number(action.value));
          break;
        case 'push_vlan':
          packet = packet.pushVlan(action.ethType);
          break;
        case 'pop_vlan':
          packet = packet.popVlan();
          break;
        case 'set_queue':
          // Decides about the rate at which it goes, not where.
          break;
      }
    }
    return { packet, set };
  }

  /**
   * `output:TABLE` in an action list, which the specification has for packets of the controller only (section 4.5). Open
   * vSwitch carries out the instructions found there as a part of the list: what they change stays changed, and what
   * they write waits with the rest for the end of the pipeline.
   */
  #resubmit(tableId: number, before: Progress): Progress & { readonly course: Course } {
    if (this.#addBranches(1)) return { course: TOO_MUCH, ...before };
    let after = before;
    const course = this.#deeper({ kind: 'table-circle' }, () => {
      const { packet } = before;
      const [entry, ...others] = this.#tables.get(tableId)?.lookUp(packet, this.#inPort) ?? [];
      if (entry === undefined) return { kind: 'output', port: 'controller', packet, missedTable: tableId };
      if (others.length > 0) return end({ kind: 'unforeseeable', reason: OVERLAP });
      const branches: Course[] = [];
      after = this.#instruct(entry.instructions, before, branches);
      const { gotoTable } = entry.instructions;
      if (gotoTable !== undefined) {
        const { course: later, ...last } = this.#resubmit(gotoTable, after);
        branches.push(later);
        after = last;
      }
      return {
        kind: 'match',
        tableId,
        entry,
        next: branches.length === 0 ? end({ kind: 'dropped', entry }) : together(branches),
      };
    });
    return { course, ...after };
  }

  /** Section 5.10: pop, push, set, then the group, or else the output; with neither, nothing goes out. */
  #actionSet(set: ActionSet, first: Packet, branches: Course[], groupIds: readonly number[] = []): void {
    if (set.group === undefined && set.output === undefined) return;
    let packet = set.popsVlan ? first.popVlan() : first;
    if (set.pushedTag !== 0) packet = packet.pushVlan(set.pushedTag);
    for (const [field, value] of set.fields) packet = packet.with(field, value);
    if (set.group !== undefined) branches.push(this.#group(set.group, packet, groupIds));
    else if (set.output !== undefined) branches.push(this.#output(set.output, packet));
  }

  #output(port: OutputPort, packet: Packet): Course {
    return port === 'table' ? this.#resubmit(0, { packet, set: EMPTY_SET }).course : { kind: 'output', port, packet };
  }

  /** Section 5.6.1: group types. */
  #group(groupId: number, packet: Packet, within: readonly number[]): Course {
    const group = this.#groups.get(groupId);
    if (group === undefined) return end({ kind: 'missing-group', groupId });
    const chain = [...within, groupId];
    if (within.includes(groupId)) return this.#giveUp({ kind: 'group-circle', groupIds: chain });
    if (this.#addBranches(group.buckets.length)) return TOO_MUCH;
    const courses = this.#bucketsOf(group).map((index): Course => {
      const next = this.#deeper({ kind: 'group-chain-too-long' }, () => this.#bucket(group, index, packet, chain));
      return { kind: 'bucket', group, bucket: index + 1, next };
    });
    if (courses.length === 0) return end({ kind: 'no-live-bucket', groupId });
    return group.groupType === 'select' && courses.length > 1
      ? { kind: 'choice', among: 'buckets', of: courses }
      : together(courses);
  }

  #deeper(tooDeep: SwitchFate, next: () => Course): Course {
    if (this.#depth >= MOST_DEPTH) return this.#giveUp(tooDeep);
    this.#depth += 1;
    const course = next();
    this.#depth -= 1;
    return course;
  }

  #giveUp(fate: SwitchFate): Course {
    this.gaveUp = true;
    return end(fate);
  }

  /** Returns whether they are too many now. */
  #addBranches(more: number): boolean {
    this.#branches += more;
    return this.isTooMuch;
  }

  /** Indices of the buckets that a packet may go to. */
  #bucketsOf({ groupType, buckets }: Group): readonly number[] {
    const indices = [...buckets.keys()];
    const isLive = (index: number) => {
      const { watchPort, weight } = buckets[index] as Bucket;
      return (watchPort === undefined || this.#isLive(watchPort)) && !(groupType === 'select' && weight === 0);
    };
    switch (groupType) {
      case 'all':
        return indices;
      case 'indirect':
        return indices.slice(0, 1);
      case 'select':
        return indices.filter(isLive);
      case 'fast_failover':
        return indices.filter(isLive).slice(0, 1);
    }
  }

  /** A bucket's actions are an action set (section 5.10). */
  #bucket({ groupId, buckets }: Group, index: number, packet: Packet, within: readonly number[]): Course {
    const branches: Course[] = [];
    this.#actionSet(writeActions(EMPTY_SET, buckets[index]?.actions ?? []), packet, branches, within);
    return branches[0] ?? end({ kind: 'bucket-drops', groupId, bucket: index + 1 });
  }
}

/** A later action takes the place of an earlier one of its type (section 5.10). */
function writeActions(set: ActionSet, actions: readonly Action[]): ActionSet {
  let result = set;
  for (const action of actions) {
    switch (action.kind) {
      case 'output':
        result = { ...result, output: action.port };
        break;
      case 'group':
        result = { ...result, group: action.groupId };
        break;
      case 'set_field':
        result = { ...result, fields: new Map(result.fields).set(action.field, Number(action.value)) };
        break;
      case 'push_vlan':
        result = { ...result, pushedTag: action.ethType };
        break;
      case 'pop_vlan':
        result = { ...result, popsVlan: true };
        break;
      case 'set_queue':
        break;
    }
  }
  return result;
}

/** Where Open vSwitch gives up, it drops the packet and its other copies, too, whatever was to become of them. */
function withoutLostCopies(course: Course): Course {
  switch (course.kind) {
    case 'match':
    case 'bucket':
      return { ...course, next: withoutLostCopies(course.next) };
    case 'choice':
      return { ...course, of: course.of.map(withoutLostCopies) };
    case 'copies': {
      const lost = course.of.find((part) => isLost(part, 'always'));
      if (lost !== undefined) return withoutLostCopies(lost);
      const perhaps = course.of.find((part) => isLost(part, 'perhaps'));
      if (perhaps === undefined) return course;
      // A select group on the way to the circle decides for all copies.
      return { kind: 'choice', among: 'buckets', of: [course, withoutLostCopies(perhaps)] };
    }
    case 'output':
    case 'end':
      return course;
  }
}

function isLost(course: Course, when: 'always' | 'perhaps'): boolean {
  switch (course.kind) {
    case 'match':
    case 'bucket':
      return isLost(course.next, when);
    case 'copies':
      return course.of.some((part) => isLost(part, when));
    case 'choice':
      return when === 'always'
        ? course.of.every((part) => isLost(part, when))
        : course.of.some((part) => isLost(part, when));
    case 'output':
      return false;
    case 'end':
      return ['group-circle', 'group-chain-too-long', 'table-circle'].includes(course.fate.kind);
  }
}

const TOO_MUCH = end({ kind: 'unforeseeable', reason: `more than ${MOST_BRANCHES} branches` });

function end(fate: SwitchFate): Course {
  return { kind: 'end', fate };
}

function together(courses: readonly Course[]): Course {
  const [only] = courses;
  return courses.length === 1 && only !== undefined ? only : { kind: 'copies', of: courses };
}
