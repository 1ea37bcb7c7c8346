import type { CommandInput, CommandOutput } from '../lab/commands/types.ts';
import type { FaultRequest } from '../lab/network-faults.ts';
import { RemoteLab } from '../lab/process/remote-lab.ts';
import { describeFault, type Fault } from '../model/fault.ts';
import { inputProblem, ProblemError } from '../model/problem.ts';
import { type FaultOptions, type FormatOptions, type LabOptions, labNamed } from './options.ts';
import { ProgressLine, printJson, printLines, remark } from './output/terminal.ts';

type FaultsDocument = CommandOutput<'fault list'>;

/** `labctl link`, `switch`, `fault random` and `fault clear`. */
export async function changeFaults(request: FaultRequest, options: FaultOptions, signal: AbortSignal): Promise<void> {
  const measure = options.measure === undefined ? undefined : measuredPair(options.measure);
  const lab = RemoteLab.find(labNamed(options));
  const progress = new ProgressLine();
  const how = { repair: options.repair, ...(measure === undefined ? {} : { measure }) };
  const document = await change(lab, request, how, { signal, onProgress: progress.show })
    .finally(progress.clear)
    .catch(async (error: unknown) => {
      if (signal.aborted) remark(faultsLine((await lab.run('fault list', {})).faults));
      throw error;
    });
  if (options.format === 'json') printJson(document);
  else printLines(changeLines(request, document, options));
}

function change(
  lab: RemoteLab,
  request: FaultRequest,
  how: CommandInput<'fault clear'>,
  options: Parameters<RemoteLab['run']>[2],
): Promise<FaultsDocument> {
  if (request.kind === 'clear') return lab.run('fault clear', how, options);
  if (request.kind === 'random') {
    const { seed, count, withSwitches } = request;
    return lab.run('fault random', { seed, count, withSwitches, ...how }, options);
  }
  const { kind: state, fault } = request;
  return fault.kind === 'link'
    ? lab.run('link', { state, between: fault.between, ...how }, options)
    : lab.run('switch', { state, switchName: fault.name, ...how }, options);
}

/** `labctl fault list`. */
export async function listFaults(options: FormatOptions & LabOptions, signal: AbortSignal): Promise<void> {
  const document = await RemoteLab.find(labNamed(options)).run('fault list', {}, { signal });
  if (options.format === 'json') printJson(document);
  else printLines(document.faults.length === 0 ? ['nothing is down'] : document.faults.map(stateLine));
}

/** The two hosts that `--measure` names. */
function measuredPair(names: readonly string[]): readonly [string, string] {
  const [source, target, ...more] = names;
  if (source !== undefined && target !== undefined && more.length === 0) return [source, target];
  throw new ProblemError(
    inputProblem({
      code: 'not-a-pair',
      where: '--measure',
      offending: names.join(' '),
      cause: 'traffic is measured between two hosts',
      remedy: 'name two, as in --measure h1 h9',
    }),
  );
}

function changeLines(request: FaultRequest, document: FaultsDocument, options: LabOptions): readonly string[] {
  const { changed, tookMs, repair, traffic } = document;
  if (changed.length === 0) return [unchangedLine(request)];
  const isUp = request.kind === 'up' || request.kind === 'clear';
  const counts = [
    ...(repair !== null && repair.pushed > 0 ? [`${repair.pushed} entries pushed and read back`] : []),
    ...(repair !== null && repair.removed > 0 ? [`${repair.removed} entries taken away`] : []),
  ];
  const repaired = repair === null ? 'connections were left as they are' : counts.join(', ') || 'no entry to change';
  return [
    ...changed.map(isUp ? againLine : stateLine),
    `followed in ${tookMs} ms: ${repaired}`,
    ...(traffic === null ? [] : [trafficLine(traffic)]),
    ...(request.kind === 'random' ? changed.map((fault) => `to undo: ${undoing(fault, options)}`) : []),
  ];
}

function unchangedLine(request: FaultRequest): string {
  if (request.kind === 'clear') return 'nothing is down';
  if (request.kind === 'random') return 'nothing was to be taken down';
  const { fault } = request;
  return request.kind === 'up' ? `${againLine(fault)} already` : `${stateLine(fault)} already`;
}

function stateLine(fault: Fault): string {
  return `${describeFault(fault)} is ${fault.kind === 'link' ? 'down' : 'stopped'}`;
}

function againLine(fault: Fault): string {
  return `${describeFault(fault)} is ${fault.kind === 'link' ? 'up' : 'started'}`;
}

function faultsLine(faults: readonly Fault[]): string {
  return faults.length === 0 ? 'nothing is down' : `down is ${faults.map(describeFault).join(', ')}`;
}

function undoing(fault: Fault, { lab, topo }: LabOptions): string {
  const command = fault.kind === 'link' ? ['link', 'up', ...fault.between] : ['switch', 'start', fault.name];
  const of = lab !== undefined ? ['--lab', lab] : topo !== undefined ? ['--topo', topo] : [];
  return ['labctl', ...command, ...of].join(' ');
}

function trafficLine(traffic: NonNullable<FaultsDocument['traffic']>): string {
  const { source, target, sent, lost, interruptions, longestMs, answersAtFirst, answersAtLast } = traffic;
  const what = `${source} -> ${target}: ${lost} of ${sent} echo requests lost`;
  if (lost === sent) return `${source} -> ${target}: none of ${sent} echo requests answered`;
  if (!answersAtLast) return `${what}: there is no answer any more`;
  if (!answersAtFirst) return `${what}: there was no answer at first`;
  if (interruptions === 0) return what;
  const times = interruptions === 1 ? '' : ` ${interruptions} times, the longest`;
  return `${what}, interrupted${times} for ${longestMs} ms`;
}
