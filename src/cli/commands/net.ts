import { netLines } from '../../spec/export/mininet.ts';
import type { LabctlCommand } from '../command.ts';
import type { LabOptions } from '../options.ts';
import { printLines, remark } from '../output/terminal.ts';
import { interrupted } from '../signals.ts';
import { runningLab, specNamed, specNotRunning } from '../subject.ts';

export function add(program: LabctlCommand): void {
  program
    .command('net')
    .description("print the links as Mininet's `net` does, of a running lab or of a spec")
    .argument('[name|file]', 'a running lab, else a spec')
    .aboutLab()
    .does(async (name: string | undefined, options: LabOptions) => {
      const named = await specNotRunning(name, options);
      if (named === undefined) {
        const lab = await runningLab(options, name);
        printLines((await lab.run('net', {}, { signal: interrupted })).lines);
        return;
      }
      const { file, spec } = await specNamed(named);
      remark(`from the spec ${file}`);
      printLines(netLines(spec.topology));
    });
}
