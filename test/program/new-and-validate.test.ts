import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TOPOLOGY_FLAGS } from '../../src/cli/commands/new.ts';
import { specDifference } from '../../src/spec/difference.ts';
import { GENERATOR_NAMES, GENERATORS } from '../../src/spec/generators/topologies.ts';
import { readSpec } from '../../src/spec/read.ts';
import { Labctl } from '../support/harness/labctl.ts';

const labctl = new Labctl();
afterAll(() => labctl.clean());

describe('labctl new', () => {
  test('lists the topologies with a line each', async () => {
    const lines = (await labctl.ok('new')).split('\n');
    expect(lines[0]).toMatch(/^TOPOLOGY /);
    expect(lines.slice(1, 10).map((line) => line.split(' ')[0])).toEqual([
      'single',
      'linear',
      'tree',
      'ring',
      'mesh',
      'torus',
      'leaf-spine',
      'fat-tree',
      'random',
    ]);
    expect(lines[8]).toMatch(/--k 4 .*pods/);
  });

  test('prints a spec, and the same lab with every node and link written out', async () => {
    const text = await labctl.ok('new', 'linear', '--switches', '3', '--hosts', '2', '--name', 'row');
    expect(text).toMatch(/^# yaml-language-server: \$schema=\S+\/topologies\/labctl\.schema\.json\n/);
    expect(text).toContain('\nversion: 1\nname: row\ngenerate: {topology: linear, switches: 3, hosts: 2}\n# 6 hosts, ');
    const expanded = await labctl.ok('new', 'linear', '--switches', '3', '--hosts', '2', '--name', 'row', '--expand');
    expect(expanded.split('\n').slice(1)).toEqual([
      'version: 1',
      'name: row',
      'hosts: [h1s1, h1s2, h1s3, h2s1, h2s2, h2s3]',
      'switches: [s1, s2, s3]',
      'links: # ports follow this order',
      '  - [h1s1, s1]',
      '  - [h2s1, s1]',
      '  - [h1s2, s2]',
      '  - [h2s2, s2]',
      '  - [s2, s1]',
      '  - [h1s3, s3]',
      '  - [h2s3, s3]',
      '  - [s3, s2]',
    ]);
    expect(specDifference(readSpec('lab.yaml', text), readSpec('lab.yaml', expanded))).toEqual([]);
  });

  test.each([
    [['star'], /star: there is no such topology\n +choose one of single, .* random/],
    [['ring', '--k', '4'], /--k: a ring topology has no such parameter\n +it has --switches, --hosts/],
    [['fat-tree', '--k', '5'], /--k: k of fat-tree is an even number from 2 to 16: "5"\n +write one such as 4/],
    [['ring', '--switches', 'many'], /a whole number from 0 on/],
    [['tree', '--depth', '8', '--fanout', '64'], /285,942,833,483,841 nodes; a lab has at most 2,000/],
    [['ring', '--name', '$(reboot)'], /--name: a lab is named with up to 30 .*: "\$\(reboot\)"/],
  ] as const)('%j is refused with exit code 2', async (args, message) => {
    const outcome = await labctl.run('new', ...args);
    expect(outcome).toMatchObject({ exitCode: 2, stdout: '' });
    expect(outcome.stderr).toMatch(message);
  });

  test('has a flag for every parameter, and no other', () => {
    const parameters = GENERATOR_NAMES.flatMap((topology) => Object.keys(GENERATORS[topology].parameters));
    expect(TOPOLOGY_FLAGS.map(([flag]) => flag).toSorted()).toEqual([...new Set(parameters)].toSorted());
  });
});

describe('labctl validate', () => {
  const right = 'version: 1\nhosts: [h1]\nswitches: [s1]\nlinks: [[h1, s1]]\n';

  beforeAll(() => {
    for (const folder of ['specs', 'specs/deep', 'specs/.hidden', 'specs/node_modules', 'empty'])
      mkdirSync(join(labctl.folder, folder));
    labctl.file('specs/a.yaml', right);
    labctl.file('specs/deep/b.YML', right);
    labctl.file('specs/deep/notes.txt', 'no spec');
    labctl.file('specs/.hidden/c.yaml', 'no spec');
    labctl.file('specs/node_modules/d.yaml', 'no spec');
    symlinkSync('..', join(labctl.folder, 'specs/deep/up'));
    labctl.file('wrong.yaml', 'version: 1\nhosts: [h1, h1]\nswitches: [s1]\nlinks: [[h1, s1], [h1, s9]]\n');
    labctl.file('50%,\n"a":b.yaml', right.replace('h1, s1', 'h1, "x%\\r\\n,:"'));
    const detour = 'hosts: [h1, h2]\nswitches: [s1, s2]\nlinks: [[h1, s1], [h2, s1], [s1, s2]]\n';
    labctl.file('unroutable.yaml', `version: 1\n${detour}connections: [{hosts: [h1, h2], via: [s2]}]\n`);
    writeFileSync(
      join(labctl.folder, 'binary.yaml'),
      Buffer.from([...Buffer.from('version: 1\nhosts: [h1, '), 0xff, 0x0a]),
    );
    writeFileSync(join(labctl.folder, 'utf16.yaml'), Buffer.from(`\ufeff${right}`, 'utf16le'));
    writeFileSync(join(labctl.folder, 'huge.yaml'), Buffer.alloc(2 * 1024 * 1024, '#'));
  });

  test('checks files, names and folders with what is below them', async () => {
    const outcome = await labctl.run('validate', 'specs/a.yaml', 'specs', 's10h10');
    expect(outcome).toMatchObject({ exitCode: 0, stderr: '' });
    expect(outcome.stdout.split('\n')).toEqual([
      'ok     specs/a.yaml',
      'ok     specs/a.yaml',
      'ok     specs/deep/b.YML',
      `ok     ${resolve(import.meta.dirname, '../../topologies/s10h10.yaml')}`,
      '4 specs, no problem',
    ]);
  });

  test('tells every problem of every file, with exit code 2', async () => {
    const outcome = await labctl.run(
      ...['validate', 'wrong.yaml', 'specs/a.yaml', 'unroutable.yaml', 'binary.yaml', 'utf16.yaml', 'huge.yaml'],
      ...['empty', 'nosuch.yaml', '/dev/null'],
    );
    expect(outcome).toMatchObject({ exitCode: 2, stderr: '' });
    expect(outcome.stdout.split('\n').filter((line) => !line.startsWith('      '))).toEqual([
      'wrong  wrong.yaml',
      '  wrong.yaml:2:13: the name h1 is taken by a host: "h1"',
      '  wrong.yaml:4:24: there is no host or switch s9: "s9"',
      'ok     specs/a.yaml',
      'wrong  unroutable.yaml',
      '  unroutable.yaml:5:15: no path from h1 to h2 passes s2 without passing a switch twice',
      'wrong  binary.yaml',
      '  binary.yaml:2:13: this is not text in UTF-8',
      'wrong  utf16.yaml',
      '  utf16.yaml:1:1: this is not text in UTF-8',
      'wrong  huge.yaml',
      '  huge.yaml:1:1: the spec has 2.0 MiB; labctl reads at most 1 MiB',
      'wrong  empty',
      '  empty: there is no spec in this folder',
      'wrong  nosuch.yaml',
      '  nosuch.yaml: there is no such file',
      'wrong  /dev/null',
      '  /dev/null:1:1: the spec cannot be read: not a file',
      '9 specs, 8 wrong: 9 problems',
    ]);
  });

  test('as JSON, in a shape that has a version', async () => {
    const outcome = await labctl.run('validate', 'specs/a.yaml', 'wrong.yaml', 'nosuch.yaml', '--format', 'json');
    expect(outcome).toMatchObject({ exitCode: 2, stderr: '' });
    expect(JSON.parse(outcome.stdout)).toEqual({
      version: 1,
      valid: false,
      files: [
        { file: 'specs/a.yaml', valid: true, problems: [] },
        {
          file: 'wrong.yaml',
          valid: false,
          problems: [
            {
              code: 'duplicate-name',
              line: 2,
              column: 13,
              offending: 'h1',
              cause: 'the name h1 is taken by a host',
              remedy: 'hosts and switches share one set of names: choose another',
            },
            {
              code: 'link-to-nowhere',
              line: 4,
              column: 24,
              offending: 's9',
              cause: 'there is no host or switch s9',
              remedy: 'correct the name, or add it to hosts or switches',
            },
          ],
        },
        {
          file: 'nosuch.yaml',
          valid: false,
          problems: [
            {
              code: 'no-such-spec',
              line: null,
              column: null,
              offending: null,
              cause: 'there is no such file',
              remedy: expect.stringMatching(/^name a file, or one of .*s10h10/),
            },
          ],
        },
      ],
    });
    expect(JSON.parse(await labctl.ok('validate', 's10h10', '--format', 'json'))).toMatchObject({ valid: true });
  });

  test('as annotations of GitHub Actions, escaped as its workflow commands are', async () => {
    const outcome = await labctl.run(
      'validate',
      'specs/a.yaml',
      '50%,\n"a":b.yaml',
      'nosuch.yaml',
      '--format',
      'github',
    );
    expect(outcome).toMatchObject({ exitCode: 2, stderr: '' });
    expect(outcome.stdout.split('\n')).toEqual([
      '::error file=50%25%2C%0A"a"%3Ab.yaml,line=4,col=14,title=labctl%3A wrong-value::not the end of a link: "x%25\\\\r\\\\n,:"%0A    write a node such as s1, or a node and its port such as s1:2',
      expect.stringMatching(
        /^::error file=nosuch\.yaml,title=labctl%3A no-such-spec::there is no such file%0A {4}name a file, or one of .*s10h10/,
      ),
    ]);
  });

  test('files and folders that may not be read are problems of theirs', async () => {
    const ordinary = new Labctl('ordinary');
    const secret = mkdtempSync('/tmp/lt-secret-');
    try {
      mkdirSync(join(secret, 'closed'), { mode: 0o700 });
      writeFileSync(join(secret, 'a.yaml'), right, { mode: 0o600 });
      // For root as well as for an ordinary user, nobody else's files are closed.
      chmodSync(secret, 0o755);
      if (process.getuid?.() !== 0) {
        chmodSync(join(secret, 'closed'), 0);
        chmodSync(join(secret, 'a.yaml'), 0);
      }
      const { stdout, exitCode } = await ordinary.run('validate', secret);
      expect(exitCode).toBe(2);
      expect(stdout).toContain(`${secret}/a.yaml:1:1: the spec cannot be read: EACCES`);
      expect(stdout).toContain(`${secret}/closed: the folder cannot be read: EACCES`);
    } finally {
      rmSync(secret, { recursive: true, force: true });
      await ordinary.clean();
    }
  });
});
