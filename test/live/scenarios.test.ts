import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { xmlElements } from '../support/harness/junit.ts';
import { Labctl, s10h10Spec, smallSpec } from '../support/harness/labctl.ts';

let labctl: Labctl;
beforeEach(() => {
  labctl = new Labctl();
});
afterEach(() => {
  // A test that failed has not waited for its command.
  for (const child of children) child.kill('SIGKILL');
  children.length = 0;
  return labctl.clean();
});

/** An entry that has s1 drop what IPv4 comes from h1. */
const DROP_H1 = `{"switch": "00:00:00:00:00:00:00:01", "name": "drop-h1", "priority": "40000", "in_port": "1",
  "eth_type": "0x0800", "active": "true", "actions": ""}`;

const junitOf = (file: string) => xmlElements(readFileSync(join(labctl.folder, file), 'utf8'));

const children: ChildProcess[] = [];

/** Starts a command with one stream for all that it writes, so that this comes in its order. */
function started(...args: readonly string[]): ChildProcess {
  const child = spawn('sh', ['-c', `exec ${labctl.commandLine(...args)} 2>&1`], {
    cwd: labctl.folder,
    env: labctl.env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  return child;
}

/** What a child has written, and a way to wait for words in it. */
class Output {
  text = '';
  readonly ended: Promise<unknown>;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = once(child, 'close');
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.text += text;
    });
  }

  /** Waits for words after `from`; returns where they end. */
  async says(words: string, from = 0): Promise<number> {
    await expect
      .poll(() => this.text.slice(from).includes(words) || this.#child.exitCode !== null, {
        timeout: 60_000,
        interval: 20,
      })
      .toBe(true);
    expect(this.text.slice(from)).toContain(words);
    return this.text.indexOf(words, from) + words.length;
  }
}

/** Saves as editors do: a new file takes the place of the old one. */
function save(name: string, text: string): void {
  writeFileSync(join(labctl.folder, `.${name}.new`), text);
  renameSync(join(labctl.folder, `.${name}.new`), join(labctl.folder, name));
}

test.each(['as we are', 'ordinary'] as const)(
  'every verb passes on Mininet, beside a lab of the same name (user: %s)',
  async (user) => {
    await labctl.clean();
    labctl = new Labctl(user);
    labctl.file('entries.json', DROP_H1);
    labctl.file(
      'small.yaml',
      smallSpec(
        'small',
        `expect: {all: {groups: [[h1, h2, h3]]}}
scenarios:
  verbs:
    - expect: all
    - connect: [h1, h2]
    - expect: {groups: [[h1, h2]]}
    - expect: {h1 -> h2: ok, h1 -> h3: X}
    - disconnect: [h1, h2]
    - expect: asked
    - fault: s1-s2
    - expect: {groups: [[h2, h3]]}
    - heal: all
    - iperf: {from: h1, to: h2, at_least: 0.1}
    - wait: 10 ms
    - entries: entries.json
    - expect: {h1 -> h2: X, h2 -> h1: X, h2 -> h3: ok}
    - expect: predicted
    - exec: {host: h2, run: "sleep 100 & ip -4 -o addr show; exit 4", output: "/inet 10\\\\.0\\\\.0\\\\.2/", exit: 4}
    - exec: {host: h1, run: [pwd], output: ${labctl.folder}}
`,
      ),
    );
    await labctl.ok('up', 'small.yaml', '--dataplane', 'simulated');
    const outcome = await labctl.run('test', 'small.yaml');
    expect(outcome, outcome.stdout).toMatchObject({ exitCode: 0 });
    expect(outcome.stdout).toMatch(/^small\.yaml\n {2}✓ verbs \(.+ s\)\n {4}✓ expect all: 6\/6 \(.+ s\)\n/);
    expect(outcome.stdout.match(/^ {4}✓ /gm)).toHaveLength(16);
    expect(outcome.stdout).toMatch(/\n\n1 scenario: 1 passed \(.+ s\)$/);
    expect(await labctl.ok('pingall')).toContain('(6/6 received)');
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  },
);

test("the tutorial's scenarios pass on S10H10", async () => {
  labctl.file('lab.yaml', s10h10Spec('s10'));
  const outcome = await labctl.run('test', 'lab.yaml');
  expect(outcome, outcome.stdout).toMatchObject({ exitCode: 0 });
  expect(outcome.stdout).toContain('3 scenarios: 3 passed');
  await labctl.expectNothingLeft();
});

describe('scenarios that must fail', () => {
  const FAILING = smallSpec(
    'failing',
    `expect: {all: {groups: [[h1, h2, h3]]}}
scenarios:
  isolated:
    - connect: [h1, h2]
    - expect: all
    - wait: 1 h
  <dropped> & "quoted":
    - entries: entries.json
    - expect: {h2 -> h1: ok, h1 -> h2: X}
  right:
    - expect: all
  commands:
    - exec: {host: h1, run: "echo before; exit 3", output: before}
  endless:
    - exec: {host: h1, run: "sleep 1000", timeout: 200 ms}
  fast:
    - iperf: {from: h2, to: h3, at_most: 0.001}
  impossible:
    - entries: {switch: "00:00:00:00:00:00:00:99", name: lost, active: "true", in_port: "1", actions: output=2}
`,
  );

  test('tell in JUnit which pair, which switch and which entry; other scenarios and files are told too', async () => {
    labctl.file('entries.json', DROP_H1);
    labctl.file('failing.yaml', FAILING);
    labctl.file('wrong.yaml', smallSpec('wrong', 'scenarios: {x: [expect: nothing]}\n'));
    const outcome = await labctl.run('test', 'failing.yaml', 'wrong.yaml', '--jobs', '2', '--junit', 'out/j.xml');
    // There is wrong input beside networks that answer otherwise.
    expect(outcome.exitCode).toBe(2);
    expect(outcome.stderr).toContain('labctl: wrong.yaml:6:25: the spec has no expectation nothing');
    expect(outcome.stdout).toContain('7 scenarios: 1 passed, 5 failed, 1 errored, 1 file not run');

    const elements = junitOf('out/j.xml');
    expect(elements.filter(({ tag }) => tag.startsWith('testsuite')).map(({ attributes }) => attributes)).toMatchObject(
      [
        { tests: '8', failures: '5', errors: '2', skipped: '0' },
        { name: 'failing.yaml', tests: '7', failures: '5', errors: '1' },
        { name: 'wrong.yaml', tests: '1', failures: '0', errors: '1' },
      ],
    );
    expect(elements.filter(({ tag }) => tag === 'testcase').map(({ attributes }) => attributes['name'])).toEqual([
      'isolated',
      '<dropped> & "quoted"',
      'right',
      'commands',
      'endless',
      'fast',
      'impossible',
      'spec',
    ]);
    const failures = elements.filter(({ tag }) => tag === 'failure');
    expect(failures.map(({ attributes }) => attributes['message'])).toEqual([
      'expect all: 4 of 6 pairs differ from the expectation "all": ' +
        "h1 -> h3: expected h3, observed X: s1 drops h1's ARP request for h3 by labctl/s1/fence-from/h1",
      'expect h2 -> h1: ok, h1 -> h2: X: 1 of 2 pairs differs from what this step expects: ' +
        "h2 -> h1: expected h1, observed X: on the way back s1 drops h1's echo reply to h2 by drop-h1",
      'exec h1: echo before; exit 3: exit code 3, where 0 is expected',
      'exec h1: sleep 1000: it had not ended after 0.2 s',
      expect.stringMatching(/^iperf h2 h3, at most 0\.001 Mbit\/s: [\d.]+ Mbit\/s, where at most 0\.001 are expected$/),
    ]);
    expect(failures[0]?.text).toContain(
      "h3 -> h2: expected h2, observed X: s2 drops h3's ARP request for h2 by labctl/s2/fence-to/arp/h2",
    );
    expect(failures[0]?.text).toContain('- wait 3600 s: not run');
    expect(failures[2]?.text).toContain('| before');
    const [impossible] = elements.filter(({ tag }) => tag === 'error');
    expect(impossible?.attributes).toMatchObject({ type: 'input' });
    expect(impossible?.attributes['message']).toContain('00:00:00:00:00:00:00:99');
    await labctl.expectNothingLeft();
  });

  test('fail alike where the network is simulated, and what cannot be done there is skipped', async () => {
    labctl.file('entries.json', DROP_H1);
    labctl.file('failing.yaml', FAILING);
    const outcome = await labctl.run('test', 'failing.yaml', '--dataplane', 'simulated', '--format', 'json');
    expect(outcome.exitCode).toBe(2);
    const { version, dataPlane, counts, files } = JSON.parse(outcome.stdout);
    expect({ version, dataPlane, counts }).toEqual({
      version: 1,
      dataPlane: 'simulated',
      counts: { passed: 1, failed: 2, skipped: 3, error: 1 },
    });
    const [{ scenarios }] = files;
    expect(scenarios[0].steps[1].differences[0]).toEqual({
      source: 'h1',
      target: 'h3',
      expected: true,
      why: "s1 drops h1's ARP request for h3 by labctl/s1/fence-from/h1",
      cause: 'labctl/s1/fence-from/h1 on s1 takes',
    });
    expect(scenarios[0].steps[2].outcome).toBe('not-run');
    expect(scenarios[3]).toMatchObject({
      name: 'commands',
      where: 'failing.yaml:17:3',
      outcome: 'skipped',
      message: 'the simulated data plane runs no commands',
    });
    await labctl.expectNothingLeft();
  });

  test('go on after a failed expectation with --keep-going, and leave others out with --scenario', async () => {
    labctl.file(
      'lab.yaml',
      smallSpec('going', 'scenarios: {a: [{expect: {h1 -> h2: X}}, {expect: asked}], b: [expect: {h1 -> h2: X}]}\n'),
    );
    const run = ['test', 'lab.yaml', '--dataplane', 'simulated', '--scenario', 'a'];
    expect(await labctl.run(...run)).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('asked: not run') });
    const going = await labctl.run(...run, '--keep-going');
    expect(going).toMatchObject({ exitCode: 1, stdout: expect.stringContaining('✓ expect asked: 6/6') });
    expect(going.stdout).toContain('1 scenario: 1 failed');
  });

  test('let time pass in a simulated network, which takes none', async () => {
    labctl.file('entries.json', DROP_H1.replace('"active"', '"hard_timeout": "3000", "active"'));
    const steps = '{entries: entries.json}, {expect: {h1 -> h2: X}}, {wait: 55 min}, {expect: {h1 -> h2: ok}}';
    labctl.file('lab.yaml', smallSpec('patient', `scenarios: {a: [${steps}]}\n`));
    const outcome = await labctl.run('test', 'lab.yaml', '--dataplane', 'simulated');
    expect(outcome, outcome.stdout).toMatchObject({ exitCode: 0 });
  });

  test('annotate and summarize on GitHub', async () => {
    const onGitHub = new Labctl('as we are', {
      GITHUB_ACTIONS: 'true',
      GITHUB_STEP_SUMMARY: join(labctl.folder, 'summary.md'),
      GITHUB_WORKSPACE: labctl.folder,
    });
    mkdirSync(join(labctl.folder, 'labs'));
    labctl.file('labs/lab.yaml', smallSpec('hub', 'scenarios: {a: [expect: {h1 -> h2: X}]}\n'));
    const outcome = await onGitHub.run('test', join(labctl.folder, 'labs'), '--dataplane', 'simulated');
    expect(outcome.exitCode).toBe(1);
    expect(outcome.stderr).toMatch(/^::error file=labs\/lab\.yaml,line=6,col=17,title=labctl test%3A a::expect h1/m);
    expect(readFileSync(join(labctl.folder, 'summary.md'), 'utf8')).toContain('1 scenario: 1 failed');
    await onGitHub.clean();
  });
});

describe('wrong input', () => {
  test.each([
    [['lab.yaml'], 2, 'lab.yaml: there is no scenario'],
    [['nosuch.yaml'], 2, 'nosuch.yaml: there is no such file'],
    [['.'], 2, '.: there is no scenario'],
    [['with.yaml', '--scenario', 'b'], 2, '--scenario: there is no such scenario: "b"'],
    [['with.yaml', '--jobs', '0'], 2, 'a whole number from 1 on'],
    [['with.yaml', '--junit', 'lab.yaml/j.xml'], 3, '--junit lab.yaml/j.xml: cannot be written'],
    [['missing-entries.yaml'], 2, 'none.json: cannot be read'],
    [['no-way.yaml'], 2, 'no-way.yaml:6:17: no path from h1 to h3 passes s1 and then s2'],
  ])('is told of %j before anything starts', async (args, exitCode, message) => {
    labctl.file('lab.yaml', smallSpec('plain'));
    mkdirSync(join(labctl.folder, 'specs'));
    const add = (name: string, more: string) =>
      args.includes(name) ? labctl.file(name, smallSpec('with', more)) : undefined;
    add('with.yaml', 'scenarios: {a: [expect: asked]}\n');
    add('missing-entries.yaml', 'scenarios: {a: [entries: none.json]}\n');
    add('no-way.yaml', 'scenarios: {a: [{connect: {hosts: [h1, h3], via: [s1, s2, s1]}}]}\n');
    const outcome = await labctl.run('test', ...args);
    expect(outcome).toMatchObject({ exitCode, stderr: expect.stringContaining(message) });
    expect(outcome.stdout).not.toContain('✓');
    await labctl.expectNothingLeft();
  });
});

describe('nothing is left', () => {
  const WAITING = smallSpec('waiting', 'scenarios: {a: [expect: asked, wait: 1 h], b: [wait: 1 h]}\n');

  test('after Ctrl-C, which tells what was done', async () => {
    labctl.file('lab.yaml', WAITING);
    const child = started('test', 'lab.yaml', '--jobs', '2', '--junit', 'j.xml');
    const output = new Output(child);
    await expect.poll(() => labctl.run('ls').then(({ stdout }) => stdout.match(/ running /g)?.length), POLL).toBe(2);
    child.kill('SIGINT');
    expect(await output.ended).toEqual([130, null]);
    expect(output.text).toContain('2 scenarios: 2 errored');
    expect(output.text).toContain('labctl: interrupted');
    expect(junitOf('j.xml').filter(({ tag }) => tag === 'error')).toHaveLength(2);
    await labctl.expectNothingLeft();
  });

  test('after kill -9 of the command, with labs that are up', async () => {
    labctl.file('lab.yaml', WAITING);
    const child = started('test', 'lab.yaml', '--jobs', '2');
    const output = new Output(child);
    await expect.poll(() => labctl.run('ls').then(({ stdout }) => stdout.match(/ running /g)?.length), POLL).toBe(2);
    // They are nobody's lab.
    expect(await labctl.run('pingall')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('no lab is running'),
    });
    expect(await labctl.ok('down')).toBe('no lab is running');
    child.kill('SIGKILL');
    await output.ended;
    await labctl.expectNothingLeft();
  });

  test('after kill -9 of the command, with a lab that comes up', async () => {
    labctl.file('lab.yaml', WAITING);
    const child = started('test', 'lab.yaml', '--jobs', '1');
    const output = new Output(child);
    await expect.poll(() => labctl.processes().some(({ name }) => name === 'ovsdb-server'), POLL).toBe(true);
    child.kill('SIGKILL');
    await output.ended;
    await labctl.expectNothingLeft();
  });

  test('when a lab dies under its scenario, which is told', async () => {
    labctl.file(
      'lab.yaml',
      WAITING.replace('wait: 1 h], b', 'exec: {host: h1, run: sleep 1000, timeout: 1 h}, expect: asked], b'),
    );
    const child = started('test', 'lab.yaml', '--scenario', 'a');
    const output = new Output(child);
    await expect
      .poll(() => labctl.processes().find(({ command }) => command.startsWith('sleep 1000')), POLL)
      .toBeDefined();
    process.kill(labctl.processes().find(({ name }) => name === 'ovs-vswitchd')?.pid ?? 0, 'SIGKILL');
    await output.ended;
    expect(output.text).toContain('✗ a');
    await labctl.expectNothingLeft();
  });
});

const POLL = { timeout: 60_000, interval: 150 };

describe('--watch', () => {
  const spec = (step: string) => smallSpec('watched', `scenarios:\n  one:\n    - ${step}\n`);

  test('runs again on every save of the spec or its entries, and waits where that is wrong', async () => {
    labctl.file('entries.json', DROP_H1);
    labctl.file('lab.yaml', spec('expect: {h1 -> h2: ok}'));
    const child = started('test', 'lab.yaml', '--watch', '--dataplane', 'simulated');
    const output = new Output(child);
    let at = await output.says('1 scenario: 1 passed');
    at = await output.says('waiting for a save', at);

    save('lab.yaml', spec('expect: {h1 -> h2: X}'));
    at = await output.says('--- saved: lab.yaml', at);
    at = await output.says('h1 -> h2: expected X, observed h2', at);
    at = await output.says('waiting for a save', at);

    save('lab.yaml', spec('expect: {h1 -> h2: '));
    at = await output.says('lab.yaml:8', at);
    at = await output.says('waiting for a save', at);

    save('lab.yaml', spec('entries: entries.json').concat('    - expect: {h1 -> h2: ok}\n'));
    at = await output.says('1 failed', at);
    at = await output.says('waiting for a save', at);

    save('entries.json', DROP_H1.replace('40000', '0'));
    at = await output.says('--- saved: entries.json', at);
    at = await output.says('1 passed', at);
    await output.says('waiting for a save', at);

    child.kill('SIGINT');
    expect(await output.ended).toEqual([130, null]);
    await labctl.expectNothingLeft();
  });

  test('runs on Mininet after the simulation; a save ends that run and begins anew', async () => {
    labctl.file('lab.yaml', spec('wait: 1 h'));
    const child = started('test', 'lab.yaml', '--watch');
    const output = new Output(child);
    const at = await output.says('simulated:');
    await output.says('✓ wait 3600 s', at);
    await output.says('on Mininet:', at);
    await expect.poll(() => labctl.run('ls').then(({ stdout }) => stdout), POLL).toContain(' running ');
    save('lab.yaml', spec('exec: {host: h1, run: "true"}'));
    const saved = await output.says('--- saved: lab.yaml', at);
    const real = await output.says('on Mininet:', saved);
    await output.says('✓ exec h1: true', real);
    await output.says('waiting for a save', real);
    expect(output.text).not.toContain('interrupted');
    child.kill('SIGINT');
    expect(await output.ended).toEqual([130, null]);
    await labctl.expectNothingLeft();
  });
});
