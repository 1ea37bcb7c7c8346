import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Labctl } from '../support/harness/labctl.ts';

const SPEC = `version: 1
name: traffic
hosts: [{name: h1, start: ["echo hello from h1; sleep 1003 &"]}, h2, h3]
switches: [s1, s2]
links: [{ends: [h1, s1], bw: 8}, [h2, s2], [h3, s2], [s1, s2]]
expect: {baseline: {groups: [[h1, h2, h3]]}}
`;

/** Resolves when tcpdump has begun. */
async function listening(capture: ChildProcess): Promise<void> {
  let words = '';
  capture.stderr?.on('data', (data) => {
    words += String(data);
  });
  await expect.poll(() => words, { timeout: 30_000 }).toContain('listening on');
}

describe.each(['as we are', 'ordinary'] as const)('traffic of a lab, %s', (user) => {
  /** For what is alike for every user. */
  const isOnce = user === 'as we are';
  const labctl = new Labctl(user);
  beforeAll(async () => {
    await labctl.ok('up', labctl.file('lab.yaml', SPEC));
  });
  afterAll(() => labctl.clean());

  test('iperf tells what comes through, no more than the narrowest link, and that nothing comes through where it does not', async () => {
    const tcp = JSON.parse(await labctl.ok('iperf', 'h1', 'h2', '--seconds', '1', '--format', 'json'));
    expect(tcp).toMatchObject({ version: 1, lab: 'traffic', source: 'h1', target: 'h2', protocol: 'tcp', why: null });
    expect(tcp.mbps).toBeGreaterThan(0);
    expect(tcp.mbps).toBeLessThan(12);
    const line = await labctl.ok('iperf', 'h1', 'h2', '--udp', '--seconds', '1');
    expect(line).toMatch(/^h1 -> h2: \d+\.\d Mbit\/s, \d+\.\d% of the datagrams lost$/);
    await labctl.ok('link', 'down', 's1', 's2');
    const cut = await labctl.run('iperf', 'h1', 'h2');
    expect(cut.stdout).toMatch(/^h1 -> h2: X, .*(timed out|unreachable|No route)/i);
    expect(cut.exitCode).toBe(1);
    await labctl.ok('link', 'up', 's1', 's2');
    expect((await labctl.run('iperf', 'h1', 'h1')).exitCode).toBe(2);
    expect((await labctl.run('iperf', 'h1', 's1')).stderr).toContain('this is a switch, not a host');
  });

  test('iperf takes another port than one that is taken, and leaves nothing running after an interrupt', async () => {
    const taken = labctl.start('exec', 'h2', '--', 'iperf3', '--server', '--forceflush');
    await once(taken.stdout ?? taken, 'data');
    const client = labctl.start('iperf', 'h3', 'h2', '--seconds', '60');
    const clients = () =>
      labctl.processes().filter(({ command }) => command.startsWith('iperf3') && /--client/.test(command));
    await expect.poll(clients, { timeout: 30_000 }).toHaveLength(1);
    client.kill('SIGINT');
    expect(await once(client, 'exit')).toEqual([130, null]);
    const iperfs = () => labctl.processes().filter(({ command }) => command.startsWith('iperf3'));
    await expect.poll(iperfs, { timeout: 10_000 }).toHaveLength(1);
    taken.kill('SIGTERM');
    await once(taken, 'exit');
    expect(iperfs()).toEqual([]);
  });

  test('capture writes what Wireshark reads until an interrupt, and shows it as text', async () => {
    const capture = labctl.start('capture', 's1-eth2', '-w', 'packets.pcap', 'icmp');
    await listening(capture);
    await labctl.ok('exec', 'h1', '--', 'ping', '-c2', '-i0.2', '10.0.0.2');
    await expect.poll(() => readFileSync(join(labctl.folder, 'packets.pcap')).length).toBeGreaterThan(4 * 98);
    capture.kill('SIGINT');
    expect(await once(capture, 'exit')).toEqual([0, null]);
    const file = join(labctl.folder, 'packets.pcap');
    // The magic number of pcap with microseconds, in the byte order of this machine.
    expect(readFileSync(file).readUInt32LE(0)).toBe(0xa1b2c3d4);
    const { stdout } = await execa('tcpdump', ['-n', '-r', file], {
      env: { PATH: `${process.env['PATH']}:/usr/sbin` },
    });
    expect(stdout.match(/10\.0\.0\.1 > 10\.0\.0\.2: ICMP echo request/g)).toHaveLength(2);
    expect(stdout).not.toContain('ARP');

    const text = labctl.start('capture', 'h2', '--count', '1', 'icmp');
    let printed = '';
    text.stdout?.on('data', (data) => {
      printed += String(data);
    });
    const closed = once(text, 'close');
    await listening(text);
    // On a busy machine the first may come before tcpdump has begun.
    await labctl.ok('exec', 'h1', '--', 'ping', '-c5', '-i0.2', '10.0.0.2');
    expect(await closed).toEqual([0, null]);
    expect(printed).toMatch(/IP 10\.0\.0\.1 > 10\.0\.0\.2: ICMP echo request/);
    expect(labctl.processes().filter(({ command }) => command.startsWith('tcpdump'))).toEqual([]);
  });

  if (isOnce)
    test('capture names the interfaces where there is no such one, and refuses a filter that is none', async () => {
      for (const [args, message] of [
        [['s9-eth1'], /s9-eth1: there is no such interface\n +name one: h1-eth0, h2-eth0, h3-eth0, s1-eth1/],
        [['s2'], /s2: has several interfaces\n +name one: s2-eth1, s2-eth2, s2-eth3/],
        [['h1', 'no', 'filter'], /not a filter that tcpdump takes/],
        [['h1', '-w', '/nosuch/file'], /\/nosuch\/file: cannot be written/],
      ] as const) {
        const outcome = await labctl.run('capture', ...args);
        expect(outcome.stderr).toMatch(message);
        expect(outcome).toMatchObject({ exitCode: 2, stdout: '' });
      }
    });

  if (isOnce)
    test('logs are listed, shown by their names, and followed', async () => {
      expect(await labctl.ok('logs')).toMatch(
        /^LOG +BYTES +OF\nsandbox +\d+ +Mininet and Open vSwitch\nstart-h1 +\d+ /,
      );
      expect(await labctl.ok('logs', 'h1')).toBe('$ echo hello from h1; sleep 1003 &\nhello from h1');
      await labctl.ok('logs', 'sandbox');
      const unknown = await labctl.run('logs', 'h2');
      expect(unknown.stderr).toMatch(/h2: lab traffic has no such log\n +there is: sandbox, start-h1/);
      expect(unknown.exitCode).toBe(2);
      const followed = labctl.start('logs', 'h1', '-f');
      let printed = '';
      followed.stdout?.on('data', (data) => {
        printed += String(data);
      });
      await expect.poll(() => printed, { timeout: 10_000 }).toContain('hello from h1\n');
      // What a start command that goes on would write there.
      await labctl.ok('exec', 'h1', '--', 'sh', '-c', `echo later >>${labctl.runFolder}/traffic/start-h1.log`);
      await expect.poll(() => printed, { timeout: 10_000 }).toContain('later\n');
      followed.kill('SIGINT');
      expect(await once(followed, 'exit')).toEqual([0, null]);
    });

  if (isOnce)
    test('a shell completes commands, options and what the lab has', async () => {
      const complete = async (...words: readonly string[]) =>
        (await labctl.ok('__complete', '--', ...words)).split('\n');
      expect(await complete('exec', 'h')).toEqual(['h1', 'h2', 'h3']);
      expect(await complete('connect', 'h2', '')).toEqual(['h1', 'h3']);
      expect(await complete('connect', 'h2', '--avoid', 's')).toEqual(['s1', 's2', 's1-s2', 's2-s1']);
      expect(await complete('paths', 'h1', 'h2', '--via', 's1,s')).toEqual(['s1,s1', 's1,s2']);
      expect(await complete('capture', 's1-')).toEqual(['s1-eth1', 's1-eth2']);
      expect(await complete('link', '')).toEqual(['down', 'up']);
      expect(await complete('link', 'down', 's1', '')).toEqual(['h1', 'h2', 'h3', 's2']);
      expect(await complete('down', '')).toEqual(['traffic']);
      expect(await complete('pingall', '--expect', '')).toEqual(['baseline']);
      expect(await complete('pingall', '--format=')).toEqual(['--format=text', '--format=json']);
      expect(await complete('logs', 's')).toEqual(['sandbox', 'start-h1']);
      expect(await complete('exec', 'h1', '--', 'ca')).toEqual([':files']);
      expect((await complete('iper')).map((line) => line.split('\t')[0])).toEqual(['iperf']);
      expect((await complete('up', '--dataplan')).map((line) => line.split('\t')[0])).toEqual(['--dataplane']);
      // Of a lab that does not run.
      expect(await complete('predict', '-t', 's10h10', '--without', 's9')).toEqual(['s9']);
      expect(await complete('predict', '-t', 's10h10', '--without', 's10-')).toEqual(['s10-s2', 's10-s5', 's10-s6']);
      expect(await labctl.run('__complete', '--', 'exec', '--lab', 'nosuch', '')).toEqual({
        stdout: '',
        stderr: '',
        exitCode: 0,
      });
    });

  if (isOnce)
    test('bash, zsh and fish take the scripts, and ask them', async () => {
      const script = (shell: string) => `${labctl.commandLine('completion', shell)}`;
      const has = async (shell: string) =>
        (await execa('sh', ['-c', `command -v ${shell}`], { reject: false })).exitCode === 0;
      const run = async (shell: string, ...args: readonly string[]) =>
        (await execa(shell, args, { cwd: labctl.folder, env: labctl.env, stdin: 'ignore' })).stdout.split('\n');
      const asked = `ask() { COMP_LINE=$1 COMP_POINT=\${#1}; _labctl; echo "\${COMPREPLY[@]}"; }`;
      const lines = [
        'ask "labctl exec h"',
        'ask "labctl pingall --format=j"',
        'ask "labctl up lab."',
        'ask "labctl heal --top"',
      ];
      const bash = `source <(${script('bash')}); complete -p labctl; ${asked}; ${lines.join('; ')}`;
      expect(await run('bash', '--norc', '-c', bash)).toEqual([
        'complete -F _labctl labctl',
        'h1 h2 h3',
        'json',
        'lab.yaml',
        '--topo',
      ]);
      if (await has('zsh')) {
        const stubs = `compdef() { print -r -- "$@" }; _describe() { print -rl -- "\${(@)described}" }; _files() { print files }`;
        const words = 'words=(labctl exec h) CURRENT=3; _labctl; words=(labctl entries apply "") CURRENT=4; _labctl';
        expect(await run('zsh', '-f', '-c', `${stubs}; source <(${script('zsh')}); ${words}`)).toEqual([
          '_labctl labctl',
          'h1',
          'h2',
          'h3',
          'files',
        ]);
      }
      if (await has('fish')) {
        const words = 'complete -C "labctl exec h"; complete -C "labctl up lab."; complete -C "labctl "';
        const printed = await run('fish', '--no-config', '-c', `${script('fish')} | source; ${words}`);
        expect(printed.slice(0, 4)).toEqual(['h1', 'h2', 'h3', 'lab.yaml']);
        expect(printed).toContain('iperf\tmeasure the throughput from one host to another, with iperf3');
      }
    });

  if (isOnce)
    test('a program that the machine lacks is exit code 3, with the remedy', async () => {
      const inNamespace = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
      const [up, capture, down] = [
        ['up', 'lab.yaml', '--lab', 'bare'],
        ['capture', 'h1', '--lab', 'bare'],
        ['down', 'bare'],
      ];
      const hide = [
        'mount --bind /dev/null "$(PATH=$PATH:/usr/sbin command -v tcpdump)"',
        labctl.commandLine(...up),
        `exit=0; ${labctl.commandLine(...capture)} || exit=$?`,
        `${labctl.commandLine(...down)}; exit $exit`,
      ].join('\n');
      const outcome = await execa('unshare', [...inNamespace, '--mount', 'sh', '-ec', hide], {
        cwd: labctl.folder,
        env: labctl.env,
        reject: false,
        stdin: 'ignore',
      });
      expect(outcome.stderr).toContain('tcpdump: not installed\n    sudo apt-get install tcpdump');
      expect(outcome.exitCode).toBe(3);
    });

  test('ends with the lab', async () => {
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });
});
