import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, describe, expect, test } from 'vitest';
import { GENERATOR_NAMES } from '../../src/spec/generators/topologies.ts';
import { Labctl } from '../support/harness/labctl.ts';

const labctl = new Labctl();
afterAll(() => labctl.clean());

/** `labctl new ... > FILE`, in a shell. */
async function newSpec(file: string, ...args: readonly string[]): Promise<string> {
  writeFileSync(join(labctl.folder, file), '');
  const line = `${labctl.commandLine('new', ...args)} > ${file}`;
  await execa('sh', ['-c', line], { cwd: labctl.folder, env: labctl.env, stdin: 'ignore' });
  return file;
}

describe('on Mininet, a generated lab comes up, and all its hosts reach each other', () => {
  test.each([
    [
      ['linear', '--switches', '3', '--hosts', '2'],
      30,
      's2 lo:  s2-eth1:h1s2-eth0 s2-eth2:h2s2-eth0 s2-eth3:s1-eth3 s2-eth4:s3-eth3',
    ],
    [['ring', '--switches', '4'], 12, 's1 lo:  s1-eth1:h1-eth0 s1-eth2:s2-eth2 s1-eth3:s4-eth3'],
    [
      ['leaf-spine', '--spines', '2', '--leaves', '3', '--hosts', '1'],
      6,
      's3 lo:  s3-eth1:h1-eth0 s3-eth2:s1-eth1 s3-eth3:s2-eth1',
    ],
    [['fat-tree', '--k', '2'], 2, 's2 lo:  s2-eth1:s3-eth2 s2-eth2:s1-eth1'],
  ] as const)('%j', async (args, pairs, line) => {
    const file = await newSpec('lab.yaml', ...args, '--name', `live-${args[0]}`);
    await labctl.ok('up', file);
    expect((await labctl.ok('net')).split('\n').map((each) => each.trim())).toContain(line);
    expect(await labctl.ok('pingall')).toContain(`(${pairs}/${pairs} received)`);
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });

  test('and one that is changed piece by piece has what was changed', async () => {
    const file = await newSpec('changed.yaml', 'torus', '--name', 'live-changed');
    const text = readFileSync(join(labctl.folder, file), 'utf8');
    const gone = 'without: [s1x3, s2x3, s3x1, s3x2, s3x3, h1x3, h2x3, h3x1, h3x2, h3x3, s1x1-s1x2]';
    const more = 'hosts: [web, {name: h2x2, ip: 10.0.0.99/8}]\nlinks: [[web, s1x1]]';
    await labctl.ok('up', labctl.file(file, `${text}${gone}\n${more}\n`));
    expect(await labctl.ok('exec', 'h2x2', 'ip', '-4', 'addr', 'show', 'h2x2-eth0')).toContain('inet 10.0.0.99/8');
    expect(await labctl.ok('pingall')).toContain('h1x1 -> h1x2 h2x1 h2x2 web\n');
    // The ring of four is a chain without s1x1-s1x2, and parts without the next link.
    await labctl.ok('link', 'down', 's2x1', 's2x2');
    expect(await labctl.ok('pingall')).toContain('h1x1 -> X h2x1 X web\n');
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });
});

describe('simulated, the others do as well', () => {
  test.each(GENERATOR_NAMES.filter((name) => !['linear', 'ring', 'leaf-spine'].includes(name)))(
    '%s',
    async (topology) => {
      const file = await newSpec('simulated.yaml', topology, '--name', `sim-${topology}`);
      await labctl.ok('up', file, '--dataplane', 'simulated');
      expect(await labctl.ok('pingall')).toContain('*** Results: 0% dropped');
      await labctl.ok('down');
      await labctl.expectNothingLeft();
    },
  );
});
