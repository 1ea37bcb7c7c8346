import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describeFault, type Fault, type LinkFault, linkIsUp, sameFault } from '../../src/model/fault.ts';
import { faultsAfter, partNamed, upBetween, wrongPort } from '../../src/model/parts.ts';
import type { Topology } from '../../src/model/topology.ts';
import { anyTopology, topologyOf } from '../support/fixtures/topologies.ts';

/** Two links between s1 and s2, s1:2-s2:2 and s1:3-s2:3, and one from s2 to s3. */
const lab = topologyOf(3, [
  [1, 2],
  [2, 1],
  [2, 3],
]);

/** Faults as people write them. */
function faultsOf(topology: Topology, text: string): readonly Fault[] {
  return text.split(' ').flatMap((each) => partNamed(topology, each) ?? []);
}

describe('a part that may be down', () => {
  test.each([
    ['s3', { kind: 'switch', name: 's3' }],
    ['s1-s2', { kind: 'link', between: ['s1', 's2'] }],
    ['s2-s1', { kind: 'link', between: ['s2', 's1'] }],
    ['s1:3', { kind: 'link', between: ['s1', 's2'], ports: [3, 3] }],
    ['s2:3', { kind: 'link', between: ['s2', 's1'], ports: [3, 3] }],
    ['s1:3-s2:3', { kind: 'link', between: ['s1', 's2'], ports: [3, 3] }],
    ['s2-s1:2', { kind: 'link', between: ['s2', 's1'], ports: [2, 2] }],
    // Between these there is one link only.
    ['s2:4', { kind: 'link', between: ['s2', 's3'] }],
    ['h1:0', { kind: 'link', between: ['h1', 's1'] }],
    ['s1:1', { kind: 'link', between: ['s1', 'h1'] }],
  ] as const)('%s is %j', (text, fault) => {
    expect(partNamed(lab, text)).toEqual(fault);
  });

  test.each([
    'h1',
    's9',
    's1-s3',
    's1-s1',
    's1:9',
    's9:1',
    's1:x',
    's1:',
    's1:02',
    's1:2-s2:3',
    's1:2-s3',
    's1-s2-s3',
    '',
  ])('"%s" is none', (text) => {
    expect(partNamed(lab, text)).toBeUndefined();
  });

  test('is named as it is described', () => {
    for (const text of ['s3', 's1-s2', 's1:3-s2:3', 's2:2-s1:2', 's2-s3']) {
      expect(faultsOf(lab, text).map(describeFault)).toEqual([text]);
    }
  });

  test('is one, whichever of its ends names it', () => {
    const same = (a: string, b: string) => {
      const [first, second] = faultsOf(lab, `${a} ${b}`);
      return first !== undefined && second !== undefined && sameFault(first, second);
    };
    expect(same('s1:3', 's2:3')).toBe(true);
    expect(same('s2:4', 's3-s2')).toBe(true);
    expect(same('s1:3', 's1:2')).toBe(false);
    expect(same('s1:3', 's1-s2')).toBe(false);
    expect(same('s1-s2', 's1:3')).toBe(false);
  });
});

test.each([
  ['s1:9', 's1 has no link at port 9', 'the ports of s1 are 1 to h1, 2 to s2, 3 to s2'],
  ['s1:x', '"x" is not the number of a port', 'the ports of s1 are 1 to h1, 2 to s2, 3 to s2'],
  ['s1:', '"" is not the number of a port', 'the ports of s1 are 1 to h1, 2 to s2, 3 to s2'],
  ['s9:1', 'there is no s9', '`labctl net` shows the links and their ports'],
  ['s1-s2:7', 's2 has no link at port 7', 'the ports of s2 are 1 to h2, 2 to s1, 3 to s1, 4 to s3'],
  ['s1:2-s2:3', 'the link at s1:2 leads to s2:2', 'name this link by one of its ends, s1:2'],
  ['s1:2-s3', 'the link at s1:2 leads to s2:2', 'name this link by one of its ends, s1:2'],
])('%s is wrong: %s', (text, cause, remedy) => {
  expect(wrongPort(lab, text)).toEqual({ cause, remedy });
});

test('where no port is named, none is wrong', () => {
  expect(wrongPort(lab, 's1-s9')).toBeUndefined();
});

describe('what is down', () => {
  /** After these, `+` for down and `-` for up. */
  const after = (...changes: readonly string[]) =>
    changes
      .reduce<Topology>((topology, change) => {
        const part = partNamed(lab, change.slice(1));
        return part === undefined ? topology : lab.withFaults(faultsAfter(topology, part, change.startsWith('+')));
      }, lab)
      .faults.map(describeFault)
      .join(' ');

  test.each([
    [['+s1:3'], 's1:3-s2:3'],
    [['+s1:3', '+s2:3'], 's1:3-s2:3'],
    [['+s1:3', '+s1-s2'], 's1-s2'],
    [['+s1:3', '+s1:2'], 's1-s2'],
    [['+s1-s2', '+s1:2'], 's1-s2'],
    [['+s1-s2', '-s1:3'], 's1:2-s2:2'],
    [['+s1:3', '-s1-s2'], ''],
    [['+s1:3', '-s1:2'], 's1:3-s2:3'],
    [['+s1:3', '+s3', '+s2-s3', '-s2:3'], 's3 s2-s3'],
    [['+s3', '+s3', '-s3'], ''],
  ] as const)('after %j is %s', (changes, faults) => {
    expect(after(...changes)).toBe(faults);
  });

  test('is each link by itself, whatever goes down and comes up, and no link twice', () => {
    const change = (topology: Topology) => {
      const parts = topology.links.flatMap(({ ends: [a, b] }): LinkFault[] => [
        { kind: 'link', between: [a.node, b.node] },
        { kind: 'link', between: [b.node, a.node], ports: [b.port, a.port] },
      ]);
      return fc.record({ part: fc.constantFrom(...parts), isDown: fc.boolean() });
    };
    fc.assert(
      fc.property(
        anyTopology.chain((topology) =>
          fc.record({ topology: fc.constant(topology), changes: fc.array(change(topology), { maxLength: 8 }) }),
        ),
        ({ topology, changes }) => {
          const down = new Set<number>();
          let now = topology;
          for (const { part, isDown } of changes) {
            for (const [index, { ends }] of topology.links.entries()) {
              if (linkIsUp([part], ...ends)) continue;
              if (isDown) down.add(index);
              else down.delete(index);
            }
            now = topology.withFaults(faultsAfter(now, part, isDown));
          }
          for (const [index, { ends }] of topology.links.entries()) {
            expect(now.linkIsUp(ends[0])).toBe(!down.has(index));
            expect(now.linkIsUp(ends[1])).toBe(!down.has(index));
            expect(now.faults.filter((fault) => !linkIsUp([fault], ...ends))).toHaveLength(down.has(index) ? 1 : 0);
          }
        },
      ),
    );
  });
});

test('what can still go down are all links together, or each by itself where another one is down', () => {
  const up = (faults: string) => upBetween(lab.withFaults(faultsOf(lab, faults)), 's1', 's2').map(describeFault);
  expect(up('s2-s3')).toEqual(['s1-s2']);
  expect(up('s1:3')).toEqual(['s1:2-s2:2']);
  expect(up('s1-s2')).toEqual([]);
  expect(up('s2')).toEqual([]);
});
