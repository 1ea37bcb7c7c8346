import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { environmentProblem, type Problem } from '../../model/problem.ts';
import type { Link, Topology } from '../../model/topology.ts';
import { findController } from './cpu-shares.ts';
import { type Datapath, isRoot, MININET_PYTHON, NAMESPACE_REMEDY, SANDBOX_PATH } from './machine.ts';

/** The kernel's datapath if its module is loaded (root may load it), else the userspace one. */
export async function bestDatapath(): Promise<Datapath> {
  const isLoaded = () => existsSync('/sys/module/openvswitch');
  if (!isLoaded() && isRoot()) {
    await promisify(execFile)('modprobe', ['--quiet', 'openvswitch'], { env: { PATH: SANDBOX_PATH } }).catch(() => {});
  }
  return isLoaded() ? 'kernel' : 'user';
}

/** Something that the sandbox needs, found or missing. */
export interface Requirement {
  readonly name: string;
  /** What was found, or what is missing. */
  readonly finding: string;
  /** What to do if it is missing; absent if it is there. */
  readonly remedy?: string;
}

const PROGRAMS: readonly { readonly name: string; readonly debianPackage: string }[] = [
  { name: 'mnexec', debianPackage: 'mininet' },
  { name: 'ovs-vsctl', debianPackage: 'openvswitch-switch' },
  { name: 'ovs-ofctl', debianPackage: 'openvswitch-switch' },
  { name: 'ovsdb-tool', debianPackage: 'openvswitch-switch' },
  { name: 'ovsdb-server', debianPackage: 'openvswitch-switch' },
  { name: 'ovs-vswitchd', debianPackage: 'openvswitch-switch' },
  { name: 'ip', debianPackage: 'iproute2' },
  { name: 'ifconfig', debianPackage: 'net-tools' },
  { name: 'unshare', debianPackage: 'util-linux' },
  { name: 'nsenter', debianPackage: 'util-linux' },
  { name: 'setpriv', debianPackage: 'util-linux' },
  { name: 'flock', debianPackage: 'util-linux' },
  { name: 'bash', debianPackage: 'bash' },
];

/**
 * What the sandbox needs from this machine. It only looks, which takes no time: `up` can refuse before it starts
 * anything.
 */
export function sandboxRequirements(datapath: Datapath): readonly Requirement[] {
  const linux: Requirement =
    process.platform === 'linux'
      ? { name: 'Linux', finding: 'there' }
      : {
          name: 'Linux',
          finding: `this is ${process.platform}`,
          remedy: 'run labctl on Linux, e.g. in a virtual machine',
        };
  return [
    linux,
    ...PROGRAMS.map(programRequirement),
    pythonRequirement(),
    ...(datapath === 'user' ? [tunRequirement()] : []),
  ];
}

/** The requirements of a lab with this topology that are not met, as problems. */
export async function missingRequirements(datapath: Datapath, topology: Topology): Promise<readonly Problem[]> {
  const requirements = [
    ...sandboxRequirements(datapath),
    ...(await Promise.all(requiredByProperties(topology).map((requirement) => requirement()))),
  ];
  return requirements.flatMap(({ name, finding, remedy }) =>
    remedy === undefined
      ? []
      : [environmentProblem({ code: 'missing-requirement', where: name, cause: finding, remedy })],
  );
}

/** Programs that only single commands need, and their Debian packages. */
const TOOLS = { iperf3: 'iperf3', tcpdump: 'tcpdump' } as const;

/** The problem if such a program is not installed. */
export function missingTool(name: keyof typeof TOOLS): Problem | undefined {
  const { finding, remedy } = toolRequirement(name);
  return remedy === undefined
    ? undefined
    : environmentProblem({ code: 'missing-requirement', where: name, cause: finding, remedy });
}

export function toolRequirement(name: keyof typeof TOOLS): Requirement {
  return programRequirement({ name, debianPackage: TOOLS[name] });
}

/** What this topology needs, and a kernel may lack. */
function requiredByProperties({ hosts, links }: Topology): readonly (() => Promise<Requirement>)[] {
  const isNetem = ({ delayMs, lossPercent, maxQueue }: Link) =>
    delayMs !== undefined || lossPercent !== undefined || maxQueue !== undefined;
  return [
    ...(links.some(({ bandwidthMbps }) => bandwidthMbps !== undefined) ? [bandwidthRequirement] : []),
    ...(links.some(isNetem) ? [delayRequirement] : []),
    ...(hosts.some(({ cpu }) => cpu !== undefined) ? [cpuShareRequirement] : []),
    ...(hosts.some(({ interfaces }) => interfaces.some(({ vlan }) => vlan !== undefined)) ? [vlanRequirement] : []),
  ];
}

function programRequirement({ name, debianPackage }: { name: string; debianPackage: string }): Requirement {
  const found = SANDBOX_PATH.split(delimiter)
    .map((folder) => join(folder, name))
    .find(isExecutable);
  return found === undefined
    ? { name, finding: 'not installed', remedy: `sudo apt-get install ${debianPackage}` }
    : { name, finding: found };
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Only Debian's and Ubuntu's own Python finds Mininet's modules. */
function pythonRequirement(): Requirement {
  const name = "Mininet's Python modules";
  const module = '/usr/lib/python3/dist-packages/mininet/net.py';
  if (!existsSync(MININET_PYTHON)) {
    return { name, finding: `there is no ${MININET_PYTHON}`, remedy: 'sudo apt-get install python3 mininet' };
  }
  return existsSync(module)
    ? { name, finding: module }
    : { name, finding: `not where ${MININET_PYTHON} looks for them`, remedy: 'sudo apt-get install mininet' };
}

function tunRequirement(): Requirement {
  const name = '/dev/net/tun';
  if (!existsSync(name)) {
    return {
      name,
      finding: 'there is no such device, which the userspace datapath needs',
      remedy: 'sudo modprobe tun (in a container: start it with --device /dev/net/tun)',
    };
  }
  try {
    accessSync(name, constants.R_OK | constants.W_OK);
    return { name, finding: 'readable and writable' };
  } catch {
    return { name, finding: 'not readable and writable for you', remedy: 'sudo chmod 0666 /dev/net/tun' };
  }
}

/** Whether namespaces can be made; tries it, which takes a moment. */
export async function namespaceRequirement(): Promise<Requirement> {
  const name = isRoot() ? 'namespaces' : 'user namespaces';
  const user = isRoot() ? [] : ['--user', '--map-root-user'];
  const { execa } = await import('execa');
  const result = await execa('unshare', [...user, '--net', '--mount', '--pid', '--fork', '--mount-proc', 'true'], {
    reject: false,
  });
  if (result.exitCode === 0) return { name, finding: 'can be made' };
  return {
    name,
    finding: result.stderr || result.shortMessage || 'cannot be made',
    remedy: NAMESPACE_REMEDY,
  };
}

/** Whether the kernel can limit a link's bandwidth, which few labs need; tries it, which takes a moment. */
export function bandwidthRequirement(): Promise<Requirement> {
  return qdiscRequirement(
    'bw of links',
    ['htb', 'default', '1'],
    'sudo modprobe sch_htb, or leave bw out of the links of the spec',
  );
}

/** Whether the kernel can delay, lose and queue packets, likewise. */
export function delayRequirement(): Promise<Requirement> {
  return qdiscRequirement(
    'delay, jitter, loss and max_queue of links',
    ['netem', 'delay', '1ms'],
    'sudo modprobe sch_netem; where there is no such module: sudo apt-get install linux-modules-extra-$(uname -r) ' +
      "(Ubuntu), or a kernel with CONFIG_NET_SCH_NETEM, as Debian's is; or leave them out of the links of the spec",
  );
}

/** Whether hosts can have shares of a CPU, likewise. */
export async function cpuShareRequirement(): Promise<Requirement> {
  const name = 'cpu of hosts';
  const found = await findController();
  if (typeof found !== 'string') return { name, finding: `control groups can be made in ${found.parent}` };
  return {
    name,
    finding: found,
    remedy:
      'run labctl as root, or, where systemd runs, in a part of the machine that is yours: systemd-run --user --scope ' +
      '-p Delegate=yes labctl up ...; or leave cpu out of the hosts of the spec',
  };
}

/** Whether the kernel has interfaces of VLANs, likewise. */
export function vlanRequirement(): Promise<Requirement> {
  return kernelRequirement(
    'vlan of interfaces',
    ['ip', 'link', 'add', 'link', 'lo', 'name', 'lo.5', 'type', 'vlan', 'id', '5'],
    'interfaces of VLANs',
    'sudo modprobe 8021q; where there is no such module: sudo apt-get install linux-modules-extra-$(uname -r) (Ubuntu), ' +
      "or a kernel with CONFIG_VLAN_8021Q, as Debian's is; or see what they would do: labctl up --dataplane simulated",
  );
}

/** @param remedy where the kernel does not know this queueing discipline */
function qdiscRequirement(name: string, qdisc: readonly string[], remedy: string): Promise<Requirement> {
  const attempt = ['tc', 'qdisc', 'add', 'dev', 'lo', 'root', 'handle', '5:0', ...qdisc];
  return kernelRequirement(name, attempt, `its qdisc ${qdisc[0]}`, remedy);
}

/**
 * Whether a program can add something of the kernel's.
 * @param remedy where the kernel does not know it
 */
async function kernelRequirement(
  name: string,
  attempt: readonly string[],
  what: string,
  remedy: string,
): Promise<Requirement> {
  const user = isRoot() ? [] : ['--user', '--map-root-user'];
  const [program = ''] = attempt;
  try {
    await promisify(execFile)('unshare', [...user, '--net', ...attempt], { env: { PATH: SANDBOX_PATH } });
    return { name, finding: `${program} and ${what} are there` };
  } catch (error) {
    const words = String((error as { readonly stderr?: string }).stderr ?? error).trim();
    const remedies: readonly (readonly [RegExp, string])[] = [
      [/failed to execute/, 'sudo apt-get install iproute2'],
      [/unshare failed|cannot open|write failed/, NAMESPACE_REMEDY],
    ];
    const known = remedies.find(([pattern]) => pattern.test(words))?.[1];
    return { name, finding: `${program} cannot add ${what}: ${words}`, remedy: known ?? remedy };
  }
}

/** Whether Mininet can be loaded, not only found; tries it, which takes a moment. */
export async function mininetRequirement(): Promise<Requirement> {
  const name = 'Mininet loads';
  const { execa } = await import('execa');
  const result = await execa(MININET_PYTHON, ['-W', 'ignore', '-c', 'import mininet.net; print(mininet.net.VERSION)'], {
    reject: false,
  });
  if (result.exitCode === 0) return { name, finding: result.stdout };
  const [reason = ''] = result.stderr.trim().split('\n').slice(-1);
  const remedy = reason.includes("'distutils'")
    ? 'sudo apt-get install python3-setuptools'
    : 'sudo apt-get install mininet';
  return { name, finding: reason || result.shortMessage || 'no', remedy };
}
