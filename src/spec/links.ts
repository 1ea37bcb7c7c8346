import { HIGHEST_PORT, portNumber } from '../model/addresses.ts';
import { INTERFACE_NAME_LENGTH, interfaceName, type Link, type LinkEnd } from '../model/topology.ts';
import type { LocatedDocument, Path } from './located-document.ts';
import { nodeName } from './nodes.ts';
import type { SpecDocument } from './schema.ts';

/** Links with a port at both ends, given or in the order of the links; wrong ones are noted. */
export function readLinks(document: LocatedDocument, form: SpecDocument): readonly Link[] {
  const hosts = new Set(form.hosts.map(nodeName));
  const switches = new Set(form.switches.map(nodeName));
  const portsOf = new Map<string, Map<number, number>>([...hosts, ...switches].map((name) => [name, new Map()]));

  interface OpenEnd {
    readonly node: string;
    readonly path: Path;
    port?: number;
  }
  const openLinks: { readonly ends: [OpenEnd, OpenEnd]; readonly properties: Omit<Link, 'ends'> }[] = [];
  for (const [index, link] of form.links.entries()) {
    const [pair, path, properties] = Array.isArray(link)
      ? [link, ['links', index], {}]
      : [link.ends, ['links', index, 'ends'], readProperties(document, ['links', index], link)];
    const ends = pair.map((text, side): OpenEnd => {
      const [node = '', port] = text.split(':');
      return { node, path: [...path, side], ...(port === undefined ? {} : { port: Number(port) }) };
    });
    const [a, b] = ends;
    if (a === undefined || b === undefined) continue;
    const unknown = ends.filter(({ node }) => !hosts.has(node) && !switches.has(node));
    for (const { node, path } of unknown) {
      document.add(path, {
        code: 'link-to-nowhere',
        cause: `there is no host or switch ${node}`,
        remedy: 'correct the name, or add it to hosts or switches',
      });
    }
    if (unknown.length > 0) continue;
    if (a.node === b.node) {
      document.add(a.path, {
        code: 'link-to-itself',
        cause: `a link from ${a.node} to itself`,
        remedy: 'correct one end, or remove it',
      });
      continue;
    }
    for (const end of ends) {
      if (end.port === undefined) continue;
      const lowest = hosts.has(end.node) ? 0 : 1;
      const taken = portsOf.get(end.node);
      if (end.port < lowest || end.port > HIGHEST_PORT) {
        document.add(end.path, {
          code: 'wrong-port',
          cause: `ports of ${end.node} go from ${lowest} to ${HIGHEST_PORT}`,
          remedy: 'choose a port in between, or leave ports out',
        });
      } else if (taken?.has(end.port)) {
        document.add(end.path, {
          code: 'duplicate-port',
          cause: `port ${end.port} of ${end.node} is taken by link ${(taken.get(end.port) ?? 0) + 1}`,
          remedy: 'choose another port, or leave ports out: they then follow the order of the links',
        });
      }
      taken?.set(end.port, index);
    }
    openLinks.push({ ends: [a, b], properties });
  }
  /** Mininet counts a host's ports from 0 and a switch's from 1. */
  const close = (end: OpenEnd): LinkEnd => {
    const taken = portsOf.get(end.node) ?? new Map();
    let port = end.port ?? (hosts.has(end.node) ? 0 : 1);
    if (end.port === undefined) while (taken.has(port)) port += 1;
    taken.set(port, -1);
    const closed = { node: end.node, port: portNumber(port) };
    if (interfaceName(closed).length > INTERFACE_NAME_LENGTH && end.node.length <= INTERFACE_NAME_LENGTH) {
      document.add(end.path, {
        code: 'long-interface-name',
        cause: `the interface would be ${interfaceName(closed)}, longer than Linux's ${INTERFACE_NAME_LENGTH} characters`,
        remedy: `give ${end.node} a shorter name`,
      });
    }
    return closed;
  };
  return openLinks.map(({ ends: [a, b], properties }) => ({ ends: [close(a), close(b)], ...properties }));
}

type LinkForm = Exclude<SpecDocument['links'][number], readonly unknown[]>;

/** So that hosts still find each other by ARP, which gives up after three seconds, over a path of a few links. */
const LONGEST_DELAY_MS = 1_000;
/** The kernel counts delays in less, tc writes them in microseconds. */
const SHORTEST_DELAY_MS = 0.001;

/** What a link has beside its ends; wrong values are noted and left out. */
function readProperties(document: LocatedDocument, path: Path, link: LinkForm): Omit<Link, 'ends'> {
  const { cost, bw, loss, max_queue: maxQueue } = link;
  const delayMs = readTime(document, [...path, 'delay'], link.delay);
  const jitterMs = readTime(document, [...path, 'jitter'], link.jitter);
  if (jitterMs !== undefined && jitterMs > (delayMs ?? 0)) {
    document.add([...path, 'jitter'], {
      code: 'wrong-jitter',
      cause: 'jitter is how much shorter or longer the delay of a packet may be, and is at most the delay',
      remedy: link.delay === undefined ? 'give the link a delay too, or leave jitter out' : 'write less, or more delay',
    });
  }
  return {
    ...(cost === undefined ? {} : { cost }),
    ...(bw === undefined ? {} : { bandwidthMbps: bw }),
    ...(delayMs ? { delayMs } : {}),
    ...(jitterMs ? { jitterMs } : {}),
    ...(loss ? { lossPercent: loss } : {}),
    ...(maxQueue === undefined ? {} : { maxQueue }),
  };
}

const MS_PER_UNIT: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000 };

/** In milliseconds. */
function readTime(document: LocatedDocument, path: Path, given: number | string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const [, number = '', unit = 'ms'] = /^\s*([\d.]+)\s*(\w+)?/.exec(String(given)) ?? [];
  // To the nanosecond: 100 us are 0.1 ms, and not 0.1000000001.
  const ms = typeof given === 'number' ? given : Number((Number(number) * (MS_PER_UNIT[unit] ?? 1)).toFixed(6));
  if (ms === 0 || (ms >= SHORTEST_DELAY_MS && ms <= LONGEST_DELAY_MS)) return ms;
  document.add(path, {
    code: 'wrong-time',
    cause: 'a delay is from 1 us to 1 s, and so is jitter',
    remedy: 'write one such as 5 ms',
  });
  return undefined;
}
