import { Argument } from 'commander';
import type { LabctlCommand } from '../command.ts';
import { type FaultOptions, faultOptions } from '../options.ts';
import { changeFaults } from './fault.ts';

export function add(program: LabctlCommand): void {
  program
    .command('switch')
    .description('stop a switch, or start it again')
    .addArgument(new Argument('<what>', 'stop or start').choices(['stop', 'start']))
    .argument('<switch>', 'e.g. s3')
    .withOptions(faultOptions())
    .aboutLab()
    .withFormat()
    .does(async (what: 'stop' | 'start', name: string, options: FaultOptions) => {
      const state = what === 'stop' ? 'down' : 'up';
      return changeFaults({ kind: state, fault: { kind: 'switch', name } }, options, (lab, how, watching) =>
        lab.run('switch', { state, switchName: name, ...how }, watching),
      );
    });
}
