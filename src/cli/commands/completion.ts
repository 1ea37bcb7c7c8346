import { Argument } from 'commander';
import type { LabctlCommand } from '../command.ts';
import { completionScript, SHELLS, type Shell } from '../completion/scripts.ts';

export function add(program: LabctlCommand): void {
  program
    .command('completion')
    .description('print what makes a shell complete commands, options and the names of a running lab')
    .addArgument(new Argument('<shell>', 'e.g. source <(labctl completion bash)').choices(SHELLS))
    .does(async (shell: Shell) => {
      process.stdout.write(completionScript(shell));
    });

  program
    .command('__complete', { hidden: true })
    .argument('[words...]')
    .does(async (words: string[]) => {
      const { complete } = await import('../completion/candidates.ts');
      await complete(program, words);
    });
}
