import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { xmlElements } from '../support/harness/junit.ts';
import { Labctl } from '../support/harness/labctl.ts';

/** What is said of a network is known: reaches, does not, or unknown. Nothing here runs but simulated switches. */

let labctl: Labctl;
beforeEach(() => {
  labctl = new Labctl();
});
afterEach(() => labctl.clean());

const dpid = (number: number) => `00:00:00:00:00:00:00:0${number}`;
const entry = (number: number, name: string, more: Record<string, unknown>): Record<string, unknown> => ({
  ...{ switch: dpid(number), name, active: 'true' },
  ...more,
});
const lab = (name: string, more = '', links = '[[h1, s1], [h2, s1]]', switches = '[s1]') =>
  `version: 1\nname: ${name}\nforwarding: none\nhosts: [h1, h2]\nswitches: ${switches}\nlinks: ${links}\n${more}`;
const RING = '[[h1, s1], [h2, s2], [s1, s2], [s2, s3], [s3, s1]]';

describe('NORMAL', () => {
  const normal = [1, 2, 3].map((number) => entry(number, `n${number}`, { actions: 'output=normal' }));

  test('is foreseen as a learning switch where links make no circle', async () => {
    labctl.file('lab.yaml', lab('normal', 'expect: {apart: {groups: []}, together: {groups: [[h1, h2]]}}\n'));
    labctl.file('n.json', JSON.stringify(normal[0]));
    const apart = await labctl.run('predict', 'lab.yaml', '--with', 'n.json', '--expect', 'apart');
    expect(apart).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('(2/2 received)') });
    expect(await labctl.ok('predict', 'lab.yaml', '--with', 'n.json', '--expect', 'together')).toContain('as expected');
  });

  test('is unknown where they do, and the reason names it', async () => {
    // Without ARP requests to all there are no copies that go round.
    labctl.file('lab.yaml', lab('normal', 'arp: static\nexpect: {apart: {groups: []}}\n', RING, '[s1, s2, s3]'));
    labctl.file('n.json', JSON.stringify(normal.map((each) => ({ ...each, eth_type: '0x0800' }))));
    const { stdout, exitCode } = await labctl.run('predict', 'lab.yaml', '--with', 'n.json', '--expect', 'apart');
    expect(stdout).toContain('h1 -> ?\nh2 -> ?\n*** Results: 0% to 100% dropped (0/2 received, 2 unknown)');
    expect(stdout).toContain(
      '*** Verdict: unknown, the expectation "apart" rests on 2 of 2 pairs of which nothing is known',
    );
    expect(stdout).toContain('NORMAL goes by what the switch has learnt, and links make a circle');
    expect(exitCode).toBe(1);
    const json = await labctl.run('predict', 'lab.yaml', '--with', 'n.json', '--expect', 'apart', '--format', 'json');
    expect(json.exitCode).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      ...{ asExpected: false, received: 0, differences: [], predicted: { h1: { h2: null }, h2: { h1: null } } },
      unknown: [
        { source: 'h1', target: 'h2', expected: false },
        { source: 'h2', target: 'h1', expected: false },
      ],
    });
  });
});

test('a scenario whose expectation rests on an unknown pair fails, and says so in JUnit; one that writes ? passes', async () => {
  const normal = [1, 2, 3].map((number) =>
    entry(number, `n${number}`, { eth_type: '0x0800', actions: 'output=normal' }),
  );
  const scenarios = `scenarios:
  closed: [{entries: n.json}, {expect: {h1 -> h2: ok}}]
  open: [{entries: n.json}, {expect: {h1 -> h2: "?", h2 -> h1: "?"}}]
`;
  labctl.file('lab.yaml', lab('normal', `arp: static\n${scenarios}`, RING, '[s1, s2, s3]'));
  labctl.file('n.json', JSON.stringify(normal));
  const outcome = await labctl.run('test', 'lab.yaml', '--dataplane', 'simulated', '--junit', 'j.xml');
  expect(outcome.exitCode).toBe(1);
  expect(outcome.stdout).toContain('2 scenarios: 1 passed, 1 failed');
  const failures = xmlElements(readFileSync(join(labctl.folder, 'j.xml'), 'utf8')).filter(
    ({ tag }) => tag === 'failure',
  );
  expect(failures.map(({ attributes }) => attributes['message'])).toEqual([
    expect.stringContaining(
      '1 of 1 pair is unknown, and what this step expects rests on that: h1 -> h2: it is not known what s1 does',
    ),
  ]);
});

test('a prediction of a spec warns that it does not know what start commands do to their hosts', async () => {
  const started = lab('started').replace(
    'hosts: [h1,',
    "hosts: [{name: h1, start: ['ip address add 10.9.9.9/24 dev h1-eth0']},",
  );
  labctl.file('lab.yaml', started);
  const warning =
    'labctl: warning: h1: the prediction leaves out what start commands change: addresses, routes, forwarding\n';
  const prediction = await labctl.run('predict', 'lab.yaml', '--format', 'json');
  expect(prediction.stderr).toContain(warning);
  expect(JSON.parse(prediction.stdout).warnings).toMatchObject([{ code: 'start-commands-unforeseen', where: 'h1' }]);
  expect((await labctl.run('explain', 'h1', 'h2', '--topo', 'lab.yaml')).stderr).toContain(warning);
  labctl.file('plain.yaml', lab('plain'));
  expect((await labctl.run('predict', 'plain.yaml')).stderr).toBe('');
});

describe('a select group with a bucket that drops', () => {
  const ENTRIES = [
    {
      ...{ switch: dpid(1), name: 'g', entry_type: 'group', group_id: '1', group_type: 'select', active: 'true' },
      group_buckets: [
        { bucket_id: '1', bucket_watch_group: 'any', bucket_weight: '1', bucket_actions: 'output=2' },
        { bucket_id: '2', bucket_watch_group: 'any', bucket_weight: '1', bucket_actions: '' },
      ],
    },
    entry(1, 'there', { in_port: '1', actions: 'group=1' }),
    entry(1, 'back', { in_port: '2', actions: 'output=1' }),
  ];

  test('leaves it open, which an expectation meets only if it writes ?', async () => {
    labctl.file('lab.yaml', lab('select', 'expect: {apart: {groups: []}, open: {pingall: "h1 -> ?\\nh2 -> ?"}}\n'));
    labctl.file('g.json', JSON.stringify(ENTRIES));
    const predict = (name: string) => labctl.run('predict', 'lab.yaml', '--with', 'g.json', '--expect', name);
    const { stdout, exitCode } = await predict('apart');
    expect({ stdout, exitCode }).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('Verdict: unknown') });
    expect(stdout).toContain('it depends on which bucket of group 1 s1 takes');
    expect(await predict('open')).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('*** Verdict: as expected, this is the expectation "open"'),
    });
  });
});

describe('copies that never end', () => {
  const by = (number: number, name: string, more: Record<string, unknown>) =>
    entry(number, `${name}${number}`, { eth_type: '0x0800', ...more });
  const ENTRIES = [
    ...[1, 2, 3].map((number) => entry(number, `arp${number}`, { eth_type: '0x0806', actions: 'output=flood' })),
    ...[
      by(1, 'to-h1-', { ipv4_dst: '10.0.0.1', actions: 'output=1' }),
      by(1, 'to-h2-', { ipv4_dst: '10.0.0.2', actions: 'output=2' }),
    ],
    ...[
      by(2, 'to-h2-', { ipv4_dst: '10.0.0.2', actions: 'output=1' }),
      by(2, 'to-h1-', { ipv4_dst: '10.0.0.1', actions: 'output=2' }),
    ],
  ];
  const CIRCLE = /s\d > s\d > s\d > s\d/;

  test.each([
    ['flood', ENTRIES],
    ['all', ENTRIES.map((each) => ({ ...each, actions: String(each['actions']).replace('flood', 'all') }))],
    ['NORMAL', ENTRIES.map((each) => ({ ...each, actions: String(each['actions']).replace('flood', 'normal') }))],
    [
      'all groups',
      [
        ...[1, 2, 3].map((number) =>
          entry(number, `g${number}`, {
            ...{ entry_type: 'group', group_id: '1', group_type: 'all' },
            group_buckets: (number === 3 ? [1, 2] : [1, 2, 3]).map((port) => ({
              ...{ bucket_id: `${port}`, bucket_watch_group: 'any', bucket_actions: `output=${port}` },
            })),
          }),
        ),
        ...ENTRIES.map((each) => ({ ...each, actions: String(each['actions']).replace('output=flood', 'group=1') })),
      ],
    ],
    [
      'several outputs',
      ENTRIES.map((each, index) => {
        const ports = index === 2 ? 'output=1,output=2' : 'output=1,output=2,output=3';
        return { ...each, actions: String(each['actions']).replace('output=flood', ports) };
      }),
    ],
  ])('by %s are told by predict, explain and apply, and make what passes them unknown', async (_, entries) => {
    labctl.file('lab.yaml', lab('storm', '', RING, '[s1, s2, s3]'));
    labctl.file('e.json', JSON.stringify(entries));
    const predicted = await labctl.run('predict', 'lab.yaml', '--with', 'e.json');
    expect(predicted.stdout).toContain('(0/2 received, 2 unknown)');
    expect(predicted.stdout).toMatch(/copies go round for ever, s\d > s\d > s\d > s\d, and its packets may be lost/);
    expect(predicted.stderr).toMatch(CIRCLE);
    expect(predicted.exitCode).toBe(1);
    const { stdout } = await labctl.run('explain', 'h1', 'h2', '-t', 'lab.yaml', '--with', 'e.json');
    expect(stdout).toMatch(/^h1 -> h2: \?, copies go round for ever, /);

    await labctl.ok('up', 'lab.yaml', '--dataplane', 'simulated');
    const applied = await labctl.run('entries', 'apply', 'e.json');
    expect(applied.exitCode).toBe(0);
    expect(applied.stderr).toMatch(CIRCLE);
    const pinged = await labctl.run('pingall');
    expect(pinged.stdout).toContain('(0/2 received, 2 unknown)');
    expect(pinged.stdout).not.toContain('Finding');
    // Without the circle they end.
    await labctl.run('link', 'down', 's2', 's3');
    expect((await labctl.run('predict', 'storm')).stdout).toContain('(2/2 received)');
  });
});

test('entries that the switch refuses are refused before that, by prediction and apply alike', async () => {
  const action = 'push_vlan=0x8100';
  labctl.file('lab.yaml', lab('refused'));
  const refused = entry(1, 'tags', { in_port: '1', actions: `${action},${action},${action},output=2` });
  labctl.file('e.json', JSON.stringify([entry(1, 'fine', { in_port: '2', actions: 'output=1' }), refused]));
  const words = /tags on s1.*an action pushes one VLAN tag more than the switch can see \(OFPBAC_BAD_TAG\)/;
  const predicted = await labctl.run('predict', 'lab.yaml', '--with', 'e.json');
  expect(predicted).toMatchObject({ exitCode: 2, stdout: '', stderr: expect.stringMatching(words) });
  await labctl.ok('up', 'lab.yaml', '--dataplane', 'simulated');
  const applied = await labctl.run('entries', 'apply', 'e.json');
  expect(applied).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(words) });
  expect(await labctl.ok('entries', 'list')).toBe('no static entries');
});

test('a file is a file, also while a lab from it runs', async () => {
  labctl.file('e.yaml', lab('edited'));
  await labctl.ok('up', 'e.yaml', '--dataplane', 'simulated');
  const before = await labctl.run('predict', 'e.yaml');
  expect(before.stdout).toContain('(0/2 received)');
  expect(before.stderr).toBe('');
  labctl.file('e.yaml', lab('edited').replace('forwarding: none', 'forwarding: reactive'));
  const after = await labctl.run('predict', 'e.yaml');
  expect(after.stdout).toContain('*** Prediction by the spec e.yaml');
  expect(after.stdout).toContain('(2/2 received)');
  expect(after.stderr).toContain('the lab edited runs, from another version of e.yaml');
  expect(await labctl.ok('predict', 'edited')).toContain('(0/2 received)');
});

test('faults stand in every verdict, with whom they cut off; a connection that cannot work says so at once', async () => {
  labctl.file(
    'lab.yaml',
    `version: 1
name: faulty
hosts: [h1, h2, h3]
switches: [s1, s2, s3]
links: [[h1, s1], [h2, s2], [h3, s3], [s1, s2], [s2, s3]]
`,
  );
  await labctl.ok('up', 'lab.yaml', '--dataplane', 'simulated');
  await labctl.ok('link', 'down', 's1', 's2');
  await labctl.ok('switch', 'stop', 's3');
  const pinged = await labctl.ok('pingall');
  expect(pinged).toContain('*** Verdict: as expected with s1-s2 down and s3 stopped, this is what the spec');
  expect(pinged).toContain('Cut off by what is down: 6 pairs: h1-h2 h1-h3 h2-h1 h2-h3 h3-h1 h3-h2');
  const connected = await labctl.run('connect', 'h1', 'h3');
  expect(connected.stderr).toContain('warning: h1-h3: cut off, with s1-s2 down and s3 stopped');
  expect(connected.stdout).toContain('Cut off by what is down: 2 pairs: h1-h3 h3-h1');
  const { faults, cutOff } = JSON.parse(await labctl.ok('pingall', '--format', 'json'));
  expect(faults).toEqual([
    { kind: 'link', between: ['s1', 's2'] },
    { kind: 'switch', name: 's3' },
  ]);
  expect(cutOff).toEqual([
    ['h1', 'h3'],
    ['h3', 'h1'],
  ]);
  await labctl.ok('fault', 'clear');
  expect(await labctl.ok('pingall')).toContain('*** Verdict: as expected, this is');
});
