import {
  type Ipv4Address,
  ipv4FromNumber,
  ipv4ToNumber,
  type MacAddress,
  macFromNumber,
  macToNumber,
  netmaskOf,
  type PortNumber,
  parseIpv4,
  parseMac,
} from '../model/addresses.ts';
import {
  addressesOf,
  type Host,
  type HostInterface,
  hostInterfaceName,
  INTERFACE_NAME_LENGTH,
  type InterfaceAddress,
  isInSubnet,
  type Link,
  type StaticRoute,
} from '../model/topology.ts';
import type { LocatedDocument, Path } from './located-document.ts';
import { claim, nodeName, numberInName, pathOfName } from './nodes.ts';
import type { SpecDocument } from './schema.ts';

type HostForm = Exclude<SpecDocument['hosts'][number], string>;
type InterfaceForm = NonNullable<HostForm['interfaces']>[number];

/** The number in each host's name where all end in different ones (h10 is 10), else their positions from 1. */
function hostNumbers(names: readonly string[]): readonly number[] {
  const numbers = names.flatMap((name) => numberInName(name) ?? []);
  return new Set(numbers).size === names.length ? numbers : names.map((_, index) => index + 1);
}

/**
 * Hosts with their interfaces: one for each link, and those of VLANs. Their addresses are given, or of the first interface
 * by the host's number; wrong ones are noted and left out.
 */
export function readHosts(document: LocatedDocument, form: SpecDocument, links: readonly Link[]): readonly Host[] {
  const numbers = hostNumbers(form.hosts.map(nodeName));
  const portsOf = hostPorts(form, links);
  const owners = { addresses: new Map<string, string>(), macs: new Map<string, string>() };
  return form.hosts.map((node, index) => {
    const own: HostForm = typeof node === 'string' ? { name: node } : node;
    const number = BigInt(numbers[index] ?? index + 1);
    const reader = new HostReader(document, index, node, { number, ports: portsOf.get(own.name) ?? [], owners });
    return reader.host(form.arp ?? 'dynamic');
  });
}

/** By host, the ports of its links in their order. */
function hostPorts(form: SpecDocument, links: readonly Link[]): ReadonlyMap<string, readonly PortNumber[]> {
  const ports = new Map<string, PortNumber[]>(form.hosts.map((node) => [nodeName(node), []]));
  for (const { ends } of links) for (const { node, port } of ends) ports.get(node)?.push(port);
  for (const each of ports.values()) each.sort((a, b) => a - b);
  return ports;
}

/** What hosts have that no two can have, and who has it. */
interface Owners {
  readonly addresses: Map<string, string>;
  readonly macs: Map<string, string>;
}

/** Reads one host; wrong values are noted and left out. */
class HostReader {
  readonly #document: LocatedDocument;
  readonly #path: Path;
  readonly #namePath: Path;
  readonly #form: HostForm;
  readonly #number: bigint;
  readonly #ports: readonly PortNumber[];
  readonly #owners: Owners;

  constructor(
    document: LocatedDocument,
    index: number,
    node: string | HostForm,
    more: { readonly number: bigint; readonly ports: readonly PortNumber[]; readonly owners: Owners },
  ) {
    this.#document = document;
    this.#path = ['hosts', index];
    this.#namePath = pathOfName('hosts', index, node);
    this.#form = typeof node === 'string' ? { name: node } : node;
    this.#number = more.number;
    this.#ports = more.ports;
    this.#owners = more.owners;
  }

  host(arpOfAll: 'static' | 'dynamic'): Host {
    const { name, arp = arpOfAll, start = [], cpu, label, forward } = this.#form;
    const interfaces = this.#interfaces();
    const routes = this.#routes(interfaces);
    if (forward === true) this.#checkRouter(interfaces);
    return {
      name,
      interfaces,
      ...(routes.length === 0 ? {} : { routes }),
      ...(forward === true ? { forwards: true } : {}),
      ...(arp === 'static' ? { arp } : {}),
      ...(start.length === 0 ? {} : { start }),
      ...(cpu === undefined ? {} : { cpu }),
      ...(label === undefined ? {} : { label }),
    };
  }

  /** In the order of their ports, each link's own before those of its VLANs. */
  #interfaces(): readonly HostInterface[] {
    const { interfaces: forms } = this.#form;
    const read = forms === undefined ? this.#shortForm() : this.#longForm(forms);
    const macOf = new Map(read.flatMap(({ port, vlan, mac }) => (vlan === undefined ? [[port, mac]] : [])));
    const named = new Set(macOf.keys());
    const unnamed = this.#ports
      .filter((port) => !named.has(port))
      .map((port): HostInterface => ({ port, mac: this.#claimMac(this.#namePath, this.#macAt(port)), addresses: [] }));
    const all = [...read, ...unnamed].sort((a, b) => a.port - b.port || (a.vlan ?? 0) - (b.vlan ?? 0));
    for (const { port, mac } of unnamed) macOf.set(port, mac);
    return all.map((each) => (each.vlan === undefined ? each : { ...each, mac: macOf.get(each.port) ?? each.mac }));
  }

  /** What the host itself says of its first interface. */
  #shortForm(): readonly HostInterface[] {
    const { name, ip, mac, addresses = [], mtu } = this.#form;
    const [port] = this.#ports;
    if (port === undefined) {
      const [key] = (['ip', 'mac', 'addresses', 'mtu'] as const).filter((each) => this.#form[each] !== undefined);
      if (key !== undefined) {
        this.#document.add([...this.#path, key], {
          code: 'unknown-interface',
          cause: `${name} has no link, and so no interface for this`,
          remedy: `add a link from it, or leave ${key} out`,
        });
      }
      return [];
    }
    const first =
      ip === undefined ? [this.#claimAddress(this.#namePath, this.#byNumber())] : [this.#address(['ip'], ip)];
    return [this.#interface(port, { mac, mtu }, [], [...first, ...this.#further([], addresses)])];
  }

  #longForm(forms: readonly InterfaceForm[]): readonly HostInterface[] {
    const { name } = this.#form;
    for (const key of ['ip', 'mac', 'addresses', 'mtu'] as const) {
      if (this.#form[key] === undefined) continue;
      this.#document.add([...this.#path, key], {
        code: 'two-forms',
        cause: `${key} is of the first interface, and ${name} lists its interfaces`,
        remedy: `write ${key} in the first of interfaces`,
      });
    }
    const seen = new Set<string>();
    let last: PortNumber | undefined;
    let position = 0;
    return forms.flatMap((form, index) => {
      const place = ['interfaces', index];
      const { port: given, vlan } = form;
      const port = given ?? (vlan === undefined ? this.#ports[position] : (last ?? this.#ports[0]));
      if (vlan === undefined) position += 1;
      if (port === undefined || !this.#ports.includes(port as PortNumber)) {
        this.#document.add([...this.#path, ...place, ...(given === undefined ? [] : ['port'])], {
          code: 'unknown-interface',
          cause: `${name} has no link for this interface: ${this.#describePorts()}`,
          remedy: 'add a link from it, or leave the interface out',
        });
        return [];
      }
      last = port as PortNumber;
      const key = hostInterfaceName({ name }, { port: last, ...(vlan === undefined ? {} : { vlan }) });
      if (seen.has(key)) {
        this.#document.add([...this.#path, ...place], {
          code: 'duplicate-interface',
          cause: `${name} has the interface ${key} already`,
          remedy: 'give each its own port or VLAN, and further addresses of one under addresses',
        });
        return [];
      }
      seen.add(key);
      if (vlan !== undefined) this.#checkVlan(form, place, key);
      const first = form.ip === undefined ? [] : [this.#address([...place, 'ip'], form.ip)];
      return [this.#interface(last, form, place, [...first, ...this.#further(place, form.addresses ?? [])])];
    });
  }

  #checkVlan({ mac }: InterfaceForm, place: Path, name: string): void {
    if (mac !== undefined) {
      this.#document.add([...this.#path, ...place, 'mac'], {
        code: 'wrong-mac',
        cause: 'an interface of a VLAN has the MAC address of its link',
        remedy: 'leave mac out here',
      });
    }
    if (name.length > INTERFACE_NAME_LENGTH) {
      this.#document.add([...this.#path, ...place], {
        code: 'long-interface-name',
        cause: `the interface would be ${name}, longer than Linux's ${INTERFACE_NAME_LENGTH} characters`,
        remedy: `give ${this.#form.name} a shorter name`,
      });
    }
  }

  #describePorts(): string {
    if (this.#ports.length === 0) return 'it has no link at all';
    return `its links have the ${this.#ports.length === 1 ? 'port' : 'ports'} ${this.#ports.join(', ')}`;
  }

  #interface(
    port: PortNumber,
    { vlan, mac: given, mtu }: Pick<InterfaceForm, 'vlan' | 'mac' | 'mtu'>,
    place: Path,
    addresses: readonly (InterfaceAddress | undefined)[],
  ): HostInterface {
    const written = given === undefined || vlan !== undefined ? undefined : this.#mac([...place, 'mac'], given);
    // Those of VLANs get that of their link.
    const mac = written ?? (vlan === undefined ? this.#claimMac(this.#namePath, this.#macAt(port)) : this.#macAt(port));
    return {
      port,
      ...(vlan === undefined ? {} : { vlan }),
      mac,
      addresses: addresses.filter((address) => address !== undefined),
      ...(mtu === undefined ? {} : { mtu }),
    };
  }

  #further(place: Path, texts: readonly string[]): readonly (InterfaceAddress | undefined)[] {
    return texts.map((text, index) => this.#address([...place, 'addresses', index], text));
  }

  #byNumber(): InterfaceAddress {
    return { ip: ipv4FromNumber((10n << 24n) + this.#number), prefixLength: 8 };
  }

  /** The first link's is the host's number; those of the others have their port in front. */
  #macAt(port: PortNumber): MacAddress {
    if (port === this.#ports[0]) return macFromNumber(this.#number);
    return macFromNumber((BigInt(port % 256) << 32n) + (BigInt(port >> 8) << 24n) + this.#number);
  }

  #address(place: Path, text: string): InterfaceAddress | undefined {
    const path = [...this.#path, ...place];
    const address = readAddress(this.#document, path, text);
    return address && this.#claimAddress(path, address);
  }

  #claimAddress(path: Path, address: InterfaceAddress): InterfaceAddress {
    const { name } = this.#form;
    claim(this.#document, this.#owners.addresses, path, address.ip, name, 'address', 'give each an ip of its own');
    return address;
  }

  #mac(place: Path, text: string): MacAddress | undefined {
    const path = [...this.#path, ...place];
    const mac = readMac(this.#document, path, text);
    return mac && this.#claimMac(path, mac);
  }

  #claimMac(path: Path, mac: MacAddress): MacAddress {
    claim(this.#document, this.#owners.macs, path, mac, this.#form.name, 'MAC address', 'give each a mac of its own');
    return mac;
  }

  /** The default route is the last. */
  #routes(interfaces: readonly HostInterface[]): readonly StaticRoute[] {
    const { routes = [], default_route: router } = this.#form;
    const own = interfaces.flatMap(({ addresses }) => addresses);
    const seen = new Map(own.map((address) => [subnetOf(address), 'an address in']));
    const read = routes.flatMap(({ to, via }, index): readonly StaticRoute[] => {
      const place = [...this.#path, 'routes', index];
      const subnet = readSubnet(this.#document, [...place, 'to'], to);
      const next = readRouter(this.#document, [...place, 'via'], via, own);
      if (subnet === undefined || next === undefined) return [];
      const key = `${subnet.destination}/${subnet.prefixLength}`;
      const there = seen.get(key);
      if (there !== undefined) {
        this.#document.add([...place, 'to'], {
          code: 'duplicate-route',
          cause: `${this.#form.name} has ${there} ${key} already`,
          remedy: 'leave one of them out',
        });
      }
      seen.set(key, 'a route to');
      return [{ ...subnet, via: next }];
    });
    const byDefault = router && readRouter(this.#document, [...this.#path, 'default_route'], router, own);
    return byDefault === undefined || byDefault === ''
      ? read
      : [...read, { destination: ipv4FromNumber(0n), prefixLength: 0, via: byDefault }];
  }

  #checkRouter(interfaces: readonly HostInterface[]): void {
    if (addressesOf({ name: this.#form.name, interfaces }).length > 1) return;
    this.#document.add([...this.#path, 'forward'], {
      code: 'lone-router',
      cause: `${this.#form.name} forwards, and has fewer than two addresses: there is nothing to forward between`,
      remedy: 'give it an address in each of its subnets, under interfaces or addresses, or leave forward out',
    });
  }
}

function readRouter(
  document: LocatedDocument,
  path: Path,
  text: string,
  own: readonly InterfaceAddress[],
): Ipv4Address | undefined {
  const router = parseIpv4(text);
  if (router === undefined) {
    const cause = 'not an IPv4 address';
    document.add(path, {
      code: 'wrong-address',
      cause,
      remedy: 'write that of a router, without a prefix: 10.0.0.254',
    });
    return undefined;
  }
  if (own.some(({ ip }) => ip === router)) {
    const cause = "the host's own address, and it cannot be its own router";
    document.add(path, { code: 'own-route', cause, remedy: 'write the address of another' });
    return undefined;
  }
  if (!own.some((address) => isInSubnet(address, router))) {
    const has = own.map(({ ip, prefixLength }) => `${ip}/${prefixLength}`).join(' and ');
    document.add(path, {
      code: 'unreachable-route',
      cause: `in no subnet of the host, which has ${has === '' ? 'no address' : has}`,
      remedy: 'write an address in one of them, or give the host an address beside that router under addresses',
    });
    return undefined;
  }
  return router;
}

/** `10.0.2.0/24` */
function subnetOf({ ip, prefixLength }: InterfaceAddress): string {
  return `${ipv4FromNumber(ipv4ToNumber(ip) & netmaskOf(prefixLength))}/${prefixLength}`;
}

/** Where a route leads: `10.0.2.0/24`, or one address. */
function readSubnet(
  document: LocatedDocument,
  path: Path,
  text: string,
): Pick<StaticRoute, 'destination' | 'prefixLength'> | undefined {
  const [addressText = '', prefixText = '32', ...rest] = text.split('/');
  const ip = parseIpv4(addressText);
  const prefixLength = /^\d{1,2}$/.test(prefixText) ? Number(prefixText) : Number.NaN;
  if (ip === undefined || rest.length > 0 || !(prefixLength >= 1 && prefixLength <= 32)) {
    document.add(path, {
      code: 'wrong-address',
      cause: 'not a subnet',
      remedy: 'write it as 10.0.2.0/24; the route to everything else is default_route',
    });
    return undefined;
  }
  const destination = ipv4FromNumber(ipv4ToNumber(ip) & netmaskOf(prefixLength));
  if (destination !== ip) {
    document.add(path, {
      code: 'wrong-address',
      cause: `${ip} is an address in the subnet ${destination}/${prefixLength}`,
      remedy: `write ${destination}/${prefixLength}, or ${ip}/32 for that one`,
    });
    return undefined;
  }
  return { destination, prefixLength };
}

function readAddress(document: LocatedDocument, path: Path, text: string): InterfaceAddress | undefined {
  const [addressText = '', prefixText = '8', ...rest] = text.split('/');
  const ip = parseIpv4(addressText);
  const prefixLength = /^\d{1,2}$/.test(prefixText) ? Number(prefixText) : Number.NaN;
  if (ip === undefined || rest.length > 0 || !(prefixLength >= 1 && prefixLength <= 32)) {
    document.add(path, { code: 'wrong-address', cause: 'not an IPv4 address', remedy: 'write it as 10.0.0.1/8' });
    return undefined;
  }
  const value = ipv4ToNumber(ip);
  const hostBits = value & ~netmaskOf(prefixLength);
  const allHostBits = (1n << BigInt(32 - prefixLength)) - 1n;
  const firstOctet = value >> 24n;
  if (prefixLength <= 30 && (hostBits === 0n || hostBits === allHostBits)) {
    const kind = hostBits === 0n ? 'network' : 'broadcast';
    document.add(path, {
      code: 'wrong-address',
      cause: `the ${kind} address of its subnet cannot be a host's`,
      remedy: 'choose another address of the subnet',
    });
    return undefined;
  }
  if (firstOctet === 0n || firstOctet === 127n || firstOctet >= 224n) {
    document.add(path, {
      code: 'wrong-address',
      cause: 'not an address that a host can have',
      remedy: 'use 10.0.0.0/8',
    });
    return undefined;
  }
  return { ip, prefixLength };
}

function readMac(document: LocatedDocument, path: Path, text: string): MacAddress | undefined {
  const mac = parseMac(text);
  if (mac === undefined) {
    document.add(path, { code: 'wrong-mac', cause: 'not a MAC address', remedy: 'write it as 00:00:00:00:00:01' });
    return undefined;
  }
  const value = macToNumber(mac);
  if (value === 0n || ((value >> 40n) & 1n) === 1n) {
    document.add(path, {
      code: 'wrong-mac',
      cause: 'a host needs a unicast MAC address',
      remedy: 'make its first octet even',
    });
    return undefined;
  }
  return mac;
}
