import {
  type Dpid,
  dpidOfSwitchName,
  type Ipv4Address,
  ipv4FromNumber,
  ipv4ToNumber,
  type MacAddress,
  macFromNumber,
  macToNumber,
  netmaskOf,
  parseDpid,
  parseIpv4,
  parseMac,
} from '../model/addresses.ts';
import { type Host, INTERFACE_NAME_LENGTH, type InterfaceAddress, type Switch } from '../model/topology.ts';
import type { LocatedDocument, Path } from './located-document.ts';
import type { SpecDocument } from './schema.ts';

/** Names that Mininet, Linux or our own output use for something else. */
const RESERVED_NAMES = new Set(['X', 'c0', 'lo', 'all', 'default']);

/** Host numbers fit into 10.0.0.0/8, less its network and broadcast address. */
const HIGHEST_HOST_NUMBER = 2 ** 24 - 2;

/** The name of a node, which may stand by itself or in a mapping. */
export function nodeName(node: string | { readonly name: string }): string {
  return typeof node === 'string' ? node : node.name;
}

function labelled(node: string | { readonly label?: string | undefined }): { readonly label?: string } {
  return typeof node === 'string' || node.label === undefined ? {} : { label: node.label };
}

/** Where a node's name stands. */
export function pathOfName(list: 'hosts' | 'switches', index: number, node: string | object): Path {
  return typeof node === 'string' ? [list, index] : [list, index, 'name'];
}

/** Notes names that are taken, mean something else, or are too long. */
export function checkNames(document: LocatedDocument, form: SpecDocument): void {
  const seen = new Map<string, string>();
  for (const list of ['hosts', 'switches'] as const) {
    for (const [index, node] of form[list].entries()) {
      const name = nodeName(node);
      const path = pathOfName(list, index, node);
      const kind = list === 'hosts' ? 'host' : 'switch';
      const other = seen.get(name);
      if (other !== undefined) {
        document.add(path, {
          code: 'duplicate-name',
          cause: `the name ${name} is taken by a ${other}`,
          remedy: 'hosts and switches share one set of names: choose another',
        });
      } else if (RESERVED_NAMES.has(name)) {
        document.add(path, {
          code: 'reserved-name',
          cause: `${name} means something else`,
          remedy: 'choose another name',
        });
      } else if (name.length > INTERFACE_NAME_LENGTH) {
        document.add(path, {
          code: 'long-name',
          cause: `a ${kind}'s name has at most ${INTERFACE_NAME_LENGTH} characters, as Linux names interfaces after it`,
          remedy: 'choose a shorter name',
        });
      }
      seen.set(name, kind);
    }
  }
}

/** The number at the end of a host's name, without leading zeros, where it can be that of an address. */
export function numberInName(name: string): number | undefined {
  const digits = /(?<!\d)[1-9]\d{0,7}$/.exec(name)?.[0];
  return digits === undefined || Number(digits) > HIGHEST_HOST_NUMBER ? undefined : Number(digits);
}

/** The addresses of a host that gives none, as a spec writes them. */
export function addressesOfNumber(number: number): { readonly ip: string; readonly mac: string } {
  return { ip: `${ipv4FromNumber((10n << 24n) + BigInt(number))}/8`, mac: macFromNumber(BigInt(number)) };
}

/** The number in each host's name where all end in different ones (h10 is 10), else their positions from 1. */
function hostNumbers(names: readonly string[]): readonly number[] {
  const numbers = names.flatMap((name) => numberInName(name) ?? []);
  return new Set(numbers).size === names.length ? numbers : names.map((_, index) => index + 1);
}

/** Hosts with their addresses, given or by their numbers; wrong ones are noted and left out. */
export function readHosts(document: LocatedDocument, form: SpecDocument): readonly Host[] {
  const numbers = hostNumbers(form.hosts.map(nodeName));
  const { arp: allArp = 'dynamic' } = form;
  const byIp = new Map<string, string>();
  const byMac = new Map<string, string>();
  const hosts: Host[] = [];
  for (const [index, node] of form.hosts.entries()) {
    const name = nodeName(node);
    const number = BigInt(numbers[index] ?? index + 1);
    const given: { ip?: string | undefined; mac?: string | undefined } = typeof node === 'string' ? {} : node;
    const ipPath = given.ip === undefined ? pathOfName('hosts', index, node) : ['hosts', index, 'ip'];
    const macPath = given.mac === undefined ? pathOfName('hosts', index, node) : ['hosts', index, 'mac'];
    const address =
      given.ip === undefined
        ? { ip: ipv4FromNumber((10n << 24n) + number), prefixLength: 8 }
        : readAddress(document, ipPath, given.ip);
    const mac = given.mac === undefined ? macFromNumber(number) : readMac(document, macPath, given.mac);
    if (address === undefined || mac === undefined) continue;
    claim(document, byIp, ipPath, address.ip, name, 'address', 'give each host an ip of its own');
    claim(document, byMac, macPath, mac, name, 'MAC address', 'give each host a mac of its own');
    const [first] = hosts;
    if (first !== undefined && !sameSubnet(first, address)) {
      document.add(ipPath, {
        code: 'other-subnet',
        cause: `${name} (${address.ip}/${address.prefixLength}) and ${first.name} (${first.ip}/${first.prefixLength}) are in different subnets and could never reach each other`,
        remedy: 'give all hosts addresses of one subnet, with one prefix length',
      });
    }
    const own: HostForm = typeof node === 'string' ? { name } : node;
    const properties = readProperties(document, ['hosts', index], own, address, byIp);
    const isStatic = (own.arp ?? allArp) === 'static';
    hosts.push({ name, ...address, mac, ...properties, ...(isStatic ? { arp: 'static' } : {}), ...labelled(node) });
  }
  return hosts;
}

type HostForm = Exclude<SpecDocument['hosts'][number], string>;

/** What a host has beside its own address; wrong values are noted and left out. */
function readProperties(
  document: LocatedDocument,
  path: Path,
  { name, addresses: texts = [], default_route: router, start = [], cpu }: HostForm,
  own: InterfaceAddress,
  owners: Map<string, string>,
): Omit<Host, 'name' | 'mac' | keyof InterfaceAddress> {
  const addresses = texts.flatMap((text, index) => {
    const place = [...path, 'addresses', index];
    const address = readAddress(document, place, text);
    if (address === undefined) return [];
    claim(document, owners, place, address.ip, name, 'address', 'give each host addresses of its own');
    if (address.prefixLength > own.prefixLength && address.prefixLength < 32 && isIn(own, address.ip)) {
      document.add(place, {
        code: 'subnet-in-subnet',
        cause: `its subnet is a part of that of ${own.ip}/${own.prefixLength}: ${name} would send to it from this address`,
        remedy: `write /${own.prefixLength} or /32, or take an address outside of it`,
      });
    }
    return [address];
  });
  const defaultRoute = router === undefined ? undefined : readRouter(document, path, router, [own, ...addresses]);
  return {
    ...(addresses.length === 0 ? {} : { addresses }),
    ...(defaultRoute === undefined ? {} : { defaultRoute }),
    ...(start.length === 0 ? {} : { start }),
    ...(cpu === undefined ? {} : { cpu }),
  };
}

function readRouter(
  document: LocatedDocument,
  host: Path,
  text: string,
  own: readonly InterfaceAddress[],
): Ipv4Address | undefined {
  const path = [...host, 'default_route'];
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
  if (!own.some((address) => isIn(address, router))) {
    document.add(path, {
      code: 'unreachable-route',
      cause: `in no subnet of the host, which has ${own.map(({ ip, prefixLength }) => `${ip}/${prefixLength}`).join(' and ')}`,
      remedy: 'write an address in one of them, or give the host an address beside that router under addresses',
    });
    return undefined;
  }
  return router;
}

/** Whether an address is in the subnet of another. */
function isIn({ ip, prefixLength }: InterfaceAddress, other: Ipv4Address): boolean {
  const mask = netmaskOf(prefixLength);
  return (ipv4ToNumber(ip) & mask) === (ipv4ToNumber(other) & mask);
}

const CLAIMED_TWICE = {
  address: 'duplicate-address',
  'MAC address': 'duplicate-mac',
  DPID: 'duplicate-dpid',
} as const;

/** Notes who has a value; a second one who claims it is a problem. */
function claim(
  document: LocatedDocument,
  owners: Map<string, string>,
  path: Path,
  value: string,
  name: string,
  what: keyof typeof CLAIMED_TWICE,
  remedy: string,
): void {
  const owner = owners.get(value);
  if (owner === undefined) owners.set(value, name);
  else
    document.add(path, {
      code: CLAIMED_TWICE[what],
      cause: `${name} and ${owner} have the same ${what}, ${value}`,
      remedy,
    });
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

function sameSubnet(a: InterfaceAddress, b: InterfaceAddress): boolean {
  return a.prefixLength === b.prefixLength && isIn(a, b.ip);
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

/** Switches with their DPIDs, given or by Mininet's rule; wrong ones are noted and left out. */
export function readSwitches(document: LocatedDocument, form: SpecDocument): readonly Switch[] {
  const byDpid = new Map<string, string>();
  return form.switches.flatMap((node, index) => {
    const name = nodeName(node);
    const given = typeof node === 'string' ? undefined : node.dpid;
    const path = given === undefined ? pathOfName('switches', index, node) : ['switches', index, 'dpid'];
    const dpid: Dpid | undefined = given === undefined ? dpidOfSwitchName(name) : parseDpid(given);
    if (dpid === undefined) {
      document.add(
        path,
        given === undefined
          ? {
              code: 'no-dpid',
              cause: `no DPID can be derived from ${name}, as it has no number`,
              remedy: `give one: { name: ${name}, dpid: "00:00:00:00:00:00:00:01" }`,
            }
          : { code: 'wrong-dpid', cause: 'not a DPID', remedy: 'write it as "00:00:00:00:00:00:00:0a"' },
      );
      return [];
    }
    if (/^[0:]*$/.test(dpid)) {
      document.add(path, { code: 'wrong-dpid', cause: 'a DPID of zero is not valid', remedy: 'give another dpid' });
      return [];
    }
    claim(document, byDpid, path, dpid, name, 'DPID', 'give each switch a dpid of its own');
    return [{ name, dpid, ...labelled(node) }];
  });
}
