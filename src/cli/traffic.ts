import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import type { CommandOutput } from '../lab/commands/types.ts';
import { RemoteLab } from '../lab/process/remote-lab.ts';
import { environmentProblem, inputProblem, ProblemError } from '../model/problem.ts';
import { type CaptureOptions, type FormatOptions, type IperfOptions, labNamed } from './options.ts';
import { ProgressLine, printJson, printLines } from './output/terminal.ts';
import { onlyOn, signalChildOf } from './signals.ts';

/** Exit code of hosts between which nothing comes through. */
const NOT_AS_EXPECTED = 1;

/** `labctl iperf`: what comes through from one host to another. */
export async function iperf(
  source: string,
  target: string,
  options: IperfOptions & FormatOptions,
  signal: AbortSignal,
): Promise<number> {
  const progress = new ProgressLine();
  const request = { source, target, protocol: options.udp ? 'udp' : 'tcp', seconds: options.seconds } as const;
  const document = await RemoteLab.find(labNamed(options))
    .run('iperf', request, { signal, onProgress: progress.show })
    .finally(progress.clear);
  if (options.format === 'json') printJson(document);
  else printLines([throughputLine(document)]);
  return document.mbps === null ? NOT_AS_EXPECTED : 0;
}

function throughputLine({ source, target, mbps, lostPercent, why }: CommandOutput<'iperf'>): string {
  if (mbps === null) return `${source} -> ${target}: X, ${why}`;
  const lost = lostPercent === null ? '' : `, ${lostPercent.toFixed(1)}% of the datagrams lost`;
  return `${source} -> ${target}: ${mbps.toFixed(1)} Mbit/s${lost}`;
}

/**
 * `labctl capture`: what passes an interface, as text or as a pcap file. An interrupt is how it ends, and flushes what was
 * captured: the exit code is then 0.
 */
export async function capture(
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
  const { commands } = await RemoteLab.find(labNamed(options)).run('capture', request);
  const [first, second] = commands;
  if (first === undefined) throw new Error('a capture is one command at least');
  const output = write === undefined || write === '-' ? 'inherit' : fileNamed(write);
  return new Promise((resolve, reject) => {
    let words = '';
    let isEnding = false;
    let timer: NodeJS.Timeout | undefined;
    // It ends with us, however we end; and has a process group of its own, as an interrupt at the terminal would end
    // nsenter before what it leads to has flushed.
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
      if (code === 0) resolve(0);
      else reject(new ProblemError(captureProblem(words, filter)));
    });
  });
}

/** A problem of what tcpdump has told of itself already. */
function captureProblem(words: string, filter: readonly string[]) {
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
        where: file,
        cause: `cannot be written: ${(error as Error).message}`,
        remedy: 'name a file that you may write',
      }),
    );
  }
}
