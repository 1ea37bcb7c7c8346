// Writes the page of all problems, from the table of their codes; a test holds it to be current.
// usage: npm run docs
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { problemsPage } from '../dist/index.js';

writeFileSync(join(import.meta.dirname, '../docs/problems.md'), problemsPage());
