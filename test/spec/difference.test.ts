import { expect, test } from 'vitest';
import { specDifference } from '../../src/spec/difference.ts';
import { readSpec } from '../../src/spec/read.ts';

function lab(link: string) {
  return readSpec('lab.yaml', `version: 1\nhosts: [h1]\nswitches: [s1, s2]\nlinks: [[h1, s1], ${link}]\n`);
}

test('specs differ in what a link costs and carries', () => {
  const plain = lab('[s1, s2]');
  expect(specDifference(plain, lab('{ends: [s1, s2], cost: 10}'))).toEqual([
    '- link s1-eth2 s2-eth1',
    '+ link s1-eth2 s2-eth1 cost 10',
  ]);
  expect(specDifference(lab('{ends: [s1, s2], cost: 10, bw: 100}'), lab('{ends: [s1, s2], cost: 10, bw: 50}'))).toEqual(
    ['- link s1-eth2 s2-eth1 cost 10 bw 100', '+ link s1-eth2 s2-eth1 cost 10 bw 50'],
  );
});

test('a link in both forms is one link, and so is one with the cost that it has anyway', () => {
  expect(specDifference(lab('[s1, s2]'), lab('{ends: [s1, s2], cost: 1}'))).toEqual([]);
});
