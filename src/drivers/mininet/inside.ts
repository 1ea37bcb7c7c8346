import { join } from 'node:path';
import { INSTALLATION } from '../../spec/installation.ts';

/** The Python programs that run inside of sandboxes. */
export const INSIDE = join(INSTALLATION, 'src/drivers/mininet/inside');
