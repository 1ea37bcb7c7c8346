import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { MockAgent } from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { FloodlightClient, type FloodlightClientOptions } from '../../../src/drivers/pusher/client.ts';
import type { Dpid } from '../../../src/model/addresses.ts';
import { exactly } from '../../../src/model/match.ts';
import type { Entry, FlowEntry } from '../../../src/model/openflow.ts';
import { type Problem, ProblemError } from '../../../src/model/problem.ts';
import { HttpStub, SocketStub } from '../../support/fakes/http-stub.ts';
import { type RecordedExchange, recorded } from '../../support/fixtures/recorded-exchanges.ts';

const S1 = '00:00:00:00:00:00:00:01' as Dpid;
const S4 = '00:00:00:00:00:00:00:04' as Dpid;
const S5 = '00:00:00:00:00:00:00:05' as Dpid;
const S6 = '00:00:00:00:00:00:00:06' as Dpid;
const S10 = '00:00:00:00:00:00:00:0a' as Dpid;
const UNKNOWN = '00:00:00:00:00:00:00:99' as Dpid;
const URL_OF_MOCK = 'http://floodlight.test:8080';

const flow: FlowEntry = {
  kind: 'flow',
  name: 'f',
  dpid: S6,
  tableId: 0,
  priority: 1,
  match: { in_port: exactly('in_port', 1n) },
  instructions: { apply: [], clearActions: false, write: [] },
  idleTimeoutSeconds: 0,
  hardTimeoutSeconds: 0,
};

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface MockAnswer {
  readonly status: number;
  readonly body: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A client whose requests are answered in its own process, and what it asked. */
function mocked(
  answer: (method: string, path: string) => MockAnswer,
  options: Partial<FloodlightClientOptions> = {},
): { readonly client: FloodlightClient; readonly asked: readonly string[]; readonly bodies: readonly unknown[] } {
  const agent = new MockAgent();
  agent.disableNetConnect();
  const asked: string[] = [];
  const bodies: unknown[] = [];
  agent
    .get(URL_OF_MOCK)
    .intercept({ path: () => true, method: () => true })
    .reply(({ method, path, body }) => {
      asked.push(`${method} ${path}`);
      if (typeof body === 'string') bodies.push(JSON.parse(body));
      const { status, body: data, headers } = answer(method, path);
      return { statusCode: status, data, responseOptions: { headers: headers ?? {} } };
    })
    .persist();
  const client = new FloodlightClient({ url: URL_OF_MOCK, dispatcher: agent, ...options });
  ends.push(() => agent.close());
  return { client, asked, bodies };
}

const isSearch = (path: string) => path === '/wm/staticentrypusher/list/all/json';

function answerOf({ response }: RecordedExchange): MockAnswer {
  if (response.status === null) throw new Error('Floodlight never answered that');
  return { status: response.status, body: response.body ?? '' };
}

/** A client of a Floodlight that knows one recorded request, and fails the test at any other. */
function replayed(id: string) {
  const exchange = recorded(id);
  return mocked((method, path) => {
    if (method === exchange.request.method && path === exchange.request.path) return answerOf(exchange);
    if (isSearch(path)) return { status: 200, body: '{}' };
    throw new Error(`${method} ${path} is not what was recorded as ${id}`);
  });
}

/** A client of a Floodlight that has a Static Entry Pusher and gives this answer to everything else. */
function answering(answer: MockAnswer) {
  let found = false;
  return mocked((_, path) => {
    if (found || !isSearch(path)) return answer;
    found = true;
    return { status: 200, body: '{}' };
  });
}

/** A client of a server that does with the first socket what it is told. */
async function clientOfSocket(serve: (socket: Socket) => void, options: { afterRequest?: boolean } = {}) {
  const stub = new SocketStub(serve, options);
  const url = await stub.start();
  const client = new FloodlightClient({ url, timeoutMs: 20_000 });
  ends.push(
    () => client.close(),
    () => stub.stop(),
  );
  return { client, url };
}

async function problemOf(work: Promise<unknown>): Promise<Problem> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProblemError)) throw new Error(`no problem but ${String(error)}`);
  const [problem] = error.problems;
  if (problem === undefined) throw new Error('an error without a problem');
  return problem;
}

describe('the client reads what Floodlight answered', () => {
  it('switches', async () => {
    const switches = await replayed('core-switches').client.switches();
    expect(switches).toHaveLength(10);
    expect(switches[0]).toEqual({ dpid: S1, connectedSince: 1795353276839 });
  });

  it('links', async () => {
    const links = await replayed('topo-links').client.links();
    expect(links).toHaveLength(7);
    expect(links[2]).toEqual({
      source: { dpid: '00:00:00:00:00:00:00:02', port: 2 },
      target: { dpid: '00:00:00:00:00:00:00:0a', port: 2 },
      bidirectional: true,
    });
  });

  it('devices, those without a place included', async () => {
    const devices = await replayed('device').client.devices();
    expect(devices).toHaveLength(12);
    expect(devices[0]).toEqual({
      macs: ['16:8f:18:73:6b:d5'],
      ipv4: [],
      ipv6: ['fe80::148f:18ff:fe73:6bd5'],
      attachments: [],
      lastSeen: 1795353277790,
    });
    expect(devices[1]?.attachments).toEqual([{ dpid: S5, port: 1 }]);
  });

  it('the path from h1 to h5, and none from h1 to h4', async () => {
    const hops = await replayed('routing-path').client.path({ dpid: S1, port: 1 }, { dpid: S5, port: 1 });
    expect(hops).toHaveLength(10);
    expect(hops.slice(0, 3)).toEqual([
      { dpid: S1, port: 1 },
      { dpid: S1, port: 2 },
      { dpid: '00:00:00:00:00:00:00:03', port: 2 },
    ]);
    const { client } = replayed('routing-path-none');
    expect(await client.path({ dpid: S1, port: 1 }, { dpid: S4, port: 1 })).toEqual([]);
    expect(await client.hasPath(S1, S4)).toBe(false);
    expect(await replayed('routing-path').client.hasPath(S1, S5)).toBe(true);
  });

  it('the one path from s1 to s5, of four links', async () => {
    const paths = await replayed('routing-paths').client.paths(S1, S5, 2);
    expect(paths).toMatchObject([{ linkCount: 4, latencyMs: 15 }]);
    expect(paths[0]?.hops).toHaveLength(8);
    expect(paths[0]?.hops[6]).toEqual({ dpid: S10, port: 3 });
  });

  it('summary, memory, uptime and health', async () => {
    expect(await replayed('core-summary').client.summary()).toEqual({
      switches: 10,
      directedLinks: 14,
      quarantinedPorts: 0,
      hosts: 12,
    });
    expect(await replayed('core-memory').client.memory()).toEqual({ totalBytes: 231735296, freeBytes: 126922472 });
    expect(await replayed('core-uptime').client.uptime()).toBe(284198);
    expect(await replayed('core-health').client.health()).toBe(true);
  });

  it('roles, and a role that was set', async () => {
    expect(await replayed('core-role-6').client.roles(S6)).toEqual(new Map([[S6, 'MASTER']]));
    expect((await replayed('core-role-all').client.roles('all')).size).toBe(10);
    const { client, bodies } = replayed('role-slave-one');
    expect(await client.setRole(S6, 'SLAVE')).toEqual(new Map([[S6, 'SLAVE']]));
    expect(bodies).toEqual([JSON.parse(recorded('role-slave-one').request.body ?? '')]);
  });

  it('flows and groups of a switch, and the flows of all', async () => {
    expect(await replayed('sw-6-flow').client.flows(S6)).toMatchObject([{ priority: 0, packets: 125n }]);
    expect(await replayed('gf-group-desc').client.groups(S6)).toMatchObject([{ groupId: 1 }]);
    const flows = await replayed('sw-all-flow').client.allFlows();
    expect(flows.size).toBe(10);
    expect(flows.get(S4)).toMatchObject([{ priority: 0, packets: 43n, bytes: 3218n }]);
  });

  it('the make of a switch, its flows in all, its ports and what they counted', async () => {
    expect(await replayed('sw-6-desc').client.description(S6)).toEqual({
      manufacturer: 'Nicira, Inc.',
      hardware: 'Open vSwitch',
      software: '3.1.0',
      serialNumber: 'None',
      datapath: 's6',
    });
    expect(await replayed('sw-6-aggregate').client.flowTotals(S6)).toEqual({ flows: 1, packets: 125n, bytes: 9353n });
    const ports = await replayed('sw-6-port-desc').client.ports(S6);
    expect(ports.map(({ port }) => port)).toEqual(['local', 1, 2, 3]);
    expect(ports.slice(0, 2)).toEqual([
      { port: 'local', name: 's6', mac: 'da:fc:ed:aa:2c:47', isEnabled: false, hasLink: false, currentSpeedKbps: 1e7 },
      { port: 1, name: 's6-eth1', mac: '3e:89:1f:5f:91:0d', isEnabled: true, hasLink: true, currentSpeedKbps: 1e7 },
    ]);
    const counters = await replayed('sw-6-port').client.portCounters(S6);
    expect(counters).toHaveLength(4);
    expect(counters[1]).toMatchObject({
      port: 1,
      receivedPackets: 12n,
      sentPackets: 63n,
      receivedBytes: 936n,
      sentBytes: 4848n,
      durationSeconds: 281.415,
    });
  });

  it('a counter that the switch does not have', async () => {
    const body = (recorded('sw-6-port').response.body ?? '').replaceAll('"collisions":"0"', '"collisions":"-1"');
    const [counters] = await answering({ status: 200, body }).client.portCounters(S6);
    expect(counters).toMatchObject({ collisions: undefined, receivedPackets: 0n });
  });

  it('an empty list, and the ten entries of the tutorial', async () => {
    expect(await replayed('list-empty').client.list('all')).toEqual([]);
    const names = (await replayed('tut-0a-list10').client.list('all')).map(({ name }) => name).sort();
    expect(names).toEqual(['1', '10', '2', '3', '4', '5', '6', '7', '8', '9'].map((number) => `flow-mod-${number}`));
  });

  it('a pushed entry, a deleted one and cleared ones', async () => {
    await replayed('post-ok').client.post(flow);
    const { name } = JSON.parse(recorded('del-ok').request.body ?? '') as { name: string };
    await replayed('del-ok').client.delete(name);
    await replayed('clear-all').client.clear('all');
  });

  it('an answer in chunks', async () => {
    const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n';
    const { client } = await clientOfSocket((socket) => {
      socket.write(`${head}8\r\n{"health\r\n`);
      socket.end('9\r\ny":true}\n\r\n0\r\n\r\n');
    });
    expect(await client.health()).toBe(true);
  });
});

/** Bodies by hand after the source of the tag v1.2: no answer of a running 1.2 is at hand. */
describe('the client reads what Floodlight 1.2 answers', () => {
  const ok = (json: unknown) => answering({ status: 200, body: JSON.stringify(json) }).client;

  it('of a switch, its flows in all, its ports and what they counted (StatsReplySerializer.java)', async () => {
    const desc = {
      version: 'OF_13',
      manufacturerDescription: 'Nicira, Inc.',
      hardwareDescription: 'Open vSwitch',
      softwareDescription: '3.1.0',
      serialNumber: 'None',
      datapathDescription: 's6',
    };
    expect(await ok({ desc }).description(S6)).toEqual({
      manufacturer: 'Nicira, Inc.',
      hardware: 'Open vSwitch',
      software: '3.1.0',
      serialNumber: 'None',
      datapath: 's6',
    });
    const aggregate = { version: 'OF_13', flowCount: '1', packetCount: '125', byteCount: '9353', flags: '0' };
    expect(await ok({ aggregate }).flowTotals(S6)).toEqual({ flows: 1, packets: 125n, bytes: 9353n });
    const port = {
      hardwareAddress: '3e:89:1f:5f:91:0d',
      currentFeatures: '2112',
      currSpeed: '10000000',
      maxSpeed: '0',
    };
    const portDesc = [
      { portNumber: 'local', name: 's6', config: '1', state: '1', ...port },
      { portNumber: '1', name: 's6-eth1', config: '0', state: '4', ...port },
    ];
    const mac = '3e:89:1f:5f:91:0d';
    expect(await ok({ version: 'OF_13', portDesc }).ports(S6)).toEqual([
      { port: 'local', name: 's6', mac, isEnabled: false, hasLink: false, currentSpeedKbps: 1e7 },
      { port: 1, name: 's6-eth1', mac, isEnabled: true, hasLink: true, currentSpeedKbps: 1e7 },
    ]);
    const counted = {
      ...{ portNumber: '1', receivePackets: '12', transmitPackets: '63', receiveBytes: '936', transmitBytes: '4848' },
      ...{ receiveDropped: '1', transmitDropped: '2', receiveErrors: '3', transmitErrors: '4', collisions: '-1' },
      ...{ receiveFrameErrors: '5', receiveOverrunErrors: '6', receiveCRCErrors: '7' },
      ...{ durationSec: '281', durationNsec: '415000000' },
    };
    expect(await ok({ port_reply: [{ version: 'OF_13', port: [counted] }] }).portCounters(S6)).toEqual([
      {
        ...{ port: 1, durationSeconds: 281.415, receivedPackets: 12n, sentPackets: 63n, receivedBytes: 936n },
        ...{ sentBytes: 4848n, receivedDropped: 1n, sentDropped: 2n, receiveErrors: 3n, sendErrors: 4n },
        ...{ frameErrors: 5n, overrunErrors: 6n, crcErrors: 7n, collisions: undefined },
      },
    ]);
  });

  it('of the groups of one switch and all', async () => {
    const bucket = { weight: '0', watchPortNumber: '-1', watchGroup: 'any', actions: 'output=2' };
    const answer = { version: 'OF_13', groupDesc: [{ groupType: 'ALL', groupNumber: '7', buckets: [bucket] }] };
    const group = { groupId: 7, groupType: 'all', buckets: [{ actions: [{ kind: 'output', port: 2 }] }] };
    expect(await ok(answer).groups(S6)).toEqual([group]);
    expect(await ok({ [S6]: answer }).allGroups()).toEqual(new Map([[S6, [group]]]));
  });

  it('of a switch that is not there', async () => {
    const error = { '   ': 'An error has occurred while proccesing your request,' };
    const answer = { ERROR: error, 'Valid statistics and features strings are:': { '1)': 'aggregate' } };
    expect(await problemOf(ok(answer).flows(UNKNOWN))).toMatchObject({ code: 'unknown-switch' });
  });

  it('of hosts, without a key before them (DeviceResource.java, SwitchPort.java)', async () => {
    const place = { switchDPID: S5, port: 1, errorStatus: null };
    const host = { entityClass: 'DefaultEntityClass', mac: ['00:00:00:00:00:05'], ipv4: ['10.0.0.5'], ipv6: [] };
    expect(await ok([{ ...host, vlan: [], attachmentPoint: [place], lastSeen: 1 }]).devices()).toEqual([
      { macs: ['00:00:00:00:00:05'], ipv4: ['10.0.0.5'], ipv6: [], attachments: [{ dpid: S5, port: 1 }], lastSeen: 1 },
    ]);
  });

  it('of deleted entries, flows alone (ClearStaticFlowEntriesResource.java)', async () => {
    await ok({ status: 'Deleted all flows.' }).clear('all');
    await ok({ status: `Deleted all flows for switch ${S6}.` }).clear(S6);
  });

  it('of the path between two ports, at its own address, and of none (RouteResource.java)', async () => {
    const hop = (dpid: Dpid, number: number) => ({
      switch: dpid,
      port: { portNumber: number, shortPortNumber: number, length: 4 },
    });
    const { client, asked } = mocked((_, path) => {
      if (isSearch(path)) return { status: 404, body: '{}' };
      if (path === '/wm/staticflowpusher/list/all/json') return { status: 200, body: '{}' };
      if (path === `/wm/topology/route/${S1}/1/${S4}/1/json`) return { status: 204, body: '' };
      return { status: 200, body: JSON.stringify([hop(S1, 1), hop(S1, 2), hop(S5, 2), hop(S5, 1)]) };
    });
    expect(await client.path({ dpid: S1, port: 1 }, { dpid: S5, port: 1 })).toEqual([
      { dpid: S1, port: 1 },
      { dpid: S1, port: 2 },
      { dpid: S5, port: 2 },
      { dpid: S5, port: 1 },
    ]);
    expect(asked.at(-1)).toBe(`GET /wm/topology/route/${S1}/1/${S5}/1/json`);
    expect(await client.hasPath(S1, S4)).toBe(false);
  });
});

describe('the Static Entry Pusher', () => {
  it('is looked for once, and found by its name', async () => {
    const { client, asked } = replayed('post-ok');
    expect(await client.findPusher()).toBe('staticentrypusher');
    await client.post(flow);
    await client.post(flow);
    const post = 'POST /wm/staticentrypusher/json';
    expect(asked).toEqual(['GET /wm/staticentrypusher/list/all/json', post, post]);
  });

  it('has the older name where the newer answers 404, for every request', async () => {
    const missing = answerOf(recorded('path-unknown'));
    const { client, asked } = mocked((method, path) => {
      if (!path.startsWith('/wm/staticflowpusher/')) return missing;
      if (method === 'POST') return answerOf(recorded('old-staticflowpusher-post'));
      return path.includes('/clear/') ? answerOf(recorded('old-staticflowpusher-clear')) : { status: 200, body: '{}' };
    });
    await client.post(flow);
    await client.clear('all');
    expect(await client.list('all')).toEqual([]);
    expect(await client.findPusher()).toBe('staticflowpusher');
    expect(asked).toEqual([
      'GET /wm/staticentrypusher/list/all/json',
      'GET /wm/staticflowpusher/list/all/json',
      'POST /wm/staticflowpusher/json',
      'GET /wm/staticflowpusher/clear/all/json',
      'GET /wm/staticflowpusher/list/all/json',
    ]);
  });

  it('is missed by name where neither answers', async () => {
    const { client } = answering404();
    expect(await problemOf(client.findPusher())).toMatchObject({
      kind: 'environment',
      code: 'no-static-entry-pusher',
      where: { kind: 'request', method: 'GET', url: `${URL_OF_MOCK}/wm/staticentrypusher/list/all/json` },
    });
  });

  it('is looked for again after a failure', async () => {
    let broken = true;
    const { client } = mocked(() => (broken ? answerOf(recorded('empty-body')) : { status: 200, body: '{}' }));
    expect(await problemOf(client.findPusher())).toMatchObject({ code: 'controller-error' });
    broken = false;
    expect(await client.findPusher()).toBe('staticentrypusher');
  });

  it('is there even while its list is broken by write actions', async () => {
    expect(await replayed('write-actions-list').client.findPusher()).toBe('staticentrypusher');
  });

  it('is not taken to be where a page of HTML answers', async () => {
    const { client } = mocked(() => ({ status: 200, body: '<html>It works!</html>' }));
    expect(await problemOf(client.findPusher())).toMatchObject({ code: 'not-json' });
  });
});

function answering404() {
  return mocked(() => answerOf(recorded('path-unknown')));
}

describe('the client sends nothing that would harm Floodlight', () => {
  const withNumber = (part: Partial<FlowEntry>): Entry => ({ ...flow, ...part });
  const harmful: readonly (readonly [string, Entry, string])[] = [
    [
      'a TCP port without ip_proto, which hangs it for good',
      withNumber({ match: { eth_type: exactly('eth_type', 0x800n), tcp_dst: exactly('tcp_dst', 80n) } }),
      'tcp_dst needs ip_proto 0x6',
    ],
    [
      'a UDP port of a TCP packet',
      withNumber({
        match: {
          eth_type: exactly('eth_type', 0x800n),
          ip_proto: exactly('ip_proto', 6n),
          udp_src: exactly('udp_src', 53n),
        },
      }),
      'udp_src needs ip_proto 0x11, not 0x6',
    ],
    ['an empty name, which no request deletes', withNumber({ name: '' }), 'its name is empty'],
    [
      'a priority that is no number, which it makes a drop of everything',
      withNumber({ priority: Number.NaN }),
      'priority NaN is not a whole number from 0 to 65535',
    ],
    [
      'a priority that it would cut to 0',
      withNumber({ priority: 65_536 }),
      'priority 65536 is not a whole number from 0 to 65535',
    ],
    [
      'half a second of time-out',
      withNumber({ idleTimeoutSeconds: 0.5 }),
      'idle_timeout 0.5 is not a whole number from 0 to 65535',
    ],
    [
      'an action whose port is no number, without which the entry would drop',
      withNumber({
        instructions: { apply: [{ kind: 'output', port: Number.NaN }], clearActions: false, write: [] },
      }),
      'output NaN is not a whole number from 0 to 4294967295',
    ],
    [
      'a group without a number',
      { kind: 'group', name: 'g', dpid: S6, groupId: Number.NaN, groupType: 'all', buckets: [{ actions: [] }] },
      'group_id NaN is not a whole number from 0 to 2147483647',
    ],
    [
      'a value that is too wide for its field',
      withNumber({ match: { eth_type: exactly('eth_type', 0x10800n) } }),
      'eth_type has an impossible value or mask',
    ],
    [
      'a mask on a field that has none',
      withNumber({ match: { in_port: { value: 1n, mask: 1n } } }),
      'in_port has an impossible value or mask',
    ],
    [
      'write actions, with which it could no longer list any entry',
      withNumber({ instructions: { apply: [], clearActions: false, write: [{ kind: 'output', port: 2 }] } }),
      'with write actions in it, Floodlight could no longer list any entry',
    ],
  ];

  it.each(harmful)('%s', async (_, entry, cause) => {
    const { client, asked } = replayed('post-ok');
    expect(await problemOf(client.post(entry))).toMatchObject({
      kind: 'input',
      code: 'harmful-entry',
      where: { kind: 'entry', entry: entry.name, dpid: S6 },
      cause,
      remedy: expect.any(String),
    });
    expect(asked).toEqual([]);
  });

  it('but write actions where the controller can list them', async () => {
    const { client, bodies } = mocked(
      (method) => (method === 'POST' ? answerOf(recorded('post-ok')) : { status: 200, body: '{}' }),
      { listsWriteActions: true },
    );
    const instructions = { apply: [], clearActions: false, write: [{ kind: 'output', port: 2 } as const] };
    await client.post({ ...flow, instructions });
    expect(bodies).toMatchObject([{ instruction_write_actions: 'output=2' }]);
  });

  it('and its types have no role that would make it drop every write', async () => {
    const { client } = replayed('role-slave-one');
    // @ts-expect-error Floodlight answers MASTER to a role that it does not know, and then holds NOCHANGE.
    const king: Parameters<typeof client.setRole>[1] = 'KING';
    // @ts-expect-error
    const nochange: Parameters<typeof client.setRole>[1] = 'NOCHANGE';
    expect([king, nochange]).toHaveLength(2);
  });

  it('nor is an address that is no URL of http taken', () => {
    for (const url of ['127.0.0.1:8080', 'ftp://127.0.0.1', '']) {
      expect(() => new FloodlightClient({ url })).toThrow(/Write it as http:\/\/127\.0\.0\.1:8080/);
    }
  });
});

describe('the client names what is wrong', () => {
  it.each([
    [
      'switch-malformed',
      'entry f for switch 00:00:00:00:00:00:00:06 was refused: Switch DPID invalid! The flow has been discarded',
    ],
    [
      'malformed-json',
      'entry f for switch 00:00:00:00:00:00:00:06 was refused: Could not parse flow mod, see log for details',
    ],
  ])('a push that is answered 200 as %s', async (id, cause) => {
    expect(await problemOf(replayed(id).client.post(flow))).toMatchObject({
      kind: 'environment',
      code: 'request-refused',
      where: { kind: 'request', method: 'POST', url: `${URL_OF_MOCK}/wm/staticentrypusher/json` },
      cause,
      remedy: expect.any(String),
    });
  });

  it('HTTP 500, without its stack trace', async () => {
    const problem = await problemOf(replayed('empty-body').client.post(flow));
    expect(problem).toMatchObject({ kind: 'environment', code: 'controller-error', remedy: expect.any(String) });
    expect(problem.cause).toMatch(/^the controller failed \(HTTP 500: /);
    expect(JSON.stringify(problem)).not.toMatch(/stackTrace|\.java/);
  });

  it('a resource that this Floodlight lacks', async () => {
    const problem = await problemOf(answering(answerOf(recorded('topo-route-old'))).client.paths(S1, S5, 1));
    expect(problem).toMatchObject({
      kind: 'environment',
      code: 'unknown-resource',
      where: { kind: 'request', method: 'GET', url: `${URL_OF_MOCK}/wm/routing/paths/${S1}/${S5}/1/json` },
      cause: 'the controller has no such resource (HTTP 404)',
    });
  });

  it("the embedded controller's 400, with every reason", async () => {
    const body = '{"status" : "Error! a. b.", "errors" : ["a is wrong. Mend a.","b is wrong. Mend b."]}';
    const { client } = answering({ status: 400, body });
    expect((await problemOf(client.post(flow))).cause).toMatch(/a is wrong. Mend a; b is wrong. Mend b$/);
  });

  it('an unknown switch, for statistics of one and of all, and for roles', async () => {
    const unknown = { kind: 'environment', code: 'unknown-switch', remedy: expect.stringContaining('switches/json') };
    expect(await problemOf(replayed('sw-unknown-flow').client.flows(UNKNOWN))).toMatchObject(unknown);
    expect(await problemOf(answering(answerOf(recorded('sw-all-bogus'))).client.allGroups())).toMatchObject(unknown);
    expect(await problemOf(replayed('core-role-unknown').client.roles(UNKNOWN))).toMatchObject({
      cause: 'Switch Manager could not locate switch DPID 00:00:00:00:00:00:00:99',
      remedy: expect.stringContaining('switches/json'),
    });
  });

  it('a role that was refused, or answered with another', async () => {
    expect(await problemOf(replayed('role-malformed').client.setRole('all', 'MASTER'))).toMatchObject({
      code: 'request-refused',
      cause: 'the role MASTER was refused: Caught IOException while parsing JSON POST request in role request',
    });
    expect(await problemOf(replayed('role-one').client.setRole(S6, 'SLAVE'))).toMatchObject({
      code: 'role-not-set',
      cause: `the role SLAVE was not set: ${S6} has MASTER`,
    });
    // SwitchRoleResource.java, where the switch does not answer; not recorded.
    const silent = { [S1]: 'MASTER', [S6]: 'Error communicating with switch. Role not changed.' };
    const { client } = answering({ status: 200, body: JSON.stringify(silent) });
    expect(await problemOf(client.setRole('all', 'MASTER'))).toMatchObject({
      code: 'role-not-set',
      cause: `the role MASTER was not set: ${S6} answers "Error communicating with switch. Role not changed."`,
    });
  });

  it('the list that Floodlight breaks while an entry has write actions, by the name of the entry', async () => {
    expect(await problemOf(replayed('write-actions-list').client.list('all'))).toMatchObject({
      code: 'not-json',
      remedy: expect.stringMatching(/instruction_write_actions: delete the entry f-wa$/),
    });
  });

  it('the clear answer in single quotes', async () => {
    expect(await problemOf(answering(answerOf(recorded('clear-bad-dpid'))).client.clear(S6))).toMatchObject({
      code: 'request-refused',
      where: { kind: 'request', method: 'GET', url: `${URL_OF_MOCK}/wm/staticentrypusher/clear/${S6}/json` },
      cause: 'Could not delete flows/groups requested! See controller log for details',
    });
  });

  it.each([
    ['no body', { status: 200, body: '' }, 'not-json', 'the answer is empty (HTTP 200)'],
    ['204, which has none', { status: 204, body: '' }, 'not-json', 'the answer is empty (HTTP 204)'],
    [
      'half a body',
      { status: 200, body: '{"healthy":' },
      'not-json',
      'the answer breaks off after 11 characters (HTTP 200)',
    ],
    ['text', { status: 200, body: 'OK' }, 'not-json', 'the answer is not JSON (HTTP 200)'],
    ['HTML', { status: 200, body: '<!DOCTYPE html><p>' }, 'not-json', 'an HTML page came in place of JSON (HTTP 200)'],
    ['a 404 of HTML', { status: 404, body: '<html>' }, 'not-json', 'an HTML page came in place of JSON (HTTP 404)'],
    ['a 502 of a proxy', { status: 502, body: '<html>' }, 'not-json', 'an HTML page came in place of JSON (HTTP 502)'],
    [
      'JSON of another program',
      { status: 200, body: '{"hello":1}' },
      'unexpected-answer',
      'the answer has another form than Floodlight gives',
    ],
    ['null', { status: 200, body: 'null' }, 'unexpected-answer', 'the answer has another form than Floodlight gives'],
    [
      'a redirect',
      { status: 302, body: '', headers: { location: 'http://127.0.0.1/login' } },
      'redirected',
      "the controller's address leads elsewhere (HTTP 302)",
    ],
    [
      'gzip that was not asked for',
      { status: 200, body: gzipSync('{"healthy":true}'), headers: { 'content-encoding': 'gzip' } },
      'compressed-answer',
      'the answer is compressed, which was not asked for',
    ],
  ] satisfies [string, MockAnswer, string, string][])('%s', async (_, answer, code, cause) => {
    expect(await problemOf(answering(answer).client.health())).toMatchObject({
      kind: 'environment',
      code,
      where: { kind: 'request', method: 'GET', url: `${URL_OF_MOCK}/wm/core/health/json` },
      cause,
      remedy: expect.any(String),
    });
  });

  const json = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
  it.each([
    ['a connection that is closed without a word', (socket: Socket) => socket.end(), 'connection-closed'],
    ['a connection that is reset', (socket: Socket) => socket.resetAndDestroy(), 'connection-closed'],
    [
      'a connection that is closed in the middle of the answer',
      (socket: Socket) => socket.end(`${json}Content-Length: 100\r\n\r\n{"heal`),
      'connection-closed',
    ],
    [
      'a connection that is closed between two chunks',
      (socket: Socket) => socket.end(`${json}Transfer-Encoding: chunked\r\n\r\n8\r\n{"health\r\n`),
      'connection-closed',
    ],
    ['bytes that are not HTTP', (socket: Socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), 'not-http'],
    ['an answer without end', flood, 'answer-too-large'],
  ] as const)('%s', async (_, serve, code) => {
    const { client, url } = await clientOfSocket(serve);
    expect(await problemOf(client.health())).toMatchObject({
      kind: 'environment',
      code,
      where: { kind: 'request', method: 'GET', url: `${url}/wm/core/health/json` },
      remedy: expect.any(String),
    });
  });

  it('the OpenFlow port in place of that of REST', async () => {
    // OFPT_HELLO of OpenFlow 1.3, which a controller sends at once.
    const hello = Buffer.from([4, 0, 0, 8, 0, 0, 0, 1]);
    const { client } = await clientOfSocket((socket) => socket.write(hello), { afterRequest: false });
    expect(await problemOf(client.health())).toMatchObject({
      code: 'not-http',
      remedy: expect.stringContaining('at 6653 it speaks OpenFlow'),
    });
  });

  it.each([
    ['says nothing', undefined],
    ['stops in the middle of its answer', `${json}Content-Length: 100\r\n\r\n{"heal`],
  ])('a controller that %s in time', async (_, bytes) => {
    const stub = new SocketStub((socket) => bytes !== undefined && socket.write(bytes));
    const url = await stub.start();
    const client = new FloodlightClient({ url, timeoutMs: 100 });
    ends.push(
      () => client.close(),
      () => stub.stop(),
    );
    expect(await problemOf(client.health())).toMatchObject({
      kind: 'environment',
      code: 'controller-timeout',
      where: { kind: 'request', method: 'GET', url: `${url}/wm/core/health/json` },
      cause: 'the controller did not answer within 0.1 s',
      remedy: expect.any(String),
    });
  });

  it('a port at which nothing listens', async () => {
    const stub = new HttpStub(() => undefined);
    const url = await stub.start();
    await stub.stop();
    const client = new FloodlightClient({ url });
    ends.push(() => client.close());
    expect(await problemOf(client.post(flow))).toMatchObject({
      kind: 'environment',
      code: 'controller-refused',
      where: { kind: 'request', method: 'GET', url: `${url}/wm/staticentrypusher/list/all/json` },
      remedy: expect.any(String),
    });
  });

  it('but an abort is an abort', async () => {
    const { client } = await clientOfSocket(() => undefined);
    const controller = new AbortController();
    const health = client.health(controller.signal);
    controller.abort(new Error('enough'));
    await expect(health).rejects.toThrow('enough');
  });
});

/** Sends without end, as fast as the other side reads. */
function flood(socket: Socket): void {
  const megabyte = Buffer.alloc(1024 * 1024, 0x20);
  socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n');
  const more = () => {
    while (socket.writable && socket.write(megabyte));
  };
  socket.on('drain', more);
  more();
}
