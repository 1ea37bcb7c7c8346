import { describe, expect, test } from 'vitest';
import { specDifference } from '../../src/spec/difference.ts';
import { readSpec } from '../../src/spec/read.ts';
import { inputProblems } from '../support/harness/input-problems.ts';

const HOSTS = 'hosts: [h1, h2]';
const LINKS = 'links: [[h1, s1], [h2, s1]]';

function withLink(properties: string) {
  return readSpec(
    'lab.yaml',
    `version: 1\n${HOSTS}\nswitches: [s1]\nlinks: [{ends: [h1, s1]${properties}}, [h2, s1]]\n`,
  );
}

function withHost(properties: string) {
  return readSpec('lab.yaml', `version: 1\nhosts: [{name: h1${properties}}, h2]\nswitches: [s1]\n${LINKS}\n`);
}

const linkOf = (properties: string) => withLink(properties).topology.links[0];
const hostOf = (properties: string) => withHost(properties).topology.hosts[0];

/** What a person reads: causes with what is wrong, remedies apart. */
function problemsOf(read: () => unknown): readonly string[] {
  return inputProblems(read).map(({ where, cause, offending = '' }) => `${where} ${cause} | ${offending}`);
}

describe('links', () => {
  test.each([
    ['5 ms', 5],
    ['5ms', 5],
    ['100 us', 0.1],
    ['1us', 0.001],
    ['0.5 s', 500],
    ['1 s', 1000],
    ['2.5', 2.5],
    ['"7"', 7],
  ])('a delay of %s is %d ms', (text, ms) => {
    expect(linkOf(`, delay: ${text}`)?.delayMs).toBe(ms);
  });

  test('have all of their properties, and nothing where these are naught', () => {
    expect(linkOf(', bw: 10, delay: 5 ms, jitter: 1 ms, loss: 0.5, max_queue: 100, cost: 10')).toMatchObject({
      bandwidthMbps: 10,
      delayMs: 5,
      jitterMs: 1,
      lossPercent: 0.5,
      maxQueue: 100,
      cost: 10,
    });
    const ends = [
      { node: 'h1', port: 0 },
      { node: 's1', port: 1 },
    ];
    expect(linkOf(', delay: 0, jitter: 0 ms, loss: 0')).toEqual({ ends });
  });

  test.each([
    ['delay: fast', '4:33 not a time | fast'],
    ['delay: 5 min', '4:33 not a time | 5 min'],
    ['delay: -1', '4:33 a delay is from 1 us to 1 s, and so is jitter | -1'],
    ['delay: 1.5 s', '4:33 a delay is from 1 us to 1 s, and so is jitter | 1.5 s'],
    ['delay: .nan', '4:33 not a time | .nan'],
    [
      'jitter: 1 ms',
      '4:34 jitter is how much shorter or longer the delay of a packet may be, and is at most the delay | 1 ms',
    ],
    [
      'delay: 1 ms, jitter: 2 ms',
      '4:47 jitter is how much shorter or longer the delay of a packet may be, and is at most the delay | 2 ms',
    ],
    ['loss: 101', '4:32 loss is how many of a hundred packets are lost, from 0 to 100 | 101'],
    ['loss: 5%', '4:32 loss is how many of a hundred packets are lost, from 0 to 100 | 5%'],
    ['max_queue: 0', '4:37 max_queue is a whole number of packets, from 1 to 1000000 | 0'],
    ['max_queue: 1.5', '4:37 max_queue is a whole number of packets, from 1 to 1000000 | 1.5'],
  ])('with %s are refused', (property, problem) => {
    expect(problemsOf(() => linkOf(`, ${property}`))).toEqual([`lab.yaml:${problem}`]);
  });

  test('differ in each of their properties', () => {
    const plain = withLink('');
    for (const [property, line] of [
      ['delay: 100 us', 'delay 0.1 ms'],
      ['delay: 5, jitter: 1', 'delay 5 ms jitter 1 ms'],
      ['loss: 0.5', 'loss 0.5'],
      ['max_queue: 7', 'max_queue 7'],
    ] as const) {
      expect(specDifference(plain, withLink(`, ${property}`))).toEqual([
        '- link h1-eth0 s1-eth1',
        `+ link h1-eth0 s1-eth1 ${line}`,
      ]);
    }
    expect(specDifference(withLink(', delay: 5 ms'), withLink(', delay: 0.005 s'))).toEqual([]);
  });
});

describe('hosts', () => {
  test('have further addresses, a default route, start commands and a share of a CPU', () => {
    const text =
      ', addresses: [192.168.1.2/24, 10.0.0.9/32, 10.0.0.7], default_route: 192.168.1.1, start: [a, b &], cpu: 0.2';
    expect(hostOf(text)).toEqual({
      name: 'h1',
      interfaces: [
        {
          port: 0,
          mac: '00:00:00:00:00:01',
          addresses: [
            { ip: '10.0.0.1', prefixLength: 8 },
            { ip: '192.168.1.2', prefixLength: 24 },
            { ip: '10.0.0.9', prefixLength: 32 },
            { ip: '10.0.0.7', prefixLength: 8 },
          ],
        },
      ],
      routes: [{ destination: '0.0.0.0', prefixLength: 0, via: '192.168.1.1' }],
      start: ['a', 'b &'],
      cpu: 0.2,
    });
    expect(hostOf(', addresses: [], start: []')).toEqual(hostOf(''));
  });

  test('have no address that another has', () => {
    expect(problemsOf(() => withHost(', addresses: [10.0.0.2/8]'))).toEqual([
      'lab.yaml:2:46 h2 and h1 have the same address, 10.0.0.2 | h2',
    ]);
  });

  test.each([
    ['addresses: [192.168.1.0/24]', "2:32 the network address of its subnet cannot be a host's | 192.168.1.0/24"],
    ['addresses: [nonsense]', '2:32 not an IPv4 address | nonsense'],
    ['addresses: 192.168.1.2/24', '2:31 not a list of addresses | 192.168.1.2/24'],
    ['addresses: [10.0.0.1/8]', '2:32 h1 and h1 have the same address, 10.0.0.1 | 10.0.0.1/8'],
    ['mtu: 67', '2:25 mtu is the longest packet in bytes, from 68 to 1500 | 67'],
    ['mtu: 1501', '2:25 mtu is the longest packet in bytes, from 68 to 1500 | 1501'],
    ['forward: yes please', '2:29 forward is true or false | yes please'],
    ['forward: true', '2:29 h1 forwards, and has fewer than two addresses: there is nothing to forward between | true'],
    [
      'routes: [{to: 10.1.0.1/24, via: 10.0.0.2}]',
      '2:34 10.1.0.1 is an address in the subnet 10.1.0.0/24 | 10.1.0.1/24',
    ],
    ['routes: [{to: default, via: 10.0.0.2}]', '2:34 not a subnet | default'],
    ['routes: [{to: 11.0.0.0/8}]', '2:29 the key via is missing | '],
    ['routes: [{to: 11.0.0.0/8, via: 11.0.0.1}]', '2:51 in no subnet of the host, which has 10.0.0.1/8 | 11.0.0.1'],
    [
      'interfaces: [{ip: 10.0.0.1/8}, {ip: 10.1.0.1/16}]',
      '2:51 h1 has no link for this interface: its links have the port 0 | {ip: 10.1.0.1/16}',
    ],
    ['interfaces: [{port: 3}]', '2:40 h1 has no link for this interface: its links have the port 0 | 3'],
    ['interfaces: [{port: 0}, {port: 0}]', '2:44 h1 has the interface h1-eth0 already | {port: 0}'],
    ['interfaces: [{}, {vlan: 5}, {vlan: 5}]', '2:48 h1 has the interface h1-eth0.5 already | {vlan: 5}'],
    ['interfaces: [{vlan: 0}]', '2:40 vlan is the id of a VLAN, from 1 to 4094 | 0'],
    ['interfaces: [{vlan: 4096}]', '2:40 vlan is the id of a VLAN, from 1 to 4094 | 4096'],
    ['ip: 10.0.0.1/8, interfaces: [{}]', '2:24 ip is of the first interface, and h1 lists its interfaces | 10.0.0.1/8'],
    [
      'interfaces: [{vlan: 5, mac: "02:00:00:00:00:05"}]',
      '2:48 an interface of a VLAN has the MAC address of its link | "02:00:00:00:00:05"',
    ],
    ['default_route: 10.0.0.254/8', '2:35 not an IPv4 address | 10.0.0.254/8'],
    ['default_route: 10.0.0.1', "2:35 the host's own address, and it cannot be its own router | 10.0.0.1"],
    ['default_route: 192.168.1.1', '2:35 in no subnet of the host, which has 10.0.0.1/8 | 192.168.1.1'],
    ['start: [""]', '2:28 not a command | ""'],
    ['start: reboot', '2:27 not a list of commands | reboot'],
    ['cpu: 0', '2:25 cpu is a share of one CPU, from 0.01 to 256 | 0'],
    ['cpu: half', '2:25 cpu is a share of one CPU, from 0.01 to 256 | half'],
  ])('with %s are refused', (property, problem) => {
    expect(problemsOf(() => withHost(`, ${property}`))).toEqual([`lab.yaml:${problem}`]);
  });

  test('differ in each of their properties', () => {
    const plain = withHost('');
    for (const [property, line] of [
      ['addresses: [192.168.1.2/24]', 'address 192.168.1.2/24'],
      ['default_route: 10.0.0.254', 'default_route 10.0.0.254'],
      ['start: ["a b"]', 'start "a b"'],
      ['cpu: 0.5', 'cpu 0.5'],
    ] as const) {
      expect(specDifference(plain, withHost(`, ${property}`))).toEqual([
        '- host h1 10.0.0.1/8 00:00:00:00:00:01',
        `+ host h1 10.0.0.1/8 00:00:00:00:00:01 ${line}`,
      ]);
    }
  });
});
