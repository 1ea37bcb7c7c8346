import { Option } from 'commander';
import type { LabctlCommand } from '../command.ts';
import { wholeNumber } from '../options.ts';
import { printLines } from '../output/terminal.ts';
import type { NewOptions } from '../specs/generated-spec.ts';

/** The parameters of the topologies. */
export const TOPOLOGY_FLAGS: readonly (readonly [flag: string, description: string])[] = [
  ['hosts', 'hosts on each switch that has any'],
  ['switches', 'of linear, ring, mesh and random'],
  ['depth', 'of tree: levels of switches'],
  ['fanout', 'of tree: branches of each switch'],
  ['x', 'of torus: switches in the first direction'],
  ['y', 'of torus: switches in the second direction'],
  ['spines', 'of leaf-spine'],
  ['leaves', 'of leaf-spine'],
  ['k', 'of fat-tree: ports of each switch, an even number'],
  ['links', 'of random: links between switches'],
  ['seed', 'of random: picks the graph'],
];

export function add(program: LabctlCommand): void {
  program
    .command('new')
    .description('print the spec of a generated lab: labctl new ring --switches 6 > lab.yaml')
    .argument('[topology]', 'e.g. fat-tree; without it the topologies are listed')
    .option('--name <name>', "the lab's name (default: the topology's)")
    .option('--expand', 'write every host, switch and link out')
    .withOptions(
      TOPOLOGY_FLAGS.map(([flag, description]) =>
        new Option(`--${flag} <number>`, description).argParser(wholeNumber(0)),
      ),
    )
    .does(async (topology: string | undefined, options: NewOptions) => {
      const { generatedSpec, topologyLines } = await import('../specs/generated-spec.ts');
      if (topology === undefined) printLines(topologyLines());
      else process.stdout.write(generatedSpec(topology, options));
    });
}
