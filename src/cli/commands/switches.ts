import type { LabctlCommand } from '../command.ts';
import type { FormatOptions, LabOptions } from '../options.ts';
import { switchLines } from '../output/switches.ts';
import { printAnswer } from '../output/terminal.ts';
import { interrupted } from '../signals.ts';
import { runningLab } from '../subject.ts';

export function add(program: LabctlCommand): void {
  program
    .command('switches')
    .description('list the switches as the controller sees them')
    .argument('[name]', 'the lab')
    .aboutLab()
    .withFormat()
    .does(async (name: string | undefined, options: FormatOptions & LabOptions) => {
      const lab = await runningLab(options, name);
      printAnswer(options, await lab.run('switches', {}, { signal: interrupted }), switchLines);
    });
}
