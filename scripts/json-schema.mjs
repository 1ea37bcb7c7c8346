// Writes the JSON Schema of specs, from the schema that labctl itself reads them by; a test holds it to be current.
// usage: npm run schema
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { specJsonSchema } from '../dist/index.js';

const file = join(import.meta.dirname, '../topologies/labctl.schema.json');
writeFileSync(file, `${JSON.stringify(specJsonSchema(), null, 2)}\n`);
