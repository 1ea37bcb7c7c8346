import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Resident } from '../../../src/drivers/mininet/resident.ts';
import { MininetSandbox } from '../../../src/drivers/mininet/sandbox.ts';
import type { Dpid } from '../../../src/model/addresses.ts';
import { exactly } from '../../../src/model/match.ts';
import { hostPoints } from '../../../src/model/points.ts';
import { flowOf, forwardingFlows } from '../../../src/plan/forwarding.ts';
import { topologyOf } from '../../support/fixtures/topologies.ts';
import { whileStarved } from '../../support/harness/starved.ts';

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
  const probes = await sandbox.probeAll(hostPoints(pair), 0, never, () => {});
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
  const probes = await sandbox.probeAll(hostPoints(pair), 0, never, () => {});
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

describe('links and switches that go down', () => {
  // Two links between s1 and s2.
  const topology = topologyOf(3, [
    [1, 2],
    [2, 3],
    [2, 1],
  ]);
  const [S1, S2] = topology.switches.map(({ dpid }) => dpid) as [Dpid, Dpid, Dpid];
  let resident: Resident;
  let network: MininetSandbox;
  beforeEach(async () => {
    resident = new Resident();
    network = new MininetSandbox(resident, { topology, topo: 'Three', folder, datapath: 'user' });
    sandbox = network;
    await network.start(never, () => {});
  });

  const soon = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 10_000, interval: 20 });

  /** Numbers of a switch's ports, and whether they have a carrier. */
  const carriers = async (dpid: Dpid) =>
    (await network.tables.ports(dpid))
      .filter(({ port }) => port !== 'local')
      .map(({ port, name, hasLink }) => `${port} ${name} ${hasLink ? 'up' : 'down'}`)
      .sort();

  test('all links between two switches lose their carrier at both ends, and get it back', async () => {
    await network.setLink({ kind: 'link', between: ['s2', 's1'] }, false);
    await soon(async () => expect(await carriers(S1)).toEqual(['1 s1-eth1 up', '2 s1-eth2 down', '3 s1-eth3 down']));
    expect(await carriers(S2)).toEqual(['1 s2-eth1 up', '2 s2-eth2 down', '3 s2-eth3 up', '4 s2-eth4 down']);
    await network.setLink({ kind: 'link', between: ['s1', 's2'] }, true);
    await soon(async () => expect(await carriers(S1)).toEqual(['1 s1-eth1 up', '2 s1-eth2 up', '3 s1-eth3 up']));
    expect(await carriers(S2)).toEqual(['1 s2-eth1 up', '2 s2-eth2 up', '3 s2-eth3 up', '4 s2-eth4 up']);
  });

  test('a stopped switch takes its neighbours the carrier, and comes back as it was but for its tables', async () => {
    const before = { ports: await carriers(S2), description: await network.tables.description(S2) };
    const flow = flowOf(5, {}, [{ kind: 'output', port: 1 }]);
    await network.tables.apply(S2, [{ kind: 'add-flow', flow, cookie: 0n }]);
    await network.setSwitch('s2', false);
    await soon(async () => expect(await carriers(S1)).toEqual(['1 s1-eth1 up', '2 s1-eth2 down', '3 s1-eth3 down']));
    await expect(network.tables.flows(S2)).rejects.toThrow(/cannot be reached/);
    expect(await network.entriesOf(S2)).toEqual({ flows: [], groups: [] });
    // Stopped is stopped.
    await network.setSwitch('s2', false);
    await network.setSwitch('s2', true);
    await soon(async () => expect(await carriers(S2)).toEqual(before.ports));
    expect(await network.tables.description(S2)).toEqual(before.description);
    expect(await network.entriesOf(S2)).toEqual({ flows: [], groups: [] });
    expect(await carriers(S1)).toEqual(['1 s1-eth1 up', '2 s1-eth2 up', '3 s1-eth3 up']);
    // Secure: without a flow nothing passes.
    const probes = await network.probeAll(hostPoints(pair), 0, never, () => {});
    expect(probes.every(({ rttMs }) => rttMs === null)).toBe(true);
  });

  test('a link that is down stays down when a switch at its end is stopped and started', async () => {
    await network.setLink({ kind: 'link', between: ['s1', 's2'] }, false);
    await network.setSwitch('s2', false);
    await network.setSwitch('s2', true);
    await soon(async () =>
      expect(await carriers(S2)).toEqual(['1 s2-eth1 up', '2 s2-eth2 down', '3 s2-eth3 up', '4 s2-eth4 down']),
    );
    await network.setSwitch('s2', false);
    await network.setLink({ kind: 'link', between: ['s1', 's2'] }, true);
    expect(await carriers(S1)).toEqual(['1 s1-eth1 up', '2 s1-eth2 down', '3 s1-eth3 down']);
    await network.setSwitch('s2', true);
    await soon(async () => expect(await carriers(S1)).toEqual(['1 s1-eth1 up', '2 s1-eth2 up', '3 s1-eth3 up']));
  });

  test('a switch that is started again connects to its controller', async () => {
    const dpids: string[] = [];
    const server = createServer((fromSwitch) => {
      // OpenFlow 1.3 hello, and the question for its features; the DPID follows the header of the answer.
      fromSwitch.write(Buffer.from('0400000800000001' + '0405000800000002', 'hex'));
      fromSwitch.on('data', (data) => {
        const answer = data.toString('hex').indexOf('04060020');
        if (answer >= 0) dpids.push(data.toString('hex').slice(answer + 16, answer + 32));
      });
      fromSwitch.on('error', () => {});
    });
    const target = join(folder, 'of.sock');
    await new Promise<void>((resolve) => server.listen(target, resolve));
    try {
      await network.connectSwitches(`unix:${target}`, never);
      await soon(() => expect(new Set(dpids)).toEqual(new Set(['1', '2', '3'].map((n) => n.padStart(16, '0')))));
      await network.setSwitch('s2', false);
      dpids.length = 0;
      await network.setSwitch('s2', true);
      await soon(() => expect(dpids).toEqual(['2'.padStart(16, '0')]));
    } finally {
      await network.stop();
      server.close();
    }
  });

  test('a command to Open vSwitch that fails is an error with its reason', async () => {
    renameSync(join(folder, 'db.sock'), join(folder, 'elsewhere.sock'));
    await expect(network.connectSwitches('tcp:127.0.0.1:6653', never)).rejects.toThrow(/database connection failed/);
  });

  /** What a command prints that runs on a host or, in the switches' namespace, on a switch. */
  async function outputOf(node: string, ...argv: string[]): Promise<string> {
    const { file, args } = network.commandOn(node, argv);
    return (await execa(file, args)).stdout;
  }

  test('a background job that a command on a host leaves behind is no zombie when it ends', async () => {
    const states = async () => (await execa('ps', ['-o', 'stat=,args=', '--ppid', `${resident.pid}`])).stdout;
    await outputOf('h1', 'sh', '-c', 'sleep 0.3 >/dev/null 2>&1 &');
    expect(await states()).toMatch(/ sleep 0\.3$/m);
    await soon(async () => expect(await states()).not.toMatch(/sleep|^Z/m));
  });

  test('hosts have IPv6, the ports of switches do without', async () => {
    expect(await outputOf('s1', 'ip', '-6', '-oneline', 'address')).toBe('');
    expect(await outputOf('h1', 'ip', '-6', '-oneline', 'address', 'show', 'dev', 'h1-eth0')).toMatch(/ fe80:/);
  });

  /** Has s1 and s2 send from h1 to h2 and back. */
  async function connectHosts(): Promise<void> {
    for (const dpid of [S1, S2]) {
      const flows = [
        flowOf(5, { in_port: exactly('in_port', 1n) }, [{ kind: 'output', port: 2 }]),
        flowOf(5, { in_port: exactly('in_port', 2n) }, [{ kind: 'output', port: 1 }]),
      ];
      await network.tables.apply(
        dpid,
        flows.map((flow) => ({ kind: 'add-flow', flow, cookie: 0n })),
      );
    }
  }

  test('traffic between two hosts is measured while something is done, and what that throws comes through', async () => {
    await connectHosts();
    const cut = await network.measureWhile(
      'h1',
      'h2',
      () => network.setLink({ kind: 'link', between: ['s1', 's2'] }, false),
      never,
    );
    expect(cut).toMatchObject({ answersAtFirst: true, answersAtLast: false });
    expect(cut.lost).toBeGreaterThan(0);
    expect(cut.lost).toBeLessThan(cut.sent);
    const mended = await network.measureWhile(
      'h1',
      'h2',
      () => network.setLink({ kind: 'link', between: ['s1', 's2'] }, true),
      never,
    );
    expect(mended).toMatchObject({ answersAtFirst: false, answersAtLast: true });
    const failing = network.measureWhile('h1', 'h2', () => Promise.reject(new Error('done for')), never);
    await expect(failing).rejects.toThrow('done for');
    const unanswered = await network.measureWhile('h1', 'h3', async () => {}, never);
    expect(unanswered).toMatchObject({ answersAtFirst: false, answersAtLast: false, gapsMs: [] });
    expect(unanswered.lost).toBe(unanswered.sent);
  });

  test('a busy machine, which sends few requests, does not change whether the hosts reach at the end', async () => {
    await connectHosts();
    const { pid } = resident;
    if (pid === undefined) throw new Error('the resident program does not run');
    // It gets to run for a moment only, 15 times a second.
    await whileStarved(pid, { stoppedMs: 60, runsMs: 6 }, async () => {
      const cut = await network.measureWhile(
        'h1',
        'h2',
        () => network.setLink({ kind: 'link', between: ['s1', 's2'] }, false),
        never,
      );
      expect(cut).toMatchObject({ answersAtFirst: true, answersAtLast: false });
      const mended = await network.measureWhile(
        'h1',
        'h2',
        () => network.setLink({ kind: 'link', between: ['s1', 's2'] }, true),
        never,
      );
      expect(mended).toMatchObject({ answersAtFirst: false, answersAtLast: true });
    });
  });
});
