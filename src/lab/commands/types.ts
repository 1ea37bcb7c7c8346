import type { z } from 'zod';
import type { Envelope, Frozen } from './command.ts';
import type * as table from './table.ts';

/** The types of commands, for those who give them. Nothing is loaded for their sake: a client needs no schema. */

type Table = typeof table;
type AnyCommand = Table[keyof Table];

export type CommandName = AnyCommand['name'];

type Named<C extends CommandName> = Extract<AnyCommand, { readonly name: C }>;

/** What a command is given. */
export type CommandInput<C extends CommandName> = Frozen<z.input<Named<C>['input']>>;

/** What it answers: the document that `--format json` prints. */
export type CommandOutput<C extends CommandName> = Envelope & Frozen<z.output<Named<C>['answer']>>;
