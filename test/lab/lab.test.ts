import { expect, test } from 'vitest';
import { encodeEntry } from '../../src/drivers/pusher/wire.ts';
import { ETH_TYPE, exactly } from '../../src/model/match.ts';
import { flowOf } from '../../src/plan/forwarding.ts';
import { servedLab } from './served-lab.ts';

const DOWN = { state: 'down', link: 's1-s2', repair: true } as const;
const UP = { ...DOWN, state: 'up' } as const;

test('a link supposed to be down is predicted as pingall finds it when it is: the forwarding goes round', async () => {
  const { run } = await servedLab();
  const fault = { kind: 'link', between: ['s1', 's2'] } as const;
  const prediction = await run('predict', { supposition: { entries: [], faults: [fault] } });
  expect(prediction.received).toBe(12);
  await run('link', DOWN);
  const { received } = await run('pingall', {});
  expect(received).toBe(12);
});

test('an entry that is supposed takes the place of the one that has its name', async () => {
  const { lab, run } = await servedLab();
  const [s1] = lab.spec.topology.switches;
  if (s1 === undefined) throw new Error('a ring has switches');
  const dropsTo = (address: bigint) =>
    encodeEntry({
      kind: 'flow',
      name: 'drop',
      dpid: s1.dpid,
      ...flowOf(40_000, { eth_type: exactly('eth_type', ETH_TYPE.ipv4), ipv4_dst: exactly('ipv4_dst', address) }, []),
    });
  await run('entries apply', { entries: [dropsTo(0x0a000002n)] });
  const other = dropsTo(0x0a000003n);
  const prediction = await run('predict', { supposition: { entries: [other], faults: [] } });
  await run('entries apply', { entries: [other] });
  const { observed, received } = await run('pingall', {});
  expect(observed['h1']?.['h2']).toEqual(expect.any(Number));
  expect(prediction.received).toBe(received);
  expect(prediction.predicted['h1']?.['h2']).toBe(true);
});

test('where the controller could not follow a fault, heal has it follow, as the message says', async () => {
  const { tables, run } = await servedLab();
  tables.isFailing = true;
  await expect(run('link', DOWN)).rejects.toThrow(
    /s1-s2 is down, but some connections could not be updated.*`labctl heal` tries again/s,
  );
  tables.isFailing = false;
  expect((await run('pingall', {})).received).toBe(6);
  expect((await run('heal', {})).received).toBe(12);
});

test('a switch that could not be started is started by giving the command again', async () => {
  const { tables, run } = await servedLab();
  await run('switch', { state: 'down', switchName: 's3', repair: true });
  tables.isFailing = true;
  const start = () => run('switch', { state: 'up', switchName: 's3', repair: true });
  await expect(start()).rejects.toThrow(
    /s3 is down, but some connections could not be updated.*give the command again/s,
  );
  tables.isFailing = false;
  expect((await start()).faults).toEqual([]);
  expect((await run('pingall', {})).received).toBe(12);
});

test('a connection that avoids the only way which is left is expected to be an X, until there is another again', async () => {
  const { run } = await servedLab();
  await run('connect', { hosts: ['h1', 'h2'], avoid: ['s3'] });
  await run('link', DOWN);
  const cut = await run('pingall', {});
  expect(cut.observed['h1']?.['h2']).toBeNull();
  expect(cut).toMatchObject({ asExpected: true });
  await run('link', UP);
  const repaired = await run('pingall', {});
  expect(repaired.observed['h1']?.['h2']).toEqual(expect.any(Number));
  expect(repaired).toMatchObject({ asExpected: true });
});

test('a protected connection that was planned anew without a link is protected again when the link is back', async () => {
  const { run } = await servedLab();
  await run('connect', { hosts: ['h1', 'h3'], ways: 'protected' });
  const held = async () => {
    const { entries } = await run('entries list', {});
    return entries.toSorted((a, b) => String(a['name']).localeCompare(String(b['name'])));
  };
  const planned = await held();
  await run('link', DOWN);
  await run('heal', {});
  expect(await held()).not.toEqual(planned);
  await run('link', UP);
  expect(await held()).toEqual(planned);
  expect(await run('plan', {})).toMatchObject({ push: [], remove: [] });
});

test('a connection that goes other ways from now on is told as changed, also where its entries stay the same', async () => {
  const { run } = await servedLab();
  const first = await run('connect', { hosts: ['h1', 'h2'] });
  const again = await run('connect', { hosts: ['h1', 'h2'] });
  const avoiding = await run('connect', { hosts: ['h1', 'h2'], avoid: ['h3-s3'] });
  const asBefore = await run('connect', { hosts: ['h1', 'h2'], avoid: ['h4-s4'] });
  expect([first, again, avoiding, asBefore].map(({ changed }) => changed)).toEqual([true, false, true, true]);
  expect(asBefore).toMatchObject({ pushed: 0, removed: 0 });
});

test.each([[['s1']], [['h1-s1']], [['s2-h2']]])('no path between h1 and h2 avoids %s', async (avoid) => {
  const { lab, run } = await servedLab();
  await expect(run('connect', { hosts: ['h1', 'h2'], avoid })).rejects.toThrow('no path from h1 to h2 avoids');
  expect(lab.connections).toEqual([]);
});

test('heal puts back what the controller itself forwards by, where somebody emptied a switch', async () => {
  const { lab, tables, run } = await servedLab();
  const [s1] = lab.spec.topology.switches;
  if (s1 === undefined) throw new Error('a ring has switches');
  const before = await tables.flows(s1.dpid);
  await tables.apply(
    s1.dpid,
    before.map((flow) => ({ kind: 'delete-flow', flow })),
  );
  // h2 and h3, and h3 and h4, are left: h2 and h4 would reach each other by s1.
  expect((await run('pingall', {})).received).toBe(4);
  expect(await run('heal', {})).toMatchObject({ restored: before.length, changed: true, received: 12 });
  expect(await run('heal', {})).toMatchObject({ restored: 0, changed: false });
});

test('a ping from a host whose switch is stopped is explained by that', async () => {
  const { run } = await servedLab();
  await run('switch', { state: 'down', switchName: 's1', repair: true });
  const supposition = { entries: [], faults: [] };
  const { there } = await run('explain', { source: 'h1', target: 'h3', supposition, verify: false });
  expect(there.story[0]).toBe('h1 -> h3: X, s1, the switch of h1, is stopped');
});
