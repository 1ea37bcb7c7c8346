import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Resident } from '../../../src/drivers/mininet/resident.ts';
import { MininetSandbox } from '../../../src/drivers/mininet/sandbox.ts';
import { topologyOf } from '../../support/topologies.ts';

let folder: string;
let sandbox: MininetSandbox | undefined;
beforeEach(() => {
  folder = mkdtempSync('/tmp/lt-sandbox-');
});
afterEach(async () => {
  await sandbox?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const never = new AbortController().signal;
const pair = topologyOf(2, [[1, 2]]);
const hasModule = existsSync('/sys/module/openvswitch');

test('where the kernel datapath does not work, the userspace one does', async () => {
  sandbox = new MininetSandbox(new Resident(), {
    topology: pair,
    topo: 'Pair',
    folder,
    datapath: 'kernel',
    fallback: true,
  });
  await sandbox.start(never, () => {});
  expect(sandbox.description).toMatch(hasModule ? /(?:kernel|userspace) datapath$/ : /userspace datapath$/);
  // No flow is installed: every pair is asked at least four times before it is given up.
  const probes = await sandbox.probeAll(0, never, () => {});
  expect(probes.map(({ source, target, rttMs }) => [source, target, rttMs])).toEqual([
    ['h1', 'h2', null],
    ['h2', 'h1', null],
  ]);
  for (const { probes: asked } of probes) expect(asked).toBeGreaterThanOrEqual(4);
});

test.skipIf(hasModule)(
  'a kernel datapath that was asked for and does not work is an error with the remedy',
  async () => {
    sandbox = new MininetSandbox(new Resident(), { topology: pair, topo: 'Pair', folder, datapath: 'kernel' });
    await expect(sandbox.start(never, () => {})).rejects.toThrow(
      /kernel datapath cannot be used here[\s\S]*modprobe openvswitch/,
    );
  },
);

test('a folder whose sockets would have too long a path is refused before anything is started', async () => {
  const long = `${folder}/${'x'.repeat(100)}`;
  sandbox = new MininetSandbox(new Resident(), { topology: pair, topo: 'Pair', folder: long, datapath: 'user' });
  await expect(sandbox.start(never, () => {})).rejects.toThrow(/at most 107 bytes[\s\S]*LABCTL_RUN_DIR/);
});
