import { join } from 'node:path';
import { INSTALLATION } from '../../spec/installation.ts';

/** A program of labctl's own, as `npm run build` bundles it. */
export function programFile(name: 'labctl' | 'lab-program' | 'simulated-lab-program'): string {
  return join(INSTALLATION, 'dist', `${name}.cjs`);
}
