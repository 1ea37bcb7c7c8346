import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { Labctl, smallSpec } from '../support/harness/labctl.ts';

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
      /there is no path between h1 and h9/,
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

describe('what is not a lab is left alone', () => {
  test('whatever is beside the labs, or is named in place of one', async () => {
    const own = join(labctl.runFolder, 'documents');
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, 'thesis.tex'), 'years of work');
    mkdirSync(join(labctl.folder, 'victim'), { recursive: true });
    for (const [name, exitCode] of [
      ['../victim', 2],
      ['', 2],
      ['.', 2],
      ['documents', 0],
    ] as const) {
      expect(await labctl.run('down', name), name).toMatchObject({ exitCode });
    }
    expect(await labctl.ok('ls')).toBe('no lab is running');
    expect(await labctl.ok('down', '--all')).toBe('no lab is running');
    expect(readFileSync(join(own, 'thesis.tex'), 'utf8')).toBe('years of work');
    expect(existsSync(join(labctl.folder, 'victim'))).toBe(true);
    rmSync(own, { recursive: true });
    rmSync(join(labctl.folder, 'victim'), { recursive: true });
  });
});

test('a relative folder for running labs is taken from where one is', async () => {
  labctl.file('lab.yaml', smallSpec('relative'));
  const env = { ...labctl.env, LABCTL_RUN_DIR: 'r' };
  const run = (...args: string[]) => {
    const [file = '', ...rest] = labctl.commandLine(...args).split(' ');
    return execa(file, rest, { cwd: labctl.folder, env, stdin: 'ignore' });
  };
  expect((await run('up', 'lab.yaml')).stdout).toContain('relative is up');
  expect(await labctl.ok('ls')).toContain('relative');
  expect((await run('down')).stdout).toBe('relative is down');
  await labctl.expectNothingLeft();
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
      [['disconnect', 'h1', 'h2'], /there is no connection of just these hosts\n +there are no connections/],
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
    const outcome = await running.run('pingall', '--all');
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stdout).toContain('*** Results: 66% dropped (2/6 received)');
    // ARP passes, and IPv4 does not.
    expect(outcome.stdout).toContain(
      `h1 -> h2: expected h2, observed X: s1 drops h1's echo request to h2 by mine
h1 -> h3: expected h3, observed X: s1 drops h1's echo request to h3 by mine
h2 -> h1: expected h1, observed X: s1 drops h2's echo request to h1 by mine
h3 -> h1: expected h1, observed X: s1 drops h3's echo request to h1 by mine`,
    );
    expect(await running.ok('entries', 'delete', 'mine')).toBe('1 entry removed');
    expect((await running.run('pingall')).exitCode).toBe(0);
  });

  test('a lab is found by the file that it was brought up from, too', async () => {
    expect(await running.ok('status', 'lab.yaml')).toContain('bad-input, since');
    expect(await running.ok('pingall', '-t', 'lab.yaml')).toContain('(6/6 received)');
    expect(await running.ok('net', 'lab.yaml')).toContain('s1 lo: ');
    expect((await running.run('down', 'other.yaml')).exitCode).toBe(2);
  });

  test("a host's own routes make an X, and no error", async () => {
    await running.ok('exec', 'h1', '--', 'ip', 'route', 'add', 'blackhole', '10.0.0.2');
    const outcome = await running.run('pingall');
    expect(outcome.stdout).toContain('h1 -> X h3\nh2 -> X h3\n');
    expect(outcome.exitCode).toBe(1);

    // Nor does a reader that goes away change the verdict.
    const line = `${running.commandLine('pingall')} | true; echo "\${PIPESTATUS[0]}"`;
    const options = { cwd: running.folder, env: running.env, stdin: 'ignore' } as const;
    expect((await execa('bash', ['--norc', '-c', line], options)).stdout).toBe('1');
    await running.ok('exec', 'h1', '--', 'ip', 'route', 'del', 'blackhole', '10.0.0.2');
  });

  test('a command on a host has its own exit code, ends by signals, and takes --lab after the host', async () => {
    expect((await running.run('exec', 'h1', '--lab', 'bad-input', '--', 'sh', '-c', 'exit 7')).exitCode).toBe(7);
    expect((await running.run('exec', 'h1', 'sh', '-c', 'kill -9 $$')).exitCode).toBe(137);
    const child = running.start('exec', 'h1', 'sh', '-c', 'echo began; exec sleep 100');
    await once(child.stdout ?? child, 'data');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([143, null]);
  });

  test('nothing else of a member passes its fence either: IPv6 with an address that is known', async () => {
    await running.ok('disconnect', 'h1', 'h2', 'h3');
    // h2 and h3 share a switch; their link-local addresses follow from their MAC addresses.
    const known = [
      'ip',
      '-6',
      'neigh',
      'replace',
      'fe80::200:ff:fe00:3',
      'lladdr',
      '00:00:00:00:00:03',
      'dev',
      'h2-eth0',
      'nud',
      'permanent',
    ];
    const back = [
      'ip',
      '-6',
      'neigh',
      'replace',
      'fe80::200:ff:fe00:2',
      'lladdr',
      '00:00:00:00:00:02',
      'dev',
      'h3-eth0',
      'nud',
      'permanent',
    ];
    await running.ok('exec', 'h2', '--', ...known);
    await running.ok('exec', 'h3', '--', ...back);
    const ping = ['exec', 'h2', '--', 'ping', '-6', '-c2', '-W2', 'fe80::200:ff:fe00:3%h2-eth0'];
    expect((await running.run(...ping)).stdout).toContain('2 received');
    await running.ok('connect', 'h1', 'h2');
    expect((await running.run(...ping)).stdout).toContain('0 received');
  });

  test('entries of other tables and with odd names are shown as what they are', async () => {
    const { controller } = JSON.parse(await running.ok('status', '--format', 'json'));
    const name = 'two\nlines \u001b[31m';
    const body = {
      switch: '00:00:00:00:00:00:00:01',
      name,
      table: '1',
      in_port: '1',
      active: 'true',
      actions: 'output=2',
    };
    await fetch(`${controller.url}/wm/staticentrypusher/json`, { method: 'POST', body: JSON.stringify(body) });
    const listed = await running.ok('entries', 'list');
    expect(listed).toContain('table=1,in_port=1');
    expect(listed).toContain('two\\nlines \\u001b[31m');
    expect(await running.ok('entries', 'delete', name)).toBe('1 entry removed');
  });

  test('entries cleared are gone from the switches, and with all of them the connections', async () => {
    expect(await running.ok('entries', 'list')).toMatch(/^SWITCH +PRIORITY +MATCH +ACTIONS +NAME\ns1 /);
    expect(await running.ok('entries', 'clear')).toMatch(/^\d+ entries removed$/);
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
