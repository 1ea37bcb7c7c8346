/** A link or a switch that is down. */
export type Fault =
  /** Every link between two nodes. */
  | { readonly kind: 'link'; readonly between: readonly [string, string] }
  | { readonly kind: 'switch'; readonly name: string };

/** As people write it: `s1-s3`, `s3`. */
export function describeFault(fault: Fault): string {
  return fault.kind === 'link' ? fault.between.join('-') : fault.name;
}

/** What is down, in words: `s1-s3 down and s3 stopped`. Empty for nothing. */
export function describeFaults(faults: readonly Fault[]): string {
  const states = faults.map((fault) => `${describeFault(fault)} ${fault.kind === 'link' ? 'down' : 'stopped'}`);
  const last = states.pop() ?? '';
  return states.length === 0 ? last : `${states.join(', ')} and ${last}`;
}

/** Two faults are one when they are of the same link, whichever end comes first, or of the same switch. */
export function sameFault(a: Fault, b: Fault): boolean {
  if (a.kind === 'switch' || b.kind === 'switch') return a.kind === b.kind && describeFault(a) === describeFault(b);
  return a.between.every((end) => b.between.includes(end));
}

/** Whether the links between two nodes carry packets in spite of these faults. */
export function linkIsUp(faults: readonly Fault[], a: string, b: string): boolean {
  return faults.every((fault) =>
    fault.kind === 'switch'
      ? fault.name !== a && fault.name !== b
      : !(fault.between.includes(a) && fault.between.includes(b)),
  );
}
