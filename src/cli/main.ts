#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { SETTABLE_ROLES, type SettableRole } from '../drivers/control-plane.ts';
import { describeProblem, type Problem, ProblemError } from '../model/problem.ts';
import { IMPORT_FORMATS } from '../spec/import/format-names.ts';
import type { ImportCommandOptions } from './import.ts';
import type { NewOptions } from './new.ts';
import {
  type ApplyOptions,
  avoidOption,
  type CaptureOptions,
  controllerOption,
  dataPlaneOption,
  datapathOption,
  disjointOption,
  type ExplainOptions,
  expectOption,
  type FaultOptions,
  type FormatOptions,
  formatOption,
  type IperfOptions,
  jobsOption,
  junitOption,
  kOption,
  type LabOptions,
  labNamed,
  labOption,
  measureOption,
  metricOption,
  noRepairOption,
  openflowPortOption,
  type PathsOptions,
  type PredictOptions,
  restPortOption,
  scenarioOption,
  type TestOptions,
  TOPOLOGY_FLAGS,
  topoOption,
  type UpOptions,
  viaOption,
  wholeNumber,
  withOption,
  withoutOption,
} from './options.ts';
import type { ValidateOptions } from './validate.ts';

/** Exit codes; 1, a network that answers otherwise than expected, comes from the commands. */
const EXIT = { asExpected: 0, wrongInput: 2, cannot: 3, interrupted: 130 } as const;

/** Set by the command that ran. */
let exitCode: number = EXIT.asExpected;

const interrupted = new AbortController();

function version(): string {
  const file = join(import.meta.dirname, '../../package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** A name, given as an argument or by an option. */
function named(argument: string | undefined, option: string | undefined, what: string): string {
  const name = argument ?? option;
  if (name === undefined) throw new CommanderError(EXIT.wrongInput, 'labctl.missing', `error: name ${what}`);
  return name;
}

/** Takes `--lab NAME` and `--` from the front of a command's words. */
function leadingLab(argv: readonly string[]): { readonly lab: string | undefined; readonly rest: readonly string[] } {
  const [first, second = '', ...others] = argv;
  const inOne = /^--lab=(.+)$/.exec(first ?? '')?.[1];
  const lab = first === '--lab' ? second : inOne;
  const rest = first === '--lab' ? others : inOne === undefined ? argv : argv.slice(1);
  return { lab, rest: lab !== undefined && rest[0] === '--' ? rest.slice(1) : rest };
}

// An empty variable is one that is not set.
for (const [name, value] of Object.entries(process.env)) {
  if (name.startsWith('LABCTL_') && value === '') delete process.env[name];
}

// A lab's process has another working folder than we have.
if (process.env['LABCTL_RUN_DIR']) process.env['LABCTL_RUN_DIR'] = resolve(process.env['LABCTL_RUN_DIR']);

// Modules are loaded by the command that needs them: a command's start is part of its speed.
const program = new Command('labctl')
  .description('SDN topology labs: real Mininet and Open vSwitch, entries computed per connection, a verdict per pair')
  .version(version())
  .showHelpAfterError('(labctl --help shows the commands)')
  .exitOverride()
  .enablePositionalOptions()
  .configureHelp({ sortSubcommands: false })
  .addHelpText(
    'after',
    `
Exit codes: 0 as expected; 1 the network answers otherwise than expected; 2 the input is wrong;
3 the machine or the controller cannot do it; 130 after an interrupt.

A first lab:
  labctl up s10h10
  labctl pingall
  labctl connect h2 h5 h6
  labctl down`,
  );

const newCommand = program
  .command('new')
  .description('print the spec of a generated lab: labctl new ring --switches 6 > lab.yaml')
  .argument('[topology]', 'e.g. fat-tree; without it the topologies are listed')
  .option('--name <name>', "the lab's name (default: the topology's)")
  .option('--expand', 'write every host, switch and link out');
for (const [flag, description] of TOPOLOGY_FLAGS)
  newCommand.addOption(new Option(`--${flag} <number>`, description).argParser(wholeNumber(0)));
newCommand.action(async (topology: string | undefined, options: NewOptions) => {
  const { printNewSpec } = await import('./new.ts');
  printNewSpec(topology, { ...options });
});

program
  .command('validate')
  .description('check specs, and tell every problem of each with file, line and column')
  .argument('<files...>', 'files, or folders with all specs in them; s10h10 is topologies/s10h10.yaml')
  .addOption(
    new Option('--format <form>', 'text for people, json for programs, github for annotations in its Actions')
      .choices(['text', 'json', 'github'])
      .default('text')
      .env('LABCTL_FORMAT'),
  )
  .action(async (files: string[], options: ValidateOptions) => {
    const { validate } = await import('./validate.ts');
    exitCode = validate(files, options);
  });

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
    const { up } = await import('./up.ts');
    await up(
      named(argument, options.topo, 'the spec to bring up, as in: labctl up s10h10'),
      options,
      interrupted.signal,
    );
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
    const { down } = await import('./labs.ts');
    await down(labNamed(options, argument), options);
  });

program
  .command('ls')
  .description('list the labs, and clear what labs left that ended by themselves')
  .addOption(formatOption())
  .action(async (options: FormatOptions) => {
    const { ls } = await import('./labs.ts');
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
    const { status } = await import('./labs.ts');
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
    const { switches } = await import('./labs.ts');
    await switches(labNamed(options, name), undefined, options, interrupted.signal);
  });

program
  .command('role')
  .description("show the controller's role for the switches, or set it; setting it takes Floodlight a second a switch")
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
      const { switches } = await import('./labs.ts');
      const change = role === undefined ? undefined : { role, ...(switchName === undefined ? {} : { switchName }) };
      await switches(labNamed(options), change, options, interrupted.signal);
    },
  );

program
  .command('pingall')
  .description('ping every host from every host, and compare with what was asked for')
  .argument('[name]', 'the lab')
  .addOption(topoOption())
  .addOption(labOption())
  .addOption(expectOption())
  .addOption(formatOption())
  .action(async (name: string | undefined, options: FormatOptions & LabOptions & { expect?: string }) => {
    const { pingall } = await import('./network.ts');
    exitCode = await pingall(labNamed(options, name), options, interrupted.signal);
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
    const { predict } = await import('./predict.ts');
    exitCode = await predict(name, options, interrupted.signal);
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
    const { explain } = await import('./predict.ts');
    await explain(source, target, options, interrupted.signal);
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
    const { changeConnection } = await import('./network.ts');
    exitCode = await changeConnection('connect', hosts, options, interrupted.signal);
  });

program
  .command('plan')
  .description('show what `labctl heal` would do, or the entries of a spec')
  .argument('[name|file]', 'a running lab, else a spec')
  .addOption(topoOption())
  .addOption(labOption())
  .addOption(formatOption())
  .action(async (name: string | undefined, options: FormatOptions & LabOptions) => {
    const { showPlan } = await import('./entries.ts');
    exitCode = await showPlan(name, undefined, options, interrupted.signal);
  });

program
  .command('heal')
  .description('give the switches what the connections need and they lack, and take away what none needs; then ping')
  .argument('[name]', 'the lab')
  .addOption(topoOption())
  .addOption(labOption())
  .addOption(formatOption())
  .action(async (name: string | undefined, options: FormatOptions & LabOptions) => {
    const { heal } = await import('./network.ts');
    exitCode = await heal(labNamed(options, name), options, interrupted.signal);
  });

program
  .command('disconnect')
  .description('take a connection away again')
  .argument('<hosts...>', 'the hosts of the connection')
  .addOption(topoOption())
  .addOption(labOption())
  .addOption(formatOption())
  .action(async (hosts: string[], options: FormatOptions & LabOptions) => {
    const { changeConnection } = await import('./network.ts');
    exitCode = await changeConnection('disconnect', hosts, options, interrupted.signal);
  });

program
  .command('link')
  .description('take every link between two nodes down, or up again')
  .addArgument(new Argument('<state>', 'down or up').choices(['down', 'up']))
  .argument('<node>', 'e.g. s1')
  .argument('<other>', 'e.g. s3')
  .addOption(noRepairOption())
  .addOption(measureOption())
  .addOption(topoOption())
  .addOption(labOption())
  .addOption(formatOption())
  .action(async (kind: 'down' | 'up', a: string, b: string, options: FaultOptions) => {
    const { changeFaults } = await import('./faults.ts');
    await changeFaults({ kind, fault: { kind: 'link', between: [a, b] } }, options, interrupted.signal);
  });

program
  .command('switch')
  .description('stop a switch, or start it again')
  .addArgument(new Argument('<what>', 'stop or start').choices(['stop', 'start']))
  .argument('<switch>', 'e.g. s3')
  .addOption(noRepairOption())
  .addOption(measureOption())
  .addOption(topoOption())
  .addOption(labOption())
  .addOption(formatOption())
  .action(async (what: 'stop' | 'start', name: string, options: FaultOptions) => {
    const { changeFaults } = await import('./faults.ts');
    const kind = what === 'stop' ? 'down' : 'up';
    await changeFaults({ kind, fault: { kind: 'switch', name } }, options, interrupted.signal);
  });

const faultCommand = program.command('fault').description('links and switches that are down');

faultCommand
  .command('random')
  .description('take links between switches down at random; the same seed picks the same of the same lab')
  .addOption(new Option('--seed <number>', 'picks').makeOptionMandatory().argParser(wholeNumber(0)))
  .addOption(new Option('--count <number>', 'how many').default(1).argParser(wholeNumber(1)))
  .option('--switches', 'pick among the switches too')
  .addOption(noRepairOption())
  .addOption(measureOption())
  .addOption(topoOption())
  .addOption(labOption())
  .addOption(formatOption())
  .action(async (options: FaultOptions & { seed: number; count: number; switches?: boolean }) => {
    const { changeFaults } = await import('./faults.ts');
    const { seed, count, switches = false } = options;
    await changeFaults({ kind: 'random', seed, count, withSwitches: switches }, options, interrupted.signal);
  });

faultCommand
  .command('list')
  .description('list what is down')
  .addOption(topoOption())
  .addOption(labOption())
  .addOption(formatOption())
  .action(async (options: FormatOptions & LabOptions) => {
    const { listFaults } = await import('./faults.ts');
    await listFaults(options, interrupted.signal);
  });

faultCommand
  .command('clear')
  .description('take everything up again')
  .addOption(noRepairOption())
  .addOption(measureOption())
  .addOption(topoOption())
  .addOption(labOption())
  .addOption(formatOption())
  .action(async (options: FaultOptions) => {
    const { changeFaults } = await import('./faults.ts');
    await changeFaults({ kind: 'clear' }, options, interrupted.signal);
  });

const entriesCommand = program.command('entries').description('the static flow and group entries of a lab');

entriesCommand
  .command('list')
  .description('list the entries that the controller holds')
  .addOption(topoOption())
  .addOption(labOption())
  .addOption(formatOption())
  .action(async (options: FormatOptions & LabOptions) => {
    const { entries } = await import('./entries.ts');
    await entries({ kind: 'list' }, options, interrupted.signal);
  });

entriesCommand
  .command('apply')
  .alias('add')
  .description(
    "push entries from files in the form of the tutorial's curl commands, checked first; - is standard input",
  )
  .argument('<files...>', 'JSON: one entry, a list, or one after another')
  .option('--force', 'send all but what would break the controller, and tell what became of each')
  .addOption(topoOption())
  .addOption(labOption())
  .addOption(formatOption())
  .action(async (files: string[], options: ApplyOptions) => {
    const { applyEntries } = await import('./entries.ts');
    exitCode = await applyEntries(files, options, interrupted.signal);
  });

entriesCommand
  .command('delete')
  .description('take entries away by their names')
  .argument('<names...>', 'as `entries list` shows them')
  .addOption(topoOption())
  .addOption(labOption())
  .addOption(formatOption())
  .action(async (names: string[], options: FormatOptions & LabOptions) => {
    const { entries } = await import('./entries.ts');
    await entries({ kind: 'delete', names }, options, interrupted.signal);
  });

entriesCommand
  .command('clear')
  .description('take all entries away, of one switch or of all; clearing all ends every connection')
  .argument('[switch]', 'e.g. s6')
  .addOption(topoOption())
  .addOption(labOption())
  .addOption(formatOption())
  .action(async (switchName: string | undefined, options: FormatOptions & LabOptions) => {
    const { entries } = await import('./entries.ts');
    const work = { kind: 'clear', ...(switchName === undefined ? {} : { switchName }) } as const;
    await entries(work, options, interrupted.signal);
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
    const { paths } = await import('./paths.ts');
    await paths(source, target, options, interrupted.signal);
  });

program
  .command('net')
  .description("print the links as Mininet's `net` does, of a running lab or of a spec")
  .argument('[name|file]', 'a running lab, else a spec')
  .addOption(labOption())
  .addOption(topoOption())
  .action(async (name: string | undefined, options: LabOptions & { topo?: string }) => {
    const { net } = await import('./network.ts');
    await net(name, options, interrupted.signal);
  });

program
  .command('render')
  .description('print a spec as a Mininet custom topology, for `mn --custom`')
  .argument('[name|file]', 'the spec')
  .addOption(topoOption())
  .action(async (argument: string | undefined, options: { topo?: string }) => {
    const { render } = await import('./network.ts');
    await render(named(argument, options.topo, 'the spec to render, as in: labctl render s10h10'));
  });

program
  .command('import')
  .description("print a spec of a network that another tool's file describes: labctl import zoo.gml > lab.yaml")
  .argument('<file>', 'a Mininet topology (.py), GML, GraphML, node-link JSON, containerlab YAML; - is standard input')
  .addOption(new Option('--as <format>', 'its format, where its name does not tell').choices(IMPORT_FORMATS))
  .option('--topo <name>', 'which topology of a Mininet program, with arguments as for mn: tree,2')
  .addOption(
    new Option('--hosts-per-node <number>', 'hosts on each switch (default: 1 where the file has no hosts)').argParser(
      wholeNumber(0),
    ),
  )
  .option('--name <lab>', "the lab's name (default: the file's)")
  .action(async (file: string, options: ImportCommandOptions) => {
    const { importFile } = await import('./import.ts');
    await importFile(file, options, interrupted.signal);
  });

program
  .command('exec')
  .description('run a command on a host')
  .argument('<host>', 'e.g. h1')
  .argument('<command...>', 'e.g. -- ping -c1 10.0.0.2')
  .addOption(topoOption())
  .addOption(labOption())
  .passThroughOptions()
  .action(async (host: string, argv: string[], options: LabOptions) => {
    const { execOnHost } = await import('./network.ts');
    // Options after the host are the command's, but for these: people put them there.
    const { lab, rest } = leadingLab(argv);
    exitCode = await execOnHost(host, rest, lab === undefined ? options : { ...options, lab });
  });

program
  .command('shell')
  .description('open a shell on a host')
  .argument('<host>', 'e.g. h1')
  .addOption(topoOption())
  .addOption(labOption())
  .action(async (host: string, options: LabOptions) => {
    const { execOnHost } = await import('./network.ts');
    exitCode = await execOnHost(host, ['bash', '--norc', '-i'], options);
  });

program
  .command('test')
  .description('run the scenarios of specs, each in a lab of its own that leaves nothing; the exit code is the verdict')
  .argument('[names|files|folders...]', 'specs, or folders: of those the specs that have scenarios')
  .addOption(topoOption())
  .addOption(scenarioOption())
  .addOption(jobsOption())
  .addOption(junitOption())
  .option('--keep-going', 'go on with a scenario after an expectation that failed')
  .option('--watch', 'run again whenever a file is saved, simulated first')
  .addOption(controllerOption())
  .addOption(restPortOption())
  .addOption(openflowPortOption())
  .addOption(dataPlaneOption())
  .addOption(datapathOption())
  .addOption(formatOption())
  .action(async (names: string[], options: TestOptions) => {
    const { test } = await import('./test.ts');
    const [first, ...others] = names;
    const specs = [named(first, options.topo, 'what to test, as in: labctl test s10h10'), ...others];
    exitCode = await test(specs, options, interrupted.signal);
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
    const { iperf } = await import('./traffic.ts');
    exitCode = await iperf(source, target, options, interrupted.signal);
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
    const { capture } = await import('./traffic.ts');
    exitCode = await capture(at, filter, options);
  });

program
  .command('logs')
  .description('list the logs of a lab, or show one of them')
  .argument('[log]', 'one of the list, or a host: what it starts has printed')
  .option('-f, --follow', 'go on with what is added, until an interrupt')
  .addOption(topoOption())
  .addOption(labOption())
  .action(async (name: string | undefined, options: LabOptions & { follow?: boolean }) => {
    const { logs } = await import('./logs.ts');
    await logs(name, options);
  });

program
  .command('doctor')
  .description('check what labs need of this machine, and say how to mend it')
  .addOption(formatOption())
  .action(async (options: FormatOptions) => {
    const { doctor } = await import('./doctor.ts');
    exitCode = await doctor(options);
  });

program
  .command('completion')
  .description('print what makes a shell complete commands, options and the names of a running lab')
  .addArgument(new Argument('<shell>', 'e.g. source <(labctl completion bash)').choices(['bash', 'zsh', 'fish']))
  .action(async (shell: 'bash' | 'zsh' | 'fish') => {
    const { completionScript } = await import('./completion.ts');
    process.stdout.write(completionScript(shell));
  });

program
  .command('__complete', { hidden: true })
  .argument('[words...]')
  .action(async (words: string[]) => {
    const { complete } = await import('./completion.ts');
    await complete(program, words);
  });

/** The first interrupt ends the command in order; the second ends this process at once. */
process.once('SIGINT', () => {
  process.once('SIGINT', () => process.exit(EXIT.interrupted));
  interrupted.abort(new Error('interrupted'));
});
process.once('SIGTERM', () => interrupted.abort(new Error('terminated')));
// A reader that has seen enough (`labctl pingall | head -1`) changes no verdict, and remarks may go unheard.
process.stderr.on('error', () => {});
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`labctl: the result cannot be written: ${error.message}\n`);
  process.exit(EXIT.cannot);
});

/** The exit code for problems: the input's, unless one is the machine's. */
function report(problems: readonly Problem[]): number {
  for (const problem of problems) process.stderr.write(`labctl: ${describeProblem(problem)}\n`);
  return problems.some(({ kind }) => kind === 'environment') ? EXIT.cannot : EXIT.wrongInput;
}

try {
  await program.parseAsync();
} catch (error) {
  if (interrupted.signal.aborted) {
    process.stderr.write('labctl: interrupted\n');
    exitCode = EXIT.interrupted;
  } else if (error instanceof ProblemError) exitCode = report(error.problems);
  else if (error instanceof CommanderError) {
    // Commander has printed its own errors, but not those that we throw.
    if (error.code === 'labctl.missing') process.stderr.write(`${error.message}\n`);
    exitCode = error.exitCode === 0 ? EXIT.asExpected : EXIT.wrongInput;
  } else {
    process.stderr.write(`labctl: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    exitCode = EXIT.cannot;
  }
}
process.exitCode = exitCode;
