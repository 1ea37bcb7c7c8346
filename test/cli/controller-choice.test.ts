import { mkdtempSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { chooseController } from '../../src/cli/controller-choice.ts';
import { ProblemError } from '../../src/model/problem.ts';

const never = new AbortController().signal;

/** A folder without programs, as PATH: there is no Docker. */
let bare: string;
beforeEach(() => {
  bare = mkdtempSync('/tmp/lt-bare-');
  vi.stubEnv('PATH', bare);
  vi.stubEnv('FLOODLIGHT_URL', '');
  vi.stubEnv('LABCTL_FLOODLIGHT_IMAGE', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(bare, { recursive: true, force: true });
});

const choose = (controller: string) => chooseController({ controller, restPort: 18080, openflowPort: 16653 }, never);

const chooseSimulated = (controller: string) =>
  chooseController({ controller, restPort: 18080, openflowPort: 16653, dataplane: 'simulated' }, never);

async function problemOf(choice: Promise<unknown>) {
  const error = await choice.then(
    () => expect.unreachable('it was chosen'),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(ProblemError);
  return (error as ProblemError).problems[0];
}

describe('the controller of a lab', () => {
  it('is the embedded one where that is asked for, whatever else there is', async () => {
    vi.stubEnv('FLOODLIGHT_URL', 'http://127.0.0.1:8080');
    expect(await choose('embedded')).toEqual({
      order: { kind: 'embedded', restPort: 18080 },
      line: expect.stringMatching(/^controller: embedded \(asked for\); for Floodlight: --controller floodlight/),
    });
  });

  it('is a Floodlight at a URL that is given, whatever else there is', async () => {
    vi.stubEnv('FLOODLIGHT_URL', 'http://127.0.0.1:8080');
    expect(await choose('http://10.1.2.3:8081/')).toEqual({
      order: { kind: 'floodlight', url: 'http://10.1.2.3:8081', openFlowPort: 16653 },
      line: 'controller: Floodlight at http://10.1.2.3:8081 (asked for); for the embedded one: --controller embedded',
    });
  });

  it.each([
    ['https://floodlight.example', 'https://floodlight.example'],
    ['http://[::1]:8080', 'http://[::1]:8080'],
    ['HTTP://Lab-Machine:8080/', 'http://lab-machine:8080'],
  ])('may be given as %s', async (given, url) => {
    expect((await choose(given)).order).toMatchObject({ kind: 'floodlight', url });
  });

  it('is by default the Floodlight that FLOODLIGHT_URL names', async () => {
    vi.stubEnv('FLOODLIGHT_URL', 'http://127.0.0.1:8081/');
    expect(await choose('auto')).toEqual({
      order: { kind: 'floodlight', url: 'http://127.0.0.1:8081', openFlowPort: 16653 },
      line: expect.stringMatching(
        /^controller: Floodlight at http:\/\/127\.0\.0\.1:8081 \(FLOODLIGHT_URL is set\); .*--controller embedded$/,
      ),
    });
  });

  it('is by default the embedded one where FLOODLIGHT_URL is empty and there is no Docker, and says why', async () => {
    expect(await choose('auto')).toEqual({
      order: { kind: 'embedded', restPort: 18080 },
      line: expect.stringMatching(/^controller: embedded \(.*docker.*\); for Floodlight: --controller floodlight/i),
    });
  });

  it('cannot be Floodlight in Docker where there is none, and FLOODLIGHT_URL does not stand in for it', async () => {
    vi.stubEnv('FLOODLIGHT_URL', 'http://127.0.0.1:8080');
    expect(await problemOf(choose('floodlight'))).toMatchObject({
      kind: 'environment',
      code: 'no-docker',
      remedy: expect.stringContaining('--controller embedded'),
    });
  });

  it.each(['auto', 'embedded'])('is the embedded one for simulated switches, asked for as %s', async (controller) => {
    expect(await chooseSimulated(controller)).toEqual({
      order: { kind: 'embedded', restPort: 18080 },
      line: 'controller: embedded (simulated switches have no other); for Floodlight: --dataplane mininet',
    });
  });

  it('is for simulated switches not the Floodlight that FLOODLIGHT_URL names, and that is said', async () => {
    vi.stubEnv('FLOODLIGHT_URL', 'http://127.0.0.1:8080');
    expect(await chooseSimulated('auto')).toEqual({
      order: { kind: 'embedded', restPort: 18080 },
      line: expect.stringContaining('whatever FLOODLIGHT_URL says'),
    });
  });

  it.each(['floodlight', 'http://127.0.0.1:8080', 'onos'])(
    'cannot be %s for simulated switches',
    async (controller) => {
      expect(await problemOf(chooseSimulated(controller))).toMatchObject({
        kind: 'input',
        code: 'simulated',
        cause: expect.stringContaining('Floodlight needs real switches'),
        remedy: expect.stringContaining('--dataplane mininet'),
      });
    },
  );

  it.each([
    'onos',
    '',
    'Embedded!',
    '127.0.0.1:8080',
    'localhost:8080',
    'tcp://127.0.0.1:6653',
    'http://',
    'http://127.0.0.1:80800',
    'http://127.0.0.1:8080/wm/core',
    'http://127.0.0.1:8080/?a=b',
  ])('cannot be %j', async (given) => {
    const wrong = { kind: 'input', code: 'controller', offending: given };
    expect(await problemOf(choose(given))).toMatchObject({
      ...wrong,
      where: { kind: 'option', option: '--controller' },
      remedy: expect.stringContaining('http://127.0.0.1:8080'),
    });
    // Of the variable, the empty text is none.
    if (given === '') return;
    vi.stubEnv('FLOODLIGHT_URL', given);
    expect(await problemOf(choose('auto'))).toMatchObject({ ...wrong, where: { name: 'FLOODLIGHT_URL' } });
  });
});
