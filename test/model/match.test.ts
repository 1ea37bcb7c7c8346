import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  formatField,
  MATCH_FIELD_NAMES,
  MATCH_FIELDS,
  type MatchField,
  missingPrerequisites,
  parseField,
} from '../../src/model/match.ts';

const anyField = fc.constantFrom(...MATCH_FIELD_NAMES).chain((field) => {
  const { bits, maskable } = MATCH_FIELDS[field];
  const most = (1n << BigInt(bits)) - 1n;
  const mask = maskable ? fc.bigInt(1n, most) : fc.constant(most);
  return fc.tuple(fc.constant(field), fc.bigInt(0n, most), mask);
});

test('printing and parsing a match field are inverse, with and without a mask', () => {
  fc.assert(
    fc.property(anyField, ([field, value, mask]) => {
      const masked = { value: value & mask, mask };
      expect(parseField(field, formatField(field, masked))).toEqual(masked);
    }),
    { numRuns: 2_000 },
  );
});

test.each([
  ['ipv4_dst', '10.0.0.0/24', 0x0a000000n, 0xffffff00n],
  ['ipv4_dst', '10.0.0.9/255.255.255.0', 0x0a000000n, 0xffffff00n],
  ['eth_type', '0x0800', 0x800n, 0xffffn],
  ['eth_type', '2048', 0x800n, 0xffffn],
  ['eth_dst', '01:00:00:00:00:00/01:00:00:00:00:00', 0x010000000000n, 0x010000000000n],
  ['in_port', 'local', 0xfffffffen, 0xffffffffn],
  ['ipv6_dst', 'fe80::1/64', 0xfe80n << 112n, ((1n << 64n) - 1n) << 64n],
  ['ipv6_src', '::ffff:10.0.0.1', 0xffff0a000001n, (1n << 128n) - 1n],
] as const)('%s %s is read', (field, text, value, mask) => {
  expect(parseField(field, text)).toEqual({ value, mask });
});

test.each([
  ['ipv4_dst', '10.0.0.999'],
  ['ipv4_dst', '10.0.0.1/33'],
  ['eth_type', '0xzz'],
  ['eth_type', '65536'],
  ['in_port', '1/1'],
  ['ip_proto', 'tcp'],
  ['eth_dst', 'zz'],
  ['ipv6_dst', '1::2::3'],
  ['tcp_dst', ''],
] as const)('%s %j is refused', (field, text) => {
  expect(parseField(field, text)).toBeUndefined();
});

test('what a field needs is told: a tcp_dst alone hangs Floodlight for good', () => {
  const match = (fields: Partial<Record<MatchField, string>>) =>
    Object.fromEntries(Object.entries(fields).map(([field, text]) => [field, parseField(field as MatchField, text)]));
  expect(missingPrerequisites(match({ tcp_dst: '80' }))).toEqual(['tcp_dst needs ip_proto 0x6']);
  expect(missingPrerequisites(match({ ip_proto: '6', tcp_dst: '80' }))).toEqual([
    'ip_proto needs eth_type 0x800 or 0x86dd',
  ]);
  expect(missingPrerequisites(match({ eth_type: '0x806', ipv4_dst: '10.0.0.1' }))).toEqual([
    'ipv4_dst needs eth_type 0x800, not 0x806',
  ]);
  expect(missingPrerequisites(match({ eth_type: '0x800', ip_proto: '6', tcp_dst: '80' }))).toEqual([]);
  expect(missingPrerequisites(match({ eth_vlan_pcp: '3' }))).toEqual(['eth_vlan_pcp needs eth_vlan_vid 0x1000/0x1000']);
  expect(missingPrerequisites(match({ eth_vlan_pcp: '3', eth_vlan_vid: '0' }))).toEqual([
    'eth_vlan_pcp needs eth_vlan_vid 0x1000/0x1000, not 0x0',
  ]);
  for (const vid of ['0x1000/0x1000', '0x1005']) {
    expect(missingPrerequisites(match({ eth_vlan_pcp: '3', eth_vlan_vid: vid }))).toEqual([]);
  }
});
