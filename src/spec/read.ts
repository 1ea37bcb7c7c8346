import type { Connection, Forwarding } from '../model/connection.ts';
import type { ReachabilityMatrix } from '../model/matrix.ts';
import type { Scenario } from '../model/scenario.ts';
import { Topology } from '../model/topology.ts';
import { readConnections } from './connections.ts';
import { readExpectations } from './expectations.ts';
import { expand } from './generators/expand.ts';
import { readHosts } from './hosts.ts';
import { readLinks } from './links.ts';
import { LocatedDocument } from './located-document.ts';
import { checkNames, readSwitches } from './nodes.ts';
import { readScenarios } from './scenarios.ts';
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
  /** What `labctl test` does, in the order of the spec. */
  readonly scenarios: readonly Scenario[];
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
  const switches = readSwitches(document, form);
  const links = readLinks(document, form);
  const hosts = readHosts(document, form, links);
  checkMatrices(document, form);
  document.throwIfAny();

  const topology = new Topology({ hosts, switches, links });
  const connections = readConnections(document, form, topology);
  const expectations = readExpectations(document, form, topology);
  const scenarios = readScenarios(document, form, { topology, connections, expectations });
  document.throwIfAny();

  const name = form.name ?? labNameOf(file);
  return {
    name,
    topo: form.topo ?? topoOf(name),
    topology,
    forwarding: form.forwarding ?? 'reactive',
    connections,
    expectations,
    scenarios,
  };
}

/** Notes lists that are missing without a generator, and keys that need one. */
function checkParts(document: LocatedDocument): void {
  const { value } = document;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  if (Object.hasOwn(value, 'generate')) return;
  for (const key of ['hosts', 'switches', 'links']) if (!Object.hasOwn(value, key)) document.addMissing([], key);
  if (Object.hasOwn(value, 'without')) {
    document.add(['without'], {
      code: 'nothing-generated',
      cause: 'without removes parts of what generate makes, and there is no generate',
      remedy: 'remove the parts from hosts, switches and links',
    });
  }
}

/** Pairs of hosts in all expectations together; they fit into memory. */
const MOST_PAIRS = 20_000_000;

/** Notes expectations that would not fit into memory. */
function checkMatrices(document: LocatedDocument, form: SpecDocument): void {
  const named = Object.keys(form.expect ?? {}).length;
  const inSteps = Object.values(form.scenarios ?? {})
    .flat()
    .filter(({ expect }) => typeof expect === 'object').length;
  const hosts = form.hosts.length;
  if ((named + inSteps) * hosts ** 2 <= MOST_PAIRS) return;
  document.add([named >= inSteps ? 'expect' : 'scenarios'], {
    code: 'too-many-expectations',
    cause: `there are ${named + inSteps} expectations; a lab of ${hosts} hosts has at most ${Math.floor(MOST_PAIRS / hosts ** 2)}`,
    remedy: 'leave some out, or name one in several steps',
  });
}

/** A Python identifier: `my-lab` is `my_lab`, and `2tier` and `import` get a prefix. */
function topoOf(name: string): string {
  const identifier = name.replaceAll('-', '_');
  return /^\d/.test(identifier) || PYTHON_KEYWORDS.has(identifier) ? `lab_${identifier}` : identifier;
}

/** `topologies/My Lab.yaml` is `my-lab`. */
export function labNameOf(file: string): string {
  const base = (file.split('/').at(-1) ?? '').replace(/\.ya?ml$/i, '').toLowerCase();
  const cleaned = base
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replace(/^-+/, '')
    .slice(0, 30);
  return cleaned.replace(/-+$/, '') || 'lab';
}
