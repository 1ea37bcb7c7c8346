import type { Problem } from '../model/problem.ts';

/** The exit codes of labctl. `exec` and `shell` end with the code of the command on the host instead. */
export const EXIT = {
  asExpected: 0,
  /** The network answers otherwise than expected. */
  notAsExpected: 1,
  /** Arguments, a spec or another file are wrong. */
  wrongInput: 2,
  /** The machine or the controller cannot do it. */
  cannot: 3,
  interrupted: 130,
} as const;

/**
 * The exit code of a command that compares the network with what is expected of it. A difference is one, whatever else
 * this machine could not tell.
 */
export function verdict({
  asExpected,
  differences = [],
  unheard = null,
}: {
  readonly asExpected: boolean;
  readonly differences?: readonly unknown[];
  readonly unheard?: string | null;
}): number {
  if (unheard !== null && differences.length === 0) return EXIT.cannot;
  return asExpected ? EXIT.asExpected : EXIT.notAsExpected;
}

/** The exit code for problems: the input's, unless one of them is the machine's. */
export function exitCodeOf(problems: readonly Problem[]): number {
  return problems.some(({ kind }) => kind === 'environment') ? EXIT.cannot : EXIT.wrongInput;
}
