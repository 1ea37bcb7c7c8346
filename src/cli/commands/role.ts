import { Argument, InvalidArgumentError } from 'commander';
import { SETTABLE_ROLES, type SettableRole } from '../../drivers/control-plane.ts';
import type { LabctlCommand } from '../command.ts';
import type { FormatOptions, LabOptions } from '../options.ts';
import { watched } from '../output/progress.ts';
import { switchLines } from '../output/switches.ts';
import { printAnswer } from '../output/terminal.ts';
import { runningLab } from '../subject.ts';

export function add(program: LabctlCommand): void {
  program
    .command('role')
    .description("show the controller's role for each switch, or set it; on Floodlight setting takes a second a switch")
    .addArgument(
      new Argument('[role]', `${SETTABLE_ROLES.join(', ')}; without it the roles are shown`).argParser(roleNamed),
    )
    .argument('[switch]', 'e.g. s6; all of them where none is named')
    .aboutLab()
    .withFormat()
    .does(
      async (role: SettableRole | undefined, switchName: string | undefined, options: FormatOptions & LabOptions) => {
        const lab = await runningLab(options);
        const change = role && { role, ...(switchName === undefined ? {} : { switchName }) };
        const document = await watched((running) =>
          change === undefined ? lab.run('switches', {}, running) : lab.run('role', change, running),
        );
        printAnswer(options, document, switchLines);
      },
    );
}

function roleNamed(text: string): SettableRole {
  const role = SETTABLE_ROLES.find((each) => each === text.toUpperCase());
  if (role === undefined) throw new InvalidArgumentError(`a role is one of ${SETTABLE_ROLES.join(', ')}`);
  return role;
}
