import { spawn } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { Agent, request } from 'undici';

/** What an image holds, beside empty `/tmp` and `/run`. */
interface ImageContents {
  /** Programs and shared libraries of this machine by absolute path, copied with the libraries that they load. */
  readonly programs?: readonly string[];
  /** Files and whole folders of this machine by absolute path, copied to the same path. */
  readonly copied?: readonly string[];
  /** Text files by absolute path; one that begins with `#!` is executable. */
  readonly written?: Readonly<Record<string, string>>;
  /** Symbolic links by absolute path, with what they point to. */
  readonly links?: Readonly<Record<string, string>>;
  /** What the container runs: an absolute path, and arguments. */
  readonly command: readonly string[];
}

/** A Docker engine of the tests' own. */
export interface DockerEngine {
  /** For `DOCKER_HOST`. */
  readonly host: string;
  /** Runs `docker` against it, and returns stdout; throws when it fails. */
  docker(...args: readonly string[]): Promise<string>;
  /** Containers that run, by name. */
  running(): Promise<readonly string[]>;
  /** Makes an image. It is copied whole for each of its containers: keep it small. */
  importImage(name: string, contents: ImageContents): Promise<void>;
  /** Containers (by name, also ended ones) and networks of lab controllers. */
  remains(): Promise<readonly string[]>;
  /** Ends it with all containers; throws when a process of it is left. */
  stop(): Promise<void>;
}

/**
 * Why a Docker engine cannot be run, where tests may therefore be skipped: never in CI, and never as root, for whom
 * `scripts/test` installs what is needed.
 */
export function noEngineBecause(): string | undefined {
  return userInfo().uid === 0 || process.env['CI'] === 'true' ? undefined : 'a Docker engine needs root';
}

/**
 * Publishes a container's port as Docker's own proxy does, except that it listens outside of the engine's network
 * namespace: the engine's bridge and its interfaces never appear on the machine, and its containers can be reached all
 * the same. Docker starts it with the addresses as options and reads "0" from descriptor 3, or "1" and the reason.
 */
const PROXY = `#!/usr/bin/python3 -IS
import argparse, asyncio, ctypes, os, signal, socket, sys

signal.signal(signal.SIGINT, signal.SIG_DFL)
parser = argparse.ArgumentParser(allow_abbrev=False)
for option in ('-proto', '-host-ip', '-host-port', '-container-ip', '-container-port'):
    parser.add_argument(option)
options, _ = parser.parse_known_args()
container = (options.container_ip, int(options.container_port))
listening = (options.host_ip, int(options.host_port))
libc = ctypes.CDLL(None, use_errno=True)


def enter(namespace):
    fd = os.open(namespace, os.O_RDONLY)
    if libc.setns(fd, 0) != 0:
        raise OSError(ctypes.get_errno(), 'setns')
    os.close(fd)


async def copy(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.write_eof()
    except OSError:
        writer.close()


async def relay(reader, writer):
    try:
        inner_reader, inner_writer = await asyncio.open_connection(*container)
    except OSError:
        writer.transport.abort()
        return
    await asyncio.gather(copy(reader, inner_writer), copy(inner_reader, writer))
    inner_writer.close()
    writer.close()


async def main():
    os.set_inheritable(3, False)
    inside = '/proc/self/ns/net'
    home = os.open(inside, os.O_RDONLY)
    enter(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'outside'))
    outside = socket.socket()
    libc.setns(home, 0)
    outside.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        outside.bind(listening)
    except OSError as error:
        reason = os.strerror(error.errno).lower()
        os.write(3, f'1\\nlisten tcp4 {listening[0]}:{listening[1]}: bind: {reason}\\n'.encode())
        sys.exit(1)
    server = await asyncio.start_server(relay, sock=outside)
    os.write(3, b'0\\n')
    os.close(3)
    await server.serve_forever()


asyncio.run(main())
`;

/**
 * Runs in mount and process namespaces of its own, with the engine's folder as argument; the engine goes on into a
 * network namespace. What it keeps under /run and /etc/docker, and its mounts, go with the namespaces.
 */
const START = `
set -eu
folder=$1 cgroup=$2
touch "$folder/outside"
mount --bind /proc/self/ns/net "$folder/outside"
mount -t tmpfs tmpfs /run
mkdir -p /etc/docker
mount -t tmpfs tmpfs /etc/docker
exec unshare --net sh -c 'ip link set lo up; exec "$@"' sh dockerd \
  --storage-driver=vfs --data-root "$folder/data" --exec-root "$folder/exec" --pidfile "$folder/pid" \
  --host "unix://$folder/docker.sock" --iptables=false --ip6tables=false \
  --userland-proxy=true --userland-proxy-path="$folder/proxy" \
  --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent="/$cgroup" >"$folder/log" 2>&1
`;

const START_TIMEOUT_MS = 60_000;
const END_TIMEOUT_MS = 20_000;
const CGROUPS = '/sys/fs/cgroup';

/** Starts an engine, as root; takes about a second, and a busy machine longer. */
export async function startDockerEngine(): Promise<DockerEngine> {
  if (userInfo().uid !== 0) throw new Error('a Docker engine needs root');
  const folder = mkdtempSync('/tmp/ld-');
  // Whether others may use it is decided by its socket.
  chmodSync(folder, 0o755);
  const cgroup = folder.slice(1).replaceAll('/', '-');
  writeFileSync(join(folder, 'proxy'), PROXY, { mode: 0o755 });
  const namespaces = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', '--', 'unshare', ...namespaces, 'sh', '-c', START, 'sh', folder, cgroup],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env['PATH'] } },
  );
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  let hasEnded = false;
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      complaint += error.message;
      resolve();
    });
    child.once('close', () => resolve());
  }).then(() => {
    hasEnded = true;
  });

  const host = `unix://${folder}/docker.sock`;
  const env = { DOCKER_HOST: host };
  const docker = async (...args: readonly string[]) => (await execa('docker', args, { env, stdin: 'ignore' })).stdout;
  // Tests ask often; each program that does so costs more than the answer.
  const socket = new Agent({ connect: { socketPath: `${folder}/docker.sock` } });
  const ask = async <Item>(path: string) =>
    (await (await request(`http://localhost${path}`, { dispatcher: socket })).body.json()) as readonly Item[];
  const containers = async (path: string) =>
    (await ask<{ Names: readonly string[] }>(path)).map(({ Names: [name = ''] }) => name.slice(1));
  const stop = async () => {
    await socket.destroy();
    // With unshare ends the first process of its namespaces, and with that every other one of them, a moment later.
    child.kill('SIGKILL');
    await ended;
    await removed(folder, cgroup);
  };

  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await execa('docker', ['version'], { env, reject: false, timeout: 2_000 })).stdout.includes('Server')) {
    if (hasEnded || performance.now() > deadline) {
      const log = existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8').slice(-2_000) : '';
      await stop();
      throw new Error(`dockerd did not start: ${complaint}\n${log}`);
    }
    await sleep(50);
  }
  return {
    host,
    docker,
    importImage: async (name, contents) => importImage(name, contents, env),
    running: async () => containers('/containers/json'),
    remains: async () => [
      ...(await containers('/containers/json?all=true')),
      ...(await ask<{ Name: string }>('/networks?filters={"type":["custom"]}')).map(({ Name }) => Name),
    ],
    stop,
  };
}

async function importImage(
  name: string,
  { programs = [], copied = [], written = {}, links = {}, command }: ImageContents,
  env: NodeJS.ProcessEnv,
): Promise<void> {
  const tree = mkdtempSync('/tmp/ld-image-');
  const inside = (path: string) => {
    const target = join(tree, path);
    mkdirSync(dirname(target), { recursive: true });
    return target;
  };
  try {
    chmodSync(tree, 0o755);
    for (const folder of ['tmp', 'run']) mkdirSync(join(tree, folder));
    const libraries = await Promise.all(programs.map(librariesOf));
    for (const path of new Set([...programs, ...libraries.flat()])) {
      await execa('cp', ['--dereference', path, inside(path)]);
    }
    // With their times, by which Python knows whether a compiled module is that of its source.
    const options = { recursive: true, preserveTimestamps: true, verbatimSymlinks: true };
    for (const path of copied) cpSync(path, inside(path), options);
    for (const [path, text] of Object.entries(written)) {
      writeFileSync(inside(path), text, { mode: text.startsWith('#!') ? 0o755 : 0o644 });
    }
    for (const [path, target] of Object.entries(links)) symlinkSync(target, inside(path));
    const change = `CMD ${JSON.stringify(command)}`;
    await execa({ env })`tar --create --directory ${tree} .`.pipe('docker', ['import', '--change', change, '-', name], {
      env,
    });
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

/** The shared libraries that a program loads, and their loader; none of a static one. */
async function librariesOf(program: string): Promise<readonly string[]> {
  accessSync(program, constants.R_OK);
  const { stdout } = await execa('ldd', [program], { reject: false });
  return stdout.split('\n').flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
}

/** Removes an ended engine's files, and the control groups of its containers. */
async function removed(folder: string, cgroup: string): Promise<void> {
  const runs = () => readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(`${folder}/`));
  const deadline = performance.now() + END_TIMEOUT_MS;
  while (runs()) {
    if (performance.now() > deadline) throw new Error(`processes of the Docker engine in ${folder} still run`);
    await sleep(20);
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  const roots = [CGROUPS, ...readdirSync(CGROUPS).map((name) => join(CGROUPS, name))];
  for (const root of roots) removeGroups(join(root, cgroup));
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** Control groups are removed one by one, from the leaves: their files cannot be. */
function removeGroups(group: string): void {
  if (!existsSync(group)) return;
  for (const item of readdirSync(group, { withFileTypes: true })) {
    if (item.isDirectory()) removeGroups(join(group, item.name));
  }
  rmdirSync(group);
}
