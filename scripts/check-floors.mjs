// Holds the floors of src/ (see .dependency-cruiser.cjs), and fails if the checker saw no modules or no imports:
// a checker that cannot read the sources reports no violation either.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import extractDepcruiseOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';

const root = join(import.meta.dirname, '..');
process.chdir(root);
const options = await extractDepcruiseOptions('./.dependency-cruiser.cjs');
const { output } = await cruise(['src'], { ...options, validate: true, outputType: 'json' }, undefined, {
  tsConfig: extractTSConfig('tsconfig.json'),
});
const result = JSON.parse(output);
const sources = readdirSync('src', { recursive: true }).filter((name) => String(name).endsWith('.ts')).length;
const seen = result.modules.filter((module) => module.source.startsWith('src/'));
const imports = seen.reduce((sum, module) => sum + module.dependencies.length, 0);
for (const { rule, from, to } of result.summary.violations) console.error(`${rule.name}: ${from} -> ${to}`);
console.log(
  `floors: ${seen.length} of ${sources} modules and ${imports} imports checked, ${result.summary.violations.length} violations`,
);
if (seen.length !== sources || imports === 0) {
  console.error('floors: the checker did not see every module of src/; its result means nothing');
  process.exit(1);
}
process.exit(result.summary.violations.length === 0 ? 0 : 1);
