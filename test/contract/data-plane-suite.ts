import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import type { DataPlane, ProbeProgress, ProbeResult } from '../../src/drivers/data-plane.ts';
import type { SwitchTables } from '../../src/drivers/switch-tables.ts';
import type { Dpid } from '../../src/model/addresses.ts';
import { type Flow, flowKey } from '../../src/model/openflow.ts';
import { hostPoints } from '../../src/model/points.ts';
import { forwardingFlows } from '../../src/plan/forwarding.ts';
import { flow, group, output, toGroup } from '../support/fixtures/entries.ts';
import { line } from '../support/fixtures/topologies.ts';
import { type Skips, skippable } from './skippable.ts';

/** A data plane of `line` that is started, and how its switches are programmed. */
interface Running {
  readonly dataPlane: DataPlane;
  readonly tables: SwitchTables;
  stop(): Promise<void>;
}

const DPIDS = line.switches.map(({ dpid }) => dpid);
const [S1, S2] = DPIDS as [Dpid, Dpid, Dpid];
const never = new AbortController().signal;
const PAIRS = ['h1 h2', 'h1 h3', 'h2 h1', 'h2 h3', 'h3 h1', 'h3 h2'];

const named = ({ source, target }: ProbeResult) => `${source} ${target}`;

/** What every data plane does in its roles. */
export function dataPlaneSuite({
  name,
  setup,
  skips,
}: {
  readonly name: string;
  readonly setup: () => Promise<Running>;
  readonly skips: Skips;
}): void {
  describe(`${name} as a lab's data plane`, () => {
    let running: Running;
    let dataPlane: DataPlane;
    const same = skippable(skips);

    const install = (dpid: Dpid, flows: readonly Flow[]) =>
      running.tables.apply(
        dpid,
        flows.map((each) => ({ kind: 'add-flow', flow: each, cookie: 1n })),
      );
    /** Has the switches forward between all hosts. */
    const forward = async () => {
      for (const [dpid, flows] of forwardingFlows(line)) await install(dpid, flows);
    };
    /** The pairs that answer. */
    const answering = async () =>
      (await dataPlane.probeAll(hostPoints(line), 0, never, () => {})).filter(({ rttMs }) => rttMs !== null).map(named);

    beforeAll(async () => {
      running = await setup();
      dataPlane = running.dataPlane;
    });
    beforeEach(async () => {
      for (const dpid of DPIDS) {
        const [flows, groups] = await Promise.all([running.tables.flows(dpid), running.tables.groups(dpid)]);
        await running.tables.apply(dpid, [
          ...flows.map((each) => ({ kind: 'delete-flow', flow: each }) as const),
          ...groups.map(({ groupId }) => ({ kind: 'delete-group', groupId }) as const),
        ]);
      }
    });
    afterAll(() => running?.stop());

    describe('as a prober', () => {
      same('asks every host from every host, and tells how far it is', async () => {
        await forward();
        const progress: ProbeProgress[] = [];
        const results = await dataPlane.probeAll(hostPoints(line), 0, never, (each) => progress.push(each));
        expect(results.map(named).sort()).toEqual(PAIRS);
        for (const { rttMs, probes } of results) {
          expect(rttMs).toBeGreaterThanOrEqual(0);
          expect(probes).toBeGreaterThanOrEqual(1);
        }
        expect(progress.at(-1)).toMatchObject({ pairs: 6, answered: 6 });
      });

      same('gets no answer where the switches hold nothing', async () => {
        expect(await answering()).toEqual([]);
      });

      same('goes by what the switches hold after a change, whatever it found before it', async () => {
        await forward();
        expect(await answering()).toHaveLength(6);
        await install(S2, [flow({ priority: 9, match: { eth_type: '0x0800', ipv4_dst: '10.0.0.2' } })]);
        await dataPlane.forgetCached();
        expect(await answering()).toEqual(['h1 h3', 'h3 h1']);
      });

      same('stops when it is told to', async () => {
        const reason = new Error('enough');
        await expect(dataPlane.probeAll(hostPoints(line), 0, AbortSignal.abort(reason), () => {})).rejects.toThrow(
          'enough',
        );
      });

      same('asks pairs again, and no others', async () => {
        await forward();
        const pair = { source: 'h3', target: 'h1' };
        const again = await dataPlane.probeAgain?.([pair], 0, never, () => {});
        expect(again).toMatchObject([{ ...pair, rttMs: expect.any(Number) }]);
      });

      same('measures traffic while something is done, and rejects with what that throws', async () => {
        await forward();
        let isDone = false;
        const act = async () => {
          isDone = true;
        };
        const traffic = await dataPlane.measureWhile('h1', 'h2', act, never);
        expect(isDone).toBe(true);
        expect(traffic).toMatchObject({ answersAtFirst: true, answersAtLast: true });
        expect(traffic.sent).toBeGreaterThan(0);
        const failing = dataPlane.measureWhile('h1', 'h2', () => Promise.reject(new Error('done for')), never);
        await expect(failing).rejects.toThrow('done for');
      });
    });

    describe('as what makes faults', () => {
      same('lets nothing through a link that is down, also where it is taken down twice', async () => {
        await forward();
        await dataPlane.setLink({ kind: 'link', between: ['s1', 's2'] }, false);
        await dataPlane.setLink({ kind: 'link', between: ['s2', 's1'] }, false);
        try {
          expect(await answering()).toEqual(['h2 h3', 'h3 h2']);
        } finally {
          await dataPlane.setLink({ kind: 'link', between: ['s1', 's2'] }, true);
        }
        expect(await answering()).toHaveLength(6);
      });

      same('has a switch that is stopped hold nothing, and come back with empty tables', async () => {
        await forward();
        const before = (await dataPlane.entriesOf(S1)).flows.length;
        await dataPlane.setSwitch('s2', false);
        try {
          expect(await dataPlane.entriesOf(S2)).toEqual({ flows: [], groups: [] });
          expect(await answering()).toEqual([]);
        } finally {
          await dataPlane.setSwitch('s2', true);
        }
        expect(await dataPlane.entriesOf(S2)).toEqual({ flows: [], groups: [] });
        expect((await dataPlane.entriesOf(S1)).flows).toHaveLength(before);
        await forward();
        expect(await answering()).toHaveLength(6);
      });
    });

    describe('as an inspector', () => {
      same('shows the flows and groups that a switch holds', async () => {
        const all = group(7, 'all', [output(1)], [output(3)]);
        const held = [
          flow({ priority: 5, match: { in_port: '2' }, apply: [toGroup(7)] }),
          flow({ priority: 6, match: { eth_type: '0x0806', arp_tpa: '10.0.0.2' }, apply: [output(1)] }),
        ];
        await running.tables.apply(S2, [{ kind: 'add-group', group: all }]);
        await install(S2, held);
        const { flows, groups } = await dataPlane.entriesOf(S2);
        expect(flows.map(flowKey).sort()).toEqual(held.map(flowKey).sort());
        expect(flows.find(({ priority }) => priority === 5)).toMatchObject(held[0] ?? {});
        expect(groups).toMatchObject([all]);
        expect(await dataPlane.entriesOf(S1)).toEqual({ flows: [], groups: [] });
      });

      same('has a switch say what it would do with a packet', async () => {
        await forward();
        const fields = {
          ...{ eth_src: '00:00:00:00:00:01', eth_dst: '00:00:00:00:00:03', eth_type: '0x0800' },
          ...{ ip_proto: '0x1', ipv4_src: '10.0.0.1', ipv4_dst: '10.0.0.3' },
        };
        const { ports, isUndecided } = await dataPlane.traceAt(S2, 2, fields);
        expect({ ports, isUndecided }).toEqual({ ports: [3], isUndecided: false });
      });

      same("tells the network as Mininet's net does", async () => {
        expect(await dataPlane.net()).toEqual([
          ...['h1 h1-eth0:s1-eth1', 'h2 h2-eth0:s2-eth1', 'h3 h3-eth0:s3-eth1'],
          's1 lo:  s1-eth1:h1-eth0 s1-eth2:s2-eth2',
          's2 lo:  s2-eth1:h2-eth0 s2-eth2:s1-eth2 s2-eth3:s3-eth2',
          's3 lo:  s3-eth1:h3-eth0 s3-eth2:s2-eth3',
          'c0',
        ]);
      });
    });

    describe('as what has shells', () => {
      same('runs a command on the host that is named', async () => {
        const { file, args } = dataPlane.commandOn('h2', ['ip', '-4', '-oneline', 'address', 'show', 'dev', 'h2-eth0']);
        expect((await execa(file, args)).stdout).toContain('inet 10.0.0.2/8 ');
      });
    });
  });
}
