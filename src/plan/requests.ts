import { type Connection, connectionOf, unjoinedPairs, type Ways } from '../model/connection.ts';
import type { Fault } from '../model/fault.ts';
import { inputProblem, ProblemError } from '../model/problem.ts';
import type { Topology } from '../model/topology.ts';

/**
 * The hosts that somebody names, in the order of the topology, each once.
 * @throws ProblemError for every name that is not a host's
 */
export function requestedHosts(topology: Topology, names: readonly string[]): readonly string[] {
  const unknown = names.filter((name) => topology.host(name) === undefined);
  if (unknown.length === 0) return connectionOf(topology, names).members;
  throw new ProblemError(
    unknown.map((name) =>
      inputProblem({
        code: 'unknown-host',
        where: name,
        cause: topology.switchNamed(name) === undefined ? 'there is no such host' : 'this is a switch, not a host',
        remedy: `the hosts are ${abridged(topology.hosts.map((host) => host.name))}`,
      }),
    ),
  );
}

/** Hosts that somebody asks to connect, and how. */
export interface ConnectionRequest {
  readonly hosts: readonly string[];
  readonly ways?: Ways;
}

/**
 * The connection that somebody asks for.
 * @throws ProblemError when a name is not a host's, when there are fewer than two, or when no path joins two of them
 */
export function requestedConnection(topology: Topology, { hosts: names, ways }: ConnectionRequest): Connection {
  const members = requestedHosts(topology, names);
  if (members.length < 2) {
    throw new ProblemError(
      inputProblem({
        code: 'one-host',
        where: names.join(' '),
        cause: 'a connection joins two hosts or more',
        remedy: 'name the hosts that shall reach each other: labctl connect h2 h5 h6',
      }),
    );
  }
  const problems = unjoinedPairs(topology, { members }).map(([source, target]) =>
    inputProblem({
      code: 'no-path',
      where: `${source} ${target}`,
      cause: `no chain of links joins ${source} and ${target}, so they cannot be connected`,
      remedy: '`labctl net` shows the links',
    }),
  );
  if (problems.length > 0) throw new ProblemError(problems);
  return { members, ...(ways === undefined ? {} : { ways }) };
}

/**
 * The fault that somebody writes: `s3` is a switch, `s1-s3` all links between two nodes. Names have no hyphens.
 * @throws ProblemError when there is no such switch or link
 */
export function requestedFault(topology: Topology, text: string, where: string): Fault {
  const [a = '', b, ...more] = text.split('-');
  if (b === undefined && topology.switchNamed(a) !== undefined) return { kind: 'switch', name: a };
  const isLink = b !== undefined && more.length === 0 && topology.neighboursOf(a).some(({ peer }) => peer.node === b);
  if (isLink) return { kind: 'link', between: [a, b] };
  const links = topology.links.map(({ ends }) => `${ends[0].node}-${ends[1].node}`);
  const names = [...new Set([...links, ...topology.switches.map(({ name }) => name)])];
  throw new ProblemError(
    inputProblem({
      code: 'unknown-fault',
      where,
      offending: text,
      cause: 'there is no such link or switch',
      remedy: `name a switch, or a link by its two ends: ${abridged(names)}`,
    }),
  );
}

/** Names in a sentence, not too many of them. */
export function abridged(names: readonly string[]): string {
  return names.length <= 24
    ? names.join(', ')
    : `${names.slice(0, 12).join(', ')}, ... ${names.at(-1)} (${names.length} in all)`;
}
