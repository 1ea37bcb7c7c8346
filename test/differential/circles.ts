import type { Exchange } from '../../src/sim/exchange.ts';
import { endsOf, type Walk } from '../../src/sim/walk.ts';

/**
 * Whether packets of an exchange go round for ever: `single` where one copy does and does nothing else, so that it can
 * be borne for a while; `storm` where it leaves copies on its way, or where hosts go on asking.
 */
export type Circling = 'none' | 'single' | 'storm';

/** Legs beyond which hosts are taken to go on for ever. */
const MANY_LEGS = 40;
/** States that need not be looked at one by one to see that it is too many. */
const MANY_STATES = 2_000;

export function circlingOf({ legs }: Exchange): Circling {
  if (legs.length > MANY_LEGS) return 'storm';
  let worst: Circling = 'none';
  for (const { walk } of legs) {
    const circling = walk === undefined ? 'none' : circlingIn(walk);
    if (circling === 'storm') return circling;
    if (circling === 'single') worst = circling;
  }
  return worst;
}

function circlingIn(walk: Walk): Circling {
  if (walk.isCut || walk.states.length > MANY_STATES) return 'storm';
  let copies = 0;
  const after = walk.states.map(({ course }, number) => {
    const exits = endsOf(course).flatMap((end) => walk.exits(number, end));
    return {
      next: exits.flatMap((exit) => (exit.kind === 'hop' ? [walk.stateAfter(exit) ?? -1] : [])),
      isUnforeseeable: exits.some((exit) => exit.kind === 'end' && exit.fate.kind === 'unforeseeable'),
      copies: exits.filter((exit) => exit.kind === 'hop' || exit.fate.kind === 'at-host').length,
    };
  });
  let isCircular = after.some(({ isUnforeseeable }) => isUnforeseeable);
  for (const [start] of after.entries()) {
    const seen = new Set<number>();
    const queue = [...(after[start]?.next ?? [])];
    for (const at of queue) {
      if (seen.has(at)) continue;
      seen.add(at);
      queue.push(...(after[at]?.next ?? []));
    }
    if (!seen.has(start)) continue;
    isCircular = true;
    copies = Math.max(copies, after[start]?.copies ?? 0);
  }
  if (!isCircular) return 'none';
  return copies > 1 ? 'storm' : 'single';
}
