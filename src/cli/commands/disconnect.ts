import type { LabctlCommand } from '../command.ts';
import { verdict } from '../exit-codes.ts';
import type { FormatOptions, LabOptions } from '../options.ts';
import { connectionLines } from '../output/connections.ts';
import { watched } from '../output/progress.ts';
import { printAnswer } from '../output/terminal.ts';
import { runningLab } from '../subject.ts';
import { tellStanding } from './connect.ts';

export function add(program: LabctlCommand): void {
  program
    .command('disconnect')
    .description('remove a connection')
    .argument('<hosts...>', 'the hosts of the connection')
    .aboutLab()
    .withFormat()
    .does(async (hosts: string[], options: FormatOptions & LabOptions) => {
      const lab = await runningLab(options);
      const document = await watched((running) => lab.run('disconnect', { hosts }, running)).catch(
        tellStanding(lab, hosts),
      );
      printAnswer(options, document, () => connectionLines('disconnected', document));
      return verdict(document);
    });
}
