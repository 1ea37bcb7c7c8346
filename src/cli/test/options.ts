import type { BringUpOptions, FormatOptions, LabOptions } from '../options.ts';

/** The options of `labctl test`. */
export interface TestOptions extends BringUpOptions, FormatOptions, Pick<LabOptions, 'topo'> {
  /** Names of scenarios; all of them where there are none. */
  readonly scenario?: readonly string[];
  readonly jobs?: number;
  /** A file. */
  readonly junit?: string;
  readonly keepGoing?: boolean;
  readonly watch?: boolean;
}
