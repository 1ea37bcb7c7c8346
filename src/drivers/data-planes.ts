import type { DataPlaneKind } from './data-plane.ts';
import type { DataPlaneRow } from './data-plane-row.ts';
import { mininet } from './mininet/row.ts';
import { simulated } from './simulated/row.ts';

/** Every kind of data plane. */
const DATA_PLANES: Readonly<Record<DataPlaneKind, DataPlaneRow>> = { mininet, simulated };

/** Cleans up after a lab that has ended: removes what it left outside its folder. The folder must still exist. */
export function removeRemains(folder: string): void {
  for (const row of Object.values(DATA_PLANES)) row.removeRemains(folder);
}
