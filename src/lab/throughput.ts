import { type ChildProcess, spawn } from 'node:child_process';
import { z } from 'zod';
import type { Command, Shells } from '../drivers/data-plane.ts';
import { environmentProblem, inputProblem, ProblemError } from '../model/problem.ts';
import { type Host, ownAddressOf } from '../model/topology.ts';
import type { Frozen } from './commands/command.ts';

const request = {
  source: z.string().describe('A host.'),
  target: z.string().describe('Another.'),
  protocol: z.enum(['tcp', 'udp']),
  seconds: z.number().positive().describe('For how long the source sends.'),
};

/** What is to be measured. */
export const throughputRequestSchema = z.strictObject(request);

type ThroughputRequest = Frozen<z.output<typeof throughputRequestSchema>>;

/** What came through from one host to another. */
export const throughputSchema = z.strictObject({
  ...request,
  mbps: z.number().nullable().describe('In Mbit/s, as the target received them; null where nothing came through.'),
  lostPercent: z
    .number()
    .nullable()
    .describe('Of a hundred UDP datagrams; null for TCP, which sends again what is lost.'),
  why: z.string().nullable().describe('Why there is no figure; null where there is one.'),
});

type Throughput = Frozen<z.output<typeof throughputSchema>>;

/** Why a port cannot be listened at, in iperf3's words. */
const TAKEN = /Address already in use|unable to start listener/;
const FIRST_PORT = 5201;
const MOST_PORTS = 20;
/** How long the source waits for a connection: SYNs are sent again after one and three seconds. */
const CONNECT_MS = 4_000;
/** How much longer than it is to send a measurement may take: a busy machine, and iperf3's exchange of results. */
const PATIENCE_MS = 10_000;

/**
 * Measures with iperf3, a server on the target and a client on the source. Both have ended when this returns or throws,
 * for they die with the process that leads into the sandbox.
 * @throws ProblemError when iperf3 is not installed or cannot listen
 */
export async function measureThroughput(
  request: ThroughputRequest,
  target: Host,
  shells: Shells,
  signal: AbortSignal,
): Promise<Throughput> {
  const address = ownAddressOf(target)?.ip;
  if (address === undefined) {
    throw new ProblemError(
      inputProblem({
        code: 'no-address',
        where: target.name,
        cause: 'this host has no address',
        remedy: 'give it one in the spec, or measure to another host',
      }),
    );
  }
  const run = (host: string, argv: readonly string[]) =>
    new Tool(shells.toolOn(host, 'iperf3', ['--forceflush', ...argv]), signal);
  const { server, port } = await serverOn(request.target, run);
  const ended = new AbortController();
  const { seconds, protocol } = request;
  const limit = setTimeout(() => ended.abort(), seconds * 1000 + CONNECT_MS + PATIENCE_MS);
  const client = run(request.source, [
    ...['--client', address, '--port', `${port}`, '--time', `${seconds}`, '--json'],
    ...['--connect-timeout', `${CONNECT_MS}`],
    // As fast as it goes: iperf3 would send 1 Mbit/s.
    ...(protocol === 'udp' ? ['--udp', '--bitrate', '0'] : []),
  ]);
  ended.signal.addEventListener('abort', () => client.kill());
  try {
    await client.ended;
    signal.throwIfAborted();
    return { ...request, ...reading(client.output, protocol) };
  } finally {
    clearTimeout(limit);
    server.kill();
    await server.ended;
  }
}

/** Somebody may have a server of their own on that host: the next port is then tried. */
async function serverOn(
  host: string,
  run: (host: string, argv: readonly string[]) => Tool,
): Promise<{ readonly server: Tool; readonly port: number }> {
  let words = '';
  for (let port = FIRST_PORT; port < FIRST_PORT + MOST_PORTS; port += 1) {
    const server = run(host, ['--server', '--one-off', '--port', `${port}`]);
    if (await server.prints(/Server listening/)) return { server, port };
    words = server.output.trim();
    if (!TAKEN.test(words)) break;
  }
  const remedy = `see what it says itself: labctl exec ${host} -- iperf3 --server --one-off`;
  throw new ProblemError(
    environmentProblem({ code: 'iperf3', where: `iperf3 on ${host}`, cause: words || 'it ended at once', remedy }),
  );
}

/** iperf3 on a host, with what it has printed. */
class Tool {
  output = '';
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;

  constructor({ file, args }: Command, signal: AbortSignal) {
    signal.throwIfAborted();
    this.#child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    const kill = () => this.kill();
    signal.addEventListener('abort', kill, { once: true });
    this.ended = new Promise((resolve) => {
      const end = () => {
        signal.removeEventListener('abort', kill);
        resolve();
      };
      this.#child.once('close', end).once('error', (error) => {
        this.output += error.message;
        end();
      });
    });
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Resolves with true as soon as it has printed this, and with false when it ends without. */
  prints(pattern: RegExp): Promise<boolean> {
    return new Promise((resolve) => {
      this.#child.stdout?.on('data', () => {
        if (pattern.test(this.output)) resolve(true);
      });
      void this.ended.then(() => resolve(false));
    });
  }
}

/** What iperf3's JSON tells; all of it that is needed here. */
interface Report {
  readonly error?: string;
  readonly end?: {
    readonly sum_received?: { readonly bits_per_second?: number; readonly bytes?: number };
    readonly sum?: { readonly bits_per_second?: number; readonly lost_percent?: number };
  };
}

function reading(output: string, protocol: 'tcp' | 'udp'): Pick<Throughput, 'mbps' | 'lostPercent' | 'why'> {
  const nothing = (why: string) => ({ mbps: null, lostPercent: null, why });
  let report: Report;
  try {
    report = JSON.parse(output.slice(output.indexOf('{'))) as Report;
  } catch {
    return nothing('the connection broke off');
  }
  if (report.error !== undefined) return nothing(report.error);
  const { sum_received: received, sum } = report.end ?? {};
  if (protocol === 'tcp') {
    const bits = received?.bits_per_second;
    return bits === undefined ? nothing('iperf3 gave no figure') : { mbps: toMbps(bits), lostPercent: null, why: null };
  }
  const lostPercent = sum?.lost_percent ?? 0;
  // What was sent, less what was lost, where the target's own figure is not among it.
  const bits = received?.bits_per_second || (sum?.bits_per_second ?? 0) * (1 - lostPercent / 100);
  return { mbps: toMbps(bits), lostPercent: Number(lostPercent.toFixed(3)), why: null };
}

function toMbps(bitsPerSecond: number): number {
  return Number((bitsPerSecond / 1e6).toFixed(3));
}
