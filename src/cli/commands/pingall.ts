import type { LabctlCommand } from '../command.ts';
import { verdict } from '../exit-codes.ts';
import { allOption, expectOption, type FormatOptions, type LabOptions } from '../options.ts';
import { observationLines } from '../output/matrices.ts';
import { watched } from '../output/progress.ts';
import { printAnswer } from '../output/terminal.ts';
import { runningLab } from '../subject.ts';

interface PingallOptions extends FormatOptions, LabOptions {
  readonly expect?: string;
  readonly all?: boolean;
}

export function add(program: LabctlCommand): void {
  program
    .command('pingall')
    .description('ping every host from every host, and compare with what was asked for')
    .argument('[name]', 'the lab')
    .aboutLab()
    .addOption(expectOption())
    .addOption(allOption())
    .withFormat()
    .does(async (name: string | undefined, options: PingallOptions) => {
      const lab = await runningLab(options, name);
      const input = options.expect === undefined ? {} : { expectation: options.expect };
      const document = await watched((running) => lab.run('pingall', input, running));
      printAnswer(options, document, () => observationLines(document, options));
      return verdict(document);
    });
}
