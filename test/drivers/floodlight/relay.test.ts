import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { OpenFlowRelay } from '../../../src/drivers/floodlight/relay.ts';
import { Resident } from '../../../src/drivers/mininet/resident.ts';
import { MininetSandbox } from '../../../src/drivers/mininet/sandbox.ts';
import { hostPoints } from '../../../src/model/points.ts';
import { topologyOf } from '../../support/fixtures/topologies.ts';

const never = new AbortController().signal;
/** Its first packets of a pair go through the controller. */
const REACTION_SECONDS = 1;

let folder: string;
let sandbox: MininetSandbox | undefined;
let relay: OpenFlowRelay | undefined;
let controller: ChildProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync('/tmp/lt-relay-');
});
afterEach(async () => {
  await sandbox?.stop();
  relay?.close();
  await end(controller);
  rmSync(folder, { recursive: true, force: true });
});

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Open vSwitch's own controller, a learning switch, outside of the sandbox. */
function startTestController(port: number): ChildProcess {
  const child = spawn('ovs-testcontroller', [`ptcp:${port}:127.0.0.1`, '-O', 'OpenFlow13', '-voff'], {
    env: { ...process.env, OVS_RUNDIR: folder },
    stdio: 'ignore',
  });
  child.once('error', () => {
    throw new Error('ovs-testcontroller cannot be run: scripts/setup --tests installs it');
  });
  return child;
}

async function connectedSwitches(): Promise<number> {
  const { stdout } = await execa('ovs-vsctl', [
    `--db=unix:${join(folder, 'db.sock')}`,
    ...['--bare', '--columns=is_connected', 'list', 'Controller'],
  ]);
  return stdout.split('\n').filter((line) => line === 'true').length;
}

test('switches reach a controller outside their sandbox, before and after it is killed', async () => {
  const port = await freePort();
  controller = startTestController(port);
  const topology = topologyOf(4, [
    [1, 2],
    [2, 3],
    [3, 4],
  ]);
  sandbox = new MininetSandbox(new Resident(), { topology, topo: 'T', folder, datapath: 'user' });
  await sandbox.start(never, () => {});
  const socket = join(folder, 'of.sock');
  relay = new OpenFlowRelay(socket, { host: '127.0.0.1', port });
  await expect.poll(() => relay?.check(never).then(() => 'open'), { timeout: 5_000 }).toBe('open');
  await relay.listen();
  await sandbox.connectSwitches(`unix:${socket}`, never);
  await expect.poll(connectedSwitches, { timeout: 10_000 }).toBe(4);

  // All do, as a pair that does not is asked for eight seconds.
  const probes = await sandbox.probeAll(hostPoints(topology), REACTION_SECONDS, never, () => {});
  expect(probes.filter(({ rttMs }) => rttMs !== null)).toHaveLength(4 * 3);

  await end(controller);
  await expect.poll(connectedSwitches, { timeout: 10_000 }).toBe(0);
  controller = startTestController(port);
  await expect.poll(connectedSwitches, { timeout: 20_000 }).toBe(4);

  relay.close();
  await expect.poll(connectedSwitches, { timeout: 10_000 }).toBe(0);
  expect(existsSync(socket)).toBe(false);
});

test('a controller that takes no switches is told by its OpenFlow port', async () => {
  const port = await freePort();
  relay = new OpenFlowRelay(join(folder, 'of.sock'), { host: '127.0.0.1', port });
  await expect(relay.check(never)).rejects.toThrow(
    new RegExp(`OpenFlow at 127\\.0\\.0\\.1:${port}: the controller takes no switches there[\\s\\S]*--openflow-port`),
  );
});

test('a switch that is sent away when the controller refuses it comes back when there is one', async () => {
  const port = await freePort();
  sandbox = new MininetSandbox(new Resident(), { topology: topologyOf(1, []), topo: 'T', folder, datapath: 'user' });
  await sandbox.start(never, () => {});
  const socket = join(folder, 'of.sock');
  relay = new OpenFlowRelay(socket, { host: '127.0.0.1', port });
  await relay.listen();
  await sandbox.connectSwitches(`unix:${socket}`, never);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await connectedSwitches()).toBe(0);
  controller = startTestController(port);
  await expect.poll(connectedSwitches, { timeout: 20_000 }).toBe(1);
});
