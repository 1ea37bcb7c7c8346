import { z } from 'zod';
import { isMatchField } from '../../model/match.ts';

/**
 * What Floodlight 1.2 answers otherwise than later ones, turned into their form before it is read. Read in its source
 * at the tag v1.2 and not measured; which file says so stands with each.
 */

/**
 * The keys of 1.2 for what switches say (StatsReplySerializer.java; renamed in June 2016) and for the place of a host
 * (SwitchPort.java).
 */
const FORMER_KEYS: Readonly<Record<string, string>> = {
  // Flows
  tableId: 'table_id',
  packetCount: 'packet_count',
  byteCount: 'byte_count',
  durationSeconds: 'duration_sec',
  durationNSeconds: 'duration_nsec',
  idleTimeoutSec: 'idle_timeout_s',
  hardTimeoutSec: 'hard_timeout_s',
  // The sums of flows
  flowCount: 'flow_count',
  // Groups
  groupDesc: 'group_desc',
  groupType: 'group_type',
  groupNumber: 'group_number',
  watchPortNumber: 'watch_port',
  // The switch
  manufacturerDescription: 'manufacturer_description',
  hardwareDescription: 'hardware_description',
  softwareDescription: 'software_description',
  serialNumber: 'serial_number',
  datapathDescription: 'datapath_description',
  // Ports
  portDesc: 'port_desc',
  portNumber: 'port_number',
  hardwareAddress: 'hardware_address',
  currSpeed: 'curr_speed',
  receivePackets: 'receive_packets',
  transmitPackets: 'transmit_packets',
  receiveBytes: 'receive_bytes',
  transmitBytes: 'transmit_bytes',
  receiveDropped: 'receive_dropped',
  transmitDropped: 'transmit_dropped',
  receiveErrors: 'receive_errors',
  transmitErrors: 'transmit_errors',
  receiveFrameErrors: 'receive_frame_errors',
  receiveOverrunErrors: 'receive_overrun_errors',
  receiveCRCErrors: 'receive_CRC_errors',
  durationSec: 'duration_sec',
  durationNsec: 'duration_nsec',
  // The place of a host
  switchDPID: 'switch',
};

/** An object with its keys, not those of objects in it, as later Floodlights write them; anything else as it is. */
function withLaterKeys(json: unknown): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return json;
  // Later ones write thousands of flows at once: those are not copied.
  if (!Object.keys(json).some((key) => Object.hasOwn(FORMER_KEYS, key))) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      Object.hasOwn(FORMER_KEYS, key) ? (FORMER_KEYS[key] as string) : key,
      value,
    ]),
  );
}

/** An object's schema, which reads the keys of 1.2 too. */
export function objectOf<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.preprocess(withLaterKeys, z.object(shape));
}

/** The names of flags. 1.2 writes the number of OpenFlow in their place (StatsReplySerializer.java): `names` by bit. */
export function flagNames(names: Readonly<Record<number, string>>) {
  const bits = Object.keys(names).map(Number);
  return z.union([
    z.array(z.string()),
    z
      .string()
      .regex(/^\d{1,10}$/)
      .transform((text) => bits.filter((bit) => (Number(text) & bit) !== 0).map((bit) => names[bit] as string)),
  ]);
}

/** The value of a match field. 1.2 may write 0x twice before an `eth_type` (MatchSerializer.java, by its library). */
export const matchText = z.string().transform((text) => text.replace(/^0x0x/, '0x'));

/**
 * Actions as later Floodlights write them. 1.2 writes `eth_dst=VALUE` for `set_field=eth_dst->VALUE`, and `pop_vlan=n/a`
 * for `pop_vlan` (OFActionListSerializer.java); a set `eth_vlan_pcp` it leaves out, with its comma there.
 */
export function withLaterActions(text: string): string {
  return text
    .split(',')
    .map((action) => {
      const [, name = '', value = ''] = /^([^=]*)=(.*)$/.exec(action) ?? [];
      if (isMatchField(name)) return `set_field=${name}->${value}`;
      return value === 'n/a' ? name : action;
    })
    .join(',');
}

/** An instruction with its actions in that form. */
export const instruction = z.unknown().transform((json): unknown => {
  if (typeof json !== 'object' || json === null || !('actions' in json)) return json;
  return typeof json.actions === 'string' ? { ...json, actions: withLaterActions(json.actions) } : json;
});
