import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { quoted, ShellPool } from '../../../src/drivers/open-vswitch/shell-pool.ts';

const SOON_MS = 20_000;

describe('a pool of shells', () => {
  test('gives what each command prints to either output, and its exit code', async () => {
    const pool = new ShellPool();
    expect(await pool.run('echo one; echo two >&2; (exit 3)', SOON_MS)).toEqual({
      stdout: 'one\n',
      stderr: 'two\n',
      exitCode: 3,
    });
    expect(await pool.run('printf "no end of line"', SOON_MS)).toEqual({
      stdout: 'no end of line',
      stderr: '',
      exitCode: 0,
    });
    expect(await pool.run('no-such-program', SOON_MS)).toMatchObject({ stdout: '', exitCode: 127 });
  });

  test('takes words for what they are', async () => {
    const word = `it's $HOME "x" \`id\` \\ ; exit\n== end 0`;
    expect(await new ShellPool().run(`printf %s ${quoted(word)}`, SOON_MS)).toMatchObject({ stdout: word });
  });

  test('gives a command no input but its own', async () => {
    const pool = new ShellPool();
    expect(await pool.run('cat', SOON_MS)).toMatchObject({ stdout: '', exitCode: 0 });
    expect(await pool.run('echo still there', SOON_MS)).toMatchObject({ stdout: 'still there\n' });
  });

  test('answers a hundred at once, each its own, by four shells, which stay', async () => {
    const pool = new ShellPool();
    const numbers = Array.from({ length: 100 }, (_, index) => index);
    const shells = async () => {
      const answers = await Promise.all(
        numbers.map((number) => pool.run(`echo ${number} $$; seq ${number * 100} >&2`, SOON_MS)),
      );
      for (const [number, { stdout, stderr }] of answers.entries()) {
        expect(stdout).toMatch(new RegExp(`^${number} \\d+\n$`));
        expect(stderr.split('\n')).toHaveLength(number * 100 + 1);
      }
      return new Set(answers.map(({ stdout }) => stdout.split(' ')[1]));
    };
    const first = await shells();
    expect(first.size).toBe(4);
    expect(await shells()).toEqual(first);
  });

  test('starts another shell where one is killed, closed or hangs', async () => {
    const pool = new ShellPool();
    await expect(pool.run('kill -9 $$', SOON_MS)).rejects.toThrow('the shell ended (SIGKILL)');
    expect(await pool.run('echo again', SOON_MS)).toMatchObject({ stdout: 'again\n' });
    const pid = Number((await pool.run('echo $$', SOON_MS)).stdout);
    await pool.close();
    expect(existsSync(`/proc/${pid}`)).toBe(false);
    await expect(pool.run('exec sleep 600', 300)).rejects.toThrow('no answer within 0.3 s');
    expect(await pool.run('echo again', SOON_MS)).toMatchObject({ stdout: 'again\n' });
  });
});
