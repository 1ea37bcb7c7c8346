import { enveloped } from '../lab/commands/command.ts';
import { explain as explainCommand, explainedPings } from '../lab/commands/explain.ts';
import { predict as predictCommand, predictionDocument } from '../lab/commands/predict.ts';
import type { CommandInput, CommandOutput } from '../lab/commands/types.ts';
import { readEntries } from '../lab/documents/entries.ts';
import { entriesInFile } from '../lab/entry-files.ts';
import { expectedMatrix, forecast, type Supposition, supposing } from '../lab/forecast.ts';
import { describeProblem, inputProblem, ProblemError } from '../model/problem.ts';
import type { Topology } from '../model/topology.ts';
import { compileConnections } from '../plan/connections.ts';
import { abridged, requestedFault, requestedHosts } from '../plan/requests.ts';
import { networkOf } from '../sim/network.ts';
import type { LabSpec } from '../spec/read.ts';
import type { ExplainOptions, PredictOptions, SupposeOptions } from './options.ts';
import { predictionLines } from './output/matrices.ts';
import { coloured, printJson, printLines, remark } from './output/terminal.ts';
import { type Subject, subjectNamed } from './subject.ts';

/** Exit code of a network that will answer otherwise than expected. */
const NOT_AS_EXPECTED = 1;

/** `labctl predict`: the exit code says whether the network will answer as expected. */
export async function predict(name: string | undefined, options: PredictOptions, signal: AbortSignal): Promise<number> {
  const subject = await subjectNamed(name, options, signal);
  const document = await predictionOf(subject, options, signal);
  for (const warning of document.warnings) remark(`labctl: warning: ${describeProblem(warning)}`);
  if (options.format === 'json') printJson(document);
  else {
    printLines([`*** Prediction ${describeSubject(subject, options)}`, ...predictionLines(document)]);
    const { ending } = document;
    if (ending.length > 0) remark(`supposed to stay, though they end by themselves: ${abridged(ending)}`);
  }
  return document.asExpected ? 0 : NOT_AS_EXPECTED;
}

async function predictionOf(
  subject: Subject,
  options: PredictOptions,
  signal: AbortSignal,
): Promise<CommandOutput<'predict'>> {
  const { expect: expectation } = options;
  const { document: supposition, value } = supposed(subject.spec.topology, options);
  if (subject.kind === 'lab') {
    return subject.lab.run(
      'predict',
      { supposition, ...(expectation === undefined ? {} : { expectation }) },
      { signal },
    );
  }
  const { spec } = subject;
  const { state, warnings } = ofSpec(spec, value);
  const expected = expectedMatrix(spec, spec.connections, expectation);
  return enveloped(predictCommand, spec.name, predictionDocument(forecast(state, expected, expectation, warnings)));
}

/** `labctl explain`. */
export async function explain(
  source: string,
  target: string,
  options: ExplainOptions,
  signal: AbortSignal,
): Promise<void> {
  const subject = await subjectNamed(undefined, options, signal);
  const { spec } = subject;
  if (source === target) {
    throw new ProblemError(
      inputProblem({
        code: 'one-host',
        where: `explain ${source} ${target}`,
        cause: 'a host reaches itself without the network',
        remedy: 'name two hosts: labctl explain h1 h9',
      }),
    );
  }
  requestedHosts(spec.topology, [source, target]);
  const document = await explanationOf(subject, { source, target }, options, signal);
  if (options.format === 'json') {
    printJson(document);
    return;
  }
  const { there, back, checks } = document;
  printLines([
    ...there.story,
    `and ${back.trace.source} -> ${back.trace.target}: ${SHOWN[back.trace.outcome]}${back.trace.outcome === 'reaches' ? '' : `, ${back.why}`}`,
  ]);
  if (checks !== null) printLines(checkLines(checks));
}

const SHOWN = { reaches: 'reaches', fails: 'X', undecided: '?' } as const;

async function explanationOf(
  subject: Subject,
  pair: { readonly source: string; readonly target: string },
  options: ExplainOptions,
  signal: AbortSignal,
): Promise<CommandOutput<'explain'>> {
  const verify = options.verify ?? false;
  const { document: supposition, value } = supposed(subject.spec.topology, options);
  if (verify && (subject.kind === 'spec' || value.entries.length > 0 || value.faults.length > 0)) {
    throw new ProblemError(
      inputProblem({
        code: 'nothing-to-verify',
        where: '--verify',
        cause: 'only switches that run can be asked, and only about what they hold',
        remedy: subject.kind === 'spec' ? `labctl up ${subject.spec.name} first` : 'leave --with and --without out',
      }),
    );
  }
  if (subject.kind === 'lab') return subject.lab.run('explain', { ...pair, supposition, verify }, { signal });
  const { state } = ofSpec(subject.spec, value);
  const pings = explainedPings(state, pair.source, pair.target);
  return enveloped(explainCommand, subject.spec.name, { ...pings, checks: null });
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

function supposed(
  topology: Topology,
  { with: files = [], without = [] }: SupposeOptions,
): { readonly document: CommandInput<'predict'>['supposition']; readonly value: Supposition } {
  const found = files.flatMap((file) => entriesInFile(file));
  const documents = found.map(({ document }) => document);
  const entries = readEntries(documents, (_, index) => found[index]?.where ?? '');
  const faults = without
    .flatMap((text) => text.split(','))
    .map((text) => requestedFault(topology, text.trim(), '--without'));
  return { document: { entries: documents, faults }, value: { entries, faults } };
}

function ofSpec(spec: LabSpec, supposition: Supposition): ReturnType<typeof supposing> {
  const { entries } = compileConnections(spec.topology, spec.connections);
  return supposing(networkOf({ ...spec, entries }), entries, supposition);
}
