import { ReachabilityMatrix } from '../../model/matrix.ts';
import type { CommandOutput } from '../commands/types.ts';

/** The matrix that a document tells of. */
export function observedMatrix({
  hosts,
  observed,
  unknown,
}: Pick<CommandOutput<'pingall'>, 'hosts' | 'observed' | 'unknown'>): ReachabilityMatrix {
  const open = new Set(unknown.map(({ source, target }) => `${source} ${target}`));
  return new ReachabilityMatrix(hosts, (source, target) =>
    open.has(`${source} ${target}`) ? null : typeof observed[source]?.[target] === 'number',
  );
}

/** The matrix that a prediction tells of. */
export function predictedMatrix({ hosts, predicted }: CommandOutput<'predict'>): ReachabilityMatrix {
  return new ReachabilityMatrix(hosts, (source, target) => predicted[source]?.[target] ?? null);
}
