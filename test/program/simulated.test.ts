import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AT_ONCE_WITH_SIX_FLOW_MODS, BASELINE, CONNECTED, ISOLATED } from '../support/fixtures/s10h10-matrices.ts';
import { Labctl, s10h10Spec, smallSpec } from '../support/harness/labctl.ts';

/** Where programs are looked for: in a folder with nothing but what starts labctl as another user. */
const bare = mkdtempSync('/tmp/lt-bare-');
symlinkSync('/usr/bin/setpriv', join(bare, 'setpriv'));
afterAll(() => rmSync(bare, { recursive: true, force: true }));

const SIMULATED = { PATH: bare, LABCTL_DATAPLANE: 'simulated' };
const tutorial = (number: number) =>
  readFileSync(resolve(import.meta.dirname, `../../topologies/tutorial/flow-mod-${number}.json`), 'utf8');

describe('a simulated S10H10, as an ordinary user without programs on PATH', () => {
  const lab = 'sim-user';
  const labctl = new Labctl('ordinary', SIMULATED);
  beforeAll(() => {
    labctl.file('lab.yaml', s10h10Spec(lab));
  });
  afterAll(() => labctl.clean());

  test('comes up as one process, and up again does nothing', async () => {
    const output = await labctl.ok('up', 'lab.yaml');
    expect(output).toContain(`${lab} is up: 10 hosts, 10 switches, 17 links (simulated: `);
    expect(labctl.processes()).toHaveLength(1);
    expect(labctl.processes()[0]?.command).toContain('simulated-lab-program.cjs');
    const again = await labctl.run('up', 'lab.yaml');
    expect(again).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(`${lab} is up already`) });
  });

  test('says plainly that it is simulated', async () => {
    expect(await labctl.ok('status')).toMatch(/^network +simulated: .*no packet is sent$/m);
    const { dataPlane, controller, switches } = JSON.parse(await labctl.ok('status', '--format', 'json'));
    expect(dataPlane).toMatch(/^simulated/);
    expect(controller.kind).toBe('embedded');
    expect(switches).toMatchObject({ connected: expect.objectContaining({ length: 10 }), missing: [] });
  });

  test('answers as the real one does, before, with and after a connection', async () => {
    expect(await labctl.ok('pingall')).toContain(BASELINE);
    expect(await labctl.ok('connect', 'h2', 'h5', 'h6')).toContain(CONNECTED);
    expect(await labctl.ok('pingall', '--expect', 'connected')).toContain('*** Verdict: as expected');
    expect((await labctl.run('pingall', '--expect', 'baseline')).exitCode).toBe(1);
    expect(await labctl.ok('disconnect', 'h2', 'h5', 'h6')).toContain(BASELINE);
    expect(await labctl.ok('entries', 'list')).toBe('no static entries');
  });

  test("does with the tutorial's entries what Floodlight did", async () => {
    // Copied: an ordinary user may not be let into this repository's folder.
    const texts = [1, 2, 3, 4, 5, 6].map(tutorial).join('');
    const asWritten = labctl.file('as-written.json', texts);
    const sent = await labctl.run('entries', 'apply', '--force', asWritten);
    expect(sent).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('did you mean s10') });
    const pinged = await labctl.run('pingall');
    expect(pinged).toMatchObject({ exitCode: 1, stdout: expect.stringContaining(AT_ONCE_WITH_SIX_FLOW_MODS) });

    expect(await labctl.ok('entries', 'delete', 'flow-mod-2')).toBe('1 entry removed');
    await labctl.ok('entries', 'clear');
    labctl.file('right.json', texts.replaceAll('00:10"', '00:0a"'));
    expect(await labctl.ok('entries', 'apply', 'right.json')).toBe('6 entries pushed and read back');
    expect((await labctl.run('pingall')).stdout).toContain('(8/90 received)');
    await labctl.ok('entries', 'clear');
    expect(await labctl.ok('pingall')).toContain(BASELINE);
  });

  test('loses a link and gets it back, explains pairs, and keeps times to itself', async () => {
    expect((await labctl.run('link', 'down', 's1', 's3')).exitCode).toBe(0);
    expect((await labctl.run('pingall')).stdout).toContain('(32/90 received)');
    await labctl.ok('link', 'up', 's1', 's3');
    expect(await labctl.ok('pingall')).toContain(BASELINE);
    expect(await labctl.ok('explain', 'h1', 'h2')).toContain('h1 -> h2: reaches');
    const measured = await labctl.run('link', 'down', 's1', 's3', '--measure', 'h1', 'h2');
    expect(measured).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('no time passes') });
    expect(await labctl.ok('pingall')).toContain(BASELINE);
  });

  test('has switches and links, and a REST interface that takes entries', async () => {
    expect((await labctl.ok('switches')).split('\n')).toHaveLength(11);
    expect(await labctl.ok('net')).toContain('s9 lo:  s9-eth1:h9-eth0');
    const { controller } = JSON.parse(await labctl.ok('status', '--format', 'json'));
    const body = { switch: '00:00:00:00:00:00:00:01', name: 'mine', priority: '40000', active: 'true', actions: '' };
    const answer = await fetch(`${controller.url}/wm/staticentrypusher/json`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    expect(await answer.text()).toBe('{"status" : "Entry pushed"}');
    expect((await labctl.run('pingall')).stdout).toContain('h1 -> X X X X X X X X X');
    const group = { ...body, name: 'g', entry_type: 'group', group_id: '1', group_type: 'all' };
    const { priority: _, actions: __, ...rest } = group;
    const bucket = { bucket_id: '1', bucket_watch_group: 'any', bucket_watch_port: '1', bucket_actions: 'output=1' };
    const refused = await fetch(`${controller.url}/wm/staticentrypusher/json`, {
      method: 'POST',
      body: JSON.stringify({ ...rest, group_buckets: [bucket] }),
    });
    expect([refused.status, await refused.text()]).toEqual([
      400,
      expect.stringContaining('the switch refused it: a bucket watches a port'),
    ]);
    await labctl.ok('entries', 'clear', 's1');
  });

  test.each([[['exec', 'h2', '--', 'true']], [['shell', 'h2']]])('runs no commands on hosts: %s', async (args) => {
    const outcome = await labctl.run(...args);
    expect(outcome).toMatchObject({ exitCode: 2, stdout: '' });
    expect(outcome.stderr).toContain('nothing runs on simulated hosts and switches');
    expect(outcome.stderr).toContain('labctl up --dataplane mininet');
  });

  test('is no lab on Mininet: asked for one, up says what differs and leaves it', async () => {
    const outcome = await labctl.run('up', 'lab.yaml', '--dataplane', 'mininet');
    expect(outcome).toMatchObject({ exitCode: 2, stdout: '' });
    expect(outcome.stderr).toContain('data plane: mininet, and not simulated');
    expect(outcome.stderr).toContain('--reconfigure');
    expect(await labctl.ok('pingall')).toContain(BASELINE);
  });

  test('goes down and leaves nothing', async () => {
    expect(await labctl.ok('down')).toBe(`${lab} is down`);
    await labctl.expectNothingLeft();
  });
});

describe('simulated labs', () => {
  const labctl = new Labctl('as we are', SIMULATED);
  afterAll(() => labctl.clean());
  beforeEach(() => {
    labctl.file('lab.yaml', smallSpec('small'));
  });

  test('reach nobody without forwarding, and then exactly a connection', async () => {
    labctl.file(
      'none.yaml',
      s10h10Spec('none', (text) => text.replace('forwarding: reactive', 'forwarding: none')),
    );
    await labctl.ok('up', 'none.yaml');
    expect(await labctl.ok('pingall')).toContain('(0/90 received)');
    expect(await labctl.ok('connect', 'h2', 'h5', 'h6')).toContain(ISOLATED);
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });

  test('run several at once, each with its own entries', async () => {
    const names = ['lab-a', 'lab-b', 'lab-c'];
    await Promise.all(names.map((name) => labctl.ok('up', 'lab.yaml', '--lab', name)));
    expect(labctl.processes()).toHaveLength(3);
    expect(await labctl.ok('connect', 'h1', 'h2', '--lab', 'lab-b')).toContain('(2/6 received)');
    expect(await labctl.ok('pingall', 'lab-a')).toContain('(6/6 received)');
    expect(await labctl.ok('pingall', 'lab-c')).toContain('(6/6 received)');
    await labctl.ok('down', '--all');
    await labctl.expectNothingLeft();
  });

  test('of several `up` at once one brings it up, and the others find it up', async () => {
    const outcomes = await Promise.all([1, 2, 3].map(() => labctl.run('up', 'lab.yaml')));
    expect(outcomes.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0]);
    expect(outcomes.filter(({ stderr }) => stderr.includes('small is up already'))).toHaveLength(2);
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });

  test('whose process is killed are known to have ended, and their remains are cleared', async () => {
    await labctl.ok('up', 'lab.yaml');
    for (const { pid } of labctl.processes()) process.kill(pid, 'SIGKILL');
    const outcome = await labctl.run('pingall');
    expect(outcome).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('its process was killed') });
    expect(await labctl.ok('down')).toContain('cleaned up what it left');
    await labctl.expectNothingLeft();
  });

  test.each([
    [['--controller', 'floodlight'], /--controller floodlight: Floodlight needs real switches/],
    [['--controller', 'http://127.0.0.1:8080'], /Floodlight needs real switches/],
    [['--datapath', 'user'], /a datapath is a part of Open vSwitch/],
    [['--dataplane', 'other'], /Allowed choices are mininet, simulated/],
  ])('cannot have %s, and nothing is started', async (args, message) => {
    const outcome = await labctl.run('up', 'lab.yaml', ...args);
    expect(outcome.stderr).toMatch(message);
    expect(outcome).toMatchObject({ exitCode: 2, stdout: '' });
    await labctl.expectNothingLeft();
  });

  test('take the embedded controller where FLOODLIGHT_URL is set, and say so', async () => {
    const set = new Labctl('as we are', {
      ...SIMULATED,
      LABCTL_CONTROLLER: 'auto',
      FLOODLIGHT_URL: 'http://127.0.0.1:9',
    });
    set.file('lab.yaml', smallSpec('small'));
    try {
      const outcome = await set.run('up', 'lab.yaml');
      expect(outcome).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('controller: embedded') });
      expect(outcome.stderr).toMatch(
        /controller: embedded \(simulated switches have no other, whatever FLOODLIGHT_URL says\)/,
      );
      await set.ok('down');
      await set.expectNothingLeft();
    } finally {
      await set.clean();
    }
  });

  test('in a folder whose path is too long for a socket are refused with what to do', async () => {
    const deep = new Labctl('as we are', { ...SIMULATED, LABCTL_RUN_DIR: join(labctl.folder, 'x'.repeat(100)) });
    deep.file('lab.yaml', smallSpec('small'));
    const outcome = await deep.run('up', 'lab.yaml');
    expect(outcome).toMatchObject({ exitCode: 3, stderr: expect.stringContaining('at most 107 bytes') });
    expect(outcome.stderr).toContain('LABCTL_RUN_DIR');
    await deep.clean();
  });
});

test('a simulated lab needs no flock(1) and no /proc where the system is not Linux', async () => {
  // A system of which only the name is another; its own way of locking files cannot be had here.
  const preload = join(bare, 'as-darwin.mjs');
  writeFileSync(preload, "Object.defineProperty(process, 'platform', { value: 'darwin' });");
  const labctl = new Labctl('as we are', { ...SIMULATED, NODE_OPTIONS: `--import=${preload}` });
  try {
    labctl.file('lab.yaml', smallSpec('elsewhere'));
    await labctl.ok('up', 'lab.yaml');
    expect(await labctl.ok('ls')).toMatch(/^elsewhere +running/m);
    expect(await labctl.ok('connect', 'h1', 'h2')).toContain('(2/6 received)');
    const onMininet = await labctl.run('up', 'lab.yaml', '--lab', 'other', '--dataplane', 'mininet');
    expect(onMininet).toMatchObject({
      exitCode: 3,
      stderr: expect.stringContaining('labctl up --dataplane simulated'),
    });
    expect(await labctl.ok('down')).toBe('elsewhere is down');
    await labctl.expectNothingLeft();
  } finally {
    await labctl.clean();
  }
});

test('where several labs run, a name that is typed counts before LABCTL_LAB, and what is printed to be typed has it', async () => {
  const labctl = new Labctl('as we are', { ...SIMULATED, LABCTL_LAB: 'one' });
  try {
    for (const name of ['one', 'two', 'three']) labctl.file(`${name}.yaml`, smallSpec(name));
    await labctl.ok('up', 'one.yaml');
    await labctl.ok('up', 'two.yaml', '--lab', 'two');
    await labctl.ok('connect', 'h1', 'h2', '--lab', 'two');
    expect(await labctl.ok('connect', 'h1', 'h3', '--curl', '--lab', 'two')).toContain('curl -X DELETE');
    await labctl.ok('entries', 'clear', 's1', '--lab', 'two');
    expect(await labctl.ok('plan', 'two')).toContain('to be pushed');
    expect(await labctl.ok('plan')).toBe('nothing to do');
    expect(await labctl.ok('predict', 'three.yaml')).toContain('by the spec three.yaml');
    expect((await labctl.run('net', 'three.yaml')).stderr).toContain('from the spec three.yaml');
    const down = await labctl.ok('fault', 'random', '--seed', '1', '--lab', 'two');
    expect(down).toContain('to undo: labctl link up s1 s2 --lab two');
    expect((await labctl.run('down', 'two', '--all')).exitCode).toBe(2);
    expect(await labctl.ok('down', '--all')).toBe('one is down\ntwo is down');
    await labctl.expectNothingLeft();
  } finally {
    await labctl.clean();
  }
});

describe('on a machine without Mininet', () => {
  const labctl = new Labctl('as we are', { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' });
  afterAll(() => labctl.clean());

  /** Runs labctl where Mininet's own program is hidden, in a mount namespace of its own. */
  async function withoutMininet(...args: readonly string[]) {
    const user = userInfo().uid === 0 ? [] : ['--user', '--map-root-user'];
    const script = `mount --bind /dev/null "$(command -v mnexec)" && exec ${labctl.commandLine(...args)}`;
    return execa('unshare', [...user, '--mount', 'sh', '-c', script], {
      cwd: labctl.folder,
      env: labctl.env,
      reject: false,
      stdin: 'ignore',
    });
  }

  test('up says what is missing, and that a lab can be simulated, which it can', async () => {
    labctl.file('lab.yaml', smallSpec('without'));
    const outcome = await withoutMininet('up', 'lab.yaml');
    expect(outcome.exitCode).toBe(3);
    expect(outcome.stderr).toContain('mnexec: not installed');
    expect(outcome.stderr).toContain('labctl up --dataplane simulated');
    await labctl.expectNothingLeft();
    expect((await withoutMininet('up', 'lab.yaml', '--dataplane', 'simulated')).exitCode).toBe(0);
    expect(await labctl.ok('pingall')).toContain('(6/6 received)');
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });

  test('so does doctor', async () => {
    const outcome = await withoutMininet('doctor');
    expect(outcome.exitCode).toBe(3);
    expect(outcome.stdout).toContain('labctl up s10h10 --dataplane simulated');
    expect(await labctl.ok('doctor')).not.toContain('simulated');
  });
});
