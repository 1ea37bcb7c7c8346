import type { Dpid } from '../model/addresses.ts';
import { inputProblem, ProblemError } from '../model/problem.ts';
import type { Topology } from '../model/topology.ts';
import { abridged } from '../plan/requests.ts';

/**
 * The DPID of the switch that somebody names, by its name or its DPID.
 * @throws ProblemError when there is none
 */
export function dpidNamed(topology: Topology, text: string): Dpid {
  const found = topology.switchNamed(text) ?? topology.switches.find(({ dpid }) => dpid === text);
  if (found !== undefined) return found.dpid;
  throw new ProblemError(
    inputProblem({
      code: 'unknown-switch',
      where: text,
      cause: 'there is no such switch',
      remedy: `the switches are ${abridged(topology.switches.map(({ name }) => name))}`,
    }),
  );
}
