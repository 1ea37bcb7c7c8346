import { Argument, type Command, Option } from 'commander';
import {
  type FaultOptions,
  type FormatOptions,
  formatOption,
  type LabOptions,
  labOption,
  measureOption,
  noRepairOption,
  topoOption,
  wholeNumber,
} from '../options.ts';
import type { Call } from './call.ts';

/** Commands that take parts of a network down. */
export function addFaultCommands(program: Command, call: Call): void {
  program.commandsGroup('Faults:');

  program
    .command('link')
    .description('take every link between two nodes down, or up again')
    .addArgument(new Argument('<state>', 'down or up').choices(['down', 'up']))
    .argument('<node>', 'e.g. s1')
    .argument('<other>', 'e.g. s3')
    .addOption(noRepairOption())
    .addOption(measureOption())
    .addOption(topoOption())
    .addOption(labOption())
    .addOption(formatOption())
    .action(async (kind: 'down' | 'up', a: string, b: string, options: FaultOptions) => {
      const { changeFaults } = await import('../faults.ts');
      await changeFaults({ kind, fault: { kind: 'link', between: [a, b] } }, options, call.signal);
    });

  program
    .command('switch')
    .description('stop a switch, or start it again')
    .addArgument(new Argument('<what>', 'stop or start').choices(['stop', 'start']))
    .argument('<switch>', 'e.g. s3')
    .addOption(noRepairOption())
    .addOption(measureOption())
    .addOption(topoOption())
    .addOption(labOption())
    .addOption(formatOption())
    .action(async (what: 'stop' | 'start', name: string, options: FaultOptions) => {
      const { changeFaults } = await import('../faults.ts');
      const kind = what === 'stop' ? 'down' : 'up';
      await changeFaults({ kind, fault: { kind: 'switch', name } }, options, call.signal);
    });

  const faultCommand = program.command('fault').description('links and switches that are down');

  faultCommand
    .command('random')
    .description('take links between switches down at random; the same seed picks the same of the same lab')
    .addOption(new Option('--seed <number>', 'picks').makeOptionMandatory().argParser(wholeNumber(0)))
    .addOption(new Option('--count <number>', 'how many').default(1).argParser(wholeNumber(1)))
    .option('--switches', 'pick among the switches too')
    .addOption(noRepairOption())
    .addOption(measureOption())
    .addOption(topoOption())
    .addOption(labOption())
    .addOption(formatOption())
    .action(async (options: FaultOptions & { seed: number; count: number; switches?: boolean }) => {
      const { changeFaults } = await import('../faults.ts');
      const { seed, count, switches = false } = options;
      await changeFaults({ kind: 'random', seed, count, withSwitches: switches }, options, call.signal);
    });

  faultCommand
    .command('list')
    .description('list what is down')
    .addOption(topoOption())
    .addOption(labOption())
    .addOption(formatOption())
    .action(async (options: FormatOptions & LabOptions) => {
      const { listFaults } = await import('../faults.ts');
      await listFaults(options, call.signal);
    });

  faultCommand
    .command('clear')
    .description('take everything up again')
    .addOption(noRepairOption())
    .addOption(measureOption())
    .addOption(topoOption())
    .addOption(labOption())
    .addOption(formatOption())
    .action(async (options: FaultOptions) => {
      const { changeFaults } = await import('../faults.ts');
      await changeFaults({ kind: 'clear' }, options, call.signal);
    });
}
