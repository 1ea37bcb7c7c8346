// Bundles each program of labctl into one file in dist/, with everything that it needs but Node.js and, of the library,
// the packages that its user installs with it. The library's types are of `npm run types`.
import { chmodSync, renameSync, rmSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build } from 'rolldown';

const root = join(import.meta.dirname, '..');
const MAIN = 'src/cli/main.ts';
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
// To find and read a file takes longer than to run it: what the start of labctl shares with other parts is one.
const start = new Set();
const reach = (id, bundle) => {
  if (start.has(id)) return;
  start.add(id);
  for (const each of bundle.getModuleInfo(id)?.importedIds ?? []) reach(each, bundle);
};
const sharedStart = (id, bundle) => {
  reach(join(root, MAIN), bundle);
  const { importers = [], dynamicImporters = [] } = bundle.getModuleInfo(id) ?? {};
  const isShared = dynamicImporters.length > 0 || importers.some((each) => !start.has(each));
  return start.has(id) && isShared ? 'start' : null;
};
// Modules before what asks for its parts by a `require` of its own, which no bundler sees (jsonc-parser).
const resolve = { mainFields: ['module', 'main'] };
const common = { cwd: root, platform: 'node', logLevel: 'warn', resolve };
// Commander can run commands that are programs of their own. There are none, and node:child_process takes long to load.
const isForExecutables = (id, importer) => id === 'node:child_process' && /[\\/]commander[\\/]/.test(importer);
const withoutExecutables = {
  name: 'without-executables',
  resolveId: (id, importer) => (isForExecutables(id, importer) ? '\0none' : undefined),
  load: (id) => (id === '\0none' ? 'export {}' : undefined),
};
// Parts that a command does not need are chunks of their own, which it does not load.
await build({
  ...common,
  input: {
    labctl: MAIN,
    'lab-program': 'src/cli/programs/lab-program.ts',
    'simulated-lab-program': 'src/cli/programs/simulated-lab-program.ts',
  },
  external: (id, importer) => isBuiltin(id) && !isForExecutables(id, importer),
  output: { ...output, codeSplitting: { groups: [{ name: sharedStart, debugName: 'start' }] } },
  plugins: [withoutExecutables],
});
await build({ ...common, input: { index: 'src/index.ts' }, external: isPackage, output });
chmodSync(join(built, 'labctl.js'), 0o755);
rmSync(join(root, 'dist'), { recursive: true, force: true });
renameSync(built, join(root, 'dist'));
