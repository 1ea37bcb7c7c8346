import { afterEach, describe, expect, test } from 'vitest';
import { FloodlightController } from '../../../src/drivers/floodlight/controller.ts';
import { runningFloodlight } from '../../../src/drivers/floodlight/instance.ts';
import { HttpStub, type StubAnswer } from '../../support/fakes/http-stub.ts';
import { recordedBody } from '../../support/fixtures/recorded-exchanges.ts';
import { line } from '../../support/fixtures/topologies.ts';

const LIST = '/wm/staticentrypusher/list/all/json';
const SWITCHES = '/wm/core/controller/switches/json';

/** With a Java stack trace, as Floodlight gives it. */
const stackTrace = recordedBody('empty-body');
/** Of a list that holds an entry with write actions: a brace is missing. */
const brokenList = recordedBody('write-actions-list');
/** In single quotes. */
const quoted = recordedBody('clear-bad-dpid');

/** What stands at the URL gives this answer to everything; the cause named, and words of its remedy. */
const answers: readonly (readonly [string, StubAnswer, string, string])[] = [
  ['answers HTML', { status: 200, body: '<!DOCTYPE html><p>It works!' }, `${LIST}: an HTML page came`, 'See whether'],
  [
    'answers 404',
    { status: 404, body: 'Not Found' },
    `${LIST}: the controller has no Static Entry Pusher`,
    'See whether',
  ],
  ['answers 404 in HTML', { status: 404, body: '<html>' }, `${LIST}: the controller has no Static`, 'See whether'],
  ['answers 500', { status: 500, body: stackTrace }, `${LIST}: the controller failed (HTTP 500: The server`, 'log'],
  ['answers 500 in HTML', { status: 500, body: '<html>' }, `${LIST}: an HTML page came`, 'See whether'],
  ['answers 200 with an empty body', { status: 200, body: '' }, `${LIST}: the answer is empty`, 'log'],
  ['answers 204', { status: 204, body: '' }, `${LIST}: the answer is empty`, 'log'],
  ['answers in single quotes', { status: 200, body: quoted }, `${LIST}: the answer has another form`, 'See whether'],
  ['answers in text', { status: 200, body: 'OK' }, `${LIST}: the answer is not JSON`, 'See whether'],
  ['answers with a brace missing', { status: 200, body: brokenList }, `${SWITCHES}: the answer is not JSON`, 'f-wa'],
  ['breaks off', { status: 200, body: '{"a":[{"b":' }, `${SWITCHES}: the answer breaks off`, 'Try again'],
  ['answers other JSON', { status: 200, body: '{"swagger":"2.0"}' }, `${SWITCHES}: the answer has another form`, 'See'],
  ['says ERROR', { status: 200, body: '{"ERROR":"Cannot"}' }, `${SWITCHES}: Cannot`, 'See '],
];

describe('what is no Floodlight is found out before anything is asked of it', () => {
  let stub: HttpStub | undefined;
  afterEach(async () => {
    await stub?.stop();
    stub = undefined;
  });

  test.each(answers)('it %s', async (_, answer, cause, remedy) => {
    stub = new HttpStub(() => answer);
    const url = await stub.start();
    const controller = new FloodlightController({
      topology: line,
      forwarding: 'reactive',
      instance: runningFloodlight(url, 6653),
      relaySocket: '/nonexistent/relay',
      connectSwitches: () => Promise.reject(new Error('no switch may be sent there')),
    });
    const failure: unknown = await controller.prepare(new AbortController().signal, () => {}).catch((error) => error);
    await controller.stop();
    const { message } = failure as Error;
    expect(message).toContain(`GET ${url}${cause}`);
    expect(message.split('\n').at(-1)).toContain(remedy);
    expect(message).not.toMatch(/^\s+at \S+ ?\(/m);
    expect(stub.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  });
});
