import { join } from 'node:path';
import type { DataPlaneRow } from '../data-plane-row.ts';
import { removeCpuShares, SHARES_FILE } from './cpu-shares.ts';

export const mininet: DataPlaneRow = {
  removeRemains: (folder) => removeCpuShares(join(folder, SHARES_FILE)),
};
