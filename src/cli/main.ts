#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CommanderError } from 'commander';
import { describeProblem, ProblemError } from '../model/problem.ts';
import { INSTALLATION } from '../spec/installation.ts';
import { LabctlCommand } from './command.ts';
import { COMMANDS } from './commands.ts';
import { EXIT, exitCodeOf } from './exit-codes.ts';
import { NAME_MISSING } from './options.ts';
import { heedInterrupts, interrupted } from './signals.ts';

function version(): string {
  const file = join(INSTALLATION, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** Says what went wrong, and returns the exit code. */
function reported(error: unknown): number {
  const say = (text: string) => process.stderr.write(`${text}\n`);
  if (interrupted.aborted) {
    say('labctl: interrupted');
    return EXIT.interrupted;
  }
  if (error instanceof ProblemError) {
    for (const problem of error.problems) say(`labctl: ${describeProblem(problem)}`);
    return exitCodeOf(error.problems);
  }
  if (error instanceof CommanderError) {
    // Commander has printed its own errors, but not those that we throw.
    if (error.code === NAME_MISSING) say(error.message);
    return error.exitCode === 0 ? EXIT.asExpected : EXIT.wrongInput;
  }
  say(`labctl: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return EXIT.cannot;
}

// An empty variable is one that is not set.
for (const [name, value] of Object.entries(process.env)) {
  if (name.startsWith('LABCTL_') && value === '') delete process.env[name];
}

// A lab's process has another working folder than we have.
if (process.env['LABCTL_RUN_DIR']) process.env['LABCTL_RUN_DIR'] = resolve(process.env['LABCTL_RUN_DIR']);

// What takes long to load is loaded by the command that needs it: its start is part of its speed.
const program = new LabctlCommand('labctl')
  .description('SDN topology labs: real Mininet and Open vSwitch, entries computed per connection, a verdict per pair')
  .version(version())
  .showHelpAfterError('(labctl --help shows the commands)')
  .exitOverride()
  .enablePositionalOptions()
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
heedInterrupts();
// A reader that stops early (`labctl pingall | head -1`) changes no verdict, and nobody has to read remarks.
process.stderr.on('error', () => {});
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`labctl: the result cannot be written: ${error.message}\n`);
  process.exit(EXIT.cannot);
});

/** Runs the command line. To load all commands is a good part of the start: where one is named, only that is loaded. */
async function run(): Promise<void> {
  const [called = ''] = process.argv.slice(2);
  const isKnown = called === '--version' || Object.values(COMMANDS).some((commands) => Object.hasOwn(commands, called));
  const wanted = Object.entries(COMMANDS).map(async ([group, commands]) => ({
    group,
    files: await Promise.all(
      Object.entries(commands).flatMap(([name, load]) => (!isKnown || name === called ? [load()] : [])),
    ),
  }));
  for (const { group, files } of await Promise.all(wanted)) {
    program.commandsGroup(group);
    for (const { add } of files) add(program);
  }
  program.helpCommand(true);
  await program.parseAsync();
}

run().catch((error: unknown) => {
  process.exitCode = reported(error);
});
