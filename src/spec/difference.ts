import type { Connection } from '../model/connection.ts';
import { describeFault } from '../model/fault.ts';
import { formatPingall } from '../model/matrix.ts';
import { type Host, type HostInterface, hostInterfaceName, interfaceName, type Link } from '../model/topology.ts';
import type { LabSpec } from './read.ts';

/**
 * What differs between two specs, as lines for people (`+ host h11 10.0.0.11/8 ...`, `- link s1-eth2 s3-eth2 cost 10`), the
 * first spec's with `-`. Empty exactly when both describe the same lab.
 */
export function specDifference(before: LabSpec, after: LabSpec): readonly string[] {
  const old = describeSpec(before);
  const now = describeSpec(after);
  const inOld = new Set(old);
  const inNow = new Set(now);
  return [
    ...old.filter((line) => !inNow.has(line)).map((line) => `- ${line}`),
    ...now.filter((line) => !inOld.has(line)).map((line) => `+ ${line}`),
  ];
}

/** Everything that a spec says but its name, one line for each part. */
function describeSpec(spec: LabSpec): readonly string[] {
  const { hosts, switches, links } = spec.topology;
  return [
    ...hosts.map(describeHost),
    ...switches.map((node) => `switch ${node.name} ${node.dpid}`),
    ...links.map(describeLink),
    `forwarding ${spec.forwarding}`,
    `topo ${spec.topo}`,
    ...spec.connections.map(describeConnection),
    ...[...spec.expectations].map(([name, matrix]) =>
      `expectation ${name}\n${formatPingall(matrix)}`.replaceAll('\n', '\n    '),
    ),
  ];
}

function describeConnection({ members, ways, via = [], avoid = [] }: Connection): string {
  const how = [
    ...(ways === undefined ? [] : [ways]),
    ...(via.length === 0 ? [] : [`via ${via.join(' ')}`]),
    ...(avoid.length === 0 ? [] : [`avoiding ${avoid.map(describeFault).join(' ')}`]),
  ];
  return [`connection ${members.join(' ')}`, ...how].join(' ');
}

function describeHost(host: Host): string {
  const { name, interfaces, routes = [], forwards, arp, start = [], cpu } = host;
  const [first, ...more] = interfaces;
  const properties = [
    ...(first === undefined ? [] : describeInterface(first)),
    ...more.flatMap((each) => [hostInterfaceName(host, each), ...describeInterface(each)]),
    ...routes.map(({ destination, prefixLength, via }) =>
      prefixLength === 0 ? `default_route ${via}` : `route ${destination}/${prefixLength} via ${via}`,
    ),
    ...(forwards === undefined ? [] : ['forward']),
    ...(arp === undefined ? [] : [`arp ${arp}`]),
    ...start.map((command) => `start ${JSON.stringify(command)}`),
    ...(cpu === undefined ? [] : [`cpu ${cpu}`]),
  ];
  return ['host', name, ...properties].join(' ');
}

function describeInterface({ addresses: [own, ...addresses], mac, mtu }: HostInterface): readonly string[] {
  return [
    ...(own === undefined ? [] : [`${own.ip}/${own.prefixLength}`]),
    mac,
    ...addresses.map((address) => `address ${address.ip}/${address.prefixLength}`),
    ...(mtu === undefined ? [] : [`mtu ${mtu}`]),
  ];
}

function describeLink(link: Link): string {
  const { ends, cost = 1, bandwidthMbps, delayMs, jitterMs, lossPercent, maxQueue } = link;
  const properties = [
    ...(cost === 1 ? [] : [`cost ${cost}`]),
    ...(bandwidthMbps === undefined ? [] : [`bw ${bandwidthMbps}`]),
    ...(delayMs === undefined ? [] : [`delay ${delayMs} ms`]),
    ...(jitterMs === undefined ? [] : [`jitter ${jitterMs} ms`]),
    ...(lossPercent === undefined ? [] : [`loss ${lossPercent}`]),
    ...(maxQueue === undefined ? [] : [`max_queue ${maxQueue}`]),
  ];
  return ['link', interfaceName(ends[0]), interfaceName(ends[1]), ...properties].join(' ');
}
