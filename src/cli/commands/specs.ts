import { type Command, Option } from 'commander';
import { IMPORT_FORMATS } from '../../spec/import/format-names.ts';
import type { ImportCommandOptions } from '../import.ts';
import type { NewOptions } from '../new.ts';
import {
  controllerOption,
  dataPlaneOption,
  datapathOption,
  formatOption,
  jobsOption,
  junitOption,
  named,
  openflowPortOption,
  restPortOption,
  scenarioOption,
  type TestOptions,
  TOPOLOGY_FLAGS,
  topoOption,
  wholeNumber,
} from '../options.ts';
import type { ValidateOptions } from '../validate.ts';
import type { Call } from './call.ts';

/** Commands that make, check and test specs. */
export function addSpecCommands(program: Command, call: Call): void {
  program.commandsGroup('Specs and tests:');

  const newCommand = program
    .command('new')
    .description('print the spec of a generated lab: labctl new ring --switches 6 > lab.yaml')
    .argument('[topology]', 'e.g. fat-tree; without it the topologies are listed')
    .option('--name <name>', "the lab's name (default: the topology's)")
    .option('--expand', 'write every host, switch and link out');
  for (const [flag, description] of TOPOLOGY_FLAGS)
    newCommand.addOption(new Option(`--${flag} <number>`, description).argParser(wholeNumber(0)));
  newCommand.action(async (topology: string | undefined, options: NewOptions) => {
    const { printNewSpec } = await import('../new.ts');
    printNewSpec(topology, { ...options });
  });

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
    .action(async (file: string, options: ImportCommandOptions) => {
      const { importFile } = await import('../import.ts');
      await importFile(file, options, call.signal);
    });

  program
    .command('validate')
    .description('check specs, and tell every problem of each with file, line and column')
    .argument('<files...>', 'files, or folders with all specs in them; s10h10 is topologies/s10h10.yaml')
    .addOption(
      new Option('--format <form>', 'text for people, json for programs, github for annotations in its Actions')
        .choices(['text', 'json', 'github'])
        .default('text')
        .env('LABCTL_FORMAT'),
    )
    .action(async (files: string[], options: ValidateOptions) => {
      const { validate } = await import('../validate.ts');
      call.exitCode = validate(files, options);
    });

  program
    .command('render')
    .description('print a spec as a Mininet custom topology, for `mn --custom`')
    .argument('[name|file]', 'the spec')
    .addOption(topoOption())
    .action(async (argument: string | undefined, options: { topo?: string }) => {
      const { render } = await import('../network.ts');
      await render(named(argument, options.topo, 'the spec to render, as in: labctl render s10h10'));
    });

  program
    .command('test')
    .description(
      'run the scenarios of specs, each in a lab of its own that leaves nothing; the exit code is the verdict',
    )
    .argument('[names|files|folders...]', 'specs, or folders: of those the specs that have scenarios')
    .addOption(topoOption())
    .addOption(scenarioOption())
    .addOption(jobsOption())
    .addOption(junitOption())
    .option('--keep-going', 'go on with a scenario after an expectation that failed')
    .option('--watch', 'run again whenever a file is saved, simulated first')
    .addOption(controllerOption())
    .addOption(restPortOption())
    .addOption(openflowPortOption())
    .addOption(dataPlaneOption())
    .addOption(datapathOption())
    .addOption(formatOption())
    .action(async (names: string[], options: TestOptions) => {
      const { test } = await import('../test.ts');
      const [first, ...others] = names;
      const specs = [named(first, options.topo, 'what to test, as in: labctl test s10h10'), ...others];
      call.exitCode = await test(specs, options, call.signal);
    });
}
