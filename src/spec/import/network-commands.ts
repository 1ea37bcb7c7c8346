import {
  type Ipv4Address,
  ipv4FromNumber,
  ipv4ToNumber,
  netmaskOf,
  parseIpv4,
  parseMac,
} from '../../model/addresses.ts';

/** What one command of a shell does to the interfaces and routes of a host. */
export type NetworkCommand =
  | { readonly kind: 'address'; readonly device: string; readonly address: string }
  | { readonly kind: 'mac'; readonly device: string; readonly mac: string }
  | { readonly kind: 'mtu'; readonly device: string; readonly mtu: string }
  /** `device` is that of the link. */
  | { readonly kind: 'vlan'; readonly device: string; readonly name: string; readonly id: string }
  | { readonly kind: 'bond'; readonly name: string }
  | { readonly kind: 'member'; readonly device: string; readonly of: string }
  /** It makes a switch of the host. */
  | { readonly kind: 'bridge' }
  | { readonly kind: 'route'; readonly to: string; readonly via: string }
  | { readonly kind: 'default route'; readonly via: string }
  | { readonly kind: 'forward' }
  /** Nothing that a spec would say otherwise. */
  | { readonly kind: 'nothing' };

/**
 * What a line for a shell does, command by command: those of ip(8), sysctl, ifconfig, route, vconfig and brctl. Undefined
 * stands for a command that is not read.
 */
export function networkCommandsOf(line: string): readonly (NetworkCommand | undefined)[] {
  const inner = /^\s*(?:sudo\s+)?(?:\/\S*\/)?(?:ba|a|da|z)?sh\s+-\w*c\s+(["']?)(.*)\1\s*$/s.exec(line)?.[2];
  return (inner ?? line)
    .split(/&&|\|\||;|\n/)
    .map((command) => command.trim())
    .filter((command) => command !== '')
    .flatMap((command): readonly (NetworkCommand | undefined)[] => commandsOf(command) ?? [undefined]);
}

const NOTHING: readonly NetworkCommand[] = [{ kind: 'nothing' }];
const FORWARD: readonly NetworkCommand[] = [{ kind: 'forward' }];
const BRIDGE: readonly NetworkCommand[] = [{ kind: 'bridge' }];

type Read = readonly NetworkCommand[] | undefined;

function commandsOf(command: string): Read {
  if (/ip_forward/.test(command) && /^(?:echo|sysctl|printf)\b/.test(command.replace(/^sudo\s+/, ''))) {
    return /=\s*["']?1\b|\b1["']?\s*>|\b1["']?\s*\|\s*(?:sudo\s+)?tee\b/.test(command) ? FORWARD : NOTHING;
  }
  const words = command.replaceAll(/["']/g, '').split(/\s+/);
  if (words[0] === 'sudo') words.shift();
  const [program = '', ...rest] = words;
  const [first = '', ...more] = rest;
  switch (program.replace(/^.*\//, '')) {
    case 'ip':
      return ofIp(rest);
    case 'sysctl':
      return /^net\.ipv4\.conf\.all\.forwarding=1$/.test(rest.filter((word) => !word.startsWith('-')).join(''))
        ? FORWARD
        : undefined;
    case 'ifconfig':
      return ofIfconfig(first, more);
    case 'route':
      return ofRoute(first, more);
    case 'vconfig': {
      const [device, id] = more;
      if (first !== 'add' || device === undefined || id === undefined) return undefined;
      return [{ kind: 'vlan', device, name: `${device}.${id}`, id }];
    }
    case 'brctl':
      return first === 'addbr' ? BRIDGE : first === 'addif' ? NOTHING : undefined;
    case 'ovs-vsctl':
      return rest.includes('add-br') ? BRIDGE : undefined;
    case 'true':
    case 'sleep':
    case 'modprobe':
      return NOTHING;
    default:
      return undefined;
  }
}

/** Whether a word of ip(8) means another, which it may be short for. */
function means(word: string, whole: string): boolean {
  return word !== '' && whole.startsWith(word);
}

function ofIp(words: readonly string[]): Read {
  const options = words.findIndex((word) => !word.startsWith('-'));
  if (options < 0 || words.slice(0, options).some((option) => /^-(?:6|f|n|b)/.test(option))) return undefined;
  const [object = '', verb = '', ...more] = words.slice(options);
  if (means(object, 'address'))
    return ['add', 'replace', 'change'].some((each) => means(verb, each)) ? ofAddress(more) : undefined;
  if (means(object, 'route')) {
    if (means(verb, 'add') || ['append', 'replace', 'change'].includes(verb)) return ofIpRoute(more);
    // The one by which a container reaches its machine.
    return means(verb, 'delete') && more[0] === 'default' ? NOTHING : undefined;
  }
  if (!means(object, 'link')) return undefined;
  if (means(verb, 'set')) return ofLinkSet(more);
  return means(verb, 'add') ? ofLinkAdd(more) : undefined;
}

/** The words after those that have a value, by these; other words are in `others`. */
function valuesIn(words: readonly string[], keys: ReadonlySet<string>) {
  const values = new Map<string, string>();
  const others: string[] = [];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? '';
    if (keys.has(word)) {
      values.set(word, words[index + 1] ?? '');
      index += 1;
    } else others.push(word);
  }
  return { values, others };
}

const OF_ADDRESS = new Set(['dev', 'local', 'broadcast', 'brd', 'label', 'scope', 'metric']);

function ofAddress(words: readonly string[]): Read {
  const { values, others } = valuesIn(words, OF_ADDRESS);
  const text = values.get('local') ?? others[0] ?? '';
  const device = values.get('dev');
  const [ip = '', prefix = '32'] = text.split('/');
  if (device === undefined || parseIpv4(ip) === undefined) return undefined;
  return [{ kind: 'address', device, address: `${ip}/${prefix}` }];
}

const OF_ROUTE = new Set(['via', 'dev', 'metric', 'src', 'proto', 'protocol', 'scope', 'table', 'mtu', 'onlink']);

function ofIpRoute(words: readonly string[]): Read {
  const { values, others } = valuesIn(words, OF_ROUTE);
  const via = values.get('via');
  const destination = others.find((word) => word !== 'unicast') ?? '';
  return via === undefined || values.has('table') ? undefined : routeTo(destination, via);
}

function routeTo(destination: string, via: string): Read {
  if (parseIpv4(via) === undefined) return undefined;
  if (['default', '0.0.0.0/0', '0/0'].includes(destination)) return [{ kind: 'default route', via }];
  const [text = '', prefix = '32'] = destination.split('/');
  const ip = parseIpv4(text);
  const length = Number(prefix);
  if (ip === undefined || !(length >= 1 && length <= 32) || subnetOf(ip, length) !== ip) return undefined;
  return [{ kind: 'route', to: `${ip}/${length}`, via }];
}

function subnetOf(ip: Ipv4Address, length: number): Ipv4Address {
  return ipv4FromNumber(ipv4ToNumber(ip) & netmaskOf(length));
}

const OF_LINK = new Set(['mtu', 'address', 'master', 'txqueuelen', 'alias']);

function ofLinkSet(words: readonly string[]): Read {
  const { values, others } = valuesIn(words[0] === 'dev' ? words.slice(1) : words, OF_LINK);
  const [device = '', ...states] = others;
  const [mtu, mac, of] = [values.get('mtu'), values.get('address'), values.get('master')];
  if (states.some((state) => state !== 'up') || device === '') return undefined;
  if (mac !== undefined && parseMac(mac) === undefined) return undefined;
  const all: readonly NetworkCommand[] = [
    ...(mtu === undefined ? [] : [{ kind: 'mtu', device, mtu } as const]),
    ...(mac === undefined ? [] : [{ kind: 'mac', device, mac } as const]),
    ...(of === undefined ? [] : [{ kind: 'member', device, of } as const]),
  ];
  return all.length > 0 ? all : NOTHING;
}

function ofLinkAdd(words: readonly string[]): Read {
  const type = words.indexOf('type');
  const { values, others } = valuesIn(words.slice(0, type < 0 ? undefined : type), new Set(['link', 'name', 'dev']));
  const [kind, ...more] = type < 0 ? [] : words.slice(type + 1);
  const name = values.get('name') ?? values.get('dev') ?? others[0];
  if (kind === 'bridge') return BRIDGE;
  if (name === undefined) return undefined;
  if (kind === 'bond') return [{ kind: 'bond', name }];
  const device = values.get('link');
  const id = valuesIn(more, new Set(['id'])).values.get('id');
  return kind === 'vlan' && device !== undefined && id !== undefined ? [{ kind: 'vlan', device, name, id }] : undefined;
}

function ofIfconfig(device: string, words: readonly string[]): Read {
  const { values, others } = valuesIn(words, new Set(['netmask', 'broadcast', 'mtu', 'ether']));
  const isOther = (word: string) => !['up', 'hw', 'inet'].includes(word);
  const [text, ...unread] = others.filter(isOther);
  if (device === '' || unread.length > 0) return undefined;
  const mtu = values.get('mtu');
  const mac = values.get('ether');
  const address = text === undefined ? undefined : withNetmask(text, values.get('netmask'));
  if ((text !== undefined && address === undefined) || (mac !== undefined && parseMac(mac) === undefined))
    return undefined;
  const all: readonly NetworkCommand[] = [
    ...(mac === undefined ? [] : [{ kind: 'mac', device, mac } as const]),
    ...(mtu === undefined ? [] : [{ kind: 'mtu', device, mtu } as const]),
    ...(address === undefined ? [] : [{ kind: 'address', device, address } as const]),
  ];
  return all.length > 0 ? all : NOTHING;
}

/** Without a prefix length or a netmask, an address has that of its class. */
function withNetmask(text: string, netmask: string | undefined): string | undefined {
  const [ip = '', prefix] = text.split('/');
  if (parseIpv4(ip) === undefined) return undefined;
  if (prefix !== undefined) return text;
  const firstOctet = Number(ip.split('.')[0]);
  const ofClass = firstOctet < 128 ? 8 : firstOctet < 192 ? 16 : 24;
  const length = netmask === undefined ? ofClass : lengthOf(netmask);
  return length === undefined ? undefined : `${ip}/${length}`;
}

function lengthOf(netmask: string): number | undefined {
  const mask = parseIpv4(netmask);
  if (mask === undefined) return undefined;
  const lengths = Array.from({ length: 32 }, (_, index) => index + 1);
  return lengths.find((length) => netmaskOf(length) === ipv4ToNumber(mask));
}

function ofRoute(verb: string, words: readonly string[]): Read {
  if (verb === 'del' && words[0] === 'default') return NOTHING;
  if (verb !== 'add') return undefined;
  const { values, others } = valuesIn(words, new Set(['gw', 'netmask', 'dev', 'metric']));
  const [via, netmask] = [values.get('gw'), values.get('netmask')];
  // The interface may follow.
  const [destination = '', _device, ...unread] = others.filter((word) => word !== '-net' && word !== '-host');
  if (via === undefined || unread.length > 0) return undefined;
  const length = netmask === undefined ? undefined : lengthOf(netmask);
  if (netmask !== undefined && length === undefined) return undefined;
  return routeTo(length === undefined ? destination : `${destination}/${length}`, via);
}
