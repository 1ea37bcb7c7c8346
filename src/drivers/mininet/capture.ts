import { join } from 'node:path';
import type { CaptureRequest, Command } from '../data-plane.ts';
import { INSIDE } from './inside.ts';
import { isRoot, MININET_PYTHON, SANDBOX_PATH } from './machine.ts';

const CAPTURER = join(INSIDE, 'capturer.py');

/**
 * tcpdump in the lab for root; else `capturer.py` there and tcpdump outside, which reads what that writes: only root's
 * tcpdump can be in a lab.
 * @param inLab the command that runs something where the interface is
 */
export function captureCommands(
  { interfaceName, form, count, filter }: CaptureRequest,
  inLab: (argv: readonly string[]) => Command,
): readonly Command[] {
  const printing = form === 'text' ? ['-l', '-n'] : ['-U', '-w', '-'];
  const tcpdump = ['tcpdump', ...printing, ...(count === undefined ? [] : ['-c', `${count}`])];
  const endsWithReader = ['setpriv', '--pdeathsig', 'INT', '--'];
  if (isRoot()) return [inLab([...endsWithReader, ...tcpdump, '-Z', 'root', '-i', interfaceName, ...filter])];
  return [
    inLab([...endsWithReader, MININET_PYTHON, CAPTURER, interfaceName]),
    { file: 'env', args: [`PATH=${SANDBOX_PATH}`, ...tcpdump, '-r', '-', ...filter] },
  ];
}
