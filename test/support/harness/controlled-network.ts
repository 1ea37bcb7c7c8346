import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { OpenFlowRelay } from '../../../src/drivers/floodlight/relay.ts';
import { Resident } from '../../../src/drivers/mininet/resident.ts';
import { MininetSandbox } from '../../../src/drivers/mininet/sandbox.ts';
import type { Topology } from '../../../src/model/topology.ts';

/** A controller on loopback that takes switches. */
export interface TestController {
  readonly url: string;
  readonly openflowPort: number;
}

/** A Floodlight to run the tests against, where FLOODLIGHT_URL names one; LABCTL_OPENFLOW_PORT is its OpenFlow port. */
export function givenFloodlight(): TestController | undefined {
  const { FLOODLIGHT_URL: url, LABCTL_OPENFLOW_PORT: port } = process.env;
  return url === undefined || url === '' ? undefined : { url, openflowPort: Number(port || 6653) };
}

/** Real Mininet with nothing of labctl's controller side but the relay, for tests of what the controller does. */
export async function startControlledNetwork(
  topology: Topology,
  { url, openflowPort }: TestController,
): Promise<{ stop(): Promise<void> }> {
  const folder = mkdtempSync('/tmp/lt-net-');
  const sandbox = new MininetSandbox(new Resident(), { topology, topo: 'T', folder, datapath: 'user' });
  const socket = join(folder, 'of.sock');
  const relay = new OpenFlowRelay(socket, { host: new URL(url).hostname, port: openflowPort });
  const stop = async () => {
    await sandbox.stop();
    relay.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const { signal } = new AbortController();
  try {
    await vi.waitFor(async () => expect(await switchesOf(url)).toEqual([]), { timeout: 10_000, interval: 100 });
    await sandbox.start(signal, () => {});
    await relay.listen();
    await sandbox.connectSwitches(`unix:${socket}`, signal);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

async function switchesOf(url: string): Promise<unknown> {
  return (await fetch(`${url}/wm/core/controller/switches/json`)).json();
}
