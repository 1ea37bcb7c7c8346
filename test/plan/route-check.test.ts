import { expect, test } from 'vitest';
import { routesByNobody } from '../../src/plan/route-check.ts';
import { readSpec } from '../../src/spec/read.ts';

test('a route by an address that no host has is told, and one by a host is not', () => {
  const { topology } = readSpec(
    'lab.yaml',
    `version: 1
hosts:
  - {name: h1, ip: 10.0.1.2/24, default_route: 10.0.1.9}
  - {name: h2, ip: 10.0.1.3/24, default_route: 10.0.1.2, routes: [{to: 10.2.0.0/16, via: 10.0.1.77}]}
switches: [s1]
links: [[h1, s1], [h2, s1]]
`,
  );
  expect(routesByNobody(topology).map(({ code, cause }) => [code, cause])).toEqual([
    ['route-by-nobody', 'its default route leads by 10.0.1.9, which no host has'],
    ['route-by-nobody', 'its route to 10.2.0.0/16 leads by 10.0.1.77, which no host has'],
  ]);
});
