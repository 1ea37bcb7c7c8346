import type { Dpid } from '../../model/addresses.ts';
import { addressesOf, linkInterfacesOf, type Switch, type Topology } from '../../model/topology.ts';
import { PathGraph } from '../../plan/paths.ts';
import { readDpid } from '../pusher/wire.ts';
import { HttpError } from './server.ts';

/**
 * The network as Floodlight shows it: links, hosts and paths, which the embedded controller knows from the spec and need
 * not discover (CONTRACT.md, section 5).
 */

const INVALID_DPID = 'Invalid switch DPID string. Must be a 64-bit value in the form 00:11:22:33:44:55:66:77.';

/** A DPID of a path. */
export function dpidOf(text: string): Dpid {
  const dpid = readDpid(text);
  if (dpid === undefined) throw new HttpError(400, INVALID_DPID);
  return dpid;
}

/** One row for each link between switches that is up; those to hosts are none to Floodlight. */
export function links(topology: Topology): readonly Record<string, unknown>[] {
  return topology.links.flatMap(({ ends: [from, to] }) => {
    const source = topology.switchNamed(from.node);
    const target = topology.switchNamed(to.node);
    if (source === undefined || target === undefined || !topology.linkIsUp(from)) return [];
    return [
      {
        'src-switch': source.dpid,
        'src-port': from.port,
        'dst-switch': target.dpid,
        'dst-port': to.port,
        type: 'internal',
        direction: 'bidirectional',
        latency: 0,
      },
    ];
  });
}

/**
 * Every interface of a host, at its access switch where its link is up; Floodlight knows one only once it has sent
 * something.
 */
export function devices(topology: Topology, lastSeen: number): unknown {
  const rows = topology.hosts.flatMap((host) =>
    linkInterfacesOf(host).flatMap(({ port: ofPort, mac }) => {
      const attachment = topology.attachmentOf(host, ofPort);
      if (attachment === undefined) return [];
      const { accessSwitch, port } = attachment;
      const at = addressesOf(host).filter((address) => address.interface.port === ofPort);
      const isUp = topology.linkIsUp({ node: accessSwitch.name, port });
      return {
        entityClass: 'DefaultEntityClass',
        mac: [mac],
        ipv4: at.map(({ ip }) => ip),
        ipv6: [],
        vlan: ['0x0'],
        attachmentPoint: isUp ? [{ switch: accessSwitch.dpid, port: String(port) }] : [],
        lastSeen,
      };
    }),
  );
  return { devices: rows };
}

/** The answer of `/wm/routing/...`; undefined when there is no such resource. */
export function routing(topology: Topology, rest: readonly string[]): unknown {
  const [what, ...parameters] = rest;
  if (parameters.at(-1) !== 'json') return undefined;
  if (what === 'path' && parameters.length === 5) {
    const [source = '', sourcePort = '', target = '', targetPort = ''] = parameters;
    return { results: path(topology, hop(source, sourcePort), hop(target, targetPort)) };
  }
  if (what === 'paths' && parameters.length === 4) {
    const [source = '', target = '', most = ''] = parameters;
    return { results: paths(topology, dpidOf(source), dpidOf(target), wholeNumber(most, 'number of paths')) };
  }
  return undefined;
}

/** A port on a path; links have two, one of each switch. */
interface Hop {
  readonly dpid: Dpid;
  readonly port: number;
}

function hop(dpid: string, port: string): Hop {
  return { dpid: dpidOf(dpid), port: wholeNumber(port, 'port') };
}

function wholeNumber(text: string, what: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new HttpError(400, `The ${what} has to be a number`);
  return Number(text);
}

function path(topology: Topology, source: Hop, target: Hop): readonly unknown[] {
  const between = shortestPath(topology, source.dpid, target.dpid);
  if (between === undefined) return [];
  return [source, ...between, target].map(({ dpid, port }) => ({ switch: dpid, port: String(port) }));
}

/** At most one: the embedded controller's forwarding uses no other. */
function paths(topology: Topology, source: Dpid, target: Dpid, most: number): readonly unknown[] {
  const between = shortestPath(topology, source, target);
  if (between === undefined || between.length === 0 || most === 0) return [];
  return [
    {
      src_dpid: source,
      dst_dpid: target,
      hop_count: String(between.length / 2),
      latency: '0',
      path_index: '0',
      path: between.map(({ dpid, port }) => ({ dpid, port: String(port) })),
    },
  ];
}

/** Both ports of each link on the way. Undefined when there is no way, or no such switch, or it is stopped. */
function shortestPath(topology: Topology, source: Dpid, target: Dpid): readonly Hop[] | undefined {
  const from = topology.switchWithDpid(source);
  const to = topology.switchWithDpid(target);
  if (from === undefined || to === undefined || !topology.switchIsUp(from.name)) return undefined;
  const nextHops = new PathGraph(topology, 'hops').nextHopsToward(to.name);
  const hops: Hop[] = [];
  let here: Switch = from;
  while (here.name !== to.name) {
    const next = nextHops.get(here.name);
    const there = next && topology.switchNamed(next.peer.node);
    if (next === undefined || there === undefined) return undefined;
    hops.push({ dpid: here.dpid, port: next.port }, { dpid: there.dpid, port: next.peer.port });
    here = there;
  }
  return hops;
}
