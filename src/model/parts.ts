import { type Fault, type LinkFault, linkIsUp, sameFault, takesDown } from './fault.ts';
import type { Link, LinkEnd, Topology } from './topology.ts';

/** The parts of a network that may be down: how people name them, and what is down when one more of them is. */

/**
 * What may be down as people write it: `s3` is a switch, `s1-s3` all links between two nodes, `s1:2` the one link at this
 * port, which may also be written with its other end, `s1:2-s3:1`. Names have neither hyphens nor colons. Undefined where
 * there is no such switch or link.
 */
export function partNamed(topology: Topology, text: string): Fault | undefined {
  const [first = NOTHING, second, ...more] = text.split('-').map(writtenEnd);
  if (more.length > 0) return undefined;
  if (second !== undefined || first.port !== undefined) return linkPart(topology, first, second);
  return topology.switchNamed(first.node) && { kind: 'switch', name: first.node };
}

/** A node, or one of its ports. */
interface NamedEnd {
  readonly node: string;
  readonly port?: number | undefined;
}

const NOTHING: NamedEnd = { node: '' };

/** What stands after a colon that is no number is the number of no port. */
function writtenEnd(text: string): NamedEnd {
  const [node = '', port] = text.trim().split(/:(.*)/s);
  return port === undefined ? { node } : { node, port: isNumber(port) ? Number(port) : Number.NaN };
}

function isNumber(text: string): boolean {
  return /^(0|[1-9]\d*)$/.test(text);
}

/** All links between two nodes, or the one with the ports that are named, first end first. Undefined where there is none. */
export function linkPart(topology: Topology, first: NamedEnd, second?: NamedEnd): LinkFault | undefined {
  const [found, ...others] = topology
    .neighboursOf(first.node)
    .filter(
      ({ port, peer }) => isAt({ node: first.node, port }, first) && (second === undefined || isAt(peer, second)),
    );
  if (found === undefined) return undefined;
  const all = topology.linksBetween(first.node, found.peer.node);
  const meant = others.length > 0 ? all : all.filter(([end]) => end.port === found.port);
  return faultsOf(meant, all)[0];
}

function isAt(end: LinkEnd, { node, port }: NamedEnd): boolean {
  return end.node === node && (port === undefined || end.port === port);
}

/** The most ports that a sentence names. */
const MOST_PORTS = 24;

/** Why a text that names a port is no part of a network; undefined where it names none. */
export function wrongPort(
  topology: Topology,
  text: string,
): { readonly cause: string; readonly remedy: string } | undefined {
  const ends = text.split('-').map((each) => ({ text: each.trim(), ...writtenEnd(each) }));
  for (const { node, port, text: written } of ends) {
    if (port === undefined) continue;
    const neighbours = topology.neighboursOf(node);
    const ports = neighbours.map((each) => `${each.port} to ${each.peer.node}`);
    const listed = [...ports.slice(0, MOST_PORTS), ...(ports.length > MOST_PORTS ? ['...'] : [])].join(', ');
    const remedy =
      ports.length > 0 ? `the ports of ${node} are ${listed}` : '`labctl net` shows the links and their ports';
    if (topology.switchNamed(node) === undefined && topology.host(node) === undefined) {
      return { cause: `there is no ${node}`, remedy };
    }
    const number = written.slice(node.length + 1);
    if (Number.isNaN(port)) return { cause: `"${number}" is not the number of a port`, remedy };
    const found = neighbours.find((each) => each.port === port);
    if (found === undefined) return { cause: `${node} has no link at port ${number}`, remedy };
    const { peer } = found;
    const others = ends.filter((end) => end.text !== written);
    if (!others.every((other) => isAt(peer, other))) {
      const cause = `the link at ${written} leads to ${peer.node}:${peer.port}`;
      return { cause, remedy: `name this link by one of its ends, ${written}` };
    }
  }
  return undefined;
}

/**
 * What is down when one more part goes down, or comes up. Each link is down or up by itself, and has one fault at most:
 * where all links between two nodes are down, they are one fault together.
 * @param part of the topology; others change nothing
 */
export function faultsAfter(topology: Topology, part: Fault, isDown: boolean): readonly Fault[] {
  const { faults } = topology;
  if (part.kind === 'switch') {
    const others = faults.filter((fault) => !sameFault(fault, part));
    return isDown ? [...others, part] : others;
  }
  const all = topology.linksBetween(...part.between);
  const before = faults.filter((fault) => fault.kind === 'link' && all.some((ends) => takesDown(fault, ...ends)));
  const down = all.filter((ends) => (takesDown(part, ...ends) ? isDown : !linkIsUp(before, ...ends)));
  const after = faultsOf(down, all);
  const isAmong = (fault: Fault, others: readonly Fault[]) => others.some((other) => sameFault(fault, other));
  return [
    ...faults.filter((fault) => !before.includes(fault) || isAmong(fault, after)),
    ...after.filter((fault) => !isAmong(fault, before)),
  ];
}

/** What can still go down between two nodes: all links together, or each by itself where another one is down. */
export function upBetween(topology: Topology, a: string, b: string): readonly LinkFault[] {
  const all = topology.linksBetween(a, b);
  const up = all.filter(([end]) => topology.linkIsUp(end));
  return faultsOf(up, all);
}

/** Some of the links between two nodes: one fault where these are all of them. */
function faultsOf(some: readonly Link['ends'][], all: readonly Link['ends'][]): readonly LinkFault[] {
  const faults = some.map(
    ([a, b]): LinkFault => ({ kind: 'link', between: [a.node, b.node], ports: [a.port, b.port] }),
  );
  if (faults.length < all.length) return faults;
  return faults.slice(0, 1).map(({ kind, between }) => ({ kind, between }));
}
