import { InvalidArgumentError, Option } from 'commander';
import { labNameOf } from '../lab/run-folder.ts';

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

export interface FormatOptions {
  readonly format: 'text' | 'json';
}

export interface UpOptions extends LabOptions {
  readonly reconfigure?: boolean;
  readonly restPort: number;
  readonly datapath?: 'kernel' | 'user';
}

export interface ConnectOptions extends FormatOptions, LabOptions {
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

export const restPortOption = () =>
  new Option('--rest-port <port>', "the first port to try for the embedded controller's REST interface")
    .default(8080)
    .env('LABCTL_REST_PORT')
    .argParser((text) => {
      const port = Number(text);
      if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new InvalidArgumentError('a port is 1 to 65535');
      return port;
    });

export const datapathOption = () =>
  new Option('--datapath <kind>', "Open vSwitch's datapath (default: kernel where its module is there, else user)")
    .choices(['kernel', 'user'])
    .env('LABCTL_DATAPATH');
