import { z } from 'zod';

/** The form of a spec, version 1. What the form cannot say (references, uniqueness) is checked in `read.ts`. */

/** The language reference, section 2.3.1: what no class can be called. */
export const PYTHON_KEYWORDS: ReadonlySet<string> = new Set(
  (
    'False None True and as assert async await break class continue def del elif else except finally for from global ' +
    'if import in is lambda nonlocal not or pass raise return try while with yield'
  ).split(' '),
);

const name = z
  .string('expected a name such as h1')
  .regex(/^[A-Za-z][A-Za-z0-9_]*$/, 'a name begins with a letter and holds letters, digits and _ only');

const host = z.union([
  name,
  z.strictObject({
    name,
    ip: z.string('expected an address such as 10.0.0.1/8').optional(),
    mac: z.string('expected a MAC address such as 00:00:00:00:00:01 (in quotes)').optional(),
  }),
]);

const switchNode = z.union([
  name,
  z.strictObject({
    name,
    dpid: z.string('expected a DPID such as 00:00:00:00:00:00:00:0a (in quotes)').optional(),
  }),
]);

const linkEnd = z
  .string('expected a node such as s1, or a node and its port such as s1:2')
  .regex(/^[^:]*(?::\d{1,5})?$/, 'expected a node such as s1, or a node and its port such as s1:2');

const link = z.tuple([linkEnd, linkEnd], 'a link is two nodes: [s1, s2], or with ports [s1:3, s2:1]');

const hostGroup = z.array(name, 'a group is a list of hosts: [h1, h2]');

const expectation = z.union([
  z.strictObject({ groups: z.array(hostGroup, 'expected a list of groups: [[h1, h2], [h3]]') }),
  z.strictObject({ pingall: z.string('expected pasted pingall output after a |') }),
]);

export const specSchema = z.strictObject(
  {
    version: z.literal(1, 'this labctl reads version 1'),
    name: z
      .string('expected a name such as my-lab')
      .regex(/^[a-z0-9][a-z0-9-]{0,29}$/, 'a lab is named with up to 30 lower-case letters, digits and -')
      .optional(),
    topo: z
      .string('expected a name such as MyTopo')
      .regex(/^[A-Za-z][A-Za-z0-9_]{0,63}$/, 'a topo name begins with a letter and holds letters, digits and _ only')
      .refine((topo) => !PYTHON_KEYWORDS.has(topo), 'this means something else in Python')
      .optional(),
    hosts: z.array(host, 'expected a list of hosts: [h1, h2]').min(1, 'a lab needs at least one host'),
    switches: z.array(switchNode, 'expected a list of switches: [s1, s2]').min(1, 'a lab needs at least one switch'),
    links: z.array(link, 'expected a list of links: [[h1, s1], [s1, s2]]'),
    forwarding: z.enum(['reactive', 'none'], 'forwarding is reactive or none').optional(),
    connections: z
      .array(hostGroup.min(2, 'a connection joins two hosts or more'), 'expected a list of connections: [[h1, h2]]')
      .optional(),
    expect: z
      .record(z.string(), expectation, 'expected named expectations: {baseline: {groups: [[h1, h2]]}}')
      .optional(),
  },
  'a spec is a mapping with the keys version, hosts, switches and links',
);

export type SpecDocument = z.infer<typeof specSchema>;
