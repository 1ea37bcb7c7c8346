import { afterEach, describe, expect, it } from 'vitest';
import { FloodlightClient } from '../../../src/drivers/pusher/client.ts';
import { confirmGone, pushEntries, removeEntries } from '../../../src/drivers/pusher/entry-push.ts';
import { decodePost } from '../../../src/drivers/pusher/post-reader.ts';
import { cookieOf, encodeGroupDescription, encodeListed, encodeSwitchFlow } from '../../../src/drivers/pusher/wire.ts';
import type { Dpid } from '../../../src/model/addresses.ts';
import { exactly } from '../../../src/model/match.ts';
import { type Entry, type FlowEntry, flowKey, type GroupEntry } from '../../../src/model/openflow.ts';
import { ProblemError } from '../../../src/model/problem.ts';
import { HttpStub, type StubAnswer } from '../../support/fakes/http-stub.ts';
import { RestProxy } from '../../support/fakes/rest-proxy.ts';
import { recordedBody } from '../../support/fixtures/recorded-exchanges.ts';

const S6 = '00:00:00:00:00:00:00:06' as Dpid;

function flow(name: string, inPort: number, port: number): FlowEntry {
  return {
    kind: 'flow',
    name,
    dpid: S6,
    tableId: 0,
    priority: 32768,
    match: { in_port: exactly('in_port', BigInt(inPort)) },
    instructions: { apply: [{ kind: 'output', port }], clearActions: false, write: [] },
    idleTimeoutSeconds: 0,
    hardTimeoutSeconds: 0,
  };
}

const group: GroupEntry = {
  kind: 'group',
  name: 'g',
  dpid: S6,
  groupId: 1,
  groupType: 'all',
  buckets: [{ actions: [{ kind: 'output', port: 2 }] }],
};

/**
 * A Floodlight that says "Entry pushed" to everything, as the real one, and loses what `loses` names. A POST of what it
 * lists already modifies only what the switch holds (CONTRACT.md, section 3).
 */
class Floodlight {
  readonly listed = new Map<string, Entry>();
  readonly held = new Map<string, Entry>();
  readonly stub = new HttpStub((method, path, body) => this.#answer(method, path, body));
  readonly loses: Record<string, 'list' | 'switch'>;
  /** Loses an entry the first time only. */
  forgives = false;
  /** Names that it does not let go of until they are posted again (CONTRACT.md, section 8). */
  readonly zombies = new Set<string>();
  /** Answers every request but the first so many with HTTP 500. */
  answersWell = Number.POSITIVE_INFINITY;

  constructor(loses: Record<string, 'list' | 'switch'> = {}) {
    this.loses = loses;
  }

  /** `POST g`, `DELETE f`, ... in the order in which they came. */
  get changes(): readonly string[] {
    return this.stub.requests
      .filter(({ method }) => method !== 'GET')
      .map(({ method, body }) => `${method} ${(JSON.parse(body) as { name: string }).name}`);
  }

  #answer(method: string, path: string, body: string): StubAnswer {
    if (this.stub.requests.length > this.answersWell) return { status: 500, body: '{"code":500,"description":"ill"}' };
    if (method === 'POST') {
      const read = decodePost(JSON.parse(body));
      if ('refusals' in read) return { status: 200, body: '{"status" : "Warning! The flow has been discarded."}' };
      const lost = this.loses[read.entry.name];
      const before = this.listed.get(read.entry.name);
      const modifies = before !== undefined && placeOf(before) === placeOf(read.entry);
      if (lost !== 'list') this.listed.set(read.entry.name, read.entry);
      if (lost === undefined && (!modifies || this.held.has(read.entry.name))) {
        this.held.set(read.entry.name, read.entry);
      }
      if (this.forgives) delete this.loses[read.entry.name];
      this.zombies.delete(read.entry.name);
      return { status: 200, body: '{"status" : "Entry pushed"}' };
    }
    if (method === 'DELETE') {
      const { name } = JSON.parse(body) as { name: string };
      if (!this.zombies.has(name)) this.listed.delete(name);
      if (!this.zombies.has(name) && this.loses[`delete ${name}`] === undefined) this.held.delete(name);
      return { status: 200, body: JSON.stringify({ status: `Entry ${name} deleted` }) };
    }
    const entries = [...this.held.values()].filter(({ dpid }) => path.includes(dpid));
    if (path.endsWith('/flow/json')) {
      const flows = entries.flatMap((entry) =>
        entry.kind === 'flow'
          ? [
              encodeSwitchFlow({
                ...entry,
                cookie: cookieOf(entry.name),
                packets: 0n,
                bytes: 0n,
                durationSeconds: 1,
                sendsFlowRemoved: true,
              }),
            ]
          : [],
      );
      return { status: 200, body: JSON.stringify({ flows }) };
    }
    if (path.endsWith('/group-desc/json')) {
      const group_desc = entries.flatMap((entry) => (entry.kind === 'group' ? [encodeGroupDescription(entry)] : []));
      return { status: 200, body: JSON.stringify({ version: 'OF_13', group_desc }) };
    }
    const rows = [...this.listed.values()].map((entry) => ({ [entry.name]: encodeListed(entry) }));
    return { status: 200, body: JSON.stringify({ [S6]: rows }) };
  }
}

function placeOf(entry: Entry): string {
  return entry.kind === 'group' ? `group ${entry.groupId}` : flowKey(entry);
}

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function start(floodlight: Floodlight) {
  const client = new FloodlightClient({ url: await floodlight.stub.start() });
  ends.push(
    () => client.close(),
    () => floodlight.stub.stop(),
  );
  return client;
}

const pace = { arrivalMs: 3_000, pollMs: 2, repairMs: 35 };
const options = { concurrency: 1, signal: new AbortController().signal, pace };
/** For what never arrives, or never goes. */
const inVain = { ...options, pace: { ...pace, arrivalMs: 150 } };

describe('a push', () => {
  it('sends groups before flows', async () => {
    const floodlight = new Floodlight();
    await pushEntries(await start(floodlight), [flow('f', 1, 2), group], options);
    expect(floodlight.changes).toEqual(['POST g', 'POST f']);
  });

  it('of one at a time never has two requests that change something under way', async () => {
    const floodlight = new Floodlight();
    const proxy = new RestProxy(await floodlight.stub.start(), { delayMs: 5 });
    const client = new FloodlightClient({ url: await proxy.start() });
    ends.push(
      () => client.close(),
      () => proxy.stop(),
      () => floodlight.stub.stop(),
    );
    const flows = Array.from({ length: 10 }, (_, index) => flow(`f${index}`, index + 1, 20));
    await pushEntries(client, [group, ...flows], options);
    await removeEntries(client, [group, ...flows], options);
    expect(floodlight.changes).toHaveLength(22);
    expect(proxy.mostChangesAtOnce).toBe(1);
    // The proxy can count: eight at once are more than one.
    await pushEntries(client, flows, { ...options, concurrency: 8 });
    expect(proxy.mostChangesAtOnce).toBeGreaterThan(1);
  });

  it('sends an entry again that was lost once, and it arrives', async () => {
    const floodlight = new Floodlight({ lost: 'list' });
    floodlight.forgives = true;
    await pushEntries(await start(floodlight), [flow('f', 1, 2), flow('lost', 2, 1)], options);
    expect(floodlight.changes).toEqual(['POST f', 'POST lost', 'POST lost']);
    expect([...floodlight.held.keys()]).toEqual(['f', 'lost']);
  });

  it('deletes an entry that is listed and not in its switch before it sends it again, a flow before its group', async () => {
    const floodlight = new Floodlight({ g: 'switch', lost: 'switch' });
    floodlight.forgives = true;
    await pushEntries(await start(floodlight), [flow('lost', 2, 1), group], options);
    expect(floodlight.changes).toEqual(['POST g', 'POST lost', 'DELETE lost', 'DELETE g', 'POST g', 'POST lost']);
    expect([...floodlight.held.keys()]).toEqual(['g', 'lost']);
  });

  it('does not delete what its switch holds otherwise, as the flows of a group would go with it', async () => {
    const floodlight = new Floodlight();
    const client = await start(floodlight);
    await pushEntries(client, [group, flow('f', 1, 2)], options);
    floodlight.loses['g'] = 'switch';
    floodlight.loses['f'] = 'switch';
    floodlight.forgives = true;
    const changed: GroupEntry = { ...group, buckets: [{ actions: [{ kind: 'output', port: 3 }] }] };
    await pushEntries(client, [changed, flow('f', 1, 4)], options);
    expect(floodlight.changes.filter((change) => change.startsWith('DELETE'))).toEqual([]);
    expect([...floodlight.held.values()]).toEqual([changed, flow('f', 1, 4)]);
  });

  it('of two entries of one name is refused before anything is sent', async () => {
    const floodlight = new Floodlight();
    const push = pushEntries(await start(floodlight), [flow('f', 1, 2), flow('f', 2, 1)], options);
    await expect(push).rejects.toMatchObject({ problems: [{ kind: 'input', code: 'duplicate-entry-name' }] });
    expect(floodlight.stub.requests).toEqual([]);
  });

  it('of two flows with one match is refused before anything is sent', async () => {
    const floodlight = new Floodlight();
    const push = pushEntries(await start(floodlight), [flow('f', 1, 2), flow('g', 1, 3)], options);
    await expect(push).rejects.toMatchObject({ problems: [{ kind: 'input', code: 'duplicate-entry' }] });
    expect(floodlight.stub.requests).toEqual([]);
  });

  it('names an entry that the list lacks, and takes the others back', async () => {
    const floodlight = new Floodlight({ lost: 'list' });
    const push = pushEntries(await start(floodlight), [flow('f', 1, 2), flow('lost', 2, 1)], inVain);
    await expect(push).rejects.toThrow(/entry lost.*missing from the controller's list[\s\S]*The push was undone/);
    expect([...floodlight.listed.keys()]).toEqual([]);
  });

  it('names an entry that the switch lacks', async () => {
    const client = await start(new Floodlight({ lost: 'switch' }));
    await expect(pushEntries(client, [flow('lost', 2, 1)], inVain)).rejects.toMatchObject({
      problems: [
        {
          kind: 'environment',
          code: 'entry-did-not-arrive',
          where: expect.objectContaining({ kind: 'entry', entry: 'lost' }),
          cause: expect.stringContaining('not in the switch'),
        },
      ],
    });
  });

  it('that fails puts back the entries that had its names before', async () => {
    const floodlight = new Floodlight({ lost: 'list' });
    const client = await start(floodlight);
    const before = flow('f', 3, 1);
    await pushEntries(client, [before], options);
    await expect(pushEntries(client, [flow('f', 1, 2), flow('lost', 2, 1)], inVain)).rejects.toThrow(
      /The push was undone/,
    );
    expect([...floodlight.held.values()]).toEqual([before]);
  });

  it('that fails leaves what it would have replaced in its place, without deleting it first', async () => {
    const floodlight = new Floodlight();
    const client = await start(floodlight);
    await pushEntries(client, [group, flow('f', 3, 1)], options);
    floodlight.loses['lost'] = 'switch';
    const changed: GroupEntry = { ...group, buckets: [{ actions: [{ kind: 'output', port: 3 }] }] };
    const push = pushEntries(client, [changed, flow('f', 3, 2), flow('lost', 2, 1)], inVain);
    await expect(push).rejects.toThrow(/entry lost.*not in the switch[\s\S]*The push was undone/);
    expect(floodlight.changes).not.toContain('DELETE g');
    expect(floodlight.changes).not.toContain('DELETE f');
    expect([...floodlight.held.values()]).toEqual([group, flow('f', 3, 1)]);
    expect([...floodlight.listed.keys()]).toEqual(['g', 'f']);
  });

  it('that fails and cannot be taken back says so, and tells which entries that concerns', async () => {
    const floodlight = new Floodlight();
    const client = await start(floodlight);
    const before = flow('f', 3, 1);
    await pushEntries(client, [before], options);
    // The list, the table of the switch and two POSTs are answered, and nothing after them.
    floodlight.answersWell = floodlight.stub.requests.length + 4;
    const heard: (readonly Entry[])[] = [];
    const push = pushEntries(client, [flow('f', 1, 2), flow('new', 2, 1), flow('never', 4, 1)], {
      ...options,
      onNotTakenBack: (pushed, replaced) => heard.push(pushed, replaced),
    });
    await expect(push).rejects.toThrow(
      /POST .*\/json: the controller failed \(HTTP 500: ill\)[\s\S]*Undoing the push failed too/,
    );
    expect(heard).toEqual([[flow('new', 2, 1), flow('never', 4, 1)], [before]]);
  });

  it('that fails and is taken back tells of no entries', async () => {
    const floodlight = new Floodlight({ lost: 'switch' });
    const onNotTakenBack = () => expect.unreachable();
    const push = pushEntries(await start(floodlight), [flow('f', 1, 2), flow('lost', 2, 1)], {
      ...inVain,
      onNotTakenBack,
    });
    await expect(push).rejects.toThrow('The push was undone');
    expect([...floodlight.held.keys(), ...floodlight.listed.keys()]).toEqual([]);
  });

  it('that is aborted leaves nothing and rejects with the reason', async () => {
    const floodlight = new Floodlight({ lost: 'list' });
    const client = await start(floodlight);
    const controller = new AbortController();
    const push = pushEntries(client, [flow('f', 1, 2), flow('lost', 2, 1)], {
      concurrency: 1,
      signal: controller.signal,
    });
    await expect.poll(() => floodlight.changes, { interval: 5 }).toContain('POST lost');
    controller.abort(new Error('enough'));
    await expect(push).rejects.toThrow('enough');
    expect([...floodlight.listed.keys()]).toEqual([]);
  });
});

describe('a push whose third entry gets a wrong answer', () => {
  const quoted = recordedBody('clear-bad-dpid');
  it.each<readonly [string, StubAnswer, RegExp]>([
    ['an empty one', { status: 200, body: '' }, /POST .*\/json: the answer is empty/],
    ['a page of a proxy', { status: 502, body: '<html>' }, /POST .*\/json: an HTML page came/],
    ['one in quotes', { status: 400, body: quoted }, /POST .*\/json: entry third .*was refused/],
  ])('%s is not half-pushed, and arrives when it is sent again', async (_, answer, message) => {
    const floodlight = new Floodlight();
    const proxy = new RestProxy(await floodlight.stub.start());
    const client = new FloodlightClient({ url: await proxy.start() });
    ends.push(
      () => client.close(),
      () => proxy.stop(),
      () => floodlight.stub.stop(),
    );
    let posts = 0;
    proxy.intervene = ({ method }) => {
      if (method === 'POST') posts += 1;
      return method === 'POST' && posts === 3 ? answer : 'pass';
    };
    const entries = [flow('first', 1, 2), flow('second', 2, 1), flow('third', 3, 1)];
    const failure: unknown = await pushEntries(client, entries, options).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ProblemError);
    const { message: told, problems } = failure as ProblemError;
    expect(told).toMatch(message);
    // Of these `connect` ends with exit code 3.
    expect(new Set(problems.map(({ kind }) => kind))).toEqual(new Set(['environment']));
    expect([...floodlight.listed.keys(), ...floodlight.held.keys()]).toEqual([]);
    await pushEntries(client, entries, options);
    expect([...floodlight.held.keys()]).toEqual(['first', 'second', 'third']);
  });
});

describe('a removal', () => {
  it('deletes flows before groups', async () => {
    const floodlight = new Floodlight();
    const client = await start(floodlight);
    await pushEntries(client, [group, flow('f', 1, 2)], options);
    await removeEntries(client, [group, flow('f', 1, 2)], options);
    expect(floodlight.changes.slice(2)).toEqual(['DELETE f', 'DELETE g']);
  });

  it('of what Floodlight does not let go of posts it and deletes it once more', async () => {
    const floodlight = new Floodlight();
    const client = await start(floodlight);
    await pushEntries(client, [group, flow('zombie', 1, 2)], options);
    floodlight.zombies.add('zombie');
    await removeEntries(client, [group, flow('zombie', 1, 2)], options);
    expect(floodlight.changes.slice(2)).toEqual(['DELETE zombie', 'DELETE g', 'POST zombie', 'DELETE zombie']);
    expect([...floodlight.held.keys(), ...floodlight.listed.keys()]).toEqual([]);
  });

  it('leaves an entry of that name alone that is another switch’s meanwhile', async () => {
    const floodlight = new Floodlight();
    const client = await start(floodlight);
    await pushEntries(client, [flow('f', 1, 2)], options);
    const elsewhere: FlowEntry = { ...flow('f', 1, 2), dpid: '00:00:00:00:00:00:00:07' as Dpid };
    await confirmGone(client, [elsewhere], options.signal, pace);
    expect(floodlight.changes).toEqual(['POST f']);
  });

  it('names an entry that the switch still holds', async () => {
    const client = await start(new Floodlight({ 'delete f': 'switch' }));
    await pushEntries(client, [flow('f', 1, 2)], options);
    await expect(removeEntries(client, [flow('f', 1, 2)], inVain)).rejects.toThrow(
      /entry f.*the switch still holds it/,
    );
  });
});
