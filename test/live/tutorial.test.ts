import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Labctl, s10h10Spec } from '../support/harness/labctl.ts';

const labctl = new Labctl();
afterAll(() => labctl.clean());

const folder = resolve(import.meta.dirname, '../../topologies/tutorial');
const flowMods = readdirSync(folder).filter((name) => name.startsWith('flow-mod-'));

/** As Floodlight's own matrix was measured for these entries, once settled: h1-h3 h2-h10 h4-h8 h5-h6. */
const WITH_TEN_FLOW_MODS = `h1 -> X h3 X X X X X X X
h2 -> X X X X X X X X h10
h3 -> h1 X X X X X X X X
h4 -> X X X X X X h8 X X
h5 -> X X X X h6 X X X X
h6 -> X X X X h5 X X X X
h7 -> X X X X X X X X X
h8 -> X X X h4 X X X X X
h9 -> X X X X X X X X X
h10 -> X h2 X X X X X X X
*** Results: 91% dropped (8/90 received)`;

test("the tutorial's entries as written are refused for their DPID, and with the right one do what Floodlight's do", async () => {
  labctl.file('lab.yaml', s10h10Spec('tutorial'));
  await labctl.ok('up', 'lab.yaml');
  expect(flowMods).toHaveLength(10);

  const asWritten = await labctl.run('entries', 'apply', ...flowMods.map((name) => join(folder, name)));
  expect(asWritten.exitCode).toBe(2);
  expect(asWritten.stderr.match(/did you mean s10, 00:00:00:00:00:00:00:0a\?/g)).toHaveLength(4);
  expect(await labctl.ok('entries', 'list')).toBe('no static entries');

  const texts = flowMods.map((name) => readFileSync(join(folder, name), 'utf8'));
  labctl.file('right.json', texts.join('').replaceAll('00:10"', '00:0a"'));
  const applied = await labctl.run('entries', 'apply', 'right.json');
  expect(applied).toMatchObject({ exitCode: 0, stdout: '10 entries pushed and read back' });
  expect(applied.stderr).toContain('warning');
  expect(applied.stderr).toContain('flow-mod-2 (s6 port 3)');
  const pinged = await labctl.run('pingall');
  expect(pinged.exitCode).toBe(1);
  expect(pinged.stdout).toContain(WITH_TEN_FLOW_MODS);

  expect(await labctl.ok('entries', 'apply', 'right.json')).toBe('0 entries pushed and read back, 10 there already');
  expect(await labctl.ok('entries', 'add', join(folder, 'group-mod-1.json'))).toBe('1 entry pushed and read back');
  expect(await labctl.ok('entries', 'list')).toContain('weight 50: output=2 | weight 50: output=3');
  expect(await labctl.ok('entries', 'clear')).toBe('11 entries removed');
  expect(await labctl.ok('pingall')).toContain('(44/90 received)');
});

test.each([
  ['no JSON', '{"switch": ', /entries\.json: not JSON/],
  ['no object', '[1]', /entries\.json: entry 1: .*not a JSON object/],
  ['nothing', '[]', /entries\.json: has no entry/],
  [
    'a transport port without ip_proto',
    '{"switch":"00:00:00:00:00:00:00:06","name":"f","eth_type":"0x0800","tcp_dst":"80","actions":"output=1"}',
    /entries\.json: entry f: tcp_dst needs ip_proto/,
  ],
  [
    'an inactive entry',
    '{"switch":"00:00:00:00:00:00:00:06","name":"f","in_port":"1","active":"false","actions":"output=2"}',
    /entries\.json: entry f: active/,
  ],
  [
    'a key of old',
    '{"switch":"00:00:00:00:00:00:00:06","name":"f","ingress-port":"1","actions":"output=2"}',
    /in_port/,
  ],
])('a file with %s is refused before anything is sent', async (_, text, message) => {
  labctl.file('entries.json', text);
  const outcome = await labctl.run('entries', 'apply', 'entries.json');
  expect(outcome.stderr).toMatch(message);
  expect(outcome.exitCode).toBe(2);
  expect(await labctl.ok('entries', 'list')).toBe('no static entries');
});
