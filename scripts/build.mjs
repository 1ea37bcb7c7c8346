// Compiles src/ to dist/ and puts the Python programs of the sandbox beside the module that starts them.
import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
rmSync(join(root, 'dist'), { recursive: true, force: true });
execFileSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'scripts/tsconfig.build.json')],
  {
    stdio: 'inherit',
  },
);
cpSync(join(root, 'src'), join(root, 'dist'), {
  recursive: true,
  filter: (source) => !/\.[a-z]+$/.test(source) || source.endsWith('.py'),
});
chmodSync(join(root, 'dist/cli/main.js'), 0o755);
