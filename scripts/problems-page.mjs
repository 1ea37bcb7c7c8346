// Writes the page of all problems, from the table of their codes; a test holds it to be current.
// usage: npm run docs
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withTypeScript } from './typescript.mjs';

await withTypeScript(async (load) => {
  const { problemsPage } = await load('/test/support/docs/problems-page.ts');
  writeFileSync(join(import.meta.dirname, '../docs/problems.md'), problemsPage());
});
