import { type Dpid, dpidOfSwitchName, ipv4FromNumber, macFromNumber, parseDpid } from '../model/addresses.ts';
import { INTERFACE_NAME_LENGTH, type Switch } from '../model/topology.ts';
import type { LocatedDocument, Path } from './located-document.ts';
import type { SpecDocument } from './schema.ts';

/** Names that Mininet, Linux or our own output use for something else. */
const RESERVED_NAMES = new Set(['X', 'c0', 'lo', 'all', 'default']);

/** Host numbers fit into 10.0.0.0/8, less its network and broadcast address. */
const HIGHEST_HOST_NUMBER = 2 ** 24 - 2;

/** The name of a node, which may stand by itself or in a mapping. */
export function nodeName(node: string | { readonly name: string }): string {
  return typeof node === 'string' ? node : node.name;
}

function labelled(node: string | { readonly label?: string | undefined }): { readonly label?: string } {
  return typeof node === 'string' || node.label === undefined ? {} : { label: node.label };
}

/** Where a node's name stands. */
export function pathOfName(list: 'hosts' | 'switches', index: number, node: string | object): Path {
  return typeof node === 'string' ? [list, index] : [list, index, 'name'];
}

/** Notes names that are taken, mean something else, or are too long. */
export function checkNames(document: LocatedDocument, form: SpecDocument): void {
  const seen = new Map<string, string>();
  for (const list of ['hosts', 'switches'] as const) {
    for (const [index, node] of form[list].entries()) {
      const name = nodeName(node);
      const path = pathOfName(list, index, node);
      const kind = list === 'hosts' ? 'host' : 'switch';
      const other = seen.get(name);
      if (other !== undefined) {
        document.add(path, {
          code: 'duplicate-name',
          cause: `the name ${name} is taken by a ${other}`,
          remedy: 'hosts and switches share one set of names: choose another',
        });
      } else if (RESERVED_NAMES.has(name)) {
        document.add(path, {
          code: 'reserved-name',
          cause: `${name} means something else`,
          remedy: 'choose another name',
        });
      } else if (name.length > INTERFACE_NAME_LENGTH) {
        document.add(path, {
          code: 'long-name',
          cause: `a ${kind}'s name has at most ${INTERFACE_NAME_LENGTH} characters, as Linux names interfaces after it`,
          remedy: 'choose a shorter name',
        });
      }
      seen.set(name, kind);
    }
  }
}

/** The number at the end of a host's name, without leading zeros, where it can be that of an address. */
export function numberInName(name: string): number | undefined {
  const digits = /(?<!\d)[1-9]\d{0,7}$/.exec(name)?.[0];
  return digits === undefined || Number(digits) > HIGHEST_HOST_NUMBER ? undefined : Number(digits);
}

/** The addresses of a host that gives none, as a spec writes them. */
export function addressesOfNumber(number: number): { readonly ip: string; readonly mac: string } {
  return { ip: `${ipv4FromNumber((10n << 24n) + BigInt(number))}/8`, mac: macFromNumber(BigInt(number)) };
}

const CLAIMED_TWICE = {
  address: 'duplicate-address',
  'MAC address': 'duplicate-mac',
  DPID: 'duplicate-dpid',
} as const;

/** Notes who has a value; a second one who claims it is a problem. */
export function claim(
  document: LocatedDocument,
  owners: Map<string, string>,
  path: Path,
  value: string,
  name: string,
  what: keyof typeof CLAIMED_TWICE,
  remedy: string,
): void {
  const owner = owners.get(value);
  if (owner === undefined) owners.set(value, name);
  else
    document.add(path, {
      code: CLAIMED_TWICE[what],
      cause: `${name} and ${owner} have the same ${what}, ${value}`,
      remedy,
    });
}

/** Switches with their DPIDs, given or by Mininet's rule; wrong ones are noted and left out. */
export function readSwitches(document: LocatedDocument, form: SpecDocument): readonly Switch[] {
  const byDpid = new Map<string, string>();
  return form.switches.flatMap((node, index) => {
    const name = nodeName(node);
    const given = typeof node === 'string' ? undefined : node.dpid;
    const path = given === undefined ? pathOfName('switches', index, node) : ['switches', index, 'dpid'];
    const dpid: Dpid | undefined = given === undefined ? dpidOfSwitchName(name) : parseDpid(given);
    if (dpid === undefined) {
      document.add(
        path,
        given === undefined
          ? {
              code: 'no-dpid',
              cause: `no DPID can be derived from ${name}, as it has no number`,
              remedy: `give one: { name: ${name}, dpid: "00:00:00:00:00:00:00:01" }`,
            }
          : { code: 'wrong-dpid', cause: 'not a DPID', remedy: 'write it as "00:00:00:00:00:00:00:0a"' },
      );
      return [];
    }
    if (/^[0:]*$/.test(dpid)) {
      document.add(path, { code: 'wrong-dpid', cause: 'a DPID of zero is not valid', remedy: 'give another dpid' });
      return [];
    }
    claim(document, byDpid, path, dpid, name, 'DPID', 'give each switch a dpid of its own');
    return [{ name, dpid, ...labelled(node) }];
  });
}
