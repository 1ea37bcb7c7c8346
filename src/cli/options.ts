import { CommanderError, InvalidArgumentError, Option } from 'commander';
import { controllerHelp } from '../drivers/controllers.ts';
import type { DataPlaneKind } from '../drivers/data-plane.ts';

export const DEFAULT_DATA_PLANE: DataPlaneKind = 'mininet';

/** Options that several commands have. Many can be given by a LABCTL_* variable too. */

export interface LabOptions {
  readonly lab?: string;
  readonly topo?: string;
}

export interface FormatOptions {
  readonly format: 'text' | 'json';
}

/** How a lab is to be brought up. */
export interface BringUpOptions {
  /** `auto`, `embedded`, `floodlight` or a URL. */
  readonly controller: string;
  readonly restPort: number;
  readonly openflowPort: number;
  /** Mininet unless another is asked for. */
  readonly dataplane?: DataPlaneKind;
  readonly datapath?: 'kernel' | 'user';
}

/** What a prediction assumes besides what is there. */
export interface SupposeOptions {
  /** Files of entries. */
  readonly with?: readonly string[];
  /** Links and switches. */
  readonly without?: readonly string[];
}

/** How a fault is followed. */
export interface FaultOptions extends FormatOptions, LabOptions {
  /** False with `--no-repair`. */
  readonly repair: boolean;
  /** Names of hosts. */
  readonly measure?: readonly string[];
}

export const labOption = () => new Option('--lab <name>', 'which of several running labs').env('LABCTL_LAB');

export const topoOption = () => new Option('-t, --topo <name|file>', 'the spec, by name or by file').env('LABCTL_TOPO');

export const formatOption = () =>
  new Option('--format <form>', 'text for people, json for programs')
    .choices(['text', 'json'])
    .default('text')
    .env('LABCTL_FORMAT');

export const expectOption = () =>
  new Option('--expect <name>', 'compare with this expectation of the spec').env('LABCTL_EXPECT');

export const addressesOption = () =>
  new Option('--addresses', 'ask every address of the hosts, those of further interfaces too: h1:eth1');

/** Which matrix options ask for. */
export function askedMatrixOf({ expect, addresses }: { readonly expect?: string; readonly addresses?: boolean }) {
  return {
    ...(expect === undefined ? {} : { expectation: expect }),
    ...(addresses === undefined ? {} : { addresses }),
  };
}

/** Whether every pair has its line in the verdict. */
export const allOption = () => new Option('--all', 'give each pair its own line, also where several have one cause');

export const supposeOptions = (): readonly Option[] => [
  new Option(
    '--with <files...>',
    "assume the entries of these files as well, in the form of the tutorial's curl commands",
  ),
  new Option(
    '--without <faults...>',
    'assume that these links (s1-s3, or one of several, s1:3) and switches (s3) are down',
  ),
];

export const faultOptions = (): readonly Option[] => [
  new Option('--no-repair', "leave the connections' entries as they are; without it they are computed anew"),
  new Option(
    '--measure <hosts...>',
    'measure for how long traffic from h1 to h9 is interrupted: --measure h1 h9, as the last option',
  ),
];

export const bringUpOptions = (): readonly Option[] => [
  new Option('--controller <kind|url>', controllerHelp()).default('auto').env('LABCTL_CONTROLLER'),
  new Option('--rest-port <port>', "the first port to try for the controller's REST interface, where labctl starts it")
    .default(8080)
    .env('LABCTL_REST_PORT')
    .argParser(port),
  new Option('--openflow-port <port>', "a Floodlight's OpenFlow port; the first one to try where labctl starts it")
    .default(6653)
    .env('LABCTL_OPENFLOW_PORT')
    .argParser(port),
  new Option(
    '--dataplane <kind>',
    'mininet, or simulated: a lab that is computed, where there is no Linux or no Mininet (default: mininet)',
  )
    .choices(['mininet', 'simulated'])
    .env('LABCTL_DATAPLANE'),
  new Option('--datapath <kind>', "Open vSwitch's datapath (default: kernel where its module is there, else user)")
    .choices(['kernel', 'user'])
    .env('LABCTL_DATAPATH'),
];

function port(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > 65_535)
    throw new InvalidArgumentError('a port is 1 to 65535');
  return number;
}

/** A whole number from `least` on. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d{1,15}$/.test(text) && number >= least) return number;
    throw new InvalidArgumentError(`a whole number from ${least} on`);
  };
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
