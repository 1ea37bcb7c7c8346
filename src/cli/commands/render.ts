import { renderMininet } from '../../spec/export/mininet.ts';
import type { LabctlCommand } from '../command.ts';
import { type LabOptions, named, topoOption } from '../options.ts';
import { specNamed } from '../subject.ts';

export function add(program: LabctlCommand): void {
  program
    .command('render')
    .description('print a spec as a Mininet custom topology, for `mn --custom`')
    .argument('[name|file]', 'the spec')
    .addOption(topoOption())
    .does(async (argument: string | undefined, options: Pick<LabOptions, 'topo'>) => {
      const topo = named(argument, options.topo, 'the spec to render, as in: labctl render s10h10');
      const { spec } = await specNamed(topo);
      process.stdout.write(renderMininet(spec.topology, spec.topo));
    });
}
