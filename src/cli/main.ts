#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Argument, Command, CommanderError } from 'commander';
import { describeProblem, type Problem, ProblemError } from '../model/problem.ts';
import { INSTALLATION } from '../spec/installation.ts';
import type { Call } from './commands/call.ts';
import { addEntryCommands } from './commands/entries.ts';
import { addFaultCommands } from './commands/faults.ts';
import { addHostCommands } from './commands/hosts.ts';
import { addLabCommands } from './commands/labs.ts';
import { addNetworkCommands } from './commands/network.ts';
import { addSpecCommands } from './commands/specs.ts';
import { NAME_MISSING } from './options.ts';

/** Exit codes; 1, a network that answers otherwise than expected, comes from the commands. */
const EXIT = { asExpected: 0, wrongInput: 2, cannot: 3, interrupted: 130 } as const;

const interrupted = new AbortController();
const call: Call = { signal: interrupted.signal, exitCode: EXIT.asExpected };

function version(): string {
  const file = join(INSTALLATION, 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
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

addLabCommands(program, call);
addNetworkCommands(program, call);
addFaultCommands(program, call);
addEntryCommands(program, call);
addHostCommands(program, call);
addSpecCommands(program, call);

program
  .commandsGroup('This program:')
  .helpCommand(true)
  .command('completion')
  .description('print what makes a shell complete commands, options and the names of a running lab')
  .addArgument(new Argument('<shell>', 'e.g. source <(labctl completion bash)').choices(['bash', 'zsh', 'fish']))
  .action(async (shell: 'bash' | 'zsh' | 'fish') => {
    const { completionScript } = await import('./completion/completion.ts');
    process.stdout.write(completionScript(shell));
  });

program
  .command('__complete', { hidden: true })
  .argument('[words...]')
  .action(async (words: string[]) => {
    const { complete } = await import('./completion/completion.ts');
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
    call.exitCode = EXIT.interrupted;
  } else if (error instanceof ProblemError) call.exitCode = report(error.problems);
  else if (error instanceof CommanderError) {
    // Commander has printed its own errors, but not those that we throw.
    if (error.code === NAME_MISSING) process.stderr.write(`${error.message}\n`);
    call.exitCode = error.exitCode === 0 ? EXIT.asExpected : EXIT.wrongInput;
  } else {
    process.stderr.write(`labctl: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    call.exitCode = EXIT.cannot;
  }
}
process.exitCode = call.exitCode;
