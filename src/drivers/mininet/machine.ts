import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { execa } from 'execa';

/** Which Open vSwitch datapath carries packets: the kernel module's, or the one in ovs-vswitchd (`user`). */
export type Datapath = 'kernel' | 'user';

/** Runs Mininet: another `python3` on PATH lacks its modules. */
export const MININET_PYTHON = '/usr/bin/python3';

/** Where the sandbox looks for programs; an ordinary user's PATH may lack the sbin folders. */
export const SANDBOX_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What to do where an ordinary user may not make namespaces. */
export const NAMESPACE_REMEDY =
  'let ordinary users make namespaces: `sudo sysctl kernel.unprivileged_userns_clone=1` (Debian) or ' +
  '`sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0` (Ubuntu); or run labctl as root';

export function isRoot(): boolean {
  return userInfo().uid === 0;
}

/** The kernel's datapath where its module is there (root may load it), else the userspace one. */
export async function bestDatapath(): Promise<Datapath> {
  const isLoaded = () => existsSync('/sys/module/openvswitch');
  if (!isLoaded() && isRoot()) {
    await execa('modprobe', ['--quiet', 'openvswitch'], { reject: false, env: { PATH: SANDBOX_PATH } });
  }
  return isLoaded() ? 'kernel' : 'user';
}
