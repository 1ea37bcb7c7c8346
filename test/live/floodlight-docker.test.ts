import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, type TestContext, test, vi } from 'vitest';
import { type DockerEngine, noEngineBecause, startDockerEngine } from '../support/harness/docker-engine.ts';
import { Labctl, smallSpec } from '../support/harness/labctl.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SUPPORT = join(ROOT, 'test/stand-in');
const PYTHON = '/usr/bin/python3';
const STAND_IN = join(SUPPORT, 'floodlight-stand-in.py');
const BUSYBOX = { programs: ['/bin/busybox'], links: { '/bin/sh': 'busybox' } };
/** Apart from those that other tests' labs try first; each lab here has others. */
const [FIRST_REST_PORT, FIRST_OPENFLOW_PORT] = [28_080, 26_653];
/** For what Docker takes a while to do. */
const SOON = { timeout: 60_000, interval: 300 } as const;

interface Status {
  readonly pid: number;
  readonly controller: { readonly kind: string; readonly url: string };
  readonly entries: number;
  readonly upkeep: { readonly missing: readonly unknown[]; readonly repaired: number };
}

describe.skipIf(noEngineBecause() !== undefined)('labctl and Floodlight in Docker', () => {
  let engine: DockerEngine;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync('/tmp/lt-fd-');
    engine = await startDockerEngine();
    await engine.importImage('floodlight', {
      ...(await loadedByStandIn()),
      command: [PYTHON, STAND_IN, '--listen', '0.0.0.0', '--rest-port', '8080', '--openflow-port', '6653'],
    });
    await engine.importImage('ending', { ...BUSYBOX, command: ['/bin/sh', '-c', 'echo No more heap; exit 3'] });
    await engine.importImage('mute', { ...BUSYBOX, command: ['/bin/sh', '-c', 'echo Loading; exec sleep 600'] });
    await engine.importImage('no-pusher', {
      ...BUSYBOX,
      written: { '/www/wm/core/health/json': '{"healthy":true}' },
      command: ['/bin/sh', '-c', 'echo Modules are missing; exec busybox httpd -f -p 8080 -h /www'],
    });
  });
  afterAll(async () => {
    rmSync(folder, { recursive: true, force: true });
    await engine?.stop();
  });

  let begun = 0;
  /** Every test begins with it: a labctl of its own, for a lab of this name. */
  const begin = (
    { expect, onTestFinished }: TestContext,
    lab: string,
    variables: Readonly<Record<string, string>> = {},
    user: 'as we are' | 'ordinary' = 'as we are',
  ) => {
    begun += 1;
    const ports = {
      LABCTL_REST_PORT: String(FIRST_REST_PORT + 10 * begun),
      LABCTL_OPENFLOW_PORT: String(FIRST_OPENFLOW_PORT + 10 * begun),
    };
    const labctl = new Labctl(user, {
      LABCTL_CONTROLLER: 'auto',
      DOCKER_HOST: engine.host,
      LABCTL_FLOODLIGHT_IMAGE: 'floodlight',
      ...ports,
      ...variables,
    });
    labctl.file('lab.yaml', smallSpec(lab));
    const ofLab = (names: readonly string[]) => names.filter((name) => name.startsWith(`labctl-${lab}`));
    const remains = async () => ofLab(await engine.remains());
    onTestFinished(async () => {
      await labctl.clean();
      // A container whose lab was killed goes a little later.
      await vi.waitFor(async () => expect(await remains()).toEqual([]), SOON);
    });
    return {
      labctl,
      ports,
      url: `http://127.0.0.1:${ports.LABCTL_REST_PORT}`,
      remains,
      running: async () => ofLab(await engine.running()),
      status: async (...args: readonly string[]): Promise<Status> =>
        JSON.parse(await labctl.ok('status', '--format', 'json', ...args)),
      async nothingIsLeft() {
        expect(await remains()).toEqual([]);
        await labctl.expectNothingLeft();
      },
    };
  };
  describe.concurrent('each lab by itself', () => {
    test('auto takes it where the engine has the image; two labs at once have a container each, on ports of their own, and do as asked; down leaves nothing', async (context) => {
      const { expect } = context;
      const { labctl, ports, running, status, nothingIsLeft } = begin(context, 'docked');
      labctl.file('isolated.yaml', smallSpec('docked-too', 'forwarding: none'));
      const ups = await Promise.all([
        labctl.run('up', 'lab.yaml'),
        labctl.run('up', 'isolated.yaml', '--controller', 'floodlight'),
      ]);
      expect(ups.map(({ exitCode, stderr }) => (exitCode === 0 ? 0 : stderr))).toEqual([0, 0]);
      expect(ups[0].stderr).toContain(
        'controller: Floodlight in Docker (Docker has the image floodlight); for the embedded one: --controller embedded\n',
      );
      expect(ups[1].stderr).toContain('controller: Floodlight in Docker (asked for); ');
      expect(await running()).toHaveLength(2);
      const [first, second] = [await status('docked'), await status('docked-too')];
      expect(first.controller.url).not.toBe(second.controller.url);
      // Who finds a port taken, as both may when they look at once, takes another one of the next 200.
      for (const { controller } of [first, second]) {
        const distance = Number(new URL(controller.url).port) - Number(ports.LABCTL_REST_PORT);
        expect(distance).toBeGreaterThanOrEqual(0);
        expect(distance).toBeLessThan(200);
      }
      expect(await labctl.ok('status', 'docked')).toContain(
        `controller   Floodlight, REST at ${first.controller.url}\n`,
      );
      expect(await labctl.ok('pingall', '--lab', 'docked')).toContain('(6/6 received)');
      expect(await labctl.ok('connect', '--lab', 'docked-too', 'h1', 'h2')).toContain('(2/6 received)');
      expect(await labctl.ok('down', 'docked-too')).toBe('docked-too is down');
      expect(await labctl.ok('pingall')).toContain('(6/6 received)');
      expect(await labctl.ok('down')).toBe('docked is down');
      await nothingIsLeft();
    });

    test('--controller embedded starts no container', async (context) => {
      const { expect } = context;
      const { labctl, running, status } = begin(context, 'embedded');
      const up = await labctl.run('up', 'lab.yaml', '--controller', 'embedded');
      expect(up).toMatchObject({ exitCode: 0 });
      expect(up.stderr).toContain(
        'controller: embedded (asked for); for Floodlight: --controller floodlight, or --controller with its URL\n',
      );
      expect(await running()).toEqual([]);
      expect((await status()).controller.kind).toBe('embedded');
    });

    describe('where Docker cannot run it', () => {
      const cases: readonly {
        readonly lack: string;
        /** The lab's name. */
        readonly lab: string;
        readonly beginThere: (context: TestContext, lab: string) => ReturnType<typeof begin>;
        /** Why `auto` takes the embedded controller. */
        readonly reason: string;
        /** What `--controller floodlight` says. */
        readonly refusal: RegExp;
      }[] = [
        {
          lack: 'the engine lacks the image',
          lab: 'no-image',
          beginThere: (context, lab) => begin(context, lab, { LABCTL_FLOODLIGHT_IMAGE: 'none.invalid/floodlight' }),
          reason: "Docker's engine does not have the image none.invalid/floodlight",
          refusal:
            /^labctl: Docker image none\.invalid\/floodlight: the image cannot be pulled\n.*none\.invalid[\s\S]*see whether the network is there and the name is right \(LABCTL_FLOODLIGHT_IMAGE sets it\), or run the lab on the embedded controller: --controller embedded$/m,
        },
        {
          lack: 'no engine answers',
          lab: 'no-engine',
          beginThere: (context, lab) => begin(context, lab, { DOCKER_HOST: `unix://${folder}/none.sock` }),
          reason: "Docker's engine is not running",
          refusal:
            /^labctl: Docker: Docker's engine is not running\n {4}start it: sudo systemctl start docker, or run/m,
        },
        {
          lack: 'there is no Docker',
          lab: 'no-docker',
          beginThere: (context, lab) => begin(context, lab, { PATH: pathWithoutDocker(folder) }),
          reason: 'there is no program `docker` on PATH',
          refusal: /^labctl: Docker: there is no program `docker` on PATH\n {4}install Docker/m,
        },
        {
          lack: 'an ordinary user may not use it',
          lab: 'no-right',
          beginThere: (context, lab) => begin(context, lab, {}, 'ordinary'),
          reason: "Docker's engine does not let you use it: permission denied on its socket",
          refusal: /^labctl: Docker: .*permission denied on its socket\n {4}add yourself to the group docker/m,
        },
      ];
      const named = cases.map((each) => [each.lack, each] as const);
      test.for(named)('because %s, auto takes the embedded controller and says so', async ([_, each], context) => {
        const { expect } = context;
        const { labctl, status } = each.beginThere(context, each.lab);
        const up = await labctl.run('up', 'lab.yaml');
        expect(up).toMatchObject({ exitCode: 0 });
        expect(up.stderr).toContain(`controller: embedded (${each.reason}); for Floodlight: --controller floodlight`);
        expect(up.stderr).not.toContain('pulling');
        expect((await status()).controller.kind).toBe('embedded');
      });

      test.for(named)(
        'because %s, --controller floodlight is refused and leaves nothing',
        async ([_, each], context) => {
          const { expect } = context;
          const { labctl, nothingIsLeft } = each.beginThere(context, `${each.lab}-asked`);
          const up = await labctl.run('up', 'lab.yaml', '--controller', 'floodlight');
          expect(up).toMatchObject({ exitCode: 3, stdout: '' });
          expect(up.stderr).toMatch(each.refusal);
          await nothingIsLeft();
        },
      );
    });

    test.for([
      ['ending', /ended before it answered with exit code 3\n[\s\S]*No more heap\n[\s\S]*exited with code 3/],
      ['no-pusher', /Floodlight's log ends:\n[\s\S]*Modules are missing/],
    ] as const)(
      'the image "%s" brings no lab up: its log is shown and nothing is left',
      async ([image, told], context) => {
        const { expect } = context;
        const { labctl, nothingIsLeft } = begin(context, image, { LABCTL_FLOODLIGHT_IMAGE: image });
        const up = await labctl.run('up', 'lab.yaml');
        expect(up).toMatchObject({ exitCode: 3, stdout: '' });
        expect(up.stderr).toMatch(told);
        await nothingIsLeft();
      },
    );

    test('Ctrl-C while Floodlight starts undoes everything', async (context) => {
      const { expect } = context;
      const { labctl, running, url, nothingIsLeft } = begin(context, 'stopped', { LABCTL_FLOODLIGHT_IMAGE: 'mute' });
      const child = labctl.start('up', 'lab.yaml');
      let stderr = '';
      child.stderr?.on('data', (text) => {
        stderr += String(text);
      });
      const closed = once(child, 'close');
      await expect.poll(running, SOON).toHaveLength(1);
      expect(stderr).toContain(`... waiting for Floodlight to answer at ${url}\n`);
      child.kill('SIGINT');
      expect(await closed).toEqual([130, null]);
      expect(stderr).toContain('stopped was taken down again, nothing of it is left');
      await nothingIsLeft();
    });

    describe('where a container cannot be removed', () => {
      const left =
        /^labctl: Docker: Floodlight's container or its network could not be removed\n {4}refused by a test\n/m;
      const beginThere = (context: TestContext, lab: string, image: string) => {
        const begun = begin(context, lab, { LABCTL_FLOODLIGHT_IMAGE: image, PATH: pathWithoutRemoval(folder) });
        const doAsTold = async (stderr: string) => {
          const { expect } = context;
          const [, command = ''] = /^ {4}remove it: (.+)$/m.exec(stderr) ?? [];
          await begun.labctl.expectNothingLeft();
          expect(await begun.remains()).not.toEqual([]);
          await execa('sh', ['-c', command], { env: { DOCKER_HOST: engine.host } });
          expect(await begun.remains()).toEqual([]);
        };
        return { ...begun, doAsTold };
      };

      test('down takes the rest of the lab down, and says how to remove it', async (context) => {
        const { expect } = context;
        const { labctl, doAsTold } = beginThere(context, 'left-by-down', 'floodlight');
        await labctl.ok('up', 'lab.yaml');
        const down = await labctl.run('down');
        expect(down).toMatchObject({ exitCode: 3, stdout: 'left-by-down is down' });
        expect(down.stderr).toMatch(left);
        await doAsTold(down.stderr);
      });

      test('up says first why no lab came up', async (context) => {
        const { expect } = context;
        const { labctl, doAsTold } = beginThere(context, 'left-by-up', 'no-pusher');
        const up = await labctl.run('up', 'lab.yaml');
        expect(up).toMatchObject({ exitCode: 3, stdout: '' });
        expect(up.stderr).toMatch(left);
        expect(up.stderr.split(left)[0]).toContain("Floodlight's log ends:\n");
        await doAsTold(up.stderr);
      });

      test('Ctrl-C during up says so too', async (context) => {
        const { expect } = context;
        const { labctl, running, doAsTold } = beginThere(context, 'left-by-stop', 'mute');
        const child = labctl.start('up', 'lab.yaml');
        let stderr = '';
        child.stderr?.on('data', (text) => {
          stderr += String(text);
        });
        const closed = once(child, 'close');
        await expect.poll(running, SOON).toHaveLength(1);
        child.kill('SIGINT');
        expect(await closed).toEqual([130, null]);
        expect(stderr).toContain('left-by-stop was taken down again, but: Docker: Floodlight');
        await doAsTold(stderr);
      });
    });

    test("kill -9 of the lab's process takes the container with it, and ls tells of the lab's end", async (context) => {
      const { expect } = context;
      const { labctl, status, remains, nothingIsLeft } = begin(context, 'killed');
      await labctl.ok('up', 'lab.yaml');
      process.kill((await status()).pid, 'SIGKILL');
      await expect.poll(remains, SOON).toEqual([]);
      expect((await labctl.run('ls')).stderr).toMatch(/^killed had ended by itself \(.+\); cleaned up what it left$/m);
      await nothingIsLeft();
    });

    test('a lab whose container is killed says so, changes nothing any more, and can be taken down', async (context) => {
      const { expect } = context;
      const { labctl, running, nothingIsLeft } = begin(context, 'bereft');
      await labctl.ok('up', 'lab.yaml');
      await engine.docker('kill', ...(await running()));
      await expect
        .poll(() => labctl.ok('status'), SOON)
        .toContain("does not answer: lab bereft: Floodlight's container ended with exit code 137 (killed)");
      const connect = await labctl.run('connect', 'h1', 'h2');
      expect(connect).toMatchObject({ exitCode: 3, stdout: '' });
      expect(connect.stderr).toMatch(
        /ended with exit code 137 .*\n {4}`labctl down` and then `labctl up` start both again$/m,
      );
      expect(await labctl.ok('down')).toBe('bereft is down');
      await nothingIsLeft();
    });

    test("a restart of a lab's container is survived: every entry is put back", async (context) => {
      const { expect } = context;
      const { labctl, running, status, nothingIsLeft } = begin(context, 'restarted');
      labctl.file('connected.yaml', smallSpec('restarted', 'connections: [[h1, h2]]'));
      await labctl.ok('up', 'connected.yaml');
      const { entries } = await status();
      expect(entries).toBeGreaterThan(0);
      // As `docker restart`, on an engine so busy that it takes seconds.
      const containers = await running();
      await engine.docker('stop', '--time', '1', ...containers);
      await sleep(3_000);
      await engine.docker('start', ...containers);
      // A busy machine may lose switches, and so entries, more than once.
      const repair = async () => {
        const { entries: now, upkeep } = await status();
        return { entries: now, missing: upkeep.missing, allRepaired: upkeep.repaired >= entries };
      };
      await expect.poll(repair, SOON).toEqual({ entries, missing: [], allRepaired: true });
      await labctl.ok('down');
      await nothingIsLeft();
    });
  });

  // Alone: `auto` would take it for the others' labs, too.
  test('a Floodlight that somebody started with the compose file is used, and goes on', async (context) => {
    const { expect } = context;
    const { labctl, ports, url } = begin(context, 'guest');
    const compose = (...args: readonly string[]) =>
      execa('docker-compose', ['--project-name', 'by-hand', '--file', join(ROOT, 'docker-compose.yml'), ...args], {
        env: { DOCKER_HOST: engine.host, LABCTL_FLOODLIGHT_IMAGE: 'floodlight', ...ports },
      });
    await compose('up', '--detach');
    try {
      const answers = () =>
        fetch(`${url}/wm/core/health/json`, { signal: AbortSignal.timeout(1_000) }).then(({ ok }) => ok);
      await expect.poll(() => answers().catch(() => false), SOON).toBe(true);
      for (const controller of ['auto', 'floodlight']) {
        const up = await labctl.run('up', 'lab.yaml', '--controller', controller);
        expect(up).toMatchObject({ exitCode: 0 });
        expect(up.stderr).toContain(`controller: Floodlight at ${url} (its container runs already); for the embedded`);
        expect(await labctl.ok('pingall')).toContain('(6/6 received)');
        await labctl.ok('down');
        await labctl.expectNothingLeft();
        expect(await engine.running()).toEqual([expect.stringContaining('by-hand')]);
      }
    } finally {
      await compose('down', '--timeout', '0');
    }
  });
});

/** What the stand-in for Floodlight is made of: its own files, and what Python loads for them. */
async function loadedByStandIn(): Promise<{
  readonly programs: readonly string[];
  readonly copied: readonly string[];
}> {
  const { stdout } = await execa(PYTHON, ['-c', LIST_OF_FILES, STAND_IN]);
  const files = JSON.parse(stdout) as readonly string[];
  return {
    programs: [PYTHON, ...files.filter((file) => file.endsWith('.so'))],
    copied: files.filter((file) => !file.endsWith('.so')),
  };
}

/** Files that Python opens until the stand-in would begin to serve, and the modules that it has then. */
const LIST_OF_FILES = `
import json, os, runpy, sys
opened = set()
sys.addaudithook(lambda event, details: opened.add(details[0]) if event == 'open' else None)
sys.argv = [sys.argv[1], '--help']
try:
    sys.stdout = open(os.devnull, 'w')
    runpy.run_path(sys.argv[0])
except SystemExit:
    sys.stdout = sys.__stdout__
modules = {getattr(module, key, None) for module in list(sys.modules.values()) for key in ('__file__', '__cached__')}
files = {file for file in opened | modules | {sys.argv[0]} if isinstance(file, str) and os.path.isfile(file)}
import encodings
print(json.dumps([*sorted(file for file in files if not file.startswith(('/proc/', '/etc/'))), *encodings.__path__]))
`;

/** The machine's programs, with a `docker` that removes nothing. */
function pathWithoutRemoval(folder: string): string {
  const bin = join(folder, 'no-removal');
  const path = process.env['PATH'] ?? '';
  mkdirSync(bin, { recursive: true });
  const script = [
    '#!/bin/sh',
    'case " $* " in *" rm "*) echo refused by a test >&2; exit 1 ;; esac',
    `PATH='${path}' exec docker "$@"`,
  ];
  writeFileSync(join(bin, 'docker'), `${script.join('\n')}\n`, { mode: 0o755 });
  return [bin, path].join(delimiter);
}

/** The machine's programs, Docker's client excepted. */
function pathWithoutDocker(folder: string): string {
  const bin = join(folder, 'bin');
  if (existsSync(bin)) return bin;
  mkdirSync(bin);
  for (const path of (process.env['PATH'] ?? '').split(delimiter).filter(existsSync)) {
    for (const name of readdirSync(path)) {
      if (name !== 'docker' && !existsSync(join(bin, name))) symlinkSync(join(path, name), join(bin, name));
    }
  }
  return bin;
}
