import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import type { CommandName } from '../../../src/lab/commands/types.ts';
import type { LabService } from '../../../src/lab/process/service.ts';
import type { LabProgress } from '../../../src/lab/running.ts';
import { servedLab } from '../served-lab.ts';

const LINK_DOWN = { state: 'down', link: 's1-s2', repair: true } as const;
const CONNECT = { hosts: ['h1', 'h2'] };

const open: { readonly service: LabService; readonly folder: string }[] = [];

afterEach(() => {
  for (const { service, folder } of open.splice(0)) {
    service.close();
    rmSync(folder, { recursive: true });
  }
});

/** A lab whose service listens, and how to ask it as another process does. */
async function listeningLab() {
  const served = await servedLab();
  const folder = mkdtempSync(join(tmpdir(), 'labctl-service-'));
  open.push({ service: served.service, folder });
  const socketPath = join(folder, 'lab.sock');
  await served.service.listen(socketPath);
  const post = (name: string, body: string) => {
    const asked = request({ socketPath, agent: false, method: 'POST', path: `/${encodeURIComponent(name)}` });
    asked.end(body);
    return asked;
  };
  const ask = async (name: string, body: string): Promise<readonly unknown[]> => {
    const [response] = (await once(post(name, body), 'response')) as [IncomingMessage];
    let text = '';
    for await (const chunk of response.setEncoding('utf8')) text += chunk;
    return text
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
  };
  return { ...served, post, ask };
}

/** Holds every change of a switch back until it is told to let go. */
function hold(tables: Awaited<ReturnType<typeof servedLab>>['tables']): () => void {
  let letGo = () => {};
  tables.gate = new Promise((resolve) => {
    letGo = resolve;
  });
  return letGo;
}

/** Does the work of all that is ready. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('what comes over the socket is checked', () => {
  test.each([
    ['connect', '{}', 'hosts: Invalid input: expected array, received undefined'],
    ['connect', '{"hosts": ["h1", 2]}', 'hosts: 1: Invalid input: expected string, received number'],
    ['heal', '{"all": true}', 'Unrecognized key: "all"'],
    [
      'link',
      '{"state": "broken", "between": ["s1", "s2"], "repair": true}',
      'Invalid option: expected one of "down"|"up"',
    ],
    ['fault random', '{"seed": -1, "count": 1, "withSwitches": false, "repair": true}', 'seed: Too small'],
    ['status', '[]', 'expected object, received array'],
  ])('%s %s', async (name, body, told) => {
    const { ask } = await listeningLab();
    const cause = expect.stringContaining(told);
    const problem = { kind: 'input', code: 'wrong-input', where: { kind: 'thing', name: `labctl ${name}` }, cause };
    expect(await ask(name, body)).toEqual([{ problems: [expect.objectContaining(problem)] }]);
  });

  test.each(['unplug', 'constructor', 'changeFaults', ''])('there is no command "%s"', async (name) => {
    const { ask } = await listeningLab();
    expect(await ask(name, '{}')).toEqual([
      {
        problems: [expect.objectContaining({ kind: 'input', code: 'unknown-command', where: { kind: 'thing', name } })],
      },
    ]);
  });

  test('what is no JSON is a problem too, and the lab goes on', async () => {
    const { ask } = await listeningLab();
    expect(await ask('status', '{')).toEqual([{ problems: [expect.objectContaining({ code: 'unforeseen' })] }]);
    expect(await ask('spec', '{}')).toMatchObject([{ result: { version: 1, lab: 'ring', file: 'ring.yaml' } }]);
  });
});

describe('commands that wait', () => {
  test('are done in the order in which they came, and one that only looks is done meanwhile', async () => {
    const { service, tables } = await servedLab();
    const letGo = hold(tables);
    const done: string[] = [];
    const told: LabProgress[] = [];
    const { signal } = new AbortController();
    const give = <C extends CommandName>(name: C, input: Parameters<typeof service.run<C>>[1]) =>
      service.run(name, input, { signal, report: (progress) => told.push(progress) }).finally(() => done.push(name));
    const linkDown = give('link', LINK_DOWN);
    await settled();
    const others = [give('entries clear', {}), give('fault list', {})];
    await give('status', {});
    await settled();
    expect(done).toEqual(['status']);
    letGo();
    await Promise.all([linkDown, ...others]);
    expect(done).toEqual(['status', 'link', 'entries clear', 'fault list']);
    expect(told.filter((each) => 'step' in each && each.step.startsWith('waiting until'))).toEqual([
      { step: 'waiting until `labctl link` is done' },
      { step: 'waiting until `labctl link` is done' },
    ]);
  });

  test('a command that fails does not keep the next one from its turn', async () => {
    const { run } = await servedLab();
    const failing = run('connect', { hosts: ['h1', 'nobody'] });
    const next = run('connect', CONNECT);
    await expect(failing).rejects.toThrow('there is no such host');
    expect(await next).toMatchObject({ version: 1, lab: 'ring', members: ['h1', 'h2'], changed: true });
  });

  test('one that is interrupted before its turn does nothing', async () => {
    const { service, run, tables } = await servedLab();
    const letGo = hold(tables);
    const linkDown = run('link', LINK_DOWN);
    await settled();
    const interrupted = new AbortController();
    const connect = service.run('connect', CONNECT, { signal: interrupted.signal, report: () => {} });
    interrupted.abort(new Error('interrupted'));
    letGo();
    await expect(connect).rejects.toThrow('interrupted');
    expect(await linkDown).toMatchObject({ changed: [{ kind: 'link', between: ['s1', 's2'] }] });
    expect(await run('connections', {})).toMatchObject({ connections: [] });
  });

  test('one whose caller goes away before its turn does nothing', async () => {
    const { run, post, tables } = await listeningLab();
    const letGo = hold(tables);
    const linkDown = run('link', LINK_DOWN);
    await settled();
    const connect = post('connect', JSON.stringify(CONNECT));
    connect.on('error', () => {});
    const [response] = (await once(connect, 'response')) as [IncomingMessage];
    // The first line says that it waits.
    const [line] = (await once(response.setEncoding('utf8'), 'data')) as [string];
    expect(JSON.parse(line)).toEqual({ progress: { step: 'waiting until `labctl link` is done' } });
    response.on('error', () => {});
    connect.destroy();
    await new Promise((resolve) => response.once('close', resolve));
    // The lab hears of it in a turn of its own.
    await run('status', {});
    await settled();
    letGo();
    await linkDown;
    expect(await run('connections', {})).toMatchObject({ connections: [] });
  });
});
