import { inputProblem, type Problem } from '../model/problem.ts';
import { addressesOf, type Topology } from '../model/topology.ts';

/** How many are told one by one. */
const MOST_WARNINGS = 10;

/** Warnings about routes by addresses that no host has: only entries that answer ARP for these make them work. */
export function routesByNobody({ hosts }: Topology): readonly Problem[] {
  const owned = new Set(hosts.flatMap((host) => addressesOf(host).map(({ ip }) => ip)));
  return hosts
    .flatMap(({ name, routes = [] }) =>
      routes
        .filter(({ via }) => !owned.has(via))
        .map(({ destination, prefixLength, via }) =>
          inputProblem({
            code: 'route-by-nobody',
            where: name,
            cause: `its ${prefixLength === 0 ? 'default route' : `route to ${destination}/${prefixLength}`} leads by ${via}, which no host has`,
            remedy: 'correct the address, or let entries of a switch answer ARP for it',
          }),
        ),
    )
    .slice(0, MOST_WARNINGS);
}
