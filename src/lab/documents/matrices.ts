import { ReachabilityMatrix } from '../../model/matrix.ts';
import type { CommandOutput } from '../commands/types.ts';

/** The matrix that a document tells of. */
export function observedMatrix({
  hosts,
  observed,
}: Pick<CommandOutput<'pingall'>, 'hosts' | 'observed'>): ReachabilityMatrix {
  return new ReachabilityMatrix(hosts, (source, target) => typeof observed[source]?.[target] === 'number');
}

/** The matrix that a prediction tells of, cells that are undecided as unreachable. */
export function predictedMatrix({ hosts, predicted }: CommandOutput<'predict'>): ReachabilityMatrix {
  return new ReachabilityMatrix(hosts, (source, target) => predicted[source]?.[target] === true);
}
