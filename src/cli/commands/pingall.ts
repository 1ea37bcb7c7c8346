import type { LabctlCommand } from '../command.ts';
import { verdict } from '../exit-codes.ts';
import {
  addressesOption,
  allOption,
  askedMatrixOf,
  expectOption,
  type FormatOptions,
  type LabOptions,
} from '../options.ts';
import { observationLines } from '../output/matrices.ts';
import { watched } from '../output/progress.ts';
import { printAnswer } from '../output/terminal.ts';
import { runningLab } from '../subject.ts';

interface PingallOptions extends FormatOptions, LabOptions {
  readonly expect?: string;
  readonly all?: boolean;
  readonly addresses?: boolean;
}

export function add(program: LabctlCommand): void {
  program
    .command('pingall')
    .description('ping every host from every host, and compare with what was asked for')
    .argument('[name]', 'the lab')
    .aboutLab()
    .addOption(expectOption())
    .addOption(allOption())
    .addOption(addressesOption())
    .withFormat()
    .does(async (name: string | undefined, options: PingallOptions) => {
      const lab = await runningLab(options, name);
      const document = await watched((running) => lab.run('pingall', askedMatrixOf(options), running));
      printAnswer(options, document, () => observationLines(document, options));
      return verdict(document);
    });
}
