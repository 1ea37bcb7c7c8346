import { afterEach, describe, expect, it } from 'vitest';
import { StaticEntryPusherClient } from '../../../src/drivers/floodlight/client.ts';
import type { Dpid } from '../../../src/model/addresses.ts';
import { exactly } from '../../../src/model/match.ts';
import type { FlowEntry } from '../../../src/model/openflow.ts';
import { type Problem, ProblemError } from '../../../src/model/problem.ts';
import { HttpStub, type StubAnswer } from '../../support/http-stub.ts';
import { recorded } from '../../support/recorded-exchanges.ts';

const S6 = '00:00:00:00:00:00:00:06' as Dpid;
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

async function clientOf(answer: (method: string, path: string) => StubAnswer | undefined, timeoutMs = 5_000) {
  const stub = new HttpStub(answer);
  const url = await stub.start();
  const client = new StaticEntryPusherClient({ url, timeoutMs });
  ends.push(
    () => client.close(),
    () => stub.stop(),
  );
  return { client, stub, url };
}

/** A client of a Floodlight that gave the answer of a recorded exchange to everything. */
function recordedClient(id: string) {
  const { response } = recorded(id);
  return clientOf(() => ({ status: response.status ?? 500, body: response.body ?? '' }));
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
    const { client } = await recordedClient('core-switches');
    const switches = await client.switches();
    expect(switches).toHaveLength(10);
    expect(switches[0]).toEqual({ dpid: '00:00:00:00:00:00:00:01', connectedSince: 1795353276839 });
  });

  it('links', async () => {
    const { client } = await recordedClient('topo-links');
    const links = await client.links();
    expect(links).toHaveLength(7);
    expect(links[2]).toEqual({
      source: { dpid: '00:00:00:00:00:00:00:02', port: 2 },
      target: { dpid: '00:00:00:00:00:00:00:0a', port: 2 },
      bidirectional: true,
    });
  });

  it('roles, health, flows, groups and an empty list', async () => {
    expect((await (await recordedClient('core-role-6')).client.roles(S6)).get(S6)).toBe('MASTER');
    expect(await (await recordedClient('core-health')).client.health()).toBe(true);
    expect(await (await recordedClient('sw-6-flow')).client.flows(S6)).toMatchObject([{ priority: 0, packets: 125n }]);
    expect(await (await recordedClient('gf-group-desc')).client.groups(S6)).toMatchObject([{ groupId: 1 }]);
    expect(await (await recordedClient('list-empty')).client.list('all')).toEqual([]);
  });

  it('the ten entries of the tutorial', async () => {
    const { client } = await recordedClient('tut-0a-list10');
    const names = (await client.list('all')).map(({ name }) => name).sort();
    expect(names).toEqual(['1', '10', '2', '3', '4', '5', '6', '7', '8', '9'].map((number) => `flow-mod-${number}`));
  });

  it('a pushed entry', async () => {
    const { client, stub } = await recordedClient('post-ok');
    await client.post(flow);
    expect(stub.requests).toMatchObject([{ method: 'POST', path: '/wm/staticentrypusher/json' }]);
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
    const { client, url } = await recordedClient(id);
    expect(await problemOf(client.post(flow))).toMatchObject({
      kind: 'environment',
      code: 'request-refused',
      where: `POST ${url}/wm/staticentrypusher/json`,
      cause,
    });
  });

  it('HTTP 500, without its stack trace', async () => {
    const { client } = await recordedClient('empty-body');
    const problem = await problemOf(client.post(flow));
    expect(problem).toMatchObject({ kind: 'environment', code: 'controller-error' });
    expect(JSON.stringify(problem)).not.toMatch(/stackTrace|\.java/);
  });

  it("the embedded controller's 400, with every reason", async () => {
    const body = '{"status" : "Error! a. b.", "errors" : ["a is wrong. Mend a.","b is wrong. Mend b."]}';
    const { client } = await clientOf(() => ({ status: 400, body }));
    expect((await problemOf(client.post(flow))).cause).toMatch(/a is wrong. Mend a; b is wrong. Mend b$/);
  });

  it('an unknown switch, for statistics and for roles', async () => {
    expect(await problemOf((await recordedClient('sw-unknown-flow')).client.flows(S6))).toMatchObject({
      code: 'unknown-switch',
    });
    expect(await problemOf((await recordedClient('core-role-unknown')).client.roles(S6))).toMatchObject({
      cause: 'Switch Manager could not locate switch DPID 00:00:00:00:00:00:00:99',
    });
  });

  it('the list that Floodlight breaks while an entry has write actions', async () => {
    const { client } = await recordedClient('write-actions-list');
    expect(await problemOf(client.list('all'))).toMatchObject({
      code: 'not-json',
      remedy: expect.stringContaining('instruction_write_actions'),
    });
  });

  it('the clear answer in single quotes', async () => {
    const { client } = await recordedClient('clear-bad-dpid');
    expect(await problemOf(client.clear(S6))).toMatchObject({
      code: 'not-json',
      cause: 'the answer is not JSON (HTTP 400)',
    });
  });

  it('an HTML page', async () => {
    const { client } = await clientOf(() => ({
      status: 200,
      contentType: 'text/html',
      body: '<!DOCTYPE html><p>hello',
    }));
    expect(await problemOf(client.health())).toMatchObject({ cause: 'an HTML page came in place of JSON (HTTP 200)' });
  });

  it('JSON of another program', async () => {
    const { client } = await clientOf(() => ({ status: 200, body: '{"hello":1}' }));
    expect(await problemOf(client.switches())).toMatchObject({ code: 'unexpected-answer', offending: '{"hello":1}' });
  });

  it('a controller that does not answer in time', async () => {
    const { client, url } = await clientOf(() => undefined, 100);
    expect(await problemOf(client.health())).toMatchObject({
      kind: 'environment',
      code: 'controller-timeout',
      where: `GET ${url}/wm/core/health/json`,
      cause: 'the controller did not answer within 0.1 s',
    });
  });

  it('a port at which nothing listens', async () => {
    const stub = new HttpStub(() => undefined);
    const url = await stub.start();
    await stub.stop();
    const client = new StaticEntryPusherClient({ url });
    ends.push(() => client.close());
    expect(await problemOf(client.health())).toMatchObject({
      code: 'controller-refused',
      where: `GET ${url}/wm/core/health/json`,
    });
  });

  it('but an abort is an abort', async () => {
    const { client } = await clientOf(() => undefined);
    const controller = new AbortController();
    const health = client.health(controller.signal);
    controller.abort(new Error('enough'));
    await expect(health).rejects.toThrow('enough');
  });
});
