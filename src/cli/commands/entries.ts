import type { Command } from 'commander';
import {
  type ApplyOptions,
  type FormatOptions,
  formatOption,
  type LabOptions,
  labOption,
  topoOption,
} from '../options.ts';
import type { Call } from './call.ts';

/** Commands that look at static entries, and write them by hand. */
export function addEntryCommands(program: Command, call: Call): void {
  program.commandsGroup('Entries:');

  const entriesCommand = program.command('entries').description('the static flow and group entries of a lab');

  entriesCommand
    .command('list')
    .description('list the entries that the controller holds')
    .addOption(topoOption())
    .addOption(labOption())
    .addOption(formatOption())
    .action(async (options: FormatOptions & LabOptions) => {
      const { entries } = await import('../entries.ts');
      await entries({ kind: 'list' }, options, call.signal);
    });

  entriesCommand
    .command('apply')
    .alias('add')
    .description(
      "push entries from files in the form of the tutorial's curl commands, checked first; - is standard input",
    )
    .argument('<files...>', 'JSON: one entry, a list, or one after another')
    .option('--force', 'send all but what would break the controller, and tell what became of each')
    .addOption(topoOption())
    .addOption(labOption())
    .addOption(formatOption())
    .action(async (files: string[], options: ApplyOptions) => {
      const { applyEntries } = await import('../entries.ts');
      call.exitCode = await applyEntries(files, options, call.signal);
    });

  entriesCommand
    .command('delete')
    .description('take entries away by their names')
    .argument('<names...>', 'as `entries list` shows them')
    .addOption(topoOption())
    .addOption(labOption())
    .addOption(formatOption())
    .action(async (names: string[], options: FormatOptions & LabOptions) => {
      const { entries } = await import('../entries.ts');
      await entries({ kind: 'delete', names }, options, call.signal);
    });

  entriesCommand
    .command('clear')
    .description('take all entries away, of one switch or of all; clearing all ends every connection')
    .argument('[switch]', 'e.g. s6')
    .addOption(topoOption())
    .addOption(labOption())
    .addOption(formatOption())
    .action(async (switchName: string | undefined, options: FormatOptions & LabOptions) => {
      const { entries } = await import('../entries.ts');
      const work = { kind: 'clear', ...(switchName === undefined ? {} : { switchName }) } as const;
      await entries(work, options, call.signal);
    });
}
