import { CommanderError, InvalidArgumentError, Option } from 'commander';
import { controllerHelp } from '../drivers/controllers.ts';
import type { DataPlaneKind } from '../drivers/data-plane.ts';
import { labNameOf } from '../lab/process/records.ts';
import type { Disjointness } from '../plan/disjoint-flow.ts';
import type { Metric } from '../plan/paths.ts';

/** Options that several commands share; each can be given by a LABCTL_* variable too. */

export interface LabOptions {
  readonly lab?: string;
  readonly topo?: string;
}

/** The lab that an argument or the options name, by its name or by the file that it was brought up from. */
export function labNamed({ lab, topo }: LabOptions, argument?: string): string | undefined {
  const named = argument ?? lab ?? topo;
  return named === undefined ? undefined : labNameOf(named);
}

/** The code of the error that `named` throws. */
export const NAME_MISSING = 'labctl.missing';

/**
 * A name, given as an argument or by an option.
 * @throws CommanderError where there is neither
 */
export function named(argument: string | undefined, option: string | undefined, what: string): string {
  const name = argument ?? option;
  if (name === undefined) throw new CommanderError(2, NAME_MISSING, `error: name ${what}`);
  return name;
}

export interface FormatOptions {
  readonly format: 'text' | 'json';
}

export interface UpOptions extends LabOptions {
  readonly reconfigure?: boolean;
  /** `auto`, `embedded`, `floodlight` or a URL. */
  readonly controller: string;
  readonly restPort: number;
  readonly openflowPort: number;
  /** Mininet unless another is asked for. */
  readonly dataplane?: DataPlaneKind;
  readonly datapath?: 'kernel' | 'user';
}

export interface TestOptions extends UpOptions, FormatOptions {
  /** Names of scenarios; all of them where there are none. */
  readonly scenario?: readonly string[];
  readonly jobs?: number;
  /** A file. */
  readonly junit?: string;
  readonly keepGoing?: boolean;
  readonly watch?: boolean;
}

export interface ApplyOptions extends FormatOptions, LabOptions {
  readonly force?: boolean;
}

export interface SupposeOptions extends FormatOptions, LabOptions {
  /** Files of entries. */
  readonly with?: readonly string[];
  /** Links and switches. */
  readonly without?: readonly string[];
}

export interface PredictOptions extends SupposeOptions {
  readonly expect?: string;
}

export interface ExplainOptions extends SupposeOptions {
  readonly verify?: boolean;
}

export interface FaultOptions extends FormatOptions, LabOptions {
  /** False with `--no-repair`. */
  readonly repair: boolean;
  /** Names of hosts. */
  readonly measure?: readonly string[];
}

export interface PathsOptions extends FormatOptions, LabOptions {
  readonly k?: number;
  readonly disjoint?: Disjointness;
  readonly metric: Metric;
  /** Switches, in order. */
  readonly via?: readonly string[];
  /** Links and switches. */
  readonly avoid?: readonly string[];
}

export interface IperfOptions extends LabOptions {
  readonly udp?: boolean;
  readonly seconds: number;
}

export interface CaptureOptions extends LabOptions {
  /** A file, or `-` for standard output. */
  readonly write?: string;
  readonly count?: number;
  readonly seconds?: number;
}

export interface ConnectOptions extends FormatOptions, LabOptions {
  readonly multipath?: boolean;
  readonly protect?: boolean;
  readonly via?: readonly string[];
  readonly avoid?: readonly string[];
  readonly dryRun?: boolean;
  readonly curl?: boolean;
}

export const labOption = () => new Option('--lab <name>', 'which of several running labs').env('LABCTL_LAB');

export const topoOption = () => new Option('-t, --topo <name|file>', 'the spec, by name or by file').env('LABCTL_TOPO');

export const formatOption = () =>
  new Option('--format <form>', 'text for people, json for programs')
    .choices(['text', 'json'])
    .default('text')
    .env('LABCTL_FORMAT');

export const expectOption = () =>
  new Option('--expect <name>', "compare with this one of the spec's expectations").env('LABCTL_EXPECT');

export const withOption = () =>
  new Option(
    '--with <files...>',
    "suppose the entries of these files too, in the form of the tutorial's curl commands",
  );

export const withoutOption = () =>
  new Option('--without <faults...>', 'suppose that these links (s1-s3) and switches (s3) are down');

export const noRepairOption = () =>
  new Option('--no-repair', "leave the connections' entries as they are; without it they are computed anew");

export const measureOption = () =>
  new Option(
    '--measure <hosts...>',
    'measure for how long traffic from h1 to h9 is interrupted: --measure h1 h9, at the end',
  );

/** A whole number from `least` on. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d{1,15}$/.test(text) && number >= least) return number;
    throw new InvalidArgumentError(`a whole number from ${least} on`);
  };
}

/** The parameters of topologies that `labctl new` generates. */
export const TOPOLOGY_FLAGS: readonly (readonly [flag: string, description: string])[] = [
  ['hosts', 'hosts on each switch that has any'],
  ['switches', 'of linear, ring, mesh and random'],
  ['depth', 'of tree: levels of switches'],
  ['fanout', 'of tree: branches of each switch'],
  ['x', 'of torus: switches in the first direction'],
  ['y', 'of torus: switches in the second direction'],
  ['spines', 'of leaf-spine'],
  ['leaves', 'of leaf-spine'],
  ['k', 'of fat-tree: ports of each switch, an even number'],
  ['links', 'of random: links between switches'],
  ['seed', 'of random: picks the graph'],
];

export const kOption = () =>
  new Option('--k <number>', 'the k cheapest paths, not only those that cost the least').argParser((text) => {
    if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('k is a whole number from 1 up');
    return Number(text);
  });

export const disjointOption = () =>
  new Option('--disjoint <what>', 'the two paths of the least total that share no link, or no switch either').choices([
    'link',
    'node',
  ]);

export const metricOption = () =>
  new Option('--metric <metric>', 'what counts: links, or the costs that the spec gives them')
    .choices(['hops', 'cost'])
    .default('cost');

/** Names with commas between; given several times, all of them. */
function names(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), ...text.split(',').map((name) => name.trim())];
}

export const viaOption = () =>
  new Option('--via <switches>', 'the cheapest path that passes these switches in this order: s6 or s6,s3').argParser(
    names,
  );

export const avoidOption = () =>
  new Option('--avoid <what>', 'paths that use none of these switches and links: s3,s1-s2').argParser(names);

export const scenarioOption = () =>
  new Option('--scenario <name>', 'run this scenario only; may be given several times').argParser(
    (name: string, before: readonly string[] | undefined) => [...(before ?? []), name],
  );

export const jobsOption = () =>
  new Option('--jobs <number>', 'how many labs are up at a time (default: one for each core)')
    .env('LABCTL_JOBS')
    .argParser(wholeNumber(1));

export const junitOption = () => new Option('--junit <file>', 'write the results as JUnit XML too').env('LABCTL_JUNIT');

export const controllerOption = () =>
  new Option('--controller <kind|url>', controllerHelp()).default('auto').env('LABCTL_CONTROLLER');

export const restPortOption = () =>
  new Option('--rest-port <port>', "the first port to try for the controller's REST interface, where labctl starts it")
    .default(8080)
    .env('LABCTL_REST_PORT')
    .argParser(port);

export const openflowPortOption = () =>
  new Option('--openflow-port <port>', "a Floodlight's OpenFlow port; the first one to try where labctl starts it")
    .default(6653)
    .env('LABCTL_OPENFLOW_PORT')
    .argParser(port);

function port(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 65_535)
    throw new InvalidArgumentError('a port is 1 to 65535');
  return number;
}

export const dataPlaneOption = () =>
  new Option(
    '--dataplane <kind>',
    'mininet, or simulated: a lab that is computed, where there is no Linux or no Mininet (default: mininet)',
  )
    .choices(['mininet', 'simulated'])
    .env('LABCTL_DATAPLANE');

export const datapathOption = () =>
  new Option('--datapath <kind>', "Open vSwitch's datapath (default: kernel where its module is there, else user)")
    .choices(['kernel', 'user'])
    .env('LABCTL_DATAPATH');
