import type { LabctlCommand } from '../command.ts';
import { verdict } from '../exit-codes.ts';
import type { FormatOptions, LabOptions } from '../options.ts';
import { describeChange } from '../output/connections.ts';
import { observationLines } from '../output/matrices.ts';
import { watched } from '../output/progress.ts';
import { printAnswer } from '../output/terminal.ts';
import { runningLab } from '../subject.ts';

export function add(program: LabctlCommand): void {
  program
    .command('heal')
    .description('push the entries that the connections lack, and remove those that none needs; then ping')
    .argument('[name]', 'the lab')
    .aboutLab()
    .withFormat()
    .does(async (name: string | undefined, options: FormatOptions & LabOptions) => {
      const lab = await runningLab(options, name);
      const document = await watched((running) => lab.run('heal', {}, running));
      printAnswer(options, document, () => [
        document.changed ? `healed: ${describeChange(document)}` : 'nothing to heal: every entry is in its switch',
        ...observationLines(document),
      ]);
      return verdict(document);
    });
}
