import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Labctl, smallSpec } from '../support/harness/labctl.ts';

let labctl: Labctl;
beforeEach(() => {
  labctl = new Labctl();
  labctl.file('lab.yaml', smallSpec('survivor'));
});
afterEach(() => labctl.clean());

/** Every kind of process that a lab consists of, by what tells it from the others. */
const KINDS: readonly (readonly [string, (process: { name: string; command: string }) => boolean])[] = [
  ["the lab's process", ({ command }) => command.includes('lab-program.cjs')],
  ['unshare', ({ name }) => name === 'unshare'],
  ['the resident program', ({ name, command }) => name === 'python3' && command.includes('resident.py')],
  ['ovsdb-server', ({ name }) => name === 'ovsdb-server'],
  ['ovs-vswitchd', ({ name }) => name === 'ovs-vswitchd'],
  ["a host's shell", ({ command }) => command.endsWith('mininet:h2')],
  ["a switch's shell", ({ command }) => command.endsWith('mininet:s1')],
];

describe('after kill -9 of', () => {
  test.each(KINDS)('%s, nothing is left running, and ls clears the remains', async (_, isOfKind) => {
    await labctl.ok('up', 'lab.yaml');
    const [victim, ...others] = labctl.processes().filter(isOfKind);
    expect(victim, JSON.stringify(labctl.processes())).toBeDefined();
    expect(others).toEqual([]);
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    await expect.poll(() => labctl.processes(), { timeout: 10_000, interval: 20 }).toEqual([]);

    const late = await labctl.run('pingall');
    expect(late.exitCode).toBe(2);
    expect(late.stderr).toMatch(/lab survivor is not running any more: .+/);

    const listed = await labctl.run('ls');
    expect(listed.stdout).toBe('no lab is running');
    expect(listed.stderr).toMatch(/survivor had ended by itself \(.+\); cleaned up what it left/);
    await labctl.expectNothingLeft();
  });

  test("the lab's process, down clears the remains, and up works again at once", async () => {
    await labctl.ok('up', 'lab.yaml');
    const victim = labctl.processes().find(({ command }) => command.includes('lab-program.cjs'));
    process.kill(victim?.pid ?? 0, 'SIGKILL');
    await expect.poll(() => labctl.processes(), { timeout: 10_000, interval: 20 }).toEqual([]);
    expect(await labctl.ok('down', 'survivor')).toContain('cleaned up what it left');
    await labctl.expectNothingLeft();

    await labctl.ok('up', 'lab.yaml');
    expect(await labctl.ok('pingall')).toContain('(6/6 received)');
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });
});

/** Waits until a command has written this to stderr. */
async function saidOnStderr(child: ChildProcess, words: string): Promise<void> {
  let text = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (chunk) => {
      text += String(chunk);
      if (text.includes(words)) resolve();
    });
    child.once('exit', () => reject(new Error(`the command ended without saying ${words}: ${text}`)));
  });
}

interface Outcome {
  /** Null where a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
}

async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  let stdout = '';
  child.stdout?.on('data', (chunk) => {
    stdout += String(chunk);
  });
  const [code] = await once(child, 'close');
  return { code, stdout };
}

/** After an interrupt of `up` that may have come too late: the lab is down, or up and said to be. */
async function expectUndoneOrUp({ code, stdout }: Outcome): Promise<void> {
  if (code !== 130) {
    // 0, or null when the signal came after the last word, as Node was ending.
    expect(code ?? 0).toBe(0);
    expect(stdout).toContain('survivor is up');
    await labctl.ok('down');
  }
  await labctl.expectNothingLeft();
}

describe('an interrupt during up', () => {
  test.each(['... Open vSwitch', '... Mininet'])('at "%s" undoes it', async (step) => {
    const child = labctl.start('up', 'lab.yaml');
    const exited = once(child, 'exit');
    await saidOnStderr(child, step);
    child.kill('SIGINT');
    expect(await exited).toEqual([130, null]);
    await labctl.expectNothingLeft();
  });

  test('at "... controller", which takes milliseconds, undoes it or comes too late', async () => {
    const child = labctl.start('up', 'lab.yaml');
    const outcome = outcomeOf(child);
    await saidOnStderr(child, '... controller');
    child.kill('SIGINT');
    await expectUndoneOrUp(await outcome);
  });

  test('by kill -9 of the command undoes it too', async () => {
    const child = labctl.start('up', 'lab.yaml');
    const exited = once(child, 'exit');
    await saidOnStderr(child, '... Mininet');
    child.kill('SIGKILL');
    await exited;
    await expect.poll(() => labctl.processes(), { timeout: 10_000, interval: 20 }).toEqual([]);
    await labctl.run('ls');
    await labctl.expectNothingLeft();
  });
});

test.each([0, 20, 60])(
  'an interrupt %i ms after the lab began to serve leaves it down, or up and said to be',
  async (delayMs) => {
    const child = labctl.start('up', 'lab.yaml');
    const outcome = outcomeOf(child);
    const socket = join(labctl.runFolder, 'survivor/lab.sock');
    await expect.poll(() => existsSync(socket), { timeout: 20_000, interval: 1 }).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    child.kill('SIGINT');
    await expectUndoneOrUp(await outcome);
  },
);

test('an interrupt during disconnect leaves the network as it says', async () => {
  await labctl.ok('up', 'lab.yaml');
  await labctl.ok('connect', 'h1', 'h2');
  const child = labctl.start('disconnect', 'h1', 'h2');
  let stderr = '';
  child.stderr?.on('data', (chunk) => {
    stderr += String(chunk);
  });
  const exited = once(child, 'close');
  await saidOnStderr(child, '... removing');
  child.kill('SIGINT');
  expect(await exited).toEqual([130, null]);
  expect(stderr).toContain('h1 h2 are not connected');
  expect(await labctl.ok('pingall')).toContain('(6/6 received)');
  expect(await labctl.ok('entries', 'list')).toBe('no static entries');
});

test("SIGTERM to the lab's process takes the lab down in order", async () => {
  await labctl.ok('up', 'lab.yaml');
  const lab = labctl.processes().find(({ command }) => command.includes('lab-program.cjs'));
  process.kill(lab?.pid ?? 0, 'SIGTERM');
  await labctl.expectNothingLeft();
});
