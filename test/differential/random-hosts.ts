import {
  type Ipv4Address,
  ipv4FromNumber,
  ipv4ToNumber,
  macFromNumber,
  type PortNumber,
  parseIpv4,
  portNumber,
} from '../../src/model/addresses.ts';
import {
  addressesOf,
  type Host,
  type HostInterface,
  hostInterfaceName,
  type InterfaceAddress,
  type Link,
  type LinkEnd,
  linkInterfacesOf,
  ownAddressOf,
  type StaticRoute,
  type Switch,
} from '../../src/model/topology.ts';
import type { Random } from './random.ts';

/** Hosts, and where their links lead: a switch, or another host. */
export interface RandomHosts {
  readonly hosts: readonly Host[];
  readonly links: readonly Link[];
}

/** What hosts are made from, before it is known where their links lead. */
interface Draft {
  readonly name: string;
  readonly number: number;
  readonly isRouter: boolean;
  readonly interfaces: HostInterface[];
}

/** From which those of a lab are taken, some of which hold others; and some that hold one or two hosts only. */
const LARGE = ['10.1.1.0/24', '10.1.2.0/24', '10.1.0.0/16', '192.168.7.0/24', '10.9.9.8/29'];
const DISJOINT = ['10.1.1.0/24', '10.1.2.0/24', '192.168.7.0/24', '10.9.9.8/29'];
const SMALL = ['10.8.8.4/30', '10.7.7.6/31'];
const SOMEWHERE = '203.0.113.0/24';
const ANYWHERE = '0.0.0.0/0';
const MOST_HOSTS = 6;

function subnetOf(text: string): InterfaceAddress {
  const [ip = '', length] = text.split('/');
  return { ip: parseIpv4(ip) ?? ipv4FromNumber(0n), prefixLength: Number(length) };
}

/** Every address that hosts of a subnet may have. */
function addressesIn({ ip, prefixLength }: InterfaceAddress): readonly Ipv4Address[] {
  const size = Math.min(2 ** (32 - prefixLength), 64);
  const hasBroadcast = prefixLength < 31;
  const numbers = Array.from({ length: size }, (_, index) => index).slice(
    hasBroadcast ? 1 : 0,
    hasBroadcast ? -1 : size,
  );
  return numbers.map((number) => ipv4FromNumber(ipv4ToNumber(ip) + BigInt(number)));
}

/**
 * Hosts in several subnets, some of them with several links, and routers between them, which mostly lead where they should.
 * @param endAt the end of a new link at a switch
 * @param hasVlans whether hosts may have interfaces of VLANs
 */
export function randomHosts(
  random: Random,
  switches: readonly Switch[],
  endAt: (name: string) => LinkEnd,
  hasVlans: boolean,
): RandomHosts {
  return new HostMaker(random, switches, endAt, hasVlans).make();
}

class HostMaker {
  readonly #random: Random;
  readonly #switches: readonly Switch[];
  readonly #endAt: (name: string) => LinkEnd;
  readonly #hasVlans: boolean;
  /** Whether everything leads where it should, but for what start commands change. */
  readonly #isOrderly: boolean;
  /** Whether routers send to each other what they do not know. */
  readonly #isCircular: boolean;
  readonly #subnets: readonly InterfaceAddress[];
  readonly #links: Link[] = [];
  readonly #taken = new Set<Ipv4Address>();

  constructor(random: Random, switches: readonly Switch[], endAt: (name: string) => LinkEnd, hasVlans: boolean) {
    this.#random = random;
    this.#switches = switches;
    this.#endAt = endAt;
    this.#hasVlans = hasVlans;
    this.#isOrderly = random.chance(0.6);
    this.#isCircular = random.chance(0.2);
    const large = this.#isOrderly ? DISJOINT : LARGE;
    const [first = '', second = '', ...others] = [...random.shuffled(large), ...SMALL];
    const more = random.weighted({ 0: 50, 1: 40, 2: 10 });
    this.#subnets = [first, second, ...random.shuffled(others).slice(0, Number(more))].map(subnetOf);
  }

  make(): RandomHosts {
    const random = this.#random;
    const count = random.pick([3, 4, 4, 5, 5, MOST_HOSTS]);
    const routers = random.weighted({ 0: 15, 1: 50, 2: 35 });
    const drafts: Draft[] = [];
    for (let number = 1; number <= count; number += 1) {
      const isRouter = number <= Number(routers);
      drafts.push(this.#draft(number, isRouter, drafts));
    }
    const hosts = drafts.map((draft): Host => {
      const routes = this.#routes(draft, drafts);
      const start = this.#commands(draft, drafts);
      return {
        name: draft.name,
        interfaces: draft.interfaces,
        ...(routes.length === 0 ? {} : { routes }),
        ...(draft.isRouter ? { forwards: true as const } : {}),
        ...(random.chance(0.08) ? { arp: 'static' as const } : {}),
        ...(start.length === 0 ? {} : { start }),
      };
    });
    return { hosts: random.shuffled(hosts), links: this.#links };
  }

  #draft(number: number, isRouter: boolean, before: readonly Draft[]): Draft {
    const random = this.#random;
    const draft: Draft = { name: `h${number}`, number, isRouter, interfaces: [] };
    const links = isRouter ? random.weighted({ 1: 15, 2: 60, 3: 25 }) : random.weighted({ 0: 5, 1: 65, 2: 25, 3: 5 });
    // Routers lead from one subnet to another, and to the next router.
    const home = isRouter ? number - 1 : random.integer(0, this.#subnets.length - 1);
    for (let port = 0; port < Number(links); port += 1) {
      const subnet =
        this.#subnets[
          (home + (this.#isOrderly || random.chance(isRouter ? 0.9 : 0.75) ? port : 0)) % this.#subnets.length
        ];
      this.#addInterface(draft, subnet);
      this.#link(draft, port, before);
      if (random.chance(0.1)) this.#addInterface(draft, random.pick(this.#subnets), random.pick([5, 100]));
    }
    return draft;
  }

  #link({ name }: Draft, port: number, before: readonly Draft[]): void {
    const random = this.#random;
    const self: LinkEnd = { node: name, port: portNumber(port) };
    const other = before.length > 0 && random.chance(0.08) ? random.pick(before) : undefined;
    if (other === undefined) {
      this.#links.push({ ends: [self, this.#endAt(random.pick(this.#switches).name)] });
      return;
    }
    const there = linkInterfacesOf(other).length;
    this.#addInterface(other, random.pick(this.#subnets));
    this.#links.push({ ends: [{ node: other.name, port: portNumber(there) }, self] });
  }

  #addInterface(draft: Draft, subnet: InterfaceAddress | undefined, vlan?: number): void {
    const random = this.#random;
    if (vlan !== undefined && !this.#hasVlans) return;
    const last = draft.interfaces.at(-1);
    const port: PortNumber =
      vlan === undefined ? portNumber(linkInterfacesOf(draft).length) : (last?.port ?? portNumber(0));
    const mac = vlan === undefined ? macFromNumber((BigInt(port) << 8n) + BigInt(draft.number)) : last?.mac;
    const addresses = [
      ...(subnet === undefined || this.#isOdd(0.05) ? [] : this.#address(subnet)),
      ...(this.#isOdd(0.15) ? this.#address(random.pick(this.#subnets)) : []),
    ];
    if (mac !== undefined) draft.interfaces.push({ port, ...(vlan === undefined ? {} : { vlan }), mac, addresses });
  }

  #isOdd(probability: number): boolean {
    return !this.#isOrderly && this.#random.chance(probability);
  }

  /** None where the subnet has no more. */
  #address(subnet: InterfaceAddress): readonly InterfaceAddress[] {
    const [ip] = addressesIn(subnet).filter((each) => !this.#taken.has(each));
    if (ip === undefined) return [];
    this.#taken.add(ip);
    return [{ ip, prefixLength: this.#isOdd(0.05) ? 32 : subnet.prefixLength }];
  }

  /** To the subnets that it is not in, mostly by routers, now and then by a host that is none. */
  #routes(draft: Draft, drafts: readonly Draft[]): readonly StaticRoute[] {
    const random = this.#random;
    const own = addressesOf(draft);
    const isNear = (ip: Ipv4Address) => own.some((each) => isIn(each, ip));
    const others = drafts.filter(({ name }) => name !== draft.name);
    const isWrong = this.#isOdd(0.1);
    const near = (isWrong ? others : others.filter(({ isRouter }) => isRouter))
      .flatMap((each) => addressesOf(each))
      .filter(({ ip }) => isNear(ip));
    if (near.length === 0 || this.#isOdd(0.08)) return [];
    const far = [...this.#subnets, subnetOf(SOMEWHERE)].filter(
      (each) => !own.some((mine) => mine.prefixLength === each.prefixLength && isIn(mine, each.ip)),
    );
    const byDefault = random.chance(draft.isRouter ? 0.3 : 0.75) || (draft.isRouter && this.#isCircular);
    const to = byDefault ? [subnetOf(ANYWHERE)] : far.filter(() => random.chance(0.85));
    return to.map(({ ip, prefixLength }) => ({ destination: ip, prefixLength, via: random.pick(near).ip }));
  }

  /** What people may set who try out Linux. Most set nothing. */
  #commands(draft: Draft, drafts: readonly Draft[]): readonly string[] {
    const random = this.#random;
    if (draft.interfaces.length === 0 || random.chance(this.#isOrderly ? 0.75 : 0.6)) return [];
    const count = random.weighted({ 1: 60, 2: 30, 3: 10 });
    return Array.from({ length: Number(count) }, () => this.#command(draft, drafts));
  }

  #command(draft: Draft, drafts: readonly Draft[]): string {
    const random = this.#random;
    const addresses = drafts.flatMap((each) => addressesOf(each));
    const own = addressesOf(draft);
    const name = hostInterfaceName(draft, random.pick(draft.interfaces));
    const where = random.chance(0.3) ? 'all' : name;
    const set = (setting: string, value: number | string) => `sysctl -w net/ipv4/conf/${where}/${setting}=${value}`;
    const target = addresses.length === 0 ? '10.0.0.9' : random.pick(addresses).ip;
    const via = random.chance(0.85) && addresses.length > 0 ? random.pick(addresses).ip : ownAddressOf(draft)?.ip;
    const subnet = random.pick([...this.#subnets, { ip: target, prefixLength: 32 }]);
    const to = random.chance(0.1) ? 'default' : `${subnet.ip}/${subnet.prefixLength}`;
    const source = own.length > 0 && random.chance(0.4) ? ` src ${random.pick(own).ip}` : '';
    const metric = random.chance(0.3) ? ` metric ${random.pick([1, 50])}` : '';
    const verb = random.pick(['add', 'replace']);
    const kind = random.weighted({
      ...{ filter: 18, ignore: 14, announce: 12, forwarding: 10, router: 4 },
      ...{ refuse: 8, by: 12, link: 12, neighbour: 5, loopback: 4, lose: 2, route: 3 },
    });
    switch (kind) {
      case 'filter':
        return set('rp_filter', random.pick([1, 1, 2]));
      case 'ignore':
        return set('arp_ignore', random.pick([1, 1, 2, 8]));
      case 'announce':
        return set('arp_announce', random.pick([1, 2]));
      case 'forwarding':
        return set('forwarding', draft.isRouter ? 0 : 1);
      case 'router':
        return `sysctl -w net.ipv4.ip_forward=${random.integer(0, 1)}`;
      case 'refuse':
        return `ip route ${verb} ${random.pick(['blackhole', 'unreachable', 'prohibit'])} ${to}${metric} || true`;
      case 'by':
        return `ip route ${verb} ${to} via ${via}${source}${metric} || true`;
      case 'link':
        return `ip route ${verb} ${to} dev ${name}${source}${metric} || true`;
      case 'route':
        return `ip route del ${to} || true`;
      case 'neighbour':
        return `ip neigh replace ${target} lladdr 00:00:00:00:00:0${random.integer(1, MOST_HOSTS)} nud permanent dev ${name} || true`;
      case 'loopback':
        return `ip addr add 10.6.6.${draft.number}/32 dev lo || true`;
      case 'lose':
        return `ip addr flush dev ${name}`;
    }
  }
}

function isIn({ ip, prefixLength }: InterfaceAddress, other: Ipv4Address): boolean {
  const shift = BigInt(32 - prefixLength);
  return ipv4ToNumber(ip) >> shift === ipv4ToNumber(other) >> shift;
}
