import type { z } from 'zod';
import type { Problem } from '../../model/problem.ts';
import type { Lab } from '../lab.ts';
import type { Running } from '../running.ts';

/** Who a lab is, beside what it does. */
export interface LabIdentity {
  readonly name: string;
  readonly specFile: string;
  readonly specText: string;
  /** ISO 8601 */
  readonly startedAt: string;
}

/** What commands work on. */
export interface ServedLab {
  readonly lab: Lab;
  readonly identity: LabIdentity;
  /** Ends the lab, and returns what could not be cleaned up. */
  readonly end: () => Promise<readonly Problem[]>;
}

/** A command that a lab's process takes. */
export interface Command<Name extends string, Input extends z.ZodType, Answer extends z.ZodType> {
  /** As people type it after `labctl`; some are for labctl itself. */
  readonly name: Name;
  /** Whether it waits until the commands before it are done. Those that only look need not. */
  readonly waits: boolean;
  readonly input: Input;
  /** What it answers, but for the envelope. */
  readonly answer: Answer;
  /** Of the answer: counts breaks, new keys are none. 1 where it is absent. */
  readonly version?: number;
  /** @throws ProblemError */
  run(
    served: ServedLab,
    input: Frozen<z.output<Input>>,
    running: Running,
  ): Promise<Frozen<z.output<Answer>>> | Frozen<z.output<Answer>>;
}

/** Has TypeScript infer a command's types from its schemas. */
export function command<const Name extends string, Input extends z.ZodType, Answer extends z.ZodType>(
  definition: Command<Name, Input, Answer>,
): Command<Name, Input, Answer> {
  return definition;
}

/** What every answer begins with. */
export interface Envelope {
  readonly version: number;
  readonly lab: string;
}

/** The document that `--format json` prints: what a command answers, and of which lab. */
export function enveloped<A extends object>(
  { version = 1 }: { readonly version?: number },
  lab: string,
  answer: A,
): Envelope & A {
  return { version, lab, ...answer };
}

/** The type, read-only through and through. */
export type Frozen<T> = unknown extends T
  ? T
  : T extends string | number | boolean | null | undefined
    ? T
    : { readonly [K in keyof T]: Frozen<T[K]> };
