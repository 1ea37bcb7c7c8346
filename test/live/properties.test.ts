import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Labctl } from '../support/harness/labctl.ts';
import { AS_NOBODY } from '../support/harness/ordinary-user.ts';

const DELAYED = `version: 1
name: delayed
hosts: [h1, h2]
switches: [s1]
links: [[h1, s1], {ends: [h2, s1], delay: 30 ms, max_queue: 50}]
`;

const LIMITED = `version: 1
name: limited
hosts: [{name: h1, cpu: 0.2, start: ["sleep 1000 &"]}, h2]
switches: [s1]
links: [[h1, s1], [h2, s1]]
`;

/** Prints which part of a CPU it gets when it wants all of one. */
const BUSY = `
import time
begin, used = time.monotonic(), time.process_time()
while time.monotonic() - begin < 1: pass
print((time.process_time() - used) / (time.monotonic() - begin))
`;

/** Whether the kernel has netem, found without labctl. */
const hasNetem = async () => {
  const user = userInfo().uid === 0 ? [] : ['--user', '--map-root-user'];
  const netem = ['tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'netem', 'delay', '1ms'];
  const env = { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` };
  return (await execa('unshare', [...user, '--net', ...netem], { reject: false, env })).exitCode === 0;
};

/** Whether a user can limit the CPU of a process by a control group, likewise; by the places that the kernel and systemd have. */
const canLimit = async (user: 'as we are' | 'ordinary') => {
  const prefix = user === 'ordinary' && userInfo().uid === 0 ? AS_NOBODY : [];
  const script = `
here=$(sed -n 's/^[0-9]*:cpu\\(,cpuacct\\)\\?://p' /proc/self/cgroup)
if [ -n "$here" ]; then
  group=$(echo /sys/fs/cgroup/cpu*/ | cut -d' ' -f1)$here/lt-$$
  mkdir "$group" || exit 1
  echo 50000 >"$group/cpu.cfs_quota_us"
else
  place=/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)
  until grep -qw cpu "$place/cgroup.subtree_control" && mkdir "$place/lt-$$"; do
    [ "$place" != /sys/fs/cgroup ] && [ "$place" != / ] || exit 1
    place=$(dirname "$place")
  done
  group=$place/lt-$$
  echo 50000 >"$group/cpu.max"
fi
sh -c 'echo $$ >"$0/cgroup.procs"' "$group"
status=$?
rmdir "$group"
exit $status`;
  const [file = '', ...rest] = [...prefix, 'sh', '-c', script];
  return (await execa(file, rest, { reject: false, cwd: '/' })).exitCode === 0;
};

/** The control groups of labs that this machine has. */
function labGroups(folder = '/sys/fs/cgroup', depth = 4): readonly string[] {
  if (depth === 0) return [];
  return readdirSync(folder, { withFileTypes: true })
    .filter((item) => item.isDirectory())
    .flatMap(({ name }) =>
      /^labctl-\d+-h1$/.test(name) ? [join(folder, name)] : labGroups(join(folder, name), depth - 1),
    );
}

describe.each(['as we are', 'ordinary'] as const)('properties of links and hosts, %s', (user) => {
  const labctl = new Labctl(user);
  let netem = false;
  let limits = false;
  beforeAll(async () => {
    netem = await hasNetem();
    limits = await canLimit(user);
  });
  afterAll(() => labctl.clean());

  /** Brings up what this machine cannot do: it is told before anything starts, and doctor tells the same. */
  async function expectRefusal(spec: string, what: string, remedy: string): Promise<void> {
    const outcome = await labctl.run('up', spec);
    expect(outcome.stderr).toContain(what);
    expect(outcome.stderr).toContain(remedy);
    expect(outcome.stderr).not.toContain('... Open vSwitch');
    expect(outcome).toMatchObject({ exitCode: 3, stdout: '' });
    const doctor = await labctl.ok('doctor');
    expect(doctor).toContain(remedy);
    await labctl.expectNothingLeft();
  }

  test('a delay is what a ping takes more in either direction, or is refused where the kernel has no netem', async () => {
    const spec = labctl.file('delayed.yaml', DELAYED);
    if (!netem) {
      await expectRefusal(spec, 'delay, jitter, loss and max_queue of links: tc cannot', 'sudo modprobe sch_netem');
      await labctl.ok('up', labctl.file('prompt.yaml', DELAYED.replace(', delay: 30 ms, max_queue: 50', '')));
      // The running lab stays, where the one that is to replace it cannot be.
      expect((await labctl.run('up', spec, '--reconfigure')).exitCode).toBe(3);
      expect(await labctl.ok('pingall')).toContain('(2/2 received)');
      await labctl.ok('down');
      await labctl.expectNothingLeft();
      return;
    }
    await labctl.ok('up', spec);
    const { observed } = JSON.parse(await labctl.ok('pingall', '--format', 'json'));
    expect(observed.h1.h2).toBeGreaterThan(60);
    await labctl.ok('switch', 'stop', 's1');
    await labctl.ok('switch', 'start', 's1');
    const ping = await labctl.ok('exec', 'h1', '--', 'ping', '-c2', '10.0.0.2');
    expect(Number(/= ([\d.]+)\//.exec(ping)?.[1])).toBeGreaterThan(60);
    expect(await labctl.ok('exec', 'h2', '--', 'tc', 'qdisc', 'show')).toContain('limit 50');
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });

  test('a share of a CPU bounds what a host takes, or is refused where no control group can be made', async () => {
    const before = labGroups();
    const spec = labctl.file('limited.yaml', LIMITED);
    if (!limits) {
      await expectRefusal(spec, 'cpu of hosts: ', 'run labctl as root');
      return;
    }
    await labctl.ok('up', spec);
    const share = Number(await labctl.ok('exec', 'h1', '--', '/usr/bin/python3', '-c', BUSY));
    // It may begin with a period's share saved; a busy machine only gives it less.
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThan(0.4);
    const [group = ''] = labGroups().filter((each) => !before.includes(each));
    const members = readFileSync(join(group, 'cgroup.procs'), 'utf8').trim().split('\n');
    const commands = members.map((pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim());
    expect(commands.sort()).toEqual(['bash', 'sleep']);
    await labctl.ok('down');
    await labctl.expectNothingLeft();
    expect(existsSync(group)).toBe(false);
  });
});

describe('hosts', () => {
  const labctl = new Labctl();
  afterAll(() => labctl.clean());

  const spec = (start: string) => `version: 1
name: dressed
hosts:
  - {name: h1, addresses: [192.168.1.1/24], default_route: 192.168.1.2, start: ${start}}
  - {name: h2, addresses: [192.168.1.2/24, 172.16.0.1/32]}
switches: [s1, s2]
links: [[h1, s1], [h2, s2], [s1, s2]]
`;

  test('have their addresses and default route, and what they start ends with the lab', async () => {
    const commands = '["touch began", "test -e began && sleep 1001 & echo $! >pid", "sleep 1002"]';
    await labctl.ok('up', labctl.file('lab.yaml', spec(commands)));
    expect(readFileSync(join(labctl.folder, 'pid'), 'utf8')).toMatch(/^\d+\n$/);
    const sleeping = labctl.processes().filter(({ name }) => name === 'sleep');
    expect(sleeping.map(({ command }) => command).sort()).toEqual(['sleep 1001', 'sleep 1002']);
    // By an address that is not in a subnet of its own, which h1 has a router for; h1 answers by its further one.
    expect(await labctl.ok('exec', 'h1', '--', 'ping', '-c1', '-W5', '172.16.0.1')).toContain(' 1 received');
    expect(await labctl.ok('exec', 'h2', '--', 'ping', '-c1', '-W5', '192.168.1.1')).toContain(' 1 received');
    expect(await labctl.ok('pingall')).toContain('(2/2 received)');
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });

  test('that fail to start something take the lab down again, with its words', async () => {
    labctl.file('lab.yaml', spec('["echo one", "echo no such thing >&2; exit 3", "touch never"]'));
    const outcome = await labctl.run('up', 'lab.yaml');
    expect(outcome.stderr).toContain(`labctl: start of h1: "echo no such thing >&2; exit 3" ended with exit code 3
    no such thing
    fix it; where it may fail, end it with || true`);
    expect(outcome).toMatchObject({ exitCode: 2, stdout: '' });
    expect(existsSync(join(labctl.folder, 'never'))).toBe(false);
    await labctl.expectNothingLeft();
  });

  test('are simulated without any of it, which up says', async () => {
    labctl.file('lab.yaml', spec('["exit 3"]').replace('[h1, s1]', '{ends: [h1, s1], bw: 1, delay: 5 ms}'));
    const outcome = await labctl.run('up', 'lab.yaml', '--dataplane', 'simulated');
    expect(outcome.exitCode).toBe(0);
    expect(outcome.stderr).toContain(
      'labctl: warning: without effect in a simulated lab: bw of links, delay of links, start of hosts',
    );
    expect(await labctl.ok('pingall')).toContain('(2/2 received)');
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });
});
