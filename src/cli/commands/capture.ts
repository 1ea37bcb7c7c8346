import { openSync } from 'node:fs';
import { Option } from 'commander';
import { environmentProblem, inputProblem, type Problem, ProblemError } from '../../model/problem.ts';
import type { LabctlCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { type LabOptions, wholeNumber } from '../options.ts';
import { onlyOn, signalChildOf } from '../signals.ts';
import { runningLab } from '../subject.ts';

interface CaptureOptions extends LabOptions {
  /** A file, or `-` for standard output. */
  readonly write?: string;
  readonly count?: number;
  readonly seconds?: number;
}

export function add(program: LabctlCommand): void {
  program
    .command('capture')
    .description('show the packets at an interface, with tcpdump, until Ctrl-C; or write them for Wireshark')
    .argument('<interface>', 'e.g. s1-eth1, or a host')
    .argument('[filter...]', 'as tcpdump has it, e.g. icmp or arp')
    .option(
      '-w, --write <file>',
      'write packets, in the form of pcap; - is standard output: ... -w - | wireshark -k -i -',
    )
    .addOption(new Option('--count <number>', 'end after so many packets').argParser(wholeNumber(1)))
    .addOption(new Option('--seconds <number>', 'end after so long').argParser(wholeNumber(1)))
    .aboutLab()
    .does(capture);
}

/** An interrupt is how it ends, with everything written that was captured: the exit code is then 0. */
async function capture(
  at: string,
  filter: readonly string[],
  { write, count, seconds, ...options }: CaptureOptions,
): Promise<number> {
  if (write === '-' && process.stdout.isTTY) {
    throw new ProblemError(
      inputProblem({
        code: 'binary-to-terminal',
        where: '-w -',
        cause: 'a terminal cannot show a capture file',
        remedy: `pipe it: labctl capture ${at} -w - | wireshark -k -i -; or leave -w out: text`,
      }),
    );
  }
  // What goes to a file is written by this process: in the lab there are other rights, and another folder.
  const form = write === undefined ? 'text' : 'pcap';
  const request = { at, form, count: count ?? null, filter } as const;
  const lab = await runningLab(options);
  const [{ commands }, { spawn }] = await Promise.all([lab.run('capture', request), import('node:child_process')]);
  const [first, second] = commands;
  if (first === undefined) throw new Error('a capture is one command at least');
  const output = write === undefined || write === '-' ? 'inherit' : fileNamed(write);
  return new Promise((resolve, reject) => {
    let words = '';
    let isEnding = false;
    let timer: NodeJS.Timeout | undefined;
    // It ends with us, however we end. It has a process group of its own: an interrupt at the terminal would end nsenter
    // before tcpdump has written everything.
    const args = ['--pdeathsig', 'TERM', '--', first.file, ...first.args];
    const isOnly = second === undefined;
    const inside = spawn('setpriv', args, { stdio: ['ignore', isOnly ? output : 'pipe', 'pipe'], detached: true });
    const last = isOnly
      ? inside
      : spawn(second.file, second.args, { stdio: [inside.stdout, output, 'pipe'], detached: true });
    const end = () => {
      isEnding = true;
      const isOver = inside.exitCode !== null || inside.signalCode !== null;
      if (!isOver && !signalChildOf(inside.pid, 'SIGINT')) setTimeout(end, 20);
    };
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) onlyOn(name, end);
    for (const { stderr } of new Set([inside, last])) {
      stderr?.setEncoding('utf8').on('data', (text: string) => {
        words += text;
        process.stderr.write(text.replace(/^reading from file -.*\n/m, ''));
        if (seconds !== undefined && timer === undefined && /listening on/.test(words)) {
          timer = setTimeout(end, seconds * 1000);
        }
      });
    }
    inside.once('error', reject);
    last.once('error', reject).once('close', (code) => {
      clearTimeout(timer);
      if (!isEnding) end();
      if (code === 0) resolve(EXIT.asExpected);
      else reject(new ProblemError(captureProblem(words, filter)));
    });
  });
}

/** What went wrong, by what tcpdump printed. */
function captureProblem(words: string, filter: readonly string[]): Problem {
  return /syntax error|can't parse filter|illegal|unknown|filter/i.test(words) && filter.length > 0
    ? inputProblem({
        code: 'wrong-filter',
        where: filter.join(' '),
        cause: 'not a filter that tcpdump takes, see above',
        remedy: 'write one such as: icmp or arp; see pcap-filter(7)',
      })
    : environmentProblem({
        code: 'capture-ended',
        where: 'tcpdump',
        cause: 'the capture ended by itself, see above',
        remedy: '`labctl ls` shows whether the lab still runs',
      });
}

function fileNamed(file: string): number {
  try {
    return openSync(file, 'w');
  } catch (error) {
    throw new ProblemError(
      inputProblem({
        code: 'unwritable',
        where: { kind: 'file', file },
        cause: `cannot be written: ${(error as Error).message}`,
        remedy: 'name a file that you may write',
      }),
    );
  }
}
