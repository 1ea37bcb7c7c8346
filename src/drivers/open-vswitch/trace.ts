import { isMatchField, MATCH_FIELDS } from '../../model/match.ts';
import { environmentProblem, ProblemError } from '../../model/problem.ts';
import type { SwitchTrace } from '../data-plane.ts';

const TIMEOUT_SECONDS = 10;

/** A packet at a bridge. */
export interface TracedPacket {
  readonly bridge: string;
  readonly inPort: number;
  /** Values by Floodlight's names. */
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * Has ovs-vswitchd trace a packet through a bridge (`ofproto/trace`, ovs-vswitchd(8)).
 * @param control its control socket
 * @param portOf the number of a port by the name of its interface; undefined for what is no port of the topology
 */
export async function traceInBridge(
  control: string,
  packet: TracedPacket,
  portOf: (interfaceName: string) => number | undefined,
): Promise<SwitchTrace> {
  const command = ['ofproto/trace', '--names', packet.bridge, formatPacket(packet)];
  try {
    const { execa } = await import('execa');
    const { stdout } = await execa('ovs-appctl', [`--timeout=${TIMEOUT_SECONDS}`, '-t', control, ...command]);
    return parseTrace(stdout, portOf);
  } catch (error) {
    throw new ProblemError(
      environmentProblem({
        code: 'no-trace',
        where: { kind: 'switch', switch: packet.bridge },
        cause: `Open vSwitch did not trace the packet: ${(error as Error).message}`,
        remedy: '`labctl status` shows whether the lab is up',
      }),
      { cause: error },
    );
  }
}

/** A flow in ovs-ofctl's syntax. */
function formatPacket({ inPort, fields }: TracedPacket): string {
  const parts = Object.entries(fields).flatMap(([field, value]) =>
    isMatchField(field) ? [`${MATCH_FIELDS[field].ovsName}=${value}`] : [],
  );
  return [`in_port=${inPort}`, ...parts].join(',');
}

/** Reads what `ofproto/trace --names` prints: its last line has the ports by their interfaces. */
export function parseTrace(text: string, portOf: (interfaceName: string) => number | undefined): SwitchTrace {
  const [, actions = ''] = /^Datapath actions: (.*)$/m.exec(text) ?? [];
  const parts = actions.match(/(?:[^,()]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))+/g) ?? [];
  const ports = parts.flatMap((part) => portOf(part) ?? []);
  // A bucket by the hash of a real packet: the packet comes back from the datapath with it.
  const isUndecided = parts.some((part) => part.startsWith('recirc('));
  return { ports: [...new Set(ports)].sort((a, b) => a - b), isUndecided, text };
}
