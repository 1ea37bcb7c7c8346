// Bundles each program of labctl into one file in dist/, with everything that it needs but Node.js, and the library into
// another, with all but the packages that its user installs with it. The library's types are of `npm run types`.
// Programs are CommonJS modules: Node needs a third less time to start with one than with an ES module.
import { chmodSync, readdirSync, renameSync, rmSync } from 'node:fs';
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
  // Without comments it loads sooner; names and lines stay, for the sake of stack traces.
  minify: { compress: true, mangle: false, codegen: { removeWhitespace: false } },
};
// To find and read a file takes longer than to run it: what all commands share with other parts is one chunk, and what
// several commands share another.
const COMMANDS = readdirSync(join(root, 'src/cli/commands')).map((file) => join(root, 'src/cli/commands', file));
const reached = new Map();
/** The modules that a module imports, by others or at once, and itself. */
const reach = (id, bundle, found = new Set()) => {
  if (found.has(id)) return found;
  found.add(id);
  for (const each of bundle.getModuleInfo(id)?.importedIds ?? []) reach(each, bundle, found);
  return found;
};
const reachedFrom = (id, bundle) => {
  if (!reached.has(id)) reached.set(id, reach(id, bundle));
  return reached.get(id);
};
const chunkOf = (id, bundle) => {
  const start = reachedFrom(join(root, MAIN), bundle);
  if (start.has(id)) return isImportedOutside(start, id, bundle) ? 'start' : null;
  const users = COMMANDS.filter((each) => reachedFrom(each, bundle).has(id));
  return users.length > 6 ? 'commands' : null;
};
const isImportedOutside = (modules, id, bundle) => {
  const { importers = [], dynamicImporters = [] } = bundle.getModuleInfo(id) ?? {};
  return dynamicImporters.length > 0 || importers.some((each) => !modules.has(each));
};
// Modules before what asks for its parts by a `require` of its own, which no bundler sees (jsonc-parser).
const resolve = { mainFields: ['module', 'main'] };
const common = { cwd: root, platform: 'node', logLevel: 'warn', resolve, preserveEntrySignatures: 'allow-extension' };
// Commander can run commands that are programs of their own. There are none, and node:child_process takes long to load.
const isForExecutables = (id, importer) => id === 'node:child_process' && /[\\/]commander[\\/]/.test(importer);
const withoutExecutables = {
  name: 'without-executables',
  resolveId: (id, importer) => (isForExecutables(id, importer) ? '\0none' : undefined),
  load: (id) => (id === '\0none' ? 'export {}' : undefined),
};
// Of undici a lab needs requests, as its index.js puts them together; to load all of it takes a tenth of a second of each
// lab's start.
const UNDICI = `
import Agent from 'undici/lib/dispatcher/agent.js';
import Dispatcher from 'undici/lib/dispatcher/dispatcher.js';
import errors from 'undici/lib/core/errors.js';
import api from 'undici/lib/api/index.js';
Object.assign(Dispatcher.prototype, api);
export { Agent, errors };
`;
const partsOfUndici = {
  name: 'parts-of-undici',
  resolveId: (id) => (id === 'undici' ? '\0undici' : undefined),
  load: (id) => (id === '\0undici' ? UNDICI : undefined),
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
  output: {
    ...output,
    format: 'cjs',
    entryFileNames: '[name].cjs',
    chunkFileNames: 'chunks/[name]-[hash].cjs',
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [{ name: chunkOf, debugName: 'start and commands' }],
    },
  },
  plugins: [withoutExecutables, partsOfUndici],
});
await build({ ...common, input: { index: 'src/index.ts' }, external: isPackage, output: { ...output, format: 'esm' } });
chmodSync(join(built, 'labctl.cjs'), 0o755);
rmSync(join(root, 'dist'), { recursive: true, force: true });
renameSync(built, join(root, 'dist'));
