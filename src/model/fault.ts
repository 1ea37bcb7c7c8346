import type { Topology } from './topology.ts';

/** A link or a switch that is down. */
export type Fault =
  /** Every link between two nodes. */
  | { readonly kind: 'link'; readonly between: readonly [string, string] }
  | { readonly kind: 'switch'; readonly name: string };

/** Every fault that a topology can have, as people write it: `s1-s3`, `s3`. */
export function faultNames(topology: Topology): readonly string[] {
  const links = topology.links.map(({ ends }) => `${ends[0].node}-${ends[1].node}`);
  return [...new Set([...links, ...topology.switches.map(({ name }) => name)])];
}

/**
 * Reads a fault as people write it. Names may have hyphens of their own: the nodes decide.
 * @returns undefined when no link or switch is meant
 */
export function parseFault(topology: Topology, text: string): Fault | undefined {
  if (topology.switchNamed(text) !== undefined) return { kind: 'switch', name: text };
  for (let index = text.indexOf('-'); index > 0; index = text.indexOf('-', index + 1)) {
    const between = [text.slice(0, index), text.slice(index + 1)] as const;
    if (topology.neighboursOf(between[0]).some(({ peer }) => peer.node === between[1]))
      return { kind: 'link', between };
  }
  return undefined;
}

/** Whether the link between two nodes carries packets in spite of these faults. */
export function linkIsUp(faults: readonly Fault[], a: string, b: string): boolean {
  return faults.every((fault) =>
    fault.kind === 'switch'
      ? fault.name !== a && fault.name !== b
      : !(fault.between.includes(a) && fault.between.includes(b)),
  );
}
