import { Argument } from 'commander';
import type { LabctlCommand } from '../command.ts';
import { type FaultOptions, faultOptions } from '../options.ts';
import { changeFaults } from './fault.ts';

export function add(program: LabctlCommand): void {
  program
    .command('link')
    .description('take every link between two nodes down, or bring it up again')
    .addArgument(new Argument('<state>', 'down or up').choices(['down', 'up']))
    .argument('<node>', 'e.g. s1')
    .argument('<other>', 'e.g. s3')
    .withOptions(faultOptions())
    .aboutLab()
    .withFormat()
    .does(async (state: 'down' | 'up', a: string, b: string, options: FaultOptions) =>
      changeFaults({ kind: state, fault: { kind: 'link', between: [a, b] } }, options, (lab, how, watching) =>
        lab.run('link', { state, between: [a, b], ...how }, watching),
      ),
    );
}
