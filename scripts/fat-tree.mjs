import { dpidFromNumber, ipv4FromNumber, macFromNumber, portNumber, Topology } from '../dist/index.js';

/**
 * A fat-tree of k pods: k²/4 core switches; in each pod k/2 aggregation and k/2 edge switches, and k/2 hosts on every
 * edge switch (Al-Fares et al., SIGCOMM 2008). Ports follow the order of the links.
 */
export function fatTree(k) {
  const half = k / 2;
  const hosts = [];
  const switches = [];
  const links = [];
  const nextPort = new Map();
  const newSwitches = (count) =>
    Array.from({ length: count }, () => {
      const name = `s${switches.length + 1}`;
      switches.push({ name, dpid: dpidFromNumber(BigInt(switches.length + 1)) });
      return name;
    });
  const end = (node) => {
    const port = nextPort.get(node) ?? 1;
    nextPort.set(node, port + 1);
    return { node, port: portNumber(port) };
  };
  const addHost = (edge) => {
    const number = BigInt(hosts.length + 1);
    const name = `h${number}`;
    hosts.push({ name, ip: ipv4FromNumber((10n << 24n) + number), prefixLength: 8, mac: macFromNumber(number) });
    links.push({ ends: [{ node: name, port: portNumber(0) }, end(edge)] });
  };

  const core = newSwitches(half * half);
  for (let pod = 0; pod < k; pod += 1) {
    const aggregation = newSwitches(half);
    const edges = newSwitches(half);
    for (const edge of edges) for (let count = 0; count < half; count += 1) addHost(edge);
    for (const upper of aggregation) for (const edge of edges) links.push({ ends: [end(upper), end(edge)] });
    for (const [index, upper] of aggregation.entries()) {
      for (const top of core.slice(index * half, (index + 1) * half)) links.push({ ends: [end(top), end(upper)] });
    }
  }
  return new Topology({ hosts, switches, links });
}
