import { parseMac } from '../../model/addresses.ts';
import type { OutputPort } from '../../model/openflow.ts';
import {
  countersFrom,
  type PortCounter,
  type PortCounters,
  type PortDescription,
  type SwitchDescription,
} from '../switch-tables.ts';

/** What ovs-ofctl(8) prints of a switch and its ports, read; what it prints of flows and groups is in `ofctl-text.ts`. */

/** Where `dump-ports` prints each counter: received or sent, and its name there. */
const PRINTED_COUNTERS: Readonly<Record<PortCounter, readonly [direction: 'rx' | 'tx', name: string]>> = {
  receivedPackets: ['rx', 'pkts'],
  sentPackets: ['tx', 'pkts'],
  receivedBytes: ['rx', 'bytes'],
  sentBytes: ['tx', 'bytes'],
  receivedDropped: ['rx', 'drop'],
  sentDropped: ['tx', 'drop'],
  receiveErrors: ['rx', 'errs'],
  sendErrors: ['tx', 'errs'],
  frameErrors: ['rx', 'frame'],
  overrunErrors: ['rx', 'over'],
  crcErrors: ['rx', 'crc'],
  collisions: ['tx', 'coll'],
};

/** Reads `dump-ports`. Undefined when a port is not in the known form. */
export function parsePortCounters(text: string): readonly PortCounters[] | undefined {
  return allRead(text.split(/^ {2}port +/m).slice(1), (part) => {
    const [, name, rx, tx] = /^(\w+): rx (.*)\n\s+tx (.*)/.exec(part) ?? [];
    const port = portOf(name);
    if (port === undefined || rx === undefined || tx === undefined) return undefined;
    const printed = { rx: valuesOf(rx), tx: valuesOf(tx) };
    const [, seconds = '0'] = /^\s+duration=([\d.]+)s/m.exec(part) ?? [];
    return countersFrom(port, Number(seconds), (counter) => {
      const [direction, key] = PRINTED_COUNTERS[counter];
      // A counter that the switch lacks is printed as a question mark.
      const value = printed[direction].get(key);
      return value === undefined || value === '?' ? undefined : BigInt(value);
    });
  });
}

function valuesOf(list: string): ReadonlyMap<string, string> {
  return new Map([...list.matchAll(/(\w+)=(\d+|\?)/g)].map(([, name = '', value = '']) => [name, value]));
}

/** Reads `dump-ports-desc`. Undefined when a port is not in the known form. */
export function parsePorts(text: string): readonly PortDescription[] | undefined {
  return allRead(text.split(/^ (?=\w+\(.*\): addr:)/m).slice(1), (part) => {
    const [, number, name = '', address = ''] = /^(\w+)\((.*)\): addr:(\S+)/.exec(part) ?? [];
    const port = portOf(number);
    const mac = parseMac(address);
    if (port === undefined || mac === undefined) return undefined;
    const [, config = ''] = /^\s+config:\s+(.*)$/m.exec(part) ?? [];
    const [, state = ''] = /^\s+state:\s+(.*)$/m.exec(part) ?? [];
    const [, megabits = '0'] = /^\s+speed: (\d+) Mbps now/m.exec(part) ?? [];
    return {
      port,
      name,
      mac,
      isEnabled: !config.split(' ').includes('PORT_DOWN'),
      hasLink: !state.split(' ').includes('LINK_DOWN'),
      currentSpeedKbps: Number(megabits) * 1000,
    };
  });
}

/** Reads `dump-desc`. Undefined when a line of it is missing. */
export function parseDescription(text: string): SwitchDescription | undefined {
  const line = (title: string) => new RegExp(`^${title}: (.*)$`, 'm').exec(text)?.[1];
  const manufacturer = line('Manufacturer');
  const hardware = line('Hardware');
  const software = line('Software');
  const serialNumber = line('Serial Num');
  const datapath = line('DP Description');
  if (manufacturer === undefined || hardware === undefined || software === undefined) return undefined;
  if (serialNumber === undefined || datapath === undefined) return undefined;
  return { manufacturer, hardware, software, serialNumber, datapath };
}

function portOf(text: string | undefined): OutputPort | undefined {
  if (text === 'LOCAL') return 'local';
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

function allRead<T>(parts: readonly string[], read: (part: string) => T | undefined): readonly T[] | undefined {
  const values = parts.flatMap((part) => read(part) ?? []);
  return values.length === parts.length ? values : undefined;
}
