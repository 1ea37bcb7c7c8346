import { readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { describe, expect, test } from 'vitest';
import { runTopologyProgram } from '../../../src/drivers/mininet/topology-program.ts';
import { ProblemError } from '../../../src/model/problem.ts';
import { whereOf } from '../../support/harness/input-problems.ts';

const NEVER = new AbortController().signal;

function run(source: string, topo?: string, signal = NEVER, timeLimitSeconds?: number) {
  const program = { file: 'net.py', folder: '/', source, ...(topo === undefined ? {} : { topo }) };
  return runTopologyProgram(program, signal, timeLimitSeconds);
}

/** The only problem with a program, as a person reads it, without its remedy. */
async function problemOf(source: string, topo?: string, timeLimitSeconds?: number): Promise<string> {
  const error = await run(source, topo, NEVER, timeLimitSeconds).catch((reason: unknown) => reason);
  if (!(error instanceof ProblemError)) throw error;
  expect(error.problems).toHaveLength(1);
  expect(error.problems[0]).toMatchObject({ kind: 'input', remedy: expect.stringMatching(/\w/) });
  return error.problems.map((problem) => `${whereOf(problem)} ${problem.cause}`).join('\n');
}

/** Command lines of this machine's processes that contain a text. */
function commandsWith(text: string): readonly string[] {
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const command = /^\d+$/.test(pid)
        ? readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
        : '';
      return command.includes(text) ? [command] : [];
    } catch {
      return [];
    }
  });
}

const LINE = `from mininet.topo import Topo
print('this goes nowhere')
class Line(Topo):
    def build(self, n=2, bw=None):
        last = self.addSwitch('s1')
        for i in range(1, n + 1):
            host = self.addHost('h%d' % i, ip='10.0.0.%d/8' % (100 + i))
            self.addLink(host, last, port2=10 * i, bw=bw)
`;

describe('a program of a topology', () => {
  test('gives nodes, links, ports and options, each with its line, in the order of Mininet', async () => {
    const topology = await run(`${LINE}topos = {'line': Line, 'other': lambda: Line(5)}`, 'line,2,bw=0.5');
    expect(topology).toEqual({
      name: 'line',
      cpus: cpus().length,
      hosts: [
        { name: 'h1', line: 7, options: { ip: '10.0.0.101/8' }, forwards: false },
        { name: 'h2', line: 7, options: { ip: '10.0.0.102/8' }, forwards: false },
      ],
      switches: [{ name: 's1', line: 5, options: {}, forwards: false }],
      links: [
        { nodes: ['h1', 's1'], ports: [0, 10], line: 8, options: { bw: 0.5 } },
        { nodes: ['h2', 's1'], ports: [0, 20], line: 8, options: { bw: 0.5 } },
      ],
    });
  });

  test('is its only class where it has no topos, and not the class that this one extends', async () => {
    const topology = await run(`${LINE}class Longer(Line):\n    def build(self):\n        Line.build(self, n=11)`);
    expect(topology.name).toBe('Longer');
    expect(topology.hosts.map(({ name }) => name)).toEqual([
      ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'h7', 'h8', 'h9', 'h10', 'h11'],
    ]);
  });

  test('gives values that JSON does not have as text, classes by their names', async () => {
    const { switches } = await run(
      `from mininet.topo import Topo
from mininet.node import OVSBridge
class T(Topo):
    def build(self):
        self.addSwitch('s1', cls=OVSBridge, a=1 << 80, b=float('nan'), c={'x': [1]}, d=None, e=True)`,
    );
    expect(switches[0]?.options).toEqual({
      cls: 'OVSBridge',
      a: '1208925819614629174706176',
      b: 'nan',
      c: { x: [1] },
      d: null,
      e: true,
    });
  });

  test('cannot write files, reach a network, or see the processes and the sockets of others', async () => {
    const { hosts } = await run(`import os, socket
from mininet.topo import Topo
def attempt(work):
    try:
        work()
        return 'done'
    except OSError as error:
        return os.strerror(error.errno)
class T(Topo):
    def build(self):
        connect = lambda family, address: socket.socket(family).connect(address)
        self.addHost('h1',
            tmp=attempt(lambda: open('/tmp/written', 'w')),
            etc=attempt(lambda: open('/etc/written', 'w')),
            kernel=attempt(lambda: open('/proc/sys/kernel/hostname', 'w')),
            command=os.system('touch /var/tmp/written'),
            network=attempt(lambda: connect(socket.AF_INET, ('127.0.0.1', 22))),
            run=len(os.listdir('/run')),
            processes=len([name for name in os.listdir('/proc') if name.isdigit()]),
            capabilities=[line.split()[1] for line in open('/proc/self/status') if line.startswith('CapEff')][0],
            unshared=os.system('unshare --user --mount --map-root-user mount -o remount,rw / 2>/dev/null'))`);
    expect(hosts[0]?.options).toMatchObject({
      tmp: 'Read-only file system',
      etc: expect.stringMatching(/Read-only file system|Permission denied/),
      kernel: expect.stringMatching(/Read-only file system|Permission denied/),
      network: 'Network is unreachable',
      run: 0,
      processes: 1,
      capabilities: '0000000000000000',
    });
    expect(hosts[0]?.options['command']).not.toBe(0);
    expect(hosts[0]?.options['unshared']).not.toBe(0);
  });
});

describe('what is wrong is told with the line of the program', () => {
  test.each([
    ['no topology', 'x = 1', /^net\.py the program has no topos = \{\.\.\.\} and no class/],
    ['several', `${LINE}topos = {'a': Line, 'b': Line}`, /^net\.py the program has several topologies: a, b$/],
    ['another language', 'int main()', /^net\.py:1:5 not valid Python 3: invalid syntax$/],
    ['Python 2', '\nprint "x"', /^net\.py:2:1 not valid Python 3: Missing parentheses in call to 'print'/],
    [
      'an exception',
      'def f():\n    return 1 / 0\nf()',
      /^net\.py:2:1 the program raises ZeroDivisionError: division by zero$/,
    ],
    [
      'an exception in Mininet',
      `from mininet.topo import Topo\nclass T(Topo):\n  def build(self):\n    self.addLink('a')`,
      /^net\.py:4:1 the program raises TypeError: /,
    ],
    [
      'a module that is not there',
      'import networkz',
      /^net\.py:1:1 the program raises ModuleNotFoundError: No module named 'networkz'$/,
    ],
    ['its own end', 'import sys\nsys.exit(0)', /^net\.py:2:1 the program raises SystemExit: 0$/],
    ['its sudden end', 'import os\nos._exit(0)', /^net\.py the program ended before it had made a topology/],
    ['too much memory', 'x = [0]\nwhile True: x = x + x', /^net\.py:2:1 the program raises MemoryError$/],
    ['no end of recursion', 'def f(): f()\nf()', /^net\.py:1:1 the program raises RecursionError: /],
    [
      'something else than a Topo',
      'topos = {"a": dict}',
      /^net\.py topos\['a'\] makes no mininet\.topo\.Topo but a dict$/,
    ],
    [
      'a network that it starts',
      'from mininet.net import Mininet\nMininet().start()',
      /^net\.py:2:1 the program raises /,
    ],
    [
      'a forged answer',
      'import os\nos.write(3, b"[]\\n")\nos._exit(0)',
      /^net\.py the program ended before it had made a topology/,
    ],
  ])('%s', async (_, source, problem) => {
    expect(await problemOf(source)).toMatch(problem);
  });

  test('a topology that it does not have', async () => {
    expect(await problemOf(`${LINE}topos = {'a': Line}`, 'b')).toBe('net.py the program has no topology b');
  });
});

describe('a program that does not end is ended', () => {
  test.each([
    ['and prints', 'while True: print("x" * 1000)'],
    [
      'and heeds no signal',
      'import signal, time\nfor n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)\nwhile True: time.sleep(9)',
    ],
    ['and forks', 'import os\nwhile True:\n  try: os.fork()\n  except OSError: pass'],
  ])('%s', async (_, source) => {
    expect(await problemOf(source, undefined, 1)).toBe(
      'net.py the program makes no topology within 1 s, and was stopped',
    );
  });

  test('with all that it started', async () => {
    const marker = `987${process.pid}`;
    const started = `import os, time\nif os.fork() == 0:\n    os.setsid()\n    os.execvp('sleep', ['sleep', '${marker}'])\n`;
    const interrupted = new AbortController();
    const running = run(`${started}while True: time.sleep(9)`, undefined, interrupted.signal);
    await expect.poll(() => commandsWith(`sleep ${marker}`), { timeout: 60_000, interval: 50 }).toHaveLength(1);
    interrupted.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
    expect(commandsWith(`sleep ${marker}`)).toEqual([]);

    await run(`${started}${LINE}`);
    expect(commandsWith(`sleep ${marker}`)).toEqual([]);
  });
});

test('routers are known by the code of their classes, and the VLAN of a host by its class', async () => {
  const { hosts } = await run(`from functools import partial
from mininet.node import Host, Node
from mininet.nodelib import NAT
from mininet.topo import Topo

class Router(Node):
    def config(self, **params):
        super().config(**params)
        self.cmd('sysctl', '-w', 'net.ipv4.ip_forward = 1')

class Written(Router):
    def config(self, **params):
        for line in ['echo 1 > /proc/sys/net/ipv4/ip_forward']:
            self.cmd(line)

class Ended(Host):
    def terminate(self):
        self.cmd('sysctl net.ipv4.ip_forward=1')

class VLANHost(Host):
    def config(self, vlan=100, **params):
        super().config(**params)

class All(Topo):
    def build(self):
        for name, cls in {'a': Router, 'b': Written, 'c': Ended, 'd': NAT, 'e': Host, 'f': None}.items():
            self.addHost(name, cls=cls)
        self.addHost('g', cls=VLANHost)
        self.addHost('h', cls=partial(VLANHost, vlan=7), setup=['x', 1], subnets={'h-eth0': ['10.0.0.1/8']})
`);
  expect(hosts.map(({ forwards }) => forwards)).toEqual([true, true, false, false, false, false, false, false]);
  expect(hosts.slice(6).map(({ options }) => options)).toEqual([
    { cls: 'VLANHost', vlan: 100 },
    { cls: 'VLANHost', vlan: 7, setup: ['x', 1], subnets: { 'h-eth0': ['10.0.0.1/8'] } },
  ]);
});
