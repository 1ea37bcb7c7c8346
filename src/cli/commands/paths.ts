import { InvalidArgumentError, Option } from 'commander';
import { pairsByRouter } from '../../model/connection.ts';
import type { Fault } from '../../model/fault.ts';
import { inputProblem, ProblemError } from '../../model/problem.ts';
import type { Host, Topology } from '../../model/topology.ts';
import type { Disjointness } from '../../plan/disjoint-flow.ts';
import {
  cheapestPaths,
  cheapestPathThrough,
  disjointPair,
  equalPaths,
  MOST_PATHS,
  type Path,
} from '../../plan/path-search.ts';
import { type Metric, PathGraph } from '../../plan/paths.ts';
import { requestedFault, requestedPair, requestedSwitches } from '../../plan/requests.ts';
import type { LabctlCommand } from '../command.ts';
import type { FormatOptions, LabOptions } from '../options.ts';
import { type PathsDocument, pathLines } from '../output/paths.ts';
import { printAnswer, remark } from '../output/terminal.ts';
import { interrupted } from '../signals.ts';
import { type Subject, subjectNamed } from '../subject.ts';

interface PathsOptions extends FormatOptions, LabOptions {
  readonly k?: number;
  readonly disjoint?: Disjointness;
  readonly metric: Metric;
  /** Switches, in order. */
  readonly via?: readonly string[];
  /** Links and switches. */
  readonly avoid?: readonly string[];
}

export function add(program: LabctlCommand): void {
  program
    .command('paths')
    .description('show the paths between two hosts: all that cost the least, or those that options ask for')
    .argument('<source>', 'e.g. h1')
    .argument('<target>', 'e.g. h9')
    .addOption(
      new Option('--k <number>', 'the k cheapest paths, not only those that cost the least').argParser((text) => {
        if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('k is a whole number from 1 up');
        return Number(text);
      }),
    )
    .addOption(
      new Option(
        '--disjoint <what>',
        'the two paths of the least total that share no link, or no switch either',
      ).choices(['link', 'node']),
    )
    .addOption(
      new Option('--metric <metric>', 'what counts: links, or the costs that the spec gives them')
        .choices(['hops', 'cost'])
        .default('cost'),
    )
    .addOption(
      new Option(
        '--via <switches>',
        'the cheapest path that passes these switches in this order: s6 or s6,s3',
      ).argParser(names),
    )
    .addOption(
      new Option('--avoid <what>', 'paths that use none of these switches and links: s3,s1-s2,s1:3').argParser(names),
    )
    .aboutLab()
    .withFormat()
    .does(paths);
}

/** Names with commas between; given several times, all of them. */
function names(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), ...text.split(',').map((name) => name.trim())];
}

async function paths(source: string, target: string, options: PathsOptions): Promise<void> {
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
        where: { kind: 'option', option: '--k' },
        offending: `${options.k}`,
        cause: `at most ${MOST_PATHS} paths are shown`,
        remedy: `labctl paths ${source} ${target} --k ${MOST_PATHS}`,
      }),
    );
  }
  const subject = await subjectNamed(undefined, options);
  const { topology } = subject.spec;
  const hosts = requestedPair(topology, source, target, `paths ${source} ${target}`);
  const avoided = (options.avoid ?? []).map((text) =>
    requestedFault(topology, text, { kind: 'option', option: '--avoid' }),
  );
  const faults = await faultsOf(subject);
  const left = topology.withFaults([...faults, ...avoided]);
  const found = pathsBetween(left, hosts, options);
  const document: PathsDocument = {
    version: 1,
    lab: subject.kind === 'lab' ? subject.lab.record.name : subject.spec.name,
    source,
    target,
    metric: options.metric,
    faults,
    avoided,
    complete: found.complete,
    paths: found.paths.map((path) => documentOf(left, path, hosts)),
  };
  printAnswer(options, document, () => pathLines(document, options.disjoint, found.single));
  if (options.format === 'text' && pairsByRouter(topology, { members: [source, target] }).length > 0) {
    remark(
      `${source} and ${target} are in different subnets: what they send each other goes by routers, not by these paths`,
    );
  }
  if (options.format === 'text' && !document.complete) {
    remark(
      options.via === undefined
        ? `there are more paths than these ${MOST_PATHS}`
        : 'there may be a cheaper path: not all could be tried',
    );
  }
}

/** What is down in a running lab. */
async function faultsOf(subject: Subject): Promise<readonly Fault[]> {
  return subject.kind === 'spec' ? [] : (await subject.lab.run('fault list', {}, { signal: interrupted })).faults;
}

/** Whom the paths are between. */
type HostPair = ReturnType<typeof requestedPair>;

interface Found {
  readonly paths: readonly Path[];
  readonly complete: boolean;
  /** Whether there is a path, though not two that are disjoint. */
  readonly single: boolean;
}

function pathsBetween(
  topology: Topology,
  { source, target }: HostPair,
  { k, disjoint, via, metric }: PathsOptions,
): Found {
  const through = requestedSwitches(topology, via ?? [], { kind: 'option', option: '--via' });
  const [from, to] = [accessSwitchIn(topology, source), accessSwitchIn(topology, target)];
  const none: Found = { paths: [], complete: true, single: false };
  if (from === undefined || to === undefined) return none;
  const graph = new PathGraph(topology, metric);
  const [cheapest] = cheapestPaths(graph, from, to, 1);
  if (cheapest === undefined) return none;
  if (via !== undefined) {
    const { path, complete } = cheapestPathThrough(graph, [from, ...through, to]);
    if (path === undefined) throw new ProblemError(noPathThrough(source.name, target.name, via, complete));
    return { paths: [path], complete, single: true };
  }
  if (disjoint !== undefined) {
    return { paths: disjointPair(graph, from, to, disjoint) ?? [], complete: true, single: true };
  }
  if (k !== undefined) return { paths: cheapestPaths(graph, from, to, k), complete: true, single: true };
  return { ...equalPaths(graph, from, to), single: true };
}

function noPathThrough(source: string, target: string, via: readonly string[], complete: boolean) {
  const between = `from ${source} through ${via.join(', ')} to ${target}`;
  return inputProblem({
    code: 'no-path-via',
    where: { kind: 'option', option: '--via' },
    offending: via.join(','),
    cause: complete
      ? `there is no path ${between} that passes each switch once`
      : `no path ${between} that passes each switch once was found; not all could be tried`,
    remedy: 'name other switches, or fewer, or in another order; `labctl net` shows the links',
  });
}

/** The access switch of a host whose link is up. */
function accessSwitchIn(topology: Topology, host: Host): string | undefined {
  const attachment = topology.attachmentOf(host);
  if (attachment === undefined) return undefined;
  const { accessSwitch, port } = attachment;
  return topology.linkIsUp({ node: accessSwitch.name, port }) ? accessSwitch.name : undefined;
}

function documentOf(
  topology: Topology,
  { switches, links, total }: Path,
  { source, target }: HostPair,
): PathsDocument['paths'][number] {
  const last = topology.attachmentOf(target)?.port ?? 0;
  return {
    total,
    nodes: [source.name, ...switches, target.name],
    ports: switches.map((name, index) => ({ switch: name, port: links[index]?.port ?? last })),
  };
}
