import { type Dpid, dpidFromNumber } from '../model/addresses.ts';
import { type Action, type Entry, type FlowEntry, groupPlace, placeOf } from '../model/openflow.ts';
import { inputProblem, type Problem } from '../model/problem.ts';
import type { CodeOf } from '../model/problem-codes.ts';
import { REFUSALS, refusalOf } from '../model/switch-refusals.ts';
import type { Switch, Topology } from '../model/topology.ts';
import type { Where } from '../model/where.ts';

/** What is wrong with an entry for a network, and what to do about it: sentences without a full stop. */
export interface EntryProblem {
  readonly reason: string;
  readonly remedy: string;
}

/** Every action of an entry, a group's in the order of its buckets. */
export function actionsOf(entry: Entry): readonly Action[] {
  return entry.kind === 'flow'
    ? [...entry.instructions.apply, ...entry.instructions.write]
    : entry.buckets.flatMap(({ actions }) => actions);
}

/** For a DPID that no switch has. The tutorial's mistake is to write s10 as `...:10`: a DPID is hexadecimal. */
export function unknownSwitchProblem(topology: Topology, dpid: Dpid): EntryProblem {
  const digits = dpid.replaceAll(':', '').replace(/^0+/, '');
  const asDecimal = /^\d+$/.test(digits) ? topology.switchWithDpid(dpidFromNumber(BigInt(digits))) : undefined;
  const [first] = topology.switches;
  return {
    reason: `no switch has the DPID ${dpid}`,
    remedy:
      asDecimal !== undefined
        ? `DPIDs are hexadecimal; did you mean ${asDecimal.name}, ${asDecimal.dpid}?`
        : `The switches are listed at /wm/core/controller/switches/json${first === undefined ? '' : `, e.g. ${first.name}, ${first.dpid}`}`,
  };
}

/** Ports that an entry names and its switch does not have. */
export function portProblems(topology: Topology, entry: Entry, node: Switch): readonly EntryProblem[] {
  const ports = new Set<number>(topology.neighboursOf(node.name).map(({ port }) => port));
  const remedy = `Switch ${node.name} has the ports ${[...ports].join(', ')}`;
  const problems: EntryProblem[] = [];
  const check = (port: unknown, what: string) => {
    if (typeof port !== 'number' || ports.has(port)) return;
    problems.push({ reason: `${what} ${port}: switch ${node.name} has no such port`, remedy });
  };
  if (entry.kind === 'flow') {
    const inPort = entry.match.in_port?.value;
    // Beyond 16 bits stand the reserved ports, as `local`.
    if (inPort !== undefined && inPort <= 0xffffn) check(Number(inPort), 'in_port');
  } else {
    for (const { watchPort } of entry.buckets) check(watchPort, 'bucket_watch_port');
  }
  for (const action of actionsOf(entry)) if (action.kind === 'output') check(action.port, 'output');
  return problems;
}

/** Problems stop a push; warnings are shown beside it. */
export interface EntryCheck {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/**
 * Checks entries that somebody wrote by hand against the network and what is installed there: what Floodlight would
 * accept and then lose, move or silently replace is a problem; what it would later regret is a warning.
 */
export function checkEntries(topology: Topology, installed: readonly Entry[], wanted: readonly Entry[]): EntryCheck {
  const problems: Problem[] = [];
  const swallowing: string[] = [];
  const wantedNames = new Set(wanted.map(({ name }) => name));
  const byName = new Map(installed.map((entry) => [entry.name, entry]));
  const staying = installed.filter(({ name }) => !wantedNames.has(name));
  const nameByPlace = new Map(staying.map((entry) => [placeOf(entry), entry.name]));
  const groups = new Set([...staying, ...wanted].filter(({ kind }) => kind === 'group').map(placeOf));

  for (const entry of wanted) {
    const node = topology.switchWithDpid(entry.dpid);
    const where: Where = { kind: 'entry', entry: entry.name, switch: node?.name ?? entry.dpid };
    const problem = (code: CodeOf<'input'>, { reason, remedy }: EntryProblem) =>
      problems.push(inputProblem({ code, where, cause: reason, remedy }));
    if (node === undefined) {
      problem('unknown-switch', unknownSwitchProblem(topology, entry.dpid));
      continue;
    }
    for (const wrong of portProblems(topology, entry, node)) problem('unknown-port', wrong);
    const refusal = refusalOf(entry);
    if (refusal !== undefined) {
      problem('switch-refused', {
        reason: `the switch refuses it: ${REFUSALS[refusal]} (${refusal})`,
        remedy: 'correct the entry: Open vSwitch does not take it',
      });
    }

    const namesake = byName.get(entry.name);
    if (namesake !== undefined && (namesake.dpid !== entry.dpid || namesake.kind !== entry.kind)) {
      const other = topology.switchWithDpid(namesake.dpid)?.name ?? namesake.dpid;
      problem('name-taken', {
        reason: `the name belongs to a ${namesake.kind} entry on ${other}, which would be removed`,
        remedy: `names are unique over all switches: choose another, or first labctl entries delete ${entry.name}`,
      });
    }
    const replaced = nameByPlace.get(placeOf(entry));
    if (replaced !== undefined) {
      problem('place-taken', {
        reason: `entry ${replaced} has the same ${entry.kind === 'group' ? 'group id' : 'table, priority and match'}, and would silently be replaced`,
        remedy: `push it under the name ${replaced}, or first labctl entries delete ${replaced}`,
      });
    }
    for (const action of actionsOf(entry)) {
      if (action.kind !== 'group' || groups.has(groupPlace(entry.dpid, action.groupId))) continue;
      problem('unknown-group', {
        reason: `it uses group ${action.groupId}, which ${node.name} does not have`,
        remedy: 'push the group too',
      });
    }
    const link = entry.kind === 'flow' ? swallowedLink(topology, entry, node) : undefined;
    if (link !== undefined) swallowing.push(`${entry.name} (${node.name} port ${link})`);
  }
  const warnings =
    swallowing.length === 0
      ? []
      : [
          inputProblem({
            code: 'swallows-lldp',
            where: swallowing.join(', '),
            cause:
              'matches LLDP too, the frames that show Floodlight the links at these ports. These links are lost some 35 s later, and with them paths that no entry touches',
            remedy: 'match eth_type as well: 0x0800 for IPv4, and ARP (0x0806) with an entry of its own',
          }),
        ];
  return { problems, warnings };
}

/** IEEE 802.1AB: what LLDP frames carry. */
const LLDP = { eth_type: 0x88ccn, eth_dst: 0x0180c200000en } as const;

/** A port to another switch whose LLDP frames the flow keeps from the controller; undefined when there is none. */
function swallowedLink(topology: Topology, flow: FlowEntry, node: Switch): number | undefined {
  const toController = flow.instructions.apply.some(
    (action) => action.kind === 'output' && (action.port === 'controller' || action.port === 'normal'),
  );
  if (flow.priority === 0 || flow.tableId !== 0 || toController) return undefined;
  const link = topology.neighboursOf(node.name).find(({ port, peer }) => {
    if (topology.switchNamed(peer.node) === undefined) return false;
    const frame: Partial<Record<string, bigint>> = { ...LLDP, in_port: BigInt(port) };
    return Object.entries(flow.match).every(([field, { value, mask }]) => {
      // A field that LLDP frames lack, or whose value is the sender's own: taken as not matching.
      const carried = frame[field];
      return carried !== undefined && (carried & mask) === value;
    });
  });
  return link?.port;
}
