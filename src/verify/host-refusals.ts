import type { Ignored } from '../sim/linux-host.ts';
import type { Trace, TracedFate, TracedLeg } from '../sim/trace.ts';

type IgnoredFate = Extract<TracedFate, { readonly kind: 'ignored' }>;

/** Why a host, and not a switch, is where a packet ends. */
export interface Refusal {
  /** What the host does with the packet, to follow "h1 gets it and": `has no route back`. */
  readonly predicate: string;
  /** What all pairs have in common that it happens to. Undefined where the host is right, and a switch sent it wrongly. */
  readonly cause: string | undefined;
}

/** What a host does with a packet that it does not take. */
export function refusalOf(trace: Trace, leg: TracedLeg, { host, why }: IgnoredFate): Refusal {
  switch (why) {
    case 'no-route':
      return { predicate: 'has no route back', cause: `${host} has no route back for` };
    case 'no-route-on':
      return { predicate: `has no route to ${leg.to ?? 'that address'}`, cause: `${host} has no route for` };
    case 'other-path':
      return {
        predicate: 'refuses it: it would answer by another interface, and its rp_filter forbids that',
        cause: `rp_filter of ${host}, which would answer by another interface, refuses`,
      };
    case 'ttl-exceeded': {
      const circle = circleOfRouters(trace, leg, host);
      return circle === undefined
        ? { predicate: 'drops it: it has passed as many routers as its TTL allows', cause: 'the TTL is too small for' }
        : {
            predicate: `drops it: routers send it in a circle, ${circle}, until its TTL is used up`,
            cause: `a circle of routers, ${circle}, takes`,
          };
    }
    case 'own-address': {
      const circle = circleOfRouters(trace, leg, host);
      return circle === undefined
        ? { predicate: `ignores it: ${IGNORED[why]}`, cause: undefined }
        : {
            predicate: `drops it: it is its own, which routers send in a circle, ${circle}`,
            cause: `a circle of routers, ${circle}, takes`,
          };
    }
    case 'other-ip':
      // An echo for its MAC address and another IP address is for a router.
      return leg.message === 'echo request' || leg.message === 'echo reply'
        ? { predicate: 'does not forward it', cause: `${host}, which does not forward, ignores` }
        : { predicate: `ignores it: ${IGNORED[why]}`, cause: undefined };
    default:
      return { predicate: `ignores it: ${IGNORED[why]}`, cause: undefined };
  }
}

const IGNORED: Readonly<Record<Exclude<Ignored, 'no-route' | 'no-route-on' | 'other-path' | 'ttl-exceeded'>, string>> =
  {
    'other-mac': 'it is for another MAC address',
    tagged: 'it has the tag of a VLAN in which the host is not',
    'other-ip': 'it is for another IP address',
    'own-address': "it says to come from that host's own address",
    'not-understood': 'it is no message that a host answers',
    'nothing-to-do': 'it asked for nothing',
  };

/** The routers among which a packet goes round, beginning with the first by name: `r1 > r2 > r1`. */
function circleOfRouters({ legs }: Trace, last: TracedLeg, end: string): string | undefined {
  const routers = legs
    .slice(0, legs.indexOf(last) + 1)
    .flatMap(({ message, from }) => (message === last.message ? [from] : []));
  const circle = routers.slice(routers.lastIndexOf(end));
  if (!routers.includes(end) || circle.length < 2) return undefined;
  const [first = end] = [...circle].sort();
  const start = circle.indexOf(first);
  return [...circle.slice(start), ...circle.slice(0, start), first].join(' > ');
}
