import { Duplex } from 'node:stream';
import { beforeEach, describe, expect, test } from 'vitest';
import { Conversation } from '../../../src/drivers/mininet/conversation.ts';

const never = new AbortController().signal;
let said: unknown[];
let stream: Duplex;
let conversation: Conversation;
beforeEach(() => {
  said = [];
  stream = new Duplex({
    read() {},
    write(line, _, done) {
      said.push(JSON.parse(String(line)));
      done();
    },
  });
  conversation = new Conversation(stream);
});

const hear = (...messages: unknown[]) => stream.push(messages.map((each) => `${JSON.stringify(each)}\n`).join(''));

describe('a request to the sandbox', () => {
  test('gets its own answer, in whichever order answers come', async () => {
    const net = conversation.request('net', {}, never);
    const link = conversation.request('set-link', { a: 's1', b: 's2', port: null, up: false }, never);
    expect(said).toEqual([
      { id: 1, do: 'net', input: {} },
      { id: 2, do: 'set-link', input: { a: 's1', b: 's2', port: null, up: false } },
    ]);
    hear({ id: 2, result: null }, { id: 1, result: ['c0'] });
    expect(await net).toEqual(['c0']);
    expect(await link).toBeNull();
  });

  test('hears its progress', async () => {
    const steps: unknown[] = [];
    const input = { folder: '/', topo: 't', datapath: 'user', fallback: false, shares: {} } as const;
    const started = conversation.request('start', input, never, (step) => steps.push(step));
    const answer = { mininet: '2.3.0', openVSwitch: '3.1.0', datapath: 'user', shells: { h1: 7 } };
    hear({ id: 1, progress: 'Open vSwitch' }, { id: 1, progress: 'Mininet' }, { id: 1, result: answer });
    expect(await started).toEqual(answer);
    expect(steps).toEqual(['Open vSwitch', 'Mininet']);
  });

  test('ends with the reason of that when the sandbox resets the conversation', async () => {
    const net = conversation.request('net', {}, never);
    stream.destroy(new Error('read ECONNRESET'));
    await new Promise((resolve) => stream.once('close', resolve));
    conversation.end('the sandbox has ended');
    await expect(net).rejects.toThrow(/^the sandbox has ended$/);
  });

  test('fails with the reason that it is given', async () => {
    const net = conversation.request('net', {}, never);
    hear({ id: 1, error: 'no network' });
    await expect(net).rejects.toThrow(/^no network$/);
  });

  test('fails when its answer is a wrong one, and says what is wrong', async () => {
    const measured = conversation.request('end-measurement', {}, never);
    hear({ id: 1, result: { sent: 7, lost: '0', gapsMs: [], answersAtFirst: true, answersAtLast: true } });
    await expect(measured).rejects.toThrow(
      /^the sandbox's answer to end-measurement is wrong: lost: Invalid input: expected number, received string$/,
    );
    const net = conversation.request('net', {}, never);
    hear({ id: 2 });
    await expect(net).rejects.toThrow(/^the sandbox's answer to net is wrong: Invalid input: expected array/);
  });

  test('fails when its progress is wrong, whatever answer follows', async () => {
    const probed = conversation.request('probe', { points: [], reaction: 0, only: null }, never);
    hear({ id: 1, progress: { pairs: 2, answered: 1 } }, { id: 1, result: null });
    await expect(probed).rejects.toThrow(/^the sandbox's progress of probe is wrong: round: /);
  });

  test('fails when the sandbox sends something that is not an answer', async () => {
    const net = conversation.request('net', {}, never);
    stream.push('Segmentation fault\n');
    await expect(net).rejects.toThrow('the sandbox sent something that is not an answer: Segmentation fault');
  });

  test('is cancelled by its signal, and a late answer is ignored', async () => {
    const interrupted = new AbortController();
    const net = conversation.request('net', {}, interrupted.signal);
    interrupted.abort(new Error('enough'));
    await expect(net).rejects.toThrow('enough');
    expect(said.at(-1)).toEqual({ cancel: 1 });
    const next = conversation.request('net', {}, never);
    hear({ id: 1, result: ['late'] }, { id: 2, result: ['c0'] });
    expect(await next).toEqual(['c0']);
    await expect(conversation.request('net', {}, interrupted.signal)).rejects.toThrow('enough');
    expect(said).toHaveLength(3);
  });

  test('fails when the sandbox ends, with its last words where there are any', async () => {
    const waiting = conversation.request('net', {}, never);
    hear({ died: 'ovs-vswitchd died' });
    await new Promise((resolve) => setImmediate(resolve));
    expect(conversation.end('exit code 1')).toBe('ovs-vswitchd died');
    await expect(waiting).rejects.toThrow('ovs-vswitchd died');
    await expect(conversation.request('net', {}, never)).rejects.toThrow('ovs-vswitchd died');
  });
});
