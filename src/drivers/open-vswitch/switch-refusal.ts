import type { Dpid } from '../../model/addresses.ts';
import { environmentProblem, ProblemError } from '../../model/problem.ts';
import { REFUSALS, type RefusalCode } from '../../model/switch-refusals.ts';

/** The error for a change that a switch refused. */
export function switchRefusal(dpid: Dpid, code: string, options?: { cause?: unknown }): ProblemError {
  const words = Object.hasOwn(REFUSALS, code) ? `${REFUSALS[code as RefusalCode]} (${code})` : code;
  return new ProblemError(
    environmentProblem({
      code: 'switch-refused',
      where: { kind: 'switch', switch: dpid },
      cause: `the switch refused it: ${words}`,
    }),
    options,
  );
}
