import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { devices, links, routing } from '../../../src/drivers/embedded/topology-resources.ts';
import { devicesAnswer, pathAnswer, pathsAnswer } from '../../../src/drivers/pusher/answers.ts';
import type { Topology } from '../../../src/model/topology.ts';
import { recordedJson } from '../../support/fixtures/recorded-exchanges.ts';
import { anyTopology, s10h10 } from '../../support/fixtures/topologies.ts';

const S1 = '00:00:00:00:00:00:00:01';
const S5 = '00:00:00:00:00:00:00:05';

/** The ends of all links between switches, both ways, as `DPID/PORT DPID/PORT`. */
function linkEnds(topology: Topology): ReadonlySet<string> {
  return new Set(
    links(topology).flatMap((row) => {
      const [a, b] = [`${row['src-switch']}/${row['src-port']}`, `${row['dst-switch']}/${row['dst-port']}`];
      return [`${a} ${b}`, `${b} ${a}`];
    }),
  );
}

describe("the embedded controller's view of the network", () => {
  it('has the path from h1 to h5 as Floodlight has it', () => {
    expect(routing(s10h10, ['path', S1, '1', S5, '1', 'json'])).toEqual(recordedJson('routing-path'));
    const none = routing(s10h10, ['path', S1, '1', '00:00:00:00:00:00:00:04', '1', 'json']);
    expect(none).toEqual(recordedJson('routing-path-none'));
  });

  it('has the paths from s1 to s5 as Floodlight has them, but for the latency', () => {
    const found = pathsAnswer.parse(routing(s10h10, ['paths', S1, S5, '2', 'json'])).results;
    const wanted = pathsAnswer.parse(recordedJson('routing-paths')).results;
    expect(found).toEqual(wanted.map((path) => ({ ...path, latencyMs: 0 })));
  });

  it('has every host at its access switch, in the form of Floodlight', () => {
    const found = devicesAnswer.parse(devices(s10h10, 1_700_000_000_000)).devices;
    expect(found).toHaveLength(10);
    expect(found[5]).toEqual({
      macs: ['00:00:00:00:00:06'],
      ipv4: ['10.0.0.6'],
      ipv6: [],
      attachments: [{ dpid: '00:00:00:00:00:00:00:06', port: 1 }],
      lastSeen: 1_700_000_000_000,
    });
  });

  it('has a path between two switches exactly where the graph joins them, along its links', () => {
    fc.assert(
      fc.property(anyTopology, (topology) => {
        const ends = linkEnds(topology);
        for (const from of topology.hosts) {
          for (const to of topology.hosts) {
            const [source, target] = [topology.attachmentOf(from), topology.attachmentOf(to)];
            if (source === undefined || target === undefined) throw new Error('a host without a switch');
            const parameters = [source.accessSwitch.dpid, source.port, target.accessSwitch.dpid, target.port];
            const path = routing(topology, ['path', ...parameters.map(String), 'json']);
            const hops = pathAnswer.parse(path).results.map(({ dpid, port }) => `${dpid}/${port}`);
            const joined = topology.hostComponents().some((hosts) => hosts.includes(from) && hosts.includes(to));
            expect(hops.length > 0).toBe(joined);
            for (let index = 1; index + 2 < hops.length; index += 2) {
              expect(ends.has(`${hops[index]} ${hops[index + 1]}`)).toBe(true);
            }
            if (joined)
              expect([hops[0], hops.at(-1)]).toEqual(
                [parameters.slice(0, 2), parameters.slice(2)].map((end) => end.join('/')),
              );
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['path', 'zz', '1', S5, '1', 'json'],
    ['path', S1, 'one', S5, '1', 'json'],
    ['paths', S1, S5, '-1', 'json'],
  ])('refuses %s/%s/%s/%s/%s', (...rest) => {
    expect(() => routing(s10h10, rest)).toThrow(expect.objectContaining({ status: 400 }));
  });

  it.each([[[]], [['path', S1, S5, 'json']], [['metric', 'json']], [['paths', S1, S5, '1']]])(
    'has nothing at %j',
    (rest) => {
      expect(routing(s10h10, rest)).toBeUndefined();
    },
  );
});
