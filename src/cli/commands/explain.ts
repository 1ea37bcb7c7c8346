import type { CommandOutput } from '../../lab/commands/types.ts';
import { inputProblem, ProblemError } from '../../model/problem.ts';
import { requestedPoints } from '../../plan/requests.ts';
import type { LabctlCommand } from '../command.ts';
import { type FormatOptions, type LabOptions, type SupposeOptions, supposeOptions } from '../options.ts';
import { coloured, printAnswer, warn } from '../output/terminal.ts';
import { interrupted } from '../signals.ts';
import { subjectNamed } from '../subject.ts';

interface ExplainOptions extends SupposeOptions, FormatOptions, LabOptions {
  readonly verify?: boolean;
}

export function add(program: LabctlCommand): void {
  program
    .command('explain')
    .description('explain why one host reaches another, or does not: hop by hop, with the entries that decide')
    .argument('<source>', 'e.g. h1')
    .argument('<target>', 'e.g. h9, or another address of a host: h9:eth1')
    .withOptions(supposeOptions())
    .option('--verify', 'ask the switches of each hop whether they would do so (ofproto/trace)')
    .aboutLab()
    .withFormat()
    .does(explain);
}

async function explain(source: string, target: string, options: ExplainOptions): Promise<void> {
  const subject = await subjectNamed(undefined, options);
  const { spec } = subject;
  const named = requestedPoints(spec.topology, source, target, `explain ${source} ${target}`);
  const { verify = false } = options;
  const { explanationFor, suppositionOf } = await import('../answers-of-spec.ts');
  const { document: supposition, value } = suppositionOf(spec.topology, options);
  if (verify && (subject.kind === 'spec' || value.entries.length > 0 || value.faults.length > 0)) {
    throw new ProblemError(
      inputProblem({
        code: 'nothing-to-verify',
        where: { kind: 'option', option: '--verify' },
        cause: 'only running switches can be asked, and only about what they hold',
        remedy: subject.kind === 'spec' ? `labctl up ${spec.name} first` : 'leave --with and --without out',
      }),
    );
  }
  const { document, warnings } =
    subject.kind === 'lab'
      ? {
          document: await subject.lab.run('explain', { ...named, supposition, verify }, { signal: interrupted }),
          warnings: [],
        }
      : explanationFor(spec, value, named);
  warn(warnings);
  printAnswer(options, document, explanationLines);
}

const SHOWN = { reaches: 'reaches', fails: 'X', undecided: '?' } as const;

function explanationLines({ there, back, checks }: CommandOutput<'explain'>): readonly string[] {
  const { source, target, outcome } = back.trace;
  return [
    ...there.story,
    `and ${source} -> ${target}: ${SHOWN[outcome]}${outcome === 'reaches' ? '' : `, ${back.why}`}`,
    ...(checks === null ? [] : checkLines(checks)),
  ];
}

function checkLines({
  checked,
  undecided,
  disagreements,
}: NonNullable<CommandOutput<'explain'>['checks']>): readonly string[] {
  const hashed = undecided === 0 ? '' : `, ${undecided} not asked, as a hash decides there`;
  if (disagreements.length === 0) {
    return [coloured('green', `The switches agree at all of ${checked} hops (ofproto/trace)${hashed}.`)];
  }
  return [
    coloured('red', `The switches disagree at ${disagreements.length} of ${checked} hops (ofproto/trace)${hashed}:`),
    ...disagreements.flatMap(({ switch: name, inPort, message, predicted, said, text }) => [
      `  ${name}, from port ${inPort}, ${message}: predicted out of ${ports(predicted)}, the switch says ${ports(said)}`,
      ...text.split('\n').map((line) => `    ${line}`.trimEnd()),
    ]),
  ];
}

function ports(numbers: readonly number[]): string {
  return numbers.length === 0 ? 'no port' : `port ${numbers.join(', ')}`;
}
