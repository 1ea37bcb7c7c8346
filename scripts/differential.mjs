// Random labs through the simulator and on real Open vSwitch, every cell compared. Exits with 1 where any differs.
// usage: npm run differential -- [--labs 200] [--seed N] [--at-once 2]
// Lab number K has the seed N+K; `--labs 1 --seed THAT` runs it again.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createViteServer } from 'vitest/node';

const { values } = parseArgs({
  options: {
    labs: { type: 'string', default: '200' },
    seed: { type: 'string', default: `${Math.floor(Math.random() * 1e6) * 1000}` },
    'at-once': { type: 'string', default: '2' },
  },
});

// The comparison is TypeScript, as tests are.
const root = join(import.meta.dirname, '..');
const vite = await createViteServer({
  root,
  configFile: false,
  logLevel: 'error',
  appType: 'custom',
  server: { middlewareMode: true, watch: null, ws: false },
  optimizeDeps: { noDiscovery: true },
});
try {
  const { compareLabs, summary } = await vite.ssrLoadModule('/test/differential/labs.ts');
  const options = { labs: Number(values.labs), seed: Number(values.seed), atOnce: Number(values['at-once']) };
  console.log(`seeds ${options.seed} to ${options.seed + options.labs - 1}`);
  const outcomes = await compareLabs(options, (outcome, done) => {
    for (const { disagreements } of outcome.comparisons) for (const text of disagreements) console.log(text);
    if (done % 10 === 0) console.log(`${done} labs`);
  });
  console.log(summary(outcomes));
  if (outcomes.some(({ comparisons }) => comparisons.some(({ disagreements }) => disagreements.length > 0))) {
    process.exitCode = 1;
  }
} finally {
  await vite.close();
}
