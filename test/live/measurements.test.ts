import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Labctl } from '../support/harness/labctl.ts';

/** Everything of a host that a measurement might change: what is dynamic of its ARP cache comes and goes by itself. */
const STATE = `ip -4 address; ip -4 route show table all; ip rule; ip neigh show nud permanent; ip -4 neigh show nud noarp dev $0-eth0 | grep -v ^2
ip neigh show proxy; grep -r . /proc/sys/net/ipv4 /proc/sys/net/ipv6 2>/dev/null | sort`;

const SPEC = `version: 1
name: NAME
hosts:
  - name: h1
    start:
      - ip neigh replace 10.0.0.3 lladdr 00:00:00:00:00:03 nud permanent dev h1-eth0
      - ip neigh add 10.0.0.9 lladdr 00:00:00:00:00:99 nud noarp dev h1-eth0
      - ip neigh add proxy 10.0.0.8 dev h1-eth0
  - {name: h2, addresses: [192.168.1.2/24], default_route: 192.168.1.1}
  - name: h3
    arp: static
    start: ["sysctl -w net.ipv4.ip_forward=1", "ip route add 10.9.0.0/16 via 10.0.0.2"]
switches: [s1, s2]
links: [[h1, s1], [h2, s2], [h3, s2], {ends: [s1, s2], bw: 100}]
`;

describe.each(['as we are', 'ordinary'] as const)('measurements leave hosts as they were (user: %s)', (user) => {
  const name = user === 'ordinary' ? 'unchanged-o' : 'unchanged';
  const labctl = new Labctl(user);
  labctl.file('lab.yaml', SPEC.replace('NAME', name));
  const stateOf = (host: string) => labctl.ok('exec', host, '--', 'sh', '-c', STATE, host);
  const states = async () =>
    Object.fromEntries(await Promise.all(HOSTS.map(async (host) => [host, await stateOf(host)])));
  const HOSTS = ['h1', 'h2', 'h3'];
  let before: Record<string, string> = {};

  beforeAll(async () => {
    await labctl.ok('up', 'lab.yaml');
    before = await states();
    expect(before['h1']).toMatch(/^10\.0\.0\.3 dev h1-eth0 lladdr 00:00:00:00:00:03 PERMANENT/m);
    expect(before['h3']).toMatch(/^10\.0\.0\.1 dev h3-eth0 lladdr 00:00:00:00:00:01 PERMANENT/m);
  });
  afterAll(() => labctl.clean());

  test.each([
    ['pingall', ['pingall']],
    ['connect', ['connect', 'h1', 'h3']],
    ['explain', ['explain', 'h1', 'h3', '--verify']],
    ['iperf', ['iperf', 'h1', 'h3', '--seconds', '1']],
    ['link down and up, measured', ['link', 'down', 's1', 's2', '--measure', 'h1', 'h3']],
    ['link up', ['link', 'up', 's1', 's2', '--measure', 'h1', 'h3']],
    ['disconnect', ['disconnect', 'h1', 'h3']],
  ])('%s', async (_, args) => {
    await labctl.run(...args);
    expect(await states()).toEqual(before);
  });

  test('and nothing else is left', async () => {
    await labctl.ok('down');
    await labctl.expectNothingLeft();
  });
});
