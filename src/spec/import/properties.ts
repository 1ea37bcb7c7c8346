import type { FilePlace } from '../../model/where.ts';
import type { Notes } from './notes.ts';

/** What the spec says of a link, under the spec's own keys. */
export interface LinkProperties {
  /** Mbit/s */
  readonly bw?: number;
  /** `5 ms` */
  readonly delay?: string;
  readonly jitter?: string;
  /** Percent. */
  readonly loss?: number;
  /** Packets. */
  readonly max_queue?: number;
  readonly cost?: number;
}

/** What the spec says of an interface of a host, likewise. */
interface OwnProperties {
  readonly ip?: string;
  readonly mac?: string;
  /** Further ones. */
  readonly addresses?: readonly string[];
  /** In bytes. */
  readonly mtu?: number;
}

export interface InterfaceProperties extends OwnProperties {
  /** Of the end of the graph's link. */
  readonly port: number;
  readonly vlan?: number;
}

export interface RouteProperties {
  /** `10.0.2.0/24` */
  readonly to: string;
  readonly via: string;
}

/** What the spec says of a host. Its own `ip`, `mac`, `addresses` and `mtu` are those of its first interface. */
export interface HostProperties extends OwnProperties {
  /** In place of those: each link's in the order of the ports, followed by its VLANs'. Those without properties may be missing. */
  readonly interfaces?: readonly InterfaceProperties[];
  readonly routes?: readonly RouteProperties[];
  readonly default_route?: string;
  readonly forward?: true;
  readonly arp?: 'static';
  /** Share of one CPU. */
  readonly cpu?: number;
}

/** An attribute of an edge as files have it, and the property of a link that it is. */
interface Translation {
  readonly attribute: string;
  readonly property: keyof LinkProperties;
  /** What a link can have, for people. */
  readonly range: string;
  /** Undefined when the value is not in the range. */
  readonly read: (value: unknown) => number | string | undefined;
}

const between = (least: number, most: number) => (value: unknown) => {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && number >= least && number <= most ? number : undefined;
};

const wholeBetween = (least: number, most: number) => (value: unknown) => {
  const number = between(least, most)(value);
  return Number.isInteger(number) ? number : undefined;
};

/** The longest packet of an interface, in bytes, where a lab can have it. */
export const mtuOf = wholeBetween(68, 1500);
export const vlanOf = wholeBetween(1, 4094);

/** `5ms`, `0.5s` or `100us`, as Mininet hands them on to tc, with a unit, as graphs differ in what they take for granted. */
const TIME = /^\s*(\d+(?:\.\d+)?)\s*(us|usecs?|ms|msecs?|s|secs?)\s*$/;

function milliseconds(value: unknown): number | undefined {
  const [, amount, unit = ''] = TIME.exec(String(value)) ?? [];
  if (amount === undefined) return undefined;
  const factor = unit.startsWith('u') ? 0.001 : unit.startsWith('m') ? 1 : 1000;
  const time = Number((Number(amount) * factor).toFixed(6));
  return time === 0 || (time >= 0.001 && time <= 1000) ? time : undefined;
}

const time = (value: unknown) => {
  const ms = milliseconds(value);
  return ms === undefined ? undefined : `${ms} ms`;
};

const TIMES = '1 us to 1 s, with its unit';
const QUEUE = 'a whole number of packets from 1 to 1000000';
const BANDWIDTH = '0.1 to 1000 Mbit/s';
const bandwidth = between(0.1, 1000);

/** Of two that say the same property, the first that has a value counts. */
const TRANSLATIONS: readonly Translation[] = [
  { attribute: 'bw', property: 'bw', range: BANDWIDTH, read: bandwidth },
  // The Topology Zoo's, in bit/s.
  {
    attribute: 'LinkSpeedRaw',
    property: 'bw',
    range: BANDWIDTH,
    read: (value) => {
      const bitsPerSecond = between(0, Number.MAX_VALUE)(value);
      return bitsPerSecond === undefined ? undefined : bandwidth(bitsPerSecond / 1e6);
    },
  },
  { attribute: 'delay', property: 'delay', range: TIMES, read: time },
  { attribute: 'jitter', property: 'jitter', range: TIMES, read: time },
  { attribute: 'loss', property: 'loss', range: '0 to 100', read: between(0, 100) },
  { attribute: 'max_queue', property: 'max_queue', range: QUEUE, read: wholeBetween(1, 1_000_000) },
  { attribute: 'max_queue_size', property: 'max_queue', range: QUEUE, read: wholeBetween(1, 1_000_000) },
  { attribute: 'cost', property: 'cost', range: 'a whole number from 1 up', read: wholeBetween(1, 1_000_000_000) },
];

/** The attributes of an edge that are read. */
export const LINK_ATTRIBUTES: readonly string[] = TRANSLATIONS.map(({ attribute }) => attribute);

/** The properties of a link among the attributes of an edge; those that it cannot have are noted and left out. */
export function linkProperties(
  attributeNamed: (name: string) => unknown,
  where: FilePlace,
  notes: Notes,
): LinkProperties {
  const properties: Partial<Record<keyof LinkProperties, number | string>> = {};
  for (const { attribute, property, range, read } of TRANSLATIONS) {
    const value = attributeNamed(attribute);
    if (value === undefined || value === null || value === '' || properties[property] !== undefined) continue;
    const translated = read(value);
    if (translated === undefined) notes.add(`${attribute} is left out where it is not ${range}`, where);
    else properties[property] = translated;
  }
  if ((milliseconds(properties.jitter) ?? 0) > (milliseconds(properties.delay) ?? 0)) {
    notes.add('jitter is left out where it is more than the delay', where);
    delete properties.jitter;
  }
  return properties as LinkProperties;
}
