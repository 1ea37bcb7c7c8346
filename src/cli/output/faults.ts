import type { CommandOutput } from '../../lab/commands/types.ts';
import type { FaultRequest } from '../../lab/network-faults.ts';
import { describeFault, type Fault } from '../../model/fault.ts';
import type { LabOptions } from '../options.ts';
import { entryChanges } from './connections.ts';

/** What is to go down or up; a link as it was typed. */
export type TypedRequest = FaultRequest | { readonly kind: 'down' | 'up'; readonly link: string };

/** What a change of faults did. */
export function changeLines(
  request: TypedRequest,
  document: CommandOutput<'fault list'>,
  options: LabOptions,
): readonly string[] {
  const { changed, tookMs, repair, traffic } = document;
  if (changed.length === 0) return [unchangedLine(request)];
  const isUp = request.kind === 'up' || request.kind === 'clear';
  const repaired =
    repair === null
      ? 'connections were left as they are'
      : entryChanges(repair.pushed, repair.removed).join(', ') || 'no entry to change';
  return [
    ...changed.map(isUp ? againLine : stateLine),
    `followed in ${tookMs} ms: ${repaired}`,
    ...(traffic === null ? [] : [trafficLine(traffic)]),
    ...(request.kind === 'random' ? changed.map((fault) => `to undo: ${undoing(fault, options)}`) : []),
  ];
}

function unchangedLine(request: TypedRequest): string {
  if (request.kind === 'clear') return 'nothing is down';
  if (request.kind === 'random') return 'there was nothing to take down';
  if ('link' in request) return `${request.link} is ${request.kind} already`;
  const { fault } = request;
  return request.kind === 'up' ? `${againLine(fault)} already` : `${stateLine(fault)} already`;
}

/** Of a part that is down. */
export function stateLine(fault: Fault): string {
  return `${describeFault(fault)} is ${fault.kind === 'link' ? 'down' : 'stopped'}`;
}

function againLine(fault: Fault): string {
  return `${describeFault(fault)} is ${fault.kind === 'link' ? 'up' : 'started'}`;
}

/** All that is down, in one line. */
export function faultsLine(faults: readonly Fault[]): string {
  return faults.length === 0 ? 'nothing is down' : `down: ${faults.map(describeFault).join(', ')}`;
}

function undoing(fault: Fault, { lab, topo }: LabOptions): string {
  const command =
    fault.kind === 'switch'
      ? ['switch', 'start', fault.name]
      : ['link', 'up', ...(fault.ports === undefined ? fault.between : [describeFault(fault)])];
  const of = lab !== undefined ? ['--lab', lab] : topo !== undefined ? ['--topo', topo] : [];
  return ['labctl', ...command, ...of].join(' ');
}

function trafficLine(traffic: NonNullable<CommandOutput<'fault list'>['traffic']>): string {
  const { source, target, sent, lost, interruptions, longestMs, answersAtFirst, answersAtLast } = traffic;
  const what = `${source} -> ${target}: ${lost} of ${sent} echo requests lost`;
  if (lost === sent) return `${source} -> ${target}: none of ${sent} echo requests answered`;
  if (!answersAtLast) return `${what}: no answer at the end`;
  if (!answersAtFirst) return `${what}: no answer at first`;
  if (interruptions === 0) return what;
  const times = interruptions === 1 ? '' : ` ${interruptions} times, the longest`;
  return `${what}, interrupted${times} for ${longestMs} ms`;
}
