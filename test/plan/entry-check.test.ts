import { expect, test } from 'vitest';
import type { Dpid } from '../../src/model/addresses.ts';
import { exactly } from '../../src/model/match.ts';
import type { Entry, FlowEntry, GroupEntry } from '../../src/model/openflow.ts';
import { checkEntries } from '../../src/plan/entry-check.ts';
import { s10h10 } from '../support/fixtures/topologies.ts';
import { whereOf } from '../support/harness/input-problems.ts';

const dpid = (digits: string) => `00:00:00:00:00:00:00:${digits}` as Dpid;

/** An entry in the tutorial's manner: by in_port alone. */
function flow(name: string, on: string, inPort: number, output: number, more: Partial<FlowEntry> = {}): FlowEntry {
  return {
    kind: 'flow',
    name,
    dpid: dpid(on),
    tableId: 0,
    priority: 32768,
    match: { in_port: exactly('in_port', BigInt(inPort)) },
    instructions: { apply: [{ kind: 'output', port: output }], clearActions: false, write: [] },
    idleTimeoutSeconds: 0,
    hardTimeoutSeconds: 0,
    ...more,
  };
}

const group: GroupEntry = {
  kind: 'group',
  name: 'group-mod-1',
  dpid: dpid('06'),
  groupId: 1,
  groupType: 'select',
  buckets: [{ weight: 50, actions: [{ kind: 'output', port: 2 }] }],
};

const throughGroup = flow('through', '06', 1, 0, {
  instructions: { apply: [{ kind: 'group', groupId: 1 }], clearActions: false, write: [] },
});

function told(installed: readonly Entry[], wanted: readonly Entry[]) {
  const { problems, warnings } = checkEntries(s10h10, installed, wanted);
  return {
    problems: problems.map((problem) => `${whereOf(problem)}: ${problem.cause}. ${problem.remedy}`),
    warnings: warnings.map(whereOf),
  };
}

test("the tutorial's DPID of s10 is told to be hexadecimal", () => {
  expect(told([], [flow('flow-mod-3', '10', 4, 3)]).problems).toEqual([
    'entry flow-mod-3 on 00:00:00:00:00:00:00:10: no switch has the DPID 00:00:00:00:00:00:00:10. DPIDs are hexadecimal; did you mean s10, 00:00:00:00:00:00:00:0a?',
  ]);
});

test('a port that the switch does not have is named, with those that it has', () => {
  expect(told([], [flow('f', '06', 7, 9)]).problems).toEqual([
    'entry f on s6: in_port 7: switch s6 has no such port. Switch s6 has the ports 1, 2, 3',
    'entry f on s6: output 9: switch s6 has no such port. Switch s6 has the ports 1, 2, 3',
  ]);
});

test('a name that is taken on another switch is a problem, and on its own switch is not', () => {
  const there = [flow('f', '06', 1, 3)];
  expect(told(there, [flow('f', '09', 1, 1)]).problems).toEqual([
    'entry f on s9: the name belongs to a flow entry on s6, which would be removed. names are unique over all switches: choose another, or first labctl entries delete f',
  ]);
  expect(told(there, [flow('f', '06', 1, 2)]).problems).toEqual([]);
});

test('another entry of the same table, priority and match would silently be replaced', () => {
  expect(told([flow('old', '06', 1, 3)], [flow('new', '06', 1, 2)]).problems[0]).toContain(
    'entry old has the same table',
  );
  expect(told([flow('old', '06', 1, 3)], [flow('new', '06', 1, 2, { priority: 5 })]).problems).toEqual([]);
});

test('a flow needs its group: installed, or pushed along', () => {
  expect(told([], [throughGroup]).problems).toEqual([
    'entry through on s6: it uses group 1, which s6 does not have. push the group too',
  ]);
  expect(told([group], [throughGroup]).problems).toEqual([]);
  expect(told([], [throughGroup, group]).problems).toEqual([]);
  expect(told([{ ...group, dpid: dpid('05') }], [throughGroup]).problems).toHaveLength(1);
});

test('an entry that swallows LLDP at a link is warned of, and one at a host or for IPv4 is not', () => {
  const ipv4 = { eth_type: exactly('eth_type', 0x0800n), in_port: exactly('in_port', 3n) };
  const wanted = [
    flow('at-host', '06', 1, 3),
    flow('at-link', '06', 3, 1),
    flow('any-port', '03', 1, 2, { match: {} }),
    flow('ipv4-only', '0a', 3, 1, { match: ipv4 }),
    flow('table-miss', '05', 1, 3, { match: {}, priority: 0 }),
  ];
  expect(told([], wanted)).toEqual({ problems: [], warnings: ['at-link (s6 port 3), any-port (s3 port 2)'] });
});
