import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Floodlight, startFloodlight } from '../stand-in/floodlight-stand-in.ts';
import { HttpStub } from '../support/fakes/http-stub.ts';
import { type Intervention, type ProxiedRequest, RestProxy } from '../support/fakes/rest-proxy.ts';
import { recordedBody } from '../support/fixtures/recorded-exchanges.ts';
import { Labctl, smallSpec } from '../support/harness/labctl.ts';

/** For what a lab mends by itself. */
const MENDING = { timeout: 40_000, interval: 250 };
const LIST = '/wm/staticentrypusher/list/all/json';
const SWITCHES = '/wm/core/controller/switches/json';

/** With a Java stack trace, as Floodlight gives it. */
const stackTrace = recordedBody('empty-body');
/** Of a list that holds an entry with write actions: a brace is missing. */
const brokenList = recordedBody('write-actions-list');
/** In single quotes. */
const quoted = recordedBody('clear-bad-dpid');

/** A port of loopback at which nothing listens. */
async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('a controller that is none ends `up` with exit code 3, and nothing is left of the lab', () => {
  let labctl: Labctl;
  let stub: HttpStub | undefined;
  beforeAll(() => {
    labctl = new Labctl();
    labctl.file('lab.yaml', smallSpec('no-controller'));
  });
  afterEach(async () => {
    await stub?.stop();
    stub = undefined;
  });
  afterAll(() => labctl.clean());

  const up = async (url: string, ...more: readonly string[]) => {
    const outcome = await labctl.run('up', 'lab.yaml', '--controller', url, ...more);
    expect(outcome).toMatchObject({ exitCode: 3, stdout: '' });
    await labctl.expectNothingLeft();
    expect(await labctl.ok('ls')).toBe('no lab is running');
    return outcome.stderr;
  };

  test('one that refuses connections', async () => {
    const url = `http://127.0.0.1:${await closedPort()}`;
    expect(await up(url)).toContain(
      `GET ${url}${LIST}: nothing listens there (connection refused)\n    Start the controller, or give its right address and port`,
    );
  });

  test('one that never answers', async () => {
    stub = new HttpStub(() => undefined);
    const url = await stub.start();
    expect(await up(url)).toContain(
      `GET ${url}${LIST}: the controller did not answer within 10 s\n    Restart a Floodlight that no longer answers`,
    );
  });

  test('one that answers HTML', async () => {
    stub = new HttpStub(() => ({ status: 200, body: '<!DOCTYPE html><p>It works!' }));
    const url = await stub.start();
    const stderr = await up(url);
    expect(stderr).toContain(`GET ${url}${LIST}: an HTML page came`);
    expect(stderr.split('\n').at(-1)).toContain('See whether');
    expect(stderr).not.toMatch(/^\s+at \S+ ?\(/m);
    expect(stub.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  test('one that takes no switches at its OpenFlow port', async () => {
    stub = new HttpStub((_, path) => ({ status: 200, body: path === SWITCHES ? '[]' : '{}' }));
    const port = await closedPort();
    expect(await up(await stub.start(), '--openflow-port', String(port))).toContain(
      `OpenFlow at 127.0.0.1:${port}: the controller takes no switches there (connection refused)\n    give the controller's OpenFlow port with --openflow-port`,
    );
  });

  test('the OpenFlow port of one, in place of its REST interface', async () => {
    const floodlight = await startFloodlight();
    try {
      const url = `http://127.0.0.1:${floodlight.openflowPort}`;
      expect(await up(url)).toContain(`GET ${url}${LIST}: `);
    } finally {
      await floodlight.stop();
    }
  });
});

describe('a controller that fails in the middle of `connect`', () => {
  let floodlight: Floodlight;
  let proxy: RestProxy;
  let labctl: Labctl;
  beforeAll(async () => {
    floodlight = await startFloodlight();
    proxy = new RestProxy(floodlight.url);
    labctl = new Labctl('as we are', {
      LABCTL_CONTROLLER: await proxy.start(),
      LABCTL_OPENFLOW_PORT: String(floodlight.openflowPort),
    });
    labctl.file('lab.yaml', smallSpec('ill'));
    await labctl.ok('up', 'lab.yaml');
  });
  afterEach(() => {
    proxy.intervene = () => 'pass';
  });
  afterAll(async () => {
    await labctl?.clean();
    await proxy?.stop();
    await floodlight?.stop();
  });

  /** Names of the static entries that the controller lists. */
  const listed = async () => {
    const answer = (await (await fetch(`${floodlight.url}${LIST}`)).json()) as Record<string, readonly object[]>;
    return Object.values(answer).flat().flatMap(Object.keys);
  };
  const isPost = ({ method, path }: ProxiedRequest) => method === 'POST' && path === '/wm/staticentrypusher/json';
  /** Answers like this from the third entry on, whatever `chosen` says of the request. */
  const failFromThirdEntry = (answer: Intervention, chosen: (request: ProxiedRequest) => boolean, times: number) => {
    let posts = 0;
    let failures = 0;
    proxy.intervene = (request) => {
      if (isPost(request)) posts += 1;
      if (posts < 3 || failures >= times || !chosen(request)) return 'pass';
      failures += 1;
      return answer;
    };
    return () => failures;
  };
  const connect = async () => {
    const outcome = await labctl.run('connect', 'h1', 'h2');
    expect(outcome.exitCode, outcome.stderr).toBe(3);
    return outcome.stderr;
  };
  const worksAgain = async () => {
    expect(await labctl.ok('connect', 'h1', 'h2')).toContain('(2/6 received)');
    expect(await labctl.ok('disconnect', 'h1', 'h2')).toContain('(6/6 received)');
    expect(await listed()).toEqual([]);
  };

  const isList = ({ path }: ProxiedRequest) => path === LIST;
  test.each<readonly [string, Intervention, (request: ProxiedRequest) => boolean, RegExp]>([
    ['by 500 to an entry', { status: 500, body: stackTrace }, isPost, /POST .*\/json: .*failed \(HTTP 500: .*log/s],
    // Others: test/drivers/pusher/entry-push.test.ts.
    ['by an answer in quotes', { status: 400, body: quoted }, isPost, /POST .*\/json: entry labctl.* was refused/],
    ['by a list that lacks a brace', { status: 200, body: brokenList }, isList, /GET .*list.*: .*not JSON.*f-wa/s],
  ])(
    '%s: exit code 3, nothing is half-pushed, and it works when it is well again',
    async (_, answer, chosen, message) => {
      const failures = failFromThirdEntry(answer, chosen, 1);
      const stderr = await connect();
      expect(failures()).toBe(1);
      expect(stderr).toMatch(message);
      expect(stderr).toContain('The push was undone: the entries are as they were before it');
      expect(await listed()).toEqual([]);
      expect(await labctl.ok('entries', 'list')).toBe('no static entries');
      await worksAgain();
    },
  );

  test('for good: it is told that taking back failed too, and made good when it is well again', async () => {
    failFromThirdEntry({ status: 500, body: stackTrace }, () => true, Number.POSITIVE_INFINITY);
    expect(await connect()).toMatch(/failed \(HTTP 500[\s\S]*Undoing the push failed too/);
    expect(await listed()).toHaveLength(2);
    const status = JSON.parse(await labctl.ok('status', '--format', 'json'));
    expect(status.controller.trouble).toMatchObject({ code: 'controller-error' });
    proxy.intervene = () => 'pass';
    await expect.poll(listed, MENDING).toEqual([]);
    expect(await labctl.ok('entries', 'list')).toBe('no static entries');
    await worksAgain();
  });

  test('for good, and `connect` is given again as soon as it is well', async () => {
    failFromThirdEntry({ status: 500, body: stackTrace }, () => true, Number.POSITIVE_INFINITY);
    await connect();
    proxy.intervene = () => 'pass';
    await worksAgain();
  });

  test('while the lab ends: nothing is left of the lab, and down says what is left in the controller', async () => {
    proxy.intervene = () => ({ status: 500, body: stackTrace });
    const down = await labctl.run('down');
    expect(down).toMatchObject({ exitCode: 3, stdout: 'ill is down' });
    expect(down.stderr).toMatch(
      /^labctl: http:\/\/127\.0\.0\.1:\d+: the lab's entries could not be removed from the controller: /m,
    );
    expect(down.stderr).toContain('the next `labctl up` on this controller clears them');
    await labctl.expectNothingLeft();
  });
});

describe('a lab that is up', () => {
  const labctl = new Labctl('as we are', { DOCKER_HOST: 'unix:///nonexistent/docker.sock' });
  afterAll(() => labctl.clean());

  test('goes on where it was to be replaced and the other controller cannot be had', async () => {
    labctl.file('lab.yaml', smallSpec('goes-on'));
    await labctl.ok('up', 'lab.yaml');
    const asked = await labctl.run('up', 'lab.yaml', '--controller', 'floodlight');
    expect(asked.exitCode).toBe(2);
    expect(asked.stderr).toContain('controller: floodlight, and not embedded at http://127.0.0.1:');
    const replaced = await labctl.run('up', 'lab.yaml', '--controller', 'floodlight', '--reconfigure');
    expect(replaced.exitCode).toBe(3);
    expect(replaced.stderr).toMatch(/^labctl: Docker: /m);
    expect(await labctl.ok('pingall')).toContain('(6/6 received)');
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });
});
