import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { EmbeddedController } from '../../../src/drivers/embedded/controller.ts';
import { OpenVSwitchTables } from '../../../src/drivers/open-vswitch/tables.ts';
import type { Dpid } from '../../../src/model/addresses.ts';
import { exactly } from '../../../src/model/match.ts';
import { type FlowEntry, flowKey } from '../../../src/model/openflow.ts';
import { recorded } from '../../support/fixtures/recorded-exchanges.ts';
import { s10h10 } from '../../support/fixtures/topologies.ts';
import { startBridges, type TestBridges } from '../../support/harness/open-vswitch.ts';

const S5 = '00:00:00:00:00:00:00:05' as Dpid;
const S6 = '00:00:00:00:00:00:00:06' as Dpid;
const S9 = '00:00:00:00:00:00:00:09' as Dpid;
const PUSHER = '/wm/staticentrypusher/json';
const never = new AbortController().signal;

const topology = s10h10;
let bridges: TestBridges;
let tables: OpenVSwitchTables;
let controller: EmbeddedController;

beforeAll(async () => {
  bridges = await startBridges(topology);
  tables = new OpenVSwitchTables((dpid) => bridges.socketOf(dpid));
  controller = new EmbeddedController({ topology, forwarding: 'reactive', tables, firstPort: 18_280 });
  await controller.start(never);
});
afterEach(async () => {
  await send('GET', '/wm/staticentrypusher/clear/all/json');
});
afterAll(async () => {
  await controller.stop();
  await bridges.stop();
});

async function send(method: string, path: string, body?: string, headers?: Record<string, string>) {
  const answer = await fetch(`${controller.url}${path}`, {
    method,
    ...(body === undefined ? {} : { body }),
    ...(headers === undefined ? {} : { headers }),
  });
  return { status: answer.status, text: await answer.text() };
}

function flowBody(name: string, changes: Record<string, unknown> = {}): string {
  return JSON.stringify({
    switch: S6,
    name,
    cookie: '0',
    priority: '32768',
    in_port: '1',
    active: 'true',
    actions: 'output=2',
    ...changes,
  });
}

function groupBody(name: string, id: number, dpid: Dpid = S6): string {
  const bucket = (number: number) => ({
    bucket_id: String(number),
    bucket_watch_group: 'any',
    bucket_weight: '50',
    bucket_actions: `output=${number + 1}`,
  });
  return JSON.stringify({
    switch: dpid,
    entry_type: 'group',
    name,
    active: 'true',
    group_type: 'select',
    group_id: String(id),
    group_buckets: [bucket(1), bucket(2)],
  });
}

const OK = { status: 200, text: '{"status" : "Entry pushed"}' };

/** The static flows of a switch; forwarding has priority 1. */
async function staticFlows(dpid: Dpid) {
  return (await tables.flows(dpid)).filter(({ priority }) => priority > 1);
}

async function listedNames(): Promise<readonly string[]> {
  return (await controller.entries(never)).entries.map(({ name }) => name).sort();
}

/** Sends bytes as they are, and resolves to all that comes back. */
function sendRaw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(controller.url).port), '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += String(chunk);
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

describe('the tutorial', () => {
  const results: readonly (readonly [string, string | undefined])[] = [
    ['tut-0a-1', undefined],
    ['tut-0a-2', undefined],
    ['tut-10-3', 'did you mean s10, 00:00:00:00:00:00:00:0a?'],
    ['tut-10-4', 'did you mean s10, 00:00:00:00:00:00:00:0a?'],
    ['tut-0a-5', undefined],
    ['tut-0a-6', undefined],
    ['tut-0a-7', undefined],
    ['tut-0a-8', undefined],
    ['tut-10-9', 'did you mean s10, 00:00:00:00:00:00:00:0a?'],
    ['tut-10-10', 'did you mean s10, 00:00:00:00:00:00:00:0a?'],
  ];

  it('goes in verbatim, and is told that its s10 is no switch', async () => {
    for (const [id, hint] of results) {
      const { request } = recorded(id);
      const answer = await send(request.method, request.path, request.body ?? '');
      if (hint === undefined) expect(answer).toEqual(OK);
      else {
        expect(answer.status).toBe(400);
        expect(answer.text).toContain(hint);
      }
    }
    expect(await listedNames()).toEqual([1, 2, 5, 6, 7, 8].map((number) => `flow-mod-${number}`));
  });
});

describe('forwarding', () => {
  it('is in every switch at priority 1 with the cookie of Floodlight, and clear leaves it', async () => {
    const before = await tables.flows(S6);
    expect(before.length).toBeGreaterThan(0);
    expect(
      new Set(before.map(({ priority, cookie, sendsFlowRemoved }) => `${priority} ${cookie} ${sendsFlowRemoved}`)),
    ).toEqual(new Set([`1 ${0x20000000000000n} false`]));
    expect(await send('POST', PUSHER, flowBody('f'))).toEqual(OK);
    await send('GET', '/wm/staticentrypusher/clear/all/json');
    expect((await tables.flows(S6)).map(flowKey).sort()).toEqual(before.map(flowKey).sort());
  });

  it('cannot be overwritten by an entry', async () => {
    const body = flowBody('f', { priority: '1', in_port: undefined, eth_dst: '00:00:00:00:00:01' });
    const { status, text } = await send('POST', PUSHER, body);
    expect(status).toBe(400);
    expect(text).toContain("the controller's own forwarding on switch s6 has the same priority and match");
  });
});

describe('a request that Floodlight would accept and lose is answered 400', () => {
  it.each([
    ...[
      'switch-unknown',
      'switch-malformed',
      'switch-missing',
      'name-missing',
      'name-empty',
      'malformed-json',
      'empty-body',
    ],
    ...[
      'malformed-not-object',
      'malformed-text',
      'actions-brace-tutorial',
      'actions-object',
      'actions-array',
      'action-unknown',
    ],
    ...[
      'action-bad-port',
      'action-nonexistent-port',
      'action-partially-bad',
      'output-any',
      'output-max',
      'actions-spaces',
    ],
    ...[
      'set-eth-dst',
      'priority-bad',
      'priority-negative',
      'priority-65536',
      'inport-bad',
      'inport-nonexistent',
      'key-unknown',
    ],
    ...['key-ingress-port-v10', 'key-dash-ethertype', 'match-eth-bad', 'match-ipv4-no-ethtype', 'match-ipv4-bad'],
    ...['match-ethtype-bad', 'match-ipv4-wrong-ethtype', 'match-ipv4-arp-ethtype', 'match-arp-tpa-no-ethtype'],
    ...[
      'match-ipproto-no-ethtype',
      'match-ipproto-name',
      'match-vlan-plain',
      'active-false',
      'active-other',
      'cookie-bad',
    ],
    ...['cookie-hex', 'goto-table-with-actions', 'goto-meter', 'table-300', 'idle-timeout-bad', 'idle-timeout-70000'],
    ...[
      'entry-type-flow',
      'entry-type-bad',
      'hang-tcp-dst-without-ip-proto',
      'group-all',
      'group-indirect',
      'group-ff-weight',
    ],
    ...[
      'group-ff-nowatch',
      'group-ff-short-name',
      'group-type-bad',
      'group-type-missing',
      'group-id-missing',
      'group-id-bad',
    ],
    ...[
      'group-buckets-missing',
      'group-buckets-empty',
      'group-bucket-no-id',
      'group-bucket-dup-id',
      'group-bucket-ints',
    ],
    ...['group-bucket-bad-action', 'group-bucket-no-weight-select', 'group-bucket-unknown-key', 'group-buckets-string'],
    ...['group-active-false', 'group-no-entry-type', 'group-unknown-switch', 'group-flow-before-group'],
  ])('%s', async (id) => {
    const { request } = recorded(id);
    const { status, text } = await send(request.method, request.path, request.body ?? undefined);
    expect(status).toBe(400);
    const answer = JSON.parse(text) as { status: string; errors?: string[] };
    expect(answer.status).toMatch(/^Error! .+\. .+[.?]$/);
    expect(answer.errors?.length ?? 2).toBeGreaterThan(1);
    expect(await listedNames()).toEqual([]);
    expect(await staticFlows(S6)).toEqual([]);
    expect(await tables.groups(S6)).toEqual([]);
  });

  it('a group id that Floodlight would read as another is refused, and the one before it is not', async () => {
    const refused = await send('POST', PUSHER, groupBody('beyond', 2147483648));
    expect(refused.status).toBe(400);
    expect(refused.text).toContain('is not a decimal number from 0 to 2147483647');
    const through = await send('POST', PUSHER, flowBody('through', { actions: 'group=2147483648' }));
    expect(through.status).toBe(400);
    expect(through.text).toContain('Write a group id up to 2147483647');
    expect(await send('POST', PUSHER, groupBody('highest', 2147483647))).toEqual(OK);
    expect((await tables.groups(S6)).map(({ groupId }) => groupId)).toEqual([2147483647]);
  });

  it('another name with the same match names the entry in its way', async () => {
    await send('POST', PUSHER, flowBody('first'));
    const { status, text } = await send('POST', PUSHER, flowBody('second', { actions: 'output=3' }));
    expect([status, text]).toEqual([
      400,
      expect.stringContaining('entry first on switch s6 has the same table, priority and match'),
    ]);
  });

  it('a name of a group is no name for a flow, nor the other way round', async () => {
    await send('POST', PUSHER, groupBody('same', 1));
    const flow = await send('POST', PUSHER, flowBody('same', { switch: S9 }));
    expect(flow.status).toBe(400);
    expect(flow.text).toContain('the name same belongs to a group entry');
    await send('POST', PUSHER, flowBody('other'));
    expect((await send('POST', PUSHER, groupBody('other', 2))).text).toContain('belongs to a flow entry');
  });

  it("the switch's own reason is passed on", async () => {
    const { status, text } = await send('POST', PUSHER, flowBody('f', { table: '254' }));
    expect([status, text]).toEqual([400, expect.stringContaining('the switch keeps the last table, 254, for itself')]);
  });

  it('roles other than MASTER are refused, and nothing is wiped', async () => {
    await send('POST', PUSHER, flowBody('f'));
    expect((await send('POST', '/wm/core/switch/all/role/json', '{"role":"SLAVE"}')).status).toBe(400);
    expect((await send('POST', `/wm/core/switch/${S6}/role/json`, '{"role":"MASTER"}')).text).toBe(
      `{"${S6}":"MASTER"}`,
    );
    expect(await staticFlows(S6)).toHaveLength(1);
  });
});

describe('nothing can be injected into ovs-ofctl', () => {
  it.each([
    { name: 'f\nflow add priority=60000,actions=drop' },
    { name: "f'; touch /tmp/injected; '" },
    { name: '__proto__' },
    { name: '../../../etc/passwd' },
  ])('by the name $name', async ({ name }) => {
    expect(await send('POST', PUSHER, flowBody(name))).toEqual(OK);
    expect(await staticFlows(S6)).toHaveLength(1);
    expect(await listedNames()).toEqual([name]);
    expect((await send('DELETE', PUSHER, JSON.stringify({ name }))).text).toBe(
      `{"status" : ${JSON.stringify(`Entry ${name} deleted`)}}`,
    );
    expect(await staticFlows(S6)).toEqual([]);
  });

  it.each([
    { actions: 'output=2\nflow add priority=60000,actions=drop' },
    { actions: 'output=2;drop' },
    { in_port: '1,actions=drop' },
    { eth_dst: '00:00:00:00:00:01 actions=drop' },
    { eth_type: '0x0800', ipv4_dst: '10.0.0.1\nflow add actions=drop' },
    { actions: 'set_field=eth_dst->00:00:00:00:00:01,output=2\n' },
    { instruction_goto_table: '1)', actions: undefined },
    { ['__proto__x']: '1' },
  ])('by the values of %j', async (changes) => {
    expect((await send('POST', PUSHER, flowBody('f', changes))).status).toBe(400);
    expect(await staticFlows(S6)).toEqual([]);
  });
});

describe('entries live and die', () => {
  it('a group in use takes its flows along, from the list and the switch', async () => {
    await send('POST', PUSHER, groupBody('g', 1));
    await send('POST', PUSHER, flowBody('through', { actions: 'group=1' }));
    await send('POST', PUSHER, flowBody('beside', { in_port: '2' }));
    await send('DELETE', PUSHER, '{"name":"g"}');
    expect(await listedNames()).toEqual(['beside']);
    expect(await staticFlows(S6)).toHaveLength(1);
    expect(await send('POST', PUSHER, flowBody('through', { switch: S9, actions: 'output=1' }))).toEqual(OK);
  });

  it('a group keeps its flows when it is changed, and loses them with another id', async () => {
    await send('POST', PUSHER, groupBody('g', 1));
    await send('POST', PUSHER, flowBody('through', { actions: 'group=1' }));
    expect(await send('POST', PUSHER, groupBody('g', 1))).toEqual(OK);
    expect(await listedNames()).toEqual(['g', 'through']);
    expect(await send('POST', PUSHER, groupBody('g', 2))).toEqual(OK);
    expect(await listedNames()).toEqual(['g']);
    expect((await tables.groups(S6)).map(({ groupId }) => groupId)).toEqual([2]);
  });

  it('an entry moves to another switch under its name', async () => {
    await send('POST', PUSHER, flowBody('f'));
    expect(await send('POST', PUSHER, flowBody('f', { switch: S9, actions: 'output=1' }))).toEqual(OK);
    expect(await staticFlows(S6)).toEqual([]);
    expect(await staticFlows(S9)).toHaveLength(1);
  });

  it('an entry that cannot move stays where it is', async () => {
    await send('POST', PUSHER, flowBody('f'));
    expect((await send('POST', PUSHER, flowBody('f', { switch: S9, actions: 'output=9' }))).status).toBe(400);
    expect(await staticFlows(S6)).toHaveLength(1);
    expect(await listedNames()).toEqual(['f']);
  });

  it('an entry whose timeout fires leaves the list, and frees its place', async () => {
    await send('POST', PUSHER, flowBody('short', { hard_timeout: '1' }));
    await send('POST', PUSHER, flowBody('long', { in_port: '2', hard_timeout: '600' }));
    expect(await listedNames()).toEqual(['long', 'short']);
    await expect.poll(listedNames, { timeout: 20_000 }).toEqual(['long']);
    expect(await send('POST', PUSHER, flowBody('next'))).toEqual(OK);
  });

  it('200 requests at once all arrive, and only the wrong ones fail', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, index) =>
        send(
          'POST',
          PUSHER,
          flowBody(`f${index}`, {
            switch: index % 2 === 0 ? S6 : S5,
            priority: String(1000 + index),
            table: index % 50 === 7 ? '254' : '0',
          }),
        ),
      ),
    );
    const refused = answers.flatMap(({ status }, index) => (status === 200 ? [] : [index]));
    expect(refused).toEqual([7, 57, 107, 157]);
    expect(await listedNames()).toHaveLength(196);
    expect((await staticFlows(S6)).length + (await staticFlows(S5)).length).toBe(196);
  });

  it('requests at once for one name leave one entry', async () => {
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        send(
          'POST',
          PUSHER,
          flowBody('one', { switch: index % 2 === 0 ? S6 : S9, actions: 'output=1', priority: String(100 + index) }),
        ),
      ),
    );
    expect(await listedNames()).toEqual(['one']);
    expect((await staticFlows(S6)).length + (await staticFlows(S9)).length).toBe(1);
  });

  it('200 entries are pushed and removed through the control plane', async () => {
    const entries = Array.from(
      { length: 200 },
      (_, index): FlowEntry => ({
        kind: 'flow',
        name: `p${index}`,
        dpid: index % 2 === 0 ? S6 : S5,
        tableId: index % 3,
        priority: 1000 + index,
        match: { in_port: exactly('in_port', 1n) },
        instructions: { apply: [{ kind: 'output', port: 2 }], clearActions: false, write: [] },
        idleTimeoutSeconds: 0,
        hardTimeoutSeconds: 0,
      }),
    );
    await controller.push(entries, never);
    expect(await listedNames()).toHaveLength(200);
    await controller.remove({ entries, unreadable: [] }, never);
    expect(await listedNames()).toEqual([]);
    expect(await staticFlows(S6)).toEqual([]);
  });

  it('a push that the controller refuses leaves everything as it was', async () => {
    await send('POST', PUSHER, flowBody('before'));
    const [before] = (await controller.entries(never)).entries as FlowEntry[];
    if (before === undefined) throw new Error('not listed');
    const to99 = { ...before.instructions, apply: [{ kind: 'output', port: 99 } as const] };
    const push = controller.push(
      [
        { ...before, priority: 5 },
        { ...before, name: 'bad', priority: 6, instructions: to99 },
      ],
      never,
    );
    await expect(push).rejects.toThrow(/entry bad.*switch s6 has no such port/s);
    expect((await controller.entries(never)).entries).toEqual([before]);
  });
});

describe('the HTTP server', () => {
  it.each([
    ['no HTTP at all', 'hello\r\n\r\n', 400],
    ['a bad version', 'GET / HTTP/9.9\r\n\r\n', 400],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
    ['huge headers', `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`, 431],
    [
      'a bad chunk',
      'POST /wm/staticentrypusher/json HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      400,
    ],
  ])('answers %s with JSON, and lives on', async (_, bytes, status) => {
    const answer = await sendRaw(bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n')))).toMatchObject({ code: status });
    expect((await send('GET', '/wm/core/health/json')).text).toBe('{"healthy":true}');
  });

  it('answers a body of more than 1 MiB with 413', async () => {
    const { status, text } = await send('POST', PUSHER, flowBody('f', { actions: 'x'.repeat(1024 * 1024) }));
    expect(status).toBe(413);
    expect(JSON.parse(text)).toMatchObject({ code: 413, reasonPhrase: 'Payload Too Large' });
  });

  it('answers deeply nested JSON with 400', async () => {
    expect((await send('POST', PUSHER, '['.repeat(100_000))).status).toBe(400);
    expect((await send('POST', PUSHER, `${'['.repeat(5_000)}${']'.repeat(5_000)}`)).status).toBe(400);
  });

  it('lives on when a client leaves in the middle', async () => {
    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(controller.url).port), '127.0.0.1', () => {
        socket.write(`POST ${PUSHER} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{`, () => {
          socket.destroy();
          resolve();
        });
      });
    });
    expect((await send('GET', '/wm/core/health/json')).status).toBe(200);
  });

  it('answers a slow client with 408', async () => {
    const answer = await sendRaw(`POST ${PUSHER} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{`);
    expect(answer).toMatch(/^HTTP\/1.1 408 /);
  });

  it.each([
    ['another host name', { Host: 'evil.example:8080' }],
    ['a name that begins like loopback', { Host: '127.0.0.1.evil.example' }],
    ['a page of another site', { Host: '127.0.0.1', Origin: 'https://evil.example' }],
    ['a cross-site image', { Host: '127.0.0.1', 'Sec-Fetch-Site': 'cross-site' }],
  ])('refuses %s, against DNS rebinding', async (_, headers) => {
    const lines = Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join('');
    const answer = await sendRaw(
      `GET /wm/staticentrypusher/clear/all/json HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 403 /);
    expect(answer).toContain('"code":403');
  });

  it.each(['localhost:1234', '127.0.0.1', '[::1]:80'])('accepts the host %s', async (host) => {
    expect(await sendRaw(`GET /wm/core/health/json HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)).toMatch(
      /^HTTP\/1.1 200 /,
    );
  });

  it.each([
    ['GET', '/', 404],
    ['GET', '/wm/core/health/json/', 404],
    ['GET', '/wm/staticentrypusher/list/all', 404],
    ['GET', '/wm/%zz', 400],
    ['POST', '/wm/core/health/json', 405],
    ['PUT', PUSHER, 405],
    ['DELETE', '/wm/staticentrypusher/list/all/json', 405],
    ['GET', '/wm/core/controller/toString/json', 404],
  ])('answers %s %s with %i', async (method, path, status) => {
    const answer = await send(method, path);
    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.text)).toMatchObject({ code: status, throwable: null });
  });

  it('tells summary, uptime and memory', async () => {
    expect(JSON.parse((await send('GET', '/wm/core/controller/summary/json')).text)).toEqual({
      '# Switches': 10,
      '# inter-switch links': 14,
      '# quarantine ports': 0,
      '# hosts': 10,
    });
    expect(JSON.parse((await send('GET', '/wm/core/system/uptime/json')).text)).toEqual({
      systemUptimeMsec: expect.any(Number),
    });
    expect(JSON.parse((await send('GET', '/wm/core/memory/json')).text)).toEqual({
      total: expect.any(Number),
      free: expect.any(Number),
    });
  });

  it('answers a failure of its own with 500 and no stack', async () => {
    const fail = () => Promise.reject(new TypeError('secret'));
    const broken = {
      apply: async () => undefined,
      flows: fail,
      groups: fail,
      ports: fail,
      portCounters: fail,
      description: fail,
    };
    const other = new EmbeddedController({ topology, forwarding: 'none', tables: broken, firstPort: 18_380 });
    await other.start(never);
    const answer = await fetch(`${other.url}/wm/core/switch/${S6}/flow/json`);
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toMatch(/secret|at /);
    expect((await fetch(`${other.url}/wm/core/health/json`)).status).toBe(200);
    await other.stop();
  });

  it('takes the next port when the first is taken', async () => {
    const port = Number(new URL(controller.url).port);
    const other = new EmbeddedController({ topology, forwarding: 'none', tables, firstPort: port });
    await other.start(never);
    expect(Number(new URL(other.url).port)).toBeGreaterThan(port);
    await other.stop();
    await expect(fetch(other.url)).rejects.toThrow();
  });

  it('says so when no port is free', async () => {
    const other = new EmbeddedController({ topology, forwarding: 'none', tables, firstPort: 65_536 });
    await expect(other.start(never)).rejects.toMatchObject({ problems: [{ code: 'no-free-port' }] });
  });
});
