// Random labs through the simulator and on real Open vSwitch, every cell compared. Exits with 1 where any differs.
// usage: npm run differential -- [--labs 200 | --minutes 60] [--seed N] [--at-once 2]
// Without a seed it takes one at random and prints it: `--minutes 60` is for every night.
// Lab number K has the seed N+K; `--labs 1 --seed THAT` runs it again.
import { parseArgs } from 'node:util';
import { withTypeScript } from './typescript.mjs';

const { values } = parseArgs({
  options: {
    labs: { type: 'string', default: '200' },
    minutes: { type: 'string' },
    seed: { type: 'string', default: `${Math.floor(Math.random() * 1e6) * 1000}` },
    'at-once': { type: 'string', default: '2' },
  },
});

await withTypeScript(async (load) => {
  const { compareLabs, summary } = await load('/test/differential/labs.ts');
  const { labs, minutes, seed, 'at-once': atOnce } = values;
  const options = {
    labs: minutes === undefined ? Number(labs) : Number.POSITIVE_INFINITY,
    until: minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + Number(minutes) * 60_000,
    seed: Number(seed),
    atOnce: Number(atOnce),
  };
  console.log(minutes === undefined ? `${labs} labs from seed ${seed}` : `for ${minutes} minutes from seed ${seed}`);
  const outcomes = await compareLabs(options, (outcome, done) => {
    for (const { disagreements } of outcome.comparisons) for (const text of disagreements) console.log(text);
    if (done % 10 === 0) console.log(`${done} labs`);
  });
  console.log(summary(outcomes));
  if (outcomes.some(({ comparisons }) => comparisons.some(({ disagreements }) => disagreements.length > 0))) {
    process.exitCode = 1;
  }
});
