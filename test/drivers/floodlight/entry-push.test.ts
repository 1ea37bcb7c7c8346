import { afterEach, describe, expect, it } from 'vitest';
import { FloodlightClient } from '../../../src/drivers/floodlight/client.ts';
import { pushEntries, removeEntries } from '../../../src/drivers/floodlight/entry-push.ts';
import { decodePost } from '../../../src/drivers/floodlight/post-reader.ts';
import {
  cookieOf,
  encodeGroupDescription,
  encodeListed,
  encodeSwitchFlow,
} from '../../../src/drivers/floodlight/wire.ts';
import type { Dpid } from '../../../src/model/addresses.ts';
import { exactly } from '../../../src/model/match.ts';
import type { Entry, FlowEntry, GroupEntry } from '../../../src/model/openflow.ts';
import { HttpStub, type StubAnswer } from '../../support/http-stub.ts';

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

/** A Floodlight that says "Entry pushed" to everything, as the real one, and loses what `loses` names. */
class Floodlight {
  readonly listed = new Map<string, Entry>();
  readonly held = new Map<string, Entry>();
  readonly stub = new HttpStub((method, path, body) => this.#answer(method, path, body));
  readonly loses: Readonly<Record<string, 'list' | 'switch'>>;

  constructor(loses: Readonly<Record<string, 'list' | 'switch'>> = {}) {
    this.loses = loses;
  }

  #answer(method: string, path: string, body: string): StubAnswer {
    if (method === 'POST') {
      const read = decodePost(JSON.parse(body));
      if ('refusals' in read) return { status: 200, body: '{"status" : "Warning! The flow has been discarded."}' };
      const lost = this.loses[read.entry.name];
      if (lost !== 'list') this.listed.set(read.entry.name, read.entry);
      if (lost === undefined) this.held.set(read.entry.name, read.entry);
      return { status: 200, body: '{"status" : "Entry pushed"}' };
    }
    if (method === 'DELETE') {
      const { name } = JSON.parse(body) as { name: string };
      this.listed.delete(name);
      if (this.loses[`delete ${name}`] === undefined) this.held.delete(name);
      return { status: 200, body: JSON.stringify({ status: `Entry ${name} deleted` }) };
    }
    const entries = [...this.held.values()];
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

const options = { concurrency: 1, signal: new AbortController().signal };

describe('a push', () => {
  it('sends groups before flows', async () => {
    const floodlight = new Floodlight();
    await pushEntries(await start(floodlight), [flow('f', 1, 2), group], options);
    const posted = floodlight.stub.requests.filter(({ method }) => method === 'POST');
    expect(posted.map(({ body }) => (JSON.parse(body) as { name: string }).name)).toEqual(['g', 'f']);
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
    const push = pushEntries(await start(floodlight), [flow('f', 1, 2), flow('lost', 2, 1)], options);
    await expect(push).rejects.toThrow(/entry lost.*missing from the controller's list[\s\S]*taken back/);
    expect([...floodlight.listed.keys()]).toEqual([]);
  });

  it('names an entry that the switch lacks', async () => {
    const client = await start(new Floodlight({ lost: 'switch' }));
    await expect(pushEntries(client, [flow('lost', 2, 1)], options)).rejects.toMatchObject({
      problems: [
        {
          kind: 'environment',
          code: 'entry-did-not-arrive',
          where: expect.stringContaining('entry lost'),
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
    await expect(pushEntries(client, [flow('f', 1, 2), flow('lost', 2, 1)], options)).rejects.toThrow(/taken back/);
    expect([...floodlight.held.values()]).toEqual([before]);
  });

  it('that is aborted leaves nothing and rejects with the reason', async () => {
    const floodlight = new Floodlight({ lost: 'list' });
    const client = await start(floodlight);
    const controller = new AbortController();
    const push = pushEntries(client, [flow('f', 1, 2), flow('lost', 2, 1)], {
      concurrency: 1,
      signal: controller.signal,
    });
    setTimeout(() => controller.abort(new Error('enough')), 100);
    await expect(push).rejects.toThrow('enough');
    expect([...floodlight.listed.keys()]).toEqual([]);
  });
});

describe('a removal', () => {
  it('deletes flows before groups', async () => {
    const floodlight = new Floodlight();
    const client = await start(floodlight);
    await pushEntries(client, [group, flow('f', 1, 2)], options);
    await removeEntries(client, [group, flow('f', 1, 2)], options);
    const deleted = floodlight.stub.requests.filter(({ method }) => method === 'DELETE');
    expect(deleted.map(({ body }) => (JSON.parse(body) as { name: string }).name)).toEqual(['f', 'g']);
  });

  it('names an entry that the switch still holds', async () => {
    const client = await start(new Floodlight({ 'delete f': 'switch' }));
    await pushEntries(client, [flow('f', 1, 2)], options);
    await expect(removeEntries(client, [flow('f', 1, 2)], options)).rejects.toThrow(
      /entry f.*the switch still holds it/,
    );
  });
});
