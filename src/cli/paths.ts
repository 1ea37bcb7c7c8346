import { describeFault, type Fault } from '../model/fault.ts';
import { inputProblem, ProblemError } from '../model/problem.ts';
import type { Host, Topology } from '../model/topology.ts';
import {
  cheapestPaths,
  cheapestPathThrough,
  disjointPair,
  equalPaths,
  MOST_PATHS,
  type Path,
} from '../plan/path-search.ts';
import { type Metric, PathGraph } from '../plan/paths.ts';
import { abridged, requestedFault, requestedHosts, requestedSwitches } from '../plan/requests.ts';
import type { PathsOptions } from './options.ts';
import { printJson, printLines, remark } from './output/terminal.ts';
import { type Subject, subjectNamed } from './subject.ts';

/** What `labctl paths --format json` prints. Grows by new keys; `version` counts breaks. */
interface PathsDocument {
  readonly version: 1;
  readonly lab: string;
  readonly source: string;
  readonly target: string;
  readonly metric: Metric;
  /** What is down in the running lab, and what was to be avoided. */
  readonly faults: readonly Fault[];
  readonly avoided: readonly Fault[];
  /** Whether these are all paths that were asked for; for `--via`, whether none is cheaper. */
  readonly complete: boolean;
  readonly paths: readonly {
    /** Of the links between switches, by the metric. */
    readonly total: number;
    /** Both hosts and the switches between. */
    readonly nodes: readonly string[];
    /** Where packets leave each switch; the last port leads to the target. */
    readonly ports: readonly { readonly switch: string; readonly port: number }[];
  }[];
}

/** `labctl paths`. */
export async function paths(source: string, target: string, options: PathsOptions, signal: AbortSignal): Promise<void> {
  const asked = [
    ...(options.k === undefined ? [] : ['--k']),
    ...(options.disjoint === undefined ? [] : ['--disjoint']),
    ...(options.via === undefined ? [] : ['--via']),
  ];
  if (asked.length > 1) {
    throw new ProblemError(
      inputProblem({
        code: 'several-questions',
        where: asked.join(' '),
        cause: 'each of these asks for other paths',
        remedy: 'give one of them; --avoid and --metric go with each',
      }),
    );
  }
  if (options.k !== undefined && options.k > MOST_PATHS) {
    throw new ProblemError(
      inputProblem({
        code: 'many-paths',
        where: '--k',
        offending: `${options.k}`,
        cause: `at most ${MOST_PATHS} paths are shown`,
        remedy: `labctl paths ${source} ${target} --k ${MOST_PATHS}`,
      }),
    );
  }
  const subject = await subjectNamed(undefined, options, signal);
  const { topology } = subject.spec;
  if (source === target) {
    throw new ProblemError(
      inputProblem({
        code: 'one-host',
        where: `paths ${source} ${target}`,
        cause: 'a host reaches itself without the network',
        remedy: 'name two hosts: labctl paths h1 h9',
      }),
    );
  }
  requestedHosts(topology, [source, target]);
  const avoided = (options.avoid ?? []).map((text) => requestedFault(topology, text, '--avoid'));
  const faults = await faultsOf(subject, signal);
  const left = topology.withFaults([...faults, ...avoided]);
  const found = pathsBetween(left, source, target, options);
  const document: PathsDocument = {
    version: 1,
    lab: subject.kind === 'lab' ? subject.lab.record.name : subject.spec.name,
    source,
    target,
    metric: options.metric,
    faults,
    avoided,
    complete: found.complete,
    paths: found.paths.map((path) => documentOf(left, path, source, target)),
  };
  if (options.format === 'json') {
    printJson(document);
    return;
  }
  printLines(document.paths.length === 0 ? [nothingFound(document, options, found.single)] : pathLines(document));
  if (!document.complete) {
    remark(
      options.via === undefined
        ? `there are more than these ${MOST_PATHS}`
        : 'there may be a cheaper one: too many ways were to be tried',
    );
  }
}

/** What is down in a running lab. */
async function faultsOf(subject: Subject, signal: AbortSignal): Promise<readonly Fault[]> {
  return subject.kind === 'spec' ? [] : (await subject.lab.run('fault list', {}, { signal })).faults;
}

interface Found {
  readonly paths: readonly Path[];
  readonly complete: boolean;
  /** Whether there is a way, though not two that are disjoint. */
  readonly single: boolean;
}

function pathsBetween(
  topology: Topology,
  source: string,
  target: string,
  { k, disjoint, via, metric }: PathsOptions,
): Found {
  const through = requestedSwitches(topology, via ?? [], '--via');
  const [from, to] = [accessSwitchIn(topology, source), accessSwitchIn(topology, target)];
  const none: Found = { paths: [], complete: true, single: false };
  if (from === undefined || to === undefined) return none;
  const graph = new PathGraph(topology, metric);
  const [cheapest] = cheapestPaths(graph, from, to, 1);
  if (cheapest === undefined) return none;
  if (via !== undefined) {
    const { path, complete } = cheapestPathThrough(graph, [from, ...through, to]);
    if (path === undefined) throw new ProblemError(noPathThrough(source, target, via, complete));
    return { paths: [path], complete, single: true };
  }
  if (disjoint !== undefined) {
    return { paths: disjointPair(graph, from, to, disjoint) ?? [], complete: true, single: true };
  }
  if (k !== undefined) return { paths: cheapestPaths(graph, from, to, k), complete: true, single: true };
  return { ...equalPaths(graph, from, to), single: true };
}

function noPathThrough(source: string, target: string, via: readonly string[], complete: boolean) {
  const way = `from ${source} by ${via.join(', ')} to ${target}`;
  return inputProblem({
    code: 'no-path-via',
    where: '--via',
    offending: via.join(','),
    cause: complete
      ? `every way ${way} passes a switch twice, or none exists`
      : `no way ${way} without passing a switch twice was found, after many were tried`,
    remedy: 'name other switches, or fewer, or in another order; `labctl net` shows the links',
  });
}

/** The access switch of a host whose link is up. */
function accessSwitchIn(topology: Topology, name: string): string | undefined {
  const { accessSwitch } = topology.attachmentOf(hostIn(topology, name));
  return topology.linkIsUp(name, accessSwitch.name) ? accessSwitch.name : undefined;
}

function hostIn(topology: Topology, name: string): Host {
  const host = topology.host(name);
  if (host === undefined) throw new Error(`there is no host ${name}`);
  return host;
}

function documentOf(
  topology: Topology,
  { switches, links, total }: Path,
  source: string,
  target: string,
): PathsDocument['paths'][number] {
  const last = topology.attachmentOf(hostIn(topology, target)).port;
  return {
    total,
    nodes: [source, ...switches, target],
    ports: switches.map((name, index) => ({ switch: name, port: links[index]?.port ?? last })),
  };
}

function nothingFound(
  { source, target, faults, avoided }: PathsDocument,
  { disjoint }: PathsOptions,
  single: boolean,
): string {
  const limits = [
    ...(faults.length === 0 ? [] : [`${abridged(faults.map(describeFault))} down`]),
    ...(avoided.length === 0 ? [] : [`${abridged(avoided.map(describeFault))} avoided`]),
  ];
  const chains =
    single && disjoint !== undefined
      ? `no two chains of links between ${source} and ${target} that share no ${disjoint === 'link' ? 'link' : 'link and no switch'}`
      : `there is no path between ${source} and ${target}`;
  return limits.length === 0 ? chains : `${chains}, with ${limits.join(' and ')}`;
}

/** `1  h1 - s1 - s3 - h3   cost 1   ports s1:2 s3:1` */
function pathLines({ paths: found, metric }: PathsDocument): readonly string[] {
  const rows = found.map(({ total, nodes, ports }, index) => [
    `${index + 1}`,
    nodes.join(' - '),
    metric === 'cost' ? `cost ${total}` : total === 1 ? '1 hop' : `${total} hops`,
    `ports ${ports.map((each) => `${each.switch}:${each.port}`).join(' ')}`,
  ]);
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  const widths = [0, 1, 2].map(width);
  return rows.map(([number = '', way = '', total = '', ports = '']) =>
    [
      number.padStart(widths[0] ?? 0),
      '  ',
      way.padEnd(widths[1] ?? 0),
      '   ',
      total.padEnd(widths[2] ?? 0),
      '   ',
      ports,
    ].join(''),
  );
}
