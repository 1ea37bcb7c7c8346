// Runs TypeScript of src/ and test/ in a script, as tests run it.
import { join } from 'node:path';
import { createViteServer } from 'vitest/node';

/** Gives `work` a loader of modules by their path from the top folder, such as `/src/index.ts`; returns its result. */
export async function withTypeScript(work) {
  const vite = await createViteServer({
    root: join(import.meta.dirname, '..'),
    configFile: false,
    logLevel: 'error',
    appType: 'custom',
    server: { middlewareMode: true, watch: null, ws: false },
    optimizeDeps: { noDiscovery: true },
  });
  try {
    return await work((path) => vite.ssrLoadModule(path));
  } finally {
    await vite.close();
  }
}
