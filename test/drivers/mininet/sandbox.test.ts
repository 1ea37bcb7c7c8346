import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Resident } from '../../../src/drivers/mininet/resident.ts';
import { MininetSandbox } from '../../../src/drivers/mininet/sandbox.ts';
import { exactly } from '../../../src/model/match.ts';
import { flowOf, forwardingFlows } from '../../../src/plan/forwarding.ts';
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

test('a host whose ARP replies are lost does not profit from the other host asking for it', async () => {
  const built = new MininetSandbox(new Resident(), { topology: pair, topo: 'Pair', folder, datapath: 'user' });
  sandbox = built;
  await sandbox.start(never, () => {});
  const toH2 = { eth_type: 0x0806n, arp_opcode: 2n, arp_tpa: 0x0a000002n };
  const lostReplies = Object.entries(toH2).map(([field, value]) => [field, exactly(field as keyof typeof toH2, value)]);
  for (const [dpid, flows] of forwardingFlows(pair)) {
    const entries = [...flows, flowOf(2, Object.fromEntries(lostReplies), [])];
    await built.tables.apply(
      dpid,
      entries.map((flow) => ({ kind: 'add-flow', flow, cookie: 1n })),
    );
  }
  const probes = await sandbox.probeAll(0, never, () => {});
  expect(probes.map(({ source, target, rttMs }) => [source, target, rttMs !== null])).toEqual([
    ['h1', 'h2', true],
    ['h2', 'h1', false],
  ]);
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
