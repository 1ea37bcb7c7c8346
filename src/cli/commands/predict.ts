import { abridged } from '../../plan/requests.ts';
import type { LabctlCommand } from '../command.ts';
import { verdict } from '../exit-codes.ts';
import {
  addressesOption,
  allOption,
  askedMatrixOf,
  expectOption,
  type FormatOptions,
  type LabOptions,
  type SupposeOptions,
  supposeOptions,
} from '../options.ts';
import { predictionLines } from '../output/matrices.ts';
import { printAnswer, remark, warn } from '../output/terminal.ts';
import { interrupted } from '../signals.ts';
import { type Subject, subjectNamed } from '../subject.ts';

interface PredictOptions extends SupposeOptions, FormatOptions, LabOptions {
  readonly expect?: string;
  readonly all?: boolean;
  readonly addresses?: boolean;
}

export function add(program: LabctlCommand): void {
  program
    .command('predict')
    .description(
      'say what pingall will show, without sending a packet: of a running lab by what its switches hold, or of a spec',
    )
    .argument('[name|file]', 'a running lab, else a spec')
    .withOptions(supposeOptions())
    .addOption(expectOption())
    .addOption(allOption())
    .addOption(addressesOption())
    .aboutLab()
    .withFormat()
    .does(async (name: string | undefined, options: PredictOptions) => {
      const subject = await subjectNamed(name, options);
      const { predictionFor, suppositionOf } = await import('../answers-of-spec.ts');
      const { document: supposition, value } = suppositionOf(subject.spec.topology, options);
      const asked = askedMatrixOf(options);
      const document =
        subject.kind === 'lab'
          ? await subject.lab.run('predict', { supposition, ...asked }, { signal: interrupted })
          : predictionFor(subject.spec, value, asked);
      warn(document.warnings);
      printAnswer(options, document, () => [
        `*** Prediction ${describeSubject(subject, options)}`,
        ...predictionLines(document, options),
      ]);
      const { ending } = document;
      if (options.format === 'text' && ending.length > 0)
        remark(`assumed to stay, though they have timeouts: ${abridged(ending)}`);
      return verdict(document);
    });
}

function describeSubject(subject: Subject, { with: files, without }: SupposeOptions): string {
  const what =
    subject.kind === 'lab'
      ? `by what the switches of ${subject.lab.record.name} hold`
      : `by the spec ${subject.file}, no packet sent`;
  const more = [
    ...(files === undefined ? [] : [`with ${files.join(' ')}`]),
    ...(without === undefined ? [] : [`without ${without.join(' ')}`]),
  ];
  return [what, ...more].join(', ');
}
