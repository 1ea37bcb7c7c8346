import { Option } from 'commander';
import type { CommandOutput } from '../../lab/commands/types.ts';
import type { LabctlCommand } from '../command.ts';
import { verdict } from '../exit-codes.ts';
import { type FormatOptions, type LabOptions, wholeNumber } from '../options.ts';
import { watched } from '../output/progress.ts';
import { printAnswer } from '../output/terminal.ts';
import { runningLab } from '../subject.ts';

interface IperfOptions extends FormatOptions, LabOptions {
  readonly udp?: boolean;
  readonly seconds: number;
}

export function add(program: LabctlCommand): void {
  program
    .command('iperf')
    .description('measure the throughput from one host to another, with iperf3')
    .argument('<source>', 'e.g. h1')
    .argument('<target>', 'e.g. h3')
    .option('--udp', 'datagrams as fast as they go, and not TCP')
    .addOption(new Option('--seconds <number>', 'for how long').default(3).argParser(wholeNumber(1)))
    .aboutLab()
    .withFormat()
    .does(async (source: string, target: string, options: IperfOptions) => {
      const lab = await runningLab(options);
      const request = { source, target, protocol: options.udp ? 'udp' : 'tcp', seconds: options.seconds } as const;
      const document = await watched((running) => lab.run('iperf', request, running));
      printAnswer(options, document, throughputLines);
      return verdict({ asExpected: document.mbps !== null });
    });
}

function throughputLines({ source, target, mbps, lostPercent, why }: CommandOutput<'iperf'>): readonly string[] {
  if (mbps === null) return [`${source} -> ${target}: X, ${why}`];
  const lost = lostPercent === null ? '' : `, ${lostPercent.toFixed(1)}% of the datagrams lost`;
  return [`${source} -> ${target}: ${mbps.toFixed(1)} Mbit/s${lost}`];
}
