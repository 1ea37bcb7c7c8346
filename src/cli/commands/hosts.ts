import { type Command, Option } from 'commander';
import {
  type CaptureOptions,
  type FormatOptions,
  formatOption,
  type IperfOptions,
  type LabOptions,
  labOption,
  topoOption,
  wholeNumber,
} from '../options.ts';
import type { Call } from './call.ts';

/** Commands that work on hosts, and look at what passes. */
export function addHostCommands(program: Command, call: Call): void {
  program.commandsGroup('Hosts and traffic:');

  program
    .command('exec')
    .description('run a command on a host')
    .argument('<host>', 'e.g. h1')
    .argument('<command...>', 'e.g. -- ping -c1 10.0.0.2')
    .addOption(topoOption())
    .addOption(labOption())
    .passThroughOptions()
    .action(async (host: string, argv: string[], options: LabOptions) => {
      const { execOnHost } = await import('../network.ts');
      // Options after the host are the command's, but for these: people put them there.
      const { lab, rest } = leadingLab(argv);
      call.exitCode = await execOnHost(host, rest, lab === undefined ? options : { ...options, lab });
    });

  program
    .command('shell')
    .description('open a shell on a host')
    .argument('<host>', 'e.g. h1')
    .addOption(topoOption())
    .addOption(labOption())
    .action(async (host: string, options: LabOptions) => {
      const { execOnHost } = await import('../network.ts');
      call.exitCode = await execOnHost(host, ['bash', '--norc', '-i'], options);
    });

  program
    .command('iperf')
    .description('measure what comes through from one host to another, with iperf3')
    .argument('<source>', 'e.g. h1')
    .argument('<target>', 'e.g. h3')
    .option('--udp', 'datagrams as fast as they go, and not TCP')
    .addOption(new Option('--seconds <number>', 'for how long').default(3).argParser(wholeNumber(1)))
    .addOption(topoOption())
    .addOption(labOption())
    .addOption(formatOption())
    .action(async (source: string, target: string, options: IperfOptions & FormatOptions) => {
      const { iperf } = await import('../traffic.ts');
      call.exitCode = await iperf(source, target, options, call.signal);
    });

  program
    .command('capture')
    .description('show what passes an interface, with tcpdump, until an interrupt; or write it for Wireshark')
    .argument('<interface>', 'e.g. s1-eth1, or a host')
    .argument('[filter...]', 'as tcpdump has it, e.g. icmp or arp')
    .option(
      '-w, --write <file>',
      'write packets, in the form of pcap; - is standard output: ... -w - | wireshark -k -i -',
    )
    .addOption(new Option('--count <number>', 'end after so many packets').argParser(wholeNumber(1)))
    .addOption(new Option('--seconds <number>', 'end after so long').argParser(wholeNumber(1)))
    .addOption(topoOption())
    .addOption(labOption())
    .action(async (at: string, filter: string[], options: CaptureOptions) => {
      const { capture } = await import('../traffic.ts');
      call.exitCode = await capture(at, filter, options);
    });
}

/** Takes `--lab NAME` and `--` from the front of a command's words. */
function leadingLab(argv: readonly string[]): { readonly lab: string | undefined; readonly rest: readonly string[] } {
  const [first, second = '', ...others] = argv;
  const inOne = /^--lab=(.+)$/.exec(first ?? '')?.[1];
  const lab = first === '--lab' ? second : inOne;
  const rest = first === '--lab' ? others : inOne === undefined ? argv : argv.slice(1);
  return { lab, rest: lab !== undefined && rest[0] === '--' ? rest.slice(1) : rest };
}
