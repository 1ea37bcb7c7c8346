import { describe, expect, test } from 'vitest';
import { specifiedStates } from '../../src/model/host-state.ts';
import { type NetworkState, networkOf } from '../../src/sim/network.ts';
import { readSpec } from '../../src/spec/read.ts';
import { Explainer } from '../../src/verify/explain.ts';

/** A network in which the controller forwards everything. */
function network(hosts: string, links: string): NetworkState {
  const text = `version: 1\nhosts:${hosts}\nswitches: [s1, s2, s3]\nlinks: ${links}\n`;
  return networkOf({ ...readSpec('lab.yaml', text), entries: [] });
}

/** The same in which `rp_filter` of a host is 1. */
function withPathFilter(state: NetworkState, name: string): NetworkState {
  const host = state.topology.host(name);
  if (host === undefined) throw new Error(`there is no ${name}`);
  const found = specifiedStates(state.topology)(host);
  const interfaces = found.interfaces.map((each) => ({ ...each, reversePathFilter: 1 }));
  return { ...state, hosts: new Map([[name, { ...found, interfaces }]]) };
}

const R = '{name: r, forward: true, interfaces: [{ip: 10.0.1.1/24}, {ip: 10.0.2.1/24}]}';
const TWO_SUBNETS = '[[h1, s1], [h2, s2], [r, s1], [r, s2]]';
const H1 = '{name: h1, ip: 10.0.1.2/24, default_route: 10.0.1.1}';
const H2 = '{name: h2, ip: 10.0.2.2/24, default_route: 10.0.2.1}';

describe('between subnets', () => {
  const routed = new Explainer(network(`\n  - ${H1}\n  - ${H2}\n  - ${R}`, TWO_SUBNETS));

  test('the way through a router is told with its packets', () => {
    expect(routed.reason('h1', 'h2').why).toBe('by the entries it goes h1 > s1 > r > s2 > h2, and back');
    expect(routed.story('h1', 'h2')).toEqual([
      'h1 -> h2: reaches',
      '  ARP request   h1 > s1 > r',
      '  ARP reply     r > s1 > h1',
      '  echo request  h1 > s1 > r',
      '    s1, from port 1: the controller forwards it; out of port 2',
      '  ARP request   r > s2 > h2',
      '  ARP reply     h2 > s2 > r',
      '  echo request  r > s2 > h2',
      '  echo reply    h2 > s2 > r',
      '  echo reply    r > s1 > h1',
    ]);
  });

  test('a host without a route back gets the request, and that of the other host, which sent it, is named', () => {
    const state = network(`\n  - ${H1}\n  - {name: h2, ip: 10.0.2.2/24}\n  - ${R}`, TWO_SUBNETS);
    const explainer = new Explainer(state);
    expect(explainer.reason('h1', 'h2')).toEqual({
      why: "h2 gets h1's echo request, and has no route back",
      cause: 'h2 has no route back for',
    });
    expect(explainer.reason('h2', 'h1')).toEqual({ why: 'h2 has no route to h1', cause: 'h2 has no route for' });
    expect(explainer.reason('h2', 'r').why).toBe('h2 has no route to r');
  });

  test('a router that does not forward is told of, and not a missing link', () => {
    const idle = R.replace('forward: true, ', '');
    const { why, cause } = new Explainer(network(`\n  - ${H1}\n  - ${H2}\n  - ${idle}`, TWO_SUBNETS)).reason(
      'h1',
      'h2',
    );
    expect(why).toBe("r gets h1's echo request to h2, and does not forward it");
    expect(cause).toBe('r, which does not forward, ignores');
  });

  test('a server that would answer by another interface refuses the packet where its rp_filter is 1', () => {
    const web = '{name: web, interfaces: [{ip: 10.0.1.80/24}, {ip: 10.0.2.80/24}]}';
    const links = '[[h1, s1], [h2, s2], [r, s1], [r, s2], [web, s1], [web, s2]]';
    const state = network(`\n  - ${H1}\n  - ${H2}\n  - ${R}\n  - ${web}`, links);
    expect(new Explainer(state).reason('h2', 'web').why).toBe(
      'by the entries it goes h2 > s2 > r > s1 > web, and back',
    );
    expect(new Explainer(withPathFilter(state, 'web')).reason('h2', 'web')).toEqual({
      why: "web gets h2's echo request, and refuses it: it would answer by another interface, and its rp_filter forbids that",
      cause: 'rp_filter of web, which would answer by another interface, refuses',
    });
  });
});

describe('with two routers on the way', () => {
  const R1 = 'name: r1, forward: true, interfaces: [{ip: 10.0.1.1/24}, {ip: 10.0.2.1/24}]';
  const R2 = 'name: r2, forward: true, interfaces: [{ip: 10.0.2.2/24}, {ip: 10.0.3.1/24}]';
  const FAR = '{name: h2, ip: 10.0.3.2/24, default_route: 10.0.3.1}';
  const LINKS = '[[h1, s1], [r1, s1], [r1, s2], [r2, s2], [r2, s3], [h2, s3]]';

  test('one of them lacks the route on, or the route back', () => {
    const back = 'routes: [{to: 10.0.1.0/24, via: 10.0.2.1}]';
    const explainer = new Explainer(network(`\n  - ${H1}\n  - ${FAR}\n  - {${R1}}\n  - {${R2}, ${back}}`, LINKS));
    expect(explainer.reason('h1', 'h2')).toEqual({
      why: "r1 gets h1's echo request to h2, and has no route to h2",
      cause: 'r1 has no route for',
    });
    expect(explainer.reason('h2', 'h1').why).toBe(
      "on the way back r1 gets h1's echo reply to h2, and has no route to h2",
    );
    expect(explainer.reason('h2', 'r1').why).toBe("r1 gets h2's echo request, and has no route back");
  });

  test('routers that point at each other send a packet in a circle until its TTL is used up', () => {
    const hosts = `
  - ${H1}
  - {name: h2, ip: 10.0.9.2/24, default_route: 10.0.9.9}
  - {${R1}, default_route: 10.0.2.2}
  - {${R2}, default_route: 10.0.2.1}`;
    const explainer = new Explainer(network(hosts, LINKS));
    const cause = 'a circle of routers, r1 > r2 > r1, takes';
    expect(explainer.reason('h1', 'h2')).toEqual({
      why: "r2 gets h1's echo request to h2, and drops it: routers send it in a circle, r1 > r2 > r1, until its TTL is used up",
      cause,
    });
    // r2 sends it back to the sender itself.
    expect(explainer.reason('r1', 'h2')).toEqual({
      why: "r1 gets r1's echo request to h2, and drops it: it is its own, which routers send in a circle, r1 > r2 > r1",
      cause,
    });
    expect(explainer.story('h1', 'h2')).toEqual([
      expect.stringMatching(/^h1 -> h2: X, r2 gets/),
      '  ARP request   h1 > s1 > r1',
      '  ARP reply     r1 > s1 > h1',
      '  echo request  h1 > s1 > r1',
      '  ARP request   r1 > s2 > r2',
      '  ARP reply     r2 > s2 > r1',
      '  echo request  r1 > s2 > r2',
      '  echo request  r2 > s2 > r1',
      '  ... these 2 lines 31 times in all',
      '  echo request  r1 > s2 > r2 > X',
      '    s2, from port 1: the controller forwards it; out of port 2',
    ]);
  });
});
