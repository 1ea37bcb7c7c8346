import { afterAll, describe, expect, test } from 'vitest';
import { Labctl } from '../support/harness/labctl.ts';

const labctl = new Labctl();
afterAll(() => labctl.clean());

const DPID = '00:00:00:00:00:00:00:01';
const entry = (name: string, more: Record<string, string>) => ({ switch: DPID, name, active: 'true', ...more });
const FLOOD_ARP = entry('arp', { eth_type: '0x0806', actions: 'output=flood' });

/** The rows of a matrix and its sum. */
const matrixOf = (output: string) =>
  output.split('\n').filter((line) => /^h\d+ -> \w+$|^h\d+ -> \w+ \w+$|\*\*\* Results/.test(line));

interface Case {
  readonly what: string;
  readonly lab: string;
  readonly hosts: string;
  readonly arp?: string;
  readonly entries: readonly object[];
  /** What Linux and Open vSwitch do. */
  readonly matrix: readonly string[];
  /** Whether a spec tells it all: no start command has a part in it. */
  readonly isSpecified: boolean;
}

const REACHES = ['h1 -> h2', 'h2 -> h1', '*** Results: 0% dropped (2/2 received)'];
const APART = ['h1 -> X', 'h2 -> X', '*** Results: 100% dropped (0/2 received)'];
const BY_IP = [
  entry('there', { eth_type: '0x0800', ipv4_dst: '10.0.0.2', actions: 'output=2' }),
  entry('back', { eth_type: '0x0800', ipv4_dst: '10.0.0.1', actions: 'output=1' }),
];
const TRANSLATED = [
  FLOOD_ARP,
  entry('vip', {
    ...{ in_port: '1', eth_type: '0x0800', ipv4_dst: '10.0.0.2' },
    actions: 'set_field=ipv4_dst->192.168.1.2,output=2',
  }),
  entry('back', { in_port: '2', eth_type: '0x0800', actions: 'set_field=ipv4_src->10.0.0.2,output=1' }),
];

const CASES: readonly Case[] = [
  {
    what: 'a further address to which entries translate',
    ...{ lab: 'state-vip', hosts: '[h1, {name: h2, addresses: [192.168.1.2/24]}]' },
    ...{ entries: TRANSLATED, matrix: REACHES, isSpecified: true },
  },
  {
    what: 'a default route, by which the answer to a translated address goes',
    lab: 'state-route',
    hosts: '[h1, {name: h2, default_route: 10.0.0.1}]',
    entries: [
      FLOOD_ARP,
      entry('nat', {
        ...{ in_port: '1', eth_type: '0x0800' },
        actions: 'set_field=ipv4_src->172.16.0.1,output=2',
      }),
      entry('back', {
        ...{ in_port: '2', eth_type: '0x0800' },
        actions: 'set_field=ipv4_dst->10.0.0.1,output=1',
      }),
    ],
    // h1's answer to h2 is translated too, so that it comes from nobody whom h2 has asked.
    matrix: ['h1 -> h2', 'h2 -> X', '*** Results: 50% dropped (1/2 received)'],
    isSpecified: true,
  },
  {
    what: 'static ARP of all hosts, where switches forward IPv4 alone',
    ...{ lab: 'state-static', hosts: '[h1, h2]', arp: 'static' },
    ...{ entries: BY_IP, matrix: REACHES, isSpecified: true },
  },
  {
    what: 'static ARP of one host, whose peer has to ask',
    ...{ lab: 'state-half', hosts: '[h1, {name: h2, arp: static}]' },
    ...{ entries: BY_IP, matrix: APART, isSpecified: true },
  },
  {
    what: 'static entries that start commands make, one of them wrong',
    lab: 'state-start',
    hosts: `
  - {name: h1, start: [ip neigh replace 10.0.0.2 lladdr 00:00:00:00:00:02 nud permanent dev h1-eth0]}
  - {name: h2, start: [ip neigh replace 10.0.0.1 lladdr 00:00:00:00:00:77 nud permanent dev h2-eth0]}`,
    ...{ entries: [FLOOD_ARP, ...BY_IP], matrix: APART, isSpecified: false },
  },
  {
    what: 'addresses and routes that start commands make and remove',
    lab: 'state-blackhole',
    hosts: `
  - {name: h1, start: ["ip route add blackhole 10.0.0.2/32"]}
  - {name: h2, start: ["ip address add 10.0.0.22/8 dev h2-eth0"]}`,
    ...{ entries: [FLOOD_ARP, ...BY_IP], matrix: APART, isSpecified: false },
  },
];

describe('hosts are predicted as they are', () => {
  test.each(CASES)('$what', async ({ lab, hosts, arp = 'dynamic', entries, matrix, isSpecified }) => {
    labctl.file(
      `${lab}.yaml`,
      `version: 1\nname: ${lab}\nforwarding: none\narp: ${arp}\nhosts: ${hosts}\nswitches: [s1]\nlinks: [[h1, s1], [h2, s1]]\n`,
    );
    labctl.file(`${lab}.json`, JSON.stringify(entries));
    if (isSpecified) {
      const { stdout } = await labctl.run('predict', `${lab}.yaml`, '--with', `${lab}.json`);
      expect(matrixOf(stdout)).toEqual(matrix);
    }
    await labctl.ok('up', `${lab}.yaml`);
    await labctl.run('entries', 'apply', `${lab}.json`, '--lab', lab);
    expect(matrixOf((await labctl.run('predict', lab)).stdout)).toEqual(matrix);
    const { stdout } = await labctl.run('pingall', lab);
    expect(matrixOf(stdout)).toEqual(matrix);
    expect(stdout).not.toContain('Finding');
    await labctl.ok('down', lab);
  });

  test('and nothing is left', () => labctl.expectNothingLeft());
});

test('a host that forwards sends on to others what is for them', async () => {
  labctl.file(
    'router.yaml',
    `version: 1
name: state-router
forwarding: none
hosts:
  - {name: h1, start: [ip route add 10.0.0.2/32 via 10.0.0.3]}
  - {name: h2, start: [ip route add 10.0.0.1/32 via 10.0.0.3]}
  - {name: h3, start: [sysctl -w net.ipv4.ip_forward=1, sysctl -w net.ipv4.conf.all.send_redirects=0, sysctl -w net.ipv4.conf.h3-eth0.send_redirects=0]}
switches: [s1]
links: [[h1, s1], [h2, s1], [h3, s1]]
`,
  );
  // h1 and h2 reach h3's port only.
  const by = (name: string, more: Record<string, string>) => entry(name, { eth_type: '0x0800', ...more });
  const entries = [
    FLOOD_ARP,
    by('from-h1', { in_port: '1', actions: 'output=3' }),
    by('from-h2', { in_port: '2', actions: 'output=3' }),
    by('to-h1', { in_port: '3', ipv4_dst: '10.0.0.1', actions: 'output=1' }),
    by('to-h2', { in_port: '3', ipv4_dst: '10.0.0.2', actions: 'output=2' }),
  ];
  labctl.file('router.json', JSON.stringify(entries));
  await labctl.ok('up', 'router.yaml');
  await labctl.run('entries', 'apply', 'router.json');
  expect(matrixOf((await labctl.run('predict')).stdout).at(-1)).toBe('*** Results: 0% dropped (6/6 received)');
  expect(matrixOf((await labctl.run('pingall')).stdout).at(-1)).toBe('*** Results: 0% dropped (6/6 received)');
  // It is no router any more.
  await labctl.ok('exec', 'h3', '--', 'sysctl', '-w', 'net.ipv4.ip_forward=0');
  const both = [(await labctl.run('predict')).stdout, (await labctl.run('pingall')).stdout].map(matrixOf);
  expect(both[0]).toEqual(['h1 -> X h3', 'h2 -> X h3', 'h3 -> h1 h2', '*** Results: 33% dropped (4/6 received)']);
  expect(both[1]).toEqual(both[0]);
  await labctl.ok('down');
});
