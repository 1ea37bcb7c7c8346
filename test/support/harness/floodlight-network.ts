import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, vi } from 'vitest';
import type { Dpid } from '../../../src/model/addresses.ts';
import { interfaceName, type Topology } from '../../../src/model/topology.ts';
import { type Floodlight, type FloodlightOptions, startFloodlight } from '../../stand-in/floodlight-stand-in.ts';
import { startBridges } from './open-vswitch.ts';

const run = promisify(execFile);

/** Bridges of a topology with its links and without hosts, and a stand-in for Floodlight to which none is connected yet. */
export interface FloodlightNetwork {
  readonly floodlight: Floodlight;
  /** Where Open vSwitch may connect to. */
  readonly relaySocket: string;
  /** Sends bridges to a target; all of the topology unless some are named. */
  connect(target: string, names?: readonly string[]): Promise<void>;
  /** Takes their controllers away, and resolves when Floodlight has them no more. */
  disconnect(names?: readonly string[]): Promise<void>;
  /** Removes all that a bridge holds, as when it is started again. */
  empty(name: string): Promise<void>;
  /** Flows of priorities above those of Floodlight's own, as `ovs-ofctl dump-flows` prints them. */
  staticFlows(name: string): Promise<readonly string[]>;
  /** Group ids that a bridge holds. */
  groups(name: string): Promise<readonly number[]>;
  /** A request to Floodlight itself; its answer, read as JSON. */
  ask(method: string, path: string, body?: unknown): Promise<unknown>;
  /** DPIDs that Floodlight has now. */
  connected(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export async function startFloodlightNetwork(
  topology: Topology,
  options: FloodlightOptions = {},
): Promise<FloodlightNetwork> {
  const floodlight = await startFloodlight(options);
  const bridges = await startBridges(topology);
  const all = topology.switches.map(({ name }) => name);
  const folder = dirname(bridges.socketOf('00:00:00:00:00:00:00:01' as Dpid));
  const vsctl = async (...args: readonly string[]) => {
    await run('ovs-vsctl', [`--db=unix:${join(folder, 'db.sock')}`, ...args]);
  };
  const ofctl = async (command: string, name: string) =>
    (await run('ovs-ofctl', ['-O', 'OpenFlow13', command, `unix:${join(folder, `${name}.mgmt`)}`])).stdout;
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    return (await fetch(`${floodlight.url}${path}`, { method, ...content })).json();
  };
  const connected = async () => {
    const rows = (await ask('GET', '/wm/core/controller/switches/json')) as readonly { switchDPID: string }[];
    return rows.map(({ switchDPID }) => switchDPID).sort();
  };
  const patches = topology.links.flatMap(({ ends }) => {
    const devices = ends.map(interfaceName);
    if (ends.some(({ node }) => topology.switchNamed(node) === undefined)) return [];
    const patch = (device: string | undefined, peer: string | undefined) => [
      ...['--', 'set', 'interface', `${device}`, 'type=patch', `options:peer=${peer}`],
    ];
    return [...patch(devices[0], devices[1]), ...patch(devices[1], devices[0])];
  });
  if (patches.length > 0) await vsctl(...patches);
  return {
    floodlight,
    relaySocket: join(folder, 'of.sock'),
    async connect(target, names = all) {
      await vsctl(...names.flatMap((name) => ['--', 'set-controller', name, target]));
    },
    async disconnect(names = all) {
      await vsctl(...names.flatMap((name) => ['--', 'del-controller', name]));
      const gone = names.map((name) => topology.switchNamed(name)?.dpid);
      await vi.waitFor(
        async () => expect((await connected()).filter((dpid) => gone.includes(dpid as Dpid))).toEqual([]),
        {
          timeout: 10_000,
          interval: 50,
        },
      );
    },
    async empty(name) {
      for (const command of ['del-flows', 'del-groups']) await ofctl(command, name);
    },
    async staticFlows(name) {
      const lines = (await ofctl('dump-flows', name)).split('\n');
      return lines.filter((line) => / actions=/.test(line) && !/priority=[01][ ,]/.test(line));
    },
    async groups(name) {
      return [...(await ofctl('dump-groups', name)).matchAll(/group_id=(\d+)/g)].map(([, id]) => Number(id));
    },
    ask,
    connected,
    async stop() {
      await floodlight.stop();
      await bridges.stop();
    },
  };
}
