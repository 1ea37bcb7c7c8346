import { afterAll, expect, test } from 'vitest';
import { Labctl } from '../support/harness/labctl.ts';

const labctl = new Labctl();
afterAll(() => labctl.clean());

test('40 hosts reach each other, though their pairs outnumber the ARP entries that Linux allows', async () => {
  const hosts = Array.from({ length: 40 }, (_, index) => `h${index + 1}`);
  const switches = ['s1', 's2', 's3', 's4'];
  const access = hosts.map((host, index) => `[${host}, ${switches[index % 4]}]`);
  const text = `version: 1
name: many-hosts
hosts: [${hosts.join(', ')}]
switches: [${switches.join(', ')}]
links: [${[...access, '[s1, s2]', '[s2, s3]', '[s3, s4]', '[s4, s1]'].join(', ')}]
`;
  labctl.file('lab.yaml', text);
  await labctl.ok('up', 'lab.yaml');
  expect(await labctl.ok('pingall')).toContain('*** Results: 0% dropped (1560/1560 received)');

  // Half of them apart: every cell between the halves is an X, and only those.
  const document = JSON.parse(await labctl.ok('connect', ...hosts.slice(0, 20), '--format', 'json'));
  const isMember = (host: string) => hosts.indexOf(host) < 20;
  for (const source of hosts) {
    for (const target of hosts) {
      if (source === target) continue;
      expect(document.observed[source][target] !== null, `${source} -> ${target}`).toBe(
        isMember(source) === isMember(target),
      );
    }
  }
  await labctl.ok('down');
  await labctl.expectNothingLeft();
});
