import {
  type Connection,
  connectionOf,
  type Forwarding,
  sameConnection,
  unjoinedPairs,
  type Ways,
} from '../model/connection.ts';
import { parsePingall, ReachabilityMatrix } from '../model/matrix.ts';
import { Topology } from '../model/topology.ts';
import { expand } from './generators/expand.ts';
import { readLinks } from './links.ts';
import { LocatedDocument, type Path } from './located-document.ts';
import { checkNames, readHosts, readSwitches } from './nodes.ts';
import { PYTHON_KEYWORDS, type SpecDocument, specSchema } from './schema.ts';

/** A lab as its file describes it, checked. */
export interface LabSpec {
  readonly name: string;
  /** The key of Mininet's `topos` dictionary. */
  readonly topo: string;
  readonly topology: Topology;
  readonly forwarding: Forwarding;
  /** Connections that `up` makes at once. */
  readonly connections: readonly Connection[];
  /** Expected matrices by name. */
  readonly expectations: ReadonlyMap<string, ReachabilityMatrix>;
}

/**
 * Reads and checks a spec.
 * @param file its name in problems, and the lab's name where the spec gives none
 * @throws ProblemError with every problem found, each with file:line:column
 */
export function readSpec(file: string, text: string): LabSpec {
  const document = new LocatedDocument(file, text);
  document.throwIfAny();
  checkParts(document);
  const written = document.check(specSchema);
  document.throwIfAny();
  if (written === undefined) throw new Error('a document without problems has its form');
  const form = expand(document, written);
  document.throwIfAny();

  checkNames(document, form);
  const hosts = readHosts(document, form);
  const switches = readSwitches(document, form);
  const links = readLinks(document, form);
  document.throwIfAny();

  const topology = new Topology({ hosts, switches, links });
  const connections = readConnections(document, form, topology);
  const expectations = readExpectations(document, form, topology);
  document.throwIfAny();

  const name = form.name ?? labNameOf(file);
  return {
    name,
    topo: form.topo ?? topoOf(name),
    topology,
    forwarding: form.forwarding ?? 'reactive',
    connections,
    expectations,
  };
}

/** Notes which of the lists are missing that only a generator can stand for, and what goes with a generator only. */
function checkParts(document: LocatedDocument): void {
  const { value } = document;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  if (Object.hasOwn(value, 'generate')) return;
  for (const key of ['hosts', 'switches', 'links']) if (!Object.hasOwn(value, key)) document.addMissing([], key);
  if (Object.hasOwn(value, 'without')) {
    document.add(['without'], {
      code: 'nothing-generated',
      cause: 'without takes away of what generate makes, and there is no generate',
      remedy: 'take it out of hosts, switches and links',
    });
  }
}

/** A Python identifier: `my-lab` is `my_lab`, and `2tier` and `import` get a prefix. */
function topoOf(name: string): string {
  const identifier = name.replaceAll('-', '_');
  return /^\d/.test(identifier) || PYTHON_KEYWORDS.has(identifier) ? `lab_${identifier}` : identifier;
}

/** `topologies/My Lab.yaml` is `my-lab`. */
function labNameOf(file: string): string {
  const base = (file.split('/').at(-1) ?? '').replace(/\.ya?ml$/i, '').toLowerCase();
  const cleaned = base
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 30);
  return cleaned.replace(/-+$/, '') || 'lab';
}

function readConnections(document: LocatedDocument, form: SpecDocument, topology: Topology): readonly Connection[] {
  const connections: Connection[] = [];
  for (const [index, item] of (form.connections ?? []).entries()) {
    const path = ['connections', index];
    const { hosts: members, ...how } = Array.isArray(item) ? { hosts: item } : item;
    if (!checkHosts(document, topology, Array.isArray(item) ? path : [...path, 'hosts'], members)) continue;
    const connection = { ...connectionOf(topology, members), ...readRoute(document, topology, path, how) };
    if (connections.some((other) => sameConnection(other, connection))) {
      document.add(path, {
        code: 'duplicate-connection',
        cause: 'the same hosts are connected already',
        remedy: 'remove one',
      });
    }
    for (const [source, target] of unjoinedPairs(topology, connection)) {
      document.add(path, {
        code: 'no-path',
        cause: `no chain of links joins ${source} and ${target}, so they cannot be connected`,
        remedy: 'add a link, or leave one of them out',
      });
    }
    connections.push(connection);
  }
  return connections;
}

/** How a connection uses the network, in its mapping form. */
function readRoute(
  document: LocatedDocument,
  topology: Topology,
  path: Path,
  { ways, via = [], avoid = [] }: { ways?: Ways | undefined; via?: string[] | undefined; avoid?: string[] | undefined },
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
      const problem = { code: 'unknown-switch', cause: `there is no switch ${name}`, remedy: 'correct the name' };
      document.add([...path, 'via', index], problem);
    }
  }
  const avoided = avoid.flatMap((text, index) => {
    const part = topology.partNamed(text);
    if (part === undefined) {
      document.add([...path, 'avoid', index], {
        code: 'unknown-part',
        cause: `there is no switch or link ${text}`,
        remedy: 'write a switch such as s3, or a link by its ends such as s1-s3',
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

function readExpectations(
  document: LocatedDocument,
  form: SpecDocument,
  topology: Topology,
): ReadonlyMap<string, ReachabilityMatrix> {
  const names = topology.hosts.map((host) => host.name);
  const expectations = new Map<string, ReachabilityMatrix>();
  for (const [name, expectation] of Object.entries(form.expect ?? {})) {
    if ('groups' in expectation) {
      const path = ['expect', name, 'groups'];
      for (const [index, group] of expectation.groups.entries())
        checkHosts(document, topology, [...path, index], group);
      expectations.set(name, ReachabilityMatrix.ofGroups(names, expectation.groups));
      continue;
    }
    const parsed = parsePingall(names, expectation.pingall);
    if ('matrix' in parsed) expectations.set(name, parsed.matrix);
    else {
      for (const fault of parsed.faults) {
        document.addInBlock(['expect', name, 'pingall'], fault.line, fault.text, {
          code: 'wrong-matrix',
          cause: fault.cause,
          remedy: `every host has a line, with the other hosts in the order of the spec or X`,
        });
      }
    }
  }
  return expectations;
}

/** Checks that these are different hosts of the topology. */
function checkHosts(document: LocatedDocument, topology: Topology, path: Path, names: readonly string[]): boolean {
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
