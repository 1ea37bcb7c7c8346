import { type Connection, connectionOf, sameConnection, unjoinedPairs } from '../model/connection.ts';
import { partNamed, wrongPort } from '../model/parts.ts';
import type { Topology } from '../model/topology.ts';
import type { LocatedDocument, Path } from './located-document.ts';
import type { SpecDocument } from './schema.ts';

/** A connection as a spec writes it. */
export type ConnectionForm = NonNullable<SpecDocument['connections']>[number];

/** The connections that `up` makes, each once; wrong ones are noted. */
export function readConnections(
  document: LocatedDocument,
  form: SpecDocument,
  topology: Topology,
): readonly Connection[] {
  const connections: Connection[] = [];
  for (const [index, item] of (form.connections ?? []).entries()) {
    const path = ['connections', index];
    const connection = readConnection(document, topology, path, item);
    if (connection === undefined) continue;
    if (connections.some((other) => sameConnection(other, connection))) {
      document.add(path, {
        code: 'duplicate-connection',
        cause: 'the same hosts are connected already',
        remedy: 'remove one',
      });
    }
    connections.push(connection);
  }
  return connections;
}

/** One connection; what is wrong with it is noted. Undefined when its hosts are wrong. */
export function readConnection(
  document: LocatedDocument,
  topology: Topology,
  path: Path,
  form: ConnectionForm,
): Connection | undefined {
  const { hosts: members, ...how } = Array.isArray(form) ? { hosts: form } : form;
  if (!checkHosts(document, topology, Array.isArray(form) ? path : [...path, 'hosts'], members)) return undefined;
  const connection = { ...connectionOf(topology, members), ...readRoute(document, topology, path, how) };
  for (const [source, target] of unjoinedPairs(topology, connection)) {
    document.add(path, {
      code: 'no-path',
      cause: `there is no path between ${source} and ${target}, so they cannot be connected`,
      remedy: 'add a link, or leave one of them out',
    });
  }
  return connection;
}

/** How a connection uses the network, in its mapping form. */
function readRoute(
  document: LocatedDocument,
  topology: Topology,
  path: Path,
  { ways, via = [], avoid = [] }: Omit<Exclude<ConnectionForm, readonly string[]>, 'hosts'>,
): Pick<Connection, 'ways' | 'via' | 'avoid'> {
  const isRouted = via.length > 0 || avoid.length > 0;
  if (ways !== undefined && isRouted) {
    document.add(path, {
      code: 'routed-ways',
      cause: 'a path that passes or avoids something is one path, and is neither spread nor protected',
      remedy: 'leave ways out, or via and avoid',
    });
  }
  for (const [index, name] of via.entries()) {
    if (topology.switchNamed(name) === undefined) {
      document.add([...path, 'via', index], {
        code: 'unknown-switch',
        cause: `there is no switch ${name}`,
        remedy: 'correct the name',
      });
    }
  }
  const avoided = avoid.flatMap((text, index) => {
    const part = partNamed(topology, text);
    if (part === undefined) {
      document.add([...path, 'avoid', index], {
        code: 'unknown-part',
        ...missingPart(topology, text),
      });
    }
    return part ?? [];
  });
  return {
    ...(ways === undefined ? {} : { ways }),
    ...(via.length === 0 ? {} : { via }),
    ...(avoided.length === 0 ? {} : { avoid: avoided }),
  };
}

/** Why there is no such switch or link. */
export function missingPart(topology: Topology, text: string): { readonly cause: string; readonly remedy: string } {
  return (
    wrongPort(topology, text) ?? {
      cause: `there is no switch or link ${text}`,
      remedy: 'write a switch such as s3, a link by its ends such as s1-s3, or one of several links such as s1:3',
    }
  );
}

/** Checks that these are different hosts of the topology. */
export function checkHosts(
  document: LocatedDocument,
  topology: Topology,
  path: Path,
  names: readonly string[],
): boolean {
  let correct = true;
  for (const [index, name] of names.entries()) {
    if (topology.host(name) === undefined) {
      document.add([...path, index], {
        code: 'unknown-host',
        cause: `there is no host ${name}`,
        remedy: 'correct the name, or add it to hosts',
      });
      correct = false;
    } else if (names.indexOf(name) !== index) {
      document.add([...path, index], {
        code: 'duplicate-host',
        cause: `${name} is named twice`,
        remedy: 'name each host once',
      });
      correct = false;
    }
  }
  return correct;
}
