import { z } from 'zod';
import { HIGHEST_PORT } from '../model/addresses.ts';
import { GENERATOR_NAMES, GENERATORS, type GeneratorName, MOST_LINKS, MOST_NODES } from './generators/topologies.ts';
import { scenariosSchema } from './scenario-schema.ts';
import { told } from './told.ts';

/** The form of a spec, version 1. What the form cannot say (references, uniqueness) is checked in `read.ts`. */

/** The language reference, section 2.3.1: what no class can be called. */
export const PYTHON_KEYWORDS: ReadonlySet<string> = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from global ' +
    'if import in is lambda nonlocal not or pass raise return try while with yield'
  ).split(' '),
);

const name = z
  .string(told('not a name', 'write one such as h1'))
  .regex(
    /^[A-Za-z][A-Za-z0-9_]*$/,
    told('a name begins with a letter and holds letters, digits and _ only', 'choose a name such as h1'),
  );

const command = z
  .string(told('not a command', 'write what a shell is to run, in quotes: "python3 -m http.server 80 &"'))
  .regex(
    /^(?=[^\0]*\S)[^\0]*$/,
    told('not a command', 'write what a shell is to run, in quotes: "python3 -m http.server 80 &"'),
  );

/** The kernel hands out no less than a hundredth. */
const LEAST_CPU = 0.01;
const MOST_CPU = 256;
const cpuMessage = told(
  `cpu is a share of one CPU, from ${LEAST_CPU} to ${MOST_CPU}`,
  'write one such as 0.2, or leave it out: nothing then limits the host',
);

const arp = z.enum(['static', 'dynamic'], told('arp is static or dynamic', 'write one of them'));

const label = z
  .string(told('not a text', 'write it in quotes: "New York"'))
  .regex(/^[^\p{C}]{1,100}$/u, told('a label is one line of up to 100 characters', 'shorten it, or leave it out'));

const hostAddress = z.string(told('not an IPv4 address', 'write it as 10.0.0.1/8'));
const mac = z.string(told('not a MAC address', 'write it in quotes: "00:00:00:00:00:01"'));
const furtherAddresses = z.array(
  z.string(told('not an IPv4 address', 'write it as 192.168.1.2/24')),
  told('not a list of addresses', 'write [192.168.1.2/24]'),
);

/** RFC 791: every network passes a packet of 68 bytes whole. The switches' ends of links pass no more than 1500. */
const [LEAST_MTU, MOST_MTU] = [68, 1500];
const mtuMessage = told(
  `mtu is the longest packet in bytes, from ${LEAST_MTU} to ${MOST_MTU}`,
  'write one such as 1400, or leave it out',
);
const mtu = z.int(mtuMessage).min(LEAST_MTU, mtuMessage).max(MOST_MTU, mtuMessage);

/** IEEE 802.1Q keeps 0 and 4095. */
const [LEAST_VLAN, MOST_VLAN] = [1, 4094];
const vlanMessage = told(`vlan is the id of a VLAN, from ${LEAST_VLAN} to ${MOST_VLAN}`, 'write one such as 100');

const portMessage = told(`port is the number of a link's port, from 0 to ${HIGHEST_PORT}`, 'write one such as 1');
const hostInterface = z.strictObject(
  {
    port: z.int(portMessage).min(0, portMessage).max(HIGHEST_PORT, portMessage).optional(),
    vlan: z.int(vlanMessage).min(LEAST_VLAN, vlanMessage).max(MOST_VLAN, vlanMessage).optional(),
    ip: hostAddress.optional(),
    mac: mac.optional(),
    addresses: furtherAddresses.optional(),
    mtu: mtu.optional(),
  },
  told('not an interface', 'write {ip: 10.0.1.1/24}, or with its port or VLAN {port: 1, vlan: 100, ip: 10.0.1.1/24}'),
);

const route = z.strictObject(
  {
    to: z.string(told('not a subnet', 'write it as 10.0.2.0/24')),
    via: z.string(told('not an IPv4 address', 'write that of a router: 10.0.0.254')),
  },
  told('not a route', 'write {to: 10.0.2.0/24, via: 10.0.1.1}'),
);

const host = z.union([
  name,
  z.strictObject({
    name,
    ip: hostAddress.optional(),
    mac: mac.optional(),
    addresses: furtherAddresses.optional(),
    mtu: mtu.optional(),
    interfaces: z
      .array(hostInterface, told('not a list of interfaces', 'write [{ip: 10.0.1.1/24}, {ip: 10.0.2.1/24}]'))
      .optional(),
    routes: z.array(route, told('not a list of routes', 'write [{to: 10.0.2.0/24, via: 10.0.1.1}]')).optional(),
    default_route: z.string(told('not an IPv4 address', 'write that of a router: 10.0.0.254')).optional(),
    forward: z
      .boolean(told('forward is true or false', 'write forward: true for a router, or leave it out'))
      .optional(),
    arp: arp.optional(),
    start: z
      .array(command, told('not a list of commands', 'write ["ip route add 10.9.0.0/16 via 10.0.0.254"]'))
      .optional(),
    cpu: z.number(cpuMessage).min(LEAST_CPU, cpuMessage).max(MOST_CPU, cpuMessage).optional(),
    label: label.optional(),
  }),
]);

const switchNode = z.union([
  name,
  z.strictObject({
    name,
    dpid: z.string(told('not a DPID', 'write it in quotes: "00:00:00:00:00:00:00:0a"')).optional(),
    label: label.optional(),
  }),
]);

const linkEnd = z
  .string(told('not the end of a link', 'write a node such as s1, or a node and its port such as s1:2'))
  .regex(
    /^[^:]*(?::\d{1,5})?$/,
    told('not the end of a link', 'write a node such as s1, or a node and its port such as s1:2'),
  );

const linkEnds = z.tuple(
  [linkEnd, linkEnd],
  told(
    'a link is two nodes',
    'write [s1, s2], or with ports [s1:3, s2:1], or with what it has {ends: [s1, s2], cost: 10, bw: 100}',
  ),
);

/** So high that every sum of costs stays exact. */
const HIGHEST_COST = 1_000_000_000;
const costMessage = told(`a cost is a whole number from 1 to ${HIGHEST_COST}`, 'write one such as 10');

/** Mininet leaves a link unlimited that is to have more. */
const HIGHEST_BANDWIDTH_MBPS = 1000;
const LOWEST_BANDWIDTH_MBPS = 0.1;
const bandwidthMessage = told(
  `bw is in Mbit/s, from ${LOWEST_BANDWIDTH_MBPS} to ${HIGHEST_BANDWIDTH_MBPS}`,
  'write one such as 100, or leave it out: nothing then limits the link',
);

const delayMessage = told('not a time', 'write one such as 5 ms, 100 us or 0.5 s; a bare number is in ms');
/** Its range is checked in `links.ts`. */
const time = z.union([
  z.number(delayMessage),
  z.string(delayMessage).regex(/^\s*\d+(?:\.\d+)?\s*(?:us|ms|s)?\s*$/, delayMessage),
]);

const lossMessage = told(
  'loss is how many of a hundred packets are lost, from 0 to 100',
  'write a number such as 0.5, without %',
);

/** Tens of seconds of the fastest link. */
const LONGEST_QUEUE = 1_000_000;
const queueMessage = told(
  `max_queue is a whole number of packets, from 1 to ${LONGEST_QUEUE}`,
  'write one such as 100, or leave it out',
);

const link = z.union([
  linkEnds,
  z.strictObject({
    ends: linkEnds,
    cost: z.int(costMessage).min(1, costMessage).max(HIGHEST_COST, costMessage).optional(),
    bw: z
      .number(bandwidthMessage)
      .min(LOWEST_BANDWIDTH_MBPS, bandwidthMessage)
      .max(HIGHEST_BANDWIDTH_MBPS, bandwidthMessage)
      .optional(),
    delay: time.optional(),
    jitter: time.optional(),
    loss: z.number(lossMessage).min(0, lossMessage).max(100, lossMessage).optional(),
    max_queue: z.int(queueMessage).min(1, queueMessage).max(LONGEST_QUEUE, queueMessage).optional(),
  }),
]);

const hostGroup = z.array(name, told('not a list of hosts', 'write [h1, h2]'));

/** A host, or another address of one: its interface, or the address itself. */
const point = z
  .string(told('not a name', 'write one such as h1'))
  .regex(
    /^[A-Za-z][A-Za-z0-9_]*(?::(?:eth\d{1,5}(?:\.\d{1,4})?|[\d.]{7,15}))?$/,
    told('not a host, nor another address of one', 'write h1, or h1:eth1, or h1:10.0.1.1'),
  );
const pointGroup = z.array(point, told('not a list of hosts', 'write [h1, h2]'));

const connected = hostGroup.min(2, told('a connection joins two hosts or more', 'add a host to it, or leave it out'));

const connection = z.union([
  connected,
  z.strictObject({
    hosts: connected,
    ways: z.enum(['multipath', 'protected'], told('ways are multipath or protected', 'write one of them')).optional(),
    via: z.array(z.string(), told('not a list of switches', 'write [s6]')).optional(),
    avoid: z.array(z.string(), told('not a list of switches and links', 'write [s3, s1-s3]')).optional(),
  }),
]);

const MOST_CONNECTIONS = 1000;

const expectation = z.union([
  z.strictObject({ groups: z.array(pointGroup, told('not a list of groups', 'write [[h1, h2], [h3]]')) }),
  z.strictObject({ pingall: z.string(told('not pasted pingall output', 'write it after a |, each line indented')) }),
]);

/** The form of a generator: its name, and its parameters, each a whole number within its bounds. */
function generatorForm<Name extends GeneratorName>(topology: Name) {
  const { summary, parameters } = GENERATORS[topology];
  const shape = Object.entries(parameters).map(([key, { description, least, most, multipleOf = 1, fallback }]) => {
    const fault = told(
      `${key} of ${topology} is ${multipleOf === 2 ? 'an even' : 'a whole'} number from ${least} to ${most}`,
      typeof fallback === 'number' ? `write one such as ${fallback}` : 'write such a number, or leave it out',
    );
    const form = z.int(fault).min(least, fault).max(most, fault);
    const known = { title: key, description, ...(typeof fallback === 'number' ? { default: fallback } : {}) };
    return [key, (multipleOf === 1 ? form : form.multipleOf(multipleOf, fault)).optional().meta(known)] as const;
  });
  return z.strictObject({
    topology: z.literal(topology).meta({ title: topology, description: summary }),
    ...Object.fromEntries(shape),
  });
}

const topologyMessage = told(
  `a topology is one of ${GENERATOR_NAMES.join(', ')}`,
  'write one of them, as in {topology: ring, switches: 4}; `labctl new` tells what each is',
);

const [firstForm, ...otherForms] = GENERATOR_NAMES.map((topology) => generatorForm(topology));
if (firstForm === undefined) throw new Error('there are generators');
export const generateSchema = z.discriminatedUnion('topology', [firstForm, ...otherForms], topologyMessage);

export const specSchema = z.strictObject(
  {
    version: z.literal(1, told('this labctl reads version 1', 'write version: 1')),
    name: z
      .string(told('not a name', 'write one such as my-lab'))
      .regex(
        /^[a-z0-9][a-z0-9-]{0,29}$/,
        told('a lab is named with up to 30 lower-case letters, digits and -', 'choose a name such as my-lab'),
      )
      .optional(),
    topo: z
      .string(told('not a name', 'write one such as MyTopo'))
      .regex(
        /^[A-Za-z][A-Za-z0-9_]{0,63}$/,
        told('a topo name begins with a letter and holds letters, digits and _ only', 'choose a name such as MyTopo'),
      )
      .refine(
        (topo) => !PYTHON_KEYWORDS.has(topo),
        told('this means something else in Python', 'choose a name such as MyTopo'),
      )
      .optional(),
    generate: generateSchema.optional(),
    hosts: z
      .array(host, told('not a list of hosts', 'write [h1, h2]'))
      .min(1, told('a lab needs at least one host', 'add one: [h1]'))
      .max(MOST_NODES, told(`a lab has at most ${MOST_NODES} hosts`, 'describe a smaller one'))
      .optional(),
    switches: z
      .array(switchNode, told('not a list of switches', 'write [s1, s2]'))
      .min(1, told('a lab needs at least one switch', 'add one: [s1]'))
      .max(MOST_NODES, told(`a lab has at most ${MOST_NODES} switches`, 'describe a smaller one'))
      .optional(),
    links: z
      .array(link, told('not a list of links', 'write [[h1, s1], [s1, s2]]'))
      .max(MOST_LINKS, told(`a lab has at most ${MOST_LINKS} links`, 'describe a smaller one'))
      .optional(),
    without: z
      .array(
        z.string(told('not a node or a link', 'write a node such as s1, or a link by its ends such as s1-s2')),
        told('not a list of nodes and links', 'write [h3, s1-s2]'),
      )
      .optional(),
    forwarding: z.enum(['reactive', 'none'], told('forwarding is reactive or none', 'write one of them')).optional(),
    arp: arp.optional(),
    connections: z
      .array(connection, told('not a list of connections', 'write [[h1, h2]] or [{hosts: [h1, h2], ways: protected}]'))
      .max(MOST_CONNECTIONS, told(`a lab has at most ${MOST_CONNECTIONS} connections`, 'leave some out'))
      .optional(),
    expect: z
      .record(z.string(), expectation, told('not named expectations', 'write {baseline: {groups: [[h1, h2]]}}'))
      .optional(),
    scenarios: scenariosSchema({ points: pointGroup, connected, connection }).optional(),
  },
  told(
    'a spec is a mapping with the keys version, hosts, switches and links',
    'begin with version: 1; topologies/s10h10.yaml is an example, and `labctl new ring` prints one',
  ),
);

/** A spec as it is written. */
export type WrittenSpec = z.infer<typeof specSchema>;

/** A spec whose nodes and links are all listed: written so, or expanded from `generate`. */
export type SpecDocument = Omit<WrittenSpec, 'hosts' | 'switches' | 'links'> & {
  [List in 'hosts' | 'switches' | 'links']: NonNullable<WrittenSpec[List]>;
};
