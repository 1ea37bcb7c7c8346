import { z } from 'zod';
import { parseDpid, parseIpv4 } from '../../model/addresses.ts';
import type { FilePlace } from '../../model/where.ts';
import type { GraphLink, GraphLinkEnd, GraphNode, ImportedGraph } from './graph.ts';
import { HostInterfaces } from './host-interfaces.ts';
import { Notes, shown } from './notes.ts';
import { type HostProperties, linkProperties } from './properties.ts';

const plain = [z.string(), z.number(), z.boolean(), z.null()] as const;
const port = z.union(plain);
const list = z.array(z.union(plain));
const options = z.record(z.string(), z.union([...plain, list, z.record(z.string(), z.union([...plain, list]))]));
const node = z.object({ name: z.string(), line: z.int(), options, forwards: z.boolean() });

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
type MininetNode = MininetTopology['hosts'][number];
type MininetLink = MininetTopology['links'][number];
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
  VLANHost: '',
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
const HOST_OPTIONS = new Set(['ip', 'mac', 'defaultRoute', 'cpu', 'vlan']);
/** What `labctl render` gives hosts beyond Mininet's options, and its classes of such hosts. */
const RENDERED_OPTIONS = new Set([...HOST_OPTIONS, 'setup', 'subnets', 'forward']);
const RENDERED_CLASS = /^(?=Static|Configured|Forwarding)(?:Static)?(?:Configured)?(?:Forwarding)?(?:CPULimited)?Host$/;
const PROPERTIES_OF_LINKS = new Set(['bw', 'delay', 'jitter', 'loss', 'max_queue_size']);
/** Of one end each. */
const OPTIONS_OF_ENDS = ['intfName', 'addr', 'params'] as const;
const LINK_OPTIONS = new Set([...PROPERTIES_OF_LINKS, ...OPTIONS_OF_ENDS.flatMap((name) => [`${name}1`, `${name}2`])]);

/** The network of a Mininet topology, with the addresses that `mn` would give. */
export function graphOfMininet(file: string, topology: MininetTopology): ImportedGraph {
  return new MininetReader(file, topology).graph();
}

/** An end of a link at a host. */
interface HostEnd {
  /** As it is here; where the program names the interface, as of that name. */
  port: number;
  readonly interfaceName?: string;
  readonly mac?: string;
  /** What is said of this end alone. */
  readonly params: Options;
  readonly line: number;
}

class MininetReader {
  readonly #file: string;
  readonly #topology: MininetTopology;
  readonly #notes = new Notes();
  /** In the order of their ports. */
  readonly #endsOf: ReadonlyMap<string, readonly HostEnd[]>;
  /** By link and side. */
  readonly #ends = new Map<string, HostEnd>();
  /** Mininet counts hosts, whatever they are called; a spec looks for numbers in names first. */
  readonly #isCounted: boolean;

  constructor(file: string, topology: MininetTopology) {
    this.#file = file;
    this.#topology = topology;
    this.#endsOf = this.#hostEnds();
    this.#isCounted = topology.hosts.every(
      ({ name }, index) => Number(/(?<!\d)[1-9]\d*$/.exec(name)?.[0]) === index + 1,
    );
  }

  graph(): ImportedGraph {
    const hosts = this.#topology.hosts.map((host, index) => this.#host(host, index + 1));
    const switches = this.#topology.switches.map((node) => this.#switch(node));
    const links = this.#topology.links.map((link, index) => this.#link(link, index));
    return {
      format: `the Mininet topology ${shown(this.#topology.name)}`,
      idsAreNames: true,
      hasAllHosts: true,
      nodes: [...hosts, ...switches],
      links,
      notes: this.#notes,
    };
  }

  #place(line: number): FilePlace {
    return { kind: 'file', file: this.#file, ...(line > 0 ? { line, column: 1 } : {}) };
  }

  #note(text: string, line: number): void {
    this.#notes.add(text, this.#place(line));
  }

  #noteOptions(own: Options, known: ReadonlySet<string>, line: number): void {
    for (const [name, value] of Object.entries(own)) {
      if (known.has(name) || WITHOUT_MEANING.has(name) || value === null || value === false) continue;
      this.#note(`the option ${shown(name)} is left out`, line);
    }
  }

  #noteClass({ cls }: Options, line: number): void {
    const meaning = typeof cls !== 'string' ? '' : Object.hasOwn(CLASSES, cls) ? CLASSES[cls] : 'an ordinary one here';
    if (meaning) this.#note(`a node or link of class ${String(cls)} is ${meaning}`, line);
  }

  #host({ name, line, options: own, forwards }: MininetNode, number: number): GraphNode {
    const isRendered = RENDERED_CLASS.test(String(own['cls']));
    if (forwards && !isRendered) {
      this.#note('a host whose class has ip_forward=1 in its code, as LinuxRouter has, is a router here', line);
    } else if (!isRendered) this.#noteClass(own, line);
    this.#noteOptions(own, isRendered ? RENDERED_OPTIONS : HOST_OPTIONS, line);
    const ends = this.#endsOf.get(name) ?? [];
    const interfaces = new HostInterfaces(new Map(ends.map(({ port }) => [`${name}-eth${port}`, port])), (text) =>
      this.#note(text, line),
    );
    const counted = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
    // Unlike an option that is not there, None says that there is no address.
    const ip = Object.hasOwn(own, 'ip') ? text(own['ip']) : counted;
    for (const [index, end] of ends.entries()) {
      const device = `${name}-eth${end.port}`;
      // mn gives the first interface what is said of the host, after what is said of the interface.
      const [givenIp, givenMac] = index === 0 ? [ip, text(own['mac'])] : [];
      const address = givenIp ?? text(end.params['ip']);
      if (givenIp !== undefined && text(end.params['ip']) !== undefined && text(end.params['ip']) !== givenIp) {
        this.#note("an ip in the params of a host's first interface is replaced by the host's, as by mn", end.line);
      }
      const mac = givenMac ?? text(end.params['mac']) ?? end.mac;
      if (mac !== undefined) interfaces.apply({ kind: 'mac', device, mac });
      if (address !== undefined) interfaces.apply({ kind: 'address', device, address });
    }
    if (ends.length === 0 && (ip ?? counted) !== counted) {
      this.#note('a host without a link has no interface: its address is left out', line);
    }
    this.#addVlan(own, interfaces, line);
    if (isRendered) for (const command of listOf(own['setup'])) interfaces.run(`ip ${String(command)}`);
    const router = routerIn(text(own['defaultRoute']) ?? '');
    if (router !== undefined) interfaces.apply({ kind: 'default route', via: router });
    else if (text(own['defaultRoute']) !== undefined)
      this.#note('defaultRoute is left out where it is not an address', line);
    if (forwards) interfaces.apply({ kind: 'forward' });
    const cpu = cpuShare(own['cpu'], this.#topology.cpus);
    if (cpu !== undefined) {
      const there = this.#topology.cpus;
      this.#notes.add(`cpu is a share of one CPU here, and there of all ${there} that this machine has`);
    }
    const { ip: written, ...others } = interfaces.properties();
    const isByRule = this.#isCounted && !Object.hasOwn(own, 'ip') && written === counted;
    const properties: HostProperties = {
      ...(written === undefined || isByRule ? {} : { ip: written }),
      ...others,
      ...(isRendered && own['subnets'] !== undefined ? { arp: 'static' } : {}),
      ...(cpu === undefined ? {} : { cpu }),
    };
    return { kind: 'host', id: name, where: this.#place(line), properties };
  }

  #addVlan(own: Options, interfaces: HostInterfaces, line: number): void {
    if (own['vlan'] === undefined || own['vlan'] === null) return;
    interfaces.moveToVlan(own['vlan']);
    if (text(own['defaultRoute']) !== undefined) {
      this.#note('the default route of a host with a VLAN, which VLANHost loses, is kept', line);
    }
  }

  #switch({ name, line, options: own }: MininetNode): GraphNode {
    this.#noteClass(own, line);
    this.#noteOptions(own, new Set(['dpid']), line);
    const digits = text(own['dpid'])?.replaceAll(':', '');
    const dpid = digits === undefined ? undefined : parseDpid(digits);
    if (digits !== undefined && dpid === undefined) {
      this.#note(`${shown(digits)} is not a DPID, and is left out`, line);
    }
    return { kind: 'switch', id: name, where: this.#place(line), ...(dpid === undefined ? {} : { dpid }) };
  }

  #link({ nodes: [a, b], ports, line, options: own }: MininetLink, index: number): GraphLink {
    this.#noteClass(own, line);
    this.#noteOptions(own, LINK_OPTIONS, line);
    const end = (node: string, side: 0 | 1): GraphLinkEnd => {
      const ofHost = this.#ends.get(keyOf(index, side));
      const port = ofHost?.port ?? ports[side];
      if (ofHost === undefined) this.#noteSwitchEnd(node, port, own, side, line);
      return { node, ...(Number.isInteger(port) ? { port: Number(port) } : {}) };
    };
    return {
      ends: [end(a, 0), end(b, 1)],
      properties: linkProperties(
        (name) => (PROPERTIES_OF_LINKS.has(name) ? withUnit(name, own[name]) : undefined),
        this.#place(line),
        this.#notes,
      ),
      where: this.#place(line),
    };
  }

  #noteSwitchEnd(node: string, port: unknown, own: Options, side: 0 | 1, line: number): void {
    const { interfaceName, mac, params } = optionsOfEnd(own, side);
    if (mac !== undefined || Object.keys(params).length > 0) {
      this.#note("what is said of a link's end at a switch is left out", line);
    }
    if (interfaceName !== undefined && interfaceName !== `${node}-eth${String(port)}`) {
      this.#note('an interface is called after its node and port here, whatever intfName says', line);
    }
  }

  #hostEnds(): ReadonlyMap<string, readonly HostEnd[]> {
    const endsOf = new Map<string, HostEnd[]>(this.#topology.hosts.map(({ name }) => [name, []]));
    for (const [index, { nodes, ports, line, options: own }] of this.#topology.links.entries()) {
      // A link from a host to itself is left out.
      if (nodes[0] === nodes[1]) continue;
      for (const side of [0, 1] as const) {
        const ends = endsOf.get(nodes[side]);
        if (ends === undefined) continue;
        const given = ports[side];
        const port = Number.isInteger(given) ? Number(given) : ends.length;
        const end = { port, line, ...optionsOfEnd(own, side) };
        ends.push(end);
        this.#ends.set(keyOf(index, side), end);
        for (const name of Object.keys(end.params)) {
          if (!['ip', 'mac', 'port', 'up'].includes(name))
            this.#note(`the option ${shown(name)} of one end is left out`, line);
        }
      }
    }
    for (const [name, ends] of endsOf) {
      ends.sort((a, b) => a.port - b.port);
      this.#renumber(name, ends);
    }
    return endsOf;
  }

  /** An interface that the program calls `r0-eth1` is port 1, where that changes no order. */
  #renumber(host: string, ends: readonly HostEnd[]): void {
    const named = ends.map(({ port, interfaceName = '' }) => {
      const number = interfaceName.startsWith(`${host}-eth`) ? interfaceName.slice(host.length + 4) : '';
      return /^\d{1,5}$/.test(number) ? Number(number) : port;
    });
    const isRising = named.every((port, index) => port > (named[index - 1] ?? -1));
    for (const [index, end] of ends.entries()) {
      if (isRising) end.port = named[index] ?? end.port;
      if (end.interfaceName !== undefined && end.interfaceName !== `${host}-eth${end.port}`) {
        this.#note('an interface is called after its node and port here, whatever intfName says', end.line);
      }
    }
  }
}

function keyOf(link: number, side: 0 | 1): string {
  return `${link}:${side}`;
}

function optionsOfEnd(own: Options, side: 0 | 1): Pick<HostEnd, 'interfaceName' | 'mac' | 'params'> {
  const [interfaceName, mac] = [text(own[`intfName${side + 1}`]), text(own[`addr${side + 1}`])];
  const params = own[`params${side + 1}`];
  return {
    ...(interfaceName === undefined ? {} : { interfaceName }),
    ...(mac === undefined ? {} : { mac }),
    params: typeof params === 'object' && params !== null && !Array.isArray(params) ? params : {},
  };
}

/** Of `via 10.0.0.1`, of `dev h1-eth0 via 10.0.0.1`, or an address alone. */
function routerIn(defaultRoute: string): string | undefined {
  const router = /(?:^|\s)via\s+(\S+)/.exec(defaultRoute)?.[1] ?? defaultRoute.trim();
  return parseIpv4(router);
}

function listOf(value: Options[string] | undefined): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: Options[string] | undefined): string | undefined {
  if (value === undefined || value === null || typeof value === 'object') return undefined;
  return value === false || value === '' ? undefined : String(value);
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
