import { Argument } from 'commander';
import type { LabctlCommand } from '../command.ts';
import { type FaultOptions, faultOptions } from '../options.ts';
import { changeFaults } from './fault.ts';

export function add(program: LabctlCommand): void {
  program
    .command('link')
    .description('take the links between two nodes down, or one of several, or bring them up again')
    .addArgument(new Argument('<state>', 'down or up').choices(['down', 'up']))
    .argument('<end>', 'e.g. s1; with its port, s1:3, one link')
    .argument('[other]', 'e.g. s3; not needed with a port')
    .withOptions(faultOptions())
    .aboutLab()
    .withFormat()
    .does(async (state: 'down' | 'up', end: string, other: string | undefined, options: FaultOptions) => {
      const link = other === undefined ? end : `${end}-${other}`;
      return changeFaults({ kind: state, link }, options, (lab, how, watching) =>
        lab.run('link', { state, link, ...how }, watching),
      );
    });
}
