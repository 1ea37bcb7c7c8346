import { describe, expect, it } from 'vitest';
import { decodePost } from '../../../src/drivers/pusher/post-reader.ts';
import {
  cookieOf,
  decodeGroupDescription,
  decodeListed,
  decodeSwitchFlow,
  encodeEntry,
  encodeGroupDescription,
  encodeListed,
  encodeSwitchFlow,
  readDpid,
} from '../../../src/drivers/pusher/wire.ts';
import type { Dpid } from '../../../src/model/addresses.ts';
import { exactly } from '../../../src/model/match.ts';
import type { Entry, FlowEntry } from '../../../src/model/openflow.ts';
import { recorded, recordedJson } from '../../support/fixtures/recorded-exchanges.ts';

const S6 = '00:00:00:00:00:00:00:06' as Dpid;

const tutorial: FlowEntry = {
  kind: 'flow',
  name: 'flow-mod-1',
  dpid: S6,
  tableId: 0,
  priority: 32768,
  match: { in_port: exactly('in_port', 1n) },
  instructions: { apply: [{ kind: 'output', port: 2 }], clearActions: false, write: [] },
  idleTimeoutSeconds: 0,
  hardTimeoutSeconds: 0,
};

function read(body: unknown): Entry {
  const result = decodePost(body);
  if ('refusals' in result) throw new Error(result.refusals.map(({ reason }) => reason).join('; '));
  return result.entry;
}

/** Reason and remedy of each fault. */
function faultsOf(body: unknown): readonly string[] {
  const result = decodePost(body);
  return 'refusals' in result ? result.refusals.map(({ reason, remedy }) => `${reason}. ${remedy}`) : [];
}

/** The tutorial's flow-mod-1 with other keys. */
function flowBody(changes: Record<string, unknown>): Record<string, unknown> {
  return {
    switch: S6,
    name: 'f',
    cookie: '0',
    priority: '32768',
    in_port: '1',
    active: 'true',
    actions: 'output=2',
    ...changes,
  };
}

function groupBody(changes: Record<string, unknown>, bucket: Record<string, unknown> = {}): Record<string, unknown> {
  const first = {
    bucket_id: '1',
    bucket_watch_group: 'any',
    bucket_weight: '50',
    bucket_actions: 'output=2',
    ...bucket,
  };
  const buckets = [Object.fromEntries(Object.entries(first).filter(([, value]) => value !== undefined))];
  return {
    switch: S6,
    entry_type: 'group',
    name: 'g',
    active: 'true',
    group_type: 'select',
    group_id: '1',
    group_buckets: buckets,
    ...changes,
  };
}

describe('what is posted', () => {
  it('is the body of the tutorial', () => {
    expect(encodeEntry(tutorial)).toEqual({
      switch: S6,
      name: 'flow-mod-1',
      cookie: '0',
      priority: '32768',
      in_port: '1',
      active: 'true',
      actions: 'output=2',
    });
  });

  it('names the instructions where actions would lose goto_table', () => {
    const instructions = {
      apply: [{ kind: 'output', port: 2 } as const],
      clearActions: true,
      write: [{ kind: 'group', groupId: 7 } as const],
      gotoTable: 3,
    };
    expect(encodeEntry({ ...tutorial, tableId: 1, idleTimeoutSeconds: 5, instructions })).toEqual({
      switch: S6,
      name: 'flow-mod-1',
      cookie: '0',
      priority: '32768',
      table: '1',
      idle_timeout: '5',
      in_port: '1',
      active: 'true',
      instruction_apply_actions: 'output=2',
      instruction_clear_actions: '',
      instruction_write_actions: 'group=7',
      instruction_goto_table: '3',
    });
  });

  it('always watches "any" group, and weighs the buckets of select groups only', () => {
    const buckets = [{ watchPort: 2, actions: [{ kind: 'output', port: 2 } as const] }];
    expect(
      encodeEntry({ kind: 'group', name: 'g', dpid: S6, groupId: 1, groupType: 'fast_failover', buckets }),
    ).toEqual({
      switch: S6,
      entry_type: 'group',
      name: 'g',
      active: 'true',
      group_type: 'fast_failover',
      group_id: '1',
      group_buckets: [
        { bucket_id: '1', bucket_watch_group: 'any', bucket_watch_port: '2', bucket_actions: 'output=2' },
      ],
    });
  });

  it('sets a VLAN id without the presence bit, and matches it with', () => {
    const apply = [
      { kind: 'push_vlan', ethType: 0x8100 } as const,
      { kind: 'set_field', field: 'eth_vlan_vid', value: 0x1005n } as const,
    ];
    const entry = {
      ...tutorial,
      match: { eth_vlan_vid: exactly('eth_vlan_vid', 0x1007n) },
      instructions: { ...tutorial.instructions, apply },
    };
    expect(encodeEntry(entry)).toMatchObject({
      eth_vlan_vid: '0x1007',
      actions: 'push_vlan=33024,set_field=eth_vlan_vid->5',
    });
    expect(read(encodeEntry(entry))).toEqual(entry);
  });
});

describe('what a client posts', () => {
  it('is read as the entry it means, numbers and upper-case keys included', () => {
    expect(
      read({ SWITCH: '6', ' name ': 'flow-mod-1', priority: 32768, in_port: 1, active: true, actions: 'output=2' }),
    ).toEqual(tutorial);
  });

  it('is written and read back the same', () => {
    const entry: FlowEntry = {
      ...tutorial,
      tableId: 3,
      priority: 0,
      match: {
        eth_dst: { value: 0x010000000000n, mask: 0x010000000000n },
        eth_type: exactly('eth_type', 0x0800n),
        ip_proto: exactly('ip_proto', 6n),
        ipv4_dst: { value: 0x0a000000n, mask: 0xffffff00n },
        tcp_dst: exactly('tcp_dst', 80n),
      },
      instructions: { apply: [], clearActions: false, write: [{ kind: 'output', port: 'in_port' }], gotoTable: 254 },
      hardTimeoutSeconds: 65535,
    };
    expect(read(encodeEntry(entry))).toEqual(entry);
  });

  it('may match a tag with its priority, remove the tag, and set what needs none', () => {
    const tagged = { eth_vlan_vid: '0x1005', eth_vlan_pcp: '3' };
    const entry = read(flowBody({ ...tagged, actions: 'pop_vlan,set_field=eth_dst->00:00:00:00:00:06,output=2' }));
    expect(entry).toMatchObject({
      match: { eth_vlan_pcp: { value: 3n } },
      instructions: { apply: [{ kind: 'pop_vlan' }, { kind: 'set_field', field: 'eth_dst' }, { kind: 'output' }] },
    });
  });

  it('has its buckets in the order of their ids', () => {
    const bucket = (id: string, port: number) => ({
      bucket_id: id,
      bucket_watch_group: 'any',
      bucket_actions: `output=${port}`,
    });
    const entry = read(groupBody({ group_type: 'all', group_buckets: [bucket('9', 3), bucket('2', 1)] }));
    expect(entry).toMatchObject({ buckets: [{ actions: [{ port: 1 }] }, { actions: [{ port: 3 }] }] });
  });

  it.each([
    ['an unknown key', flowBody({ foo: 'bar' }), /"foo" is unknown/],
    ['a former key', flowBody({ 'ingress-port': '1' }), /Write in_port/],
    ['another former key', flowBody({ 'ether-type': '0x0800' }), /Write eth_type/],
    ["ovs-ofctl's key", flowBody({ nw_dst: '10.0.0.1' }), /Write ipv4_dst/],
    ['the same key twice', flowBody({ IN_PORT: '2' }), /in_port twice/],
    ['no switch', flowBody({ switch: undefined }), /switch is missing/],
    ['a DPID without colons', flowBody({ switch: '000000000000000a' }), /00:00:00:00:00:00:00:0a/],
    ['an array for a name', flowBody({ name: ['f'] }), /name is an array/],
    ['an empty name', flowBody({ name: '' }), /name is empty/],
    ['active false', flowBody({ active: 'false' }), /active is "false"/],
    ['a hexadecimal cookie', flowBody({ cookie: '0x5' }), /cookie "0x5"/],
    ['a priority of 65536', flowBody({ priority: '65536' }), /priority "65536"/],
    ['a priority of 1.5', flowBody({ priority: 1.5 }), /priority "1.5"/],
    ['an empty priority', flowBody({ priority: '' }), /priority ""/],
    ['a timeout of 70000', flowBody({ hard_timeout: 70000 }), /hard_timeout "70000"/],
    ['table 255', flowBody({ table: '255' }), /table "255"/],
    ['entry_type flow', flowBody({ entry_type: 'flow' }), /Leave entry_type out/],
    ['actions in an object', flowBody({ actions: { output: '2' } }), /actions is an object/],
    ['actions in an array', flowBody({ actions: ['output=2'] }), /actions is an array/],
    ['a space after a comma', flowBody({ actions: 'output=2, output=3' }), /reads nothing from there/],
    ['two commas', flowBody({ actions: 'output=2,,output=3' }), /no action ""/],
    ['an unknown action', flowBody({ actions: 'frobnicate=1' }), /no action "frobnicate=1"/],
    ['an action named constructor', flowBody({ actions: 'constructor=1' }), /no action "constructor=1"/],
    ["OpenFlow 1.0's set_eth_dst", flowBody({ actions: 'set_eth_dst=00:00:00:00:00:06' }), /set_field=eth_dst->/],
    ['output=any', flowBody({ actions: 'output=any' }), /output=any/],
    ['output=0', flowBody({ actions: 'output=0' }), /output=0/],
    ['a set ip_proto', flowBody({ actions: 'set_field=ip_proto->6' }), /no action can set ip_proto/],
    [
      'a set address without its type',
      flowBody({ actions: 'set_field=ipv4_dst->10.0.0.6' }),
      /ipv4_dst needs eth_type/,
    ],
    ['a set VLAN id with the presence bit', flowBody({ actions: 'set_field=eth_vlan_vid->0x1005' }), /eth_vlan_vid->5/],
    ['pop_vlan without a tag', flowBody({ actions: 'pop_vlan,output=2' }), /pop_vlan needs/],
    [
      'a VLAN priority set where no tag is known',
      flowBody({ actions: 'set_field=eth_vlan_pcp->3,output=2' }),
      /set_field=eth_vlan_pcp needs eth_vlan_vid 0x1000\/0x1000.*push_vlan=0x8100/,
    ],
    [
      'a VLAN priority set after the tag is gone',
      flowBody({ actions: 'push_vlan=0x8100,pop_vlan,set_field=eth_vlan_pcp->3,output=2' }),
      /set_field=eth_vlan_pcp needs/,
    ],
    ['goto_table beside actions', flowBody({ instruction_goto_table: '2' }), /would be lost/],
    ['a goto back', flowBody({ actions: undefined, table: '2', instruction_goto_table: '2' }), /not later/],
    ['a bad MAC address', flowBody({ eth_dst: 'zz' }), /a MAC address/],
    ['a space around a value', flowBody({ eth_type: ' 0x0800' }), /space around/],
    ['a mask of nothing', flowBody({ eth_type: '0x0800', ipv4_dst: '0.0.0.0/0' }), /matches anything/],
    ['a port with a mask', flowBody({ in_port: '1/1' }), /in_port/],
    ['an address without its type', flowBody({ ipv4_dst: '10.0.0.6' }), /ipv4_dst needs eth_type 0x800/],
    [
      'a TCP port without its protocol, which hangs Floodlight',
      flowBody({ eth_type: '0x0800', tcp_dst: '80' }),
      /tcp_dst needs ip_proto/,
    ],
    ['a VLAN id without the presence bit', flowBody({ eth_vlan_vid: '5' }), /Write 0x1005/],
    ['a VLAN priority without a tag', flowBody({ eth_vlan_pcp: '3' }), /eth_vlan_pcp needs/],
    ['a group without entry_type', groupBody({ entry_type: undefined }), /"entry_type": "group"/],
    ['a group with a priority', groupBody({ priority: '1' }), /a group has none/],
    ['an unknown group type', groupBody({ group_type: 'ff' }), /"ff" is unknown/],
    ['a group without an id', groupBody({ group_id: undefined }), /group_id is missing/],
    ['buckets as text', groupBody({ group_buckets: '[]' }), /not an array/],
    ['no buckets', groupBody({ group_buckets: [] }), /drop everything/],
    [
      'a bucket without bucket_watch_group',
      groupBody({}, { bucket_watch_group: undefined }),
      /"bucket_watch_group": "any"/,
    ],
    ['a bucket without an id', groupBody({}, { bucket_id: undefined }), /no bucket_id/],
    ['a bucket with an unknown key', groupBody({}, { foo: '1' }), /"foo" of bucket 1/],
    ['a select bucket without a weight', groupBody({}, { bucket_weight: undefined }), /needs a weight/],
    ['a weight outside select', groupBody({ group_type: 'all' }), /only select groups/],
    [
      'a fast failover without a watch port',
      groupBody({ group_type: 'fast_failover' }, { bucket_weight: undefined }),
      /watch port/,
    ],
    ['null', null, /not a JSON object/],
    ['an array', [], /not a JSON object/],
  ])('is refused when it has %s', (_, body, reason) => {
    const defined =
      typeof body === 'object' && body !== null && !Array.isArray(body) ? JSON.parse(JSON.stringify(body)) : body;
    expect(faultsOf(defined).join('\n')).toMatch(reason);
  });

  it('is told every fault at once', () => {
    expect(faultsOf(flowBody({ priority: 'x', foo: '1', actions: 'output=any' }))).toHaveLength(3);
  });
});

describe('the list', () => {
  it('is read as recorded', () => {
    const list = recordedJson('match-tcp-list') as Record<string, Record<string, unknown>[]>;
    const [element] = list[S6] ?? [];
    expect(decodeListed('f-tcp', S6, element?.['f-tcp'])).toEqual({
      ...tutorial,
      name: 'f-tcp',
      match: {
        in_port: exactly('in_port', 1n),
        eth_type: exactly('eth_type', 0x0800n),
        ip_proto: exactly('ip_proto', 6n),
        tcp_dst: exactly('tcp_dst', 80n),
      },
    });
  });

  it('is written as recorded, fields in its order', () => {
    const { request } = recorded('match-eth');
    const list = recordedJson('match-eth-list') as Record<string, Record<string, unknown>[]>;
    const [element] = list[S6] ?? [];
    const body: unknown = JSON.parse(request.body ?? '');
    expect(JSON.stringify(encodeListed(read(body)))).toBe(JSON.stringify(element?.['f-me']));
  });

  it('cuts numbers to 16 bits, as the controller does on the way to the switch', () => {
    const listed = { ...encodeListed(tutorial), priority: '2147483647', idleTimeoutSec: '70000' };
    expect(decodeListed('f', S6, listed)).toMatchObject({ priority: 65535, idleTimeoutSeconds: 4464 });
  });

  it('leaves an entry that says what is not known', () => {
    const listed = { ...encodeListed(tutorial), match: { mpls_label: '5' } };
    expect(decodeListed('odd', S6, listed)).toBeUndefined();
  });
});

describe("a switch's tables", () => {
  it('are read as recorded', () => {
    const { flows } = recordedJson('gf-flow-stats') as { flows: unknown[] };
    expect(flows.map(decodeSwitchFlow)[0]).toEqual({
      tableId: 0,
      priority: 32768,
      match: { in_port: exactly('in_port', 1n) },
      instructions: { apply: [{ kind: 'group', groupId: 1 }], clearActions: false, write: [] },
      idleTimeoutSeconds: 0,
      hardTimeoutSeconds: 0,
      cookie: 45035996512850255n,
      packets: 0n,
      bytes: 0n,
      durationSeconds: 0.432,
      sendsFlowRemoved: true,
    });
  });

  it('are written as recorded', () => {
    const { flows } = recordedJson('gf-flow-stats') as { flows: unknown[] };
    const decoded = flows.map(decodeSwitchFlow).filter((flow) => flow !== undefined);
    expect(decoded.map(encodeSwitchFlow)).toEqual(flows);
    const { group_desc } = recordedJson('gf-group-desc') as { group_desc: unknown[] };
    const groups = group_desc.map(decodeGroupDescription).filter((group) => group !== undefined);
    expect(groups.map(encodeGroupDescription)).toEqual(group_desc);
  });
});

/** By hand after the source of the tag v1.2: no answer of a running 1.2 is at hand. */
describe('Floodlight 1.2', () => {
  // StatsReplySerializer.serializeFlowReply, which writes numbers as strings, and OFActionListSerializer
  const flow = {
    version: 'OF_13',
    cookie: '45035996512850255',
    tableId: '0x1',
    packetCount: '7',
    byteCount: '686',
    durationSeconds: '3',
    durationNSeconds: '500000000',
    priority: '32768',
    idleTimeoutSec: '5',
    hardTimeoutSec: '60',
    flags: '1',
    match: { in_port: '1', eth_type: '0x800', ipv4_dst: '10.0.0.6' },
    instructions: {
      instruction_apply_actions: {
        actions: 'push_vlan=33024,eth_vlan_vid=5,pop_vlan=n/a,eth_dst=00:00:00:00:00:06,output=2',
      },
    },
  };

  it('has other keys for a flow in a switch, and another text for its actions', () => {
    expect(decodeSwitchFlow(flow)).toEqual({
      tableId: 1,
      priority: 32768,
      match: {
        in_port: exactly('in_port', 1n),
        eth_type: exactly('eth_type', 0x0800n),
        ipv4_dst: exactly('ipv4_dst', 0x0a000006n),
      },
      instructions: {
        apply: [
          { kind: 'push_vlan', ethType: 0x8100 },
          { kind: 'set_field', field: 'eth_vlan_vid', value: 0x1005n },
          { kind: 'pop_vlan' },
          { kind: 'set_field', field: 'eth_dst', value: 6n },
          { kind: 'output', port: 2 },
        ],
        clearActions: false,
        write: [],
      },
      idleTimeoutSeconds: 5,
      hardTimeoutSeconds: 60,
      cookie: 45035996512850255n,
      packets: 7n,
      bytes: 686n,
      durationSeconds: 3.5,
      sendsFlowRemoved: true,
    });
  });

  it('has flags as a number, and maybe 0x twice before an eth_type', () => {
    expect(decodeSwitchFlow({ ...flow, flags: '2' })).toMatchObject({ sendsFlowRemoved: false });
    expect(decodeSwitchFlow({ ...flow, match: { eth_type: '0x0x806' } })).toMatchObject({
      match: { eth_type: exactly('eth_type', 0x0806n) },
    });
  });

  it('leaves out that eth_vlan_pcp is set, so that such a flow is not known', () => {
    const instructions = { instruction_apply_actions: { actions: 'push_vlan=33024,,output=2' } };
    expect(decodeSwitchFlow({ ...flow, instructions })).toBeUndefined();
  });

  it('has other keys for a group in a switch', () => {
    // StatsReplySerializer.serializeGroupDescReply
    const group = {
      groupType: 'SELECT',
      groupNumber: '4278190073',
      buckets: [
        { weight: '50', watchPortNumber: '-1', watchGroup: 'any', actions: 'eth_dst=00:00:00:00:00:06,output=2' },
        { weight: '50', watchPortNumber: '3', watchGroup: 'any', none: 'drop' },
      ],
    };
    expect(decodeGroupDescription(group)).toEqual({
      groupId: 4278190073,
      groupType: 'select',
      buckets: [
        {
          weight: 50,
          actions: [
            { kind: 'set_field', field: 'eth_dst', value: 6n },
            { kind: 'output', port: 2 },
          ],
        },
        { weight: 50, watchPort: 3, actions: [] },
      ],
    });
  });

  it('has the same keys in its list', () => {
    // OFFlowModSerializer.serializeFlowMod
    const listed = {
      version: 'OF_13',
      command: 'ADD',
      cookie: '45035996512850255',
      priority: '32768',
      idleTimeoutSec: '0',
      hardTimeoutSec: '0',
      outPort: 'any',
      flags: '1',
      cookieMask: '0',
      outGroup: 'any',
      match: { in_port: '1' },
      instructions: { instruction_apply_actions: { actions: 'eth_src=00:00:00:00:00:01,output=2' } },
    };
    const apply = [{ kind: 'set_field', field: 'eth_src', value: 1n }, ...tutorial.instructions.apply];
    expect(decodeListed('flow-mod-1', S6, listed)).toEqual({
      ...tutorial,
      instructions: { ...tutorial.instructions, apply },
    });
  });
});

describe('cookies and DPIDs', () => {
  it.each([
    ['f-ok', 49539594809206710n],
    ['flow-mod-1', 0xa000004039d1a6n],
    ['flow-mod-10', 0xafffffefa7cc02n],
  ])('the cookie of %s is what Floodlight made of it', (name, cookie) => {
    expect(cookieOf(name)).toBe(cookie);
  });

  it('short and upper-case DPIDs are read, those without colons are not', () => {
    expect(readDpid('6')).toBe(S6);
    expect(readDpid('00:00:00:00:00:00:00:0A')).toBe('00:00:00:00:00:00:00:0a');
    expect([readDpid('0000000000000006'), readDpid('zz'), readDpid('')]).toEqual([undefined, undefined, undefined]);
  });
});
