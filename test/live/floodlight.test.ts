import { afterEach, expect, test } from 'vitest';
import { type Floodlight, startFloodlight } from '../stand-in/floodlight-stand-in.ts';
import { Labctl, smallSpec } from '../support/harness/labctl.ts';
import { floodlightSuite } from './floodlight-suite.ts';

floodlightSuite('a stand-in for Floodlight', 'reach', () => startFloodlight({ delayFactor: 0.1 }));

let old: Floodlight | undefined;
let labctl: Labctl | undefined;
afterEach(async () => {
  await labctl?.clean();
  await old?.stop();
});

test('a Floodlight of the old path, which loses groups, is used as far as it goes, by an ordinary user', async () => {
  old = await startFloodlight({ old: true, delayFactor: 0.1 });
  labctl = new Labctl('ordinary', { FLOODLIGHT_URL: old.url, LABCTL_OPENFLOW_PORT: String(old.openflowPort) });
  labctl.file('lab.yaml', smallSpec('old-floodlight'));
  const up = await labctl.run('up', 'lab.yaml', '--controller', 'auto');
  expect(up).toMatchObject({ exitCode: 0 });
  expect(up.stderr).toContain(`controller: Floodlight at ${old.url} (FLOODLIGHT_URL is set)`);
  expect(await labctl.ok('connect', 'h1', 'h2')).toContain('(2/6 received)');
  // It is added once it has been read back from the list and the switch, which say it in the words of 1.2.
  labctl.file(
    'flow.json',
    JSON.stringify({
      ...{ switch: '00:00:00:00:00:00:00:01', name: 'f', priority: '1', in_port: '1', active: 'true' },
      actions: 'set_field=eth_dst->00:00:00:00:00:02,output=2',
    }),
  );
  await labctl.ok('entries', 'add', 'flow.json');
  labctl.file(
    'group.json',
    JSON.stringify({
      ...{ switch: '00:00:00:00:00:00:00:01', entry_type: 'group', name: 'g', active: 'true', group_type: 'all' },
      ...{ group_id: '1', group_buckets: [{ bucket_id: '1', bucket_watch_group: 'any', bucket_actions: 'output=1' }] },
    }),
  );
  const refused = await labctl.run('entries', 'add', 'group.json');
  expect(refused.exitCode).toBe(3);
  expect(refused.stderr).toContain('this Floodlight sends groups to no switch');
  expect(await labctl.ok('down')).toBe('old-floodlight is down');
  await labctl.expectNothingLeft();
});

test('of two links between s1 and s2 one is down: the controller forwards by the other, and by none when both are', async () => {
  old = await startFloodlight({ delayFactor: 0.1 });
  labctl = new Labctl('ordinary', { LABCTL_CONTROLLER: old.url, LABCTL_OPENFLOW_PORT: String(old.openflowPort) });
  labctl.file('lab.yaml', smallSpec('parallel-floodlight').replace('[s1, s2]]', '[s1, s2], [s1, s2]]'));
  await labctl.ok('up', 'lab.yaml');
  expect(await labctl.ok('pingall')).toContain('(6/6 received)');
  for (const end of ['s1:2', 's1:3']) {
    await labctl.ok('link', 'down', end);
    const outcome = await labctl.ok('pingall');
    expect(outcome).toContain('(6/6 received)');
    expect(outcome).toContain(`*** Verdict: as expected with ${end}-s2:${Number(end.at(-1)) + 1} down`);
    await labctl.ok('link', 'up', end);
  }
  await labctl.ok('link', 'down', 's1:2');
  await labctl.ok('link', 'down', 's2:4');
  expect(await labctl.ok('pingall')).toContain('(2/6 received)\n*** Verdict: as expected with s1-s2 down');
  await labctl.ok('fault', 'clear');
  expect(await labctl.ok('pingall')).toContain('(6/6 received)');
  await labctl.ok('down');
  await labctl.expectNothingLeft();
});
