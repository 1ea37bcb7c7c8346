import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder of labctl itself, a checkout or an installed package: the one with its package.json. */
export const INSTALLATION = folderWithPackage(import.meta.dirname);

function folderWithPackage(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const above = dirname(folder);
  if (above === folder) throw new Error('labctl is not installed whole: its package.json is missing');
  return folderWithPackage(above);
}
