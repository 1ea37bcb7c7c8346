import { describeFault, type Fault, type LinkFault, turnedRound } from '../model/fault.ts';
import { linkPart, partNamed, upBetween, wrongPort } from '../model/parts.ts';
import { inputProblem, type Problem, ProblemError } from '../model/problem.ts';
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
  const [portAtA, portAtB] = fault.ports ?? [];
  const found = linkPart(topology, { node: a, port: portAtA }, { node: b, port: portAtB });
  if (found === undefined) throw new ProblemError(unknownLink(topology, describeFault(fault)));
  const link = topology.links.find(({ ends }) => ends.every(({ node }) => node === a || node === b));
  return link?.ends[0].node === a ? found : turnedRound(found);
}

/**
 * The link that somebody writes: all between two nodes, `s1-s3`, or one of several by an end, `s1:2`.
 * @throws ProblemError when there is none
 */
export function requestedLink(topology: Topology, text: string): LinkFault {
  const part = partNamed(topology, text);
  if (part?.kind === 'link') return part;
  throw new ProblemError(unknownLink(topology, text));
}

function unknownLink(topology: Topology, text: string): Problem {
  return inputProblem({
    code: 'unknown-link',
    where: text,
    ...(wrongPort(topology, text) ?? wrongNodes(topology, text.split('-'))),
  });
}

function wrongNodes(topology: Topology, names: readonly string[]): { readonly cause: string; readonly remedy: string } {
  const [a = '', b] = names;
  const unknown = names.find((name) => topology.host(name) === undefined && topology.switchNamed(name) === undefined);
  const links = [...new Set(topology.links.map(({ ends }) => `${ends[0].node}-${ends[1].node}`))];
  const neighbours = topology.neighboursOf(a);
  const [first] = neighbours;
  if (unknown !== undefined || first === undefined) {
    const cause = unknown === undefined ? `${a} has no link` : `there is no ${unknown}`;
    return { cause, remedy: `the links are ${abridged(links)}` };
  }
  if (b === undefined) {
    const remedy = `name the other end too, as in ${a}-${first.peer.node}, or the port of one link, as in ${a}:${first.port}`;
    return { cause: `${a} is one end of a link`, remedy };
  }
  const peers = [...new Set(neighbours.map(({ peer }) => peer.node))];
  return { cause: `no link joins ${names.join(' and ')}`, remedy: `${a} is linked to ${abridged(peers)}` };
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
  const links = new Map<string, readonly Fault[]>();
  for (const { ends } of topology.links) {
    const between = [ends[0].node, ends[1].node] as const;
    if (between.some((name) => topology.switchNamed(name) === undefined)) continue;
    // Links between the same two switches go down together.
    const key = [...between].sort().join(' ');
    if (!links.has(key)) links.set(key, upBetween(topology, ...between));
  }
  const switches = topology.switches.filter(({ name }) => withSwitches && topology.switchIsUp(name));
  return [...[...links.values()].flat(), ...switches.map(({ name }): Fault => ({ kind: 'switch', name }))];
}
