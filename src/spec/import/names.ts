import { type Dpid, dpidFromNumber, dpidOfSwitchName } from '../../model/addresses.ts';
import { INTERFACE_NAME_LENGTH } from '../../model/topology.ts';
import type { GraphNode, SwitchNode } from './graph.ts';
import { type Notes, shown } from './notes.ts';

/** Names that Mininet, Linux or labctl's output use for something else, in lower case. */
const RESERVED = ['x', 'c0', 'lo', 'all', 'default'];

/** Gives each name once. Names that differ only in case would be hard to tell apart: they count as the same. */
export class FreeNames {
  readonly #taken = new Set(RESERVED);

  /** Whether a node can be called so, and no other is. */
  allows(name: string, longestEnding: string): boolean {
    const longest = INTERFACE_NAME_LENGTH - longestEnding.length;
    return /^[A-Za-z]\w*$/.test(name) && name.length <= longest && !this.#taken.has(name.toLowerCase());
  }

  /**
   * This name, or one like it that is allowed and free, which it then is no longer.
   * @param longestEnding of the names of its interfaces, for which there has to be room: `-eth12`
   */
  take(wanted: string, longestEnding = '-eth0'): string {
    const longest = INTERFACE_NAME_LENGTH - longestEnding.length;
    const ascii = wanted.normalize('NFKD').replaceAll(/\p{M}/gu, '');
    const cleaned = ascii.replaceAll(/\W+/g, '_').replace(/^(?![A-Za-z])/, 'n');
    let name = cleaned.slice(0, longest);
    for (let number = 2; !this.allows(name, longestEnding); number += 1) {
      const end = `_${number}`;
      name = `${cleaned.slice(0, longest - end.length)}${end}`;
    }
    this.#taken.add(name.toLowerCase());
    return name;
  }
}

/**
 * The names of nodes by their ids: the ids, where they can be names.
 * @param endingOf a node, see `FreeNames.take`
 */
export function namesByIds(
  nodes: readonly GraphNode[],
  free: FreeNames,
  endingOf: (node: GraphNode) => string,
  notes: Notes,
): Map<string, string> {
  const names = new Map<string, string>();
  // Names that can stay do; the others are chosen among what these leave.
  for (const node of nodes) {
    const ending = endingOf(node);
    if (free.allows(node.id, ending)) names.set(node.id, free.take(node.id, ending));
  }
  for (const node of nodes) {
    const { id, where } = node;
    if (names.has(id)) continue;
    const name = free.take(id, endingOf(node));
    names.set(id, name);
    notes.add(
      `the name ${shown(id)} cannot be an interface's (letters, digits and _, not too long): it is ${name} here`,
      where,
    );
  }
  return names;
}

/**
 * The DPIDs that have to be written, by the ids of switches: those that are given, and new ones where Mininet's rule
 * gives none, or one that is taken.
 */
export function dpidsToWrite(
  switches: readonly SwitchNode[],
  names: ReadonlyMap<string, string>,
  notes: Notes,
): ReadonlyMap<string, Dpid> {
  const byRule = ({ id }: SwitchNode) => dpidOfSwitchName(names.get(id) ?? '');
  const written = new Map<string, Dpid>();
  const taken = new Set<Dpid | undefined>([dpidFromNumber(0n), undefined]);
  for (const { id, dpid } of switches) {
    if (dpid === undefined) continue;
    written.set(id, dpid);
    taken.add(dpid);
  }
  const open = switches.filter((node) => {
    const dpid = byRule(node);
    if (written.has(node.id)) return false;
    if (taken.has(dpid)) return true;
    taken.add(dpid);
    return false;
  });
  let number = 1n;
  for (const node of open) {
    while (taken.has(dpidFromNumber(number))) number += 1n;
    written.set(node.id, dpidFromNumber(number));
    taken.add(dpidFromNumber(number));
    const why =
      byRule(node) === undefined
        ? 'a switch has no number in its name'
        : 'a switch has the DPID of another by its name';
    notes.add(`${why}, and is given a DPID`, node.where);
  }
  return written;
}
