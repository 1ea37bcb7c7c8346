declare const brand: unique symbol;

/** A datapath id in the long form that Floodlight answers: eight lower-case hexadecimal octets with colons. */
export type Dpid = string & { readonly [brand]: 'Dpid' };
/** A MAC address: six lower-case hexadecimal octets with colons. */
export type MacAddress = string & { readonly [brand]: 'MacAddress' };
/** An IPv4 address in dotted decimal. */
export type Ipv4Address = string & { readonly [brand]: 'Ipv4Address' };
/** An OpenFlow port number of a switch (1 to 65279), or a Mininet port index of a host (0 and up). */
export type PortNumber = number & { readonly [brand]: 'PortNumber' };

const octets = (value: bigint, count: number): string =>
  (
    value
      .toString(16)
      .padStart(count * 2, '0')
      .match(/../g) ?? []
  ).join(':');

/** @param value 0 to 2^64-1 */
export function dpidFromNumber(value: bigint): Dpid {
  return octets(value, 8) as Dpid;
}

/**
 * Reads a DPID as a person may write it: `00:00:00:00:00:00:00:0a`, `000000000000000a`, `0xa`.
 * Digits are always hexadecimal, as in Mininet and Open vSwitch. Undefined when it is not one.
 */
export function parseDpid(text: string): Dpid | undefined {
  const hex = /^(?:[0-9a-f]{2}(?::[0-9a-f]{2}){7})$/i.test(text)
    ? text.replaceAll(':', '')
    : /^(?:0x)?([0-9a-f]{1,16})$/i.exec(text)?.[1];
  return hex === undefined ? undefined : dpidFromNumber(BigInt(`0x${hex}`));
}

/** Mininet's rule (Switch.defaultDpid): the first number in the name, so that s10 is ...:0a. */
export function dpidOfSwitchName(name: string): Dpid | undefined {
  const digits = /\d+/.exec(name)?.[0];
  if (digits === undefined || digits.length > 20) return undefined;
  const value = BigInt(digits);
  return value < 1n << 64n ? dpidFromNumber(value) : undefined;
}

/** The 16 hexadecimal digits without colons, as Mininet and Open vSwitch take them. */
export function dpidDigits(dpid: Dpid): string {
  return dpid.replaceAll(':', '');
}

/** @param value 0 to 2^48-1 */
export function macFromNumber(value: bigint): MacAddress {
  return octets(value, 6) as MacAddress;
}

export function parseMac(text: string): MacAddress | undefined {
  return /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i.test(text) ? (text.toLowerCase() as MacAddress) : undefined;
}

export function macToNumber(mac: MacAddress): bigint {
  return BigInt(`0x${mac.replaceAll(':', '')}`);
}

/** @param value 0 to 2^32-1 */
export function ipv4FromNumber(value: bigint): Ipv4Address {
  const bits = Number(value);
  return `${bits >>> 24}.${(bits >>> 16) & 255}.${(bits >>> 8) & 255}.${bits & 255}` as Ipv4Address;
}

export function parseIpv4(text: string): Ipv4Address | undefined {
  const parts = text.split('.');
  const correct = parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255);
  return correct ? (text as Ipv4Address) : undefined;
}

export function ipv4ToNumber(address: Ipv4Address): bigint {
  return address.split('.').reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

/** The netmask of a prefix length (0 to 32), as a number. */
export function netmaskOf(prefixLength: number): bigint {
  return ((1n << 32n) - 1n) ^ ((1n << BigInt(32 - prefixLength)) - 1n);
}

/** A port number, trusted: callers check the range (OpenFlow reserves 0xffffff00 and up; Open vSwitch 0xff00 and up). */
export function portNumber(value: number): PortNumber {
  return value as PortNumber;
}
/** The highest port number that Open vSwitch gives to an interface. */
export const HIGHEST_PORT = 65_279;
