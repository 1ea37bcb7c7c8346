import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A running stand-in for Floodlight (floodlight-stand-in.py); it ends with the process that started it. */
export interface Floodlight {
  /** Of its REST interface, e.g. `http://127.0.0.1:40123`; the same after a restart. */
  readonly url: string;
  /** On loopback, for OpenFlow 1.3; the same after a restart. */
  readonly openflowPort: number;
  /** Of the process that runs now, or ran last. */
  readonly pid: number;
  /** SIGKILL; resolves when the process is gone, with its ports still known for `restart`. */
  kill(): Promise<void>;
  /** Kills it where it still runs, and starts it again on the same ports: it has forgotten everything. */
  restart(): Promise<void>;
  /** SIGTERM; resolves when the process is gone. */
  stop(): Promise<void>;
}

export interface FloodlightOptions {
  /** As Floodlight 1.2 by its source: `/wm/staticflowpusher` alone, no groups, and other keys (old_json.py). */
  readonly old?: boolean;
  /** After how long without LLDP a link is gone; 35 s by default, as in Floodlight. */
  readonly linkTimeoutSeconds?: number;
  /** Multiplies its own delays, which are Floodlight's: a second for a role, and before a switch that came is sent its entries. */
  readonly delayFactor?: number;
}

const PROGRAM = join(import.meta.dirname, 'floodlight-stand-in.py');

/** Starts a stand-in for Floodlight on two free ports of loopback; resolves once both listen. */
export async function startFloodlight(options: FloodlightOptions = {}): Promise<Floodlight> {
  const settings = [
    ...(options.old === true ? ['--old'] : []),
    ...(options.linkTimeoutSeconds === undefined ? [] : ['--link-timeout', String(options.linkTimeoutSeconds)]),
    ...(options.delayFactor === undefined ? [] : ['--delay-factor', String(options.delayFactor)]),
  ];
  const run = (restPort: number, openflowPort: number) =>
    listening(['--rest-port', String(restPort), '--openflow-port', String(openflowPort), ...settings]);
  const first = await run(0, 0);
  let { child } = first;
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  return {
    url: `http://127.0.0.1:${first.rest}`,
    openflowPort: first.openflow,
    get pid() {
      return child.pid ?? 0;
    },
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGKILL');
      ({ child } = await run(first.rest, first.openflow));
    },
    stop: () => end('SIGTERM'),
  };
}

interface Listening {
  readonly child: ChildProcess;
  readonly rest: number;
  readonly openflow: number;
}

async function listening(args: readonly string[]): Promise<Listening> {
  const child = spawn('/usr/bin/python3', [PROGRAM, '--die-with-parent', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (chunk) => {
    complaint += String(chunk);
  });
  for await (const line of createInterface(child.stdout)) return { child, ...JSON.parse(line) };
  const missing = complaint.includes("No module named 'os_ken'");
  const remedy = missing ? 'the stand-in for Floodlight needs python3-os-ken: run scripts/setup --tests\n' : '';
  throw new Error(`${remedy}the stand-in for Floodlight did not start: ${complaint}`);
}
