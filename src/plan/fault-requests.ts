import { describeFault, type Fault } from '../model/fault.ts';
import { inputProblem, ProblemError } from '../model/problem.ts';
import { randomNumbers } from '../model/random.ts';
import type { Topology } from '../model/topology.ts';
import { abridged } from './requests.ts';

/**
 * A fault that somebody names, as the topology names it.
 * @throws ProblemError when there is no such link or switch
 */
export function checkedFault(topology: Topology, fault: Fault): Fault {
  if (fault.kind === 'switch') {
    if (topology.switchNamed(fault.name) !== undefined) return fault;
    throw new ProblemError(
      inputProblem({
        code: 'unknown-switch',
        where: fault.name,
        cause: topology.host(fault.name) === undefined ? 'there is no such switch' : 'this is a host, not a switch',
        remedy: `the switches are ${abridged(topology.switches.map(({ name }) => name))}`,
      }),
    );
  }
  const [a, b] = fault.between;
  const link = topology.links.find(
    ({ ends }) => ends.some(({ node }) => node === a) && ends.some(({ node }) => node === b),
  );
  if (link !== undefined && a !== b) return { kind: 'link', between: [link.ends[0].node, link.ends[1].node] };
  const unknown = [a, b].find((name) => topology.host(name) === undefined && topology.switchNamed(name) === undefined);
  const neighbours = [...new Set(topology.neighboursOf(a).map(({ peer }) => peer.node))];
  const links = topology.links.map(({ ends }) => `${ends[0].node}-${ends[1].node}`);
  throw new ProblemError(
    inputProblem({
      code: 'unknown-link',
      where: describeFault(fault),
      cause: unknown === undefined ? `no link joins ${a} and ${b}` : `there is no ${unknown}`,
      remedy:
        unknown === undefined && neighbours.length > 0
          ? `${a} is linked to ${abridged(neighbours)}`
          : `the links are ${abridged([...new Set(links)])}`,
    }),
  );
}

/** What may be taken down at random. */
export interface RandomFaults {
  /** A whole number from 0 on; the same one picks the same of the same lab, on any machine. */
  readonly seed: number;
  readonly count: number;
  /** Whether switches may go down too, and not only links between switches. */
  readonly withSwitches: boolean;
}

/**
 * Faults picked at random, one after another, of what is still up.
 * @throws ProblemError when there are not that many
 */
export function randomFaults(topology: Topology, { seed, count, withSwitches }: RandomFaults): readonly Fault[] {
  const next = randomNumbers(seed);
  const picked: Fault[] = [];
  while (picked.length < count) {
    const candidates = faultsToCome(topology.withFaults([...topology.faults, ...picked]), withSwitches);
    const pick = candidates[Math.floor(next() * candidates.length)];
    if (pick === undefined) {
      throw new ProblemError(
        inputProblem({
          code: 'too-many-faults',
          where: { kind: 'option', option: '--count' },
          offending: String(count),
          cause: `only ${picked.length} can be taken down one after another, then nothing is left`,
          remedy: '`labctl fault list` shows what is down already; `labctl fault clear` brings everything up again',
        }),
      );
    }
    picked.push(pick);
  }
  return picked;
}

/** Links between switches, and switches where these are meant too, that are up; in the order of the topology. */
function faultsToCome(topology: Topology, withSwitches: boolean): readonly Fault[] {
  const links = new Map<string, Fault>();
  for (const { ends } of topology.links) {
    const between = [ends[0].node, ends[1].node] as const;
    if (between.some((name) => topology.switchNamed(name) === undefined) || !topology.linkIsUp(...between)) continue;
    // Links between the same two switches go down together.
    const key = [...between].sort().join(' ');
    if (!links.has(key)) links.set(key, { kind: 'link', between });
  }
  const switches = topology.switches.filter(({ name }) => withSwitches && topology.switchIsUp(name));
  return [...links.values(), ...switches.map(({ name }): Fault => ({ kind: 'switch', name }))];
}
