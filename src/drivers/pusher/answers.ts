import { z } from 'zod';
import { type Dpid, type Ipv4Address, type MacAddress, parseIpv4, parseMac } from '../../model/addresses.ts';
import { RESERVED_PORTS, type ReservedPort } from '../../model/match.ts';
import type { OutputPort } from '../../model/openflow.ts';
import type { ConnectedSwitch, SettableRole } from '../control-plane.ts';
import { objectOf } from './former-answers.ts';
import { readDpid } from './wire.ts';

/**
 * The forms of Floodlight's answers about itself and the network, read into typed values (CONTRACT.md, sections 4 and
 * 5; the verbatim exchanges are in test/contract/recorded). `wire.ts` and `switch-statistics.ts` read what switches hold.
 */

/** A port of a switch. */
export interface SwitchPort {
  readonly dpid: Dpid;
  readonly port: OutputPort;
}

/** A link as the controller sees it, one per pair of ports. */
export interface ControllerLink {
  readonly source: { readonly dpid: Dpid; readonly port: number };
  readonly target: { readonly dpid: Dpid; readonly port: number };
  /** False while the controller has seen it in one direction only; such a link carries nothing. */
  readonly bidirectional: boolean;
}

/** A host, or another interface, that the controller has heard of. It knows none that never sent anything. */
export interface ControllerDevice {
  readonly macs: readonly MacAddress[];
  readonly ipv4: readonly Ipv4Address[];
  readonly ipv6: readonly string[];
  /** Where it is attached; empty where that is a port of a link, and not of a host. */
  readonly attachments: readonly SwitchPort[];
  /** Milliseconds since 1970. */
  readonly lastSeen: number;
}

/** A path between two switches: the port out of the first, then the ports into and out of each, to the port into the last. */
export interface ControllerPath {
  readonly hops: readonly SwitchPort[];
  /** The links on it. */
  readonly linkCount: number;
  /** The sum over its links, as the controller measured them, in milliseconds. */
  readonly latencyMs: number;
}

/** What the controller counts. */
export interface ControllerSummary {
  readonly switches: number;
  /** Two for each link that it has seen in both directions; half of them in 1.2 (LinkDiscoveryManager.java). */
  readonly directedLinks: number;
  readonly quarantinedPorts: number;
  /** Interfaces that spoke IPv6 only are counted too. */
  readonly hosts: number;
}

/** The memory of the controller's Java machine. */
export interface ControllerMemory {
  readonly totalBytes: number;
  readonly freeBytes: number;
}

/**
 * A role as the controller shows it. With `NOCHANGE`, which it falls into when it is told a role that it does not know,
 * it drops every write to the switch.
 */
export type ControllerRole = SettableRole | 'NOCHANGE';

/** A schema that reads a text with a parser of the model. */
export function parsedText<T>(parse: (text: string) => T | undefined, what: string) {
  return z.string().transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: `not ${what}` });
    return z.NEVER;
  });
}

const dpidText = parsedText<Dpid>(readDpid, 'a DPID');
/** A port as text: a number, or the name of a reserved one. */
export const portText = parsedText<OutputPort>((text) => {
  if (Object.hasOwn(RESERVED_PORTS, text)) return text as ReservedPort;
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}, 'a port');

export const statusAnswer = z.object({ status: z.string() });

// Not z.record: it drops an entry that somebody named __proto__.
const jsonObject = z.custom<Readonly<Record<string, unknown>>>((value) => typeof value === 'object' && value !== null);
export const listAnswer = z.record(z.string(), z.array(jsonObject));

export const switchesAnswer = z.array(
  z
    .object({ switchDPID: dpidText, connectedSince: z.number() })
    .transform(({ switchDPID, connectedSince }): ConnectedSwitch => ({ dpid: switchDPID, connectedSince })),
);

export const linksAnswer = z.array(
  z
    .object({
      'src-switch': dpidText,
      'src-port': z.number(),
      'dst-switch': dpidText,
      'dst-port': z.number(),
      direction: z.string(),
    })
    .transform(
      (row): ControllerLink => ({
        source: { dpid: row['src-switch'], port: row['src-port'] },
        target: { dpid: row['dst-switch'], port: row['dst-port'] },
        bidirectional: row.direction === 'bidirectional',
      }),
    ),
);

/**
 * A port as text; in 1.2 a number in the place of a host (SwitchPort.java) and an object on a path (NodePortTuple.java,
 * which leaves OFPort to Jackson).
 */
const writtenPort = z.union([
  portText,
  z.number(),
  z.object({ portNumber: z.number() }).transform(({ portNumber }) => portNumber),
]);
const attachedPort = objectOf({ switch: dpidText, port: writtenPort }).transform(
  (row): SwitchPort => ({ dpid: row.switch, port: row.port }),
);

/** Of rows under a key, in 1.2 without it (DeviceResource.java, RouteResource.java). */
function rowsUnder<Key extends string, Row extends z.ZodType>(key: Key, row: Row) {
  const shape = { [key]: z.array(row) } as Record<Key, z.ZodArray<Row>>;
  return z.preprocess((json) => (Array.isArray(json) ? { [key]: json } : json), z.object(shape));
}

export const devicesAnswer = rowsUnder(
  'devices',
  z
    .object({
      mac: z.array(parsedText(parseMac, 'a MAC address')),
      ipv4: z.array(parsedText(parseIpv4, 'an IPv4 address')),
      ipv6: z.array(z.string()),
      attachmentPoint: z.array(attachedPort),
      lastSeen: z.number(),
    })
    .transform(
      ({ mac, ipv4, ipv6, attachmentPoint, lastSeen }): ControllerDevice => ({
        macs: mac,
        ipv4,
        ipv6,
        attachments: attachmentPoint,
        lastSeen,
      }),
    ),
);

export const pathAnswer = rowsUnder('results', attachedPort);
/** The same of 1.2, where no path is no content. */
export const routeAnswer = z.union([z.null().transform(() => ({ results: [] })), pathAnswer]);

export const pathsAnswer = z.object({
  results: z.array(
    z
      .object({
        hop_count: z.coerce.number(),
        latency: z.coerce.number(),
        path: z.array(z.object({ dpid: dpidText, port: portText })),
      })
      .transform(
        ({ hop_count, latency, path }): ControllerPath => ({ hops: path, linkCount: hop_count, latencyMs: latency }),
      ),
  ),
});

export const summaryAnswer = z
  .object({
    '# Switches': z.number(),
    '# inter-switch links': z.number(),
    '# quarantine ports': z.number(),
    '# hosts': z.number(),
  })
  .transform(
    (row): ControllerSummary => ({
      switches: row['# Switches'],
      directedLinks: row['# inter-switch links'],
      quarantinedPorts: row['# quarantine ports'],
      hosts: row['# hosts'],
    }),
  );

export const memoryAnswer = z
  .object({ total: z.number(), free: z.number() })
  .transform(({ total, free }): ControllerMemory => ({ totalBytes: total, freeBytes: free }));

export const uptimeAnswer = z.object({ systemUptimeMsec: z.number() });
export const healthAnswer = z.object({ healthy: z.boolean() });
/** What a switch's role became, or why it did not: any text (SwitchRoleResource.java). */
export const roleSetAnswer = z.record(z.string(), z.string());
export const rolesAnswer = z.record(z.string(), z.enum(['MASTER', 'EQUAL', 'SLAVE', 'NOCHANGE']));

export const flowsAnswer = z.object({ flows: z.array(z.unknown()) });
export const groupsAnswer = objectOf({ group_desc: z.array(z.unknown()) });
