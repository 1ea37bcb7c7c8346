import type { CommandOutput } from '../../lab/commands/types.ts';
import { describeConnection } from '../../model/connection.ts';
import { describeFault } from '../../model/fault.ts';
import { describeProblem } from '../../model/problem.ts';
import { abridged } from '../../plan/requests.ts';
import type { LabctlCommand } from '../command.ts';
import type { FormatOptions, LabOptions } from '../options.ts';
import { coloured, localTime, printAnswer } from '../output/terminal.ts';
import { runningLab } from '../subject.ts';

export function add(program: LabctlCommand): void {
  program
    .command('status')
    .description('show the state of a lab: its controller, switches, connections and entries')
    .argument('[name]', 'the lab')
    .aboutLab()
    .withFormat()
    .does(async (name: string | undefined, options: FormatOptions & LabOptions) => {
      const lab = await runningLab(options, name);
      printAnswer(options, await lab.run('status', {}), statusLines);
    });
}

function statusLines(status: CommandOutput<'status'>): readonly string[] {
  const { connected, missing } = status.switches;
  const { kind, url, trouble } = status.controller;
  const listed = (lines: readonly string[], separator: string) => (lines.length === 0 ? 'none' : lines.join(separator));
  return [
    `lab          ${status.lab}, since ${localTime(status.startedAt)}`,
    `spec         ${status.specFile}`,
    `network      ${status.dataPlane}`,
    `controller   ${kind}, REST at ${url}`,
    ...(trouble === null
      ? [`switches     ${connected.length} connected${missing.length === 0 ? '' : `, missing: ${missing.join(', ')}`}`]
      : [`             ${coloured('red', 'does not answer')}: ${describeProblem(trouble)}`]),
    `forwarding   ${status.forwarding}`,
    `connections  ${listed(status.connections.map(describeConnection), NEXT_LINE)}`,
    `faults       ${listed(status.faults.map(describeFault), ', ')}`,
    `entries      ${entriesLine(status)}`,
    `process      ${status.pid}, ${status.memoryMb} MB`,
  ];
}

const NEXT_LINE = '\n             ';

/** How many there are, and which are not as they should be. */
function entriesLine({ entries, upkeep }: CommandOutput<'status'>): string {
  if (entries === null || upkeep === null) return 'unknown';
  const { missing, leaving, repaired } = upkeep;
  const named = (names: readonly string[], what: string) =>
    names.length === 0 ? [] : [`${names.length} ${what}: ${abridged(names)}`];
  return [
    `${entries}`,
    ...named(missing, 'missing and to be put back'),
    ...named(leaving, 'to be removed when their switch is back'),
    ...(repaired === 0 ? [] : [`${repaired} were lost and put back`]),
  ].join(NEXT_LINE);
}
