import { type Connection, connectionOf, pairsByRouter, unjoinedPairs, type Ways } from '../model/connection.ts';
import { describeFault, type Fault } from '../model/fault.ts';
import { partNamed, wrongPort } from '../model/parts.ts';
import { inputProblem, type Problem, ProblemError } from '../model/problem.ts';
import { type Host, ownAddressOf, type Topology } from '../model/topology.ts';
import type { Where } from '../model/where.ts';
import { isRouted, Routes } from './routes.ts';

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

/**
 * The two hosts of a question about one and the other.
 * @param where what names them, for a host that is named twice
 * @throws ProblemError for every name that is not a host's, and for a host and itself
 */
export function requestedPair(
  topology: Topology,
  source: string,
  target: string,
  where: Where | string,
): { readonly source: Host; readonly target: Host } {
  requestedHosts(topology, [source, target]);
  const pair = { source: topology.host(source), target: topology.host(target) };
  if (pair.source === undefined || pair.target === undefined || source === target) {
    throw new ProblemError(
      inputProblem({
        code: 'one-host',
        where,
        cause: 'a host reaches itself without the network',
        remedy: 'name two hosts, such as h1 h9',
      }),
    );
  }
  return { source: pair.source, target: pair.target };
}

/** Hosts that somebody asks to connect, and how. */
export interface ConnectionRequest {
  readonly hosts: readonly string[];
  readonly ways?: Ways;
  /** Names of switches. */
  readonly via?: readonly string[];
  /** Switches and links, also as people write them: `s3`, `s1-s3`, `s1:3`. */
  readonly avoid?: readonly (string | Fault)[];
}

/**
 * The connection that somebody asks for.
 * @throws ProblemError when a name is not a host's, when there are fewer than two, or when no path joins two of them
 */
export function requestedConnection(topology: Topology, request: ConnectionRequest): Connection {
  const { hosts: names, ways } = request;
  const members = requestedHosts(topology, names);
  if (members.length < 2) {
    throw new ProblemError(
      inputProblem({
        code: 'one-host',
        where: names.join(' '),
        cause: 'a connection joins two hosts or more',
        remedy: 'name the hosts to connect: labctl connect h2 h5 h6',
      }),
    );
  }
  const problems = unjoinedPairs(topology, { members }).map(([source, target]) =>
    inputProblem({
      code: 'no-path',
      where: `${source} ${target}`,
      cause: `there is no path between ${source} and ${target}, so they cannot be connected`,
      remedy: '`labctl net` shows the links',
    }),
  );
  if (problems.length > 0) throw new ProblemError(problems);
  const connection = { members, ...(ways === undefined ? {} : { ways }), ...requestedRoute(topology, request) };
  const wrong = routeProblems(topology, connection);
  if (wrong.length > 0) throw new ProblemError(wrong);
  return connection;
}

/** What makes a connection impossible whose members are in different subnets. */
function routerProblems(topology: Topology, connection: Connection): readonly Problem[] {
  const describe = (host: Host) => {
    const own = ownAddressOf(host);
    return own === undefined ? `${host.name} (without an address)` : `${host.name} (${own.ip}/${own.prefixLength})`;
  };
  return pairsByRouter(topology, connection)
    .slice(0, 10)
    .map(([source, target]) =>
      inputProblem({
        code: 'other-subnet',
        where: `${source.name} ${target.name}`,
        cause: `${describe(source)} and ${describe(target)} have no addresses in one subnet; a connection is made of switches alone, and no router is on its paths`,
        remedy: 'connect hosts of one subnet; hosts and routers that are in no connection reach each other as before',
      }),
    );
}

function requestedRoute(topology: Topology, request: ConnectionRequest): Pick<Connection, 'via' | 'avoid'> {
  const { avoid = [] } = request;
  const via = requestedSwitches(topology, request.via ?? [], { kind: 'option', option: '--via' });
  return {
    ...(via.length === 0 ? {} : { via }),
    ...(avoid.length === 0
      ? {}
      : {
          avoid: avoid.map((what) =>
            typeof what === 'string' ? requestedFault(topology, what, { kind: 'option', option: '--avoid' }) : what,
          ),
        }),
  };
}

/** What makes a connection impossible: pairs in different subnets, or without such a path as it says. */
export function routeProblems(topology: Topology, connection: Connection): readonly Problem[] {
  const byRouter = routerProblems(topology, connection);
  if (byRouter.length > 0 || !isRouted(connection)) return byRouter;
  const { members, via = [], avoid = [], ways } = connection;
  const wanted = [
    ...(via.length === 0 ? [] : [`passes ${via.join(' and then ')}`]),
    ...(avoid.length === 0 ? [] : [`avoids ${avoid.map(describeFault).join(' and ')}`]),
  ].join(' and ');
  if (ways !== undefined) {
    return [
      inputProblem({
        code: 'routed-ways',
        where: members.join(' '),
        cause: `a path that ${wanted} is one path, and is neither spread nor protected`,
        remedy: 'leave one of the two out',
      }),
    ];
  }
  const routes = new Routes(topology, connection);
  const problems = members.flatMap((source, index) =>
    members
      .slice(index + 1)
      .filter((target) => routes.between(source, target) === undefined)
      .map((target) =>
        inputProblem({
          code: 'no-path',
          where: `${source} ${target}`,
          cause: `no path from ${source} to ${target} ${wanted} without passing a switch twice`,
          remedy: `\`labctl paths ${source} ${target} --k 5\` shows the paths that there are`,
        }),
      ),
  );
  return problems.slice(0, 10);
}

/**
 * The switch or link that somebody writes: `s3`, `s1-s3`, `s1:3`.
 * @throws ProblemError when there is none
 */
export function requestedFault(topology: Topology, text: string, where: Where | string): Fault {
  const part = partNamed(topology, text);
  if (part !== undefined) return part;
  const links = topology.links.map(({ ends }) => `${ends[0].node}-${ends[1].node}`);
  const names = [...new Set([...links, ...topology.switches.map(({ name }) => name)])];
  throw new ProblemError(
    inputProblem({
      code: 'unknown-fault',
      where,
      offending: text,
      ...(wrongPort(topology, text) ?? {
        cause: 'there is no such link or switch',
        remedy: `name a switch, or a link by its two ends: ${abridged(names)}`,
      }),
    }),
  );
}

/**
 * The switches that somebody names, in their order.
 * @throws ProblemError for every name that is not a switch's
 */
export function requestedSwitches(
  topology: Topology,
  names: readonly string[],
  where: Where | string,
): readonly string[] {
  const unknown = names.filter((name) => topology.switchNamed(name) === undefined);
  if (unknown.length === 0) return names;
  throw new ProblemError(
    unknown.map((name) =>
      inputProblem({
        code: 'unknown-switch',
        where,
        offending: name,
        cause: topology.host(name) === undefined ? 'there is no such switch' : 'this is a host, not a switch',
        remedy: `the switches are ${abridged(topology.switches.map((node) => node.name))}`,
      }),
    ),
  );
}

/** Names in a sentence, not too many of them. */
export function abridged(names: readonly string[]): string {
  return names.length <= 24
    ? names.join(', ')
    : `${names.slice(0, 12).join(', ')}, ... ${names.at(-1)} (${names.length} in all)`;
}
