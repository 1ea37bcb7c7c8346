import { describe, expect, test } from 'vitest';
import type { MatchField } from '../../src/model/match.ts';
import type { Course } from '../../src/sim/course.ts';
import { arpReply, arpRequest, ECHO_REQUEST, echo, type Packet } from '../../src/sim/packet.ts';
import { Pipeline, type SwitchEntries } from '../../src/sim/pipeline.ts';
import { flow, group, output, popVlan, pushVlan, setField, toGroup } from '../support/fixtures/entries.ts';

// Expected outcomes are those of ONF TS-006 (OpenFlow 1.3.1), whose sections are cited, and where Open vSwitch differs,
// which is said, those of ofproto/trace on Open vSwitch 3.1.

const h1 = { mac: 0x0000_0000_0001, ip: 0x0a000001 };
const h2 = { mac: 0xa2b2_c2d2_e2f2, ip: 0x0a000002 };
const ping = echo(ECHO_REQUEST, h1, h2);
const arp = arpRequest(h1, h2.ip);

/** What a switch does: `2` an output, `2 {eth_dst=...}` of a changed packet, else the fate; `and` for copies. */
function done(course: Course, sent: Packet): string {
  switch (course.kind) {
    case 'match':
    case 'bucket':
      return done(course.next, sent);
    case 'copies':
      return course.of.map((part) => done(part, sent)).join(' and ');
    case 'choice':
      return `(${course.of.map((part) => done(part, sent)).join(' or ')})`;
    case 'output': {
      const before = sent.describe();
      const after = course.packet.describe();
      const changes = [...new Set([...Object.keys(before), ...Object.keys(after)])]
        .filter((field) => before[field] !== after[field])
        .map((field) => `${field}=${after[field] ?? 'none'}`);
      const port = course.missedTable === undefined ? `${course.port}` : `miss in ${course.missedTable}`;
      return changes.length === 0 ? port : `${port} {${changes.join()}}`;
    }
    case 'end':
      return course.fate.kind;
  }
}

/** @param packet comes by port 1; ports 1 to 4 are live */
function whatHappens({ flows = [], groups = [] }: Partial<SwitchEntries>, packet: Packet = ping): string {
  const pipeline = new Pipeline({ flows, groups }, (port) => port <= 4);
  return done(pipeline.process(packet, 1), packet);
}

const to = (port: number) => [output(port)];

describe('matching (sections 5.3 and 7.2.3)', () => {
  test('the entry of the highest priority that matches decides', () => {
    const flows = [
      flow({ priority: 10, apply: to(2) }),
      flow({ priority: 30, match: { eth_type: '0x0806' }, apply: to(3) }),
      flow({ priority: 20, match: { eth_type: '0x0800' }, apply: to(4) }),
    ];
    expect(whatHappens({ flows })).toBe('4');
    expect(whatHappens({ flows }, arp)).toBe('3');
  });

  test('priority 0 and priority 65535 count as any other', () => {
    const flows = [
      flow({ priority: 0, apply: to(2) }),
      flow({ priority: 65535, match: { in_port: '1' }, apply: to(3) }),
    ];
    expect(whatHappens({ flows })).toBe('3');
    expect(whatHappens({ flows: flows.slice(0, 1) })).toBe('2');
  });

  test.each<[MatchField, Packet, string, string]>([
    ['in_port', ping, '1', '2'],
    ['eth_dst', ping, 'a2:b2:c2:d2:e2:f2', 'a2:b2:c2:d2:e2:f3'],
    ['eth_dst', ping, 'a2:b2:c2:d2:e2:f2', '22:b2:c2:d2:e2:f2'],
    ['eth_dst', arp, 'ff:ff:ff:ff:ff:ff', 'a2:b2:c2:d2:e2:f2'],
    ['eth_src', ping, '00:00:00:00:00:01', '01:00:00:00:00:01'],
    ['eth_type', ping, '0x0800', '0x0806'],
    ['eth_type', arp, '0x0806', '0x0800'],
    ['eth_vlan_vid', ping, '0', '0x1000'],
    ['ip_dscp', ping, '0', '46'],
    ['ip_ecn', ping, '0', '1'],
    ['ip_proto', ping, '1', '6'],
    ['ipv4_src', ping, '10.0.0.1', '10.0.0.2'],
    ['ipv4_dst', ping, '10.0.0.2', '138.0.0.2'],
    ['icmpv4_type', ping, '8', '0'],
    ['icmpv4_code', ping, '0', '1'],
    ['arp_opcode', arp, '1', '2'],
    ['arp_opcode', arpReply(h2, h1), '2', '1'],
    ['arp_spa', arp, '10.0.0.1', '10.0.0.2'],
    ['arp_tpa', arp, '10.0.0.2', '10.0.0.1'],
    ['arp_sha', arp, '00:00:00:00:00:01', 'a2:b2:c2:d2:e2:f2'],
    ['arp_tha', arp, '00:00:00:00:00:00', 'ff:ff:ff:ff:ff:ff'],
    ['arp_tha', arpReply(h1, h2), 'a2:b2:c2:d2:e2:f2', '00:00:00:00:00:00'],
  ])('%s of a packet matches its own value and no other', (field, packet, own, other) => {
    expect(whatHappens({ flows: [flow({ match: { [field]: own }, apply: to(2) })] }, packet)).toBe('2');
    expect(whatHappens({ flows: [flow({ match: { [field]: other }, apply: to(2) })] }, packet)).toBe('miss in 0');
  });

  test.each<[MatchField, Packet, string, string]>([
    ['eth_dst', ping, 'a2:b2:00:00:00:00/ff:ff:00:00:00:00', 'a2:b3:00:00:00:00/ff:ff:00:00:00:00'],
    ['eth_dst', arp, '01:00:00:00:00:00/01:00:00:00:00:00', '00:00:00:00:00:00/01:00:00:00:00:00'],
    ['eth_src', ping, '00:00:00:00:00:01/00:00:00:00:00:0f', '00:00:00:00:00:02/00:00:00:00:00:0f'],
    ['ipv4_src', ping, '10.0.0.0/8', '11.0.0.0/8'],
    ['ipv4_dst', ping, '10.0.0.2/31', '10.0.0.0/31'],
    ['ipv4_dst', ping, '0.0.0.0/0.255.255.253', '0.0.0.1/0.255.255.253'],
    ['ipv4_dst', ping, '10.9.9.2/255.0.0.255', '10.0.0.3/255.0.0.255'],
    ['arp_spa', arp, '10.0.0.0/24', '10.0.1.0/24'],
    ['arp_tpa', arp, '10.0.0.0/255.255.255.252', '10.0.0.4/255.255.255.252'],
    ['arp_sha', arp, '00:00:00:00:00:01/ff:00:00:00:00:ff', '01:00:00:00:00:01/ff:00:00:00:00:ff'],
    ['arp_tha', arpReply(h1, h2), 'a0:00:00:00:00:02/f0:00:00:00:00:0f', 'b0:00:00:00:00:02/f0:00:00:00:00:0f'],
  ])('%s with a mask compares the bits of the mask only', (field, packet, like, unlike) => {
    expect(whatHappens({ flows: [flow({ match: { [field]: like }, apply: to(2) })] }, packet)).toBe('2');
    expect(whatHappens({ flows: [flow({ match: { [field]: unlike }, apply: to(2) })] }, packet)).toBe('miss in 0');
  });

  test.each<[MatchField, Packet, string]>([
    ['arp_spa', ping, '0.0.0.0/0'],
    ['arp_opcode', ping, '0'],
    ['ipv4_dst', arp, '0.0.0.0/0'],
    ['ip_proto', arp, '1'],
    ['icmpv4_type', arp, '0'],
    ['tcp_src', ping, '0'],
    ['tcp_dst', ping, '0'],
    ['udp_src', ping, '8'],
    ['udp_dst', ping, '0'],
    ['sctp_src', ping, '0'],
    ['sctp_dst', ping, '0'],
    ['eth_vlan_pcp', ping, '0'],
    ['ipv6_src', ping, '::'],
    ['ipv6_dst', arp, '::/0'],
  ])('%s is matched by no packet that lacks it', (field, packet, text) => {
    expect(whatHappens({ flows: [flow({ match: { [field]: text }, apply: to(2) })] }, packet)).toBe('miss in 0');
  });

  test('all fields of a match must match', () => {
    const match = { in_port: '1', eth_type: '0x0800', ipv4_src: '10.0.0.1', ipv4_dst: '10.0.0.2', ip_proto: '1' };
    expect(whatHappens({ flows: [flow({ match, apply: to(2) })] })).toBe('2');
    for (const [field, text] of [
      ['in_port', '2'],
      ['ipv4_src', '10.0.0.3'],
      ['ip_proto', '6'],
    ]) {
      const flows = [flow({ match: { ...match, [field as string]: text }, apply: to(2) })];
      expect(whatHappens({ flows })).toBe('miss in 0');
    }
  });

  test('OFPVID_NONE matches without a tag, OFPVID_PRESENT with its mask any tag (table 13)', () => {
    const flows = [
      flow({ match: { eth_vlan_vid: '0' }, apply: to(2) }),
      flow({ match: { eth_vlan_vid: '0x1000/0x1000' }, apply: to(3) }),
      flow({ priority: 200, match: { eth_vlan_vid: '0x1005' }, apply: to(4) }),
    ];
    expect(whatHappens({ flows })).toBe('2');
    expect(whatHappens({ flows }, ping.pushVlan(0x8100))).toBe('3');
    expect(whatHappens({ flows }, ping.pushVlan(0x8100).with('eth_vlan_vid', 5))).toBe('4');
  });

  test('a packet with a tag has the priority of the tag, and the Ethernet type of what is in it', () => {
    const flows = [flow({ match: { eth_type: '0x0800', eth_vlan_pcp: '3' }, apply: to(2) })];
    expect(whatHappens({ flows }, ping.pushVlan(0x8100).with('eth_vlan_pcp', 3))).toBe('2');
    expect(whatHappens({ flows }, ping.pushVlan(0x8100))).toBe('miss in 0');
  });

  test('of two entries with one table, priority and match the later counts (section 6.4)', () => {
    const match = { eth_type: '0x0800', ipv4_dst: '10.0.0.0/8' };
    const flows = [flow({ match, apply: to(2) }), flow({ match, apply: to(3) })];
    expect(whatHappens({ flows })).toBe('3');
    expect(whatHappens({ flows: [...flows].reverse() })).toBe('2');
  });

  test('entries of one match and different priorities are two entries', () => {
    const flows = [flow({ priority: 7, apply: to(2) }), flow({ priority: 6, apply: to(3) })];
    expect(whatHappens({ flows })).toBe('2');
  });

  test('which of overlapping entries of one priority decides is undefined, unless they do the same', () => {
    const flows = [
      flow({ match: { eth_type: '0x0800' }, apply: to(2) }),
      flow({ match: { eth_src: '00:00:00:00:00:01' }, apply: to(3) }),
    ];
    expect(whatHappens({ flows })).toBe('(2 or 3)');
    expect(whatHappens({ flows }, arp)).toBe('3');
    const alike = [...flows.slice(0, 1), flow({ match: { in_port: '1' }, apply: to(2) })];
    expect(whatHappens({ flows: alike })).toBe('2');
    const decided = [...flows, flow({ priority: 101, match: { ip_proto: '1' }, apply: to(4) })];
    expect(whatHappens({ flows: decided })).toBe('4');
  });
});

describe('table-miss (section 5.4)', () => {
  test('an empty table, a table without a matching entry, and a table that is not there are a miss', () => {
    expect(whatHappens({})).toBe('miss in 0');
    expect(whatHappens({ flows: [flow({ match: { in_port: '9' } })] })).toBe('miss in 0');
    expect(whatHappens({ flows: [flow({ goto: 200 })] })).toBe('miss in 200');
  });

  test('a table-miss entry decides where it stands', () => {
    const flows = [flow({ priority: 0, apply: to(2) }), flow({ match: { eth_type: '0x0806' }, apply: to(3) })];
    expect(whatHappens({ flows })).toBe('2');
  });

  test('the action set so far is carried out on a miss in a later table, as Open vSwitch does', () => {
    expect(whatHappens({ flows: [flow({ write: to(2), goto: 1 })] })).toBe('2');
  });
});

describe('instructions (section 5.9)', () => {
  test('an entry without instructions drops', () => {
    expect(whatHappens({ flows: [flow({})] })).toBe('dropped');
  });

  test('actions that send nowhere drop, too', () => {
    expect(whatHappens({ flows: [flow({ apply: [setField('eth_dst', '00:00:00:00:00:09')] })] })).toBe('dropped');
    expect(whatHappens({ flows: [flow({ write: [setField('eth_dst', '00:00:00:00:00:09')] })] })).toBe('dropped');
  });

  test('apply acts at once, write at the end of the pipeline', () => {
    const flows = [
      flow({ apply: to(2), write: to(3), goto: 1 }),
      flow({ table: 1, apply: [setField('eth_src', '00:00:00:00:00:09'), output(4)] }),
    ];
    expect(whatHappens({ flows })).toBe('2 and 4 {eth_src=00:00:00:00:00:09} and 3 {eth_src=00:00:00:00:00:09}');
  });

  test('clear_actions empties the set of the tables before, then the entry writes its own', () => {
    const first = flow({ write: to(2), goto: 1 });
    expect(whatHappens({ flows: [first, flow({ table: 1, clear: true })] })).toBe('dropped');
    expect(whatHappens({ flows: [first, flow({ table: 1, clear: true, write: to(3) })] })).toBe('3');
  });

  test('goto_table goes on with the packet as actions left it', () => {
    const flows = [
      flow({ apply: [setField('ipv4_dst', '10.0.0.3')], goto: 3 }),
      flow({ table: 3, match: { eth_type: '0x0800', ipv4_dst: '10.0.0.3' }, apply: to(2) }),
      flow({ table: 3, match: { eth_type: '0x0800', ipv4_dst: '10.0.0.2' }, apply: to(3) }),
    ];
    expect(whatHappens({ flows })).toBe('2 {ipv4_dst=10.0.0.3}');
  });

  test('what a later table writes takes the place of an earlier action of its type (section 5.10)', () => {
    const flows = [
      flow({ write: [setField('eth_dst', '00:00:00:00:00:07'), setField('ip_dscp', '5'), output(2)], goto: 1 }),
      flow({ table: 1, write: [setField('eth_dst', '00:00:00:00:00:08'), output(3)] }),
    ];
    expect(whatHappens({ flows })).toBe('3 {eth_dst=00:00:00:00:00:08,ip_dscp=0x5}');
  });

  test('set_queue decides nothing about where a packet goes', () => {
    expect(whatHappens({ flows: [flow({ apply: [{ kind: 'set_queue', queueId: 1 }, output(2)] })] })).toBe('2');
    expect(whatHappens({ flows: [flow({ write: [{ kind: 'set_queue', queueId: 1 }] })] })).toBe('dropped');
  });
});

describe('action lists and action sets (sections 5.10 to 5.12)', () => {
  test('a list sends each output what the actions before it have made', () => {
    const apply = [output(2), setField('eth_dst', '00:00:00:00:00:07'), output(3), setField('ip_dscp', '9'), output(2)];
    expect(whatHappens({ flows: [flow({ apply })] })).toBe(
      '2 and 3 {eth_dst=00:00:00:00:00:07} and 2 {eth_dst=00:00:00:00:00:07,ip_dscp=0x9}',
    );
  });

  test('a set is carried out as pop, push, set, output, in whatever order it was written', () => {
    const write = [output(2), setField('eth_vlan_vid', '0x1007'), pushVlan, popVlan];
    expect(whatHappens({ flows: [flow({ write })] })).toBe('2 {eth_vlan_vid=0x1007,eth_vlan_pcp=0}');
    const tagged = ping.pushVlan(0x8100).with('eth_vlan_vid', 3).with('eth_vlan_pcp', 6);
    expect(whatHappens({ flows: [flow({ write })] }, tagged)).toBe('2 {eth_vlan_vid=0x1007,eth_vlan_pcp=0}');
  });

  test('a set with a group ignores its output', () => {
    const groups = [group(1, 'indirect', to(3))];
    expect(whatHappens({ flows: [flow({ write: [toGroup(1), output(2)] })], groups })).toBe('3');
    expect(whatHappens({ flows: [flow({ write: [output(2), toGroup(1)] })], groups })).toBe('3');
  });

  test('set-field changes fields that a packet has, and nothing where it has none', () => {
    const apply = [setField('arp_tpa', '10.0.0.9'), setField('tcp_dst', '80'), setField('ipv4_src', '10.0.0.9')];
    expect(whatHappens({ flows: [flow({ apply: [...apply, output(2)] })] })).toBe('2 {ipv4_src=10.0.0.9}');
    expect(whatHappens({ flows: [flow({ apply: [...apply, output(2)] })] }, arp)).toBe('2 {arp_tpa=10.0.0.9}');
  });

  test('a VLAN id is set in a tag only, and keeps saying that there is one', () => {
    const set = setField('eth_vlan_vid', '0x1005');
    expect(whatHappens({ flows: [flow({ apply: [set, output(2)] })] })).toBe('2');
    expect(whatHappens({ flows: [flow({ apply: [pushVlan, set, output(2), popVlan, output(3)] })] })).toBe(
      '2 {eth_vlan_vid=0x1005,eth_vlan_pcp=0} and 3',
    );
  });

  test('pop_vlan leaves a packet without a tag alone', () => {
    expect(whatHappens({ flows: [flow({ apply: [popVlan, output(2)] })] })).toBe('2');
  });

  test('a tag is seen by the tables that follow', () => {
    const flows = [
      flow({ apply: [pushVlan, setField('eth_vlan_vid', '0x1005')], goto: 1 }),
      flow({ table: 1, match: { eth_vlan_vid: '0x1005' }, apply: [popVlan, output(2)] }),
      flow({ table: 1, priority: 1, apply: to(3) }),
    ];
    expect(whatHappens({ flows })).toBe('2');
  });
});

describe('reserved ports (section 4.5)', () => {
  test('table sends through the first table again, and what follows it in the list is done all the same', () => {
    const flows = [
      flow({ apply: [setField('eth_dst', '00:00:00:00:00:09'), output('table'), output(3)] }),
      flow({ priority: 200, match: { eth_dst: '00:00:00:00:00:09' }, apply: to(2) }),
    ];
    expect(whatHappens({ flows })).toBe('2 {eth_dst=00:00:00:00:00:09} and 3 {eth_dst=00:00:00:00:00:09}');
  });

  test('a packet that table sends round for ever is lost, its copies too, as Open vSwitch drops it', () => {
    expect(whatHappens({ flows: [flow({ apply: [output(2), output('table'), output(3)] })] })).toBe('table-circle');
  });

  test('a packet may come back to the first table 64 times and no more', () => {
    // A tag's id counts down from one return to the next.
    const countdown = (from: number) => [
      flow({
        apply: [pushVlan, setField('eth_vlan_vid', `${0x1000 + from}`), output('table')],
        match: { eth_vlan_vid: '0' },
      }),
      ...Array.from({ length: from }, (_, index) =>
        flow({
          match: { eth_vlan_vid: `${0x1001 + index}` },
          apply: [setField('eth_vlan_vid', `${0x1000 + index}`), output('table')],
        }),
      ),
      flow({ match: { eth_vlan_vid: '0x1000' }, apply: [popVlan, output(2)] }),
    ];
    expect(whatHappens({ flows: countdown(63) })).toBe('2');
    expect(whatHappens({ flows: countdown(64) })).toBe('table-circle');
  });
});

describe('groups (section 5.6)', () => {
  const flows = [flow({ apply: [toGroup(1)] })];

  test('all sends a copy to every bucket, live or not, each from the packet as it came', () => {
    const groups = [
      group(1, 'all', [setField('eth_dst', '00:00:00:00:00:07'), output(2)], { watchPort: 9, actions: to(3) }, [
        setField('ip_dscp', '7'),
        output(4),
      ]),
    ];
    expect(whatHappens({ flows, groups })).toBe('2 {eth_dst=00:00:00:00:00:07} and 3 and 4 {ip_dscp=0x7}');
  });

  test('indirect has one bucket', () => {
    expect(whatHappens({ flows, groups: [group(1, 'indirect', to(2))] })).toBe('2');
  });

  test('select sends to one of its live buckets, of which the switch chooses', () => {
    const select = group(
      1,
      'select',
      { weight: 1, actions: to(2) },
      { weight: 5, watchPort: 9, actions: to(3) },
      { weight: 1, watchPort: 4, actions: to(4) },
    );
    expect(whatHappens({ flows, groups: [select] })).toBe('(2 or 4)');
    expect(whatHappens({ flows, groups: [{ ...select, buckets: select.buckets.slice(0, 2) }] })).toBe('2');
  });

  test('a bucket of weight 0 is never chosen', () => {
    const groups = [group(1, 'select', { weight: 0, actions: to(2) }, { weight: 1, actions: to(3) })];
    expect(whatHappens({ flows, groups })).toBe('3');
  });

  test('fast_failover sends to its first live bucket', () => {
    const bucket = (port: number) => ({ watchPort: port, actions: to(port) });
    expect(whatHappens({ flows, groups: [group(1, 'fast_failover', bucket(8), bucket(3), bucket(2))] })).toBe('3');
  });

  test('without a live bucket a packet goes nowhere', () => {
    const dead = { watchPort: 9, actions: to(2) };
    expect(whatHappens({ flows, groups: [group(1, 'fast_failover', dead, dead)] })).toBe('no-live-bucket');
    expect(whatHappens({ flows, groups: [group(1, 'select', { weight: 1, ...dead })] })).toBe('no-live-bucket');
    expect(whatHappens({ flows, groups: [group(1, 'all')] })).toBe('no-live-bucket');
  });

  test('a bucket is an action set: it is carried out in the order of sets, and drops without an output', () => {
    expect(
      whatHappens({ flows, groups: [group(1, 'indirect', [output(2), setField('ip_dscp', '7'), output(3)])] }),
    ).toBe('3 {ip_dscp=0x7}');
    expect(whatHappens({ flows, groups: [group(1, 'indirect', [setField('ip_dscp', '7')])] })).toBe('bucket-drops');
    expect(whatHappens({ flows, groups: [group(1, 'indirect', [])] })).toBe('bucket-drops');
  });

  test("a group's buckets work on copies: what follows it in a list has the packet as it was (section 5.10.1)", () => {
    const groups = [group(1, 'indirect', [setField('ip_dscp', '7'), output(2)])];
    expect(whatHappens({ flows: [flow({ apply: [toGroup(1), output(3)] })], groups })).toBe('2 {ip_dscp=0x7} and 3');
  });

  test('groups chain, and each hands on what it made of the packet', () => {
    const groups = [
      group(1, 'all', [setField('ip_dscp', '7'), toGroup(2)], to(4)),
      group(2, 'indirect', [setField('ip_ecn', '1'), output(2)]),
    ];
    expect(whatHappens({ flows, groups })).toBe('2 {ip_dscp=0x7,ip_ecn=0x1} and 4');
  });

  test('one group may be used twice by one packet', () => {
    const groups = [group(1, 'all', [toGroup(2)], [setField('ip_dscp', '7'), toGroup(2)]), group(2, 'indirect', to(2))];
    expect(whatHappens({ flows, groups })).toBe('2 and 2 {ip_dscp=0x7}');
  });

  test('a group that is not there gets nothing, and other copies go on', () => {
    const groups = [group(1, 'all', [toGroup(9)], to(2))];
    expect(whatHappens({ flows, groups })).toBe('missing-group and 2');
    expect(whatHappens({ flows: [flow({ write: [toGroup(9), output(2)] })] })).toBe('missing-group');
  });

  test('a circle of groups loses all copies, as Open vSwitch drops the packet', () => {
    expect(whatHappens({ flows, groups: [group(1, 'indirect', [toGroup(1)])] })).toBe('group-circle');
    const groups = [group(1, 'all', to(2), [toGroup(2)]), group(2, 'indirect', [toGroup(1)])];
    expect(whatHappens({ flows: [flow({ apply: [output(3), toGroup(1), output(4)] })], groups })).toBe('group-circle');
  });

  test('a circle that a select group may leave loses all copies only perhaps', () => {
    const groups = [group(1, 'select', { weight: 1, actions: to(2) }, { weight: 1, actions: [toGroup(1)] })];
    expect(whatHappens({ flows, groups })).toBe('(2 or group-circle)');
    expect(whatHappens({ flows: [flow({ apply: [output(3), toGroup(1)] })], groups })).toBe(
      '(3 and (2 or group-circle) or (2 or group-circle))',
    );
  });

  test('64 groups may stand in a chain, as in Open vSwitch', () => {
    const chain = (length: number) =>
      Array.from({ length }, (_, index) =>
        group(index + 1, 'indirect', index + 1 < length ? [toGroup(index + 2)] : to(2)),
      );
    expect(whatHappens({ flows, groups: chain(64) })).toBe('2');
    expect(whatHappens({ flows: [flow({ apply: [output(3), toGroup(1)] })], groups: chain(65) })).toBe(
      'group-chain-too-long',
    );
  });
});

describe('bad input', () => {
  const flows = [flow({ apply: [toGroup(1)] })];

  test('a chain of 10,000 groups ends', () => {
    const groups = Array.from({ length: 10_000 }, (_, index) => group(index + 1, 'indirect', [toGroup(index + 2)]));
    expect(whatHappens({ flows, groups })).toBe('group-chain-too-long');
  });

  test('groups that multiply end: 2 to the power of 60 copies', () => {
    const groups = Array.from({ length: 60 }, (_, index) => {
      const next = index < 59 ? [toGroup(index + 2)] : to(2);
      return group(index + 1, 'all', next, next);
    });
    expect(whatHappens({ flows, groups })).toContain('unforeseeable');
  });

  test('100,000 buckets that are all to be used end', () => {
    const groups = [group(1, 'all', ...Array.from({ length: 100_000 }, () => to(2)))];
    expect(whatHappens({ flows, groups })).toBe('unforeseeable');
  });

  test('a goto back, which switches refuse, ends', () => {
    expect(whatHappens({ flows: [flow({ goto: 0 })] })).toBe('table-circle');
    const circle = [flow({ apply: to(2), goto: 5 }), flow({ table: 5, goto: 3 }), flow({ table: 3, goto: 5 })];
    expect(whatHappens({ flows: circle })).toBe('table-circle');
  });

  test('a goto through all 255 tables reaches the last', () => {
    const tables = Array.from({ length: 254 }, (_, table) => flow({ table, goto: table + 1 }));
    expect(whatHappens({ flows: [...tables, flow({ table: 254, apply: to(2) })] })).toBe('2');
  });

  test('30,000 entries on one switch, with 4,000 different masks, decide as few do', () => {
    const flows = Array.from({ length: 30_000 }, (_, index) => {
      const mask = `0.${index % 16}.${Math.floor(index / 16) % 250}.255`;
      return flow({
        priority: 1 + (index % 50),
        match: { eth_type: '0x0800', ipv4_dst: `10.7.7.${index % 2}/${mask}` },
      });
    });
    const wanted = flow({ priority: 40, match: { eth_type: '0x0800', ipv4_dst: '10.0.0.2' }, apply: to(2) });
    expect(whatHappens({ flows: [...flows, wanted] })).toBe('2');
    expect(whatHappens({ flows })).toBe('miss in 0');
  });

  test('an action list of 20,000 outputs sends them all', () => {
    const apply = Array.from({ length: 20_000 }, () => output(2));
    expect(whatHappens({ flows: [flow({ apply })] }).split(' and ')).toHaveLength(20_000);
  });
});
