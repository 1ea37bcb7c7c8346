import type { Command } from 'commander';
import {
  avoidOption,
  disjointOption,
  type ExplainOptions,
  expectOption,
  type FormatOptions,
  formatOption,
  kOption,
  type LabOptions,
  labNamed,
  labOption,
  metricOption,
  type PathsOptions,
  type PredictOptions,
  topoOption,
  viaOption,
  withOption,
  withoutOption,
} from '../options.ts';
import type { Call } from './call.ts';

/** Commands that ask what a network does, and say what it is to do. */
export function addNetworkCommands(program: Command, call: Call): void {
  program.commandsGroup('Reachability and connections:');

  program
    .command('pingall')
    .description('ping every host from every host, and compare with what was asked for')
    .argument('[name]', 'the lab')
    .addOption(topoOption())
    .addOption(labOption())
    .addOption(expectOption())
    .addOption(formatOption())
    .action(async (name: string | undefined, options: FormatOptions & LabOptions & { expect?: string }) => {
      const { pingall } = await import('../network.ts');
      call.exitCode = await pingall(labNamed(options, name), options, call.signal);
    });

  program
    .command('predict')
    .description(
      'say what pingall will show, before a packet is sent: of a running lab by what its switches hold, or of a spec',
    )
    .argument('[name|file]', 'a running lab, else a spec')
    .addOption(withOption())
    .addOption(withoutOption())
    .addOption(expectOption())
    .addOption(labOption())
    .addOption(topoOption())
    .addOption(formatOption())
    .action(async (name: string | undefined, options: PredictOptions) => {
      const { predict } = await import('../predict.ts');
      call.exitCode = await predict(name, options, call.signal);
    });

  program
    .command('explain')
    .description('tell why one host reaches another, or does not: hop by hop, by which entries')
    .argument('<source>', 'e.g. h1')
    .argument('<target>', 'e.g. h9')
    .addOption(withOption())
    .addOption(withoutOption())
    .option('--verify', 'ask the switches of each hop whether they would do so (ofproto/trace)')
    .addOption(labOption())
    .addOption(topoOption())
    .addOption(formatOption())
    .action(async (source: string, target: string, options: ExplainOptions) => {
      const { explain } = await import('../predict.ts');
      await explain(source, target, options, call.signal);
    });

  program
    .command('connect')
    .description('let these hosts reach each other and nobody else')
    .argument('<hosts...>', 'two hosts or more')
    .addOption(labOption())
    .addOption(topoOption())
    .option('--multipath', 'spread over all equally cheap paths, by select groups')
    .option('--protect', 'survive the failure of any one link that has an alternative, by fast-failover groups')
    .option('--via <switches...>', 'let every path pass these switches, in this order')
    .option('--avoid <parts...>', 'let no path use these switches (s3) and links (s1-s3)')
    .option('--dry-run', 'show the entries, push nothing; with --topo the lab need not run')
    .option('--curl', 'show the entries as curl commands, push nothing; likewise')
    .addOption(formatOption())
    .action(async (hosts: string[], options: FormatOptions & LabOptions) => {
      const { changeConnection } = await import('../network.ts');
      call.exitCode = await changeConnection('connect', hosts, options, call.signal);
    });

  program
    .command('disconnect')
    .description('take a connection away again')
    .argument('<hosts...>', 'the hosts of the connection')
    .addOption(topoOption())
    .addOption(labOption())
    .addOption(formatOption())
    .action(async (hosts: string[], options: FormatOptions & LabOptions) => {
      const { changeConnection } = await import('../network.ts');
      call.exitCode = await changeConnection('disconnect', hosts, options, call.signal);
    });

  program
    .command('heal')
    .description('give the switches what the connections need and they lack, and take away what none needs; then ping')
    .argument('[name]', 'the lab')
    .addOption(topoOption())
    .addOption(labOption())
    .addOption(formatOption())
    .action(async (name: string | undefined, options: FormatOptions & LabOptions) => {
      const { heal } = await import('../network.ts');
      call.exitCode = await heal(labNamed(options, name), options, call.signal);
    });

  program
    .command('plan')
    .description('show what `labctl heal` would do, or the entries of a spec')
    .argument('[name|file]', 'a running lab, else a spec')
    .addOption(topoOption())
    .addOption(labOption())
    .addOption(formatOption())
    .action(async (name: string | undefined, options: FormatOptions & LabOptions) => {
      const { showPlan } = await import('../entries.ts');
      call.exitCode = await showPlan(name, undefined, options, call.signal);
    });

  program
    .command('paths')
    .description('show the ways between two hosts: all that cost the least, or those that options ask for')
    .argument('<source>', 'e.g. h1')
    .argument('<target>', 'e.g. h9')
    .addOption(kOption())
    .addOption(disjointOption())
    .addOption(metricOption())
    .addOption(viaOption())
    .addOption(avoidOption())
    .addOption(labOption())
    .addOption(topoOption())
    .addOption(formatOption())
    .action(async (source: string, target: string, options: PathsOptions) => {
      const { paths } = await import('../paths.ts');
      await paths(source, target, options, call.signal);
    });

  program
    .command('net')
    .description("print the links as Mininet's `net` does, of a running lab or of a spec")
    .argument('[name|file]', 'a running lab, else a spec')
    .addOption(labOption())
    .addOption(topoOption())
    .action(async (name: string | undefined, options: LabOptions & { topo?: string }) => {
      const { net } = await import('../network.ts');
      await net(name, options, call.signal);
    });
}
