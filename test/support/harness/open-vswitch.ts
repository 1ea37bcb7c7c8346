import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Dpid } from '../../../src/model/addresses.ts';
import { dpidDigits } from '../../../src/model/addresses.ts';
import type { Topology } from '../../../src/model/topology.ts';
import { interfaceName } from '../../../src/model/topology.ts';

/** Real Open vSwitch bridges of a topology in a sandbox of their own; no links, for tests that look at tables. */
export interface TestBridges {
  socketOf(dpid: Dpid): string;
  /** Ends the sandbox; throws when anything of it is left. */
  stop(): Promise<void>;
}

/** Runs inside the namespaces: the daemons, then the bridges, then waits for the end of its input. */
const SCRIPT = `
set -eu
export OVS_RUNDIR="$1" OVS_LOGDIR="$1" OVS_DBDIR="$1"
ovsdb-tool create "$1/conf.db" /usr/share/openvswitch/vswitch.ovsschema
ovsdb-server "$1/conf.db" --remote="punix:$1/db.sock" --pidfile --detach --no-chdir --log-file 2>/dev/null
ovs-vsctl --db="unix:$1/db.sock" --no-wait init
ovs-vswitchd "unix:$1/db.sock" --disable-system --pidfile --detach --no-chdir --log-file 2>/dev/null
shift
ovs-vsctl --db="unix:$OVS_RUNDIR/db.sock" "$@"
echo ready
cat >/dev/null
`;

/**
 * Starts bridges with the DPIDs and port numbers of the topology's switches, fail mode secure, OpenFlow 1.3, userspace
 * datapath. Needs root or user namespaces, and a usable /dev/net/tun for the ports.
 */
export async function startBridges(topology: Topology): Promise<TestBridges> {
  // A Unix socket's path holds 107 bytes, so the folder is short.
  const folder = await mkdtemp('/tmp/lo-');
  const userNamespace = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const child = spawn(
    'unshare',
    [
      ...userNamespace,
      ...['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'],
      ...['sh', '-c', SCRIPT, 'sh', folder, ...bridgeCommands(topology)],
    ],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const stop = async () => {
    child.kill('SIGKILL');
    await ended;
    if (await isAnyUsing(folder)) throw new Error(`a process of the sandbox in ${folder} still runs`);
    await rm(folder, { recursive: true, force: true });
    if (existsSync(folder)) throw new Error(`the sandbox left ${folder} behind`);
  };
  try {
    await ready(child);
  } catch (error) {
    await stop();
    throw error;
  }
  const names = new Map(topology.switches.map(({ dpid, name }) => [dpid, name]));
  return { socketOf: (dpid) => join(folder, `${names.get(dpid) ?? 'none'}.mgmt`), stop };
}

function bridgeCommands(topology: Topology): readonly string[] {
  return topology.switches.flatMap(({ name, dpid }) => [
    ...['--', 'add-br', name],
    ...['--', 'set', 'bridge', name, 'datapath_type=netdev', 'fail_mode=secure', 'protocols=OpenFlow13'],
    ...[`other-config:datapath-id=${dpidDigits(dpid)}`, 'other-config:disable-in-band=true'],
    ...topology.neighboursOf(name).flatMap(({ port }) => {
      const device = interfaceName({ node: name, port });
      return [
        ...['--', 'add-port', name, device],
        ...['--', 'set', 'interface', device, 'type=internal', `ofport_request=${port}`],
      ];
    }),
  ]);
}

async function ready(child: ChildProcess): Promise<void> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('the sandbox has no output');
  let complaint = '';
  stderr.on('data', (chunk) => {
    complaint += String(chunk);
  });
  for await (const line of createInterface(stdout)) if (line === 'ready') return;
  throw new Error(`the sandbox did not start: ${complaint}`);
}

/** Whether a process has the folder on its command line; the kernel ends them a moment after the first. */
async function isAnyUsing(folder: string): Promise<boolean> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const lines = await Promise.all(
      (await readdir('/proc'))
        .filter((name) => /^\d+$/.test(name))
        .map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
    );
    if (!lines.some((line) => line.includes(`${folder}/`))) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}
