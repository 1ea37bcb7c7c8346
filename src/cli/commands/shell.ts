import type { LabctlCommand } from '../command.ts';
import type { LabOptions } from '../options.ts';
import { runOnHost } from './exec.ts';

export function add(program: LabctlCommand): void {
  program
    .command('shell')
    .description('open a shell on a host')
    .argument('<host>', 'e.g. h1')
    .aboutLab()
    .does(async (host: string, options: LabOptions) => runOnHost(host, ['bash', '--norc', '-i'], options));
}
