// Bundles each program of labctl into one file in dist/, with everything that it needs but Node.js and, of the library,
// the packages that its user installs with it. The library's types are of `npm run types`.
import { chmodSync, renameSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build } from 'rolldown';

const root = join(import.meta.dirname, '..');
const built = join(root, 'dist.new');
const isBuiltin = (id) => id.startsWith('node:') || builtinModules.includes(id);
const isPackage = (id) => !/^[./]/.test(id);

rmSync(built, { recursive: true, force: true });
const output = {
  dir: built,
  format: 'esm',
  chunkFileNames: 'chunks/[name]-[hash].js',
  // Without comments it loads sooner; names and lines stay, for the sake of stack traces.
  minify: { compress: true, mangle: false, codegen: { removeWhitespace: false } },
};
// Modules before what asks for its parts by a `require` of its own, which no bundler sees (jsonc-parser).
const resolve = { mainFields: ['module', 'main'] };
const common = { cwd: root, platform: 'node', logLevel: 'warn', resolve };
// Parts that a command does not need are chunks of their own, which it does not load.
await build({
  ...common,
  input: {
    labctl: 'src/cli/main.ts',
    'lab-program': 'src/cli/programs/lab-program.ts',
    'simulated-lab-program': 'src/cli/programs/simulated-lab-program.ts',
  },
  external: isBuiltin,
  output,
});
await build({ ...common, input: { index: 'src/index.ts' }, external: isPackage, output });
chmodSync(join(built, 'labctl.js'), 0o755);
rmSync(join(root, 'dist'), { recursive: true, force: true });
renameSync(built, join(root, 'dist'));
