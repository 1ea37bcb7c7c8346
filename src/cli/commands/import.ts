import { Option } from 'commander';
import { IMPORT_FORMATS } from '../../spec/import/format-names.ts';
import type { LabctlCommand } from '../command.ts';
import { wholeNumber } from '../options.ts';
import { remark } from '../output/terminal.ts';
import { interrupted } from '../signals.ts';
import type { ImportOptions } from '../specs/imported-spec.ts';

export function add(program: LabctlCommand): void {
  program
    .command('import')
    .description("print a spec of a network that another tool's file describes: labctl import zoo.gml > lab.yaml")
    .argument(
      '<file>',
      'a Mininet topology (.py), GML, GraphML, node-link JSON, containerlab YAML; - is standard input',
    )
    .addOption(new Option('--as <format>', 'its format, where its name does not tell').choices(IMPORT_FORMATS))
    .option('--topo <name>', 'which topology of a Mininet program, with arguments as for mn: tree,2')
    .addOption(
      new Option(
        '--hosts-per-node <number>',
        'hosts on each switch (default: 1 where the file has no hosts)',
      ).argParser(wholeNumber(0)),
    )
    .option('--name <lab>', "the lab's name (default: the file's)")
    .does(async (file: string, options: ImportOptions) => {
      const { importedSpec } = await import('../specs/imported-spec.ts');
      const { text, notes } = await importedSpec(file, options, interrupted);
      for (const note of notes) remark(`labctl: ${note}`);
      process.stdout.write(text);
    });
}
