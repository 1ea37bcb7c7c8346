import { expect, test } from 'vitest';
import { compareLabs, summary } from './labs.ts';

const LABS = 12;
const SEED = 4_000;

test('12 random labs do on real switches in every cell what the simulator predicts', async () => {
  const outcomes = await compareLabs({ labs: LABS, seed: SEED, atOnce: 2 });
  expect(outcomes.flatMap(({ comparisons }) => comparisons.flatMap(({ disagreements }) => disagreements))).toEqual([]);
  // It says something only where some pairs reach and others do not.
  expect(outcomes.length).toBe(LABS);
  expect(
    outcomes.filter(({ comparisons }) => comparisons.some(({ reach, doNot }) => reach > 0 && doNot > 0)).length,
    summary(outcomes),
  ).toBeGreaterThan(LABS / 3);
}, 300_000);
