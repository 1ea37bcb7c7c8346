import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import type { ControlPlane } from '../../src/drivers/control-plane.ts';
import type { ControllerRow } from '../../src/drivers/controller-row.ts';
import { uncheckedBody } from '../../src/drivers/pusher/unchecked-body.ts';
import type { Dpid } from '../../src/model/addresses.ts';
import { exactly } from '../../src/model/match.ts';
import type { Entry, FlowEntry, GroupEntry, InstalledFlow } from '../../src/model/openflow.ts';
import { line } from '../support/fixtures/topologies.ts';
import { type Skips, skippable } from './skippable.ts';

/** A controller that is started over the switches of `line`, and those switches. */
interface Controlled {
  readonly controlPlane: ControlPlane;
  /** The flows of a switch, as the switch itself tells them. */
  flows(dpid: Dpid): Promise<readonly InstalledFlow[]>;
  groupIds(dpid: Dpid): Promise<readonly number[]>;
  /** Takes a switch from the controller, or gives it back with empty tables. */
  setSwitch(name: string, up: boolean): Promise<void>;
  stop(): Promise<void>;
}

const [S1, S2, S3] = line.switches.map(({ dpid }) => dpid) as [Dpid, Dpid, Dpid];
const never = new AbortController().signal;
const SOON = { timeout: 20_000 };
const PRIORITY = 30_000;

function flow(name: string, dpid: Dpid, inPort: number, apply: FlowEntry['instructions']['apply']): FlowEntry {
  return {
    kind: 'flow',
    name,
    dpid,
    tableId: 0,
    priority: PRIORITY,
    match: { in_port: exactly('in_port', BigInt(inPort)) },
    instructions: { apply, clearActions: false, write: [] },
    idleTimeoutSeconds: 0,
    hardTimeoutSeconds: 0,
  };
}

const toPort = (port: number) => [{ kind: 'output', port } as const];
const through = (groupId: number) => [{ kind: 'group', groupId } as const];

const group: GroupEntry = {
  kind: 'group',
  name: 'group',
  dpid: S2,
  groupId: 7,
  groupType: 'all',
  buckets: [{ actions: toPort(2) }, { actions: toPort(3) }],
};

/** What every controller of a lab does in its roles. */
export function controlPlaneSuite({
  row,
  name = row.name,
  setup,
  skips,
}: {
  readonly row: ControllerRow;
  /** For people; by default the row's. */
  readonly name?: string;
  readonly setup: () => Promise<Controlled>;
  readonly skips: Skips;
}): void {
  describe(`${name} as a lab's controller`, () => {
    let controlled: Controlled;
    let controller: ControlPlane;
    const same = skippable(skips);
    const names = async () => (await controller.entries(never)).entries.map((entry) => entry.name).sort();
    const outputs = async (dpid: Dpid) =>
      (await controlled.flows(dpid))
        .filter(({ priority }) => priority === PRIORITY)
        .map(({ match, instructions }) => [match.in_port?.value, instructions.apply]);
    const remove = (...entries: Entry[]) => controller.remove({ entries, unreadable: [] }, never);

    beforeAll(async () => {
      controlled = await setup();
      controller = controlled.controlPlane;
    });
    afterEach(async () => {
      await controller.remove(await controller.entries(never), never);
    });
    afterAll(() => controlled?.stop());

    describe('as a store of entries', () => {
      same('lists entries that were pushed, and their switches hold them', async () => {
        await controller.push([flow('a', S2, 1, through(7)), group, flow('b', S3, 1, toPort(2))], never);
        expect(await names()).toEqual(['a', 'b', 'group']);
        expect(await outputs(S2)).toEqual([[1n, through(7)]]);
        expect(await controlled.groupIds(S2)).toEqual([7]);
        expect(await outputs(S3)).toEqual([[1n, toPort(2)]]);
        expect(await controller.upkeep(never)).toMatchObject({ missing: [], leaving: [] });
      });

      same('has an entry take the place of the one of its name', async () => {
        await controller.push([flow('a', S2, 1, toPort(2))], never);
        await controller.push([flow('a', S2, 1, toPort(3))], never);
        expect(await names()).toEqual(['a']);
        await expect.poll(() => outputs(S2), SOON).toEqual([[1n, toPort(3)]]);
      });

      same('keeps nothing of a push of which one entry does not arrive, and names that entry', async () => {
        await controller.push([flow('before', S2, 1, toPort(2))], never);
        const wrong = controller.push([flow('good', S1, 1, toPort(2)), flow('wrong', S2, 2, through(99))], never);
        await expect(wrong).rejects.toThrow(/wrong/);
        expect(await names()).toEqual(['before']);
        await expect.poll(() => outputs(S1), SOON).toEqual([]);
        expect(await outputs(S2)).toEqual([[1n, toPort(2)]]);
      });

      same('removes the entries that are named, and no others', async () => {
        const [a, b] = [flow('a', S2, 1, through(7)), flow('b', S2, 2, toPort(3))];
        await controller.push([group, a, b], never);
        await remove(group, a);
        expect(await names()).toEqual(['b']);
        expect(await outputs(S2)).toEqual([[2n, toPort(3)]]);
        expect(await controlled.groupIds(S2)).toEqual([]);
      });

      same('lists entries that somebody else pushed, too', async () => {
        const body = { switch: S1, name: 'by-hand', priority: `${PRIORITY}`, in_port: '1', actions: 'output=2' };
        await fetch(`${controller.url}/wm/staticentrypusher/json`, {
          method: 'POST',
          body: JSON.stringify({ ...body, active: 'true' }),
        });
        await expect.poll(names, SOON).toEqual(['by-hand']);
        await expect.poll(() => outputs(S1), SOON).toEqual([[1n, toPort(2)]]);
      });

      same('tells what became of entries that it sent as they were written', async () => {
        const bodies = [
          { switch: S1, name: 'right', priority: `${PRIORITY}`, in_port: '1', actions: 'output=2' },
          { switch: S1, name: 'no-group', priority: `${PRIORITY}`, in_port: '2', actions: 'group=99' },
        ].flatMap((body) => {
          const read = uncheckedBody(body);
          return 'value' in read ? [read.value] : [];
        });
        const [right, wrong, ...more] = await controller.sendUnchecked(bodies, never);
        expect(right).toEqual({ name: 'right', outcome: 'in-switch' });
        expect(wrong?.name).toBe('no-group');
        expect(['listed', 'vanished', 'refused']).toContain(wrong?.outcome);
        expect(more).toEqual([]);
        expect(await outputs(S1)).toEqual([[1n, toPort(2)]]);
      });
    });

    describe('as the controller of its switches', () => {
      same('has every switch of the topology, and knows since when', async () => {
        const switches = await controller.switches(never);
        expect(switches.map(({ dpid }) => dpid).sort()).toEqual([S1, S2, S3]);
        for (const { connectedSince } of switches) {
          expect(connectedSince).toBeGreaterThan(1_500_000_000_000);
          expect(connectedSince).toBeLessThanOrEqual(Date.now() + 60_000);
        }
      });

      same('is the master of each, and stays so with its entries when it is made so again', async () => {
        await controller.push([flow('a', S2, 1, toPort(2))], never);
        await controller.setRole([S2], 'MASTER', never);
        expect([...(await controller.roles(never))].sort()).toEqual([S1, S2, S3].map((dpid) => [dpid, 'MASTER']));
        expect(await names()).toEqual(['a']);
        await expect.poll(() => outputs(S2), SOON).toEqual([[1n, toPort(2)]]);
      });

      same('has the role that it is given, and its entries as before', async () => {
        await controller.push([flow('a', S2, 1, toPort(2))], never);
        await controller.setRole([S2], 'EQUAL', never);
        expect((await controller.roles(never)).get(S2)).toBe('EQUAL');
        expect(await outputs(S2)).toEqual([[1n, toPort(2)]]);
        await controller.setRole([S2], 'MASTER', never);
      });
    });

    describe('as what forwards', () => {
      same('forwards as its row in the table says', async () => {
        expect(controller.forwarding.kind).toBe(row.forwards);
      });

      same('gives a switch that comes back its entries again', async () => {
        await controller.push([flow('a', S3, 1, toPort(2))], never);
        await controlled.setSwitch('s3', false);
        await controller.reconverge([{ kind: 'switch', name: 's3' }], never);
        expect((await controller.switches(never)).map(({ dpid }) => dpid).sort()).toEqual([S1, S2]);
        await controlled.setSwitch('s3', true);
        await controller.reconverge([], never);
        expect((await controller.switches(never)).map(({ dpid }) => dpid).sort()).toEqual([S1, S2, S3]);
        expect(await outputs(S3)).toEqual([[1n, toPort(2)]]);
      });

      same('puts back what a switch has lost of its forwarding, and counts it', async () => {
        const { forwarding } = controller;
        if (forwarding.kind !== 'in-advance') throw new Error('it forwards by reacting');
        const before = await controlled.flows(S3);
        expect(before.length).toBeGreaterThan(0);
        expect(await forwarding.restore()).toBe(0);
        await controlled.setSwitch('s3', false);
        await controlled.setSwitch('s3', true);
        expect(await controlled.flows(S3)).toEqual([]);
        expect(await forwarding.restore()).toBe(before.length);
        expect(await controlled.flows(S3)).toHaveLength(before.length);
      });
    });

    describe('at the end of its life', () => {
      same('has nothing against being stopped twice', async () => {
        const brief = await setup();
        await brief.controlPlane.stop();
        await brief.controlPlane.stop();
        await brief.stop();
      });
    });
  });
}
