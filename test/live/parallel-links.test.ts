import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Labctl } from '../support/harness/labctl.ts';

/** A port, as the controller describes it. */
interface Port {
  readonly name: string;
  readonly state: readonly string[];
}

// test/program/parallel-links.test.ts has more, on simulated switches.
describe('two links between s1 and s2 of a lab with Mininet (user: ordinary)', () => {
  const labctl = new Labctl('ordinary');
  beforeAll(async () => {
    labctl.file(
      'lab.yaml',
      `version: 1
name: parallel-live
hosts: [h1, h2]
switches: [s1, s2]
links: [[h1, s1], [h2, s2], [s1, s2], [s1, s2]]
forwarding: none
connections: [[h1, h2]]
`,
    );
    await labctl.ok('up', 'lab.yaml');
  });
  afterAll(() => labctl.clean());

  const AS_EXPECTED = '*** Verdict: as expected';
  const forwarding = async () =>
    (await labctl.ok('entries', 'list'))
      .split('\n')
      .flatMap((line) => /output=\d+ +\S+\/forward\/ipv4\/\S+/.exec(line) ?? []);
  const pingall = async () => {
    const output = await labctl.ok('pingall');
    expect(output).toContain(AS_EXPECTED);
    // What was predicted is what was observed.
    expect(output).not.toContain('*** Finding');
    return output;
  };
  /** Which of s1-eth2, s1-eth3, s2-eth2 and s2-eth3 have a carrier, as Open vSwitch sees it. */
  const carriers = async () => {
    const { controller } = JSON.parse(await labctl.ok('status', '--format', 'json'));
    const answer = await fetch(`${controller.url}/wm/core/switch/all/port-desc/json`);
    const switches = Object.values((await answer.json()) as Record<string, { readonly port_desc: readonly Port[] }>);
    return switches
      .flatMap(({ port_desc: ports }) => ports)
      .filter(({ name, state }) => /^s\d-eth[23]$/.test(name) && !state.includes('LINK_DOWN'))
      .map(({ name }) => name)
      .sort();
  };

  test('one is down: h1 reaches h2 by the other, and the entries go by that one', async () => {
    expect(await forwarding()).toEqual([expect.stringContaining('output=2'), expect.stringContaining('output=2')]);
    expect(await labctl.ok('link', 'down', 's2:2')).toContain('s1:2-s2:2 is down');
    expect(await carriers()).toEqual(['s1-eth3', 's2-eth3']);
    expect(await forwarding()).toEqual([expect.stringContaining('output=3'), expect.stringContaining('output=3')]);
    expect(await pingall()).toContain('(2/2 received)\n*** Verdict: as expected with s1:2-s2:2 down');
  });

  test('the other one is down, too: h1 does not reach h2', async () => {
    await labctl.ok('link', 'down', 's1:3');
    expect(await carriers()).toEqual([]);
    expect(await pingall()).toContain('h1 -> X\nh2 -> X\n');
    expect(await labctl.ok('fault', 'list')).toBe('s1-s2 is down');
  });

  test('one of them comes up by itself, and stays up when a switch was stopped and the other is down', async () => {
    await labctl.ok('link', 'up', 's1:2');
    expect(await carriers()).toEqual(['s1-eth2', 's2-eth2']);
    expect(await pingall()).toContain('(2/2 received)');
    await labctl.ok('switch', 'stop', 's2');
    expect(await pingall()).toContain('h1 -> X\nh2 -> X\n');
    await labctl.ok('switch', 'start', 's2');
    expect(await carriers()).toEqual(['s1-eth2', 's2-eth2']);
    expect(await pingall()).toContain('(2/2 received)\n*** Verdict: as expected with s1:3-s2:3 down');
  });

  test('a group that watches the port of the one that goes down takes the other', async () => {
    await labctl.ok('fault', 'clear');
    await labctl.ok('connect', 'h1', 'h2', '--protect');
    await labctl.ok('link', 'down', 's1:2', '--no-repair');
    expect(await pingall()).toContain('(2/2 received)\n*** Verdict: as expected with s1:2-s2:2 down');
    await labctl.ok('fault', 'clear');
  });

  test('the lab goes down with one of them down, and leaves nothing', async () => {
    await labctl.ok('link', 'down', 's1:3');
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });
});
