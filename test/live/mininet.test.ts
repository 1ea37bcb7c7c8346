import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { afterAll, expect, test } from 'vitest';
import { Labctl, ringSpec, s10h10Spec } from '../support/harness/labctl.ts';

const labctl = new Labctl();
afterAll(() => labctl.clean());

/** Runs Mininet's own `mn` on a file, with a private Open vSwitch in namespaces of its own. */
async function mn(file: string, input: string): Promise<string> {
  const user = userInfo().uid === 0 ? [] : ['--user', '--map-root-user'];
  const script = `
    export OVS_RUNDIR=${labctl.folder}/ovs
    mkdir -p $OVS_RUNDIR
    ip link set lo up
    ovsdb-tool create $OVS_RUNDIR/conf.db /usr/share/openvswitch/vswitch.ovsschema
    ovsdb-server $OVS_RUNDIR/conf.db --remote=punix:$OVS_RUNDIR/db.sock -vconsole:off &
    until [ -e $OVS_RUNDIR/db.sock ]; do sleep 0.02; done
    ovs-vsctl --no-wait init
    ovs-vswitchd unix:$OVS_RUNDIR/db.sock --disable-system -vconsole:off &
    /usr/bin/python3 /usr/bin/mn --custom ${file} --topo P2PNetwork --switch ovs,datapath=user --controller remote`;
  const result = await execa(
    'unshare',
    [...user, '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'bash', '--norc', '-c', script],
    {
      input,
      all: true,
      reject: false,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', PYTHONDONTWRITEBYTECODE: '1' },
      extendEnv: false,
    },
  );
  return result.all ?? '';
}

test('a rendered file runs unchanged under mn, and labctl net prints what its net prints, live and from the spec', async () => {
  const rendered = await labctl.ok('render', 's10h10');
  expect(await labctl.ok('render', 's10h10')).toBe(rendered);
  labctl.file('p2p.py', `${rendered}\n`);
  const output = await mn(join(labctl.folder, 'p2p.py'), 'net\nexit\n');
  const wanted = (/^(h1 h1-eth0.*?\nc0)$/ms.exec(output.replaceAll('mininet> ', ''))?.[1] ?? '').split('\n');
  expect(wanted, output).toHaveLength(21);

  labctl.file('lab.yaml', s10h10Spec('mininet-net'));
  expect((await labctl.ok('net', 'lab.yaml')).split('\n')).toEqual(wanted);
  await labctl.ok('up', 'lab.yaml');
  expect((await labctl.ok('net')).split('\n')).toEqual(wanted);

  expect(await labctl.ok('exec', 'h10', '--', 'ip', '-br', 'addr', 'show', 'h10-eth0')).toMatch(
    /h10-eth0@\S+ +UP +10\.0\.0\.10\/8/,
  );
  // A host is no router, and takes packets from wherever they come, though the machine be otherwise (Docker).
  const settings = ['ip_forward', 'conf/all/rp_filter', 'conf/h10-eth0/rp_filter'];
  const files = settings.map((setting) => `/proc/sys/net/ipv4/${setting}`);
  expect(await labctl.ok('exec', 'h10', '--', 'cat', ...files)).toBe('0\n0\n0');
  const failing = await labctl.run('exec', 'h10', '--', 'sh', '-c', 'exit 7');
  expect(failing.exitCode).toBe(7);
  expect(await labctl.ok('exec', 'h1', '--', 'ping', '-c1', '-W5', '10.0.0.10')).toContain('1 received');
  await labctl.ok('down');
  await labctl.expectNothingLeft();
});

test('dry runs print the entries and the curl commands, and change nothing', async () => {
  labctl.file('lab.yaml', s10h10Spec('dry-run'));
  const ofSpec = await labctl.ok('connect', 'h2', 'h5', '--dry-run', '-t', 'lab.yaml');
  expect(ofSpec).toMatch(
    /^s5 +30300 +eth_type=0x800,ipv4_src=10\.0\.0\.2,ipv4_dst=10\.0\.0\.5 +output=1 +labctl\/s5\/allow\/ipv4\/h2-h5$/m,
  );
  await labctl.ok('up', 'lab.yaml');
  expect(await labctl.ok('connect', 'h2', 'h5', '--dry-run')).toBe(ofSpec);
  expect(await labctl.ok('entries', 'list')).toBe('no static entries');
  // At each end 2 that allow, 3 of the fence and 2 that forward; 4 that forward at s10 between them. One by one they would
  // be 2 directions, 3 switches, 2 protocols.
  const alone = '18 entries (one for each pair, switch on its path and protocol would be 12)';
  await labctl.ok('connect', 'h1', 'h2');
  const connected = labctl.file(
    'connected.yaml',
    s10h10Spec('connected', (text) => `${text}connections: [[h1, h2]]\n`),
  );
  for (const of of [[], ['-t', connected]]) {
    const { stderr } = await labctl.run('connect', 'h2', 'h5', '--dry-run', ...of);
    expect(stderr).toContain(`the connection alone: ${alone}\nall connections: `);
  }
  await labctl.ok('disconnect', 'h1', 'h2');

  // As connect would, it takes the place of the one with the same members.
  const protectedRing = labctl.file(
    'ring.yaml',
    ringSpec('dry-ring', 3, 'connections: [{hosts: [h1, h2], ways: protected}]\n'),
  );
  expect(await labctl.ok('plan', protectedRing)).toContain('group=');
  expect(await labctl.ok('connect', 'h1', 'h2', '--dry-run', '-t', protectedRing)).not.toContain('group=');

  // What the curl commands say is what connect would push: run by a shell, they connect the hosts.
  const curl = await labctl.ok('connect', 'h2', 'h5', '--curl');
  expect(curl.split('\n')[0]).toMatch(
    /^curl -X POST -d '\{"switch":"00:00:00:00:00:00:00:02",.+\}' http:\/\/127\.0\.0\.1:\d+\/wm\/staticentrypusher\/json$/,
  );
  const { stdout } = await execa('bash', ['-ec', curl.replaceAll('curl ', 'curl -sS ')]);
  expect(
    stdout
      .split('}')
      .filter((answer) => answer.trim() !== '')
      .map((answer) => `${answer}}`),
  ).toEqual(Array(curl.split('\n').length).fill('{"status" : "Entry pushed"}'));
  expect(await labctl.ok('connect', 'h2', 'h5', '--dry-run')).toContain('connected already');
  const outcome = await labctl.run('pingall');
  expect(outcome.stdout).toContain('h2 -> X X X h5 X X X X X');
  expect(outcome.stdout).toContain('h5 -> X h2 X X X X X X X');
  await labctl.ok('down');
});

test('on a terminal, progress is one line that is gone at the end', async () => {
  labctl.file('lab.yaml', s10h10Spec('terminal'));
  const typed = ['up', 'pingall', 'down']
    .map((command) => labctl.commandLine(command, ...(command === 'up' ? ['lab.yaml'] : [])))
    .join(' && ');
  const transcript = join(labctl.folder, 'typescript');
  await execa('script', ['--quiet', '--return', '--command', typed, transcript], {
    cwd: labctl.folder,
    env: { ...labctl.env, TERM: 'xterm' },
    stdin: 'ignore',
    stdout: 'ignore',
  });
  const seen = readFileSync(transcript, 'utf8');
  expect(seen).toContain('\r\u001b[K... Mininet');
  expect(seen).toContain('\r\u001b[K... pinging 90 pairs: 44 answered');
  // What stays on the screen is the results: every progress line is erased before the next thing is printed.
  const screen = seen
    .split('\n')
    .map((line) => line.split('\u001b[K').at(-1)?.replaceAll('\r', ''))
    .join('\n');
  expect(screen).not.toContain('...');
  expect(screen).toContain('*** Results: 51% dropped (44/90 received)');
});

test('the shipped topology needs no file of the working folder', async () => {
  expect(resolve(labctl.folder)).not.toBe(resolve('.'));
  expect(await labctl.ok('net', '-t', 's10h10')).toContain('s9 lo:  s9-eth1:h9-eth0');
});
