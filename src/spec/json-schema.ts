import { z } from 'zod';
import { PYTHON_KEYWORDS, specSchema } from './schema.ts';

/** A part of a JSON Schema, draft 7, which every editor reads. */
type JsonSchema = { [keyword: string]: unknown };

/**
 * What editors show of each key. A path goes by keys; `[]` is any item of a list, `*` any name of a mapping. The
 * parameters of generators have theirs from the generators' own table.
 */
export const KEY_DESCRIPTIONS: Readonly<Record<string, string>> = {
  version: 'The version of this format: 1.',
  name: "The lab's name: lower-case letters, digits and -. Without it, the file's.",
  topo: "What `mn --custom FILE --topo` calls it. Without it, the lab's name.",
  generate:
    'A topology that is made: hosts, switches and links then change parts of it or add to it. `labctl new` lists them.',
  hosts: 'The hosts, by name or with properties: [h1, {name: web, ip: 10.0.0.80/8}]. A host may have several links.',
  'hosts[].name': 'A letter, then letters, digits and _; 15 characters at most.',
  'hosts[].ip': 'IPv4 address and prefix length: 10.0.0.80/8. Without it, 10.0.0.N/8 by the number in the name.',
  'hosts[].mac': 'MAC address, in quotes: "00:00:00:00:00:50". Without it, by the number in the name.',
  'hosts[].label': 'What people call it, for the eye only.',
  'hosts[].addresses': 'Further IPv4 addresses of its interface, with prefix lengths: [192.168.1.2/24].',
  'hosts[].mtu': 'The longest packet of its first interface in bytes, 68 to 1500: 1400.',
  'hosts[].interfaces':
    'Its interfaces, in place of ip, mac, addresses and mtu: [{ip: 10.0.1.1/24}, {ip: 10.0.2.1/24}]. One for each link, in the order of ports.',
  'hosts[].interfaces[].port':
    "The port of the interface's link: 1 is eth1. Without it, they follow the order of ports.",
  'hosts[].interfaces[].vlan': 'The id of a VLAN whose tagged packets are for this interface, 1 to 4094: 100.',
  'hosts[].interfaces[].ip': 'IPv4 address and prefix length: 10.0.1.1/24. Without it, it has none.',
  'hosts[].interfaces[].mac': 'MAC address, in quotes. Without it, by the number in the name of the host and the port.',
  'hosts[].interfaces[].addresses': 'Further IPv4 addresses, with prefix lengths: [192.168.1.2/24].',
  'hosts[].interfaces[].mtu': 'The longest packet in bytes, 68 to 1500: 1400.',
  'hosts[].routes': 'Routes by routers: [{to: 10.0.2.0/24, via: 10.0.1.1}].',
  'hosts[].routes[].to': 'The subnet where it leads: 10.0.2.0/24.',
  'hosts[].routes[].via': 'The address of the router, in a subnet of the host: 10.0.1.1.',
  'hosts[].forward': 'true: it forwards packets between its subnets, as a router does.',
  'hosts[].default_route': 'The router for everything beyond its own subnets: 10.0.0.254.',
  'hosts[].arp': 'static: it knows the MAC addresses of all hosts from the start. Without it, as arp of the lab.',
  'hosts[].start': 'Commands that a shell on the host runs when the lab is up: ["python3 -m http.server 80 &"].',
  'hosts[].cpu': 'Its share of one CPU, at most: 0.2.',
  switches: 'The switches, by name or with properties: [s1, {name: core, dpid: "00:00:00:00:00:00:00:ff"}].',
  'switches[].name': 'A letter, then letters, digits and _; 15 characters at most.',
  'switches[].dpid':
    'DPID in hexadecimal, in quotes. Without it, the number in the name: s10 is 00:00:00:00:00:00:00:0a.',
  'switches[].label': 'What people call it, for the eye only.',
  links:
    'The links, by their ends or with properties: [[h1, s1], [s1:3, s2], {ends: [s1, s2], bw: 100}]. Ports follow their order.',
  'links[].ends': 'The two nodes that it joins, each with its port if you like: [s1, "s2:5"].',
  'links[].cost': 'What a path pays for it, a whole number. Without it, 1.',
  'links[].bw': 'Bandwidth in Mbit/s, 0.1 to 1000. Without it, nothing limits the link.',
  'links[].delay': 'How long each packet takes over it: 5 ms. A bare number is in ms.',
  'links[].jitter': 'By how much the delay varies: 1 ms. A bare number is in ms.',
  'links[].loss': 'How many of a hundred packets are lost: 0.5.',
  'links[].max_queue': 'How many packets wait for it at most.',
  without: 'What is removed from the generated topology: hosts, switches with their links, links: [h3, s1-s2].',
  forwarding: 'reactive: hosts reach each other wherever links allow. none: nothing passes that no connection allows.',
  arp: 'static: hosts know the MAC addresses of all hosts from the start. dynamic: they ask, by ARP.',
  connections: 'Connections that `labctl up` makes: [[h1, h2], {hosts: [h3, h4], ways: protected}].',
  'connections[].hosts': 'The hosts, two or more, that reach each other and nobody else.',
  'connections[].ways':
    'multipath spreads over all equally cheap paths; protected survives the failure of any one link.',
  'connections[].via': 'Switches that every path passes, in this order: [s6].',
  'connections[].avoid': 'Switches and links that no path uses: [s3, s1-s2], or one of several links, [s1:2].',
  expect: 'What `labctl pingall` is to show, by names of yours: {baseline: {groups: [[h1, h2]]}}.',
  'expect.*.groups': 'Hosts that reach each other, group by group; a host that is not named reaches nobody.',
  'expect.*.pingall': 'Pasted output of pingall, after a |.',
  scenarios: 'Lists of steps, by names of yours, that `labctl test` runs: {tutorial: [{expect: baseline}]}.',
  'scenarios.*[].connect': 'Connect these hosts, as in connections: [h1, h2].',
  'scenarios.*[].connect.hosts': 'The hosts, two or more, that reach each other and nobody else.',
  'scenarios.*[].connect.ways':
    'multipath spreads over all equally cheap paths; protected survives the failure of any one link.',
  'scenarios.*[].connect.via': 'Switches that every path passes, in this order: [s6].',
  'scenarios.*[].connect.avoid': 'Switches and links that no path uses: [s3, s1-s2], or one of several links, [s1:2].',
  'scenarios.*[].disconnect': 'Remove the connection of these hosts: [h1, h2].',
  'scenarios.*[].entries': 'Push the entries of a file, or these, in the form of the tutorial: entries.json.',
  'scenarios.*[].fault':
    'Take a link or a switch down, or several: s1-s3, s1:2 as one of several links, or [s1-s3, s4].',
  'scenarios.*[].heal': 'Take a link or a switch up again, or several, or all: s1-s3, s1:2.',
  'scenarios.*[].wait': 'Wait for so long: 500 ms, 1.5 s or 2 min.',
  'scenarios.*[].exec': 'Run a command on a host: {host: h1, run: ip route, output: default via 10.0.0.254}.',
  'scenarios.*[].exec.host': 'The host that runs it: h1.',
  'scenarios.*[].exec.run': 'The command, as in a shell, or as a list of words.',
  'scenarios.*[].exec.output': 'A text that its output holds, or a regular expression between slashes.',
  'scenarios.*[].exec.exit': 'The exit code that it has to have. Without it, 0.',
  'scenarios.*[].exec.timeout': 'How long it may take: 10 s.',
  'scenarios.*[].expect':
    'Ping all pairs and compare: a name from expect, predicted, groups, pasted pingall output, or pairs: {h1 -> h2: ok}.',
  'scenarios.*[].expect.groups':
    'Hosts that reach each other, group by group; a host that is not named reaches nobody.',
  'scenarios.*[].expect.pingall': 'Pasted output of pingall, after a |.',
  'scenarios.*[].iperf': 'Measure the bandwidth between two hosts: {from: h1, to: h3, at_least: 50}.',
  'scenarios.*[].iperf.from': 'The host that sends.',
  'scenarios.*[].iperf.to': 'The host that receives.',
  'scenarios.*[].iperf.at_least': 'Mbit/s that it has to reach.',
  'scenarios.*[].iperf.at_most': 'Mbit/s that it must not exceed.',
};

/** The JSON Schema of specs, for editors: what can be said of a spec without following its references. */
export function specJsonSchema(): JsonSchema {
  const schema: JsonSchema = z.toJSONSchema(specSchema, { target: 'draft-07', io: 'input', reused: 'inline' });
  describeKeys(schema, '');
  const { topo } = schema['properties'] as Record<string, JsonSchema>;
  if (topo !== undefined) topo['not'] = { enum: [...PYTHON_KEYWORDS] };
  return {
    $schema: schema['$schema'],
    title: 'A lab, as labctl reads it, version 1',
    ...schema,
    anyOf: [{ required: ['generate'] }, { required: ['hosts', 'switches', 'links'] }],
    dependencies: { without: ['generate'] },
  };
}

/** Puts its description at every key below a part of the schema. */
function describeKeys(schema: JsonSchema, path: string): void {
  for (const [key, part] of Object.entries((schema['properties'] ?? {}) as Record<string, JsonSchema>)) {
    const place = path === '' ? key : `${path}.${key}`;
    const description = KEY_DESCRIPTIONS[place];
    if (description !== undefined) part['description'] = description;
    describeKeys(part, place);
  }
  for (const part of [schema['anyOf'], schema['oneOf']].flat()) if (isSchema(part)) describeKeys(part, path);
  if (isSchema(schema['items'])) describeKeys(schema['items'], `${path}[]`);
  if (isSchema(schema['additionalProperties'])) describeKeys(schema['additionalProperties'], `${path}.*`);
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
