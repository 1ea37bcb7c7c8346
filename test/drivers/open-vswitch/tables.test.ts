import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ShellPool } from '../../../src/drivers/open-vswitch/shell-pool.ts';
import { OpenVSwitchTables } from '../../../src/drivers/open-vswitch/tables.ts';
import type { Dpid } from '../../../src/model/addresses.ts';
import { exactly, type Match } from '../../../src/model/match.ts';
import type { Action, Flow, Group, Instructions } from '../../../src/model/openflow.ts';
import { s10h10 } from '../../support/fixtures/topologies.ts';
import { startBridges, type TestBridges } from '../../support/harness/open-vswitch.ts';

const S6 = '00:00:00:00:00:00:00:06' as Dpid;
const DROP: Instructions = { apply: [], clearActions: false, write: [] };

function flow(match: Match, instructions: Instructions = DROP, more: Partial<Flow> = {}): Flow {
  return { tableId: 0, priority: 100, match, instructions, idleTimeoutSeconds: 0, hardTimeoutSeconds: 0, ...more };
}

const ipv4 = { eth_type: exactly('eth_type', 0x0800n) };
const ipv6 = { eth_type: exactly('eth_type', 0x86ddn) };
const arp = { eth_type: exactly('eth_type', 0x0806n) };
const proto = (number: bigint) => ({ ip_proto: exactly('ip_proto', number) });

const MATCHES: Readonly<Record<string, Match>> = {
  anything: {},
  'a port': { in_port: exactly('in_port', 1n) },
  'the local port': { in_port: exactly('in_port', 0xfffffffen) },
  'MAC addresses': { eth_dst: exactly('eth_dst', 6n), eth_src: exactly('eth_src', 1n) },
  multicast: { eth_dst: { value: 1n << 40n, mask: 1n << 40n } },
  LLDP: { eth_type: exactly('eth_type', 0x88ccn) },
  'MPLS and RARP': { eth_type: exactly('eth_type', 0x8035n) },
  'VLAN 5': { eth_vlan_vid: exactly('eth_vlan_vid', 0x1005n) },
  'VLAN 0': { eth_vlan_vid: exactly('eth_vlan_vid', 0x1000n) },
  'no VLAN': { eth_vlan_vid: exactly('eth_vlan_vid', 0n) },
  'any VLAN': { eth_vlan_vid: { value: 0x1000n, mask: 0x1000n } },
  'some VLANs': { eth_vlan_vid: { value: 0x1005n, mask: 0x100fn } },
  'VLAN 5 with priority 3': {
    eth_vlan_vid: exactly('eth_vlan_vid', 0x1005n),
    eth_vlan_pcp: exactly('eth_vlan_pcp', 3n),
  },
  'priority 3 of any VLAN': {
    eth_vlan_vid: { value: 0x1000n, mask: 0x1000n },
    eth_vlan_pcp: exactly('eth_vlan_pcp', 3n),
  },
  'an IPv4 subnet': {
    ...ipv4,
    ipv4_src: { value: 0x0a000000n, mask: 0xff000000n },
    ipv4_dst: exactly('ipv4_dst', 0x0a000006n),
  },
  'an odd IPv4 mask': { ...ipv4, ipv4_dst: { value: 0x0a000001n, mask: 0xff0000ffn } },
  'DSCP and ECN': { ...ipv4, ip_dscp: exactly('ip_dscp', 4n), ip_ecn: exactly('ip_ecn', 1n) },
  'DSCP 0': { ...ipv4, ip_dscp: exactly('ip_dscp', 0n) },
  OSPF: { ...ipv4, ...proto(89n) },
  'TCP ports': { ...ipv4, ...proto(6n), tcp_src: exactly('tcp_src', 1000n), tcp_dst: exactly('tcp_dst', 80n) },
  'UDP ports': { ...ipv4, ...proto(17n), udp_src: exactly('udp_src', 1000n), udp_dst: exactly('udp_dst', 53n) },
  'SCTP ports': { ...ipv4, ...proto(132n), sctp_src: exactly('sctp_src', 1n), sctp_dst: exactly('sctp_dst', 2n) },
  'echo requests': {
    ...ipv4,
    ...proto(1n),
    icmpv4_type: exactly('icmpv4_type', 8n),
    icmpv4_code: exactly('icmpv4_code', 0n),
  },
  'ARP requests': {
    ...arp,
    arp_opcode: exactly('arp_opcode', 1n),
    arp_spa: exactly('arp_spa', 1n),
    arp_tpa: { value: 0x0a000000n, mask: 0xffff00ffn },
  },
  'ARP hardware addresses': { ...arp, arp_sha: exactly('arp_sha', 1n), arp_tha: exactly('arp_tha', 2n) },
  'IPv6 addresses': {
    ...ipv6,
    ipv6_src: { value: 0xfe80n << 112n, mask: 0xffc0n << 112n },
    ipv6_dst: exactly('ipv6_dst', (0xfe80n << 112n) | 1n),
  },
  'TCP over IPv6': { ...ipv6, ...proto(6n), tcp_dst: exactly('tcp_dst', 80n) },
  'UDP over IPv6 from VLAN 7': {
    ...ipv6,
    ...proto(17n),
    udp_src: exactly('udp_src', 5n),
    eth_vlan_vid: exactly('eth_vlan_vid', 0x1007n),
  },
  ICMPv6: { ...ipv6, ...proto(58n) },
};

const apply = (...actions: Action[]): Instructions => ({ ...DROP, apply: actions });
const INSTRUCTIONS: Readonly<Record<string, Instructions>> = {
  drop: DROP,
  'several outputs in their order': apply({ kind: 'output', port: 3 }, { kind: 'output', port: 1 }),
  'every reserved port': apply(
    ...(['flood', 'all', 'in_port', 'local', 'normal', 'table', 'controller'] as const).map(
      (port): Action => ({ kind: 'output', port }),
    ),
  ),
  'a pushed tag': apply(
    { kind: 'push_vlan', ethType: 0x8100 },
    { kind: 'set_field', field: 'eth_vlan_vid', value: 0x1005n },
    { kind: 'set_field', field: 'eth_vlan_pcp', value: 3n },
    { kind: 'output', port: 2 },
  ),
  'set addresses': apply(
    { kind: 'set_field', field: 'eth_dst', value: 6n },
    { kind: 'set_field', field: 'ipv4_dst', value: 0x0a000006n },
    { kind: 'set_field', field: 'ipv4_src', value: 0x0a000001n },
  ),
  'set DSCP, ECN and a TCP port': apply(
    { kind: 'set_field', field: 'ip_dscp', value: 4n },
    { kind: 'set_field', field: 'ip_ecn', value: 1n },
    { kind: 'set_field', field: 'tcp_dst', value: 8080n },
  ),
  'a queue': apply({ kind: 'set_queue', queueId: 1 }, { kind: 'output', port: 2 }),
  'everything at once': {
    apply: [{ kind: 'output', port: 1 }],
    clearActions: true,
    write: [
      { kind: 'set_field', field: 'eth_dst', value: 6n },
      { kind: 'output', port: 2 },
    ],
    gotoTable: 9,
  },
  'goto_table alone': { ...DROP, gotoTable: 254 },
};

describe('the tables of Open vSwitch', () => {
  let bridges: TestBridges;
  let tables: OpenVSwitchTables;
  beforeAll(async () => {
    bridges = await startBridges(s10h10);
    tables = new OpenVSwitchTables((dpid) => bridges.socketOf(dpid));
  });
  afterEach(async () => {
    await tables.apply(S6, [
      ...(await tables.flows(S6)).map((held) => ({ kind: 'delete-flow', flow: held }) as const),
      ...(await tables.groups(S6)).map(({ groupId }) => ({ kind: 'delete-group', groupId }) as const),
    ]);
  });
  afterAll(() => bridges.stop());

  async function roundTrip(wanted: Flow): Promise<void> {
    await tables.apply(S6, [{ kind: 'add-flow', flow: wanted, cookie: 0xa000004039d1a6n }]);
    const [held, ...others] = await tables.flows(S6);
    expect(others).toEqual([]);
    expect(held).toMatchObject({ ...wanted, cookie: 0xa000004039d1a6n, sendsFlowRemoved: true });
    expect(Object.keys(held?.match ?? {}).sort()).toEqual(Object.keys(wanted.match).sort());
    await tables.apply(S6, [{ kind: 'delete-flow', flow: wanted }]);
    expect(await tables.flows(S6)).toEqual([]);
  }

  it.each(Object.entries(MATCHES))('give back a match on %s, and delete it', (_, match) => roundTrip(flow(match)));

  it.each(Object.entries(INSTRUCTIONS))('give back the instructions: %s', (_, instructions) =>
    roundTrip(flow({ ...ipv4, ...proto(6n) }, instructions)),
  );

  it('give back table, priority and timeouts, the default priority included', async () => {
    await roundTrip(flow({}, DROP, { tableId: 7, priority: 32768, idleTimeoutSeconds: 60, hardTimeoutSeconds: 300 }));
    await roundTrip(flow({}, DROP, { tableId: 253, priority: 0 }));
    await roundTrip(flow({}, DROP, { priority: 65535 }));
  });

  it('report the end of static entries only', async () => {
    await tables.apply(S6, [{ kind: 'add-flow', flow: flow({}), cookie: 0x20000000000000n }]);
    expect(await tables.flows(S6)).toMatchObject([{ sendsFlowRemoved: false, cookie: 0x20000000000000n }]);
    await tables.apply(S6, [{ kind: 'delete-flow', flow: flow({}) }]);
  });

  it.each<[string, Group]>([
    [
      'select',
      {
        groupId: 1,
        groupType: 'select',
        buckets: [
          { weight: 50, actions: [{ kind: 'output', port: 2 }] },
          { weight: 1, watchPort: 3, actions: [{ kind: 'output', port: 3 }] },
        ],
      },
    ],
    [
      'fast_failover',
      {
        groupId: 2,
        groupType: 'fast_failover',
        buckets: [
          { watchPort: 2, actions: [{ kind: 'output', port: 2 }] },
          { watchPort: 1, actions: [{ kind: 'output', port: 'in_port' }] },
        ],
      },
    ],
    [
      'all',
      {
        groupId: 3,
        groupType: 'all',
        buckets: [
          {
            actions: [
              { kind: 'set_field', field: 'eth_dst', value: 6n },
              { kind: 'output', port: 2 },
            ],
          },
          { actions: [] },
        ],
      },
    ],
    ['indirect', { groupId: 0, groupType: 'indirect', buckets: [{ actions: [{ kind: 'output', port: 1 }] }] }],
    ['empty', { groupId: 0xfffffeff, groupType: 'all', buckets: [] }],
  ])('give back a group: %s', async (_, group) => {
    await tables.apply(S6, [{ kind: 'add-group', group }]);
    expect(await tables.groups(S6)).toEqual([group]);
    await tables.apply(S6, [{ kind: 'delete-group', groupId: group.groupId }]);
    expect(await tables.groups(S6)).toEqual([]);
  });

  it('take a bundle whole or not at all, and say why not', async () => {
    const toGroup99 = flow({ in_port: exactly('in_port', 2n) }, apply({ kind: 'group', groupId: 99 }));
    const bundle = tables.apply(S6, [
      { kind: 'add-flow', flow: flow({}), cookie: 1n },
      { kind: 'add-group', group: { groupId: 5, groupType: 'all', buckets: [] } },
      { kind: 'add-flow', flow: toGroup99, cookie: 2n },
    ]);
    await expect(bundle).rejects.toMatchObject({
      problems: [
        {
          kind: 'environment',
          code: 'switch-refused',
          cause: expect.stringContaining('a group that the switch does not have'),
        },
      ],
    });
    expect(await tables.flows(S6)).toEqual([]);
    expect(await tables.groups(S6)).toEqual([]);
  });

  it('say which switch cannot be reached', async () => {
    const lost = new OpenVSwitchTables(() => '/tmp/no-such-bridge.mgmt');
    await expect(lost.flows(S6)).rejects.toMatchObject({
      problems: [{ code: 'switch-unreachable', where: { kind: 'switch', switch: S6 } }],
    });
  });

  it('say what to install where ovs-ofctl is missing', async () => {
    const bare = new OpenVSwitchTables((dpid) => bridges.socketOf(dpid), new ShellPool({ PATH: '/nonexistent' }));
    await expect(bare.flows(S6)).rejects.toMatchObject({
      problems: [{ code: 'missing-program', remedy: expect.stringContaining('openvswitch-switch') }],
    });
  });
});
