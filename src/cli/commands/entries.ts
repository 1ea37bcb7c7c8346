import type { CommandOutput } from '../../lab/commands/types.ts';
import type { LabctlCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { FormatOptions, LabOptions } from '../options.ts';
import { watched } from '../output/progress.ts';
import { counted, printAnswer, printJson, printLines, remark, table, warn } from '../output/terminal.ts';
import { interrupted } from '../signals.ts';
import { runningLab, specOf } from '../subject.ts';

type EntriesOptions = FormatOptions & LabOptions;

interface ApplyOptions extends FormatOptions, LabOptions {
  readonly force?: boolean;
}

export function add(program: LabctlCommand): void {
  const entries = program.command('entries').description('the static flow and group entries of a lab');

  entries.command('list').description('list the entries that the controller holds').aboutLab().withFormat().does(list);

  entries
    .command('apply')
    .alias('add')
    .description(
      "push entries from files in the form of the tutorial's curl commands, checked first; - is standard input",
    )
    .argument('<files...>', 'JSON: one entry, a list, or one after another')
    .option('--force', 'send all but what would break the controller, and say what became of each')
    .aboutLab()
    .withFormat()
    .does((files: string[], options: ApplyOptions) => (options.force ? send(files, options) : apply(files, options)));

  entries
    .command('delete')
    .description('remove entries by their names')
    .argument('<names...>', 'as `entries list` shows them')
    .aboutLab()
    .withFormat()
    .does(async (names: string[], options: EntriesOptions) => {
      const lab = await runningLab(options);
      printAnswer(options, await lab.run('entries delete', { names }, { signal: interrupted }), removedLines);
    });

  entries
    .command('clear')
    .description('remove all entries, of one switch or of all; clearing all ends every connection')
    .argument('[switch]', 'e.g. s6')
    .aboutLab()
    .withFormat()
    .does(async (switchName: string | undefined, options: EntriesOptions) => {
      const lab = await runningLab(options);
      const input = switchName === undefined ? {} : { switchName };
      printAnswer(options, await lab.run('entries clear', input, { signal: interrupted }), removedLines);
    });
}

async function list(options: EntriesOptions): Promise<void> {
  const lab = await runningLab(options);
  const document = await lab.run('entries list', {}, { signal: interrupted });
  if (options.format === 'json') {
    printJson(document);
    return;
  }
  const { entries, unreadable } = document;
  if (entries.length + unreadable.length === 0) {
    printLines(['no static entries']);
    return;
  }
  const [{ topology }, { entryTable }] = await Promise.all([specOf(lab), import('../output/entries.ts')]);
  printLines(entryTable(topology, entries));
  if (unreadable.length === 0) return;
  const named = unreadable.map(({ name, dpid }) => `${name} on ${topology.switchWithDpid(dpid)?.name ?? dpid}`);
  remark(`not shown, as labctl cannot read them: ${named.join(', ')}`);
}

function removedLines({ entries, unreadable }: CommandOutput<'entries list'>): readonly string[] {
  return [`${counted(entries.length + unreadable.length, 'entry')} removed`];
}

/** Pushes entries from files; all of them are checked before any is sent. */
async function apply(files: readonly string[], options: EntriesOptions): Promise<void> {
  const lab = await runningLab(options);
  const [{ entriesInFile }, { readEntries }] = await Promise.all([
    import('../../lab/entry-files.ts'),
    import('../../lab/documents/entries.ts'),
  ]);
  const found = files.flatMap((file) => entriesInFile(file));
  const entries = found.map(({ document }) => document);
  // What is wrong without the lab is told with the file's name.
  readEntries(entries, (_, index) => found[index]?.where ?? '');
  const applied = await watched((running) => lab.run('entries apply', { entries }, running));
  warn(applied.warnings);
  printAnswer(options, applied, ({ pushed, unchanged }) => {
    const there = unchanged.length > 0 ? `, ${unchanged.length} there already` : '';
    return [`${counted(pushed.length, 'entry')} pushed and read back${there}`];
  });
}

const OUTCOMES: Readonly<Record<CommandOutput<'entries apply --force'>['sent'][number]['outcome'], string>> = {
  'in-switch': 'in its switch',
  listed: 'the controller lists it, its switch does not have it',
  vanished: 'the controller accepted it, and it is nowhere',
  refused: 'refused',
  withheld: 'not sent',
};

/** Sends entries as they are, except those that would break the controller, and says what became of each. */
async function send(files: readonly string[], options: EntriesOptions): Promise<number> {
  const lab = await runningLab(options);
  const { entriesInFile } = await import('../../lab/entry-files.ts');
  const entries = files.flatMap((file) => entriesInFile(file)).map(({ document }) => document);
  const document = await lab.run('entries apply --force', { entries }, { signal: interrupted });
  const { sent } = document;
  printAnswer(options, document, () =>
    table(
      ['NAME', 'WHAT BECAME OF IT'],
      sent.map(({ name, outcome, reason }) => [
        name ?? '',
        reason === null ? OUTCOMES[outcome] : `${OUTCOMES[outcome]}: ${reason}`,
      ]),
    ),
  );
  if (sent.some(({ outcome }) => outcome === 'withheld')) return EXIT.wrongInput;
  return sent.every(({ outcome }) => outcome === 'in-switch') ? EXIT.asExpected : EXIT.notAsExpected;
}
