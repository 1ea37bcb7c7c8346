import { Argument, type Command, InvalidArgumentError } from 'commander';
import { SETTABLE_ROLES, type SettableRole } from '../../drivers/control-plane.ts';
import { inputProblem, ProblemError } from '../../model/problem.ts';
import {
  controllerOption,
  dataPlaneOption,
  datapathOption,
  type FormatOptions,
  formatOption,
  type LabOptions,
  labNamed,
  labOption,
  named,
  openflowPortOption,
  restPortOption,
  topoOption,
  type UpOptions,
} from '../options.ts';
import type { Call } from './call.ts';

/** Commands that bring labs up and down, and tell where they stand. */
export function addLabCommands(program: Command, call: Call): void {
  program.commandsGroup('Labs:');

  program
    .command('up')
    .alias('deploy')
    .description('bring a lab up; does nothing when it is up already')
    .argument('[name|file]', 'the spec: s10h10 is topologies/s10h10.yaml')
    .addOption(topoOption())
    .addOption(labOption().default(undefined, "the spec's name"))
    .option('--reconfigure', 'replace a running lab whose spec has changed')
    .addOption(controllerOption())
    .addOption(restPortOption())
    .addOption(openflowPortOption())
    .addOption(dataPlaneOption())
    .addOption(datapathOption())
    .action(async (argument: string | undefined, options: UpOptions) => {
      const { up } = await import('../up.ts');
      await up(named(argument, options.topo, 'the spec to bring up, as in: labctl up s10h10'), options, call.signal);
    });

  program
    .command('down')
    .alias('destroy')
    .description('end a lab and remove everything of it')
    .argument('[name]', 'the lab; may be left out where there is only one')
    .addOption(topoOption())
    .addOption(labOption())
    .option('--all', 'end every lab')
    .action(async (argument: string | undefined, options: LabOptions & { all?: boolean }) => {
      if (argument !== undefined && options.all) throw nameAndAll(argument);
      const { down } = await import('../labs.ts');
      await down(labNamed(options, argument), options);
    });

  program
    .command('ls')
    .description('list the labs, and clear what labs left that ended by themselves')
    .addOption(formatOption())
    .action(async (options: FormatOptions) => {
      const { ls } = await import('../labs.ts');
      await ls(options);
    });

  program
    .command('status')
    .description('show where a lab stands: its controller, switches, connections and entries')
    .argument('[name]', 'the lab')
    .addOption(topoOption())
    .addOption(labOption())
    .addOption(formatOption())
    .action(async (name: string | undefined, options: FormatOptions & LabOptions) => {
      const { status } = await import('../labs.ts');
      await status(labNamed(options, name), options);
    });

  program
    .command('switches')
    .description('list the switches as the controller has them')
    .argument('[name]', 'the lab')
    .addOption(topoOption())
    .addOption(labOption())
    .addOption(formatOption())
    .action(async (name: string | undefined, options: FormatOptions & LabOptions) => {
      const { switches } = await import('../labs.ts');
      await switches(labNamed(options, name), undefined, options, call.signal);
    });

  program
    .command('role')
    .description(
      "show the controller's role for the switches, or set it; setting it takes Floodlight a second a switch",
    )
    .addArgument(
      new Argument('[role]', `${SETTABLE_ROLES.join(', ')}; without it the roles are shown`).argParser((text) => {
        const role = SETTABLE_ROLES.find((each) => each === text.toUpperCase());
        if (role === undefined) throw new InvalidArgumentError(`a role is one of ${SETTABLE_ROLES.join(', ')}`);
        return role;
      }),
    )
    .argument('[switch]', 'e.g. s6; all of them where none is named')
    .addOption(topoOption())
    .addOption(labOption())
    .addOption(formatOption())
    .action(
      async (role: SettableRole | undefined, switchName: string | undefined, options: FormatOptions & LabOptions) => {
        const { switches } = await import('../labs.ts');
        const change = role === undefined ? undefined : { role, ...(switchName === undefined ? {} : { switchName }) };
        await switches(labNamed(options), change, options, call.signal);
      },
    );

  program
    .command('logs')
    .description('list the logs of a lab, or show one of them')
    .argument('[log]', 'one of the list, or a host: what it starts has printed')
    .option('-f, --follow', 'go on with what is added, until an interrupt')
    .addOption(topoOption())
    .addOption(labOption())
    .action(async (name: string | undefined, options: LabOptions & { follow?: boolean }) => {
      const { logs } = await import('../logs.ts');
      await logs(name, options);
    });

  program
    .command('doctor')
    .description('check what labs need of this machine, and say how to mend it')
    .addOption(formatOption())
    .action(async (options: FormatOptions) => {
      const { doctor } = await import('../doctor.ts');
      call.exitCode = await doctor(options);
    });
}

function nameAndAll(name: string): ProblemError {
  return new ProblemError(
    inputProblem({
      code: 'name-and-all',
      where: `down ${name} --all`,
      cause: 'one lab, or every one',
      remedy: `labctl down ${name}, or labctl down --all`,
    }),
  );
}
