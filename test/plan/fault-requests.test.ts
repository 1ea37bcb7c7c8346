import { describe, expect, test } from 'vitest';
import { portNumber } from '../../src/model/addresses.ts';
import { describeFault, type Fault } from '../../src/model/fault.ts';
import { checkedFault, randomFaults, requestedLink } from '../../src/plan/fault-requests.ts';
import { topologyOf } from '../support/fixtures/topologies.ts';

const ring = topologyOf(6, [
  [1, 2],
  [2, 3],
  [3, 4],
  [4, 5],
  [5, 6],
  [6, 1],
]);
const link = (a: string, b: string): Fault => ({ kind: 'link', between: [a, b] });

describe('a fault that is named', () => {
  test('is the link that the topology has, whichever end comes first', () => {
    expect(checkedFault(ring, link('s2', 's1'))).toEqual(link('s1', 's2'));
    expect(checkedFault(ring, link('s1', 'h1'))).toEqual(link('h1', 's1'));
  });

  test.each([
    [link('s1', 's9'), /s1-s9: there is no s9[\s\S]*the links are h1-s1/],
    [link('s1', 's3'), /s1-s3: no link joins s1 and s3[\s\S]*s1 is linked to h1, s2, s6/],
    [link('s1', 's1'), /no link joins s1 and s1/],
    [{ kind: 'switch', name: 'h1' }, /this is a host, not a switch[\s\S]*the switches are s1, s2/],
    [{ kind: 'switch', name: 's9' }, /there is no such switch/],
  ] as const)('%j is refused with what there is', (fault, message) => {
    expect(() => checkedFault(ring, fault)).toThrow(message);
  });
});

describe('one of several links', () => {
  const parallel = topologyOf(3, [
    [1, 2],
    [2, 1],
    [2, 3],
  ]);
  const second = { kind: 'link', between: ['s1', 's2'], ports: [portNumber(3), portNumber(3)] } as const;

  test('is named as the first of them has its ends', () => {
    expect(checkedFault(parallel, { ...second, between: ['s2', 's1'] })).toEqual(second);
    expect(checkedFault(parallel, second)).toEqual(second);
  });

  test('is no other than all where there is one only', () => {
    const only = { kind: 'link', between: ['s3', 's2'], ports: [portNumber(2), portNumber(4)] } as const;
    expect(checkedFault(parallel, only)).toEqual(link('s2', 's3'));
  });

  test.each([
    ['s1', /s1: s1 is one end of a link[\s\S]*s1-h1, or the port of one link, as in s1:1/],
    ['s1:9', /s1:9: s1 has no link at port 9[\s\S]*1 to h1, 2 to s2, 3 to s2/],
    ['s9:1', /s9:1: there is no s9/],
    ['s1-s3', /s1-s3: no link joins s1 and s3[\s\S]*s1 is linked to h1, s2/],
    ['s1-eth3', /s1-eth3: there is no eth3/],
  ])('%s is refused with what there is', (text, message) => {
    expect(() => requestedLink(parallel, text)).toThrow(message);
  });

  test('that is left when another is down can be picked at random, and nothing else of them', () => {
    const rest = parallel.withFaults([second]);
    for (const seed of [1, 2, 3, 4, 5]) {
      const picked = randomFaults(rest, { seed, count: 2, withSwitches: false });
      expect(picked.map(describeFault).sort()).toEqual(['s1:2-s2:2', 's2-s3']);
    }
  });
});

describe('random faults', () => {
  const picked = (seed: number, count: number, withSwitches: boolean, topology = ring) =>
    randomFaults(topology, { seed, count, withSwitches }).map(describeFault).join(' ');

  // Computed with another program by the definition of mulberry32.
  test.each([
    [0, 's2-s3 s1-s2 s3-s4', 's4-s5 s1-s2 s5-s6'],
    [1, 's4-s5 s1-s2 s5-s6', 's2 s3-s4 s3'],
    [42, 's4-s5 s3-s4 s6-s1', 's2 s1 s5'],
  ])('of the seed %d are these everywhere', (seed, links, withSwitches) => {
    expect(picked(seed, 3, false)).toBe(links);
    expect(picked(seed, 3, true)).toBe(withSwitches);
  });

  test('are of what is up, parallel links once, and never of a host', () => {
    const parallel = topologyOf(3, [
      [1, 2],
      [2, 1],
      [2, 3],
    ]);
    for (const seed of [1, 2, 3, 4, 5])
      expect(picked(seed, 2, false, parallel).split(' ').sort()).toEqual(['s1-s2', 's2-s3']);
    const rest = parallel.withFaults([link('s2', 's1')]);
    for (const seed of [1, 2, 3, 4, 5]) expect(picked(seed, 1, false, rest)).toBe('s2-s3');
  });

  test('are refused where there is not so much to take down', () => {
    expect(() => picked(1, 7, false)).toThrow(/only 6 can be taken down/);
    expect(() => picked(1, 1, true, topologyOf(1, []).withFaults([{ kind: 'switch', name: 's1' }]))).toThrow(/only 0/);
  });
});
