import { expect, test } from 'vitest';
import { dpidDigits, dpidOfSwitchName, parseDpid, parseIpv4, parseMac } from '../../src/model/addresses.ts';

test.each([
  ['s1', '00:00:00:00:00:00:00:01'],
  ['s10', '00:00:00:00:00:00:00:0a'],
  ['core16edge3', '00:00:00:00:00:00:00:10'],
  ['s18446744073709551615', 'ff:ff:ff:ff:ff:ff:ff:ff'],
])("Mininet's rule gives %s the DPID %s", (name, dpid) => {
  expect(dpidOfSwitchName(name)).toBe(dpid);
});

test.each([['core'], ['s18446744073709551616'], ['s99999999999999999999']])('%s gives no DPID', (name) => {
  expect(dpidOfSwitchName(name)).toBeUndefined();
});

test.each([
  ['00:00:00:00:00:00:00:0A', '00:00:00:00:00:00:00:0a'],
  ['000000000000000a', '00:00:00:00:00:00:00:0a'],
  ['0xa', '00:00:00:00:00:00:00:0a'],
  ['10', '00:00:00:00:00:00:00:10'],
  ['zz', undefined],
  ['0:0', undefined],
  ['00000000000000000', undefined],
])('the DPID %s is read as %s', (text, dpid) => {
  expect(parseDpid(text)).toBe(dpid);
});

test('a DPID has the digits that Mininet takes', () => {
  expect(dpidDigits('00:00:00:00:00:00:00:0a' as never)).toBe('000000000000000a');
});

test('addresses with leading zeros, missing or further parts are none', () => {
  expect(['10.0.0.1', '10.0.0.01', '10.0.0', '10.0.0.1.1', '10.0.0.256', ''].map(parseIpv4)).toEqual([
    '10.0.0.1',
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(['00:00:00:00:00:0A', '0:0:0:0:0:a', '00:00:00:00:00'].map(parseMac)).toEqual([
    '00:00:00:00:00:0a',
    undefined,
    undefined,
  ]);
});
