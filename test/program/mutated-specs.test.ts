import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { writeMutatedSpecs } from '../support/fixtures/mutated-specs.ts';
import { Labctl } from '../support/harness/labctl.ts';

const labctl = new Labctl();
afterAll(() => labctl.clean());

// Their problems are looked at one by one in test/spec/mutated-specs.test.ts.
describe('a thousand specs that somebody spoilt', () => {
  const specs = writeMutatedSpecs(join(labctl.folder, 'mutated'), 1000);
  let wrong: readonly string[] = [];

  test('labctl validate tells of all in one process, and has no more to say than that', async () => {
    const outcome = await labctl.run('validate', 'mutated', '--format', 'json');
    expect(outcome).toMatchObject({ exitCode: 2, stderr: '' });
    const document = JSON.parse(outcome.stdout) as {
      readonly files: readonly {
        readonly file: string;
        readonly valid: boolean;
        readonly problems: readonly unknown[];
      }[];
    };
    expect(document.files).toHaveLength(1000);
    expect(outcome.stdout).not.toMatch(/\bat \S+ \(?(file:|node:|\/)/);
    wrong = document.files.filter(({ valid }) => !valid).map(({ file }) => join(labctl.folder, file));
  });

  test('labctl up refuses them with exit code 2, prints no stack, and starts nothing', async () => {
    const some = wrong.filter((_, index) => index % 200 === 0);
    expect(some.length).toBeGreaterThanOrEqual(4);
    expect(specs.map(({ file }) => file)).toEqual(expect.arrayContaining(some));
    for (const file of some) {
      const { exitCode, stdout, stderr } = await labctl.run('up', file);
      expect({ exitCode, stdout }, file).toEqual({ exitCode: 2, stdout: '' });
      expect(stderr).toContain(`labctl: ${file}:`);
      expect(stderr).not.toMatch(/\n\s+at /);
    }
    await labctl.expectNothingLeft();
  });
});
