import type { PortNumber } from './addresses.ts';

/** A link that is down: every one between two nodes, or one of several. */
export interface LinkFault {
  readonly kind: 'link';
  readonly between: readonly [string, string];
  /** Of the one link, in the order of `between`; absent where every link between the two is meant. */
  readonly ports?: readonly [PortNumber, PortNumber];
}

/** A link or a switch that is down. */
export type Fault = LinkFault | { readonly kind: 'switch'; readonly name: string };

/** As people write it: `s1-s3`, `s3`, and of several links between two nodes the one by its ends, `s1:3-s2:3`. */
export function describeFault(fault: Fault): string {
  return fault.kind === 'link' ? endsOf(fault).join('-') : fault.name;
}

/** `s1`, or with its port `s1:3`; names have no colons. */
function endsOf({ between, ports }: LinkFault): readonly string[] {
  return ports === undefined ? between : between.map((node, index) => `${node}:${ports[index]}`);
}

/** What is down, in words: `s1-s3 down and s3 stopped`. Empty for nothing. */
export function describeFaults(faults: readonly Fault[]): string {
  const states = faults.map((fault) => `${describeFault(fault)} ${fault.kind === 'link' ? 'down' : 'stopped'}`);
  const last = states.pop() ?? '';
  return states.length === 0 ? last : `${states.join(', ')} and ${last}`;
}

/** Two faults are one when they are of the same link or links, whichever end comes first, or of the same switch. */
export function sameFault(a: Fault, b: Fault): boolean {
  if (a.kind === 'switch' || b.kind === 'switch') return a.kind === b.kind && describeFault(a) === describeFault(b);
  const others = endsOf(b);
  return endsOf(a).every((end) => others.includes(end));
}

/** The same fault with its other end first. */
export function turnedRound({ kind, between: [a, b], ports }: LinkFault): LinkFault {
  return { kind, between: [b, a], ...(ports === undefined ? {} : { ports: [ports[1], ports[0]] }) };
}

/** Whether the same is down. */
export function sameFaults(some: readonly Fault[], others: readonly Fault[]): boolean {
  return some.length === others.length && some.every((fault) => others.some((other) => sameFault(fault, other)));
}

/** One end of a link: a node and its port. */
interface End {
  readonly node: string;
  readonly port: number;
}

/** Whether the link between two ends carries packets in spite of these faults. */
export function linkIsUp(faults: readonly Fault[], a: End, b: End): boolean {
  return faults.every((fault) =>
    fault.kind === 'switch' ? fault.name !== a.node && fault.name !== b.node : !takesDown(fault, a, b),
  );
}

/** Whether a fault is of the link between two ends, or of all links between their nodes. */
export function takesDown({ between, ports }: LinkFault, a: End, b: End): boolean {
  const place = between.indexOf(a.node);
  return place >= 0 && between[1 - place] === b.node && (ports === undefined || ports[place] === a.port);
}
