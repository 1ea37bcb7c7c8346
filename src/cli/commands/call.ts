/** One call of labctl. */
export interface Call {
  /** Aborted by the first interrupt. */
  readonly signal: AbortSignal;
  /** With which it will end; set by the command that ran. */
  exitCode: number;
}
