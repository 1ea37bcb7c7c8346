import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv } from 'ajv';

export const TOPOLOGIES = resolve(import.meta.dirname, '../../topologies');

/** The committed JSON Schema of specs. */
export const committedSchema: unknown = JSON.parse(readFileSync(join(TOPOLOGIES, 'labctl.schema.json'), 'utf8'));

/** What a validator that knows nothing of labctl says of a value, by the committed schema. */
export const schemaAccepts = new Ajv({ strict: true, strictTypes: false, strictRequired: false }).compile(
  committedSchema as object,
);
