import { describe, expect, test } from 'vitest';
import { type Dpid, ipv4FromNumber } from '../../src/model/addresses.ts';
import type { Fault } from '../../src/model/fault.ts';
import { Topology } from '../../src/model/topology.ts';
import { requestedFault } from '../../src/plan/requests.ts';
import { exchangeBetween } from '../../src/sim/exchange.ts';
import { Network, type NetworkState } from '../../src/sim/network.ts';
import { arpRequest, ECHO_REQUEST, echo } from '../../src/sim/packet.ts';
import { predict } from '../../src/sim/predict.ts';
import { type Exit, endsOf, Walk } from '../../src/sim/walk.ts';
import { flow, group, onSwitches, output, popVlan, pushVlan, setField, toGroup } from '../support/fixtures/entries.ts';
import { hostOf, plainOf } from '../support/fixtures/hosts.ts';
import { topologyOf } from '../support/fixtures/topologies.ts';

// hN is on port 1 of sN; ports 2 and up follow the order of the links.

const line = topologyOf(3, [
  [1, 2],
  [2, 3],
]);
const pair = topologyOf(2, [[1, 2]]);
const triangle = topologyOf(3, [
  [1, 2],
  [2, 3],
  [3, 1],
]);

const to = (port: number) => [output(port)];
const flood = flow({ apply: [output('flood')] });

function faults(topology: Topology, ...texts: string[]): Fault[] {
  return texts.map((text) => requestedFault(topology, text, 'test'));
}

/** Pairs of the prediction, `1>2`; those that are undecided in brackets. */
function pairs(
  topology: Topology,
  entries: NetworkState['entries'],
  state: Partial<Pick<NetworkState, 'missForwarding' | 'faults'>> = {},
): string {
  const matrix = predict({ topology, entries, missForwarding: 'none', faults: [], ...state });
  const names = topology.hosts.map(({ name }) => name);
  const texts = names.flatMap((a) =>
    names.flatMap((b) => {
      const text = `${a.slice(1)}>${b.slice(1)}`;
      if (matrix.reaches(a, b)) return [text];
      return matrix.at(a, b) === null ? [`(${text})`] : [];
    }),
  );
  return texts.join(' ');
}

/** Every fate of one packet from a host, sorted. */
function fates(state: Partial<NetworkState> & Pick<NetworkState, 'topology'>, sender = 0, target = 1): string[] {
  const network = new Network({ entries: new Map(), missForwarding: 'none', faults: [], ...state });
  const [from, at] = [sender, target].map((index) => network.addresses[index]);
  const end = network.nics[from?.nic ?? -1]?.peer;
  if (from === undefined || at === undefined || end?.kind !== 'switch') throw new Error('no such host');
  const walk = new Walk(network, echo(ECHO_REQUEST, from, at));
  walk.enter(end.index, end.port);
  const found = walk.states.flatMap(({ node, course }, number) =>
    endsOf(course).flatMap((end) =>
      walk.exits(number, end).flatMap((exit) => {
        if (exit.kind === 'hop') return [];
        const { fate } = exit;
        return [fate.kind === 'at-host' ? `at h${fate.host + 1}` : `${fate.kind} on s${node + 1}`];
      }),
    ),
  );
  return [...new Set(found)].sort();
}

describe('what becomes of a packet', () => {
  test('without entries it ends at the first switch', () => {
    expect(fates({ topology: line })).toEqual(['no-entry on s1']);
  });

  test.each<[string, Parameters<typeof flow>[0], string]>([
    ['an entry that drops', {}, 'dropped on s1'],
    ['its in-port', { apply: to(1) }, 'back-out on s1'],
    ['a port that does not exist', { apply: to(7) }, 'no-such-port on s1'],
    ['the controller, which does nothing', { apply: [output('controller')] }, 'to-controller on s1'],
    ['the switch itself', { apply: [output('local')] }, 'to-switch-itself on s1'],
    ['a group that is not there', { apply: [toGroup(7)] }, 'missing-group on s1'],
    ['in_port', { apply: [output('in_port')] }, 'at h1'],
    ['NORMAL, as to all others on a network without a circle', { apply: [output('normal')] }, 'no-entry on s2'],
    ['all, which is not the in-port', { apply: [output('all')] }, 'no-entry on s2'],
  ])('sent to %s', (_, parts, fate) => {
    expect(fates({ topology: line, entries: onSwitches({ 1: { flows: [flow(parts)] } }) })).toEqual([fate]);
  });

  test('a port whose link is down, at either end, takes nothing', () => {
    const entries = onSwitches({ 1: { flows: [flow({ apply: to(2) })] } });
    expect(fates({ topology: line, entries })).toEqual(['no-entry on s2']);
    for (const fault of ['s1-s2', 's2-s1', 's2']) {
      expect(fates({ topology: line, entries, faults: faults(line, fault) })).toEqual(['port-down on s1']);
    }
  });

  test('a flood comes to every host but the one that sent it', () => {
    const entries = onSwitches({ 1: { flows: [flood] }, 2: { flows: [flood] }, 3: { flows: [flood] } });
    expect(fates({ topology: line, entries })).toEqual(['at h2', 'at h3']);
    expect(fates({ topology: line, entries }, 1, 0)).toEqual(['at h1', 'at h3']);
  });

  test('a flood in a circle ends: its states come back to themselves', () => {
    const entries = onSwitches({ 1: { flows: [flood] }, 2: { flows: [flood] }, 3: { flows: [flood] } });
    // By the circle it comes back to its sender, too.
    expect(fates({ topology: triangle, entries })).toEqual(['at h1', 'at h2', 'at h3']);
  });

  test('a loop that nothing leaves has no fate, and its states form a circle', () => {
    // s1 port 3 and s3 port 3 are joined; s1 -> s2 -> s3 -> s1.
    const entries = onSwitches({
      1: { flows: [flow({ apply: to(2) })] },
      2: { flows: [flow({ apply: to(3) })] },
      3: { flows: [flow({ apply: to(3) })] },
    });
    expect(fates({ topology: triangle, entries })).toEqual([]);
    const network = new Network({ topology: triangle, entries, missForwarding: 'none', faults: [] });
    const [h1, h2] = network.addresses;
    const walk = new Walk(network, echo(ECHO_REQUEST, h1 as never, h2 as never));
    const visited = [walk.enter(0, 1)];
    for (let step = 1; step <= 3; step += 1) {
      const number = visited.at(-1) ?? -1;
      const exits: readonly Exit[] = endsOf(walk.state(number).course).flatMap((end) => walk.exits(number, end));
      for (const exit of exits) if (exit.kind === 'hop') visited.push(walk.stateAfter(exit) ?? -1);
    }
    expect(visited.map((number) => network.node(walk.state(number).node).name)).toEqual(['s1', 's2', 's3', 's1']);
    expect(visited[3]).toBe(visited[0]);
  });

  test('entries by in-port tell the ways of a packet apart', () => {
    const entries = onSwitches({
      1: { flows: [flow({ apply: to(2) })] },
      2: { flows: [flow({ match: { in_port: '2' }, apply: to(1) }), flow({ match: { in_port: '3' }, apply: to(2) })] },
      3: { flows: [flow({ apply: to(2) })] },
    });
    expect(fates({ topology: line, entries })).toEqual(['at h2']);
    expect(fates({ topology: line, entries }, 2)).toEqual(['back-out on s1']);
    expect(fates({ topology: line, entries }, 1)).toEqual(['no-entry on s2']);
  });

  test('the in-port rule holds for one port of a switch and not for others', () => {
    // s2 sends everything to port 2, whence packets of s1 come.
    const entries = onSwitches({
      1: { flows: [flow({ apply: to(2) })] },
      2: { flows: [flow({ apply: to(2) })] },
      3: { flows: [flow({ apply: to(2) })] },
    });
    expect(fates({ topology: line, entries })).toEqual(['back-out on s2']);
    expect(fates({ topology: line, entries }, 2)).toEqual(['back-out on s1']);
  });
});

describe('a ping', () => {
  const flooding = (...numbers: number[]) =>
    onSwitches(Object.fromEntries(numbers.map((n) => [n, { flows: [flood] }])));

  test('crosses switches that flood, and is perhaps lost where copies circle', () => {
    expect(pairs(line, flooding(1, 2, 3))).toBe('1>2 1>3 2>1 2>3 3>1 3>2');
    expect(pairs(triangle, flooding(1, 2, 3))).toBe('(1>2) (1>3) (2>1) (2>3) (3>1) (3>2)');
    expect(pairs(line, flooding(1, 2))).toBe('1>2 2>1');
  });

  test('leaves a circle by a switch that is found before the others of the circle', () => {
    // s1 -> s3 -> s4 -> s1; s2 hangs on s1. What h3 has for h2 goes through s4 and s1.
    const circle = topologyOf(4, [
      [1, 3],
      [3, 4],
      [4, 1],
      [1, 2],
    ]);
    const to3 = flow({ apply: [output(3), output(1)] });
    const entries = onSwitches({
      1: { flows: [flow({ apply: [output(2), output(4), output(1)] })] },
      2: { flows: [flow({ apply: [output(1), output(2)] })] },
      3: { flows: [to3] },
      4: { flows: [to3] },
    });
    const open = '1>2 1>3 1>4 2>1 2>3 2>4 3>1 3>2 3>4 4>1 4>2 4>3'.replaceAll(/\S+/g, '($&)');
    expect(pairs(circle, entries)).toBe(open);
  });

  test('fails in both directions where the way back is closed', () => {
    const entries = onSwitches({
      1: { flows: [flood] },
      2: { flows: [flood, flow({ priority: 200, match: { eth_src: '00:00:00:00:00:02' } })] },
    });
    expect(pairs(pair, entries)).toBe('');
  });

  test('may succeed in one direction only: the answers to ARP and echo pass, questions do not', () => {
    const noQuestions = (number: number) => [
      flow({ priority: 200, match: { in_port: '1', eth_type: '0x0806', arp_opcode: '1' } }),
      flow({ priority: 200, match: { in_port: '1', eth_type: '0x0800', ip_proto: '1', icmpv4_type: '8' } }),
      ...(number > 0 ? [flood] : []),
    ];
    const entries = onSwitches({ 1: { flows: [flood] }, 2: { flows: noQuestions(2) } });
    expect(pairs(pair, entries)).toBe('1>2');
  });

  test('needs ARP as well as IPv4', () => {
    for (const type of ['0x0800', '0x0806']) {
      const only = [flow({ match: { eth_type: type }, apply: [output('flood')] })];
      expect(pairs(pair, onSwitches({ 1: { flows: only }, 2: { flows: only } }))).toBe('');
    }
    const both = ['0x0800', '0x0806'].map((type) => flow({ match: { eth_type: type }, apply: [output('flood')] }));
    expect(pairs(pair, onSwitches({ 1: { flows: both }, 2: { flows: both } }))).toBe('1>2 2>1');
  });

  test('is perhaps answered where overlapping entries of one priority disagree', () => {
    const doubtful = [flood, flow({ match: { eth_type: '0x0800' } })];
    expect(pairs(pair, onSwitches({ 1: { flows: doubtful }, 2: { flows: [flood] } }))).toBe('(1>2) (2>1)');
    const copies = [...doubtful, flow({ priority: 101, apply: [output('flood')] })];
    expect(pairs(pair, onSwitches({ 1: { flows: copies }, 2: { flows: [flood] } }))).toBe('1>2 2>1');
  });

  test('is surely answered where every bucket of a select group leads to the target', () => {
    // s1 and s3 are joined twice: by s2, and at once.
    const select = group(1, 'select', { weight: 1, actions: to(2) }, { weight: 1, actions: to(3) });
    const byDestination = (port: number, other: string) =>
      flow({ match: { eth_dst: other }, apply: port === 0 ? [toGroup(1)] : to(port) });
    const [mac1, mac3] = ['00:00:00:00:00:01', '00:00:00:00:00:03'];
    const arp1 = { eth_type: '0x0806', arp_tpa: '10.0.0.1' };
    const arp3 = { eth_type: '0x0806', arp_tpa: '10.0.0.3' };
    const entries = onSwitches({
      1: {
        flows: [byDestination(1, mac1 as string), byDestination(0, mac3 as string)].concat(
          flow({ priority: 200, match: arp3, apply: [toGroup(1)] }),
          flow({ priority: 200, match: arp1, apply: to(1) }),
        ),
        groups: [select],
      },
      2: { flows: [flow({ match: { in_port: '2' }, apply: to(3) })] },
      3: {
        flows: [byDestination(3, mac1 as string), byDestination(1, mac3 as string)].concat(
          flow({ priority: 200, match: arp3, apply: to(1) }),
          flow({ priority: 200, match: arp1, apply: to(3) }),
        ),
      },
    });
    expect(pairs(triangle, entries)).toBe('1>3 3>1');
    const broken = new Map(entries).set(triangle.switches[1]?.dpid as never, { flows: [], groups: [] });
    expect(pairs(triangle, broken)).toBe('(1>3) (3>1)');
  });

  test('fails over with a fast_failover group when the first link goes down', () => {
    const failover = group(1, 'fast_failover', { watchPort: 2, actions: to(2) }, { watchPort: 3, actions: to(3) });
    const home = (number: number) => [
      flow({ priority: 200, match: { eth_dst: `00:00:00:00:00:0${number}` }, apply: to(1) }),
      flow({ priority: 200, match: { eth_type: '0x0806', arp_tpa: `10.0.0.${number}` }, apply: to(1) }),
    ];
    // s3 is on the way round only: what comes from s1 goes to s2, and back.
    const entries = onSwitches({
      1: { flows: [...home(1), flow({ apply: [toGroup(1)] })], groups: [failover] },
      2: {
        flows: [...home(2), flow({ apply: [toGroup(1)] })],
        groups: [group(1, 'fast_failover', { watchPort: 2, actions: to(2) }, { watchPort: 3, actions: to(3) })],
      },
      3: { flows: [flow({ match: { in_port: '2' }, apply: to(3) }), flow({ match: { in_port: '3' }, apply: to(2) })] },
    });
    const state = (...texts: string[]) => pairs(triangle, entries, { faults: faults(triangle, ...texts) });
    expect(state()).toBe('1>2 2>1');
    expect(state('s1-s2')).toBe('1>2 2>1');
    expect(state('s1-s2', 's3')).toBe('');
    expect(state('s1-s2', 's2-s3')).toBe('');
  });

  test('fails with the link of a host, and with its switch', () => {
    const entries = flooding(1, 2, 3);
    expect(pairs(line, entries, { faults: faults(line, 'h1-s1') })).toBe('2>3 3>2');
    expect(pairs(line, entries, { faults: faults(line, 's1') })).toBe('2>3 3>2');
    expect(pairs(line, entries, { faults: faults(line, 's2') })).toBe('');
    expect(pairs(triangle, entries, { faults: faults(triangle, 's2-s3') })).toBe('1>2 1>3 2>1 2>3 3>1 3>2');
  });

  test('crosses a VLAN that the switches push and pop, and ends at a host that gets the tag', () => {
    const entering = flow({
      match: { in_port: '1' },
      apply: [pushVlan, setField('eth_vlan_vid', '0x1007'), output(2)],
    });
    const leaving = (apply = [popVlan, output(1)]) => flow({ match: { in_port: '2', eth_vlan_vid: '0x1007' }, apply });
    const vlan = { flows: [entering, leaving()] };
    expect(pairs(pair, onSwitches({ 1: vlan, 2: vlan }))).toBe('1>2 2>1');
    expect(pairs(pair, onSwitches({ 1: vlan, 2: { flows: [entering, leaving(to(1))] } }))).toBe('');
    const other = flow({ match: { in_port: '1' }, apply: [pushVlan, setField('eth_vlan_vid', '0x1008'), output(2)] });
    expect(pairs(pair, onSwitches({ 1: vlan, 2: { flows: [other, leaving()] } }))).toBe('');
  });

  test('succeeds where the network translates the target address there and back', () => {
    // Between s1 and s2 packets are for 10.9.9.9; s2 gives h2 its own address back. Replies are left alone.
    const between = '10.9.9.9';
    const entries = onSwitches({
      1: {
        flows: [
          flood,
          flow({
            priority: 200,
            match: { in_port: '1', eth_type: '0x0800', ipv4_dst: '10.0.0.2' },
            apply: [setField('ipv4_dst', between), output(2)],
          }),
        ],
      },
      2: {
        flows: [
          flood,
          flow({
            priority: 200,
            match: { eth_type: '0x0800', ipv4_dst: between },
            apply: [setField('ipv4_dst', '10.0.0.2'), output(1)],
          }),
        ],
      },
    });
    expect(pairs(pair, entries)).toBe('1>2 2>1');
    const oneWay = new Map(entries).set(pair.switches[1]?.dpid as Dpid, { flows: [flood], groups: [] });
    expect(pairs(pair, oneWay)).toBe('');
  });

  test('is answered by the host that the network puts in the place of the target, if it translates back', () => {
    // s1 sends what h1 has for h3 to h2, and makes h2's answers h3's.
    const [mac2, mac3] = ['00:00:00:00:00:02', '00:00:00:00:00:03'];
    const there = { in_port: '1', eth_type: '0x0800', ipv4_dst: '10.0.0.3' };
    const back = { in_port: '2', eth_type: '0x0800', ipv4_src: '10.0.0.2' };
    const entries = onSwitches({
      1: {
        flows: [
          flood,
          flow({
            priority: 200,
            match: there,
            apply: [setField('eth_dst', mac2), setField('ipv4_dst', '10.0.0.2'), output(2)],
          }),
          flow({
            priority: 200,
            match: { ...back, ip_proto: '1', icmpv4_type: '0' },
            apply: [setField('eth_src', mac3), setField('ipv4_src', '10.0.0.3'), output(1)],
          }),
        ],
      },
      2: { flows: [flood] },
      3: { flows: [flow({ match: { eth_type: '0x0806' }, apply: [output('flood')] })] },
    });
    // h3 answers ARP only, and h1 pings it all the same; h2's own replies come to h1 as h3's.
    expect(pairs(line, entries)).toBe('1>3 2>1');
  });

  test('succeeds where the network changes MAC addresses on the way and back again', () => {
    // Between s1 and s2 frames carry 00:00:00:00:00:aa; s2 gives h2 its own address back.
    const entries = onSwitches({
      1: {
        flows: [
          flow({ match: { in_port: '1' }, apply: to(2) }),
          flow({ match: { in_port: '2' }, apply: to(1) }),
          flow({
            priority: 200,
            match: { in_port: '1', eth_dst: '00:00:00:00:00:02' },
            apply: [setField('eth_dst', '00:00:00:00:00:aa'), output(2)],
          }),
        ],
      },
      2: {
        flows: [
          flow({ match: { in_port: '1' }, apply: to(2) }),
          flow({ match: { in_port: '2', eth_dst: 'ff:ff:ff:ff:ff:ff' }, apply: to(1) }),
          flow({
            match: { in_port: '2', eth_dst: '00:00:00:00:00:aa' },
            apply: [setField('eth_dst', '00:00:00:00:00:02'), output(1)],
          }),
        ],
      },
    });
    expect(pairs(pair, entries)).toBe('1>2 2>1');
  });

  test('fails where the last switch gives its frames another MAC address', () => {
    const entries = onSwitches({
      1: { flows: [flood] },
      2: {
        flows: [
          flood,
          flow({
            priority: 200,
            match: { in_port: '2', eth_dst: '00:00:00:00:00:02' },
            apply: [setField('eth_dst', '00:00:00:00:00:03'), output(1)],
          }),
        ],
      },
    });
    expect(pairs(pair, entries)).toBe('');
  });

  test('is not taken for unchanged because the first host already has what an entry sets', () => {
    // s2 makes every echo message one of h1's, which leaves those of h1 alone and spoils all others.
    const spoofing = flow({
      priority: 200,
      match: { eth_type: '0x0800' },
      apply: [setField('ipv4_src', '10.0.0.1'), output('flood')],
    });
    const entries = onSwitches({ 1: { flows: [flood] }, 2: { flows: [flood, spoofing] }, 3: { flows: [flood] } });
    expect(pairs(line, entries)).toBe('');
    const beyond = onSwitches({ 1: { flows: [flood] }, 2: { flows: [flood] }, 3: { flows: [flood, spoofing] } });
    expect(pairs(line, beyond)).toBe('1>2 2>1');
  });

  test('fails between subnets, though packets would pass', () => {
    const apart = new Topology({
      ...pair,
      hosts: pair.hosts.map((host, index) =>
        hostOf({ ...plainOf(host), ip: ipv4FromNumber(0x0a000001n + 256n * BigInt(index)), prefixLength: 24 }),
      ),
      switches: pair.switches,
      links: pair.links,
    });
    expect(pairs(apart, flooding(1, 2))).toBe('');
    const wider = new Topology({
      ...pair,
      hosts: apart.hosts.map((host) => hostOf({ ...plainOf(host), prefixLength: 16 })),
      switches: pair.switches,
      links: pair.links,
    });
    expect(pairs(wider, flooding(1, 2))).toBe('1>2 2>1');
    // Only one of them takes the other for a neighbour.
    const mixed = new Topology({
      ...pair,
      hosts: apart.hosts.map((host, index) => hostOf({ ...plainOf(host), prefixLength: index === 0 ? 16 : 24 })),
      switches: pair.switches,
      links: pair.links,
    });
    expect(pairs(mixed, flooding(1, 2))).toBe('');
  });

  test('tells its four messages in order', () => {
    const network = new Network({ topology: pair, entries: flooding(1, 2), missForwarding: 'none', faults: [] });
    const { certainty, legs } = exchangeBetween(network, 0, 1);
    expect(certainty).toBe(2);
    const told = legs.map(({ from, packet }) => {
      const { arp_opcode, icmpv4_type } = packet.describe();
      return `h${from + 1} ${arp_opcode === undefined ? `icmp ${icmpv4_type}` : `arp ${arp_opcode}`}`;
    });
    expect(told).toEqual(['h1 arp 1', 'h2 arp 2', 'h1 icmp 8', 'h2 icmp 0']);
    expect(legs.map(({ arrivals }) => arrivals.map(({ host }) => host + 1))).toEqual([[2], [1], [2], [1]]);
  });
});

describe("the controller's forwarding", () => {
  test('none: a packet that no entry matches goes no further', () => {
    expect(pairs(line, new Map())).toBe('');
  });

  test('shortest-path: it reaches whom the graph joins, and goes round faults', () => {
    const reactive = { missForwarding: 'shortest-path' } as const;
    expect(pairs(line, new Map(), reactive)).toBe('1>2 1>3 2>1 2>3 3>1 3>2');
    expect(pairs(line, new Map(), { ...reactive, faults: faults(line, 's2-s3') })).toBe('1>2 2>1');
    expect(pairs(triangle, new Map(), { ...reactive, faults: faults(triangle, 's2-s3') })).toBe(
      '1>2 1>3 2>1 2>3 3>1 3>2',
    );
    expect(pairs(triangle, new Map(), { ...reactive, faults: faults(triangle, 'h3-s3') })).toBe('1>2 2>1');
  });

  test('an entry that matches comes before it, one that sends to the controller asks for it', () => {
    const reactive = { missForwarding: 'shortest-path' } as const;
    expect(pairs(pair, onSwitches({ 1: { flows: [flow({ priority: 0 })] } }), reactive)).toBe('');
    const asking = onSwitches({ 1: { flows: [flow({ apply: [output('controller')] })] } });
    expect(pairs(pair, asking, reactive)).toBe('1>2 2>1');
  });

  test('a packet for an address that no host has is not sent on', () => {
    const network = new Network({ topology: line, entries: new Map(), missForwarding: 'shortest-path', faults: [] });
    const [h1] = network.addresses;
    if (h1 === undefined) throw new Error('no host');
    const walk = new Walk(network, arpRequest(h1, h1.ip + 77));
    const root = walk.enter(0, 1);
    const [end] = endsOf(walk.state(root).course);
    expect(end && walk.exits(root, end)).toEqual([{ kind: 'end', fate: { kind: 'no-known-way' } }]);
  });
});
