import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { INSIDE } from '../../../../src/drivers/mininet/inside.ts';
import { MININET_PYTHON } from '../../../../src/drivers/mininet/machine.ts';

/** What a program of this folder prints, which is JSON, as its input is; it can import the modules of the sandbox. */
export function printedBy(program: string, given: unknown = null): unknown {
  const env = { PATH: process.env['PATH'], PYTHONPATH: INSIDE, PYTHONDONTWRITEBYTECODE: '1' };
  const input = JSON.stringify(given);
  const options = { env, input, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 } as const;
  return JSON.parse(execFileSync(MININET_PYTHON, [join(import.meta.dirname, program)], options));
}
