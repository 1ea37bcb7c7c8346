import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Labctl } from '../support/harness/labctl.ts';

/** The rows of a matrix and its sum. */
const matrixOf = (output: string) => output.split('\n').filter((line) => / -> |\*\*\* Results/.test(line));

const TWO_ROUTERS = `version: 1
name: two-routers
hosts:
  - {name: h1, ip: 10.0.1.2/24, default_route: 10.0.1.1}
  - {name: h2, ip: 10.0.2.2/24, default_route: 10.0.2.1}
  - name: r
    forward: true
    interfaces: [{ip: 10.0.1.1/24}, {ip: 10.0.2.1/24, mtu: 1400}, {ip: 10.9.0.1/30}]
    routes: [{to: 10.0.3.0/24, via: 10.9.0.2}]
  - name: q
    forward: true
    interfaces: [{ip: 10.9.0.2/30}, {ip: 10.0.3.1/24, addresses: [10.0.3.7/24]}]
    default_route: 10.9.0.1
  - {name: h3, ip: 10.0.3.2/24, default_route: 10.0.3.1}
  - lone
switches: [s1, s2, s3]
links: [[h1, s1], [h2, s2], [r, s1], [r, s2], [r, q], [q, s3], [h3, s3], [s1, s2]]
expect:
  gateways: {groups: [[h1, h2, h3, r, q, "r:eth1", "q:10.0.3.7"]]}
  apart: {groups: [[h1, r, h2, "q:eth0"]]}
scenarios:
  routed:
    - expect: gateways
    - expect: {h1 -> "q:eth1": ok, "q:eth1 -> lone": X}
`.replace('{h1 -> "q:eth1": ok, "q:eth1 -> lone": X}', '{"h1 -> q:eth1": ok, "q:eth1 -> lone": X}');

/** By hand: r and q forward, everybody has a route to everybody, and lone has no link. */
const HOSTS = [
  'h1 -> h2 r q h3 X',
  'h2 -> h1 r q h3 X',
  'r -> h1 h2 q h3 X',
  'q -> h1 h2 r h3 X',
  'h3 -> h1 h2 r q X',
  'lone -> X X X X X',
  '*** Results: 33% dropped (20/30 received)',
];

describe('two routers and a link between them (user: ordinary)', () => {
  const labctl = new Labctl('ordinary');
  beforeAll(async () => {
    labctl.file('lab.yaml', TWO_ROUTERS);
    await labctl.ok('up', 'lab.yaml');
  });
  afterAll(() => labctl.clean());

  test('hosts reach each other by them, as predicted from the spec and from the running lab', async () => {
    expect(matrixOf(await labctl.ok('predict', 'lab.yaml'))).toEqual(HOSTS);
    expect(matrixOf(await labctl.ok('predict'))).toEqual(HOSTS);
    const observed = await labctl.ok('pingall');
    expect(matrixOf(observed)).toEqual(HOSTS);
    expect(observed).toContain('*** Verdict: as expected');
    expect(observed).not.toContain('*** Finding');
  });

  test('every address is asked, and asks, by its name', async () => {
    const lines = matrixOf(await labctl.ok('pingall', '--addresses'));
    expect(lines[0]).toBe('h1 -> h2 r r:eth1 r:eth2 q q:eth1 q:10.0.3.7 h3 X');
    expect(lines[4]).toBe('r:eth2 -> h1 h2 r r:eth1 q q:eth1 q:10.0.3.7 h3 X');
    // Nine addresses reach the eight others.
    expect(lines.at(-1)).toBe('*** Results: 20% dropped (72/90 received)');
    expect(matrixOf(await labctl.ok('predict', '--addresses'))).toEqual(lines);
  });

  test('an expectation names them, another name of one address is the same, and a wrong one is told', async () => {
    const met = await labctl.ok('pingall', '--expect', 'gateways');
    expect(matrixOf(met)[0]).toBe('h1 -> h2 r r:eth1 q q:10.0.3.7 h3 X');
    expect(met).toContain('*** Verdict: as expected, this is the expectation "gateways"');
    const failed = await labctl.run('pingall', '--expect', 'apart');
    expect(failed.exitCode).toBe(1);
    // q:eth0 has the address that q means.
    expect(matrixOf(failed.stdout)).toEqual(HOSTS);
    labctl.file('wrong.yaml', TWO_ROUTERS.replace('"q:eth0"', '"q:eth5"'));
    const wrong = await labctl.run('validate', 'wrong.yaml');
    expect(wrong.exitCode).toBe(2);
    expect(wrong.stdout + wrong.stderr).toMatch(/q has no address at eth5[\s\S]*name one of q, q:eth1, q:10\.0\.3\.7/);
  });

  test('a scenario judges by them', async () => {
    const { stdout, exitCode } = await labctl.run('test', 'lab.yaml', '--dataplane', 'simulated');
    expect(stdout).toContain('1 passed');
    expect(exitCode).toBe(0);
  });

  test('explain follows a ping through the routers, and a link between hosts', async () => {
    const story = (await labctl.ok('explain', 'h1', 'q:eth1')).split('\n');
    expect(story[0]).toBe('h1 -> q:eth1: reaches');
    expect(story.filter((line) => /echo re/.test(line))).toEqual([
      '  echo request  h1 > s1 > r',
      '  echo request  r > q',
      '  echo reply    q > r',
      '  echo reply    r > s1 > h1',
    ]);
    const none = await labctl.run('explain', 'h1', 'q:eth9');
    expect(none.exitCode).toBe(2);
    expect(none.stderr).toContain('q has no address at eth9');
  });

  test('interfaces are as the spec has them', async () => {
    const addresses = await labctl.ok('exec', 'r', '--', 'ip', '-o', '-4', 'address');
    expect(
      (addresses.match(/r-eth\d +inet [\d./]+/g) ?? []).map((line) => line.replace(/ +inet /, ' ')).sort(),
    ).toEqual(['r-eth0 10.0.1.1/24', 'r-eth1 10.0.2.1/24', 'r-eth2 10.9.0.1/30']);
    expect(await labctl.ok('exec', 'r', '--', 'cat', '/sys/class/net/r-eth1/mtu')).toBe('1400');
    expect(await labctl.ok('exec', 'r', '--', 'cat', '/sys/class/net/r-eth1/address')).toBe('00:01:00:00:00:03');
    expect(await labctl.ok('exec', 'h1', '--', 'ip', 'route', 'get', '10.0.3.2')).toContain('via 10.0.1.1 dev h1-eth0');
    expect(await labctl.ok('exec', 'q', '--', 'ip', 'route')).toContain('default via 10.9.0.1 dev q-eth0');
    const net = (await labctl.ok('net')).split('\n');
    expect(net).toContain('r r-eth0:s1-eth2 r-eth1:s2-eth2 r-eth2:q-eth0');
    expect(net).toContain('lone');
  });

  test('the link between the routers goes down, and up again', async () => {
    await labctl.ok('link', 'down', 'r', 'q');
    const down = matrixOf(await labctl.ok('pingall'));
    expect(down).toEqual([
      'h1 -> h2 r X X X',
      'h2 -> h1 r X X X',
      'r -> h1 h2 X X X',
      'q -> X X X h3 X',
      'h3 -> X X X q X',
      'lone -> X X X X X',
      '*** Results: 73% dropped (8/30 received)',
    ]);
    expect(matrixOf(await labctl.ok('predict'))).toEqual(down);
    expect(await labctl.ok('explain', 'h1', 'h3')).toContain('the link of r is down');
    await labctl.ok('link', 'up', 'r:2');
    expect(matrixOf(await labctl.ok('pingall'))).toEqual(HOSTS);
  });

  test('a connection joins hosts of one subnet, and tells why it does not join others', async () => {
    for (const [hosts, cause] of [
      [['h1', 'h2'], 'have no addresses in one subnet that switches join'],
      [['h1', 'r'], 'r has a link to q without a switch'],
      [['h1', 'lone'], 'there is no path between h1 and lone'],
    ] as const) {
      const { stderr, exitCode } = await labctl.run('connect', ...hosts);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(cause);
    }
    expect((await labctl.ok('status')).match(/connections +none/)).not.toBeNull();
  });

  test('and nothing is left', async () => {
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });
});

test('a dual-homed server is connected in both its subnets, and what routers carry goes on', async () => {
  const labctl = new Labctl();
  labctl.file(
    'dual.yaml',
    `version: 1
name: dual-live
hosts:
  - {name: h1, ip: 10.0.1.2/24, default_route: 10.0.1.1}
  - {name: h2, ip: 10.0.2.2/24, default_route: 10.0.2.1}
  - {name: h3, ip: 10.0.1.3/24, default_route: 10.0.1.1}
  - {name: web, interfaces: [{ip: 10.0.1.80/24}, {ip: 10.0.2.80/24}]}
  - {name: r, forward: true, interfaces: [{ip: 10.0.1.1/24}, {ip: 10.0.2.1/24}]}
switches: [s1, s2, s3]
links: [[h1, s1], [h3, s1], [web, s3], [r, s1], [h2, s2], [web, s2], [r, s2], [s1, s3]]
`,
  );
  try {
    await labctl.ok('up', 'dual.yaml');
    // web answers h2 at 10.0.1.80 by its other interface, and hosts accept packets on any path.
    expect(matrixOf(await labctl.ok('pingall')).at(-1)).toBe('*** Results: 0% dropped (20/20 received)');
    const connected = [
      'h1 -> X X web X',
      'h2 -> X h3 X r',
      'h3 -> X h2 X r',
      'web -> h1 X X X',
      'r -> X h2 h3 X',
      '*** Results: 60% dropped (8/20 received)',
    ];
    expect(matrixOf(await labctl.ok('connect', 'h1', 'web'))).toEqual(connected);
    expect(matrixOf(await labctl.ok('predict'))).toEqual(connected);
    const both = await labctl.ok('connect', 'h2', 'web');
    expect(both).toContain('*** Verdict: as expected');
    const addresses = matrixOf(await labctl.ok('pingall', '--addresses'));
    expect(addresses[0]).toBe('h1 -> X X web X X X');
    expect(addresses[1]).toBe('h2 -> X X X web:eth1 X X');
    expect(matrixOf(await labctl.ok('predict', '--addresses'))).toEqual(addresses);
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  } finally {
    await labctl.clean();
  }
});
