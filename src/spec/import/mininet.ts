import { z } from 'zod';
import { parseDpid } from '../../model/addresses.ts';
import type { FilePlace } from '../../model/where.ts';
import type { GraphLink, GraphLinkEnd, GraphNode, ImportedGraph } from './graph.ts';
import { Notes, shown } from './notes.ts';
import { type HostProperties, linkProperties } from './properties.ts';

const options = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
const node = z.object({ name: z.string(), line: z.int(), options });
const port = z.union([z.number(), z.string(), z.boolean(), z.null()]);

/** A Mininet topology as the program that makes it was seen to make it; lines are of its file, 0 where unknown. */
export const mininetTopologySchema = z.object({
  name: z.string(),
  /** CPUs of the machine: a host's `cpu` is a share of all of them. */
  cpus: z.int().min(1),
  /** In Mininet's order. */
  hosts: z.array(node),
  switches: z.array(node),
  links: z.array(
    z.object({ nodes: z.tuple([z.string(), z.string()]), ports: z.tuple([port, port]), line: z.int(), options }),
  ),
});

export type MininetTopology = z.infer<typeof mininetTopologySchema>;
type Options = z.infer<typeof options>;

/** What Mininet's own classes are here, where they are something else than there. */
const CLASSES: Readonly<Record<string, string>> = {
  Host: '',
  CPULimitedHost: '',
  OVSSwitch: '',
  OVSKernelSwitch: '',
  Link: '',
  TCLink: '',
  TCULink: '',
  UserSwitch: 'an Open vSwitch here',
  IVSSwitch: 'an Open vSwitch here',
  OVSBridge: 'an OpenFlow switch here, and does not learn addresses by itself',
  LinuxBridge: 'an OpenFlow switch here, and does not learn addresses by itself',
  LinuxRouter: 'a host here, which routes nothing by itself',
  NAT: 'a host here: a lab has no way out',
  OVSLink: 'an ordinary link here',
};

/** Options that say nothing which a lab would lack. */
const WITHOUT_MEANING = new Set([
  'cls',
  'protocols',
  'datapath',
  'failMode',
  'inNamespace',
  'isSwitch',
  'use_htb',
  'key',
]);
const HOST_OPTIONS = new Set(['ip', 'mac', 'defaultRoute', 'cpu']);
const LINK_OPTIONS = new Set(['bw', 'delay', 'jitter', 'loss', 'max_queue_size']);

/** The network of a Mininet topology, with the addresses that `mn` would give. */
export function graphOfMininet(file: string, topology: MininetTopology): ImportedGraph {
  const notes = new Notes();
  const place = (line: number): FilePlace => ({ kind: 'file', file, ...(line > 0 ? { line, column: 1 } : {}) });
  const noteOptions = (own: Options, known: ReadonlySet<string>, line: number) => {
    const { cls } = own;
    const meaning = typeof cls !== 'string' ? '' : Object.hasOwn(CLASSES, cls) ? CLASSES[cls] : 'an ordinary one here';
    if (meaning) notes.add(`a node or link of class ${String(cls)} is ${meaning}`, place(line));
    for (const [name, value] of Object.entries(own)) {
      if (known.has(name) || WITHOUT_MEANING.has(name) || value === null || value === false) continue;
      notes.add(`the option ${shown(name)} is left out`, place(line));
    }
  };

  // Mininet counts hosts, whatever they are called; a spec looks for numbers in names first.
  const isCounted = topology.hosts.every(({ name }, index) => Number(/(?<!\d)[1-9]\d*$/.exec(name)?.[0]) === index + 1);
  const hosts = topology.hosts.map(({ name, line, options: own }, index): GraphNode => {
    noteOptions(own, HOST_OPTIONS, line);
    const number = index + 1;
    const counted = isCounted ? {} : { ip: `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}` };
    const given = text(own['ip']) === undefined ? counted : { ip: text(own['ip']) ?? '' };
    const mac = text(own['mac']);
    const router = /^\s*(?:via\s+)?([\d.]+)\s*$/.exec(text(own['defaultRoute']) ?? '')?.[1];
    if (router === undefined && text(own['defaultRoute']) !== undefined) {
      notes.add('defaultRoute is left out where it is not an address', place(line));
    }
    const cpu = cpuShare(own['cpu'], topology.cpus);
    if (cpu !== undefined)
      notes.add(`cpu is a share of one CPU here, and there of all ${topology.cpus} that this machine has`);
    const properties: HostProperties = {
      ...given,
      ...(mac === undefined ? {} : { mac }),
      ...(router === undefined ? {} : { default_route: router }),
      ...(cpu === undefined ? {} : { cpu }),
    };
    return { kind: 'host', id: name, where: place(line), properties };
  });
  const switches = topology.switches.map(({ name, line, options: own }): GraphNode => {
    noteOptions(own, new Set(['dpid']), line);
    const digits = text(own['dpid'])?.replaceAll(':', '');
    const dpid = digits === undefined ? undefined : parseDpid(digits);
    if (digits !== undefined && dpid === undefined)
      notes.add(`${shown(digits)} is not a DPID, and is left out`, place(line));
    return { kind: 'switch', id: name, where: place(line), ...(dpid === undefined ? {} : { dpid }) };
  });
  const links = topology.links.map(({ nodes: [a, b], ports, line, options: own }): GraphLink => {
    noteOptions(own, LINK_OPTIONS, line);
    const end = (name: string, number: unknown): GraphLinkEnd => ({
      node: name,
      ...(Number.isInteger(number) ? { port: Number(number) } : {}),
    });
    return {
      ends: [end(a, ports[0]), end(b, ports[1])],
      properties: linkProperties(
        (name) => (LINK_OPTIONS.has(name) ? withUnit(name, own[name]) : undefined),
        place(line),
        notes,
      ),
      where: place(line),
    };
  });
  return {
    format: `the Mininet topology ${shown(topology.name)}`,
    idsAreNames: true,
    hasAllHosts: true,
    nodes: [...hosts, ...switches],
    links,
    notes,
  };
}

function text(value: Options[string] | undefined): string | undefined {
  return value === undefined || value === null || value === false || value === '' ? undefined : String(value);
}

/** tc takes a bare number for microseconds. */
function withUnit(name: string, value: unknown): unknown {
  return (name === 'delay' || name === 'jitter') && /^\s*[\d.]+\s*$/.test(String(value)) ? `${String(value)}us` : value;
}

/** Undefined where nothing limits the host, which Mininet writes as -1. */
function cpuShare(value: unknown, cpus: number): number | undefined {
  const share = Number(value) * cpus;
  return share > 0 ? Math.max(0.01, Number(share.toFixed(4))) : undefined;
}
