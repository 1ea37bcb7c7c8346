import { describe, expect, it } from 'vitest';
import { uncheckedBody } from '../../../src/drivers/pusher/unchecked-body.ts';

const flow = {
  switch: '00:00:00:00:00:00:00:06',
  name: 'flow-mod-1',
  cookie: '0',
  priority: '32768',
  in_port: '1',
  active: 'true',
  actions: 'output=2',
};

const group = {
  switch: '00:00:00:00:00:00:00:06',
  entry_type: 'group',
  name: 'group-mod-1',
  active: 'true',
  group_type: 'select',
  group_id: '1',
  group_buckets: [{ bucket_id: '1', bucket_watch_group: 'any', bucket_weight: '50', bucket_actions: 'output=2' }],
};

const reasonsFor = (document: unknown) => {
  const read = uncheckedBody(document);
  return 'refusals' in read ? read.refusals.map(({ reason }) => reason) : [];
};

describe('withheld, as it would break the controller or black-hole a switch, is', () => {
  it.each([
    ['priority', 'zz'],
    ['priority', ''],
    ['priority', '0x10'],
    ['priority', 1.5],
    ['priority', null],
    // Java's Integer holds no more than 2147483647.
    ['priority', '2147483648'],
    ['priority', '9999999999'],
    ['cookie', 'zz'],
    ['cookie', '0x5'],
    ['cookie', '-2147483649'],
    ['idle_timeout', '10s'],
    ['hard_timeout', 'never'],
    ['table', '300'],
    ['table', '-1'],
    ['instruction_goto_table', 'two'],
    ['PRIORITY ', 'zz'],
  ])('a flow with %s %j', (key, value) => {
    const { priority: _, cookie: __, ...rest } = flow;
    expect(reasonsFor({ ...rest, [key]: value })).toEqual([
      expect.stringMatching(new RegExp(`^${key.toLowerCase().trim()} is not a decimal number`)),
    ]);
  });

  it.each(['false', 'yes', '', ' true', false, 1, null])('an entry with active %j', (active) => {
    expect(reasonsFor({ ...flow, active })).toEqual([expect.stringMatching(/^active is not true/)]);
  });

  it.each([
    ['tcp_dst', {}],
    ['tcp_src', { ip_proto: '17' }],
    ['udp_dst', {}],
    ['udp_src', { ip_proto: 6 }],
    ['sctp_dst', { ip_proto: 'sctp' }],
    ['TCP_DST ', {}],
    // Names that Floodlight still reads from the time of OpenFlow 1.0.
    ['tp_dst', {}],
    ['tp_src', { ip_proto: '1' }],
  ])('a match of %s with %j, which hangs the controller for good', (field, more) => {
    expect(reasonsFor({ ...flow, eth_type: '0x0800', [field]: '80', ...more })).toEqual([
      expect.stringMatching(new RegExp(`^${field.toLowerCase().trim()} without ip_proto .* hangs Floodlight for good`)),
    ]);
  });

  it('a transport port of ARP, of which Floodlight leaves ip_proto out', () => {
    expect(reasonsFor({ ...flow, eth_type: '0x0806', ip_proto: '6', tcp_dst: '80' })).toEqual([
      expect.stringContaining('may hang Floodlight'),
    ]);
  });

  it('an object among the values, whose keys Floodlight would read as the entry’s, and nothing after them', () => {
    expect(reasonsFor({ switch: flow.switch, name: 'hang', actions: { tcp_dst: '80' } })).toHaveLength(1);
    expect(reasonsFor({ switch: flow.switch, name: 'drop-all', actions: {}, in_port: '1', priority: '5' })).toEqual([
      expect.stringMatching(/^actions is an object/),
    ]);
  });

  it('write actions, which spoil the list', () => {
    expect(reasonsFor({ ...flow, instruction_write_actions: 'output=2' })).toEqual([
      expect.stringContaining('could no longer list any entry'),
    ]);
  });

  it('an empty name, which no request deletes', () => {
    expect(reasonsFor({ ...flow, name: '' })).toEqual([expect.stringContaining('its name is empty')]);
  });

  it('a key that is there twice, of which nobody knows which one counts', () => {
    expect(reasonsFor({ ...flow, Active: 'false' })).toContain('it has a key twice');
  });

  it.each([[[flow]], ['a text'], [7], [null]])('what is no JSON object: %j', (document) => {
    expect(reasonsFor(document)).toEqual(['it is not a JSON object']);
  });

  it('all that is wrong at once', () => {
    expect(reasonsFor({ ...flow, active: 'no', priority: 'high', tcp_dst: '80', name: '' })).toHaveLength(4);
  });
});

describe('let through, as it breaks nothing, is', () => {
  it.each<readonly [string, Readonly<Record<string, unknown>>]>([
    ['a correct flow', flow],
    ['a correct group', group],
    ['a flow for a switch that is not there', { ...flow, switch: '00:00:00:00:00:00:00:10' }],
    ['a malformed DPID', { ...flow, switch: 'zz:zz' }],
    ['a flow without a switch, a name or anything', {}],
    ['an unknown key', { ...flow, 'ingress-port': '1' }],
    ['entry_type on a flow', { ...flow, entry_type: 'flow' }],
    ['a port that does not exist', { ...flow, in_port: '99', actions: 'output=77' }],
    ['an unknown action', { ...flow, actions: 'fly=away' }],
    ['actions in an array, which Floodlight refuses', { ...flow, actions: ['output=2'] }],
    ['a priority out of the range of OpenFlow', { ...flow, priority: '65536' }],
    ['a priority below nought', { ...flow, priority: -1 }],
    ['numbers that are numbers', { ...flow, priority: 32768, in_port: 1, active: true }],
    ['ACTIVE in capitals', { ...flow, active: 'TRUE' }],
    ['an address without eth_type', { ...flow, ipv4_dst: '10.0.0.6' }],
    ['an eth_type that is no number', { ...flow, eth_type: '0xzz' }],
    ['a transport port with its protocol', { ...flow, eth_type: '0x0800', ip_proto: '0x06', tcp_dst: '80' }],
    ['a transport port with its protocol alone', { ...flow, ip_proto: 17, udp_dst: 53 }],
    ['a flow into the last table', { ...flow, table: '255' }],
    ['a group of no known type', { ...group, group_type: 'weird' }],
    ['a group whose buckets are a text', { ...group, group_buckets: 'none' }],
    ['a weight where Open vSwitch takes none', { ...group, group_type: 'all' }],
  ])('%s', (_, document) => {
    expect(uncheckedBody(document)).toEqual({ value: document });
  });
});
