import { afterEach, expect, test } from 'vitest';
import { EmbeddedController } from '../../src/drivers/embedded/controller.ts';
import { SimulatedDataPlane } from '../../src/drivers/simulated/data-plane.ts';
import { SimulatedTables } from '../../src/drivers/simulated/tables.ts';
import { Lab } from '../../src/lab/lab.ts';
import { ETH_TYPE, exactly } from '../../src/model/match.ts';
import type { FlowEntry } from '../../src/model/openflow.ts';
import { environmentProblem, ProblemError } from '../../src/model/problem.ts';
import { flowOf } from '../../src/plan/forwarding.ts';
import { readSpec } from '../../src/spec/read.ts';
import { Explainer } from '../../src/verify/explain.ts';

// A ring of four over simulated switches: hN on sN.
const RING = `
version: 1
name: ring
hosts: [h1, h2, h3, h4]
switches: [s1, s2, s3, s4]
links: [[h1, s1], [h2, s2], [h3, s3], [h4, s4], [s1, s2], [s2, s3], [s3, s4], [s4, s1]]
`;
/** Tables that fail while they are told to, as a switch does that does not answer. */
class FailingTables extends SimulatedTables {
  isFailing = false;

  override async apply(...change: Parameters<SimulatedTables['apply']>): Promise<void> {
    if (this.isFailing)
      throw new ProblemError(environmentProblem({ code: 'switch-unreachable', where: 's1', cause: 'no answer' }));
    return super.apply(...change);
  }
}

const running = { signal: new AbortController().signal, report: () => {} };
const up: Lab[] = [];

async function ring(): Promise<{ readonly lab: Lab; readonly tables: FailingTables }> {
  const spec = readSpec('ring.yaml', RING);
  const { topology, forwarding } = spec;
  const tables = new FailingTables(topology);
  const controlPlane = new EmbeddedController({ topology, forwarding, tables, firstPort: 18_080 });
  const lab = new Lab(spec, { dataPlane: new SimulatedDataPlane(topology, tables), controlPlane });
  up.push(lab);
  await lab.up(running);
  return { lab, tables };
}

afterEach(async () => {
  for (const lab of up.splice(0)) await lab.down();
});

test('a link supposed to be down is predicted as pingall finds it when it is: the forwarding goes round', async () => {
  const { lab } = await ring();
  const fault = { kind: 'link', between: ['s1', 's2'] } as const;
  const { prediction } = await lab.predict(undefined, { entries: [], faults: [fault] }, running);
  expect(prediction.matrix.received).toBe(12);
  await lab.changeFaults({ kind: 'down', fault }, { repair: true, measure: undefined }, running);
  const { observed } = await lab.pingall(undefined, running);
  expect(observed.received).toBe(12);
});

test('an entry that is supposed takes the place of the one that has its name', async () => {
  const { lab } = await ring();
  const [s1] = lab.spec.topology.switches;
  if (s1 === undefined) throw new Error('a ring has switches');
  const dropsTo = (address: bigint): FlowEntry => ({
    kind: 'flow',
    name: 'drop',
    dpid: s1.dpid,
    ...flowOf(40_000, { eth_type: exactly('eth_type', ETH_TYPE.ipv4), ipv4_dst: exactly('ipv4_dst', address) }, []),
  });
  await lab.applyEntries([dropsTo(0x0a000002n)], running);
  const other = dropsTo(0x0a000003n);
  const { prediction } = await lab.predict(undefined, { entries: [other], faults: [] }, running);
  await lab.applyEntries([other], running);
  const { observed } = await lab.pingall(undefined, running);
  expect(observed.reaches('h1', 'h2')).toBe(true);
  expect(prediction.matrix.received).toBe(observed.received);
  expect(prediction.matrix.reaches('h1', 'h2')).toBe(true);
});

test('where the controller could not follow a fault, heal has it follow, as the message says', async () => {
  const { lab, tables } = await ring();
  tables.isFailing = true;
  const fault = { kind: 'link', between: ['s1', 's2'] } as const;
  const change = lab.changeFaults({ kind: 'down', fault }, { repair: true, measure: undefined }, running);
  await expect(change).rejects.toThrow(/down is s1-s2 now.*`labctl heal` tries again/s);
  tables.isFailing = false;
  expect((await lab.pingall(undefined, running)).observed.received).toBe(6);
  const { observation } = await lab.heal(running);
  expect(observation.observed.received).toBe(12);
});

test('a switch that could not be started is started by giving the command again', async () => {
  const { lab, tables } = await ring();
  const fault = { kind: 'switch', name: 's3' } as const;
  await lab.changeFaults({ kind: 'down', fault }, { repair: true, measure: undefined }, running);
  tables.isFailing = true;
  const start = () => lab.changeFaults({ kind: 'up', fault }, { repair: true, measure: undefined }, running);
  await expect(start()).rejects.toThrow(/down is s3 now.*give the command again/s);
  tables.isFailing = false;
  expect((await start()).faults).toEqual([]);
  expect((await lab.pingall(undefined, running)).observed.received).toBe(12);
});

test('a connection that avoids the only way which is left is expected to be an X, until there is another again', async () => {
  const { lab } = await ring();
  await lab.connect({ hosts: ['h1', 'h2'], avoid: ['s3'] }, running);
  const fault = { kind: 'link', between: ['s1', 's2'] } as const;
  const options = { repair: true, measure: undefined };
  await lab.changeFaults({ kind: 'down', fault }, options, running);
  const cut = await lab.pingall(undefined, running);
  expect(cut.observed.reaches('h1', 'h2')).toBe(false);
  expect(cut.verdict).toMatchObject({ asExpected: true });
  await lab.changeFaults({ kind: 'up', fault }, options, running);
  const mended = await lab.pingall(undefined, running);
  expect(mended.observed.reaches('h1', 'h2')).toBe(true);
  expect(mended.verdict).toMatchObject({ asExpected: true });
});

test('a protected connection that was planned anew without a link is protected again when the link is back', async () => {
  const { lab } = await ring();
  const options = { repair: true, measure: undefined };
  const fault = { kind: 'link', between: ['s1', 's2'] } as const;
  await lab.connect({ hosts: ['h1', 'h3'], ways: 'protected' }, running);
  const held = async () => (await lab.entries(running.signal)).entries.toSorted((a, b) => a.name.localeCompare(b.name));
  const planned = await held();
  await lab.changeFaults({ kind: 'down', fault }, options, running);
  await lab.heal(running);
  expect(await held()).not.toEqual(planned);
  await lab.changeFaults({ kind: 'up', fault }, options, running);
  expect(await held()).toEqual(planned);
  const { steps } = await lab.plan(undefined, running.signal);
  expect([...steps.push, ...steps.remove]).toEqual([]);
});

test('a connection that goes other ways from now on is told as changed, also where its entries stay the same', async () => {
  const { lab } = await ring();
  const first = await lab.connect({ hosts: ['h1', 'h2'] }, running);
  const again = await lab.connect({ hosts: ['h1', 'h2'] }, running);
  const avoiding = await lab.connect({ hosts: ['h1', 'h2'], avoid: ['h3-s3'] }, running);
  const asBefore = await lab.connect({ hosts: ['h1', 'h2'], avoid: ['h4-s4'] }, running);
  expect([first, again, avoiding, asBefore].map(({ changed }) => changed)).toEqual([true, false, true, true]);
  expect([...asBefore.steps.push, ...asBefore.steps.remove]).toEqual([]);
});

test.each([[['s1']], [['h1-s1']], [['s2-h2']]])('no path between h1 and h2 avoids %s', async (avoid) => {
  const { lab } = await ring();
  await expect(lab.connect({ hosts: ['h1', 'h2'], avoid }, running)).rejects.toThrow('no path from h1 to h2 avoids');
  expect(lab.connections).toEqual([]);
});

test('heal puts back what the controller itself forwards by, where somebody emptied a switch', async () => {
  const { lab, tables } = await ring();
  const [s1] = lab.spec.topology.switches;
  if (s1 === undefined) throw new Error('a ring has switches');
  const before = await tables.flows(s1.dpid);
  await tables.apply(
    s1.dpid,
    before.map((flow) => ({ kind: 'delete-flow', flow })),
  );
  // h2 and h3, and h3 and h4, are left: h2 and h4 would reach each other by s1.
  expect((await lab.pingall(undefined, running)).observed.received).toBe(4);
  const { restored, changed, observation } = await lab.heal(running);
  expect({ restored, changed }).toEqual({ restored: before.length, changed: true });
  expect(observation.observed.received).toBe(12);
  expect(await lab.heal(running)).toMatchObject({ restored: 0, changed: false });
});

test('a ping from a host whose switch is stopped is explained by that', async () => {
  const { lab } = await ring();
  const stop = { kind: 'down', fault: { kind: 'switch', name: 's1' } } as const;
  await lab.changeFaults(stop, { repair: true, measure: undefined }, running);
  const explainer = new Explainer(await lab.supposed({ entries: [], faults: [] }, running.signal));
  expect(explainer.story('h1', 'h3')[0]).toBe('h1 -> h3: X, s1, the switch of h1, is stopped');
});
