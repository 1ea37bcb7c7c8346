import { ipv4ToNumber, macToNumber, type PortNumber, portNumber } from '../../src/model/addresses.ts';
import { specifiedStates } from '../../src/model/host-state.ts';
import { type Host, ownAddressOf, type Topology } from '../../src/model/topology.ts';
import { HostRouting } from '../../src/sim/host-routing.ts';

/** An interface of a host at a link, and the address that others know it by. */
interface LegEnd {
  readonly host: Host;
  readonly port: PortNumber;
  readonly mac: bigint;
  readonly ip: bigint;
}

/** A part of the way of a packet, from a host to the next. */
export interface RoutedLeg {
  readonly from: LegEnd;
  readonly to: LegEnd;
  /** The addresses of the whole way's ends. */
  readonly source: bigint;
  readonly target: bigint;
}

const MOST_LEGS = 6;

/** The way from one host to another as its routes have it, and those of the routers on it. */
export function legsBetween(topology: Topology, sender: Host, receiver: Host): readonly RoutedLeg[] {
  const stateOf = specifiedStates(topology);
  const routingOf = new Map(topology.hosts.map((host) => [host, new HostRouting(stateOf(host))]));
  const own = ownAddressOf(receiver);
  if (own === undefined) return [];
  const target = Number(ipv4ToNumber(own.ip));
  const legs: RoutedLeg[] = [];
  let source: bigint | undefined;
  for (let host = sender; host !== receiver && legs.length < MOST_LEGS; ) {
    const way = routingOf.get(host)?.wayTo(target);
    const next = topology.hosts.find((each) => way !== undefined && routingOf.get(each)?.own.has(way.nextHop));
    if (way === undefined || next === undefined) return legs;
    source ??= BigInt(way.source);
    const there = next.interfaces.find(({ addresses }) =>
      addresses.some(({ ip }) => Number(ipv4ToNumber(ip)) === way.nextHop),
    );
    if (there === undefined) return legs;
    legs.push({
      from: { host, port: portNumber(way.out.port), mac: BigInt(way.out.mac), ip: BigInt(way.source) },
      to: { host: next, port: there.port, mac: macToNumber(there.mac), ip: BigInt(way.nextHop) },
      ...{ source, target: BigInt(target) },
    });
    host = next;
  }
  return legs;
}
