import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';

/** The Open vSwitch datapath that carries packets: the kernel module's, or the one in ovs-vswitchd (`user`). */
export type Datapath = 'kernel' | 'user';

/** Runs Mininet: another `python3` on PATH lacks its modules. */
export const MININET_PYTHON = '/usr/bin/python3';

/** Where the sandbox looks for programs; an ordinary user's PATH may lack the sbin folders. */
export const SANDBOX_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What to do if an ordinary user may not make namespaces. */
export const NAMESPACE_REMEDY =
  'let ordinary users make namespaces: `sudo sysctl kernel.unprivileged_userns_clone=1` (Debian) or ' +
  '`sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu); or run labctl as root';

export function isRoot(): boolean {
  return userInfo().uid === 0;
}

/**
 * How often the kernel had no room for another neighbour of any host: net.ipv4.neigh.default.gc_thresh3 of them, over all
 * network namespaces, are the most.
 */
export function neighbourOverflows(): number {
  let lines: string[];
  try {
    lines = readFileSync('/proc/net/stat/arp_cache', 'utf8').trim().split('\n');
  } catch {
    // In another network namespace than the machine's own there is no such file.
    return 0;
  }
  // A heading, then for each CPU a line of hexadecimal numbers.
  const column = lines[0]?.trim().split(/\s+/).indexOf('table_fulls') ?? -1;
  return lines
    .slice(1)
    .reduce((sum, line) => sum + (Number.parseInt(line.trim().split(/\s+/)[column] ?? '', 16) || 0), 0);
}
