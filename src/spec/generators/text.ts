import { stringify } from 'yaml';
import { GENERATORS, type GeneratorName, type ParameterValues } from './topologies.ts';

/** A spec to be written, of a generated lab. */
export interface NewSpec {
  readonly name: string;
  readonly topology: GeneratorName;
  /** Without a `generationProblem`. */
  readonly values: ParameterValues;
  /** Where editors find the JSON Schema of specs. */
  readonly schema?: string;
}

const WIDTH = 118;

/** A spec of a few lines that generates the lab, with examples of how it is changed; uncommented, they hold. */
export function shortSpec(spec: NewSpec): string {
  const { hosts, switches, links } = GENERATORS[spec.topology].make(spec.values);
  const count = (number: number, what: string, ending: string) => `${number} ${what}${number === 1 ? '' : ending}`;
  const size = [
    count(hosts.length, 'host', 's'),
    count(switches.length, 'switch', 'es'),
    count(links.length, 'link', 's'),
  ].join(', ');
  const isHost = new Set(hosts);
  const between = links.filter((ends) => !ends.some((end) => isHost.has(end)));
  const changed = between[0] ?? links[0] ?? [];
  const removed = between.length > 1 ? between.at(-1)?.join('-') : hosts.length > 1 ? hosts.at(-1) : undefined;
  const parameters = Object.entries(spec.values).map(([key, value]) => `, ${key}: ${value}`);
  return [
    ...heading(spec),
    `generate: {topology: ${spec.topology}${parameters.join('')}}`,
    `# ${size}; labctl net shows them. To change some of them, name them; other names add to them:`,
    `# hosts: [{name: ${hosts[0]}, mac: "02:00:00:00:00:01"}]`,
    `# links: [{ends: [${changed.join(', ')}], bw: 10}]`,
    ...(removed === undefined ? [] : [`# without: [${removed}] # removes hosts, switches and links`]),
    '',
  ].join('\n');
}

/** A spec with every host, switch and link of the lab. */
export function expandedSpec(spec: NewSpec): string {
  const { hosts, switches, links } = GENERATORS[spec.topology].make(spec.values);
  const nodes = switches.map(({ name, dpid }) => (dpid === undefined ? name : `{name: ${name}, dpid: "${dpid}"}`));
  return [
    ...heading(spec),
    ...flowList('hosts', hosts),
    ...flowList('switches', nodes),
    'links: # ports follow this order',
    ...links.map((ends) => `  - [${ends.join(', ')}]`),
    '',
  ].join('\n');
}

function heading({ name, schema }: NewSpec): readonly string[] {
  return [
    ...(schema === undefined ? [] : [`# yaml-language-server: $schema=${schema}`]),
    'version: 1',
    `name: ${stringify(name).trim()}`,
  ];
}

/** `key: [a, b, c]`, in several lines where one would be too long. */
function flowList(key: string, items: readonly string[]): readonly string[] {
  const line = `${key}: [${items.join(', ')}]`;
  if (line.length <= WIDTH) return [line];
  const lines: string[] = [];
  let current = ' ';
  for (const item of items) {
    if (current.length + item.length + 2 > WIDTH) {
      lines.push(current);
      current = ' ';
    }
    current += ` ${item},`;
  }
  return [`${key}:`, '  [', ...[...lines, current].map((each) => `  ${each}`), '  ]'];
}
