import { userInfo } from 'node:os';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { Labctl, smallSpec } from '../support/labctl.ts';

const labctl = new Labctl();
afterAll(() => labctl.clean());

describe('what is wrong is told with exit code 2, and nothing is started', () => {
  test.each([
    [
      'a spec that does not exist',
      ['up', 'nosuch'],
      /nosuch: there is no topologies\/nosuch\.yaml\n +name a file, or one of .*s10h10/,
    ],
    ['a file that does not exist', ['up', './nosuch.yaml'], /\.\/nosuch\.yaml: there is no such file/],
    ['no spec at all', ['up'], /name the spec to bring up/],
    ['an unknown command', ['uup'], /unknown command 'uup'/],
    ['an unknown option', ['up', '--nosuch'], /unknown option '--nosuch'/],
    ['a port that is none', ['up', 's10h10', '--rest-port', '0'], /a port is 1 to 65535/],
    ['a lab name that is a path', ['up', 's10h10', '--lab', '../x'], /up to 30 lower-case letters/],
    ['a command on no lab', ['pingall'], /no lab is running\n +start one: labctl up s10h10/],
    ['a command on a lab that does not run', ['status', 'other'], /no lab of this name is running/],
    ['one host to connect', ['connect', 'h2'], /labctl connect h2 OTHER-HOST; to open a shell on h2: labctl shell h2/],
    [
      'an unknown host in a dry run',
      ['connect', 'h2', 'h22', '--dry-run', '-t', 's10h10'],
      /h22: there is no such host\n +the hosts are h1, h2/,
    ],
    [
      'hosts that no path joins',
      ['connect', 'h1', 'h9', '--dry-run', '-t', 's10h10'],
      /no chain of links joins h1 and h9/,
    ],
  ])('%s', async (_, args, message) => {
    const outcome = await labctl.run(...args);
    expect(outcome.stderr).toMatch(message);
    expect(outcome).toMatchObject({ exitCode: 2, stdout: '' });
    await labctl.expectNothingLeft();
  });

  test('a spec with problems', async () => {
    labctl.file('bad.yaml', 'version: 1\nhosts: [h1, h1, "$(reboot)"]\nswitches: [s1]\nlinks: [[h1, s9]]\n');
    const outcome = await labctl.run('up', 'bad.yaml');
    expect(outcome).toMatchObject({ exitCode: 2, stdout: '' });
    expect(outcome.stderr).toContain('bad.yaml:2:17: a name begins with a letter');
    await labctl.expectNothingLeft();
  });
});

describe('on a running lab', () => {
  const running = new Labctl();
  afterAll(() => running.clean());

  test('wrong hosts, switches, entries and expectations are exit code 2, and nothing changes', async () => {
    running.file('lab.yaml', smallSpec('bad-input'));
    await running.ok('up', 'lab.yaml');
    for (const [args, message] of [
      [['connect', 'h1', 'h7'], /h7: there is no such host\n +the hosts are h1, h2, h3/],
      [['connect', 'h1', 's1'], /s1: this is a switch, not a host/],
      [['disconnect', 'h1', 'h2'], /these hosts are not a connection of their own\n +nothing is connected/],
      [['entries', 'delete', 'nosuch'], /nosuch: there is no entry of this name/],
      [['entries', 'clear', 's7'], /s7: there is no such switch\n +the switches are s1, s2/],
      [['pingall', '--expect', 'nosuch'], /the spec has no such expectation: "nosuch"/],
      [['exec', 'h9', '--', 'true'], /h9: there is no such host/],
    ] as const) {
      const outcome = await running.run(...args);
      expect(outcome.stderr).toMatch(message);
      expect(outcome.exitCode).toBe(2);
    }
    await running.ok('connect', 'h1', 'h2', 'h3');
    const part = await running.run('disconnect', 'h1', 'h2');
    expect(part.stderr).toContain('labctl disconnect h1 h2 h3');
    expect(await running.ok('pingall')).toContain('(6/6 received)');
  });

  test('a network that answers otherwise is exit code 1, pair by pair', async () => {
    const { controller } = JSON.parse(await running.ok('status', '--format', 'json'));
    const body = {
      switch: '00:00:00:00:00:00:00:01',
      name: 'mine',
      priority: '40000',
      active: 'true',
      eth_type: '0x0800',
    };
    const response = await fetch(`${controller.url}/wm/staticentrypusher/json`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
    expect(await response.text()).toBe('{"status" : "Entry pushed"}');
    const outcome = await running.run('pingall');
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).toContain('*** Results: 66% dropped (2/6 received)');
    expect(outcome.stdout).toContain(
      'h1 -> h2: expected h2, observed X\nh1 -> h3: expected h3, observed X\nh2 -> h1: expected h1, observed X\nh3 -> h1: expected h1, observed X',
    );
    expect(await running.ok('entries', 'delete', 'mine')).toBe('1 entries taken away');
    expect((await running.run('pingall')).exitCode).toBe(0);
  });

  test('entries cleared are gone from the switches, and with all of them the connections', async () => {
    expect(await running.ok('entries', 'list')).toMatch(/^SWITCH +PRIORITY +MATCH +ACTIONS +NAME\ns1 /);
    expect(await running.ok('entries', 'clear')).toMatch(/^\d+ entries taken away$/);
    expect(await running.ok('entries', 'list')).toBe('no static entries');
    expect(JSON.parse(await running.ok('status', '--format', 'json')).connections).toEqual([]);
    expect(await running.ok('pingall')).toContain('(6/6 received)');
    await running.ok('down');
    await running.expectNothingLeft();
  });
});

/** Runs labctl where parts of this machine are hidden, in a mount namespace of its own. */
async function withHidden(hide: string, ...args: readonly string[]) {
  const user = userInfo().uid === 0 ? [] : ['--user', '--map-root-user'];
  const script = `${hide}\n${labctl.commandLine(...args)}`;
  return execa('unshare', [...user, '--mount', 'sh', '-ec', script], {
    cwd: labctl.folder,
    env: labctl.env,
    reject: false,
    stdin: 'ignore',
  });
}

describe('a machine that lacks something is exit code 3, with the remedy', () => {
  test.each([
    [
      'Mininet',
      'mount -t tmpfs none /usr/lib/python3/dist-packages/mininet',
      "Mininet's Python modules",
      'sudo apt-get install mininet',
    ],
    [
      'Open vSwitch',
      'mount --bind /dev/null /usr/sbin/ovs-vswitchd',
      'ovs-vswitchd: not installed',
      'sudo apt-get install openvswitch-switch',
    ],
    ['the tun device', 'mount -t tmpfs none /dev/net', '/dev/net/tun: there is no such device', 'sudo modprobe tun'],
  ])('%s', async (_, hide, cause, remedy) => {
    labctl.file('lab.yaml', smallSpec('lacking'));
    const outcome = await withHidden(hide, 'up', 'lab.yaml', '--datapath', 'user');
    expect(outcome.stderr).toContain(cause);
    expect(outcome.stderr).toContain(remedy);
    expect(outcome.exitCode).toBe(3);

    const doctor = await withHidden(hide, 'doctor');
    expect(doctor.stdout).toContain('missing');
    expect(doctor.stdout).toContain(remedy);
    expect(doctor.exitCode).toBe(3);
    await labctl.expectNothingLeft();
  });

  test('and one that lacks nothing is exit code 0 of doctor', async () => {
    expect(await labctl.ok('doctor')).toContain('This machine can run labs');
  });
});
