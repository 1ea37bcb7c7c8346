import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { build } from 'rolldown';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  FloodlightContainer,
  type FloodlightContainerOptions,
  runningByHand,
} from '../../../src/drivers/floodlight/container.ts';
import { engineProblem, findEngine } from '../../../src/drivers/floodlight/docker-engine.ts';
import { type DockerEngine, noEngineBecause, startDockerEngine } from '../../support/harness/docker-engine.ts';
import { AS_NOBODY, NOBODY } from '../../support/harness/ordinary-user.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const COMPOSE_FILE = join(ROOT, 'docker-compose.yml');
const BUSYBOX = { programs: ['/bin/busybox'], links: { '/bin/sh': 'busybox' } };
const never = new AbortController().signal;
const quiet = () => {};

const lacking = noEngineBecause();
if (lacking !== undefined) process.stderr.write(`Docker is not tested: ${lacking}\n`);

describe.skipIf(lacking !== undefined)('Floodlight in Docker', () => {
  let folder: string;
  let engine: DockerEngine;
  /** A module of Floodlight's driver as JavaScript, which an ordinary user can read, too. */
  const compiled = (module: string) => join(folder, 'dist', module);
  beforeAll(async () => {
    engine = await startDockerEngine();
    await engine.importImage('answering', {
      ...BUSYBOX,
      written: { '/www/wm/core/health/json': '{"healthy":true}' },
      command: ['/bin/busybox', 'httpd', '-f', '-p', '8080', '-h', '/www'],
    });
    await engine.importImage('mute', { ...BUSYBOX, command: ['/bin/sh', '-c', 'echo Loading; exec sleep 600'] });
    folder = mkdtempSync('/tmp/lt-docker-');
    chmodSync(folder, 0o755);
    await install(folder);
    cpSync(COMPOSE_FILE, join(folder, 'docker-compose.yml'));
    vi.stubEnv('DOCKER_HOST', engine.host);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    await engine?.stop();
  });

  const logFile = (lab: string) => join(folder, `${lab}.log`);
  /** On ports that no other test takes: who loses a race for a port starts again, which takes time. */
  const start = async (
    options: Partial<FloodlightContainerOptions> & { readonly lab: string },
    signal = never,
    onStep: (step: string) => void = quiet,
  ) => {
    const ports = { restPort: await somePort(), openFlowPort: await somePort() };
    const rest = { image: 'answering', pull: false, logFile: logFile(options.lab), ...ports };
    return FloodlightContainer.start({ ...rest, ...options }, signal, onStep);
  };
  const remainsOf = async (lab: string) => (await engine.remains()).filter((name) => name.startsWith(`labctl-${lab}`));
  const idOf = (lab: string) => engine.docker('ps', '--quiet', '--filter', `label=org.labctl.lab=${lab}`);
  const runs = async (lab: string) => (await engine.running()).some((name) => name.startsWith(`labctl-${lab}`));

  // Only what leaves this process's environment alone runs side by side.
  describe.concurrent('one container per lab', () => {
    test('two labs that start at once answer on loopback, each on ports of its own and on none that is taken; they say what they wait for, and leave nothing, stopped or ended', async ({
      expect,
    }) => {
      const [rest, openFlow] = [await listening(), await listening()];
      const steps: string[] = [];
      const taken = { restPort: rest.port, openFlowPort: openFlow.port };
      const [plain, killed] = await Promise.all([
        start({ lab: 'plain', ...taken }, never, (step) => steps.push(step)),
        start({ lab: 'killed', ...taken }),
      ]).finally(() => {
        rest.server.close();
        openFlow.server.close();
      });
      const ports = [plain, killed].flatMap(({ url, openFlowPort }) => [Number(new URL(url).port), openFlowPort]);
      expect(new Set([...ports, rest.port, openFlow.port]).size).toBe(6);
      for (const { url } of [plain, killed]) {
        expect(new URL(url).hostname).toBe('127.0.0.1');
        expect(await (await fetch(`${url}/wm/core/health/json`)).json()).toEqual({ healthy: true });
      }
      expect(steps.slice(-2)).toEqual([
        'starting Floodlight in Docker (answering)',
        `waiting for Floodlight to answer at ${plain.url}`,
      ]);
      const [container] = JSON.parse(await engine.docker('inspect', await idOf('plain')));
      expect(container.HostConfig).toMatchObject({ Memory: 2 * 1024 ** 3, Init: true });
      expect(['', 'no']).toContain(container.HostConfig.RestartPolicy.Name);
      expect(container.HostConfig.PortBindings).toEqual({
        '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: new URL(plain.url).port }],
        '6653/tcp': [{ HostIp: '127.0.0.1', HostPort: `${plain.openFlowPort}` }],
      });

      await engine.docker('kill', await idOf('killed'));
      expect(await killed.died).toMatch(/^Floodlight's container ended with exit code 137 \(killed\)/);
      expect(await remainsOf('killed')).toEqual([]);
      await killed.stop();
      await plain.stop();
      expect(await remainsOf('plain')).toEqual([]);
      await plain.stop();
    });

    test('a container that never answers shows its log after the time-out, and leaves nothing', async ({ expect }) => {
      await expect(start({ lab: 'mute', image: 'mute', timeoutMs: 1_000 })).rejects.toThrow(
        /did not answer at http:\/\/127\.0\.0\.1:\d+ within 1 s\n[\s\S]*Loading/,
      );
      expect(await remainsOf('mute')).toEqual([]);
    });

    test('kill -9 of its process while Floodlight starts leaves nothing', async ({ expect }) => {
      const child = execa(process.execPath, ['--input-type=module', '--eval', STARTER], {
        env: { LAB: 'early', IMAGE: 'mute', MODULE: compiled('container.js'), LOG: logFile('early') },
        reject: false,
      });
      await said(child, 'waiting');
      await expect.poll(() => runs('early'), { timeout: 60_000, interval: 200 }).toBe(true);
      child.kill('SIGKILL');
      await child;
      await expect.poll(() => remainsOf('early'), { timeout: 60_000, interval: 200 }).toEqual([]);
    });

    test("a lab waits for the removal of an earlier container of its name, leaves another lab's alone and names it", async ({
      expect,
    }) => {
      const earlier = await start({ lab: 'again' });
      const id = await idOf('again');
      await expect(start({ lab: 'again', logFile: logFile('again-1'), removalMs: 1_000 })).rejects.toThrow(
        new RegExp(`in container ${id}[\\s\\S]*--lab[\\s\\S]*docker rm --force ${id}`),
      );
      expect(await idOf('again')).toBe(id);

      const steps: string[] = [];
      const later = start({ lab: 'again', logFile: logFile('again-2') }, never, (step) => steps.push(step));
      await expect
        .poll(() => steps, { timeout: 60_000 })
        .toContain('waiting for the container of an earlier lab of this name to be removed');
      await earlier.stop();
      const floodlight = await later;
      expect(await runs('again')).toBe(true);
      await floodlight.stop();
      expect(await remainsOf('again')).toEqual([]);
    });

    test('no free port from the one asked for to the last is refused before anything is started', async ({
      expect,
    }) => {
      const { server } = await listening(65_535);
      try {
        await expect(start({ lab: 'full', restPort: 65_535 })).rejects.toThrow(
          '127.0.0.1, port 65535: another program listens there',
        );
      } finally {
        server.close();
      }
      expect(await remainsOf('full')).toEqual([]);
    });

    test('an image that the engine lacks is not pulled unasked', async ({ expect }) => {
      expect(await findEngine({ image: 'none.invalid/floodlight', signal: never })).toEqual({ kind: 'no-image' });
      await expect(start({ lab: 'lacking', image: 'none.invalid/floodlight' })).rejects.toThrow(
        /does not have the image: "none\.invalid\/floodlight"[\s\S]*docker pull none\.invalid\/floodlight/,
      );
    });

    test('an image that cannot be pulled is an error with the reason', async ({ expect }) => {
      const steps: string[] = [];
      const options = { lab: 'unpulled', image: 'none.invalid/floodlight', pull: true };
      await expect(start(options, never, (step) => steps.push(step))).rejects.toThrow(
        /image none\.invalid\/floodlight: the image cannot be pulled\n.*none\.invalid[\s\S]*network/,
      );
      expect(steps).toEqual(['pulling none.invalid/floodlight']);
    });

    test('a Floodlight started by hand is healthy, found, and left alone', async ({ expect }) => {
      const [rest, openFlow] = [await somePort(), await somePort()];
      const byHand = (...args: readonly string[]) =>
        execa('docker-compose', ['--project-name', 'by-hand', '--file', COMPOSE_FILE, ...args], {
          env: {
            LABCTL_FLOODLIGHT_IMAGE: 'answering',
            LABCTL_REST_PORT: `${rest}`,
            LABCTL_OPENFLOW_PORT: `${openFlow}`,
          },
        });
      const floodlight = await start({ lab: 'beside' });
      expect(await runningByHand(never)).toBeUndefined();
      await byHand('up', '--detach');
      const found = { url: `http://127.0.0.1:${rest}`, openFlowPort: openFlow };
      expect(await runningByHand(never)).toEqual(found);
      await floodlight.stop();
      expect(await runningByHand(never)).toEqual(found);
      const health = () => engine.docker('ps', '--filter', 'name=by-hand', '--format', '{{.Status}}');
      await expect.poll(health, { timeout: 60_000, interval: 500 }).toContain('(healthy)');
      await byHand('down', '--timeout', '0');
      expect(await runningByHand(never)).toBeUndefined();
    });

    test('a user of the group docker can start and stop it', async ({ expect }) => {
      const home = join(folder, 'home');
      mkdirSync(home);
      chownSync(home, NOBODY, NOBODY);
      const { gid } = statSync(new URL(engine.host.replace('unix:', 'file:')));
      const [setpriv = '', ...options] = AS_NOBODY.map((part) =>
        part === '--clear-groups' ? `--groups=${gid}` : part,
      );
      const child = execa(setpriv, [...options, process.execPath, '--input-type=module', '--eval', STARTER], {
        cwd: '/',
        env: {
          LAB: 'member',
          IMAGE: 'answering',
          MODULE: compiled('container.js'),
          LOG: join(home, 'log'),
          HOME: home,
        },
      });
      await said(child, 'up');
      expect(await runs('member')).toBe(true);
      child.kill('SIGTERM');
      await child.catch(quiet);
      await expect.poll(() => remainsOf('member'), { timeout: 60_000, interval: 200 }).toEqual([]);
    });
  });

  /** Puts a program `docker` before the machine's, which does all but `compose`; that is up to the given lines. */
  const withDocker = async (name: string, compose: string, path: (bin: string) => string) => {
    const bin = join(folder, name);
    mkdirSync(bin);
    const { stdout: docker } = await execa('which', ['docker']);
    const text = `#!/bin/sh\n[ "$1" = compose ] || exec ${docker} "$@"\nshift\n${compose}\n`;
    writeFileSync(join(bin, 'docker'), text, { mode: 0o755 });
    const before = process.env['PATH'];
    process.env['PATH'] = path(bin);
    return () => {
      process.env['PATH'] = before;
    };
  };

  test("Docker's compose plugin comes before docker-compose, and runs the same", async () => {
    const calls = join(folder, 'calls');
    const plugin = `echo "$@" >>${calls}\n[ "$1" = version ] || docker-compose "$@"`;
    const restore = await withDocker('plugin', plugin, (bin) => `${bin}:${process.env['PATH']}`);
    try {
      const finding = await findEngine({ image: 'answering', signal: never });
      expect(finding).toEqual({ kind: 'ready', compose: ['docker', 'compose'] });
      const floodlight = await start({ lab: 'plugin' });
      expect(readFileSync(calls, 'utf8')).toMatch(/^--project-name labctl-plugin .* up /m);
      await floodlight.stop();
      expect(await remainsOf('plugin')).toEqual([]);
    } finally {
      restore();
    }
  });

  test('a machine with neither compose program says which to install', async () => {
    const restore = await withDocker('no-compose', 'exit 1', (bin) => bin);
    try {
      expect(await findEngine({ image: 'answering', signal: never })).toEqual({ kind: 'no-compose' });
      await expect(start({ lab: 'no-compose' })).rejects.toThrow(/neither `docker compose` nor `docker-compose`/);
    } finally {
      restore();
    }
  });

  test('a user outside of the group docker is told of the group', async () => {
    const [setpriv = '', ...options] = AS_NOBODY;
    const { stdout } = await execa(setpriv, [...options, process.execPath, '--input-type=module', '--eval', ASKER], {
      cwd: '/',
      env: { MODULE: compiled('docker-engine.js') },
    });
    expect(JSON.parse(stdout)).toMatchObject({
      finding: { kind: 'no-answer', reason: 'permission-denied' },
      problem: { kind: 'environment', code: 'no-engine', remedy: expect.stringContaining('usermod -aG docker') },
    });
  });

  test('an installation without its compose file says so', async () => {
    const copy = join(folder, 'installation');
    await install(copy);
    const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', STARTER], {
      env: {
        LAB: 'bare',
        IMAGE: 'answering',
        MODULE: join(copy, 'dist/container.js'),
        LOG: logFile('bare'),
      },
    });
    expect(stdout).toContain(`${join(copy, 'docker-compose.yml')}: there is no such file`);
  });
});

describe('without an engine', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync('/tmp/lt-docker-');
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  test('no docker program: nothing is started, and the embedded controller is named', async () => {
    vi.stubEnv('PATH', folder);
    const finding = await findEngine({ image: 'answering', signal: never });
    expect(finding).toEqual({ kind: 'no-docker' });
    expect(await runningByHand(never)).toBeUndefined();
    expect(engineProblem({ kind: 'no-docker' }, 'answering')).toMatchObject({
      kind: 'environment',
      remedy: expect.stringMatching(/apt-get install docker\.io[\s\S]*--controller embedded/),
    });
  });

  test.skipIf(lacking !== undefined)('an engine that does not run is told from one that does', async () => {
    vi.stubEnv('DOCKER_HOST', `unix://${folder}/none.sock`);
    const rest = { restPort: 8080, openFlowPort: 6653, logFile: join(folder, 'log') };
    const options = { lab: 'none', image: 'answering', pull: true, ...rest };
    await expect(FloodlightContainer.start(options, never, quiet)).rejects.toThrow(
      /engine is not running\n.*systemctl start docker/,
    );
    expect(await runningByHand(never)).toBeUndefined();
  });

  test.skipIf(lacking !== undefined)('an engine that accepts and never answers is given up', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(join(folder, 'deaf.sock'), resolve));
    try {
      vi.stubEnv('DOCKER_HOST', `unix://${folder}/deaf.sock`);
      expect(await findEngine({ image: 'answering', signal: never, timeoutMs: 500 })).toMatchObject({
        kind: 'no-answer',
        reason: 'timeout',
      });
    } finally {
      server.close();
    }
  });
});

/** A process that starts a container, says what it does, and stays. */
const STARTER = `
const { FloodlightContainer } = await import(process.env.MODULE);
const ports = { restPort: 8080, openFlowPort: 6653 };
const options = { lab: process.env.LAB, image: process.env.IMAGE, pull: false, logFile: process.env.LOG, ...ports };
const say = (step) => console.log(step.split(' ')[0]);
try {
  await FloodlightContainer.start(options, new AbortController().signal, say);
  console.log('up');
  setInterval(() => {}, 1000);
} catch (error) {
  console.log(error.message);
}
`;

/** A process that says what it finds. */
const ASKER = `
const { findEngine, engineProblem } = await import(process.env.MODULE);
const finding = await findEngine({ image: 'answering', signal: new AbortController().signal });
console.log(JSON.stringify({ finding, problem: engineProblem(finding, 'answering') }));
`;

/** An installation of labctl in a folder, of nothing but Floodlight's driver, and without its compose file. */
async function install(installation: string): Promise<void> {
  const driver = join(ROOT, 'src/drivers/floodlight');
  await build({
    input: [join(driver, 'container.ts'), join(driver, 'docker-engine.ts')],
    platform: 'node',
    output: { dir: join(installation, 'dist') },
  });
  cpSync(join(ROOT, 'package.json'), join(installation, 'package.json'));
}

/** Resolves when a process has printed the line; fails when it ends before. */
async function said(child: { readonly stdout: Readable }, line: string): Promise<void> {
  // Not of the process: that would wait for its end.
  for await (const text of createInterface(child.stdout)) if (text === line) return;
  throw new Error(`the process ended and has not said: ${line}`);
}

async function somePort(): Promise<number> {
  const { server, port } = await listening();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function listening(wanted = 0): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(wanted, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return { server, port: address.port };
}
