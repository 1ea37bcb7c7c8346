import { z } from 'zod';
import { parseMac } from '../../model/addresses.ts';
import type { InstalledFlow } from '../../model/openflow.ts';
import {
  countersFrom,
  PORT_COUNTERS,
  type PortCounter,
  type PortCounters,
  type PortDescription,
  type SwitchDescription,
} from '../switch-tables.ts';
import { parsedText, portText } from './answers.ts';
import { flagNames, objectOf } from './former-answers.ts';

/**
 * What a switch says of itself and its ports, and the JSON that Floodlight makes of it at `/wm/core/switch/DPID/...`,
 * both ways (CONTRACT.md, section 5). Flows and groups are in `wire.ts`.
 */

/** Sums over all flows of a switch (section A.3.5.3). */
export interface FlowTotals {
  readonly flows: number;
  readonly packets: bigint;
  readonly bytes: bigint;
}

/** Floodlight's names of a port's counters (section A.3.5.6). */
const COUNTER_KEYS = {
  receivedPackets: 'receive_packets',
  sentPackets: 'transmit_packets',
  receivedBytes: 'receive_bytes',
  sentBytes: 'transmit_bytes',
  receivedDropped: 'receive_dropped',
  sentDropped: 'transmit_dropped',
  receiveErrors: 'receive_errors',
  sendErrors: 'transmit_errors',
  frameErrors: 'receive_frame_errors',
  overrunErrors: 'receive_overrun_errors',
  crcErrors: 'receive_CRC_errors',
  collisions: 'collisions',
} as const satisfies Readonly<Record<PortCounter, string>>;

const integer = z
  .string()
  .regex(/^-?\d{1,20}$/)
  .transform(BigInt);
/** A counter that a switch lacks has all bits set, which Floodlight writes as -1. */
const counter = integer.transform((value) => (value < 0n ? undefined : value));

export const descriptionAnswer = z.object({
  desc: objectOf({
    manufacturer_description: z.string(),
    hardware_description: z.string(),
    software_description: z.string(),
    serial_number: z.string(),
    datapath_description: z.string(),
  }).transform(
    (row): SwitchDescription => ({
      manufacturer: row.manufacturer_description,
      hardware: row.hardware_description,
      software: row.software_description,
      serialNumber: row.serial_number,
      datapath: row.datapath_description,
    }),
  ),
});

export const totalsAnswer = z.object({
  aggregate: objectOf({ flow_count: integer, packet_count: integer, byte_count: integer }).transform(
    (row): FlowTotals => ({ flows: Number(row.flow_count), packets: row.packet_count, bytes: row.byte_count }),
  ),
});

export const portsAnswer = objectOf({
  port_desc: z.array(
    objectOf({
      port_number: portText,
      hardware_address: parsedText(parseMac, 'a MAC address'),
      name: z.string(),
      // Section A.2.1: OFPPC_PORT_DOWN and OFPPS_LINK_DOWN
      config: flagNames({ 1: 'PORT_DOWN' }),
      state: flagNames({ 1: 'LINK_DOWN' }),
      curr_speed: integer,
    }).transform(
      (row): PortDescription => ({
        port: row.port_number,
        name: row.name,
        mac: row.hardware_address,
        isEnabled: !row.config.includes('PORT_DOWN'),
        hasLink: !row.state.includes('LINK_DOWN'),
        currentSpeedKbps: Number(row.curr_speed),
      }),
    ),
  ),
});

export const portCountersAnswer = z
  .object({
    port_reply: z.array(
      z.object({
        port: z.array(
          objectOf({
            port_number: portText,
            receive_packets: counter,
            transmit_packets: counter,
            receive_bytes: counter,
            transmit_bytes: counter,
            receive_dropped: counter,
            transmit_dropped: counter,
            receive_errors: counter,
            transmit_errors: counter,
            receive_frame_errors: counter,
            receive_overrun_errors: counter,
            receive_CRC_errors: counter,
            collisions: counter,
            duration_sec: integer,
            duration_nsec: integer,
          }).transform((row) =>
            countersFrom(
              row.port_number,
              Number(row.duration_sec) + Number(row.duration_nsec) / 1e9,
              (name) => row[COUNTER_KEYS[name]],
            ),
          ),
        ),
      }),
    ),
  })
  // A long answer comes in several parts (section 7.3.5).
  .transform(({ port_reply }) => port_reply.flatMap(({ port }) => port));

/** The answer of `desc`. */
export function encodeDescription(description: SwitchDescription): Record<string, unknown> {
  return {
    desc: {
      version: 'OF_13',
      manufacturer_description: description.manufacturer,
      hardware_description: description.hardware,
      software_description: description.software,
      serial_number: description.serialNumber,
      datapath_description: description.datapath,
    },
  };
}

/** The answer of `aggregate`. */
export function encodeTotals(flows: readonly InstalledFlow[]): Record<string, unknown> {
  const sum = (values: readonly bigint[]) => String(values.reduce((total, value) => total + value, 0n));
  return {
    aggregate: {
      version: 'OF_13',
      flow_count: String(flows.length),
      packet_count: sum(flows.map(({ packets }) => packets)),
      byte_count: sum(flows.map(({ bytes }) => bytes)),
      flags: [],
    },
  };
}

/** The answer of `port-desc`. */
export function encodePorts(ports: readonly PortDescription[]): Record<string, unknown> {
  return {
    version: 'OF_13',
    port_desc: ports.map((each) => ({
      port_number: String(each.port),
      hardware_address: each.mac,
      name: each.name,
      config: each.isEnabled ? [] : ['PORT_DOWN'],
      state: each.hasLink ? ['LIVE'] : ['LINK_DOWN'],
      current_features: [],
      advertised_features: [],
      supported_features: [],
      peer_features: [],
      curr_speed: String(each.currentSpeedKbps),
      max_speed: '0',
    })),
  };
}

/** The answer of `port`. */
export function encodePortCounters(ports: readonly PortCounters[]): Record<string, unknown> {
  const rows = ports.map((each) => {
    const seconds = Math.floor(each.durationSeconds);
    return {
      port_number: String(each.port),
      ...Object.fromEntries(PORT_COUNTERS.map((name) => [COUNTER_KEYS[name], String(each[name] ?? -1n)])),
      duration_sec: String(seconds),
      duration_nsec: String(Math.round((each.durationSeconds - seconds) * 1e9)),
    };
  });
  return { port_reply: [{ version: 'OF_13', port: rows }] };
}
