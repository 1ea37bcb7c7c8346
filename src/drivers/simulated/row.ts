import type { DataPlaneRow } from '../data-plane-row.ts';

/** All of it is in the lab's process. */
export const simulated: DataPlaneRow = { removeRemains: () => {} };
