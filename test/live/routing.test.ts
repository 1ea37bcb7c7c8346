import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TOPOLOGIES } from '../support/fixtures/examples.ts';
import { Labctl } from '../support/harness/labctl.ts';

/** As an ordinary user: a router needs no root either. */
const labctl = new Labctl('ordinary');
afterAll(() => labctl.clean());

/** The rows of a matrix and its sum. */
const matrixOf = (output: string) =>
  output.split('\n').filter((line) => /^\w+ ->( \w+| \?)+$|^\*\*\* Results/.test(line));

const ALL = ['*** Results: 0% dropped (6/6 received)'];
const ROUTED = ['h1 -> h2 r', 'h2 -> h1 r', 'r -> h1 h2', ...ALL];

interface Case {
  readonly what: string;
  readonly lab: string;
  readonly hosts: string;
  readonly links?: string;
  /** What a prediction of the spec shows. */
  readonly bySpec: readonly string[];
  /** What that of the running lab shows, and pingall. */
  readonly matrix: readonly string[];
}

const H1 = '{name: h1, ip: 10.0.1.2/24, default_route: 10.0.1.1}';
const H2 = '{name: h2, ip: 10.0.2.2/24, default_route: 10.0.2.1}';
const ONE_ARM = 'name: r, ip: 10.0.1.1/24, addresses: [10.0.2.1/24]';

const CASES: readonly Case[] = [
  {
    what: 'hosts of subnets that hold each other need no router',
    lab: 'route-mixed',
    hosts: '[{name: h1, ip: 10.0.0.1/24}, {name: h2, ip: 10.0.0.2/16}, {name: r, ip: 10.0.0.3/8}]',
    ...{ bySpec: ROUTED, matrix: ROUTED },
  },
  {
    what: 'a one-armed router that forwards by the spec',
    lab: 'route-arm',
    hosts: `[${H1}, ${H2}, {${ONE_ARM}, forward: true}]`,
    ...{ bySpec: ROUTED, matrix: ROUTED },
  },
  {
    what: 'a one-armed router that forwards by a start command, which only the running lab can tell',
    lab: 'route-start',
    hosts: `[${H1}, ${H2}, {${ONE_ARM}, start: [sysctl -w net.ipv4.ip_forward=1]}]`,
    bySpec: ['h1 -> X r', 'h2 -> X r', 'r -> h1 h2', '*** Results: 33% dropped (4/6 received)'],
    matrix: ROUTED,
  },
  {
    what: 'a router with a link for each subnet',
    lab: 'route-two',
    hosts: `[${H1}, ${H2}, {name: r, forward: true, interfaces: [{ip: 10.0.1.1/24}, {ip: 10.0.2.1/24}]}]`,
    links: '[[h1, s1], [h2, s2], [r, s1], [r, s2]]',
    ...{ bySpec: ROUTED, matrix: ROUTED },
  },
];

describe.concurrent('subnets are accepted, predicted and observed', () => {
  test.for(CASES)(
    '$what',
    async ({ lab, hosts, links = '[[h1, s1], [h2, s1], [r, s1]]', bySpec, matrix }, { expect }) => {
      labctl.file(`${lab}.yaml`, `version: 1\nname: ${lab}\nhosts: ${hosts}\nswitches: [s1, s2]\nlinks: ${links}\n`);
      expect(matrixOf(await labctl.ok('predict', `${lab}.yaml`))).toEqual(bySpec);
      await labctl.ok('up', `${lab}.yaml`);
      expect(matrixOf(await labctl.ok('predict', lab))).toEqual(matrix);
      const observed = await labctl.ok('pingall', lab);
      expect(matrixOf(observed)).toEqual(matrix);
      expect(observed).toContain('*** Verdict: as expected');
      expect(observed).not.toContain('Finding');
      await labctl.ok('down', lab);
    },
  );
});

test('a switch is a router by entries that answer ARP requests and give new MAC addresses', async () => {
  const spec = join(TOPOLOGIES, 'switch-router.yaml');
  const entries = ['arp', 'forward'].map((name) =>
    labctl.file(`router-${name}.json`, readFileSync(join(TOPOLOGIES, `entries/router-${name}.json`), 'utf8')),
  );
  const routed = ['h1 -> h2 h3', 'h2 -> h1 h3', 'h3 -> h1 h2', ...ALL];
  const supposed = await labctl.ok('predict', spec, '--expect', 'routed', '--with', ...entries);
  expect(matrixOf(supposed)).toEqual(routed);
  await labctl.ok('up', labctl.file('switch-router.yaml', readFileSync(spec, 'utf8')));
  await labctl.ok('pingall', 'switch-router', '--expect', 'nobody');
  await labctl.ok('entries', 'apply', ...entries, '--lab', 'switch-router');
  for (const command of ['predict', 'pingall'] as const) {
    expect(matrixOf(await labctl.ok(command, 'switch-router', '--expect', 'routed'))).toEqual(routed);
  }
  await labctl.ok('down', 'switch-router');
});

test('what a running lab lacks between subnets is told: a router that does not forward, a route back, rp_filter', async () => {
  const web = '{name: web, interfaces: [{ip: 10.0.1.80/24}, {ip: 10.0.2.80/24}], start: [START]}'.replace(
    'START',
    'sysctl -w net.ipv4.conf.all.rp_filter=1',
  );
  const r = '{name: r, forward: true, interfaces: [{ip: 10.0.1.1/24}, {ip: 10.0.2.1/24}]}';
  labctl.file(
    'route-lacks.yaml',
    `version: 1
name: route-lacks
hosts: [${H1}, ${H2}, ${web}, ${r}]
switches: [s1, s2]
links: [[h1, s1], [h2, s2], [web, s1], [web, s2], [r, s1], [r, s2]]
`,
  );
  await labctl.ok('up', 'route-lacks.yaml');
  const explained = async (a: string, b: string) =>
    (await labctl.run('explain', a, b, '--lab', 'route-lacks')).stdout.split('\n')[0];
  const asPredicted = async (results: string) => {
    const [predicted, observed] = [
      matrixOf((await labctl.run('predict', 'route-lacks')).stdout),
      matrixOf((await labctl.run('pingall', 'route-lacks')).stdout),
    ];
    expect(observed).toEqual(predicted);
    expect(observed.at(-1)).toContain(results);
  };
  expect(await explained('h2', 'web')).toBe(
    "h2 -> web: X, web gets h2's echo request, and refuses it: it would answer by another interface, and its rp_filter forbids that",
  );
  await asPredicted('(11/12 received)');
  await labctl.ok('exec', 'h2', '--lab', 'route-lacks', '--', 'ip', 'route', 'del', 'default');
  expect(await explained('h1', 'h2')).toBe("h1 -> h2: X, h2 gets h1's echo request, and has no route back");
  await asPredicted('(8/12 received)');
  await labctl.ok('exec', 'r', '--lab', 'route-lacks', '--', 'sysctl', '-w', 'net.ipv4.ip_forward=0');
  expect(await explained('h1', 'h2')).toBe("h1 -> h2: X, r gets h1's echo request to h2, and does not forward it");
  await labctl.ok('down', 'route-lacks');
});

test('a VLAN interface that the kernel does not have is refused before anything starts, with a remedy', async () => {
  const spec = labctl.file('stick.yaml', readFileSync(join(TOPOLOGIES, 'router-on-a-stick.yaml'), 'utf8'));
  const { stderr, exitCode } = await labctl.run('up', spec);
  if (exitCode === 0) {
    const entries = join(TOPOLOGIES, 'entries/router-on-a-stick.json');
    await labctl.ok('entries', 'apply', entries, '--lab', 'router-on-a-stick');
    expect(matrixOf(await labctl.ok('pingall', 'router-on-a-stick', '--expect', 'routed'))).toEqual(ROUTED);
    await labctl.ok('down', 'router-on-a-stick');
    return;
  }
  expect(exitCode).toBe(3);
  expect(stderr).toContain('vlan of interfaces: ip cannot add interfaces of VLANs');
  expect(stderr).toContain('sudo modprobe 8021q');
  expect(stderr).toContain('labctl up --dataplane simulated');
});

test('and nothing is left', () => labctl.expectNothingLeft());
